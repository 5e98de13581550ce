//! The fold: one reading after another becomes slices.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::money::Currency;
use super::super::moves::halfway;
use super::super::past::Unreadable;
use super::super::period::Period;
use super::super::terms::Terms;
use super::Days;
use super::holdings::Holdings;
use super::keys::{By, Roster};
use super::reading::{Figures, Reading};
use super::{History, Scope, Slice, State};

/// Most days that a difference is spread over; a period of an impossible length must not fill the memory.
const EVEN_DAY_COUNT_MAX: i64 = 400;

/// Why a reading has no place in a history.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Costs of two currencies have no difference.
    #[error("it is in {found}, and the captures before it in {expected}")]
    Currency {
        /// That of the reading.
        found: &'static str,
        /// That of the history so far.
        expected: &'static str,
    },
}

/// A difference that the next one may still add to, because it stands for the same days.
#[derive(Debug)]
struct Open {
    period: Period,
    days: Days,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// By the position of the key.
    sums: Vec<Figures>,
}

/// A history in the making.
#[derive(Debug)]
pub struct Fold<'t> {
    terms: &'t Terms,
    scope: Scope,
    even_out: bool,
    roster: Roster<'t>,
    before: Option<Holdings>,
    open: Option<Open>,
    currency: Option<Currency>,
    slices: Vec<Slice>,
    passed_over: Vec<Unreadable>,
}

impl<'t> Fold<'t> {
    /// A history of what the scope covers. To even out is to spread a difference over its days in equal parts.
    pub fn new(by: By, scope: Scope, even_out: bool, parent_id: Uuid, terms: &'t Terms) -> Self {
        let roster = Roster::new(by, parent_id, terms);
        let (before, open, currency) = (None, None, None);
        let (slices, passed_over) = (Vec::new(), Vec::new());
        Self { terms, scope, even_out, roster, before, open, currency, slices, passed_over }
    }

    /// Takes note of who was there before the first period that is asked for.
    pub fn know(&mut self, reading: &Reading) {
        self.roster.turn_to(reading.at, |_| true);
        self.before = Some(Holdings::after(None, reading, &mut self.roster, self.terms.residual));
    }

    /// Whether the reading alone does not tell who is gone; [`Reading::with_idle`] does.
    pub fn is_in_doubt(&self, reading: &Reading) -> bool {
        self.roster.tells_apart() && Holdings::is_in_doubt(self.before.as_ref(), reading, self.terms.residual)
    }

    /// Sees the next capture.
    pub fn see(&mut self, reading: &Reading) -> Result<(), Unfit> {
        if let Some(expected) = self.currency.filter(|currency| *currency != reading.currency) {
            return Err(Unfit::Currency { found: reading.currency.code(), expected: expected.code() });
        }
        self.currency = Some(reading.currency);
        if self.before.as_ref().is_some_and(|before| before.period.start != reading.period.start) {
            self.end_period(Some(reading.period));
        }
        let before = self.before.take();
        let same = before.as_ref().filter(|before| before.period.start == reading.period.start);
        let from = same.map_or(reading.period.start, |same| same.at);
        // a change of hands falls on the capture nearest to its date, as in charges
        let is_there = |id| before.as_ref().is_some_and(|before| before.has(id)) || reading.has(id);
        self.roster.turn_to(halfway(from, reading.at, reading.period), is_there);
        let after = Holdings::after(before.as_ref(), reading, &mut self.roster, self.terms.residual);
        let days = Days::between(from, reading.at.min(reading.period.end));
        self.open_for(reading, from, days);
        let removed = self.roster.removed();
        if let Some(open) = &mut self.open {
            open.until = reading.at;
            open.sums.resize(self.roster.keys.len(), Figures::default());
            let mut add = |key: u32, figures: Figures| {
                if let Some(sum) = open.sums.get_mut(key as usize) {
                    *sum += figures;
                }
            };
            let nothing = Figures::default();
            for (holdings, sign) in [(Some(&after), Sign::Plus), (same, Sign::Minus)] {
                let Some(holdings) = holdings else { continue };
                let signed = |figures| if sign == Sign::Plus { figures } else { nothing - figures };
                for held in holdings.accounts.iter().chain(&holdings.former) {
                    add(self.roster.key_of(held.account), signed(held.figures));
                }
                add(Roster::PARENT, signed(holdings.parent));
                add(removed, signed(holdings.unnamed));
            }
        }
        self.before = Some(after);
        Ok(())
    }

    /// The sub accounts whose names are wanted and not known.
    pub fn nameless(&self) -> &BTreeSet<Uuid> {
        self.roster.nameless()
    }

    /// Takes note of the names of sub accounts.
    pub fn name<'n>(&mut self, names: impl Iterator<Item = (Uuid, &'n str)>) {
        self.roster.name(names);
    }

    /// Notes a capture that cannot be used: the difference goes over it.
    pub fn pass_over(&mut self, capture: Unreadable) {
        self.passed_over.push(capture);
    }

    /// The history; nothing if no capture was seen. `is_over` says whether no more is to come of the last period.
    pub fn finish(mut self, is_over: bool) -> Option<History> {
        if is_over {
            self.end_period(None);
        }
        self.close();
        let Self { roster, currency, slices, passed_over, .. } = self;
        let (by, keys) = (roster.by(), roster.keys);
        Some(History { by, currency: currency?, keys, slices, passed_over })
    }

    /// Lets the next difference have its own days, or add to the one before where that stands for them already.
    fn open_for(&mut self, reading: &Reading, from: DateTime<Utc>, days: Days) {
        let last = self.open.as_ref().filter(|open| open.period.start == reading.period.start).map(|open| open.days);
        let days = match last.map(|last| last.next(days)) {
            Some(None) => return,
            Some(Some(days)) => days,
            None => days,
        };
        self.close();
        let (period, until) = (reading.period, reading.at);
        self.open = Some(Open { period, days, from, until, sums: Vec::new() });
    }

    /// What is left of the last period was seen by nobody, nor was a period that lies between it and the next.
    fn end_period(&mut self, next: Option<Period>) {
        self.close();
        let Some(before) = &self.before else { return };
        let (period, at) = (before.period, before.at);
        self.leave_out(period, at, period.end);
        if let Some(next) = next.filter(|next| period.end < next.start) {
            self.leave_out(Period { start: period.end, end: next.start }, period.end, next.start);
        }
    }

    fn leave_out(&mut self, period: Period, from: DateTime<Utc>, until: DateTime<Utc>) {
        let days = Days::between(from, until);
        if from < until && self.scope.covers(period, days) {
            let (keys, messages, cost) = (Vec::new(), Vec::new(), Vec::new());
            self.slices.push(Slice { period, days, from, until, state: State::Unseen, keys, messages, cost });
        }
    }

    /// Turns the open difference into slices: one, or one a day.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let count = open.days.count();
        if !self.even_out || count == 1 || count > EVEN_DAY_COUNT_MAX {
            self.keep(&open, open.days, State::Seen, |figures| figures);
            return;
        }
        for (day, position) in open.days.each().zip(0..) {
            self.keep(&open, Days::one(day), State::Estimated, |figures| part(figures, position, count));
        }
    }

    fn keep(&mut self, open: &Open, days: Days, state: State, figures: impl Fn(Figures) -> Figures) {
        let Open { period, from, until, .. } = *open;
        if !self.scope.covers(period, days) {
            return;
        }
        let count = open.sums.iter().filter(|sum| !sum.is_zero()).count();
        let mut slice = Slice {
            period,
            days,
            from,
            until,
            state,
            keys: Vec::with_capacity(count),
            messages: Vec::with_capacity(count),
            cost: Vec::with_capacity(count),
        };
        // the pool has a row even if nothing was sent
        let is_kept = |sum: &Figures| !sum.is_zero() || !self.roster.tells_apart();
        for (sum, key) in open.sums.iter().zip(0..).filter(|(sum, _)| is_kept(sum)) {
            let Figures { messages, cost } = figures(*sum);
            slice.keys.push(key);
            slice.messages.push(messages);
            slice.cost.push(cost);
        }
        self.slices.push(slice);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

/// One of `count` equal parts; what does not divide goes to the first ones, a unit each, so that the parts sum exactly.
fn part(whole: Figures, position: i64, count: i64) -> Figures {
    let (messages_left, cost_left) = (whole.messages % count, whole.cost % i128::from(count));
    let is_first = position < messages_left.abs();
    let cost_is_first = i128::from(position) < cost_left.abs();
    Figures {
        messages: whole.messages / count + if is_first { messages_left.signum() } else { 0 },
        cost: whole.cost / i128::from(count) + if cost_is_first { cost_left.signum() } else { 0 },
    }
}
