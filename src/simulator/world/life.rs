//! What happens in a period of its own accord: some accounts come, some go, some pause, some caps change.
//!
//! It is decided when the period begins, from the world's own chance, and waits until it is due.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::rules::MONTHLY_CREDIT_MAX;
use super::seed::{MONTH_DAYS, round_cap, seconds};
use super::{AccountChange, Event, NewAccount, Status, SubAccount, World};

/// One in so many accounts, and at least one as long as there are any left, in each period: created, deleted, suspended,
/// its cap lowered below what it has sent, its cap raised. As many come as go, so that years do not fill the world.
const ACCOUNTS_PER_CREATION: usize = 20;
const ACCOUNTS_PER_DELETION: usize = 20;
const ACCOUNTS_PER_SUSPENSION: usize = 30;
const ACCOUNTS_PER_LOWERING: usize = 30;
const ACCOUNTS_PER_RAISING: usize = 60;
/// A pause lasts from one day to six.
const PAUSE_SECS: std::ops::RangeInclusive<u64> = 86_400..=6 * 86_400;
/// When in the period something happens, in hundredths of it. A cap is lowered once there is something to see.
const ANY_TIME: std::ops::Range<u64> = 0..100;
const MIDDLE: std::ops::Range<u64> = 30..75;

impl World {
    /// Decides what will happen in the period that begins, to each account one thing at most. An empty world stays empty
    /// until somebody fills it.
    pub(super) fn plan_life(&mut self) {
        let count = self.listed.len();
        let sends = |account: &&SubAccount| account.status == Status::Active && account.volume.daily_mean > 0;
        let is_capped = |account: &&SubAccount| account.monthly_credit > 0;
        let ids = |accounts: Vec<&SubAccount>| accounts.iter().map(|account| account.id).collect::<Vec<Uuid>>();
        let (sending, silent): (Vec<_>, Vec<_>) = self.listed.values().partition(sends);
        let (capped, uncapped): (Vec<_>, Vec<_>) = sending.into_iter().partition(is_capped);
        let (mut pool, uncapped, silent) = (ids(capped), ids(uncapped), ids(silent));

        for _ in 0..count.div_ceil(ACCOUNTS_PER_CREATION) {
            self.plan_creation();
        }
        for id in self.draw(&mut pool, count.div_ceil(ACCOUNTS_PER_RAISING)) {
            let at = self.some_instant(ANY_TIME);
            let cap = self.sub_account(id).map_or(0, |account| account.monthly_credit);
            self.change_cap(id, at, round_cap(cap + 1));
        }
        pool.extend(uncapped);
        for id in self.draw(&mut pool, count.div_ceil(ACCOUNTS_PER_LOWERING)) {
            let at = self.some_instant(MIDDLE);
            let sent = self.sub_account(id).map_or(0, |account| account.messages(at));
            self.change_cap(id, at, two_digits(sent * 9 / 10).max(1));
        }
        for (number, id) in self.draw(&mut pool, count.div_ceil(ACCOUNTS_PER_SUSPENSION)).into_iter().enumerate() {
            let at = self.some_instant(ANY_TIME);
            self.fall_due(at, Event::Suspend(id, "invoice overdue".to_owned()));
            if number % 2 == 0 {
                let until = at + seconds(self.rng.u64(PAUSE_SECS));
                self.fall_due(until, Event::Unsuspend(id));
            }
        }
        pool.extend(silent);
        for id in self.draw(&mut pool, count.div_ceil(ACCOUNTS_PER_DELETION)) {
            let at = self.some_instant(ANY_TIME);
            self.fall_due(at, Event::Delete(id));
        }
    }

    fn plan_creation(&mut self) {
        let (name, website) = self.new_company();
        let monthly = self.monthly_size();
        let capped = self.rng.u8(0..3) == 0;
        let monthly_credit = if capped { i64::try_from(round_cap(monthly)).unwrap_or(0) } else { 0 };
        let volume = self.volume_around(monthly / MONTH_DAYS);
        let at = self.some_instant(ANY_TIME);
        self.fall_due(at, Event::Create(NewAccount { name, website, monthly_credit }, volume));
    }

    fn change_cap(&mut self, id: Uuid, at: DateTime<Utc>, cap: u64) {
        let monthly_credit = i64::try_from(cap.min(MONTHLY_CREDIT_MAX)).ok();
        self.fall_due(at, Event::Update(id, AccountChange { monthly_credit, ..AccountChange::default() }));
    }

    /// Takes so many out of the pool, or all that it has.
    fn draw(&mut self, pool: &mut Vec<Uuid>, count: usize) -> Vec<Uuid> {
        let count = count.min(pool.len());
        let mut drawn = Vec::with_capacity(count);
        for _ in 0..count {
            let index = self.rng.u64(0..u64::try_from(pool.len()).unwrap_or(u64::MAX));
            drawn.push(pool.swap_remove(usize::try_from(index).unwrap_or(0)));
        }
        drawn
    }

    /// An instant of the period between these hundredths of it, to the second.
    fn some_instant(&mut self, hundredths: std::ops::Range<u64>) -> DateTime<Utc> {
        let length = u64::try_from((self.period.end - self.period.start).num_seconds()).unwrap_or(0);
        let (first, end) = (length * hundredths.start / 100, length * hundredths.end / 100);
        self.period.start + seconds(self.rng.u64(first + 1..end.max(first + 2)))
    }

    /// What falls due at one instant happens in the order in which it was decided.
    fn fall_due(&mut self, at: DateTime<Utc>, event: Event) {
        let last = self.due.range((at, 0)..=(at, u32::MAX)).next_back();
        let number = last.map_or(0, |((_, number), _)| number.saturating_add(1));
        self.due.insert((at, number), event);
    }
}

/// The number with all but its first two digits made zeros, as somebody would type it.
fn two_digits(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number / unit * unit
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;

    use super::*;

    fn october() -> DateTime<Utc> {
        "2026-10-01T00:00:00Z".parse().unwrap()
    }

    fn counts(world: &World) -> [usize; 6] {
        let count = |case: &dyn Fn(&Event) -> bool| world.due().filter(|(_, event)| case(event)).count();
        let cap = |id: &Uuid| world.sub_account(*id).map_or(0, |account| account.monthly_credit);
        let raises = |event: &Event| match event {
            Event::Update(id, change) => cap(id) > 0 && change.monthly_credit > i64::try_from(cap(id)).ok(),
            _ => false,
        };
        [
            count(&|event| matches!(event, Event::Create(..))),
            count(&|event| matches!(event, Event::Delete(_))),
            count(&|event| matches!(event, Event::Suspend(..))),
            count(&|event| matches!(event, Event::Unsuspend(_))),
            count(&raises),
            count(&|event| matches!(event, Event::Update(..)) && !raises(event)),
        ]
    }

    #[test]
    fn each_kind_of_thing_happens_and_to_each_account_one_at_most() {
        for seed in 0..20 {
            let world = World::seeded(seed, 60, october());
            assert_eq!(counts(&world), [3, 3, 2, 1, 1, 2], "seed {seed}");
            let mut ids = BTreeSet::new();
            for (at, event) in world.due() {
                let pause = TimeDelta::days(if matches!(event, Event::Unsuspend(_)) { 6 } else { 0 });
                assert!(world.period.start < at && at < world.period.end + pause, "{at}: {event:?}");
                if let Event::Delete(id) | Event::Suspend(id, _) | Event::Update(id, _) = event {
                    assert!(ids.insert(*id) && world.sub_account(*id).is_some(), "{event:?}");
                }
            }
            let mut world = world;
            let due: Vec<Event> = world.due().map(|(_, event)| event.clone()).collect();
            for event in due {
                let text = format!("{event:?}");
                assert!(world.apply(event).is_ok(), "{text}");
            }
        }
        assert_eq!(counts(&World::seeded(1, 1, october()))[0], 1, "a small world has a life too");
    }

    #[test]
    fn a_lowered_cap_is_below_what_was_sent_and_stops_it() {
        let world = World::seeded(3, 250, october());
        let mut lowered = 0;
        for (at, event) in world.due() {
            let Event::Update(id, AccountChange { monthly_credit: Some(cap), .. }) = event else { continue };
            let mut later = world.clone();
            later.apply(Event::Advance(at)).unwrap();
            let account = later.sub_account(*id).unwrap();
            assert_eq!(i64::try_from(account.monthly_credit).unwrap(), *cap);
            if account.messages(at) > account.monthly_credit {
                lowered += 1;
                assert_eq!(account.messages(world.period.end), account.messages(at));
            }
        }
        assert_eq!(lowered, 9);
    }

    #[test]
    fn years_neither_fill_nor_empty_a_world() {
        let mut world = World::seeded(1, 60, october());
        world.apply(Event::Advance(october() + TimeDelta::days(10 * 365))).unwrap();
        assert!((50..75).contains(&world.account_count()), "{}", world.account_count());
        assert!(world.usage().total.reception_count > 100_000);
    }

    #[test]
    fn two_digits_are_kept() {
        let numbers = [0, 7, 99, 100, 101, 6_491, u64::MAX].map(two_digits);
        assert_eq!(numbers, [0, 7, 99, 100, 100, 6_400, 18_000_000_000_000_000_000]);
    }
}
