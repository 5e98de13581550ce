//! The billing period: half-open `[start, end)` in UTC, exactly as the API gives it.

use std::fmt;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};

/// A billing period. It is not assumed to be a calendar month, nor to start at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// First instant that belongs to the period.
    pub start: DateTime<Utc>,
    /// First instant that does not.
    pub end: DateTime<Utc>,
}

impl Period {
    /// Whether the instant lies in the period.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }

    /// The start's UTC date, `2024-01-01`: the name of the period in folders and on the command line.
    pub fn name(&self) -> String {
        self.start.format("%Y-%m-%d").to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", short(self.start), short(self.end))
    }
}

/// The first instant of a day, in UTC.
pub fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// The calendar month that an instant lies in.
pub fn month_of(at: DateTime<Utc>) -> Period {
    let first = |date: NaiveDate| date.with_day(1).unwrap_or(date);
    let start = first(at.date_naive());
    let end = start.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    Period { start: midnight(start), end: midnight(end) }
}

/// A timestamp as reports write it: RFC 3339 in UTC, whole seconds unless it has a fraction.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// The date alone at midnight, else date and time.
fn short(at: DateTime<Utc>) -> String {
    let text = timestamp(at);
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}
