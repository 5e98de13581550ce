//! Holdings: what of one capture's running totals is whose, the removed usage divided among those who left it.
//!
//! Whatever a capture shows is somebody's, so the differences of holdings sum to the difference of all usage exactly,
//! whoever comes and goes in between.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::money::{Currency, Exact, Minor, TABLE_SCALE};
use super::super::period::Period;
use super::super::rate::Rate;
use super::super::removed::{Attribution, Gone, Interval};
use super::super::shares::largest_remainder;
use super::super::terms::Residual;
use super::keys::Roster;
use super::reading::{Figures, Reading};

/// What one sub account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: Uuid,
    /// Its number in the roster.
    pub(super) account: u32,
    pub(super) figures: Figures,
    /// How its messages grew since the capture before.
    growth: i64,
}

/// What everybody has at one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holdings {
    pub(super) capture: Arc<str>,
    pub(super) at: DateTime<Utc>,
    pub(super) period: Period,
    pub(super) currency: Currency,
    pub(super) parent: Figures,
    /// Sub accounts with a usage line, ordered by id.
    pub(super) accounts: Vec<Held>,
    /// Removed sub accounts and their part of the removed usage, ordered by id.
    pub(super) former: Vec<Held>,
    /// Removed usage that has no name.
    pub(super) unnamed: Figures,
    /// How long the growth took.
    time: TimeDelta,
}

impl Holdings {
    /// What everybody has after the next capture. `before` may be of another period: then all began at zero since.
    pub(super) fn after(before: Option<&Self>, reading: &Reading, roster: &mut Roster, residual: Residual) -> Self {
        let same = before.filter(|before| before.period.start == reading.period.start);
        let (accounts, gone) = meet(before, same.is_some(), reading, roster);
        let is_back = |held: &&Held| reading.accounts.binary_search_by_key(&held.id, |(id, _)| *id).is_ok();
        let former = same.map_or(&[][..], |same| &same.former);
        let mut former: Vec<Held> = former.iter().filter(|held| !is_back(held)).copied().collect();
        let mut unnamed = same.map_or(0, |same| same.unnamed.messages);
        let known: i64 = former.iter().map(|held| held.figures.messages).sum();
        let growth = reading.removed.messages - known - unnamed;
        let interval = Interval {
            from: before.map(|before| before.capture.clone()),
            until: reading.id.clone(),
            growth,
            gone: gone.iter().map(|(_, gone)| gone.clone()).collect(),
            restated: growth < 0,
        };
        for part in Attribution::of(std::slice::from_ref(&interval), residual).parts {
            let id = part.account.as_ref().map(|gone| gone.account_id);
            let position = id.and_then(|id| gone.binary_search_by_key(&id, |(_, gone)| gone.account_id).ok());
            match position.and_then(|position| gone.get(position)) {
                Some((account, gone)) => {
                    let figures = Figures { messages: part.messages, cost: 0 };
                    former.push(Held { id: gone.account_id, account: *account, figures, growth: 0 });
                }
                None => unnamed += part.messages,
            }
        }
        former.sort_by_key(|held| held.id);
        let unnamed = divide(reading.removed.cost, &mut former, unnamed);
        let from = same.map_or(reading.period.start, |same| same.at);
        Self {
            capture: reading.id.clone(),
            at: reading.at,
            period: reading.period,
            currency: reading.currency,
            parent: reading.parent,
            accounts,
            former,
            unnamed,
            time: reading.at - from,
        }
    }

    /// Whether it takes a look at the list of accounts to tell who is gone: usage lines vanished that showed nothing, and
    /// whether they are gone or idle decides who left what.
    pub(super) fn is_in_doubt(before: Option<&Self>, reading: &Reading, residual: Residual) -> bool {
        let Some(before) = before else { return false };
        let same = before.period.start == reading.period.start;
        let growth = reading.removed.messages - if same { before.removed_without(reading) } else { 0 };
        if reading.idle.is_some() || growth == 0 {
            return false;
        }
        let mut shown = reading.accounts.iter().map(|(id, _)| *id).peekable();
        let is_gone = |held: &&Held| {
            while shown.next_if(|id| *id < held.id).is_some() {}
            shown.peek() != Some(&held.id)
        };
        let vanished = before.accounts.iter().filter(is_gone);
        let left_something = |held: &&Held| same && held.figures.messages != 0;
        let (gone, perhaps): (Vec<&Held>, Vec<&Held>) = vanished.partition(left_something);
        if perhaps.is_empty() {
            return false;
        }
        let may_bear = |held: &&Held| !same || held.growth > 0;
        if perhaps.iter().any(may_bear) {
            return true;
        }
        match gone.as_slice() {
            // whoever was idle bears nothing beside several, nor of what they have left without a rest
            [_, _, ..] => false,
            [only] => {
                let has_rate =
                    residual == Residual::Rate && Rate::of(only.growth, before.time).is_some_and(Rate::is_some);
                only.figures.messages != growth && !has_rate
            }
            [] => true,
        }
    }

    /// Whether a sub account has a usage line.
    pub(super) fn has(&self, id: Uuid) -> bool {
        self.accounts.binary_search_by_key(&id, |held| held.id).is_ok()
    }

    /// Messages of the removed usage, without those of accounts that the reading shows again.
    fn removed_without(&self, reading: &Reading) -> i64 {
        let former = self.former.iter().filter(|held| !reading.has(held.id));
        former.map(|held| held.figures.messages).sum::<i64>() + self.unnamed.messages
    }
}

/// Who has a usage line, and who has none any more, with its number in the roster.
fn meet(
    before: Option<&Holdings>,
    same: bool,
    reading: &Reading,
    roster: &mut Roster,
) -> (Vec<Held>, Vec<(u32, Gone)>) {
    let (mut accounts, mut gone) = (Vec::with_capacity(reading.accounts.len()), Vec::new());
    let mut old = before.map_or(&[][..], |before| &before.accounts).iter().peekable();
    let time = before.map_or(TimeDelta::zero(), |before| before.time);
    let mut leave = |held: &Held| {
        let seen = if same { held.figures.messages } else { 0 };
        // who has left nothing may only be idle: then the list of accounts has to tell
        let is_gone =
            reading.idle.as_ref().map_or(seen != 0, |idle| seen != 0 || idle.binary_search(&held.id).is_err());
        if is_gone {
            let rate = Rate::of(held.growth, time);
            let (from, until) = (before.map(|before| before.capture.clone()), reading.id.clone());
            let (account_id, name, was_seen_in_period) = (held.id, Arc::default(), same);
            gone.push((held.account, Gone { account_id, name, seen, rate, from, until, was_seen_in_period }));
        }
    };
    for (id, figures) in &reading.accounts {
        while let Some(held) = old.next_if(|held| held.id < *id) {
            leave(held);
        }
        let known = old.next_if(|held| held.id == *id);
        let account = known.map_or_else(|| roster.account(*id), |held| held.account);
        let seen = known.filter(|_| same).map_or(0, |held| held.figures.messages);
        accounts.push(Held { id: *id, account, figures: *figures, growth: figures.messages - seen });
    }
    old.for_each(leave);
    (accounts, gone)
}

/// Divides the cost of the removed usage by messages; gives what has no name, which bears all where that has no meaning.
fn divide(cost: i128, former: &mut [Held], unnamed: i64) -> Figures {
    let weights = former.iter().map(|held| held.figures.messages).chain([unnamed]);
    let entries: Vec<(usize, Exact)> =
        weights.enumerate().map(|(index, weight)| (index, Exact::of_units(weight.into(), TABLE_SCALE))).collect();
    let Ok(parts) = largest_remainder(Minor(cost), &entries) else {
        for held in former {
            held.figures.cost = 0;
        }
        return Figures { messages: unnamed, cost };
    };
    for (held, part) in former.iter_mut().zip(&parts) {
        held.figures.cost = part.0;
    }
    Figures { messages: unnamed, cost: parts.last().map_or(0, |part| part.0) }
}
