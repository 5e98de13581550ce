//! One cell: text that stays text, figures as far as a spreadsheet's numbers carry them, dates in UTC.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use rust_xlsxwriter::{ExcelDateTime, Format, Note, Worksheet, XlsxError};

use crate::billing::money::format_units;
use crate::billing::period::timestamp;
use crate::report::table::Cells;
use crate::report::text::{DECIMALS, shown};

use super::column::Column;
use super::style::Styles;

/// Digits that a double carries, whatever they are; spreadsheets show no more of them.
const DIGIT_COUNT_MAX: usize = 15;
/// UTF-16 units that a cell can hold.
const TEXT_LEN_MAX: usize = 32_767;
/// Cells of a sheet with a note on why they are text: the first ones tell, thousands would only slow the program down.
const NOTE_COUNT_MAX: usize = 100;
const NOTE: &str = "This is text: a spreadsheet's numbers carry 15 digits, and here every digit counts.";

/// What writes the cells of one sheet.
pub(super) struct Pen<'s> {
    pub(super) sheet: &'s mut Worksheet,
    pub(super) styles: &'s Styles,
    /// The file that has the whole of a text that is cut.
    whole: &'s str,
    notes: usize,
}

impl<'s> Pen<'s> {
    pub(super) fn new(sheet: &'s mut Worksheet, styles: &'s Styles, whole: &'s str) -> Self {
        Self { sheet, styles, whole, notes: 0 }
    }

    /// Writes a text, hidden characters written out; never a formula, a link or a number. Returns how wide it is.
    pub(super) fn text(&mut self, row: u32, col: u16, text: &str, format: &Format) -> Result<usize, XlsxError> {
        let mut text = cut(shown(text), self.whole);
        if text.starts_with("<r>") && text.ends_with("</r>") {
            // the library takes such a text for markup of its own, and would write it as it is
            text.push(' ');
        }
        let wide = width(&text);
        self.sheet.write_string_with_format(row, col, text, format)?;
        Ok(wide)
    }

    /// Writes digits as a number, or as text if a number would lose one of them. Returns how wide they are.
    pub(super) fn figure(&mut self, row: u32, col: u16, digits: &str, format: &Format) -> Result<usize, XlsxError> {
        let number = number(digits);
        if let Some(number) = number {
            self.sheet.write_number_with_format(row, col, number, format)?;
        } else {
            self.sheet.write_string_with_format(row, col, digits, &self.styles.digits)?;
            if self.notes < NOTE_COUNT_MAX {
                self.sheet.insert_note(row, col, &Note::new(NOTE).add_author_prefix(false))?;
                self.notes += 1;
            }
        }
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let shown = if number.is_some() { fraction.len().min(DECIMALS as usize) } else { fraction.len() };
        // with the point, and the separators between thousands
        Ok(whole.len() + whole.len() / 3 + 1 + shown)
    }

    /// Writes an instant, or its text where a spreadsheet has no such date.
    pub(super) fn instant(&mut self, row: u32, col: u16, at: DateTime<Utc>) -> Result<usize, XlsxError> {
        match instant(at) {
            Some(excel) => {
                self.sheet.write_datetime_with_format(row, col, excel, &self.styles.instant)?;
                Ok("2026-10-01 00:00:00".len())
            }
            None => self.text(row, col, &timestamp(at), &self.styles.text),
        }
    }

    /// Writes a day, or its text where a spreadsheet has no such date.
    pub(super) fn day(&mut self, row: u32, col: u16, day: NaiveDate) -> Result<usize, XlsxError> {
        match excel_day(day) {
            Some(excel) => {
                self.sheet.write_datetime_with_format(row, col, excel, &self.styles.day)?;
                Ok("2026-10-01".len())
            }
            None => self.text(row, col, &day.to_string(), &self.styles.text),
        }
    }

    /// Writes a cell of a column; a cell without anything stays empty. Returns how wide it is.
    pub(super) fn cell(
        &mut self,
        (to, col): (u32, u16),
        column: &Column<'_>,
        row: usize,
        format: &Format,
    ) -> Result<usize, XlsxError> {
        match column.cells {
            Cells::Text(_) | Cells::Shared { .. } => {
                column.cells.text_at(row).map_or(Ok(0), |text| self.text(to, col, text, format))
            }
            Cells::Date(days) => days.get(row).copied().flatten().map_or(Ok(0), |day| self.day(to, col, day)),
            Cells::Timestamp(instants) => {
                instants.get(row).copied().flatten().map_or(Ok(0), |at| self.instant(to, col, at))
            }
            Cells::Integer(_) | Cells::Decimal { .. } | Cells::Exact { .. } => {
                column.digits(row).map_or(Ok(0), |digits| self.figure(to, col, &digits, format))
            }
        }
    }
}

/// The digits of a figure as a cell has them, its point moved so many places to the left; nothing for empty cells and texts.
pub(super) fn digits(cells: &Cells<'_>, row: usize, places: u32) -> Option<String> {
    match cells {
        Cells::Integer(cells) => Some(format_units((*cells.get(row)?)?.into(), places)),
        Cells::Decimal { scale, units } => Some(format_units((*units.get(row)?)?, scale + places)),
        Cells::Exact { amounts, .. } => Some((*amounts.get(row)?)?.to_string()),
        _ => None,
    }
}

/// Digits as a number, if that loses none of them.
pub(super) fn number(digits: &str) -> Option<f64> {
    let significant = digits.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    (significant <= DIGIT_COUNT_MAX).then(|| digits.parse().ok()).flatten()
}

/// The instant as spreadsheets count it, to the millisecond.
pub(super) fn instant(at: DateTime<Utc>) -> Option<ExcelDateTime> {
    let small = |number: u32| u8::try_from(number).ok();
    let milliseconds = u16::try_from(at.timestamp_subsec_millis().min(999)).ok()?;
    let hour = u16::try_from(at.hour()).ok()?;
    excel_day(at.date_naive())?.and_hms_milli(hour, small(at.minute())?, small(at.second())?, milliseconds).ok()
}

fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    // before March 1900 spreadsheets do not agree on what day it was
    let year = u16::try_from(day.year()).ok().filter(|year| (1901..=9999).contains(year))?;
    ExcelDateTime::from_ymd(year, u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?).ok()
}

/// How wide a text is, in digits of the default font: wide characters count twice.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum()
}

/// A text as far as a cell can hold it, with a word on where the rest is.
fn cut(text: String, whole: &str) -> String {
    if text.len() <= TEXT_LEN_MAX || text.encode_utf16().count() <= TEXT_LEN_MAX {
        return text;
    }
    let marker = format!(" … [cut; whole in {whole}]");
    let mut left = TEXT_LEN_MAX.saturating_sub(marker.encode_utf16().count());
    let fitting = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    });
    fitting.collect::<String>() + &marker
}
