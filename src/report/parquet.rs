//! Parquet through polars: money as DECIMAL(38, s), times as UTC timestamps, columns built whole.

use std::io::{Cursor, Write};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;

use crate::billing::money::{Exact, TABLE_SCALE};

use super::Error;
use super::table::{Cells, Table};

/// Digits of every DECIMAL column.
pub(super) const PRECISION: usize = 38;
/// Rows of a row group of a long table, of which one at a time is in memory.
const GROUP_ROW_COUNT: usize = 1 << 14;
/// The first number with a digit more.
const UNITS_END: u128 = 10_u128.pow(38);

/// The table as Parquet; `file` is only for errors.
pub fn bytes(file: &str, table: &Table<'_>) -> Result<Vec<u8>, Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let mut bytes = Vec::new();
    writer(&mut bytes).finish(&mut frame(table).map_err(failed)?).map_err(failed)?;
    Ok(bytes)
}

/// Tables of the same columns, one below the other, as Parquet: a row group each.
pub fn write<'t>(file: &str, tables: impl IntoIterator<Item = Table<'t>>, out: &mut dyn Write) -> Result<(), Error> {
    let mut groups = Groups::new(file, out);
    tables.into_iter().try_for_each(|table| groups.add(&table))?;
    groups.finish().map(|_| ())
}

/// The parts of a long table as Parquet: a row group for so many of them as come to its rows. Only their columns are in
/// memory until then, not the tables.
pub fn write_parts<'t>(
    file: &str,
    parts: impl IntoIterator<Item = Table<'t>>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let mut groups = Groups::new(file, out);
    let mut gathered: Option<DataFrame> = None;
    for part in parts {
        let frame = frame(&part).map_err(failed)?;
        let whole = match gathered.take() {
            None => frame,
            Some(mut whole) => {
                whole.vstack_mut_owned(frame).map_err(failed)?;
                whole
            }
        };
        if whole.height() >= GROUP_ROW_COUNT {
            groups.add_frame(whole)?;
        } else {
            gathered = Some(whole);
        }
    }
    gathered.map_or(Ok(()), |last| groups.add_frame(last))?;
    groups.finish().map(|_| ())
}

/// A file in the making: a table is a row group.
pub struct Groups<W: Write> {
    file: String,
    state: State<W>,
}

/// The columns of a file are those of its first table.
enum State<W: Write> {
    Waiting(Option<W>),
    Begun(Box<BatchedWriter<W>>),
}

impl<W: Write> Groups<W> {
    /// A file without rows; its name is only for errors.
    pub fn new(file: &str, out: W) -> Self {
        Self { file: file.to_owned(), state: State::Waiting(Some(out)) }
    }

    /// Adds the rows of a table.
    pub fn add(&mut self, table: &Table<'_>) -> Result<(), Error> {
        let failed = |error: PolarsError| Error::Format { file: self.file.clone(), source: error.into() };
        self.add_frame(frame(table).map_err(failed)?)
    }

    fn add_frame(&mut self, mut frame: DataFrame) -> Result<(), Error> {
        let file = &self.file;
        let failed = |error: PolarsError| Error::Format { file: file.clone(), source: error.into() };
        // pieces of a column would be row groups of their own
        frame.rechunk_mut();
        if let State::Waiting(out) = &mut self.state
            && let Some(out) = out.take()
        {
            self.state = State::Begun(Box::new(writer(out).batched(frame.schema()).map_err(failed)?));
        }
        match &mut self.state {
            State::Begun(batches) => batches.write_batch(&frame).map_err(failed),
            State::Waiting(_) => Ok(()),
        }
    }

    /// Ends the file, and says how many bytes it has.
    pub fn finish(self) -> Result<u64, Error> {
        let failed = |error: PolarsError| Error::Format { file: self.file.clone(), source: error.into() };
        match &self.state {
            State::Begun(batches) => batches.finish().map_err(failed),
            State::Waiting(_) => Ok(0),
        }
    }
}

fn writer<W: Write>(out: W) -> ParquetWriter<W> {
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::full())
        .set_parallel(false)
}

/// The table as columns.
pub(super) fn frame(table: &Table<'_>) -> PolarsResult<DataFrame> {
    let columns: PolarsResult<Vec<Column>> =
        table.columns.iter().map(|(spec, cells)| column(spec.name, cells)).collect();
    DataFrame::new(table.height(), columns?)
}

fn column(name: &str, cells: &Cells<'_>) -> PolarsResult<Column> {
    let name: PlSmallStr = name.into();
    let (count, is_constant) = (cells.len(), cells.len() > 1 && cells.is_constant());
    let series = match cells {
        Cells::Text(_) | Cells::Shared { .. } if is_constant => match cells.text_at(0) {
            Some(text) => StringChunked::full(name, text, count).into_series(),
            None => StringChunked::full_null(name, count).into_series(),
        },
        Cells::Text(_) | Cells::Shared { .. } => {
            StringChunked::from_iter_options(name, (0..count).map(|row| cells.text_at(row))).into_series()
        }
        Cells::Integer(cells) => Int64Chunked::from_iter_options(name, cells.iter().copied()).into_series(),
        Cells::Decimal { scale, units } => decimals(name, *scale, units.iter().copied())?,
        Cells::Exact { amounts, .. } => {
            // a sum that no invoice is as large as may not fit: then there is none here, and CSV has it
            let units =
                |amount: Exact| amount.rounded_at_scale(TABLE_SCALE).filter(|units| units.unsigned_abs() < UNITS_END);
            decimals(name, TABLE_SCALE, amounts.iter().map(|amount| amount.and_then(units)))?
        }
        Cells::Date(cells) => {
            // days are texts, as ISO 8601 has them: those compare as days do
            let days: Vec<Option<String>> = cells.iter().map(|cell| cell.map(|day| day.to_string())).collect();
            StringChunked::from_iter_options(name, days.into_iter()).into_series()
        }
        Cells::Timestamp(cells) => {
            let millis = cells.iter().map(|cell| cell.map(|at| at.timestamp_millis()));
            let chunked = Int64Chunked::from_iter_options(name, millis);
            chunked.into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)).into_series()
        }
    };
    Ok(series.into_column())
}

fn decimals(name: PlSmallStr, scale: u32, units: impl Iterator<Item = Option<i128>>) -> PolarsResult<Series> {
    Ok(Int128Chunked::from_iter_options(name, units).into_decimal(PRECISION, scale as usize)?.into_series())
}

/// Every text in the file's text columns: what a reader could see. For the check before publishing.
pub(super) fn texts(file: &str, bytes: &[u8]) -> Result<Vec<String>, Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().map_err(failed)?;
    let mut texts = Vec::new();
    for column in frame.columns() {
        if let Ok(cells) = column.str() {
            texts.extend(cells.iter().flatten().map(str::to_owned));
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Spec;

    #[test]
    fn tables_one_below_the_other_are_one_table() {
        let texts = std::sync::Arc::new(vec![Some("a".to_owned()), None, Some("b".to_owned())]);
        let table = |positions: Vec<Option<u32>>| Table {
            columns: vec![(
                Spec::new("text", "", ""),
                Cells::Shared { texts: std::sync::Arc::clone(&texts), positions },
            )],
        };
        // a column of one text, and one of none
        let tables =
            [vec![Some(0), Some(2)], vec![], vec![Some(1), Some(0), None], vec![Some(2); 3], vec![None; 2]].map(table);
        let mut bytes = Vec::new();
        write("t", tables, &mut bytes).unwrap();
        assert_eq!(super::texts("t", &bytes).unwrap(), ["a", "b", "a", "b", "b", "b"]);
        assert_eq!(ParquetReader::new(Cursor::new(&bytes)).finish().unwrap().height(), 10);
        let mut empty = Vec::new();
        write("t", [table(Vec::new())], &mut empty).unwrap();
        assert_eq!(super::texts("t", &empty).unwrap(), [""; 0]);
    }
}
