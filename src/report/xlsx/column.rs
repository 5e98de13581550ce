//! What is to be known of a column before its cells are written: its head, its format, and whether it is folded away.

use rust_xlsxwriter::Format;

use crate::billing::money::Currency;
use crate::report::table::{Cells, Spec};
use crate::report::tables::MONEY;

use super::cell::{digits, width};
use super::style::Styles;

/// Columns that say what a row was made from, or that only programs read: folded away, to be unfolded with a click.
const TECHNICAL: [&str; 18] = [
    "period_start",
    "period_end",
    "customer_id",
    "account_id",
    "currency",
    "charge_low",
    "charge_high",
    "messages_low",
    "messages_high",
    "counted_from",
    "counted_until",
    "alert_capture",
    "state",
    "revision",
    "capture",
    "file",
    "sha256",
    "superseded_sha256",
];
/// Columns whose texts are sentences.
const SENTENCES: [&str; 2] = ["finding", "tip"];
/// The widest column, and the widest of sentences, in characters.
const WIDTH_MAX: usize = 40;
const SENTENCE_WIDTH: usize = 60;
/// The narrowest, and what the button of the filter and a margin take.
const WIDTH_MIN: usize = 8;
const MARGIN: usize = 3;
const BUTTON: usize = 3;

/// A column in a sheet.
pub(super) struct Column<'t> {
    pub(super) name: &'static str,
    pub(super) cells: &'t Cells<'t>,
    pub(super) head: String,
    pub(super) format: &'t Format,
    pub(super) is_folded: bool,
    /// Places by which the point of its figures moves: a spreadsheet shows 0.125 as 12.5 %.
    places: u32,
    /// The widest of its cells so far.
    pub(super) widest: usize,
}

impl<'t> Column<'t> {
    /// `is_kept_open` for a column that is not folded away though it is empty.
    pub(super) fn of(
        spec: Spec,
        cells: &'t Cells<'t>,
        styles: &'t Styles,
        currency: Currency,
        is_kept_open: bool,
    ) -> Self {
        let is_technical = TECHNICAL.contains(&spec.name);
        // a table without any row still shows what it would have
        let is_empty = !cells.is_empty() && is_empty(cells);
        let is_folded = !is_kept_open && (is_technical || is_empty);
        let (head, format) = (head(spec, currency), format(spec, cells, styles));
        let places = if spec.unit == "percent" { 2 } else { 0 };
        Self { name: spec.name, cells, head, format, is_folded, places, widest: 0 }
    }

    /// The digits of a cell as the sheet has them.
    pub(super) fn digits(&self, row: usize) -> Option<String> {
        digits(self.cells, row, self.places)
    }

    /// How a cell of the foot looks.
    pub(super) fn foot_format<'s>(&self, styles: &'s Styles) -> &'s Format {
        match self.cells {
            Cells::Integer(_) => &styles.sum_count,
            Cells::Decimal { .. } | Cells::Exact { .. } => &styles.sum,
            _ => &styles.sum_text,
        }
    }

    /// Whether its figures stand at the right.
    pub(super) fn is_figure(&self) -> bool {
        matches!(self.cells, Cells::Integer(_) | Cells::Decimal { .. } | Cells::Exact { .. })
    }

    /// How wide it is to be, in characters.
    pub(super) fn width(&self) -> usize {
        if SENTENCES.contains(&self.name) {
            return SENTENCE_WIDTH;
        }
        let word = self.head.split(' ').map(width).max().unwrap_or(0);
        // a head may take two lines
        let head = word.max(width(&self.head).div_ceil(2));
        (self.widest + MARGIN).clamp(WIDTH_MIN.max(head + BUTTON), WIDTH_MAX.max(head + BUTTON))
    }

    /// How many lines its head takes in that width.
    pub(super) fn head_lines(&self) -> usize {
        lines(&self.head, self.width().saturating_sub(BUTTON))
    }

    /// How many lines a cell takes: letters are narrower than the digits that widths are counted in.
    pub(super) fn lines(&self, row: usize) -> usize {
        let sentence = self.cells.text_at(row).filter(|_| SENTENCES.contains(&self.name));
        sentence.map_or(1, |text| lines(text, SENTENCE_WIDTH + SENTENCE_WIDTH / 10))
    }
}

/// `customer_name` as people write it, with the unit where it is not plain from the name.
pub(super) fn head(spec: Spec, currency: Currency) -> String {
    let name = match spec.name {
        // the cells say per cent themselves
        "markup_percent" => "markup rate",
        name => name,
    };
    let words: Vec<String> = name.split('_').map(word).collect();
    let words = words.join(" ");
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    let words: String = first.into_iter().chain(letters).collect();
    match spec.unit {
        "" | "percent" | "lines" => words,
        MONEY => format!("{words} ({})", currency.code()),
        unit if words.to_ascii_lowercase().contains(unit) => words,
        unit => format!("{words} ({unit})"),
    }
}

/// How many lines a text takes in so many characters, parted between words.
fn lines(text: &str, room: usize) -> usize {
    let (mut lines, mut used) = (1, 0);
    for word in text.split(' ').map(width) {
        if used > 0 && used + 1 + word > room {
            (lines, used) = (lines + 1, 0);
        }
        used += word + usize::from(used > 0);
        // a word of several lines
        (lines, used) = (lines + used / (room + 1), used % (room + 1));
    }
    lines
}

fn word(word: &str) -> String {
    match word {
        "id" => "ID".to_owned(),
        "sha256" => "SHA-256".to_owned(),
        "readded" => "re-added".to_owned(),
        _ => word.to_owned(),
    }
}

fn format<'s>(spec: Spec, cells: &Cells<'_>, styles: &'s Styles) -> &'s Format {
    match cells {
        Cells::Text(_) | Cells::Shared { .. } if SENTENCES.contains(&spec.name) => &styles.wrapped,
        Cells::Text(_) | Cells::Shared { .. } => &styles.text,
        Cells::Date(_) => &styles.day,
        Cells::Timestamp(_) => &styles.instant,
        Cells::Exact { .. } => &styles.exact,
        Cells::Integer(_) if matches!(spec.name, "revision" | "number" | "control_row") => &styles.plain_count,
        Cells::Integer(_) => &styles.count,
        Cells::Decimal { .. } if spec.unit == "percent" => &styles.percent,
        Cells::Decimal { .. } => &styles.money,
    }
}

fn is_empty(cells: &Cells<'_>) -> bool {
    match cells {
        Cells::Text(_) | Cells::Shared { .. } => {
            (0..cells.len()).all(|row| cells.text_at(row).is_none_or(str::is_empty))
        }
        Cells::Integer(cells) => cells.iter().all(Option::is_none),
        Cells::Decimal { units, .. } => units.iter().all(Option::is_none),
        Cells::Exact { amounts, .. } => amounts.iter().all(Option::is_none),
        Cells::Date(cells) => cells.iter().all(Option::is_none),
        Cells::Timestamp(cells) => cells.iter().all(Option::is_none),
    }
}
