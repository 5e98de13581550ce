//! Reading `usage.parquet` back, only the columns that are needed.
//!
//! The table is derived and no evidence: what is wrong with it is an error, and the caller rebuilds it from the capture.

use std::io::Cursor;
use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use polars::prelude::*;
use uuid::Uuid;

use crate::billing::books::Books;
use crate::billing::history::{Figures, Head, Reading, TooLarge};
use crate::billing::money::{Currency, TABLE_SCALE};
use crate::billing::period::Period;
use crate::report::parquet;

/// Columns with the same cell in every row.
const HEAD: [&str; 4] = ["currency", "captured_at", "period_start", "period_end"];
/// Columns of which every row counts.
const ROWS: [&str; 5] = ["bucket", "account_id", "account_name", "messages", "allocated_cost"];

/// Why a `usage.parquet` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It is no table, or none with these columns.
    #[error("`{file}` is no table of usage")]
    Table {
        /// The file.
        file: String,
        /// What the format's library says.
        #[source]
        source: PolarsError,
    },
    /// A cell is not what it should be.
    #[error("`{file}` cannot be used: {problem}")]
    Cell {
        /// The file.
        file: String,
        /// What was found.
        problem: String,
    },
    /// Its figures cannot be added up.
    #[error("`{file}` cannot be used")]
    Figures {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: TooLarge,
    },
}

/// The rows of one capture in a table of usage.
#[derive(Debug, Clone)]
pub struct UsageRows {
    file: String,
    bytes: Bytes,
    /// Which rows; nothing for all of them.
    rows: Option<Range<usize>>,
}

/// The table of several captures, whose rows lie together, and where those of each begin and end.
#[derive(Debug, Clone)]
pub struct UsageOfSeveral {
    file: String,
    bytes: Bytes,
    /// By the second of the capture.
    runs: Vec<(i64, Range<usize>)>,
}

/// The names of the sub accounts of one capture.
#[derive(Debug, Clone)]
pub struct UsageNames {
    /// Where the name of each is, by its id.
    rows: Vec<(Uuid, u32)>,
    names: StringChunked,
}

impl UsageNames {
    /// The name of one of them, if it has one.
    pub fn of(&self, id: Uuid) -> Option<&str> {
        let place = self.rows.partition_point(|(other, _)| *other < id);
        let (_, row) = self.rows.get(place).filter(|(other, _)| *other == id)?;
        self.names.get(*row as usize)
    }

    /// All names, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &str)> {
        self.rows.iter().filter_map(|(id, row)| Some((*id, self.names.get(*row as usize)?)))
    }
}

impl UsageOfSeveral {
    /// Finds the captures in a table; `file` is only for errors.
    pub fn of(file: &str, bytes: Bytes) -> Result<Self, Unusable> {
        let all = UsageRows::of(file, bytes);
        let frame = all.frame(&["captured_at"])?;
        let [times] = all.columns(&frame, ["captured_at"], Column::datetime)?;
        let mut runs: Vec<(i64, Range<usize>)> = Vec::new();
        for (row, millis) in times.physical().iter().enumerate() {
            let second = millis.ok_or_else(|| all.cell("a row is of no capture".to_owned()))?.div_euclid(1_000);
            if let Some((last, rows)) = runs.last_mut()
                && *last == second
            {
                rows.end = row + 1;
                continue;
            }
            if runs.iter().any(|(known, _)| *known == second) {
                return Err(all.cell("the rows of a capture do not lie together".to_owned()));
            }
            runs.push((second, row..row + 1));
        }
        Ok(Self { file: all.file, bytes: all.bytes, runs })
    }

    /// The rows of the capture of this second, if there are any.
    pub fn rows_of(&self, at: DateTime<Utc>) -> Option<UsageRows> {
        let (_, rows) = self.runs.iter().find(|(second, _)| *second == at.timestamp())?;
        Some(UsageRows { file: self.file.clone(), bytes: self.bytes.clone(), rows: Some(rows.clone()) })
    }

    /// How many captures there are.
    pub fn capture_count(&self) -> usize {
        self.runs.len()
    }
}

impl UsageRows {
    /// The table of one capture; `file` is only for errors.
    pub fn of(file: &str, bytes: Bytes) -> Self {
        Self { file: file.to_owned(), bytes, rows: None }
    }

    /// The running totals, and the names of the sub accounts; `id` is the capture that they are of.
    pub fn read(&self, id: &str) -> Result<(Reading, UsageNames), Unusable> {
        let head = self.head(id)?;
        let frame = self.frame(&ROWS)?;
        let [buckets, ids, names] = self.columns(&frame, ["bucket", "account_id", "account_name"], Column::str)?;
        let [messages] = self.columns(&frame, ["messages"], Column::i64)?;
        let [cost] = self.columns(&frame, ["allocated_cost"], Column::decimal)?;
        if cost.scale() != TABLE_SCALE as usize {
            return Err(self.cell(format!("`allocated_cost` has {} decimals, not {TABLE_SCALE}", cost.scale())));
        }
        let (mut parent, mut removed) = (None, None);
        let mut accounts = Vec::with_capacity(frame.height());
        let mut rows = Vec::with_capacity(frame.height());
        let figures = messages.iter().zip(cost.physical().iter());
        for ((row, (bucket, account)), (messages, cost)) in (1_u32..).zip(buckets.iter().zip(ids.iter())).zip(figures) {
            let (Some(messages), Some(cost)) = (messages, cost) else {
                return Err(self.cell(format!("row {row} has no messages or no cost")));
            };
            let figures = Figures { messages, cost };
            let twice = match (bucket, account.and_then(|id| Uuid::try_parse(id).ok())) {
                (Some("sub_account"), Some(id)) => {
                    accounts.push((id, figures));
                    rows.push((id, row - 1));
                    false
                }
                (Some("parent"), _) => parent.replace(figures).is_some(),
                (Some("removed"), _) => removed.replace(figures).is_some(),
                _ => return Err(self.cell(format!("row {row} is no bucket of usage"))),
            };
            if twice {
                return Err(self.cell(format!("row {row} is a second one of its bucket")));
            }
        }
        let (Some(parent), Some(removed)) = (parent, removed) else {
            return Err(self.cell("the parent account or the removed usage is missing".to_owned()));
        };
        let failed = |error| Unusable::Figures { file: self.file.clone(), source: error };
        rows.sort_unstable();
        Ok((Reading::new(head, parent, removed, accounts).map_err(failed)?, UsageNames { rows, names: names.clone() }))
    }

    /// Whether the rows say what the books say. Another version of the program may have packed the same rows into other
    /// bytes, and may have had columns that this one does not know.
    pub fn are_of(&self, books: &Books) -> Result<bool, Unusable> {
        let expected = parquet::frame(&super::table(books)).map_err(|error| self.table(error))?;
        let names: Vec<&str> = expected.columns().iter().map(|column| column.name().as_str()).collect();
        let there = self.frame(&names)?.select(names).map_err(|error| self.table(error))?;
        Ok(there.equals_missing(&expected))
    }

    fn cell(&self, problem: String) -> Unusable {
        Unusable::Cell { file: self.file.clone(), problem }
    }

    fn frame(&self, columns: &[&str]) -> Result<DataFrame, Unusable> {
        self.slice(columns, self.rows.clone())
    }

    fn slice(&self, columns: &[&str], rows: Option<Range<usize>>) -> Result<DataFrame, Unusable> {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let reader = ParquetReader::new(Cursor::new(&self.bytes)).with_columns(Some(columns));
        let reader = reader.with_slice(rows.map(|rows| (rows.start, rows.len())));
        reader.finish().map_err(|error| self.table(error))
    }

    fn table(&self, source: PolarsError) -> Unusable {
        Unusable::Table { file: self.file.clone(), source }
    }

    /// Columns by their names, as a type.
    fn columns<'f, C, const N: usize>(
        &self,
        frame: &'f DataFrame,
        names: [&str; N],
        cast: impl Fn(&'f Column) -> PolarsResult<C>,
    ) -> Result<[C; N], Unusable> {
        let cells: PolarsResult<Vec<C>> = names.iter().map(|name| cast(frame.column(name)?)).collect();
        let cells = cells.map_err(|error| self.table(error))?;
        cells.try_into().map_err(|_| self.cell("a column is missing".to_owned()))
    }

    fn head(&self, id: &str) -> Result<Head, Unusable> {
        let first = self.rows.as_ref().map_or(0, |rows| rows.start);
        let frame = self.slice(&HEAD, Some(first..first + 1))?;
        let [currency] = self.columns(&frame, ["currency"], Column::str)?;
        let times = self.columns(&frame, ["captured_at", "period_start", "period_end"], Column::datetime)?;
        let millis = times.map(|column| {
            let is_millis = column.time_unit() == TimeUnit::Milliseconds;
            let first = column.physical().iter().next().flatten();
            first.filter(|_| is_millis).and_then(DateTime::<Utc>::from_timestamp_millis)
        });
        let [Some(at), Some(start), Some(end)] = millis else {
            return Err(self.cell("its times are no instants in milliseconds".to_owned()));
        };
        let currency = currency.iter().next().flatten().and_then(Currency::parse);
        let currency = currency.ok_or_else(|| self.cell("its currency is unknown".to_owned()))?;
        Ok(Head { id: id.into(), at, period: Period { start, end }, currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Builder;

    fn table(rows: &[(&str, Option<&str>, i64)]) -> Bytes {
        let euro = Currency::parse("eur").unwrap();
        let at: DateTime<Utc> = "2026-10-02T23:45:00.123Z".parse().unwrap();
        let table = Builder::new(rows)
            .text("bucket", "", |row| Some(row.0.to_owned()))
            .text("account_id", "", |row| row.1.map(str::to_owned))
            .text("account_name", "", |row| row.1.map(|_| "Acme".to_owned()))
            .integer("messages", "", "", |row| Some(row.2))
            .exact("allocated_cost", euro, "", |row| Some(crate::billing::money::Exact::whole(row.2)))
            .text("currency", "", |_| Some("EUR".to_owned()))
            .timestamp("captured_at", "", |_| Some(at))
            .timestamp("period_start", "", |_| Some(at))
            .timestamp("period_end", "", |_| Some(at))
            .finish();
        parquet::bytes("t", &table).unwrap().into()
    }

    const ID: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a";

    #[test]
    fn what_was_written_is_read_back() {
        let bytes = table(&[("parent", None, 1), ("sub_account", Some(ID), -3), ("removed", None, 2)]);
        let (reading, names) = UsageRows::of("t", bytes).read("c").unwrap();
        let figures = |messages: i64| Figures { messages, cost: i128::from(messages) * 10_i128.pow(TABLE_SCALE) };
        let head = Head { id: "c".into(), at: reading.at, period: reading.period, currency: reading.currency };
        let expected = Reading::new(head, figures(1), figures(2), vec![(ID.parse().unwrap(), figures(-3))]).unwrap();
        assert_eq!(reading, expected);
        assert_eq!(reading.at.to_rfc3339(), "2026-10-02T23:45:00.123+00:00");
        assert_eq!(names.iter().collect::<Vec<_>>(), [(ID.parse().unwrap(), "Acme")]);
        assert_eq!((names.of(ID.parse().unwrap()), names.of(Uuid::nil())), (Some("Acme"), None));
    }

    #[test]
    fn the_same_rows_in_other_bytes_are_the_same() {
        let books = crate::report::html::tests::ledger(&["Acme", "Beta"]).books;
        let mut frame = parquet::frame(&super::super::table(&books)).unwrap();
        let packed = |frame: &mut DataFrame| {
            let mut bytes = Vec::new();
            ParquetWriter::new(&mut bytes).with_compression(ParquetCompression::Uncompressed).finish(frame).unwrap();
            UsageRows::of("t", bytes.into()).are_of(&books)
        };
        assert!(packed(&mut frame).unwrap());
        let messages = frame.column("messages").unwrap().as_materialized_series() + 1;
        assert!(!packed(frame.with_column(messages.into()).unwrap()).unwrap());
        assert!(packed(&mut frame.drop("messages").unwrap()).is_err(), "a column is missing");
    }

    #[test]
    fn a_table_that_is_none_says_what_is_wrong() {
        let (parent, removed) = (("parent", None, 1), ("removed", None, 2));
        for (bytes, problem) in [
            (Bytes::from_static(b"no Parquet"), "`t` is no table of usage"),
            (Bytes::new(), "`t` is no table of usage"),
            (table(&[]), "`t` cannot be used: its times are no instants in milliseconds"),
            (table(&[parent]), "`t` cannot be used: the parent account or the removed usage is missing"),
            (table(&[parent, removed, parent]), "`t` cannot be used: row 3 is a second one of its bucket"),
            (table(&[parent, ("sub_account", Some("x"), 1)]), "`t` cannot be used: row 2 is no bucket of usage"),
            (table(&[parent, ("removed", None, 2_000_000_000_000_000)]), "`t` cannot be used"),
        ] {
            assert_eq!(UsageRows::of("t", bytes).read("c").unwrap_err().to_string(), problem);
        }
    }
}
