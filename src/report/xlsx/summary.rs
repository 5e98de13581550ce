//! The first sheet: what was found, on a page that can be printed and signed.

mod facts;

use chrono::NaiveDate;
use rust_xlsxwriter::{Format, XlsxError};

use crate::billing::ledger::Ledger;
use crate::report::table::{Cells, Table};
use crate::report::text::grouped;
use crate::report::{SetInfo, overview};

use super::book::{Book, short};
use super::cell::{Pen, digits, number};
use super::chart;
use super::column::head;
use super::sheet::position;

pub(super) const NAME: &str = "Summary";
/// The columns of facts, and those of the largest customers and of charts.
const LABEL: u16 = 0;
const VALUE: u16 = 1;
const NOTE: u16 = 2;
const SIDE: u16 = 4;
const WIDTHS: [u8; 7] = [34, 21, 21, 16, 3, 44, 16];
const LAST_WIDTH: u8 = 18;
/// Rows that a chart takes.
const CHART_ROWS: u32 = 15;
/// Characters of a name beside a bar; sheets have all of them.
const NAME_CHAR_COUNT_MAX: usize = 40;
/// Days of a gap that are drawn one by one.
const GAP_DAY_COUNT_MAX: i64 = 62;

/// Writes the sheet, with tables and charts at the side.
pub(super) fn write(book: &mut Book, ledger: &Ledger, info: &SetInfo) -> Result<(), XlsxError> {
    let currency = book.currency;
    book.add(NAME)?;
    let (sheet, styles) = book.sheet(NAME)?;
    sheet.set_screen_gridlines(false);
    for (col, width) in (0..).zip(WIDTHS.into_iter().chain([LAST_WIDTH])) {
        sheet.set_column_width(col, width)?;
    }
    let mut page = Page { pen: Pen::new(sheet, styles, "chargeback.csv"), row: 0 };
    page.pen.text(0, LABEL, &format!("Chargeback: {}", short(info.owner(), NAME_CHAR_COUNT_MAX * 2)), &styles.title)?;
    page.row = 2;
    facts::write(&mut page, ledger)?;
    let largest = overview::largest(ledger);
    let mut side = 2;
    page.pen.text(side, SIDE + 1, "Largest customers", &styles.section)?;
    for (col, (spec, _)) in (SIDE + 1..).zip(&largest.columns) {
        let format = if col == SIDE + 1 { &styles.header } else { &styles.header_right };
        page.pen.sheet.write_string_with_format(side + 1, col, head(*spec, currency), format)?;
    }
    let first = side + 2;
    let drawn = page.largest(&largest, first, ledger.charges.statements().len().min(overview::LARGEST_COUNT))?;
    side = first + u32::try_from(largest.height()).unwrap_or(0) + 1;
    if let Some(last) = drawn {
        let from_zero = position(&largest, "charge").is_some_and(|(_, cells)| is_never_negative(cells));
        chart::largest(page.pen.sheet, (side, SIDE + 1), (first, last), currency, from_zero)?;
        side += CHART_ROWS;
    }
    page.daily(&overview::daily(ledger), side)
}

/// The sheet, and the next free row of the facts.
struct Page<'s> {
    pen: Pen<'s>,
    row: u32,
}

impl Page<'_> {
    /// A heading after an empty row.
    fn section(&mut self, title: &str) -> Result<(), XlsxError> {
        self.row += 1;
        let format = &self.pen.styles.section;
        self.pen.text(self.row, LABEL, title, format)?;
        self.row += 1;
        Ok(())
    }

    /// A line with digits, and a word on them.
    fn figure(&mut self, label: &str, digits: &str, format: &Format, note: &str) -> Result<(), XlsxError> {
        self.pen.text(self.row, LABEL, label, &self.pen.styles.text)?;
        self.pen.figure(self.row, VALUE, digits, format)?;
        if !note.is_empty() {
            self.pen.text(self.row, NOTE, note, &self.pen.styles.quiet)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A line with a text.
    fn words(&mut self, label: &str, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.pen.text(self.row, LABEL, label, &self.pen.styles.text)?;
        self.pen.text(self.row, VALUE, text, format)?;
        self.row += 1;
        Ok(())
    }

    /// The largest customers; returns the last row that can be drawn, if all of them are numbers.
    fn largest(&mut self, table: &Table<'_>, first: u32, count: usize) -> Result<Option<u32>, XlsxError> {
        let styles = self.pen.styles;
        let formats = [&styles.text, &styles.count, &styles.money];
        let mut can_draw = count > 0;
        let mut names = Vec::new();
        for (to, row) in (first..).zip(0..table.height()) {
            for ((col, (_, cells)), format) in (SIDE + 1..).zip(&table.columns).zip(formats) {
                if let Some(name) = cells.text_at(row) {
                    let name = short(name, NAME_CHAR_COUNT_MAX);
                    // two that read the same are told apart all the same
                    let alike = names.iter().filter(|other| **other == name).count();
                    let shown = if alike == 0 { name.clone() } else { format!("{name} ({})", alike + 1) };
                    self.pen.text(to, col, &shown, format)?;
                    names.push(name);
                } else if let Some(digits) = digits(cells, row, 0) {
                    can_draw &= number(&digits).is_some();
                    self.pen.figure(to, col, &digits, format)?;
                }
            }
        }
        let last = first + u32::try_from(count).unwrap_or(0).saturating_sub(1);
        Ok(can_draw.then_some(last))
    }

    /// The days below the facts, and their chart at the side.
    fn daily(&mut self, table: &Table<'_>, side: u32) -> Result<(), XlsxError> {
        let days = by_day(table);
        if days.is_empty() {
            return Ok(());
        }
        // the chart at the side stays on one page with what is beside it
        self.row = self.row.max(side + CHART_ROWS);
        self.pen.sheet.set_page_breaks(&[self.row + 1])?;
        self.section("Messages by day (UTC)")?;
        let styles = self.pen.styles;
        for (col, (name, format)) in
            (LABEL..).zip([("Day", &styles.header), ("Messages", &styles.header_right), ("Note", &styles.header)])
        {
            self.pen.sheet.write_string_with_format(self.row, col, name, format)?;
        }
        let first = self.row + 1;
        let mut can_draw = true;
        for (day, messages, note) in &days {
            self.row += 1;
            self.pen.day(self.row, LABEL, *day)?;
            let messages = messages.to_string();
            can_draw &= number(&messages).is_some();
            self.pen.figure(self.row, VALUE, &messages, &styles.count)?;
            self.pen.text(self.row, NOTE, note, &styles.quiet)?;
        }
        if can_draw {
            chart::daily(self.pen.sheet, (side, SIDE + 1), (first, self.row))?;
        }
        Ok(())
    }
}

/// Whether bars of these amounts all go one way, from zero on.
fn is_never_negative(cells: &Cells<'_>) -> bool {
    matches!(cells, Cells::Decimal { units, .. } if units.iter().flatten().all(|units| *units >= 0))
}

/// Each day with its messages. Nobody saw the single days of a gap: each has the mean of all, and says so.
fn by_day(table: &Table<'_>) -> Vec<(NaiveDate, i64, String)> {
    let [(_, Cells::Date(firsts)), (_, Cells::Date(lasts)), (_, Cells::Integer(sums)), (_, Cells::Integer(means))] =
        table.columns.as_slice()
    else {
        return Vec::new();
    };
    let mut days = Vec::new();
    for (((first, last), sum), mean) in firsts.iter().zip(lasts).zip(sums).zip(means) {
        let (Some(first), Some(last), Some(sum), Some(mean)) = (first, last, sum, mean) else { continue };
        let count = (*last - *first).num_days() + 1;
        let note = match count {
            1 => String::new(),
            _ => format!(
                "mean of {count} days, of which nobody saw the single ones: {} messages",
                grouped(&sum.to_string())
            ),
        };
        let drawn = if count > GAP_DAY_COUNT_MAX { 1 } else { usize::try_from(count).unwrap_or(1) };
        days.extend(first.iter_days().take(drawn).map(|day| (day, *mean, note.clone())));
    }
    days
}
