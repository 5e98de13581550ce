//! Caps: how much of its `monthly_credit` each sub account has used, at which level that stands, and how long it lasts.
//!
//! Whether the month of `monthly_credit` is the billing period or the calendar month is not documented; where the two
//! differ, both readings are given.

mod findings;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::books::{Books, Status, SubAccount};
use super::level::{Alert, Level};
use super::past::{Past, Trail};
use super::period::{Period, month_of};
use super::rate::Rate;

pub use self::findings::findings;

/// One sub account's cap: nothing but a view of its entry and its trail, so that a million of them take no memory.
#[derive(Debug, Clone, Copy)]
pub struct Cap<'l> {
    /// The sub account.
    pub account: &'l SubAccount,
    /// Messages in the billing period so far; none if the API sent no usage for it.
    pub messages: Option<i64>,
    /// What was last to be told of it in this period, if anything.
    pub alert: Option<&'l Alert>,
    trail: &'l Trail,
    books: &'l Books,
    past: &'l Past,
}

/// How much of a cap is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapUse {
    /// The messages that count against it.
    pub(super) used: i64,
    /// The cap in messages per month; 0 means uncapped.
    pub credit: i64,
    /// Where that stands.
    pub level: Level,
}

impl CapUse {
    /// How much of an account's cap is used, if the account exists. `past` has seen the books.
    pub(super) fn of_account(id: Uuid, books: &Books, past: &Past) -> Option<Self> {
        Some(Self::of(books.account(id)?, past.trail(id)?))
    }

    /// The messages are those of the usage line, or of the last one that there was: a line that vanished takes nothing back.
    fn of(account: &SubAccount, trail: &Trail) -> Self {
        Self { used: trail.messages, credit: account.monthly_credit, level: trail.level }
    }

    /// Messages ÷ cap in hundredths of a per cent, rounded down; nothing if uncapped.
    pub fn utilisation(self) -> Option<i128> {
        (self.credit > 0).then(|| i128::from(self.used) * 10_000 / i128::from(self.credit))
    }
}

/// The caps of every account in the list or looked up, ordered by account id. `past` has seen the books.
pub fn caps<'l>(books: &'l Books, past: &'l Past) -> impl Iterator<Item = Cap<'l>> {
    // of several alerts of one account the last one stands
    let alerts: BTreeMap<Uuid, &Alert> = past.alerts().iter().map(|alert| (alert.account_id, alert)).collect();
    let mut trails = past.trails().walk();
    books.known().filter_map(move |known| {
        let account = known.account()?;
        let trail = trails.find(account.id)?;
        Some(Cap { account, messages: known.messages(), alert: alerts.get(&account.id).copied(), trail, books, past })
    })
}

impl<'l> Cap<'l> {
    /// Where the messages stand against the cap.
    pub fn level(&self) -> Level {
        self.trail.level
    }

    /// The first capture that showed this level.
    pub fn level_since(&self) -> &'l str {
        self.past.capture(self.trail.level_since).map_or("", |capture| &capture.id)
    }

    /// How much of it is used.
    pub fn usage(&self) -> CapUse {
        CapUse::of(self.account, self.trail)
    }

    /// Messages ÷ cap in hundredths of a per cent, rounded down; nothing if uncapped.
    pub fn utilisation(&self) -> Option<i128> {
        self.usage().utilisation()
    }

    /// Messages a day, at the current rate; nothing for accounts that may not send.
    pub fn per_day(&self) -> Option<i64> {
        self.rate().map(Rate::per_day)
    }

    /// When the cap is used up at that rate, if its month is the billing period; nothing if it lasts or is used up.
    pub fn runs_out_at(&self) -> Option<DateTime<Utc>> {
        self.runs_out(self.trail.messages, self.books.usage.period)
    }

    /// Messages in the calendar month, where that is not the billing period and captures reach back to its start.
    pub fn month_messages(&self) -> Option<i64> {
        self.trail.month_messages().filter(|_| month_of(self.books.capture.at) != self.books.usage.period)
    }

    /// When the cap is used up, if its month is the calendar month and that is not the billing period.
    pub fn runs_out_in_month_at(&self) -> Option<DateTime<Utc>> {
        self.runs_out(self.month_messages()?, month_of(self.books.capture.at))
    }

    /// The cap when the period began, or when the account was first listed in it.
    pub fn first_credit(&self) -> Option<i64> {
        self.trail.first_credit()
    }

    /// Since when the count stands still, as far as captures tell.
    pub fn still_since(&self) -> DateTime<Utc> {
        let capture = self.trail.still_since.and_then(|number| self.past.capture(number));
        capture.map_or(self.books.usage.period.start, |capture| capture.at)
    }

    fn rate(&self) -> Option<Rate> {
        let rate = self.trail.pace.current(self.books.capture.at, self.trail.messages);
        rate.filter(|_| self.account.status == Status::Active)
    }

    fn runs_out(&self, used: i64, month: Period) -> Option<DateTime<Utc>> {
        let credit = self.account.monthly_credit;
        let left = credit.checked_sub(used).filter(|left| credit > 0 && *left > 0)?;
        let out = self.books.capture.at.checked_add_signed(self.rate()?.time_for(left)?);
        out.filter(|out| *out < month.end)
    }
}

#[cfg(test)]
mod tests;
