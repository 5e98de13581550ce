//! The past: what the captures before tell, folded one after the other in their order.
//!
//! Every capture is seen once and let go; what stays is one [`Trail`] for each account, and what happened between the
//! captures of the current billing period. Whatever needs more than one capture starts from here.

mod between;
mod removal;
mod trail;
mod trails;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::books::{Books, CaptureRef, Known, Status, Tally};
use super::days::{Daily, Days};
use super::dust::Dust;
use super::finding::Finding;
use super::level::Alert;
use super::money::{Currency, Exact};
use super::moves::{self, Moves, Stretch};
use super::period::{Period, month_of};
use super::rate::{Band, Pace};
use super::removed::Interval;
use super::tail::{Margin, Tail};
use super::terms::Terms;

use self::trail::CaptureNumber;

pub use self::trail::Trail;
pub use self::trails::Trails;

/// What a capture left of itself for the one after it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Last {
    capture: CaptureRef,
    period: Period,
    currency: Currency,
    parent: i64,
    removed: i64,
    total: Tally,
    /// What rounding may make of the total.
    dust: Exact,
}

/// How the billing period before ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The period.
    pub period: Period,
    /// Its last capture.
    pub capture: CaptureRef,
    /// What nobody saw of it.
    pub tail: Tail,
}

/// A capture that is in the archive and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub id: String,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// Why.
    pub problem: String,
}

/// An account whose usage is in the removed usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Away {
    /// What it had when it was last seen, to notice that it comes back.
    seen: i64,
    /// How many captures of the period there were before the first one without it.
    after: usize,
}

/// Everything that the captures so far tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    last: Option<Last>,
    /// Captures of earlier periods.
    before: Vec<CaptureRef>,
    captures: Vec<CaptureRef>,
    unreadable: Vec<Unreadable>,
    ended: Option<Ended>,
    trails: Trails,
    pace: Option<Pace>,
    parent_pace: Option<Pace>,
    margin: Margin,
    daily: Vec<Daily>,
    intervals: Vec<Interval>,
    /// Whose the accounts were that change hands in the current period.
    stretches: BTreeMap<Uuid, Vec<Stretch>>,
    /// The accounts in the intervals.
    gone: BTreeMap<Uuid, Away>,
    changes: Vec<Finding>,
    alerts: Vec<Alert>,
}

impl Past {
    /// Sees the next capture.
    pub fn see(&mut self, books: &Books, terms: &Terms) {
        self.see_with(books, terms, &Dust::of(books, terms.tolerance.exact()));
    }

    /// The same with its dust, where that is known already.
    pub(super) fn see_with(&mut self, books: &Books, terms: &Terms, dust: &Dust) {
        let usage = &books.usage;
        if self.last.as_ref().is_some_and(|last| last.period.start != usage.period.start) {
            self.begin_period(usage.period.start);
        }
        self.see_removed(books);
        let changes = self.same_period().map(|last| between::changes(last, self, books, dust));
        self.changes.extend(changes.unwrap_or_default());
        self.see_day(books);
        self.see_total(books);
        self.see_accounts(books, terms);
        self.captures.push(books.capture.clone());
        self.last = Some(Last {
            capture: books.capture.clone(),
            period: usage.period,
            currency: usage.currency,
            parent: usage.parent.messages,
            removed: usage.removed.messages,
            total: usage.total,
            dust: dust.of_sum(books),
        });
    }

    /// Notes a capture that cannot be read.
    pub fn note_unreadable(&mut self, capture: Unreadable) {
        self.unreadable.push(capture);
    }

    /// The captures of the current period, oldest first.
    pub fn captures(&self) -> &[CaptureRef] {
        &self.captures
    }

    /// The captures of earlier periods that were seen, oldest first.
    pub fn before(&self) -> &[CaptureRef] {
        &self.before
    }

    /// A capture by its number among all that were seen.
    pub(super) fn capture(&self, number: CaptureNumber) -> Option<&CaptureRef> {
        self.before.iter().chain(&self.captures).nth(number.get() as usize - 1)
    }

    /// Captures that could not be read.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// How the period before ended, if any capture of it is known.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// What was seen of an account.
    pub fn trail(&self, account_id: Uuid) -> Option<&Trail> {
        self.trails.get(account_id)
    }

    /// What was seen of every account.
    pub fn trails(&self) -> &Trails {
        &self.trails
    }

    /// Where usage was removed in the current period, oldest first.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// What changed in the current period that does not change, or only grows.
    pub fn changes(&self) -> &[Finding] {
        &self.changes
    }

    /// Cap levels that were reached or left in the current period, in the order of the captures that showed it.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// What is left of the period after the last capture seen; nothing before the first.
    pub fn tail(&self) -> Option<Tail> {
        let (last, pace) = (self.last.as_ref()?, self.pace.as_ref()?);
        Some(Tail::of(last.period, last.capture.at, last.total, pace, &self.margin))
    }

    /// What the parent account itself is likely to send in a tail.
    pub fn parent_likely(&self, tail: &Tail) -> Band<i64> {
        let seen = self.parent_pace.as_ref().zip(self.last.as_ref());
        seen.map(|(pace, last)| pace.estimate(tail.from, last.parent, tail.length())).unwrap_or_default()
    }

    /// What an account is likely to send in a tail: perhaps nothing, if it may not send now.
    pub fn likely(seen: Option<&Trail>, status: Option<&Status>, tail: &Tail) -> Band<i64> {
        let Some(seen) = seen else { return Band::default() };
        let band = seen.pace.estimate(tail.from, seen.messages, tail.length());
        let may_send = matches!(status, None | Some(Status::Active | Status::Other(_)));
        if may_send { band } else { Band { low: 0, estimate: 0, high: band.high } }
    }

    /// Whose the sub accounts were that changed hands in the current period.
    ///
    /// Owners whose days fell between two captures have a stretch of nothing, and so has whoever has the account by now, or
    /// by the end of a period that is closed.
    pub fn moves(&self, books: &Books, terms: &Terms) -> Moves {
        let until = terms.judged(books);
        let all = |(id, stretches): (&Uuid, &Vec<Stretch>)| {
            let (id, mut stretches, trail) = (*id, stretches.clone(), self.trails.get(*id)?);
            let last = stretches.last().and_then(|last| last.days.from);
            let rows = terms.customers.iter().flat_map(|map| map.rows_in(id, until));
            for (days, owner) in rows {
                let days = days.within(books.usage.period);
                // whoever came after an account went has never had it
                if days.from <= last || (trail.is_present && !self.gone.contains_key(&id)) {
                    moves::add_unseen(&mut stretches, owner, days, &trail.name, books.usage.period);
                }
            }
            Some((id, stretches))
        };
        self.stretches.iter().filter_map(all).collect()
    }

    /// What all accounts sent in the current period, by days, oldest first; they sum to the last total.
    pub fn daily(&self) -> &[Daily] {
        &self.daily
    }

    /// What one more message costs.
    pub fn margin(&self) -> &Margin {
        &self.margin
    }

    /// The capture before in the same period.
    fn same_period(&self) -> Option<&Last> {
        self.last.as_ref().filter(|_| !self.captures.is_empty())
    }

    /// Counts begin again; what is known of accounts and speeds stays.
    fn begin_period(&mut self, start: DateTime<Utc>) {
        let ended = self.last.as_ref().zip(self.tail());
        self.ended = ended.map(|(last, tail)| Ended { period: last.period, capture: last.capture.clone(), tail });
        self.before.append(&mut self.captures);
        self.daily.clear();
        self.intervals.clear();
        self.stretches.clear();
        self.gone.clear();
        self.changes.clear();
        self.alerts.clear();
        self.trails.retain(|trail| trail.is_present);
        self.pace = self.pace.map(|pace| pace.next_period(start));
        self.parent_pace = self.parent_pace.map(|pace| pace.next_period(start));
        self.margin = Margin::default();
        for trail in self.trails.iter_mut() {
            trail.begin_period(start);
        }
    }

    fn see_day(&mut self, books: &Books) {
        let (usage, at) = (&books.usage, books.capture.at);
        let (from, before) =
            self.same_period().map_or((usage.period.start, 0), |last| (last.capture.at, last.total.messages));
        let (days, messages) =
            (Days::between(from, at.min(usage.period.end)), usage.total.messages.saturating_sub(before));
        let last = self.daily.last().map(|last| last.days);
        match (last.map_or(Some(days), |last| last.next(days)), self.daily.last_mut()) {
            // the day has a difference already, which goes on
            (None, Some(last)) => last.messages = last.messages.saturating_add(messages),
            (days, _) => self.daily.extend(days.map(|days| Daily { days, messages })),
        }
    }

    fn see_total(&mut self, books: &Books) {
        let (usage, at) = (&books.usage, books.capture.at);
        for (pace, messages) in [(&mut self.pace, usage.total.messages), (&mut self.parent_pace, usage.parent.messages)]
        {
            pace.get_or_insert_with(|| Pace::begin(usage.period.start)).see(at, messages);
        }
        self.margin.see(at, usage.total);
    }

    /// Walks along the trails and the accounts of the capture, which have one order.
    fn see_accounts(&mut self, books: &Books, terms: &Terms) {
        let before = self.last.as_ref().map(|last| last.capture.at);
        let since = self.same_period().map(|last| last.capture.clone());
        let month = month_of(books.capture.at);
        let number = u32::try_from(self.before.len() + self.captures.len()).unwrap_or(u32::MAX);
        let number = CaptureNumber::MIN.saturating_add(number);
        let seeing = Seeing { books, terms, before, since: since.as_ref(), month, number };
        let mut seen = self.trails.take();
        // most accounts are in each of these, and a few in one of them alone
        let most = books.usage.sub_accounts.len().max(books.accounts.len()).max(seen.len());
        self.trails.reserve(most + most / 64 + books.lookups.len());
        let mut known = books.known().peekable();
        loop {
            let next = seen.peek().map(|(id, _)| *id).into_iter().chain(known.peek().map(|known| known.id)).min();
            let Some(id) = next else { break };
            let trail = seen.next_if(|(other, _)| *other == id).map(|(_, trail)| trail);
            self.see_account(id, trail, known.next_if(|known| known.id == id), &seeing);
        }
    }

    fn see_account(&mut self, id: Uuid, trail: Option<Trail>, known: Option<Known<'_>>, seeing: &Seeing<'_>) {
        let Seeing { books, terms, .. } = *seeing;
        let account = known.and_then(|known| known.account());
        let messages = known.and_then(|known| known.messages());
        let name_before =
            trail.as_ref().map(|trail| &trail.name).filter(|_| terms.is_moved(id, books.usage.period)).cloned();
        let line = known.and_then(|known| known.lines.last());
        let begun = || match (account, known.and_then(|known| known.lines.first())) {
            (Some(account), _) => Some(Trail::begin(account, seeing)),
            (None, line) => line.map(|line| Trail::unlisted(line, seeing)),
        };
        let Some(mut trail) = trail.or_else(begun) else { return };
        if let Some(name) = line.map(|line| &line.name).or(account.map(|account| &account.name)) {
            trail.name = Arc::clone(name);
        }
        let was_present = std::mem::replace(&mut trail.is_present, account.is_some() || messages.is_some());
        // what was sent before an account went is its owner's of that time, whoever is to have it later
        let may_have_sent = || self.gone.get(&id).is_none_or(|away| away.after == self.captures.len());
        if (was_present || trail.is_present) && terms.is_moved(id, books.usage.period) && may_have_sent() {
            let more = messages.unwrap_or(trail.messages).saturating_sub(trail.messages);
            let stretches = self.stretches.entry(id).or_default();
            trail.see_owner(id, stretches, name_before.as_deref(), more, seeing);
        }
        if trail.is_present {
            trail.see_messages(messages.unwrap_or(trail.messages), seeing);
            trail.has_line |= messages.is_some();
            trail.is_active = account.is_none_or(|account| account.status == Status::Active);
        }
        self.alerts.extend(trail.see_cap(id, account, messages.is_some(), seeing));
        self.trails.push(id, trail);
    }
}

/// A capture that is being seen.
#[derive(Clone, Copy)]
struct Seeing<'s> {
    books: &'s Books,
    terms: &'s Terms,
    /// When the capture before was taken.
    before: Option<DateTime<Utc>>,
    /// The capture before, if it is of the same period.
    since: Option<&'s CaptureRef>,
    /// The calendar month that it was taken in.
    month: Period,
    /// Its number among all that were seen.
    number: CaptureNumber,
}

#[cfg(test)]
mod tests;
