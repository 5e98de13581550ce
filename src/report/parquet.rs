//! Parquet through polars: money as DECIMAL(38, s), times as UTC timestamps, columns built whole.

use std::io::{Cursor, Write};

use polars::prelude::*;

use crate::billing::money::{Exact, TABLE_SCALE};

use super::Error;
use super::table::{Cells, Table};

/// Digits of every DECIMAL column.
pub(super) const PRECISION: usize = 38;
/// The first number with a digit more.
const UNITS_END: u128 = 10_u128.pow(38);

/// The table as Parquet; `file` is only for errors.
pub fn bytes(file: &str, table: &Table) -> Result<Vec<u8>, Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let mut bytes = Vec::new();
    writer(&mut bytes).finish(&mut frame(table).map_err(failed)?).map_err(failed)?;
    Ok(bytes)
}

/// Tables of the same columns, one below the other, as Parquet: a row group each.
pub fn write(file: &str, tables: impl IntoIterator<Item = Table>, out: &mut dyn Write) -> Result<(), Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let mut batches = None;
    let mut writer = Some(self::writer(out));
    for table in tables {
        let frame = frame(&table).map_err(failed)?;
        if let Some(writer) = writer.take() {
            batches = Some(writer.batched(frame.schema()).map_err(failed)?);
        }
        if let Some(batches) = &mut batches {
            batches.write_batch(&frame).map_err(failed)?;
        }
    }
    batches.map_or(Ok(()), |batches| batches.finish().map(|_| ()).map_err(failed))
}

fn writer<W: Write>(out: W) -> ParquetWriter<W> {
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::full())
        .set_parallel(false)
}

fn frame(table: &Table) -> PolarsResult<DataFrame> {
    let columns: PolarsResult<Vec<Column>> =
        table.columns.iter().map(|(spec, cells)| column(spec.name, cells)).collect();
    DataFrame::new(table.height(), columns?)
}

fn column(name: &str, cells: &Cells) -> PolarsResult<Column> {
    let name: PlSmallStr = name.into();
    let series = match cells {
        Cells::Shared { positions, .. } => {
            StringChunked::from_iter_options(name, (0..positions.len()).map(|row| cells.text_at(row))).into_series()
        }
        Cells::Text(cells) => StringChunked::from_iter_options(name, cells.iter().map(Option::as_deref)).into_series(),
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
        let tables = [vec![Some(0), Some(2)], vec![], vec![Some(1), Some(0), None]].map(table);
        let mut bytes = Vec::new();
        write("t", tables, &mut bytes).unwrap();
        assert_eq!(super::texts("t", &bytes).unwrap(), ["a", "b", "a"]);
        assert_eq!(ParquetReader::new(Cursor::new(&bytes)).finish().unwrap().height(), 5);
        let mut empty = Vec::new();
        write("t", [table(Vec::new())], &mut empty).unwrap();
        assert_eq!(super::texts("t", &empty).unwrap(), [""; 0]);
    }
}
