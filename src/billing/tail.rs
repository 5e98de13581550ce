//! The tail: what is sent between a capture and the end of the billing period, which that capture did not see.

use std::fmt;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::books::Tally;
use super::money::Exact;
use super::period::{Period, timestamp};
use super::rate::{Band, Pace, WINDOW};

/// The time between a capture and the end of its period, and what is likely to be sent in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// When the capture was taken.
    pub from: DateTime<Utc>,
    /// When the period ends.
    pub until: DateTime<Utc>,
    /// Messages of all accounts together.
    pub messages: Band<i64>,
    /// What they add to the pooled invoice, in major units.
    pub cost: Band<Exact>,
    /// Whether that is estimated. Until two days were seen nobody knows whether more messages cost anything: then only
    /// the bounds are given.
    pub is_priced: bool,
}

impl Tail {
    /// The tail after a capture of these totals.
    pub fn of(period: Period, at: DateTime<Utc>, total: Tally, pace: &Pace, margin: &Margin) -> Self {
        let tail = Self::unknown(period, at);
        let messages = pace.estimate(at, total.messages, tail.length());
        Self { messages, cost: margin.cost(messages, total), is_priced: margin.last.is_some(), ..tail }
    }

    /// A tail of which only the length is known.
    pub fn unknown(period: Period, at: DateTime<Utc>) -> Self {
        let (messages, cost) = (Band::default(), Band::default());
        Self { from: at, until: period.end, messages, cost, is_priced: false }
    }

    /// How long it is; nothing after the end.
    pub fn length(&self) -> TimeDelta {
        (self.until - self.from).max(TimeDelta::zero())
    }
}

/// What one more message costs the pool: included volume costs nothing more, volume beyond it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Margin {
    anchor: Option<(DateTime<Utc>, Tally)>,
    last: Option<Price>,
    lowest: Option<Price>,
    highest: Option<Price>,
}

/// A cost for so many messages; the count is above zero.
type Price = (Exact, i64);

impl Margin {
    /// Sees the totals once more.
    pub fn see(&mut self, at: DateTime<Utc>, total: Tally) {
        let Some((since, before)) = self.anchor else {
            self.anchor = Some((at, total));
            return;
        };
        let messages = total.messages.saturating_sub(before.messages);
        if at - since < WINDOW || messages <= 0 {
            return;
        }
        let cost = (total.cost.exact() - before.cost.exact()).max(Exact::ZERO);
        let price = (cost, messages);
        self.last = Some(price);
        self.lowest = Some(self.lowest.filter(|lowest| !is_less(price, *lowest)).unwrap_or(price));
        self.highest = Some(self.highest.filter(|highest| !is_less(*highest, price)).unwrap_or(price));
        self.anchor = Some((at, total));
    }

    /// What so many messages cost: at the prices observed, and at the average price at the most. Before any price was
    /// observed the estimate is nothing and means nothing.
    pub fn cost(&self, messages: Band<i64>, total: Tally) -> Band<Exact> {
        let average = (total.messages > 0).then(|| (total.cost.exact().max(Exact::ZERO), total.messages));
        let at = |price: Option<Price>, messages: i64| {
            price.map_or(Exact::ZERO, |(cost, of)| cost.scaled(messages.into(), of.into()))
        };
        let high = at(self.highest, messages.high).max(at(average, messages.high));
        Band { low: at(self.lowest, messages.low), estimate: at(self.last, messages.estimate), high }
    }
}

fn is_less(a: Price, b: Price) -> bool {
    a.0.times(b.1.into()) < b.0.times(a.1.into())
}

/// When the next capture is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Not before this, if a capture before would still leave too long a tail.
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub before: DateTime<Utc>,
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(from) = self.from {
            write!(f, "from {} and ", timestamp(from))?;
        }
        write!(f, "before {}", timestamp(self.before))
    }
}

impl Due {
    /// When the next capture after one at `at` is needed: one every night, and one within the tail allowed.
    pub fn after(at: DateTime<Utc>, period: Period, tail_max: TimeDelta) -> Self {
        let midnight = |days: u64| (at.date_naive() + Days::new(days)).and_time(NaiveTime::MIN).and_utc();
        let closing = period.end - tail_max;
        if at < closing && period.end <= midnight(2) {
            return Self { from: Some(closing), before: period.end };
        }
        Self { from: None, before: midnight(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::money::Amount;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn october() -> Period {
        Period { start: at("2026-10-01T00:00:00Z"), end: at("2026-11-01T00:00:00Z") }
    }

    fn tally(messages: i64, cost: &str) -> Tally {
        Tally { messages, cost: Amount::parse(cost).unwrap() }
    }

    #[test]
    fn a_capture_is_due_every_night_and_just_before_the_end() {
        for (last, from, before) in [
            ("2026-10-15T23:45:00Z", None, "2026-10-17T00:00:00Z"),
            ("2026-10-16T01:17:00Z", None, "2026-10-18T00:00:00Z"),
            ("2026-10-30T23:45:00Z", Some("2026-10-31T23:00:00Z"), "2026-11-01T00:00:00Z"),
            ("2026-10-31T01:17:00Z", Some("2026-10-31T23:00:00Z"), "2026-11-01T00:00:00Z"),
            ("2026-10-31T23:45:00Z", None, "2026-11-02T00:00:00Z"),
        ] {
            let due = Due::after(at(last), october(), TimeDelta::hours(1));
            assert_eq!(due, Due { from: from.map(at), before: at(before) }, "{last}");
        }
    }

    #[test]
    fn the_price_of_one_more_message_is_that_of_the_last_days() {
        let mut margin = Margin::default();
        let messages = Band { low: 10, estimate: 20, high: 30 };
        let shown = |band: Band<Exact>| [band.low, band.estimate, band.high].map(|cost| cost.to_string());
        margin.see(at("2026-10-10T02:00:00Z"), tally(1_000, "200"));
        assert_eq!(shown(margin.cost(messages, tally(1_000, "200"))), ["0", "0", "6"]);
        margin.see(at("2026-10-11T02:00:00Z"), tally(2_000, "200"));
        margin.see(at("2026-10-12T02:00:00Z"), tally(3_000, "210"));
        assert_eq!(shown(margin.cost(messages, tally(3_000, "210"))), ["0", "0.2", "2.1"]);
    }

    #[test]
    fn a_tail_lasts_until_the_period_ends() {
        let mut pace = Pace::begin(october().start);
        pace.see(at("2026-10-31T22:00:00Z"), 740);
        let tail = Tail::of(october(), at("2026-10-31T22:00:00Z"), tally(742, "74.2"), &pace, &Margin::default());
        assert_eq!((tail.length(), tail.messages.estimate), (TimeDelta::hours(2), 2));
        let late = Tail::of(october(), at("2026-11-01T01:00:00Z"), tally(742, "74.2"), &pace, &Margin::default());
        assert_eq!((late.length(), late.messages), (TimeDelta::zero(), Band::default()));
    }
}
