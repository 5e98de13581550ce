//! CSV: RFC 4180 with CRLF, safe to open in a spreadsheet.
//!
//! Numbers stay numbers. Text that a spreadsheet would run as a formula gets a leading `'`; a text that starts with
//! `'` itself gets another one, so the rule can be undone.

use std::borrow::{Borrow, Cow};
use std::io;

use chrono::{DateTime, Utc};

use crate::billing::money::format_units;
use crate::billing::period::timestamp;

use super::Error;
use super::table::{Cells, Table};

/// First characters that make a spreadsheet take a text for a formula; the last four are the full-width forms.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The table as CSV; `file` is only for errors.
pub fn bytes(file: &str, table: &Table) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    write(file, [table], &mut bytes)?;
    Ok(bytes)
}

/// Tables of the same columns, one below the other, as CSV.
pub fn write(file: &str, tables: impl IntoIterator<Item: Borrow<Table>>, out: &mut dyn io::Write) -> Result<(), Error> {
    let failed = |error: csv::Error| Error::Format { file: file.to_owned(), source: error.into() };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    for (number, table) in tables.into_iter().enumerate() {
        let table: &Table = table.borrow();
        if number == 0 {
            writer.write_record(table.columns.iter().map(|(spec, _)| spec.name)).map_err(failed)?;
        }
        let mut cells: Vec<Column<'_>> = table.columns.iter().map(|(_, cells)| Column::of(cells)).collect();
        for row in 0..table.height() {
            for column in &mut cells {
                writer.write_field(column.cell(row).as_bytes()).map_err(failed)?;
            }
            writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
    }
    writer.flush().map_err(|error| failed(error.into()))
}

/// A column on its way to text.
struct Column<'t> {
    cells: &'t Cells,
    /// The last instant that was written: in a long table the same one comes again and again.
    instant: Option<(DateTime<Utc>, String)>,
}

impl<'t> Column<'t> {
    fn of(cells: &'t Cells) -> Self {
        Self { cells, instant: None }
    }

    fn cell(&mut self, row: usize) -> Cow<'_, str> {
        let text = match self.cells {
            Cells::Text(_) | Cells::Shared { .. } => return self.cells.text_at(row).map_or(Cow::default(), guarded),
            Cells::Timestamp(cells) => {
                let Some(at) = cells.get(row).copied().flatten() else { return Cow::default() };
                let known = self.instant.take().filter(|(last, _)| *last == at);
                let (_, text) = self.instant.insert(known.unwrap_or_else(|| (at, timestamp(at))));
                return Cow::Borrowed(text);
            }
            Cells::Integer(cells) => cells.get(row).copied().flatten().map(|number| number.to_string()),
            Cells::Decimal { scale, units } => {
                units.get(row).copied().flatten().map(|units| format_units(units, *scale))
            }
            Cells::Exact { currency, amounts } => {
                amounts.get(row).copied().flatten().map(|amount| currency.show(amount))
            }
        };
        Cow::Owned(text.unwrap_or_default())
    }
}

/// A text that no spreadsheet runs.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let invisible = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let first = text.trim_start_matches(|c| invisible(c) && !FORMULA_STARTS.contains(&c)).chars().next();
    let dangerous = text.starts_with('\'') || first.is_some_and(|c| FORMULA_STARTS.contains(&c));
    if dangerous { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
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
    fn tables_one_below_the_other_have_one_header() {
        let texts = std::sync::Arc::new(vec![Some("=a".to_owned()), None]);
        let table = |positions: Vec<Option<u32>>| Table {
            columns: vec![(
                Spec { name: "text", unit: "", meaning: "" },
                Cells::Shared { texts: std::sync::Arc::clone(&texts), positions },
            )],
        };
        let mut bytes = Vec::new();
        write("t", [table(vec![Some(0)]), table(Vec::new()), table(vec![None, Some(1), Some(0)])], &mut bytes).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "text\r\n'=a\r\n\"\"\r\n\"\"\r\n'=a\r\n");
    }

    #[test]
    fn a_table_without_rows_keeps_its_header() {
        let table = Table { columns: vec![(Spec { name: "a", unit: "", meaning: "" }, Cells::Integer(vec![]))] };
        assert_eq!(bytes("t", &table).unwrap(), b"a\r\n");
    }
}
