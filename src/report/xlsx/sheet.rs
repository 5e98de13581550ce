//! A table as a sheet, or as several where one has not the rows: a line with our own totals, the header, the cells.

use std::ops::Range;

use rust_xlsxwriter::utility::{cell_range_absolute, quote_sheet_name};
use rust_xlsxwriter::{IgnoreError, Worksheet, XlsxError};

use crate::report::table::{Cells, Table};

use super::book::Book;
use super::cell::Pen;
use super::column::Column;
use super::level;

/// The row of our own totals, that of the header, and the first one of the cells.
pub(super) const TOTAL_ROW: u32 = 0;
pub(super) const HEADER_ROW: u32 = 2;
pub(super) const FIRST_ROW: u32 = 3;
/// Rows between the cells and their foot, and after it.
pub(super) const FOOT_GAP: u32 = 2;
const FOOT_SPARE: usize = 4;
/// Points of a line of text.
const LINE_HEIGHT: usize = 15;
const HEIGHT_MAX: u32 = 409;

/// A table to be written.
pub(super) struct Tabled<'t> {
    pub(super) name: &'static str,
    pub(super) table: &'t Table<'t>,
    /// Our own figures, for a reader to compare.
    pub(super) total: String,
    /// The column that stays in view with those before it.
    pub(super) frozen: &'static str,
    /// The file that has the whole of a text that is cut.
    pub(super) whole: &'static str,
    /// Rows at the end that are no part of what is filtered and sorted.
    pub(super) foot: usize,
    /// Empty columns that are to be filled.
    pub(super) open: &'static [&'static str],
}

/// Where a part of a table is.
pub(super) struct Part {
    pub(super) sheet: String,
    /// The rows of the table in it.
    pub(super) rows: Range<usize>,
    /// Where the first row of the foot is, on the last part.
    pub(super) foot_row: u32,
}

impl Part {
    /// The sheet's rows, first and last. A table without rows has an empty one.
    pub(super) fn span(&self) -> (u32, u32) {
        let count = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        (FIRST_ROW, FIRST_ROW.saturating_add(count.max(1) - 1))
    }

    /// `Chargeback!$O$4:$O$67`
    pub(super) fn range(&self, col: u16) -> String {
        let (first, last) = self.span();
        format!("{}!{}", quote_sheet_name(&self.sheet), cell_range_absolute(first, col, last, col))
    }
}

impl Tabled<'_> {
    /// Writes the table, on as many sheets as it needs.
    pub(super) fn write(&self, book: &mut Book) -> Result<Vec<Part>, XlsxError> {
        let room = book.row_count_max.saturating_sub(FIRST_ROW as usize);
        let room = room.saturating_sub(if self.foot == 0 { 0 } else { self.foot + FOOT_SPARE });
        if room == 0 {
            return Err(XlsxError::RowColumnLimitError);
        }
        let height = self.table.height().saturating_sub(self.foot);
        let mut parts = Vec::new();
        for index in 0..height.div_ceil(room).max(1) {
            let sheet = if index == 0 { self.name.to_owned() } else { format!("{} ({})", self.name, index + 1) };
            let rows = index * room..((index + 1) * room).min(height);
            let mut part = Part { sheet, rows, foot_row: 0 };
            part.foot_row = part.span().1 + FOOT_GAP + 1;
            let is_last = part.rows.end == height;
            self.write_part(book, &part, is_last)?;
            parts.push(part);
        }
        Ok(parts)
    }

    fn write_part(&self, book: &mut Book, part: &Part, is_last: bool) -> Result<(), XlsxError> {
        let currency = book.currency;
        book.add(&part.sheet)?;
        let (sheet, styles) = book.sheet(&part.sheet)?;
        let columns = self.table.columns.iter();
        let columns =
            columns.map(|(spec, cells)| Column::of(*spec, cells, styles, currency, self.open.contains(&spec.name)));
        let mut columns: Vec<Column<'_>> = columns.collect();
        let mut pen = Pen::new(sheet, styles, self.whole);
        // a column that is folded away would take it along
        let shown = (0..).zip(&columns).find(|(_, column)| !column.is_folded).map_or(0, |(col, _)| col);
        pen.text(TOTAL_ROW, shown, &self.total, &styles.quiet)?;
        for (col, column) in (0..).zip(&mut columns) {
            for (to, row) in (FIRST_ROW..).zip(part.rows.clone()) {
                column.widest = column.widest.max(pen.cell((to, col), column, row, column.format)?);
            }
            let height = self.table.height();
            let foot = if is_last { height.saturating_sub(self.foot)..height } else { 0..0 };
            for (to, row) in (part.foot_row..).zip(foot) {
                let format = column.foot_format(styles);
                pen.sheet.write_blank(to, col, format)?;
                column.widest = column.widest.max(pen.cell((to, col), column, row, format)?);
            }
            let format = if column.is_figure() { &styles.header_right } else { &styles.header };
            pen.sheet.write_string_with_format(HEADER_ROW, col, &column.head, format)?;
        }
        for (to, row) in (FIRST_ROW..).zip(part.rows.clone()) {
            // a height of its own only where it needs one: such a row does not grow with a larger font
            match columns.iter().map(|column| column.lines(row)).max() {
                Some(lines) if lines > 1 => sheet.set_row_height(to, points(lines))?,
                _ => continue,
            };
        }
        lay_out(sheet, &columns, part, self.frozen)?;
        level::paint(sheet, styles, &columns, part)
    }
}

/// The height of so many lines, as far as the file format has it.
fn points(lines: usize) -> u32 {
    u32::try_from(lines * LINE_HEIGHT + 4).unwrap_or(HEIGHT_MAX).min(HEIGHT_MAX)
}

/// Widths, folded columns, what stays in view, the filter, and what is printed on every page.
fn lay_out(sheet: &mut Worksheet, columns: &[Column<'_>], part: &Part, frozen: &str) -> Result<(), XlsxError> {
    let mut folded: Option<(u16, u16)> = None;
    for (col, column) in (0..).zip(columns) {
        sheet.set_column_width(col, u32::try_from(column.width()).unwrap_or(u32::MAX))?;
        match (&mut folded, column.is_folded) {
            (Some((_, last)), true) => *last = col,
            (None, true) => folded = Some((col, col)),
            (Some((first, last)), false) => {
                sheet.group_columns_collapsed(*first, *last)?;
                folded = None;
            }
            (None, false) => {}
        }
    }
    if let Some((first, last)) = folded {
        sheet.group_columns_collapsed(first, last)?;
    }
    let lines = columns.iter().filter(|column| !column.is_folded).map(Column::head_lines).max().unwrap_or(1);
    sheet.set_row_height(HEADER_ROW, points(lines))?;
    let last_col = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let name = columns.iter().position(|column| column.name == frozen).unwrap_or(0);
    sheet.set_freeze_panes(FIRST_ROW, u16::try_from(name + 1).unwrap_or(0))?;
    let (first, last) = part.span();
    sheet.autofilter(HEADER_ROW, 0, last, last_col)?;
    sheet.ignore_error_range(first, 0, part.foot_row + FOOT_GAP, last_col, IgnoreError::NumberStoredAsText)?;
    sheet.set_repeat_rows(HEADER_ROW, HEADER_ROW)?;
    Ok(())
}

/// Where a column is.
pub(super) fn position<'t>(table: &'t Table<'t>, name: &str) -> Option<(u16, &'t Cells<'t>)> {
    let position = table.columns.iter().position(|(spec, _)| spec.name == name)?;
    Some((u16::try_from(position).ok()?, &table.columns.get(position)?.1))
}
