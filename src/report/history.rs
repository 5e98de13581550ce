//! A history for people and programs: one table for CSV and Parquet, JSON, and text with small charts.

mod chart;
mod json;
mod text;

use std::io::Write;
use std::sync::Arc;

use crate::billing::history::{Figures, History, Key, Slice, State};
use crate::billing::money::Currency;

use super::beside::threads_beside;
use super::sink::THREADED_ROW_COUNT;
use super::table::{Builder, Table};
use super::{Error, csv, parquet};

pub use self::json::json;
pub use self::text::text;

/// Rows of a row group of Parquet, so that a year of many accounts need not be one.
const BATCH_ROW_COUNT: usize = 100_000;
/// Rows that are made into a table at once where threads write CSV: so few that their cells stay near the processor.
const PART_ROW_COUNT: usize = 4_000;

/// The name of the table in errors.
const FILE: &str = "history";

/// A table in a form that is written part by part, because a year of many accounts is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// What is in it.
    pub history: History,
    /// Its form.
    pub format: Format,
}

/// The form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For spreadsheets.
    Csv,
    /// For SQL engines and data frames.
    Parquet,
}

impl Sheet {
    /// Writes the table.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        let history = &self.history;
        let tables = Tables::of(history);
        let table = |slices| tables.table(slices);
        match self.format {
            Format::Csv if history.height() >= THREADED_ROW_COUNT => {
                let parts = batches(&history.slices, PART_ROW_COUNT);
                csv::write_side_by_side(FILE, threads_beside(0), parts, table, csv::Dialect::PLAIN, out)?;
            }
            Format::Csv => csv::write(FILE, [table(&history.slices)], csv::Dialect::PLAIN, out)?,
            Format::Parquet => parquet::write(FILE, batches(&history.slices, BATCH_ROW_COUNT).map(table), out)?,
        }
        out.flush().map_err(|error| Error::Format { file: FILE.to_owned(), source: error.into() })
    }
}

/// The history as one table, for the column reference.
pub fn table(history: &History) -> Table<'static> {
    Tables::of(history).table(&history.slices)
}

/// The slices in parts of at least so many rows, where there are as many; at least one part.
fn batches(slices: &[Slice], row_count: usize) -> impl Iterator<Item = &[Slice]> + Clone {
    let mut rest = Some(slices);
    std::iter::from_fn(move || {
        let slices = rest?;
        let mut rows = 0;
        let is_enough = |slice: &Slice| {
            rows += slice.keys.len();
            rows >= row_count
        };
        let end = slices.iter().position(is_enough).map_or(slices.len(), |last| last + 1);
        let (batch, left) = slices.split_at(end);
        rest = (!left.is_empty()).then_some(left);
        Some(batch)
    })
}

/// One row: a key in a slice; a slice that nobody saw has one without a key.
struct Row<'h> {
    slice: &'h Slice,
    /// The position of the slice in its batch.
    number: u32,
    key: Option<u32>,
    figures: Option<Figures>,
}

type Texts = Arc<Vec<Option<String>>>;

/// What all tables of a history share.
struct Tables {
    line_types: Texts,
    customer_ids: Texts,
    customer_names: Texts,
    account_ids: Texts,
    account_names: Texts,
    currency: Currency,
}

impl Tables {
    fn of(history: &History) -> Self {
        let texts = |text: fn(&Key) -> Option<String>| Arc::new(history.keys.iter().map(text).collect());
        let kinds = history.keys.iter().map(|key| Some(key.kind.as_str().to_owned()));
        let unseen = Some(State::Unseen.as_str().to_owned());
        Self {
            line_types: Arc::new(kinds.chain([unseen]).collect()),
            customer_ids: texts(|key| key.customer_id.clone()),
            customer_names: texts(|key| key.customer_name.clone()),
            account_ids: texts(|key| super::shown_id(key.account_id)),
            account_names: texts(|key| key.account_name.clone()),
            currency: history.currency,
        }
    }

    fn table(&self, slices: &[Slice]) -> Table<'static> {
        let mut rows = Vec::with_capacity(slices.iter().map(|slice| slice.keys.len().max(1)).sum());
        for (slice, number) in slices.iter().zip(0..) {
            let row = |(key, figures)| Row { slice, number, key: Some(key), figures: Some(figures) };
            rows.extend(slice.rows().map(row));
            if slice.state == State::Unseen {
                rows.push(Row { slice, number, key: None, figures: None });
            }
        }
        let per_slice = |text: fn(&Slice) -> String| Arc::new(slices.iter().map(|slice| Some(text(slice))).collect());
        let first_days = per_slice(|slice| slice.days.first.to_string());
        let last_days = per_slice(|slice| slice.days.last.to_string());
        let states = per_slice(|slice| slice.state.as_str().to_owned());
        let unseen = u32::try_from(self.line_types.len().saturating_sub(1)).ok();
        let code = Arc::new(vec![Some(self.currency.code().to_owned())]);
        Builder::new(&rows)
            .timestamp("period_start", "first instant of the billing period", |row| Some(row.slice.period.start))
            .shared("first_day", "the first day that the row stands for, in UTC", &first_days, |row| Some(row.number))
            .shared("last_day", "the last one", &last_days, |row| Some(row.number))
            .integer("days", "days", "how many days that is: more than 1 where captures are missing", |row| {
                Some(row.slice.days.count())
            })
            .timestamp("from", "the capture before, or the start of the period", |row| Some(row.slice.from))
            .timestamp("until", "the capture after; on `unseen` rows the end of the period", |row| {
                Some(row.slice.until)
            })
            .shared(
                "state",
                "`seen`, `estimated` (an equal part of several days) or `unseen` (no capture saw it: no figures)",
                &states,
                |row| Some(row.number),
            )
            .shared(
                "line_type",
                "`pool`, `customer`, `sub_account`, `parent`, `removed` (without a name) or `unseen`",
                &self.line_types,
                |row| row.key.or(unseen),
            )
            .shared("customer_id", "the customer, or the one that owns the sub account", &self.customer_ids, |r| r.key)
            .shared("customer_name", "its name", &self.customer_names, |row| row.key)
            .shared("account_id", "the sub account or the parent account", &self.account_ids, |row| row.key)
            .shared("account_name", "its last name", &self.account_names, |row| row.key)
            .integer("messages", "messages", "messages sent in this time; negative where a count fell", |row| {
                Some(row.figures?.messages)
            })
            .exact(
                "cost",
                self.currency,
                "what the allocated cost grew by; negative where the price of all fell by more",
                |row| Some(row.figures?.exact_cost()),
            )
            .shared("currency", "ISO 4217 code", &code, |row| row.figures.map(|_| 0))
            .finish()
    }
}
