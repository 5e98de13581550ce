//! History: messages and cost per day, as differences of running totals.
//!
//! One [`Reading`] after another is seen and let go. A difference lies between two captures of one billing period, or
//! between the start of the period and its first capture; two periods are never subtracted from each other. A
//! difference over several nights stays one [`Slice`] of several days, unless it is asked to be evened out; what
//! nobody saw is a slice without figures. The rows of a slice sum to the growth of the pool exactly.

mod fold;
mod holdings;
mod keys;
mod overview;
mod reading;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};

use super::money::Currency;
use super::past::Unreadable;
use super::period::Period;

pub use self::fold::{Fold, Unfit};
pub use self::keys::{By, Key, Kind};
pub use self::overview::{Overview, Total};
pub use self::reading::{Figures, Head, Reading, TooLarge};
pub use super::days::Days;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One billing period, by the UTC date of its start: `2024-01-01`.
    Period(String),
    /// The days from one to another, both included, of whatever periods.
    Days(Days),
}

impl Scope {
    fn covers(&self, period: Period, days: Days) -> bool {
        match self {
            Self::Period(name) => *name == period.name(),
            Self::Days(wanted) => wanted.meets(days),
        }
    }

    /// Whether any of it may lie in a period by this name, before the one by the next name if that is known.
    pub fn touches(&self, name: &str, next: Option<&str>) -> bool {
        let day = |name: &str| name.parse::<NaiveDate>().ok();
        match self {
            Self::Period(wanted) => wanted == name,
            Self::Days(days) => {
                let begins_after = day(name).is_none_or(|start| start > days.last);
                !begins_after && next.and_then(day).is_none_or(|end| end >= days.first)
            }
        }
    }
}

/// How the figures of a slice are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The difference of two captures.
    Seen,
    /// An equal part of such a difference over several days.
    Estimated,
    /// Nobody saw the end of it: there are no figures.
    Unseen,
}

impl State {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Estimated => "estimated",
            Self::Unseen => "unseen",
        }
    }
}

/// The rows of one difference. A key without a row had neither messages nor cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The billing period; of a period that was skipped, what is known of it.
    pub period: Period,
    /// The days that it stands for.
    pub days: Days,
    /// The capture before, or the start of the period.
    pub from: DateTime<Utc>,
    /// The capture after, or the end of the period.
    pub until: DateTime<Utc>,
    /// How its figures are known.
    pub state: State,
    /// The keys of the rows, by their position in [`History::keys`].
    pub keys: Vec<u32>,
    /// Messages of each row.
    pub messages: Vec<i64>,
    /// Cost of each row, in units of 10^-22 of a major unit.
    pub cost: Vec<i128>,
}

impl Slice {
    /// Its rows: the position of the key, and the figures.
    pub fn rows(&self) -> impl Iterator<Item = (u32, Figures)> {
        let figures = self.messages.iter().zip(&self.cost);
        self.keys.iter().copied().zip(figures.map(|(messages, cost)| Figures { messages: *messages, cost: *cost }))
    }

    /// Messages of all rows a day, rounded towards zero.
    pub fn daily_messages(&self) -> i64 {
        self.messages.iter().sum::<i64>() / self.days.count()
    }

    /// Whether it is one difference over more days than one.
    pub fn is_gap(&self) -> bool {
        self.state == State::Seen && self.days.count() > 1
    }
}

/// The history asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What figures are told apart by.
    pub by: By,
    /// The currency of all costs.
    pub currency: Currency,
    /// Whose figures there are, in the order in which they were first seen.
    pub keys: Vec<Key>,
    /// The differences, oldest first.
    pub slices: Vec<Slice>,
    /// Captures that could not be used.
    pub passed_over: Vec<Unreadable>,
}

impl History {
    /// Rows of all slices; one without figures counts as one.
    pub fn height(&self) -> usize {
        self.slices.iter().map(|slice| slice.keys.len().max(usize::from(slice.state == State::Unseen))).sum()
    }

    /// The first and the last day of all slices.
    pub fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let first = self.slices.iter().map(|slice| slice.days.first).min()?;
        Some((first, self.slices.iter().map(|slice| slice.days.last).max()?))
    }
}
