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
    row_count: usize,
    parts: impl IntoIterator<Item = Table<'t>>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let failed = |error: PolarsError| Error::Format { file: file.to_owned(), source: error.into() };
    let mut groups = Groups::new(file, out);
    let mut gathered: Option<Gathered> = None;
    for part in parts {
        let columns = gathered.get_or_insert_with(|| Gathered::of(&part, row_count.min(GROUP_ROW_COUNT)));
        columns.add(&part);
        if columns.height >= GROUP_ROW_COUNT
            && let Some(whole) = gathered.take()
        {
            groups.add_frame(&whole.finish().map_err(failed)?)?;
        }
    }
    if let Some(last) = gathered {
        groups.add_frame(&last.finish().map_err(failed)?)?;
    }
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
        self.add_frame(&frame(table).map_err(failed)?)
    }

    fn add_frame(&mut self, frame: &DataFrame) -> Result<(), Error> {
        let file = &self.file;
        let failed = |error: PolarsError| Error::Format { file: file.clone(), source: error.into() };
        if let State::Waiting(out) = &mut self.state
            && let Some(out) = out.take()
        {
            self.state = State::Begun(Box::new(writer(out).batched(frame.schema()).map_err(failed)?));
        }
        match &mut self.state {
            State::Begun(batches) => batches.write_batch(frame).map_err(failed),
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
    let mut columns = Gathered::of(table, table.height());
    columns.add(table);
    columns.finish()
}

/// Columns in the making: the cells of tables of the same columns, one below the other, each column in one piece. Pieces
/// would be row groups of their own.
struct Gathered {
    columns: Vec<(&'static str, Growing)>,
    height: usize,
    capacity: usize,
}

/// A column that grows.
enum Growing {
    /// One text in every row so far, or none: many columns of long tables have no other.
    Same(Option<String>),
    Texts(StringChunkedBuilder),
    Integers(PrimitiveChunkedBuilder<Int64Type>),
    Instants(PrimitiveChunkedBuilder<Int64Type>),
    Decimals(PrimitiveChunkedBuilder<Int128Type>, u32),
}

impl Gathered {
    /// The columns of a table, still without rows, and with room for so many.
    fn of(table: &Table<'_>, capacity: usize) -> Self {
        let column = |name: &str, cells: &Cells<'_>| match cells {
            Cells::Text(_) | Cells::Shared { .. } => Growing::Same(cells.text_at(0).map(str::to_owned)),
            // days are texts, as ISO 8601 has them: those compare as days do
            Cells::Date(_) => Growing::Texts(StringChunkedBuilder::new(name.into(), capacity)),
            Cells::Integer(_) => Growing::Integers(PrimitiveChunkedBuilder::new(name.into(), capacity)),
            Cells::Timestamp(_) => Growing::Instants(PrimitiveChunkedBuilder::new(name.into(), capacity)),
            Cells::Decimal { scale, .. } => {
                Growing::Decimals(PrimitiveChunkedBuilder::new(name.into(), capacity), *scale)
            }
            Cells::Exact { .. } => Growing::Decimals(PrimitiveChunkedBuilder::new(name.into(), capacity), TABLE_SCALE),
        };
        let columns = table.columns.iter().map(|(spec, cells)| (spec.name, column(spec.name, cells))).collect();
        Self { columns, height: 0, capacity }
    }

    /// Adds the rows of a table.
    fn add(&mut self, table: &Table<'_>) {
        debug_assert_eq!(self.columns.len(), table.columns.len(), "all tables have the same columns");
        for ((name, column), (_, cells)) in self.columns.iter_mut().zip(&table.columns) {
            if let Growing::Same(text) = column {
                let is_of_texts = matches!(cells, Cells::Text(_) | Cells::Shared { .. });
                if cells.is_empty() || (is_of_texts && cells.is_constant() && cells.text_at(0) == text.as_deref()) {
                    continue;
                }
                let mut texts = StringChunkedBuilder::new((*name).into(), self.capacity);
                (0..self.height).for_each(|_| texts.append_option(text.as_deref()));
                *column = Growing::Texts(texts);
            }
            column.add(cells);
        }
        self.height += table.height();
    }

    fn finish(self) -> PolarsResult<DataFrame> {
        let height = self.height;
        let columns = self.columns.into_iter().map(|(name, column)| Ok(column.finish(name, height)?.into_column()));
        DataFrame::new(height, columns.collect::<PolarsResult<_>>()?)
    }
}

impl Growing {
    /// Adds cells of the column's own type.
    fn add(&mut self, cells: &Cells<'_>) {
        // a sum that no invoice is as large as may not fit: then there is none here, and CSV has it
        let fitting =
            |amount: Exact| amount.rounded_at_scale(TABLE_SCALE).filter(|units| units.unsigned_abs() < UNITS_END);
        match (self, cells) {
            (Self::Texts(all), Cells::Date(cells)) => {
                append(cells, |cell| all.append_option(cell.map(|day| day.to_string())));
            }
            (Self::Texts(all), Cells::Text(_) | Cells::Shared { .. }) => {
                (0..cells.len()).for_each(|row| all.append_option(cells.text_at(row)));
            }
            (Self::Integers(all), Cells::Integer(cells)) => append(cells, |cell| all.append_option(cell)),
            (Self::Instants(all), Cells::Timestamp(cells)) => {
                append(cells, |cell| all.append_option(cell.map(|at| at.timestamp_millis())));
            }
            (Self::Decimals(all, own), Cells::Decimal { scale, units }) if own == scale => {
                append(units, |cell| all.append_option(cell));
            }
            (Self::Decimals(all, TABLE_SCALE), Cells::Exact { amounts, .. }) => {
                append(amounts, |cell| all.append_option(cell.and_then(fitting)));
            }
            // cells of another type are none of this column, whose height is then not the table's: an error at the end
            _ => {}
        }
    }

    fn finish(self, name: &str, height: usize) -> PolarsResult<Series> {
        Ok(match self {
            Self::Same(Some(text)) => StringChunked::full(name.into(), &text, height).into_series(),
            Self::Same(None) => StringChunked::full_null(name.into(), height).into_series(),
            Self::Texts(texts) => texts.finish().into_series(),
            Self::Integers(numbers) => numbers.finish().into_series(),
            Self::Instants(millis) => {
                millis.finish().into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)).into_series()
            }
            Self::Decimals(units, scale) => units.finish().into_decimal(PRECISION, scale as usize)?.into_series(),
        })
    }
}

fn append<T: Copy>(cells: &[Option<T>], append: impl FnMut(Option<T>)) {
    cells.iter().copied().for_each(append);
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

    #[test]
    fn parts_are_row_groups_of_their_own_size_whatever_they_have_in_common() {
        let same = "a text that is too long to be kept in place";
        let rows = |rows: std::ops::Range<usize>| {
            // a part without any text, and one that has it in some rows
            let is_without = |row: &usize| (20_000..21_500).contains(row);
            let texts = rows.clone().map(|row| (!is_without(&row)).then_some(std::borrow::Cow::Borrowed(same)));
            let none = rows.clone().map(|_| None);
            let numbers = rows.map(|row| i64::try_from(row).ok());
            Table {
                columns: vec![
                    (Spec::new("text", "", ""), Cells::Text(texts.collect())),
                    (Spec::new("none", "", ""), Cells::Text(none.collect())),
                    (Spec::new("number", "", ""), Cells::Integer(numbers.collect())),
                ],
            }
        };
        let parts = (0..40).map(|part| rows(part * 1_000..(part + 1) * 1_000));
        let mut bytes = Vec::new();
        write_parts("t", 40_000, parts, &mut bytes).unwrap();
        let read = ParquetReader::new(Cursor::new(&bytes)).finish().unwrap();
        assert!(read.equals_missing(&frame(&rows(0..40_000)).unwrap()));
        let groups = ParquetReader::new(Cursor::new(&bytes)).get_metadata().unwrap().row_groups.len();
        assert_eq!(groups, 3, "17,000 rows, as many again, and the rest");
    }

    #[test]
    fn parts_whose_columns_are_of_other_types_are_no_table() {
        let table = |cells: Cells<'static>| Table {
            columns: vec![(Spec::new("a", "", ""), Cells::Integer(vec![Some(1)])), (Spec::new("b", "", ""), cells)],
        };
        let decimal = |scale| Cells::Decimal { scale, units: vec![Some(5)] };
        let text = |text: Option<&'static str>| Cells::Text(vec![text.map(Into::into)]);
        for (first, second) in [
            (decimal(2), decimal(3)),
            (text(None), decimal(2)),
            (text(Some("a")), Cells::Integer(vec![None])),
            (Cells::Integer(vec![None]), text(None)),
        ] {
            let failed = write_parts("t", 2, [table(first), table(second)], &mut Vec::new());
            assert!(matches!(failed, Err(Error::Format { .. })), "{failed:?}");
        }
    }
}
