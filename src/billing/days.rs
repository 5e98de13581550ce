//! Which calendar days a difference of two captures stands for.

use chrono::{DateTime, Days as Count, NaiveDate, TimeDelta, Utc};

/// What all accounts sent between two captures, or between the start of the billing period and its first capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily {
    /// The days that it stands for.
    pub days: Days,
    /// Messages; negative if the total went down.
    pub messages: i64,
}

impl Daily {
    /// Messages a day, rounded towards zero.
    pub fn mean(self) -> i64 {
        self.messages / self.days.count()
    }

    /// Whether it stands for more days than one, of which nobody saw the single ones.
    pub fn is_gap(self) -> bool {
        self.days.count() > 1
    }
}

/// Calendar days in UTC, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first one.
    pub first: NaiveDate,
    /// The last one; never before the first.
    pub last: NaiveDate,
}

impl Days {
    /// The days that a time stands for: so many as it has full days, to the nearest and at least one, and those in
    /// which most of it lies. Up to 36 hours are one day.
    pub fn between(from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let length = (until - from).max(TimeDelta::zero());
        let count = ((length + TimeDelta::hours(12) - TimeDelta::seconds(1)).num_days()).max(1);
        // as many days around the middle of the time, from the midnight that is nearest
        let middle = from + length / 2;
        let first = middle.checked_sub_signed(TimeDelta::hours(12 * (count - 1))).unwrap_or(from).date_naive();
        Self { first, last: plus(first, count - 1) }
    }

    /// A single day.
    pub fn one(day: NaiveDate) -> Self {
        Self { first: day, last: day }
    }

    /// How many days these are.
    pub fn count(self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| *day <= self.last)
    }

    /// Whether the two have a day in common.
    pub fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// The days of the next difference, so that none is left out and none stands in two rows. Nothing if all of them
    /// are days of this one already.
    pub(super) fn next(self, next: Self) -> Option<Self> {
        (next.last > self.last).then(|| Self { first: plus(self.last, 1), last: next.last })
    }
}

fn plus(day: NaiveDate, days: i64) -> NaiveDate {
    day.checked_add_days(Count::new(days.unsigned_abs())).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_stands_for_the_days_in_which_most_of_it_lies() {
        for (from, until, first, last) in [
            ("2026-10-12T23:45:00Z", "2026-10-13T23:45:00Z", "2026-10-13", "2026-10-13"),
            ("2026-10-13T01:17:00Z", "2026-10-14T01:17:00Z", "2026-10-13", "2026-10-13"),
            ("2026-10-12T23:45:00Z", "2026-10-14T23:45:00Z", "2026-10-13", "2026-10-14"),
            ("2026-10-12T01:17:00Z", "2026-10-14T23:45:00Z", "2026-10-12", "2026-10-14"),
            ("2026-10-01T00:00:00Z", "2026-10-01T01:17:00Z", "2026-10-01", "2026-10-01"),
            ("2026-10-01T00:00:00Z", "2026-10-02T12:00:00Z", "2026-10-01", "2026-10-01"),
            ("2026-10-01T00:00:00Z", "2026-10-02T12:00:01Z", "2026-10-01", "2026-10-02"),
            ("2026-10-31T23:45:00Z", "2026-11-01T00:00:00Z", "2026-10-31", "2026-10-31"),
            ("2026-10-05T12:00:00Z", "2026-10-05T11:00:00Z", "2026-10-05", "2026-10-05"),
        ] {
            let days = Days::between(from.parse().unwrap(), until.parse().unwrap());
            assert_eq!((days.first.to_string(), days.last.to_string()), (first.to_owned(), last.to_owned()), "{from}");
        }
    }
}
