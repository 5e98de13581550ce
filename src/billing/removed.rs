//! Attribution: whose the removed usage was.
//!
//! The API shows the usage of deleted sub accounts as one anonymous running total. Captures tell what each account had
//! when it was last seen, and by how much the total grew when it was gone. The account's messages are at least the one
//! and, less what its companions must have had, at most the other.

use std::sync::Arc;
use uuid::Uuid;

use super::money::{Exact, Minor};
use super::rate::Rate;
use super::shares::largest_remainder;
use super::terms::Residual;

/// A sub account that is no longer shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The sub account.
    pub account_id: Uuid,
    /// Its last name, safe to display.
    pub name: Arc<str>,
    /// Its messages of the period when it was last seen: what it left at the least.
    pub seen: i64,
    /// How fast it sent when it was last seen.
    pub rate: Option<Rate>,
    /// The last capture that showed it; nothing if there was none.
    pub from: Option<Arc<str>>,
    /// The first one after.
    pub until: Arc<str>,
    /// Whether a capture of the period showed it: else it may have gone before the period.
    pub was_seen_in_period: bool,
}

/// The time between two captures in which usage was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The capture before; nothing if there was none.
    pub from: Option<Arc<str>>,
    /// The capture after.
    pub until: Arc<str>,
    /// By how much `removed` grew.
    pub growth: i64,
    /// Whose usage lines vanished meanwhile, by account id.
    pub gone: Vec<Gone>,
    /// Whether figures went down that never do, so that what was last seen bounds nothing any more.
    pub restated: bool,
}

/// What one account, or nobody in particular, has of the removed usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whose it is; nothing for the rest that has no name.
    pub account: Option<Gone>,
    /// The capture before it was removed; nothing if there was none.
    pub from: Option<Arc<str>>,
    /// The first capture after.
    pub until: Arc<str>,
    /// Messages at the least.
    pub low: i64,
    /// Messages that it is charged with.
    pub messages: i64,
    /// Messages at the most.
    pub high: i64,
    /// Whether what was last seen bounds it.
    pub bounded: bool,
    /// By how much `removed` grew between the captures that bound it.
    pub growth: i64,
    /// How many accounts went between them.
    pub gone_count: usize,
}

/// The removed usage of a period, divided. The parts sum to it exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attribution {
    /// Accounts in the order in which they went; after those of each interval the rest that has no name.
    pub parts: Vec<Part>,
}

impl Attribution {
    /// Divides what was removed in these intervals.
    pub fn of(intervals: &[Interval], residual: Residual) -> Self {
        Self { parts: intervals.iter().flat_map(|interval| parts(interval, residual)).collect() }
    }

    /// Messages of all parts together.
    pub fn messages(&self) -> i128 {
        self.parts.iter().map(|part| i128::from(part.messages)).sum()
    }

    /// Messages of the parts that have a name, and of those that have none.
    pub fn split(&self) -> (i64, i64) {
        let (named, unnamed): (Vec<&Part>, Vec<&Part>) = self.parts.iter().partition(|part| part.account.is_some());
        let sum = |parts: Vec<&Part>| parts.iter().fold(0, |sum: i64, part| sum.saturating_add(part.messages));
        (sum(named), sum(unnamed))
    }

    /// The parts that have a name.
    pub fn named(&self) -> impl Iterator<Item = (&Gone, &Part)> {
        self.parts.iter().filter_map(|part| Some((part.account.as_ref()?, part)))
    }

    /// The parts that have none.
    pub fn unnamed(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.account.is_none())
    }
}

impl Interval {
    /// What the vanished accounts had when they were last seen, together.
    pub fn seen(&self) -> i128 {
        self.gone.iter().map(|gone| i128::from(gone.seen)).sum()
    }

    /// Whether lines lost more than the removed usage has gained so far.
    pub fn is_short(&self) -> bool {
        !self.restated && self.seen() > i128::from(self.growth)
    }

    /// Joins what happened until a later capture.
    pub fn go_on(&mut self, until: String, growth: i64, gone: Vec<Gone>) {
        self.until = until.into();
        self.growth = self.growth.saturating_add(growth);
        self.gone.extend(gone);
        self.gone.sort_by_key(|gone| gone.account_id);
    }

    /// Whether what was last seen can be trusted as a lower bound.
    fn is_bounded(&self) -> bool {
        let is_count = self.gone.iter().all(|gone| gone.seen >= 0);
        !self.restated && is_count && self.seen() <= i128::from(self.growth)
    }

    fn part(&self, account: Option<Gone>, low: i64, messages: i64, high: i64) -> Part {
        // an interval may be several that were put together: an account knows better when it went
        let own = account.as_ref().map(|gone| (gone.from.clone(), gone.until.clone()));
        let (from, until) = own.unwrap_or_else(|| (self.from.clone(), self.until.clone()));
        let (bounded, growth, gone_count) = (self.is_bounded(), self.growth, self.gone.len());
        Part { account, from, until, low, messages, high, bounded, growth, gone_count }
    }
}

fn parts(interval: &Interval, residual: Residual) -> Vec<Part> {
    let growth = interval.growth;
    if interval.gone.is_empty() {
        let rest = (growth != 0).then(|| interval.part(None, growth, growth, growth));
        return rest.into_iter().collect();
    }
    if !interval.is_bounded() {
        return unbounded(interval);
    }
    let seen = i64::try_from(interval.seen()).unwrap_or(i64::MAX);
    let unseen = growth.saturating_sub(seen);
    let shares = match residual {
        // all that was removed is the only account's, whatever the policy for several is
        _ if interval.gone.len() == 1 => Some(vec![unseen]),
        Residual::Keep => None,
        Residual::Rate => divided(unseen, interval.gone.iter().map(|gone| weight(gone.rate))),
    };
    let kept = if shares.is_none() { unseen } else { 0 };
    let shares = shares.unwrap_or_else(|| vec![0; interval.gone.len()]);
    let named = interval.gone.iter().zip(shares).map(|(gone, share)| {
        interval.part(Some(gone.clone()), gone.seen, gone.seen + share, gone.seen.saturating_add(unseen))
    });
    let mut parts: Vec<Part> = named.collect();
    parts.extend((kept > 0).then(|| interval.part(None, 0, kept, kept)));
    parts
}

/// Figures that contradict each other bound little: the growth goes by what was last seen, and each may have left nothing,
/// or all of it, or what it had.
fn unbounded(interval: &Interval) -> Vec<Part> {
    let growth = interval.growth;
    let (least, most) = (growth.min(0), growth.max(0));
    match divided(growth, interval.gone.iter().map(|gone| Exact::whole(gone.seen))) {
        Some(shares) => {
            let named = interval.gone.iter().zip(shares);
            let part =
                |(gone, share): (&Gone, i64)| interval.part(Some(gone.clone()), least, share, most.max(gone.seen));
            named.map(part).collect()
        }
        None => vec![interval.part(None, least, growth, most)],
    }
}

/// Whole messages by weight; nothing if there are messages and no weight. The order settles what does not divide.
fn divided(messages: i64, weights: impl Iterator<Item = Exact>) -> Option<Vec<i64>> {
    let entries: Vec<(usize, Exact)> = weights.enumerate().collect();
    let parts = largest_remainder(Minor(messages.into()), &entries).ok()?;
    parts.into_iter().map(|part| i64::try_from(part.0).ok()).collect()
}

/// A rate as a weight, fine enough to tell slow senders apart.
fn weight(rate: Option<Rate>) -> Exact {
    Exact::whole(rate.map_or(0, |rate| rate.over(chrono::TimeDelta::days(1_000))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(number: u128, seen: i64, per_day: i64) -> Gone {
        let rate = Rate::of(per_day, chrono::TimeDelta::days(1));
        let (from, until) = (Some("before".into()), "after".into());
        Gone {
            account_id: Uuid::from_u128(number),
            name: format!("Account {number}").into(),
            seen,
            rate,
            from,
            until,
            was_seen_in_period: true,
        }
    }

    fn interval(growth: i64, gone: Vec<Gone>) -> Interval {
        let (from, until) = (Some("before".into()), "after".into());
        Interval { from, until, growth, gone, restated: false }
    }

    fn figures(interval: &Interval, residual: Residual) -> Vec<(bool, i64, i64, i64)> {
        let attribution = Attribution::of(std::slice::from_ref(interval), residual);
        attribution.parts.iter().map(|part| (part.account.is_some(), part.low, part.messages, part.high)).collect()
    }

    #[test]
    fn the_only_account_that_went_has_all_that_was_removed() {
        let one = interval(110, vec![gone(1, 100, 5)]);
        for residual in [Residual::Rate, Residual::Keep] {
            assert_eq!(figures(&one, residual), [(true, 100, 110, 110)]);
        }
        assert_eq!(figures(&interval(100, vec![gone(1, 100, 5)]), Residual::Rate), [(true, 100, 100, 100)]);
    }

    #[test]
    fn several_share_the_residual_by_their_last_rate_or_leave_it() {
        let two = interval(170, vec![gone(1, 100, 10), gone(2, 50, 30)]);
        assert_eq!(figures(&two, Residual::Rate), [(true, 100, 105, 120), (true, 50, 65, 70)]);
        let kept = [(true, 100, 100, 120), (true, 50, 50, 70), (false, 0, 20, 20)];
        assert_eq!(figures(&two, Residual::Keep), kept);
        let idle = interval(170, vec![gone(1, 100, 0), gone(2, 50, 0)]);
        assert_eq!(figures(&idle, Residual::Rate), kept, "without any rate there is nothing to go by");
    }

    #[test]
    fn what_nobody_was_seen_to_leave_has_no_name() {
        assert_eq!(figures(&interval(7, Vec::new()), Residual::Rate), [(false, 7, 7, 7)]);
        assert_eq!(figures(&interval(0, Vec::new()), Residual::Rate), []);
    }

    #[test]
    fn figures_that_contradict_each_other_bound_little() {
        let short = interval(90, vec![gone(1, 100, 5), gone(2, 50, 5)]);
        assert_eq!(figures(&short, Residual::Rate), [(true, 0, 60, 100), (true, 0, 30, 90)]);
        let restated = Interval { restated: true, ..interval(30, vec![gone(1, 0, 5)]) };
        assert_eq!(figures(&restated, Residual::Rate), [(false, 0, 30, 30)]);
        assert_eq!(figures(&interval(-4, vec![gone(1, 8, 5)]), Residual::Rate), [(true, -4, -4, 8)]);
    }
}
