//! Rates: messages over time as exact fractions, and the bands that observed rates give an estimate.

use std::cmp::Ordering;
use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};

/// Time after which a difference of two counts says something about a day: slots of one night lie closer together.
pub(super) const WINDOW: TimeDelta = TimeDelta::hours(20);

/// Messages over a time; never below zero. Rates are equal that make the same messages in the same time.
///
/// Packed, because every account has three of them.
#[derive(Debug, Clone, Copy)]
#[repr(Rust, packed(4))]
pub struct Rate {
    messages: i64,
    seconds: NonZeroU32,
}

impl Rate {
    /// So many messages in so much time; nothing if no time has passed. Less than no messages count as none, and more than
    /// 136 years as so many.
    pub fn of(messages: i64, time: TimeDelta) -> Option<Self> {
        let seconds = u32::try_from(time.num_seconds().max(0)).unwrap_or(u32::MAX);
        Some(Self { messages: messages.max(0), seconds: NonZeroU32::new(seconds)? })
    }

    fn seconds(self) -> i128 {
        i128::from(self.seconds.get())
    }

    /// The messages that this rate makes in a time, to the nearest one.
    pub fn over(self, time: TimeDelta) -> i64 {
        let product = i128::from(self.messages) * i128::from(time.num_seconds().max(0));
        let nearest = (2 * product + self.seconds()) / (2 * self.seconds());
        i64::try_from(nearest).unwrap_or(i64::MAX)
    }

    /// Whether it makes any message, ever.
    pub fn is_some(self) -> bool {
        self.messages > 0
    }

    /// Messages a day, to the nearest one.
    pub fn per_day(self) -> i64 {
        self.over(TimeDelta::days(1))
    }

    /// How long this rate takes to make so many messages, to the next full second; nothing at no rate.
    pub fn time_for(self, messages: i64) -> Option<TimeDelta> {
        if self.messages == 0 {
            return None;
        }
        let product = i128::from(messages.max(0)) * self.seconds();
        let seconds = (product + i128::from(self.messages) - 1) / i128::from(self.messages);
        TimeDelta::try_seconds(i64::try_from(seconds).ok()?)
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        let of = |a: &Self, b: &Self| i128::from(a.messages) * b.seconds();
        of(self, other).cmp(&of(other, self))
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rate {}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An estimate between the least and the most that observed rates make likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Band<T> {
    /// At the slowest observed rate.
    pub low: T,
    /// At the average rate, or at that of the last full day while a period is young.
    pub estimate: T,
    /// At the fastest observed rate.
    pub high: T,
}

/// How fast a running total grows, as day after day of captures shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Since when the total counts.
    since: DateTime<Utc>,
    /// Where the window of observation begins that is not a day long yet.
    anchor: DateTime<Utc>,
    /// The total there.
    at_anchor: i64,
    /// The rate of the last full window.
    last: Option<Rate>,
    slowest: Option<Rate>,
    fastest: Option<Rate>,
}

impl Pace {
    /// The pace of a total that began to count at `since`.
    pub fn begin(since: DateTime<Utc>) -> Self {
        Self { since, anchor: since, at_anchor: 0, last: None, slowest: None, fastest: None }
    }

    /// The same in the next period: counts begin again, and what is known of the speed stays.
    #[must_use]
    pub fn next_period(self, start: DateTime<Utc>) -> Self {
        Self { since: start, anchor: start, at_anchor: 0, ..self }
    }

    /// Sees the total once more.
    pub fn see(&mut self, at: DateTime<Utc>, messages: i64) {
        let (since, before) = (self.anchor, self.at_anchor);
        if at - since < WINDOW {
            return;
        }
        if let Some(rate) = Rate::of(messages.saturating_sub(before), at - since) {
            self.last = Some(rate);
            self.slowest = Some(self.slowest.map_or(rate, |slowest| slowest.min(rate)));
            self.fastest = Some(self.fastest.map_or(rate, |fastest| fastest.max(rate)));
        }
        (self.anchor, self.at_anchor) = (at, messages);
    }

    /// The rate of the last full day, else the average.
    pub fn current(&self, at: DateTime<Utc>, messages: i64) -> Option<Rate> {
        self.last.or_else(|| self.average(at, messages))
    }

    /// The average rate since the total counts.
    fn average(&self, at: DateTime<Utc>, messages: i64) -> Option<Rate> {
        Rate::of(messages, at - self.since)
    }

    /// What will come in a time after `at`.
    pub fn estimate(&self, at: DateTime<Utc>, messages: i64, time: TimeDelta) -> Band<i64> {
        let average = self.average(at, messages);
        // the first hours of a period say less than the last full day before it
        let of_day = average.filter(|_| at - self.since >= WINDOW);
        let Some(average) = of_day.or(self.last).or(average) else { return Band::default() };
        let (slowest, fastest) = (self.slowest.unwrap_or(average), self.fastest.unwrap_or(average));
        Band {
            low: slowest.min(average).over(time),
            estimate: average.over(time),
            high: fastest.max(average).over(time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    #[test]
    fn rates_are_compared_and_extended_exactly() {
        let third = Rate::of(1, TimeDelta::seconds(3)).unwrap();
        assert_eq!((third.over(TimeDelta::seconds(4)), third.over(TimeDelta::seconds(5))), (1, 2));
        assert_eq!(third.time_for(2), Some(TimeDelta::seconds(6)));
        assert!(third < Rate::of(334, TimeDelta::seconds(1_000)).unwrap());
        assert_eq!(Rate::of(5, TimeDelta::zero()), None);
        assert_eq!(Rate::of(5, TimeDelta::days(365 * 200)), Rate::of(5, TimeDelta::seconds(u32::MAX.into())));
        assert_eq!(Rate::of(-5, TimeDelta::days(1)).unwrap().time_for(1), None);
        assert_eq!(Rate::of(i64::MAX, TimeDelta::seconds(1)).unwrap().per_day(), i64::MAX);
    }

    #[test]
    fn slots_of_one_night_make_no_window_of_their_own() {
        let mut pace = Pace::begin(at(0));
        pace.see(at(24), 240);
        pace.see(at(26), 1_000);
        assert_eq!(pace.current(at(26), 1_000), Rate::of(10, TimeDelta::hours(1)));
        pace.see(at(48), 1_200);
        assert_eq!(pace.current(at(48), 1_200), Rate::of(40, TimeDelta::hours(1)));
        let tail = pace.estimate(at(48), 1_200, TimeDelta::hours(2));
        assert_eq!((tail.low, tail.estimate, tail.high), (20, 50, 80));
    }

    #[test]
    fn the_first_hours_of_a_period_go_by_the_days_before() {
        let mut pace = Pace::begin(at(0));
        pace.see(at(24), 240);
        let pace = pace.next_period(at(30));
        let tail = pace.estimate(at(32), 100, TimeDelta::hours(1));
        assert_eq!((tail.low, tail.estimate, tail.high), (10, 10, 10));
        let tail = pace.estimate(at(50), 100, TimeDelta::hours(1));
        assert_eq!((tail.low, tail.estimate, tail.high), (5, 5, 10));
    }

    #[test]
    fn a_single_sighting_is_all_there_is_to_estimate_from() {
        let pace = Pace::begin(at(0));
        let tail = pace.estimate(at(10), 100, TimeDelta::hours(1));
        assert_eq!((tail.low, tail.estimate, tail.high), (10, 10, 10));
        assert_eq!(Pace::begin(at(0)).estimate(at(0), 100, TimeDelta::hours(1)), Band::default());
    }
}
