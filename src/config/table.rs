//! Tables that people keep in spreadsheets, read from CSV: `customers.csv` and `invoices.csv`.
//!
//! Columns go by the names of the header, in any order. What is wrong is named with line and column.

use std::collections::BTreeMap;

use crate::ahasend::wire::display;

/// Longest part shown of a column's name that is not known, in characters.
const SHOWN_CHAR_COUNT_MAX: usize = 40;

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column `{column}`: {problem}")]
pub struct TableError {
    line: u64,
    column: String,
    problem: String,
}

impl TableError {
    fn new(line: u64, column: &str, problem: impl Into<String>) -> Self {
        Self { line, column: column.to_owned(), problem: problem.into() }
    }
}

/// A table whose header has been read.
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    positions: Positions,
}

/// Where each column is.
type Positions = BTreeMap<&'static str, usize>;

impl<'a> Table<'a> {
    /// Reads the header. The first `required_count` columns must be there, the others may be.
    pub(super) fn open(bytes: &'a [u8], columns: &[&'static str], required_count: usize) -> Result<Self, TableError> {
        // spreadsheets put a byte order mark in front
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|problem| malformed(bytes, &problem))?;
        let positions = positions(header, line_of(bytes, header.position()), columns, required_count)?;
        Ok(Self { bytes, reader, positions })
    }

    /// Shows each row to `see`; the first thing that is wrong ends it. Rows without any text are passed over.
    pub(super) fn rows(mut self, mut see: impl FnMut(&Row<'_>) -> Result<(), TableError>) -> Result<(), TableError> {
        let mut record = csv::StringRecord::new();
        while self.reader.read_record(&mut record).map_err(|problem| malformed(self.bytes, &problem))? {
            if record.iter().any(|cell| !cell.is_empty()) {
                let line = line_of(self.bytes, record.position());
                see(&Row { line, record: &record, positions: &self.positions })?;
            }
        }
        Ok(())
    }
}

/// One row.
pub(super) struct Row<'a> {
    /// The line of the file that it begins in, from 1.
    pub(super) line: u64,
    record: &'a csv::StringRecord,
    positions: &'a Positions,
}

impl Row<'_> {
    /// The text of a cell without the spaces around it; empty without such a column.
    pub(super) fn cell(&self, column: &str) -> &str {
        self.positions.get(column).and_then(|at| self.record.get(*at)).unwrap_or_default()
    }

    /// The value of a cell; nothing if it is empty.
    pub(super) fn read<T>(
        &self,
        column: &str,
        check: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, TableError> {
        let cell = Some(self.cell(column)).filter(|cell| !cell.is_empty());
        cell.map(|cell| check(cell).map_err(|problem| self.wrong(column, problem))).transpose()
    }

    /// The value of a cell that must not be empty.
    pub(super) fn need<T>(&self, column: &str, check: impl FnOnce(&str) -> Result<T, String>) -> Result<T, TableError> {
        self.read(column, check)?.ok_or_else(|| self.wrong(column, "is empty"))
    }

    /// Something is wrong with a cell.
    pub(super) fn wrong(&self, column: &str, problem: impl Into<String>) -> TableError {
        TableError::new(self.line, column, problem)
    }
}

fn positions(
    header: &csv::StringRecord,
    line: u64,
    columns: &[&'static str],
    required_count: usize,
) -> Result<Positions, TableError> {
    let all = columns.join(",");
    let mut positions = Positions::new();
    for (at, name) in header.iter().enumerate() {
        if name.is_empty() {
            let problem = format!("has no name in the header; the columns are {all}");
            return Err(TableError::new(line, &format!("number {}", at + 1), problem));
        }
        let Some(known) = columns.iter().find(|column| **column == name) else {
            let problem = format!("is not known; the columns are {all}, separated by commas");
            return Err(TableError::new(line, &display(name, SHOWN_CHAR_COUNT_MAX), problem));
        };
        if positions.insert(*known, at).is_some() {
            return Err(TableError::new(line, known, "is there twice; delete one of the two"));
        }
    }
    match columns.iter().take(required_count).find(|column| !positions.contains_key(**column)) {
        Some(missing) => Err(TableError::new(line, missing, format!("is missing; the columns are {all}"))),
        None => Ok(positions),
    }
}

/// The line that a record begins in; the reader counts from the blank lines before it.
fn line_of(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 1 };
    let rest = usize::try_from(position.byte()).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    position.line() + u64::try_from(blank.count()).unwrap_or(0)
}

/// The CSV reader's own complaint: a row of another length, or bytes that are not UTF-8.
fn malformed(bytes: &[u8], problem: &csv::Error) -> TableError {
    let (column, what) = match problem.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let last = usize::try_from((*len).min(*expected_len)).unwrap_or(0);
            let what = format!(
                "the row has {len} cells where the header has {expected_len}; decimals have a point, and a text with a \
                 comma needs quotes"
            );
            (last + 1, what)
        }
        csv::ErrorKind::Utf8 { err, .. } => (err.field() + 1, "is not UTF-8; save the file as CSV in UTF-8".to_owned()),
        other => (1, format!("the row cannot be read: {other:?}")),
    };
    TableError::new(line_of(bytes, problem.position()), &format!("number {column}"), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["name", "amount", "remark"];

    fn read(bytes: &[u8]) -> Result<Vec<(u64, String)>, String> {
        let mut rows = Vec::new();
        let table = Table::open(bytes, &COLUMNS, 2).map_err(|error| error.to_string())?;
        let read = table.rows(|row| {
            let cells = COLUMNS.map(|column| row.cell(column));
            rows.push((row.line, cells.join("|")));
            Ok(())
        });
        read.map_err(|error| error.to_string()).map(|()| rows)
    }

    #[test]
    fn columns_go_by_name_and_lines_are_those_of_the_file() {
        let text = "\u{feff}\r\namount,name\r\n1,a\r\n\r\n , \r\n\r\n2,\"b\r\nc\"\r\n3,d\r\n";
        let expected = [(3, "a|1|"), (7, "b\r\nc|2|"), (9, "d|3|")];
        assert_eq!(read(text.as_bytes()).unwrap(), expected.map(|(line, cells)| (line, cells.to_owned())));
        assert_eq!(read(b"name,amount\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_with_the_file_is_named_with_line_and_column() {
        let columns = "the columns are name,amount,remark";
        for (bytes, expected) in [
            (&b""[..], format!("line 1, column `name`: is missing; {columns}")),
            (b"name\n", format!("line 1, column `amount`: is missing; {columns}")),
            (b"name,sum\n", format!("line 1, column `sum`: is not known; {columns}, separated by commas")),
            (b"\nname;amount\n", format!("line 2, column `name;amount`: is not known; {columns}, separated by commas")),
            (b"name,amount,\n", format!("line 1, column `number 3`: has no name in the header; {columns}")),
            (b"name,amount,name\n", "line 1, column `name`: is there twice; delete one of the two".to_owned()),
            (
                b"name,amount\n\n\na,80,00\n",
                "line 4, column `number 3`: the row has 3 cells where the header has 2; decimals have a point, and a text \
                 with a comma needs quotes"
                    .to_owned(),
            ),
            (
                b"name,amount\na,\xe9\n",
                "line 2, column `number 2`: is not UTF-8; save the file as CSV in UTF-8".to_owned(),
            ),
        ] {
            assert_eq!(read(bytes), Err(expected));
        }
    }
}
