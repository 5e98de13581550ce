//! CSV in its dialects: RFC 4180 for programs, and what spreadsheets open by a double click.
//!
//! Numbers stay numbers. Text that a spreadsheet would run as a formula gets a leading `'`; a text that starts with
//! `'` itself gets another one, so the rule can be undone.

mod guard;

use std::borrow::Borrow;
use std::io;

use chrono::{DateTime, Utc};

use crate::billing::money::push_units;
use crate::billing::period::timestamp;

use super::Error;
use super::beside::in_order;
use super::format::Profile;
use super::table::{Cells, Table};

pub use self::guard::{Guard, guarded};

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What parts the cells.
    pub delimiter: u8,
    /// What parts the decimals from a whole number.
    pub decimal_point: char,
    /// What comes before everything, such as a byte-order mark: without one, Excel takes UTF-8 for something else.
    pub start: &'static str,
    /// What ends a line.
    pub line_end: LineEnd,
    /// How instants are written.
    pub instants: Instants,
    /// Whether whole amounts have a decimal point as well.
    pub is_always_decimal: bool,
    /// What texts are guarded against.
    pub guard: Guard,
}

/// What ends a line of CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// As RFC 4180 has it.
    CrLf,
    /// As Unix has it.
    Lf,
}

/// How CSV writes instants, which are UTC in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instants {
    /// `2024-01-01T00:00:00Z`
    Iso,
    /// `2024-01-01 00:00:00`, which spreadsheets of every language know.
    Sheet,
}

impl Dialect {
    /// For programs: RFC 4180, CRLF, UTF-8.
    pub const PLAIN: Self = Self {
        delimiter: b',',
        decimal_point: '.',
        start: "",
        line_end: LineEnd::CrLf,
        instants: Instants::Iso,
        is_always_decimal: false,
        guard: Guard::Formulas,
    };

    /// The dialect of a profile.
    pub fn of(profile: Profile) -> Self {
        let excel = Self { start: "\u{feff}", instants: Instants::Sheet, guard: Guard::Retyping, ..Self::PLAIN };
        match profile {
            Profile::Excel => excel,
            Profile::ExcelEu => Self { delimiter: b';', decimal_point: ',', ..excel },
        }
    }
}

/// The table as CSV; `file` is only for errors.
pub fn bytes(file: &str, table: &Table<'_>, dialect: Dialect) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    write(file, [table], dialect, &mut bytes)?;
    Ok(bytes)
}

/// Tables of the same columns, one below the other, as CSV.
pub fn write<'t>(
    file: &str,
    tables: impl IntoIterator<Item: Borrow<Table<'t>>>,
    dialect: Dialect,
    out: &mut dyn io::Write,
) -> Result<(), Error> {
    let failed = |error: csv::Error| Error::Format { file: file.to_owned(), source: error.into() };
    out.write_all(dialect.start.as_bytes()).map_err(|error| failed(error.into()))?;
    let mut writer = dialect.writer(out);
    for (number, table) in tables.into_iter().enumerate() {
        let table: &Table<'_> = table.borrow();
        if number == 0 {
            writer.write_record(table.columns.iter().map(|(spec, _)| spec.name)).map_err(failed)?;
        }
        write_rows(table, dialect, &mut writer).map_err(failed)?;
    }
    writer.flush().map_err(|error| failed(error.into()))
}

/// The same of a table in parts, which are made and put into words by so many threads, and written in their order.
pub fn write_side_by_side<'t, P>(
    file: &str,
    threads: usize,
    parts: impl Iterator<Item = P> + Clone + Send,
    table: impl Fn(P) -> Table<'t> + Sync,
    dialect: Dialect,
    out: &mut dyn io::Write,
) -> Result<(), Error> {
    let failed = |error: csv::Error| Error::Format { file: file.to_owned(), source: error.into() };
    let text = |(number, part): (usize, P)| -> Result<Vec<u8>, csv::Error> {
        let table = table(part);
        if number == 0 {
            let mut bytes = Vec::new();
            write(file, [table], dialect, &mut bytes).map_err(io::Error::other)?;
            return Ok(bytes);
        }
        let mut writer = dialect.writer(Vec::new());
        write_rows(&table, dialect, &mut writer)?;
        writer.into_inner().map_err(|error| error.into_error().into())
    };
    in_order(threads, &parts.enumerate(), &text, |bytes| {
        let bytes = bytes.map_err(failed)?;
        out.write_all(&bytes).map_err(|error| failed(error.into()))
    })
}

fn write_rows<W: io::Write>(table: &Table<'_>, dialect: Dialect, writer: &mut csv::Writer<W>) -> csv::Result<()> {
    let mut cells: Vec<Column<'_>> = table.columns.iter().map(|(_, cells)| Column::of(cells, dialect)).collect();
    for row in 0..table.height() {
        for column in &mut cells {
            writer.write_field(column.cell(row))?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

/// A column on its way to text.
struct Column<'t> {
    cells: &'t Cells<'t>,
    dialect: Dialect,
    /// The last cell that was written out.
    text: String,
    /// Whether every other cell is the same as the first.
    is_constant: bool,
    /// The instant that was written last: in a long table the same one comes again and again.
    instant: Option<DateTime<Utc>>,
}

impl<'t> Column<'t> {
    fn of(cells: &'t Cells<'t>, dialect: Dialect) -> Self {
        Self { cells, dialect, text: String::new(), is_constant: cells.is_constant(), instant: None }
    }

    fn cell(&mut self, row: usize) -> &[u8] {
        let is_same = match self.cells {
            _ if row == 0 => false,
            Cells::Timestamp(cells) => cells[row] == self.instant,
            _ => self.is_constant,
        };
        if !is_same {
            self.text.clear();
            self.push(row);
        }
        self.text.as_bytes()
    }

    /// Writes a cell out.
    fn push(&mut self, row: usize) {
        let (dialect, text) = (self.dialect, &mut self.text);
        match self.cells {
            Cells::Text(_) | Cells::Shared { .. } => {
                let cell = self.cells.text_at(row).map(|cell| guarded(cell, dialect.guard));
                text.push_str(cell.as_deref().unwrap_or_default());
            }
            Cells::Timestamp(cells) => {
                self.instant = cells[row];
                text.extend(cells[row].map(|at| dialect.instant(at)));
            }
            Cells::Date(cells) => text.extend(cells[row].map(|day| day.to_string())),
            Cells::Integer(cells) => {
                if let Some(number) = cells[row] {
                    push_units(text, number.into(), 0);
                }
            }
            Cells::Decimal { scale, units } => {
                if let Some(units) = units[row] {
                    push_units(text, units, *scale);
                    dialect.localise(text);
                }
            }
            Cells::Exact { currency, amounts } => {
                if let Some(amount) = amounts[row] {
                    currency.push(text, amount);
                    dialect.localise(text);
                }
            }
        }
    }
}

impl Dialect {
    fn writer<W: io::Write>(self, out: W) -> csv::Writer<W> {
        let terminator = match self.line_end {
            LineEnd::CrLf => csv::Terminator::CRLF,
            LineEnd::Lf => csv::Terminator::Any(b'\n'),
        };
        csv::WriterBuilder::new().delimiter(self.delimiter).terminator(terminator).from_writer(out)
    }

    /// A number as this dialect writes it.
    fn localise(self, digits: &mut String) {
        let has_point = digits.contains('.');
        if self.decimal_point != '.' && has_point {
            *digits = digits.replace('.', self.decimal_point.encode_utf8(&mut [0; 4]));
        }
        if self.is_always_decimal && !has_point {
            digits.push(self.decimal_point);
            digits.push('0');
        }
    }

    fn instant(self, at: DateTime<Utc>) -> String {
        match self.instants {
            Instants::Iso => timestamp(at),
            Instants::Sheet => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Spec;

    #[test]
    fn cells_are_written_by_their_type() {
        let spec = |name| Spec::new(name, "", "");
        let table = Table {
            columns: vec![
                (spec("text"), Cells::Text(vec![Some("a,\"b\"".into()), None])),
                (spec("integer"), Cells::Integer(vec![Some(-5), None])),
                (spec("money"), Cells::Decimal { scale: 2, units: vec![Some(-5), Some(12_345)] }),
            ],
        };
        let text = String::from_utf8(bytes("t", &table, Dialect::PLAIN).unwrap()).unwrap();
        assert_eq!(text, "text,integer,money\r\n\"a,\"\"b\"\"\",-5,-0.05\r\n,,123.45\r\n");
    }

    #[test]
    fn tables_one_below_the_other_have_one_header() {
        let texts = std::sync::Arc::new(vec![Some("=a".to_owned()), None]);
        let table = |positions: Vec<Option<u32>>| Table {
            columns: vec![(
                Spec::new("text", "", ""),
                Cells::Shared { texts: std::sync::Arc::clone(&texts), positions },
            )],
        };
        let mut bytes = Vec::new();
        write(
            "t",
            [table(vec![Some(0)]), table(Vec::new()), table(vec![None, Some(1), Some(0)])],
            Dialect::PLAIN,
            &mut bytes,
        )
        .unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "text\r\n'=a\r\n\"\"\r\n\"\"\r\n'=a\r\n");
    }

    #[test]
    fn a_column_of_one_cell_is_written_in_every_row() {
        let name = "=Acme";
        let texts = |cells: [Option<&'static str>; 3]| Cells::Text(cells.map(|cell| cell.map(Into::into)).to_vec());
        let spec = |name| Spec::new(name, "", "");
        let columns = vec![
            (spec("same"), texts([Some(name); 3])),
            (spec("none"), texts([None; 3])),
            (spec("last"), texts([Some(name), Some(name), None])),
            (spec("number"), Cells::Integer(vec![Some(7); 3])),
            (spec("money"), Cells::Decimal { scale: 2, units: vec![Some(5), Some(5), Some(6)] }),
        ];
        let constant: Vec<bool> = columns.iter().map(|(_, cells)| cells.is_constant()).collect();
        assert_eq!(constant, [true, true, false, true, false]);
        let text = String::from_utf8(bytes("t", &Table { columns }, Dialect::PLAIN).unwrap()).unwrap();
        let rows =
            ["same,none,last,number,money", "'=Acme,,'=Acme,7,0.05", "'=Acme,,'=Acme,7,0.05", "'=Acme,,,7,0.06", ""];
        assert_eq!(text, rows.join("\r\n"));
    }

    #[test]
    fn parts_that_are_made_side_by_side_come_in_their_order() {
        let table = |rows: std::ops::Range<i64>| Table {
            columns: vec![(Spec::new("n", "", ""), Cells::Integer(rows.map(Some).collect()))],
        };
        let parts = || (0..300).map(|part| part * 10..part * 10 + 10);
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        let excel = Dialect::of(Profile::Excel);
        write("t", parts().map(table), excel, &mut alone).unwrap();
        write_side_by_side("t", 3, parts(), table, excel, &mut beside).unwrap();
        assert_eq!(String::from_utf8(beside).unwrap(), String::from_utf8(alone).unwrap());
    }

    #[test]
    fn a_table_without_rows_keeps_its_header() {
        let table = Table { columns: vec![(Spec::new("a", "", ""), Cells::Integer(vec![]))] };
        assert_eq!(bytes("t", &table, Dialect::PLAIN).unwrap(), b"a\r\n");
    }
}
