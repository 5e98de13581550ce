//! How much an account sends through time: a size, a growth, a weekday rhythm and some chance, all of it a pure function
//! of the account's own seed and the day.
//!
//! In integers, because the same world must come out on every machine, and additive: what is sent from a to c is what is
//! sent from a to b and from b to c, wherever b lies.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use fastrand::Rng;

/// The most that one account sends in a billing period, whatever it is told. Nine million accounts at this limit still
/// add up to a count that the API can show.
pub(super) const MESSAGES_MAX: u64 = 1_000_000_000_000;

const DAY_SECS: u64 = 86_400;
const PER_MILLE: u64 = 1_000;
/// Monday to Sunday, in thousandths of the daily mean; a week comes to seven.
const WEEKDAYS: [u64; 7] = [1_150, 1_200, 1_180, 1_150, 1_100, 650, 570];
/// The least and the most that chance makes of a day, in thousandths.
const CHANCE: std::ops::RangeInclusive<u64> = 750..=1_250;
/// Days in which growth makes its per mille.
const GROWTH_DAYS: i64 = 30;
/// The steepest growth that is taken at its word, and the most that it makes of a mean in the end, in thousandths.
const GROWTH_MAX: i64 = 1_000_000;

/// What an account sends of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Messages on a usual day, a million million at most; 0 for an account that only sends when it is told to.
    pub daily_mean: u64,
    /// Change of the mean in thirty days, in thousandths; negative for one that shrinks.
    pub growth_per_mille: i64,
    /// The day on which the mean is what it says.
    pub since: NaiveDate,
    /// What makes this account's days differ from another's.
    pub seed: u64,
}

impl Volume {
    /// An account that sends nothing by itself.
    pub const NONE: Self = Self { daily_mean: 0, growth_per_mille: 0, since: NaiveDate::MIN, seed: 0 };

    /// Messages from the one instant to the other, which is not counted any more.
    pub fn messages(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
        let sent = |day| self.sent_on(day, to).saturating_sub(self.sent_on(day, from));
        self.days(from, to).fold(0, |sum: u64, day| sum.saturating_add(sent(day)))
    }

    /// When the `number`th message between the two instants went out, to the second; `None` if it did not.
    pub(super) fn instant_of(&self, number: u64, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut left = number;
        for day in self.days(from, to) {
            let before = self.sent_on(day, from);
            let sent = self.sent_on(day, to).saturating_sub(before);
            if left > sent {
                left -= sent;
                continue;
            }
            // a message is counted when the second in which it went out is over
            let counted = ((before + left) * DAY_SECS).div_ceil(self.of_day(day).max(1));
            let second = i64::try_from(counted.saturating_sub(1)).ok().and_then(TimeDelta::try_seconds)?;
            return midnight(day).checked_add_signed(second).map(|at| at.max(from));
        }
        None
    }

    /// The days that some of the time between the two instants lies in, if anything is sent on any.
    fn days(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
        let first = (self.daily_mean > 0 && from < to).then(|| from.date_naive());
        std::iter::successors(first, NaiveDate::succ_opt).take_while(move |day| *day <= to.date_naive())
    }

    /// Messages of a day until an instant.
    fn sent_on(&self, day: NaiveDate, until: DateTime<Utc>) -> u64 {
        match secs_into(day, until) {
            0 => 0,
            secs => self.of_day(day) * secs / DAY_SECS,
        }
    }

    /// Messages of a whole day.
    fn of_day(&self, day: NaiveDate) -> u64 {
        let age = (day - self.since).num_days();
        let growth = 1_000 + self.growth_per_mille.clamp(-GROWTH_MAX, GROWTH_MAX) * age / GROWTH_DAYS;
        let growth = u64::try_from(growth.clamp(0, GROWTH_MAX)).unwrap_or(0);
        let weekday = WEEKDAYS.get(day.weekday().num_days_from_monday() as usize).copied().unwrap_or(PER_MILLE);
        let number = u64::from(day.num_days_from_ce().unsigned_abs());
        let chance = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).u64(CHANCE);
        // one division at the end, so that small accounts lose nothing on the way
        let product = u128::from(self.daily_mean) * u128::from(growth) * u128::from(weekday * chance);
        u64::try_from(product / u128::from(PER_MILLE.pow(3)))
            .map_or(MESSAGES_MAX, |messages| messages.min(MESSAGES_MAX))
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Seconds of `day` that have passed at an instant: none before it, all of them after it.
fn secs_into(day: NaiveDate, at: DateTime<Utc>) -> u64 {
    u64::try_from((at - midnight(day)).num_seconds()).unwrap_or(0).min(DAY_SECS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn volume() -> Volume {
        let since = NaiveDate::from_ymd_opt(2026, 7, 1).unwrap();
        Volume { daily_mean: 1_000, growth_per_mille: 100, since, seed: 7 }
    }

    fn at(secs: i64) -> DateTime<Utc> {
        midnight(volume().since) + TimeDelta::seconds(secs)
    }

    /// Usual ones, and some that mean harm.
    fn any_volume() -> impl Strategy<Value = Volume> {
        let mean = prop_oneof![4 => 0_u64..50, 4 => 0_u64..1_000_000, 1 => any::<u64>()];
        let growth = prop_oneof![8 => -30_i64..80, 1 => any::<i64>()];
        let since = prop_oneof![8 => Just(volume().since), 1 => Just(NaiveDate::MIN), 1 => Just(NaiveDate::MAX)];
        (mean, growth, since, any::<u64>()).prop_map(|(daily_mean, growth_per_mille, since, seed)| Volume {
            daily_mean,
            growth_per_mille,
            since,
            seed,
        })
    }

    proptest! {
        #[test]
        fn parts_of_a_time_add_up_to_the_whole(volume in any_volume(), mut secs in prop::array::uniform3(0..10_000_000_i64)) {
            secs.sort_unstable();
            let [a, b, c] = secs.map(at);
            prop_assert_eq!(volume.messages(a, b) + volume.messages(b, c), volume.messages(a, c));
        }

        #[test]
        fn each_message_has_its_second(volume in any_volume(), from in 0..1_000_000_i64, length in 1..1_000_000_i64, pick: u64) {
            let (from, to) = (at(from), at(from + length));
            let count = volume.messages(from, to);
            prop_assert_eq!(volume.instant_of(count + 1, from, to), None);
            prop_assume!(count > 0);
            let number = pick % count + 1;
            let sent = volume.instant_of(number, from, to).unwrap();
            prop_assert!(from <= sent && sent < to, "{sent}");
            prop_assert!(volume.messages(from, sent) < number, "it was not counted before");
            prop_assert!(volume.messages(from, sent + TimeDelta::seconds(1)) >= number, "and it is, a second later");
        }
    }

    #[test]
    fn weeks_have_a_rhythm_and_months_grow() {
        let week = |first: i64| volume().messages(at(first * 86_400), at((first + 7) * 86_400));
        assert!((5_500..8_500).contains(&week(0)), "{}", week(0));
        assert!(week(300) > week(0) * 3 / 2, "{} and {}", week(300), week(0));
        let days: Vec<u64> = (0..28).map(|day| volume().messages(at(day * 86_400), at((day + 1) * 86_400))).collect();
        // 1 July 2026 is a Wednesday
        let of = |weekday: usize| days.iter().skip(weekday).step_by(7).sum::<u64>();
        assert!(of(3) + of(4) < of(0) + of(1), "weekends are quieter");
        assert_eq!(Volume::NONE.messages(at(0), at(86_400)), 0);
        assert_eq!(volume().messages(at(5), at(5)), 0);
        assert_eq!(volume().messages(at(86_400), at(0)), 0);
    }

    #[test]
    fn one_message_a_day_is_about_one_message_a_day() {
        let volume = Volume { daily_mean: 1, growth_per_mille: 0, ..volume() };
        assert!((100..350).contains(&volume.messages(at(0), at(365 * 86_400))));
    }

    #[test]
    fn no_volume_is_too_large_to_count() {
        let flood = Volume { daily_mean: u64::MAX, growth_per_mille: i64::MAX, since: NaiveDate::MIN, seed: 0 };
        assert_eq!(flood.messages(at(0), at(86_400)), MESSAGES_MAX);
        let ebb = Volume { growth_per_mille: i64::MIN, ..flood };
        assert_eq!(ebb.messages(at(0), at(86_400)), 0);
    }
}
