//! Caps: how much of its `monthly_credit` each sub account has used, at which level that stands, and how long it lasts.
//!
//! Whether the month of `monthly_credit` is the billing period or the calendar month is not documented; where the two
//! differ, both readings are given.

mod findings;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::books::{Books, Status, SubAccount};
use super::level::{Alert, AlertKind, Level, level_of};
use super::past::{Past, Trail};
use super::period::month_of;
use super::rate::Rate;
use super::terms::Terms;

pub use self::findings::findings;

/// One sub account's cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// The sub account.
    pub account_id: Uuid,
    /// Its name, safe to display.
    pub name: Arc<str>,
    /// Its status.
    pub status: Status,
    /// The customer that owns it, by id; nothing if it is unmapped.
    pub customer_id: Option<Arc<str>>,
    /// Messages in the billing period so far; none if the API sent no usage for it.
    pub messages: Option<i64>,
    /// The cap in messages per month; 0 means uncapped.
    pub monthly_credit: i64,
    /// Messages ÷ cap in hundredths of a per cent, rounded down; nothing if uncapped.
    pub utilisation: Option<i128>,
    /// Where that stands.
    pub level: Level,
    /// The first capture that showed this level.
    pub level_since: Arc<str>,
    /// What was last to be told of it in this period, if anything.
    pub alert: Option<AlertKind>,
    /// The capture that showed it.
    pub alert_capture: Option<Arc<str>>,
    /// Messages a day, at the current rate; nothing for accounts that may not send.
    pub per_day: Option<i64>,
    /// When the cap is used up at that rate, if its month is the billing period; nothing if it lasts or is used up.
    pub runs_out_at: Option<DateTime<Utc>>,
    /// Messages in the calendar month, where that is not the billing period and captures reach back to its start.
    pub month_messages: Option<i64>,
    /// When the cap is used up, if its month is the calendar month and that is not the billing period.
    pub runs_out_in_month_at: Option<DateTime<Utc>>,
    /// The cap when the period began, or when the account was first listed in it.
    pub first_credit: Option<i64>,
    /// Since when the count stands still, as far as captures tell.
    pub still_since: Option<DateTime<Utc>>,
}

/// The caps of every account in the list or looked up, ordered by account id. `past` has seen the books.
pub fn caps(books: &Books, terms: &Terms, past: &Past) -> Vec<Cap> {
    // of several alerts of one account the last one stands
    let alerts = past.alerts().iter().map(|alert| (alert.account_id, alert)).collect();
    let mut trails = past.trails().walk();
    let existing = books.known().filter_map(|known| Some((known.account()?, known.messages())));
    existing.map(|(account, messages)| cap(account, messages, books, terms, trails.find(account.id), &alerts)).collect()
}

fn cap(
    account: &SubAccount,
    messages: Option<i64>,
    books: &Books,
    terms: &Terms,
    trail: Option<&Trail>,
    alerts: &BTreeMap<Uuid, &Alert>,
) -> Cap {
    let (at, period) = (books.capture.at, books.usage.period);
    // a line that vanished takes nothing back of what was used
    let used = messages.or(trail.map(|trail| trail.messages)).unwrap_or(0);
    let credit = account.monthly_credit;
    let rate = trail.and_then(|trail| trail.pace.current(at, used)).filter(|_| account.status == Status::Active);
    let runs_out = |used: i64, until: DateTime<Utc>| {
        let left = credit.checked_sub(used).filter(|left| credit > 0 && *left > 0)?;
        at.checked_add_signed(rate?.time_for(left)?).filter(|out| *out < until)
    };
    let month = month_of(at);
    let month_messages = trail.and_then(|trail| trail.month_messages).filter(|_| month != period);
    let level = level_of(account, used, terms, books.as_of());
    let alert = alerts.get(&account.id);
    Cap {
        account_id: account.id,
        name: account.name.clone(),
        status: account.status.clone(),
        customer_id: terms.customer_of(account.id, &account.name, books.as_of()).map(|customer| customer.id.clone()),
        messages,
        monthly_credit: credit,
        utilisation: (credit > 0).then(|| i128::from(used) * 10_000 / i128::from(credit)),
        level,
        level_since: trail.map_or(&books.capture.id, |trail| &trail.level_since).clone(),
        alert: alert.map(|alert| alert.kind),
        alert_capture: alert.map(|alert| alert.capture.clone()),
        per_day: rate.map(Rate::per_day),
        runs_out_at: runs_out(used, period.end),
        month_messages,
        runs_out_in_month_at: month_messages.and_then(|used| runs_out(used, month.end)),
        first_credit: trail.and_then(|trail| trail.first_credit),
        still_since: trail.map(|trail| trail.still_since),
    }
}

#[cfg(test)]
mod tests;
