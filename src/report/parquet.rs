//! Parquet through polars: money as DECIMAL(38, s), times as UTC timestamps, columns built whole.

use std::io::Cursor;

use polars::prelude::*;

use crate::billing::money::{Exact, TABLE_SCALE};

use super::Error;
use super::table::{Cells, Table};

/// Digits of every DECIMAL column.
const PRECISION: usize = 38;

/// The table as Parquet; `file` is only for errors.
pub fn bytes(file: &str, table: &Table) -> Result<Vec<u8>, Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let columns: PolarsResult<Vec<Column>> =
        table.columns.iter().map(|(spec, cells)| column(spec.name, cells)).collect();
    let mut frame = DataFrame::new(table.height(), columns.map_err(failed)?).map_err(failed)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::full())
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(failed)?;
    Ok(bytes)
}

fn column(name: &str, cells: &Cells) -> PolarsResult<Column> {
    let name: PlSmallStr = name.into();
    let series = match cells {
        Cells::Text(cells) => StringChunked::from_iter_options(name, cells.iter().map(Option::as_deref)).into_series(),
        Cells::Integer(cells) => Int64Chunked::from_iter_options(name, cells.iter().copied()).into_series(),
        Cells::Decimal { scale, units } => decimals(name, *scale, units.iter().copied())?,
        Cells::Exact { amounts, .. } => {
            let units =
                amounts.iter().map(|amount| amount.and_then(|amount: Exact| amount.rounded_at_scale(TABLE_SCALE)));
            decimals(name, TABLE_SCALE, units)?
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
