//! How time passes in a world: what is due happens at its instant, and a period that ends makes room for the next.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};

use super::{BillingDay, Mood, Period, World};

/// The first second of the year 9999: every period that begins before it ends in a year of four digits.
const LATEST_SECS: i64 = 253_370_764_800;

/// The last instant that a world can reach.
pub(super) fn latest() -> DateTime<Utc> {
    DateTime::from_timestamp(LATEST_SECS, 0).unwrap_or_default()
}

/// An instant as the world's clock shows it: in microseconds, because a cursor carries no more, without leap seconds, and
/// between 1970 and [`latest`].
pub(super) fn tick(instant: DateTime<Utc>) -> DateTime<Utc> {
    let micros = instant.timestamp_micros().clamp(0, LATEST_SECS * 1_000_000);
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

impl Period {
    /// The billing period that an instant lies in, if periods begin on this day of the month.
    pub fn around(now: DateTime<Utc>, day: BillingDay) -> Self {
        let month = Months::new(1);
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let of_month = now.date_naive().with_day(day.day()).unwrap_or_default();
        let before = of_month.checked_sub_months(month).unwrap_or(of_month);
        let first = if now.day() < day.day() { before } else { of_month };
        Self { start: midnight(first), end: midnight(first.checked_add_months(month).unwrap_or(NaiveDate::MAX)) }
    }
}

impl World {
    /// Lets time pass, with everything that is due on the way, so that many small steps lead where a large one does.
    pub(super) fn advance(&mut self, to: DateTime<Utc>) {
        loop {
            let next = self.due.first_key_value().map_or(self.period.end, |((at, _), _)| (*at).min(self.period.end));
            if next > to {
                break;
            }
            self.now = next.max(self.now);
            if next == self.period.end {
                self.roll_over();
            } else if let Some((_, event)) = self.due.pop_first() {
                // What somebody did meanwhile through the API may have made it impossible, and that is life.
                let _ = self.apply(event);
            }
        }
        self.now = self.now.max(to);
    }

    /// Begins the next period: counts start again, and who was removed is forgotten.
    fn roll_over(&mut self) {
        self.period = Period::around(self.period.end, self.mood.billing_day);
        let start = self.period.start;
        for account in self.listed.values_mut() {
            // an account sends through the night of the roll-over; only what is counted begins anew
            account.settle(start);
            account.tally = 0;
        }
        self.parent_tally = 0;
        self.parent_tallied_at = start;
        self.removed.clear();
        self.plan_life();
    }

    /// Another mood. The billing day stays: a period that has begun ends when it was to end.
    pub(super) fn set_mood(&mut self, mood: Mood) {
        self.mood = Mood { billing_day: self.mood.billing_day, ..mood };
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::{Event, Genesis, Plan, Seek};
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_a_month_from_billing_day_to_billing_day() {
        for (now, day, start, end) in [
            ("2026-10-28T02:00:00Z", 1, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("2026-11-01T00:00:00Z", 1, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-10-31T23:59:59.999999Z", 1, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("2026-12-31T00:00:00Z", 15, "2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z"),
            ("2027-01-14T23:59:59Z", 15, "2026-12-15T00:00:00Z", "2027-01-15T00:00:00Z"),
            ("2027-02-27T00:00:00Z", 28, "2027-01-28T00:00:00Z", "2027-02-28T00:00:00Z"),
            ("2027-02-28T00:00:00Z", 28, "2027-02-28T00:00:00Z", "2027-03-28T00:00:00Z"),
            ("2028-02-29T12:00:00Z", 28, "2028-02-28T00:00:00Z", "2028-03-28T00:00:00Z"),
            ("2028-03-27T12:00:00Z", 28, "2028-02-28T00:00:00Z", "2028-03-28T00:00:00Z"),
        ] {
            let period = Period::around(at(now), BillingDay::new(day).unwrap());
            assert_eq!(period, Period { start: at(start), end: at(end) }, "{now}, day {day}");
        }
        // the ends of the calendar are nobody's period, and no reason to panic either
        for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            Period::around(now, BillingDay::new(28).unwrap());
            Period::around(now, BillingDay::FIRST);
        }
    }

    #[test]
    fn the_clock_shows_microseconds_of_sensible_years() {
        assert_eq!(tick(at("2026-10-01T00:00:00.123456789Z")), at("2026-10-01T00:00:00.123456Z"));
        assert_eq!(tick(at("2026-12-31T23:59:60Z")), at("2027-01-01T00:00:00Z"), "a leap second is the next second");
        assert_eq!(tick(DateTime::<Utc>::MIN_UTC), DateTime::UNIX_EPOCH);
        assert_eq!(tick(DateTime::<Utc>::MAX_UTC), at("9999-01-01T00:00:00Z"));
        for extreme in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let mut world = World::seeded(1, 5, extreme);
            assert_eq!(world.now(), tick(extreme));
            assert!(world.apply(Event::Advance(DateTime::<Utc>::MAX_UTC)).is_err());
        }
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut world = World::seeded(1, 10, at("2026-10-28T02:00:00Z"));
        world.apply(Event::Advance(at("2026-10-28T02:00:00.987654321Z"))).unwrap();
        assert_eq!(world.now(), at("2026-10-28T02:00:00.987654Z"));
        let before = world.clone();
        world.apply(Event::Advance(at("2026-10-28T01:59:59Z"))).unwrap();
        assert_eq!(world, before);
    }

    #[test]
    fn a_period_that_ends_leaves_no_count_and_nobody_removed() {
        for day in [1, 15, 28] {
            let mood = Mood { billing_day: BillingDay::new(day).unwrap(), ..Mood::default() };
            let plan = Plan::default();
            let mut world =
                World::new(&Genesis { seed: 1, account_count: 60, at: at("2027-02-27T23:00:00Z"), plan, mood });
            for _ in 0..14 {
                let end = world.period().end;
                world.apply(Event::Advance(end - TimeDelta::seconds(1))).unwrap();
                world.apply(Event::Send(None, 5)).unwrap();
                assert!(world.usage().total.reception_count > 100_000 && !world.removed_sub_accounts().is_empty());
                assert_eq!(world.period().end, end);
                world.apply(Event::Advance(end)).unwrap();
                assert_eq!(world.usage().total.reception_count, 0);
                assert_eq!((world.period().start, world.removed_sub_accounts().len()), (end, 0));
                let last = |world: &World| world.listed.values().filter_map(|a| a.last_activity_at(world.now())).max();
                let last = last(&world).unwrap();
                assert!(last < end, "what was sent last was sent in the period that is over");
                assert!(last > end - TimeDelta::hours(1), "and is not forgotten");
            }
            assert_eq!(world.period().start.day(), day);
        }
    }

    #[test]
    fn the_billing_day_stays_when_the_mood_changes() {
        let mut world = World::seeded(1, 0, at("2026-10-28T02:00:00Z"));
        let mood = Mood { billing_day: BillingDay::new(9).unwrap(), zero_usage: false, ..Mood::default() };
        world.apply(Event::Mood(mood)).unwrap();
        assert_eq!(world.mood(), Mood { billing_day: BillingDay::FIRST, ..mood });
    }

    #[test]
    fn an_empty_world_stays_empty_for_years() {
        let mut world = World::seeded(1, 0, at("2026-10-28T02:00:00Z"));
        world.apply(Event::Advance(at("2036-10-28T02:00:00Z"))).unwrap();
        assert_eq!((world.account_count(), world.due().count()), (0, 0));
        assert!(world.page(Seek::Start, 1).items.is_empty());
    }
}
