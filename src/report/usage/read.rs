//! Reading `usage.parquet` back, only the columns that are needed.
//!
//! The table is derived and no evidence: what is wrong with it is an error, and the caller rebuilds it from the capture.

use std::io::Cursor;
use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use polars::prelude::*;
use uuid::Uuid;

use crate::billing::history::{Figures, Head, Reading, TooLarge};
use crate::billing::money::{Currency, TABLE_SCALE};
use crate::billing::period::Period;

/// Columns with the same cell in every row.
const HEAD: [&str; 4] = ["currency", "captured_at", "period_start", "period_end"];
/// Columns of which every row counts.
const ROWS: [&str; 4] = ["bucket", "account_id", "messages", "allocated_cost"];
/// Columns of which names are read.
const NAMES: [&str; 2] = ["account_id", "account_name"];

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

/// One file, for its errors, and the rows of it that count.
struct Source<'a> {
    file: &'a str,
    bytes: &'a Bytes,
    rows: Option<Range<usize>>,
}

/// The running totals in a table; `file` is only for errors, and `id` is the capture that it is of. `at` is the second of
/// that capture in a table of several.
pub fn read(file: &str, id: &str, at: Option<DateTime<Utc>>, bytes: &Bytes) -> Result<Reading, Unusable> {
    let source = Source::of(file, bytes, at)?;
    let head = source.head(id)?;
    let frame = source.frame(&ROWS, source.rows.clone())?;
    let [buckets, ids] = source.columns(&frame, ["bucket", "account_id"], Column::str)?;
    let [messages] = source.columns(&frame, ["messages"], Column::i64)?;
    let [cost] = source.columns(&frame, ["allocated_cost"], Column::decimal)?;
    if cost.scale() != TABLE_SCALE as usize {
        return Err(source.cell(format!("`allocated_cost` has {} decimals, not {TABLE_SCALE}", cost.scale())));
    }
    let (mut parent, mut removed) = (None, None);
    let mut accounts = Vec::with_capacity(frame.height());
    let figures = messages.iter().zip(cost.physical().iter());
    for ((row, (bucket, account)), (messages, cost)) in (1..).zip(buckets.iter().zip(ids.iter())).zip(figures) {
        let (Some(messages), Some(cost)) = (messages, cost) else {
            return Err(source.cell(format!("row {row} has no messages or no cost")));
        };
        let figures = Figures { messages, cost };
        let twice = match (bucket, account.and_then(|id| Uuid::try_parse(id).ok())) {
            (Some("sub_account"), Some(id)) => {
                accounts.push((id, figures));
                false
            }
            (Some("parent"), _) => parent.replace(figures).is_some(),
            (Some("removed"), _) => removed.replace(figures).is_some(),
            _ => return Err(source.cell(format!("row {row} is no bucket of usage"))),
        };
        if twice {
            return Err(source.cell(format!("row {row} is a second one of its bucket")));
        }
    }
    let (Some(parent), Some(removed)) = (parent, removed) else {
        return Err(source.cell("the parent account or the removed usage is missing".to_owned()));
    };
    let failed = |error| Unusable::Figures { file: file.to_owned(), source: error };
    Reading::new(head, parent, removed, accounts).map_err(failed)
}

/// The names of the sub accounts in a table; `file` is only for errors, and `at` as in [`read`].
pub fn names(file: &str, at: Option<DateTime<Utc>>, bytes: &Bytes) -> Result<Vec<(Uuid, String)>, Unusable> {
    let source = Source::of(file, bytes, at)?;
    let frame = source.frame(&NAMES, source.rows.clone())?;
    let [ids, names] = source.columns(&frame, NAMES, Column::str)?;
    let entry = |(id, name): (Option<&str>, Option<&str>)| Some((Uuid::try_parse(id?).ok()?, name?.to_owned()));
    Ok(ids.iter().zip(names.iter()).filter_map(entry).collect())
}

impl<'a> Source<'a> {
    /// A table, or the rows of one capture in a table of several, which lie together.
    fn of(file: &'a str, bytes: &'a Bytes, at: Option<DateTime<Utc>>) -> Result<Self, Unusable> {
        let mut source = Self { file, bytes, rows: None };
        let Some(at) = at else { return Ok(source) };
        let frame = source.frame(&["captured_at"], None)?;
        let [times] = source.columns(&frame, ["captured_at"], Column::datetime)?;
        let is_of = |millis: Option<i64>| millis.is_some_and(|millis| millis.div_euclid(1_000) == at.timestamp());
        let times = times.physical();
        let start = times.iter().position(is_of).ok_or_else(|| source.cell("no row is of this capture".to_owned()))?;
        let count = times.iter().skip(start).take_while(|millis| is_of(*millis)).count();
        source.rows = Some(start..start + count);
        Ok(source)
    }

    fn cell(&self, problem: String) -> Unusable {
        Unusable::Cell { file: self.file.to_owned(), problem }
    }

    fn frame(&self, columns: &[&str], rows: Option<Range<usize>>) -> Result<DataFrame, Unusable> {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let reader = ParquetReader::new(Cursor::new(self.bytes)).with_columns(Some(columns));
        let reader = reader.with_slice(rows.map(|rows| (rows.start, rows.len())));
        reader.finish().map_err(|error| self.table(error))
    }

    fn table(&self, source: PolarsError) -> Unusable {
        Unusable::Table { file: self.file.to_owned(), source }
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
        let frame = self.frame(&HEAD, Some(first..first + 1))?;
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
        Ok(Head { id: id.to_owned(), at, period: Period { start, end }, currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::parquet;
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
        let reading = read("t", "c", None, &bytes).unwrap();
        let figures = |messages: i64| Figures { messages, cost: i128::from(messages) * 10_i128.pow(TABLE_SCALE) };
        let head = Head { id: "c".to_owned(), at: reading.at, period: reading.period, currency: reading.currency };
        let expected = Reading::new(head, figures(1), figures(2), vec![(ID.parse().unwrap(), figures(-3))]).unwrap();
        assert_eq!(reading, expected);
        assert_eq!(reading.at.to_rfc3339(), "2026-10-02T23:45:00.123+00:00");
        assert_eq!(names("t", None, &bytes).unwrap(), [(ID.parse().unwrap(), "Acme".to_owned())]);
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
            assert_eq!(read("t", "c", None, &bytes).unwrap_err().to_string(), problem);
        }
    }
}
