//! CSV: RFC 4180 with CRLF, safe to open in a spreadsheet.
//!
//! Numbers stay numbers. Text that a spreadsheet would run as a formula gets a leading `'`; a text that starts with
//! `'` itself gets another one, so the rule can be undone.

use crate::billing::money::format_units;
use crate::billing::period::timestamp;

use super::Error;
use super::table::{Cells, Table};

/// First characters that make a spreadsheet take a text for a formula; the last four are the full-width forms.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The table as CSV; `file` is only for errors.
pub fn bytes(file: &str, table: &Table) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |error: csv::Error| Error::Format { file: file.to_owned(), source: error.into() };
    writer.write_record(table.columns.iter().map(|(spec, _)| spec.name)).map_err(failed)?;
    for row in 0..table.height() {
        writer.write_record(table.columns.iter().map(|(_, cells)| cell(cells, row))).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| failed(error.into_error().into()))
}

fn cell(cells: &Cells, row: usize) -> String {
    let text = match cells {
        Cells::Text(cells) => cells.get(row).and_then(Option::as_deref).map(guarded),
        Cells::Integer(cells) => cells.get(row).copied().flatten().map(|number| number.to_string()),
        Cells::Decimal { scale, units } => units.get(row).copied().flatten().map(|units| format_units(units, *scale)),
        Cells::Exact { currency, amounts } => amounts.get(row).copied().flatten().map(|amount| currency.show(amount)),
        Cells::Timestamp(cells) => cells.get(row).copied().flatten().map(timestamp),
    };
    text.unwrap_or_default()
}

/// A text that no spreadsheet runs.
pub fn guarded(text: &str) -> String {
    let invisible = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let first = text.trim_start_matches(|c| invisible(c) && !FORMULA_STARTS.contains(&c)).chars().next();
    let dangerous = text.starts_with('\'') || first.is_some_and(|c| FORMULA_STARTS.contains(&c));
    if dangerous { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Spec;

    #[test]
    fn formulas_are_guarded_and_the_guard_can_be_undone() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u{feff}=1", "＝1", "\u{200b}+1", "'quoted", "\t=1"] {
            assert_eq!(guarded(text), format!("'{text}"), "{text:?}");
        }
        for text in ["Acme", "1-2", "a=b", "", " ", "O'Neill"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn cells_are_written_by_their_type() {
        let spec = |name| Spec { name, unit: "", meaning: "" };
        let table = Table {
            columns: vec![
                (spec("text"), Cells::Text(vec![Some("a,\"b\"".to_owned()), None])),
                (spec("integer"), Cells::Integer(vec![Some(-5), None])),
                (spec("money"), Cells::Decimal { scale: 2, units: vec![Some(-5), Some(12_345)] }),
            ],
        };
        let text = String::from_utf8(bytes("t", &table).unwrap()).unwrap();
        assert_eq!(text, "text,integer,money\r\n\"a,\"\"b\"\"\",-5,-0.05\r\n,,123.45\r\n");
    }

    #[test]
    fn a_table_without_rows_keeps_its_header() {
        let table = Table { columns: vec![(Spec { name: "a", unit: "", meaning: "" }, Cells::Integer(vec![]))] };
        assert_eq!(bytes("t", &table).unwrap(), b"a\r\n");
    }
}
