//! Nights: on which of them there is a capture, and on which there is none.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::books::Books;
use super::close::Obstacle;
use super::finding::{Code, Finding, NONE, Severity};
use super::past::Past;
use super::period::{Period, midnight};
use super::terms::Terms;

/// One night of a billing period: a calendar day in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Night {
    /// The day.
    pub date: NaiveDate,
    /// What there is of it.
    pub state: NightState,
}

/// What there is of a night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NightState {
    /// So many captures that can be read.
    Captured(usize),
    /// Only captures that cannot be read.
    Unreadable,
    /// None, though there are captures before and after.
    Missed,
    /// None, and none before either.
    NotBegun,
    /// None is due yet.
    Ahead,
}

impl NightState {
    /// The word used in every output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Captured(_) => "captured",
            Self::Unreadable => "unreadable",
            Self::Missed => "missed",
            Self::NotBegun => "not-begun",
            Self::Ahead => "ahead",
        }
    }
}

/// The calendar of the books' billing period, as of their capture. `past` has seen it.
pub fn nights(books: &Books, past: &Past) -> Vec<Night> {
    let period = books.usage.period;
    let Some(dates) = dates(period, books.capture.at) else { return Vec::new() };
    let begun = past.captures().first().map(|first| first.at.date_naive()).filter(|_| past.ended().is_none());
    let today = books.capture.at.date_naive();
    let mut nights = Vec::with_capacity(dates.len());
    let mut captures = past.captures().iter().peekable();
    for date in dates {
        let mut count = 0;
        while captures.next_if(|capture| capture.at.date_naive() <= date).is_some() {
            count += 1;
        }
        let is_whole = period.start <= midnight(date);
        let is_unreadable = past.unreadable().iter().any(|capture| capture.at.date_naive() == date);
        let state = match count {
            0 if is_unreadable => NightState::Unreadable,
            0 if date > today => NightState::Ahead,
            0 if begun.is_some_and(|begun| date < begun) || !is_whole => NightState::NotBegun,
            0 => NightState::Missed,
            count => NightState::Captured(count),
        };
        nights.push(Night { date, state });
    }
    nights
}

/// Longest period of which a calendar is kept, in days; an impossible one must not fill the memory.
const DAY_COUNT_MAX: i64 = 400;

/// The days that the period touches, those of the capture included.
fn dates(period: Period, at: DateTime<Utc>) -> Option<Vec<NaiveDate>> {
    let first = period.start.date_naive();
    let end = period.end - TimeDelta::nanoseconds(1);
    let last = end.date_naive().max(at.date_naive());
    let count = (last - first).num_days();
    (0..=DAY_COUNT_MAX).contains(&count).then(|| first.iter_days().take_while(|date| *date <= last).collect())
}

/// A finding for each run of nights without a capture, for each capture that cannot be read, and for periods skipped.
pub(super) fn gaps(nights: &[Night], books: &Books, past: &Past, terms: &Terms) -> Vec<Finding> {
    let accepted = terms.close.as_ref().and_then(|close| close.accepts(Obstacle::Gaps));
    let accepted = accepted.map_or(String::new(), |reason| format!(", accepted: {reason}"));
    let warning = |message: &str| Finding::new(Code::Gap, Severity::Warning, format!("{message}{accepted}"));
    let mut findings = Vec::new();
    for run in nights.chunk_by(|a, b| (a.state == NightState::Missed) == (b.state == NightState::Missed)) {
        let ([first, ..], [.., last]) = (run, run) else { continue };
        if first.state == NightState::Missed {
            let (first, last) = (first.date, last.date);
            let nights = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
            let finding = warning(&format!("no capture was taken {nights}")).expected_actual(run.len(), 0);
            findings.push(finding.difference(format!("-{}", run.len()), "nights"));
        }
    }
    for capture in past.unreadable() {
        let message = format!("capture `{}` cannot be read: {}", capture.id, capture.problem);
        findings.push(warning(&message).expected_actual("a whole capture", NONE));
    }
    if let Some(ended) = past.ended().filter(|ended| ended.period.end < books.usage.period.start) {
        let lost = Period { start: ended.period.end, end: books.usage.period.start };
        let message = "the time between two billing periods went by without a capture";
        findings.push(warning(message).expected_actual(lost, NONE));
    }
    findings
}

/// The days from one on, and before another, that are without a capture.
pub fn missed_between(from: NaiveDate, until: NaiveDate, times: &[DateTime<Utc>]) -> Vec<NaiveDate> {
    let seen: BTreeSet<NaiveDate> = times.iter().map(DateTime::date_naive).collect();
    let days = from.iter_days().take_while(|day| *day < until).take(usize::try_from(DAY_COUNT_MAX).unwrap_or(0));
    days.filter(|day| !seen.contains(day)).collect()
}

#[cfg(test)]
mod tests;
