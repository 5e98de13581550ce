//! The trail of one sub account through the captures.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::super::books::{SubAccount, UsageLine};
use super::super::level::{Alert, AlertKind, Level, level_of};
use super::super::moves::{Stretch, halfway};
use super::super::rate::Pace;
use super::Seeing;

/// The longest that a capture may lie before a calendar month whose messages are counted from it.
const MONTH_SLACK_MAX: TimeDelta = TimeDelta::days(1);

/// Which of all captures that were seen; the first is 1.
pub(in crate::billing) type CaptureNumber = NonZeroU32;

/// What was seen of one sub account so far. There may be millions of them, so that captures are there by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each of them stands for itself, and `Option`s take eight bytes where these take one"
)]
pub struct Trail {
    /// Its last name, safe to display.
    pub name: Arc<str>,
    /// Messages of the current period, when last seen.
    pub messages: i64,
    /// Whether it has had a usage line in the current period, if only one of nothing.
    pub(super) has_line: bool,
    /// Whether the last capture showed it.
    pub(super) is_present: bool,
    /// Whether it may send, as far as the last capture tells.
    pub(super) is_active: bool,
    /// How fast they grow.
    pub pace: Pace,
    /// The capture since which the count stands still; nothing for the start of the period.
    pub(in crate::billing) still_since: Option<CaptureNumber>,
    /// Messages of the current calendar month, if they are counted.
    month_messages: i64,
    /// Whether captures reach back to its start.
    counts_month: bool,
    /// Whether it was ever listed, so that it has caps.
    was_listed: bool,
    /// Its cap when the period began, or when it was first listed in it.
    first_credit: i64,
    /// Its cap when last seen.
    last_credit: i64,
    told: Told,
    /// The level that its messages are at, as far as the last capture tells.
    pub level: Level,
    /// The first capture that showed the level that it is at.
    pub(in crate::billing) level_since: CaptureNumber,
}

/// What was told of a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    /// The highest level in this period.
    highest: Level,
    /// Whether a level was told of that has not been left since.
    is_open: bool,
}

impl Trail {
    /// The trail of an account that is seen for the first time.
    pub(super) fn begin(account: &SubAccount, seeing: &Seeing<'_>) -> Self {
        let Seeing { books, before, month, .. } = *seeing;
        let period = books.usage.period;
        let created = account.created_at.filter(|at| period.contains(*at) && *at <= books.capture.at);
        // an account that was not there at the last capture has been counted from its first message
        let is_of_month = account.created_at.is_some_and(|at| at >= month.start) || period.start == month.start;
        let from_first = before.is_some() || is_of_month;
        Self::new(Arc::clone(&account.name), created.unwrap_or(period.start), from_first, seeing)
    }

    /// The same for an account that only the usage names.
    pub(super) fn unlisted(line: &UsageLine, seeing: &Seeing<'_>) -> Self {
        let Seeing { books, before, month, .. } = *seeing;
        let start = books.usage.period.start;
        Self::new(Arc::clone(&line.name), start, before.is_some() || start == month.start, seeing)
    }

    fn new(name: Arc<str>, since: DateTime<Utc>, counts_month: bool, seeing: &Seeing<'_>) -> Self {
        Self {
            name,
            messages: 0,
            has_line: false,
            is_present: true,
            is_active: true,
            pace: Pace::begin(since),
            still_since: Some(seeing.number),
            month_messages: 0,
            counts_month,
            was_listed: false,
            first_credit: 0,
            last_credit: 0,
            told: Told { highest: Level::Clear, is_open: false },
            level: Level::Clear,
            level_since: seeing.number,
        }
    }

    /// The cap when the period began, or when the account was first listed in it.
    pub fn first_credit(&self) -> Option<i64> {
        self.was_listed.then_some(self.first_credit)
    }

    /// Messages of the current calendar month, as far as captures tell; nothing if they do not reach back to its start.
    pub fn month_messages(&self) -> Option<i64> {
        self.counts_month.then_some(self.month_messages)
    }

    pub(super) fn begin_period(&mut self, start: DateTime<Utc>) {
        self.messages = 0;
        self.has_line = false;
        self.pace = self.pace.next_period(start);
        self.still_since = None;
        self.first_credit = self.last_credit;
        self.told.highest = Level::Clear;
    }

    pub(super) fn see_messages(&mut self, messages: i64, seeing: &Seeing<'_>) {
        let Seeing { books, before, month, number, .. } = *seeing;
        let is_new_month = before.is_none_or(|before| !month.contains(before));
        let more = messages.saturating_sub(self.messages);
        if more != 0 {
            self.still_since = Some(number);
        }
        let month_messages = match self.month_messages() {
            // a difference that begins long before the month does not say how much of it is of the month
            _ if before.is_some_and(|before| is_new_month && month.start - before > MONTH_SLACK_MAX) => None,
            // the month was counted from a capture in the month before, or from the account's first message
            Some(_) if is_new_month => Some(more),
            None if is_new_month && self.messages != 0 => Some(more),
            counted => counted.map(|counted| counted.saturating_add(more)),
        };
        self.counts_month = month_messages.is_some();
        self.month_messages = month_messages.unwrap_or(0);
        self.pace.see(books.capture.at, messages);
        self.messages = messages;
    }

    /// Sees whose the messages since the capture before are: whoever's the account was halfway. A change of hands then
    /// falls on the capture nearest to its date.
    ///
    /// `before` is the name that the account had at the capture before: whoever has it by now may have renamed it.
    pub(super) fn see_owner(
        &self,
        id: Uuid,
        stretches: &mut Vec<Stretch>,
        before: Option<&str>,
        more: i64,
        seeing: &Seeing<'_>,
    ) {
        let Seeing { books, terms, since, .. } = *seeing;
        let period = books.usage.period;
        let halfway = halfway(since.map_or(period.start, |since| since.at), books.capture.at, period);
        let owner = terms.customer_of(id, &self.name, halfway).map(std::borrow::Cow::into_owned);
        let days = terms.days_of(id, halfway).within(period);
        let is_still_its = terms.days_of(id, books.as_of()).within(period) == days;
        let until = books.capture.id.clone();
        if let Some(last) = stretches.last_mut().filter(|last| (&last.owner, last.days) == (&owner, days)) {
            last.messages = last.messages.saturating_add(more);
            last.until = until;
            if is_still_its {
                last.name.clone_from(&self.name);
            }
            return;
        }
        let from = since.map(|since| since.id.clone());
        let name = match before {
            _ if is_still_its => self.name.clone(),
            Some(before) => before.into(),
            None => id.to_string().into(),
        };
        stretches.push(Stretch { owner, name, days, from, until, messages: more });
    }

    /// Sees the cap, and says what is to be told of it: each level once in a period, and once that it is left.
    pub(super) fn see_cap(
        &mut self,
        id: Uuid,
        account: Option<&SubAccount>,
        has_usage: bool,
        seeing: &Seeing<'_>,
    ) -> Option<Alert> {
        let Seeing { books, terms, number, .. } = *seeing;
        let level = match account {
            Some(account) => {
                self.last_credit = account.monthly_credit;
                self.first_credit = self.first_credit().unwrap_or(self.last_credit);
                self.was_listed = true;
                level_of(account, self.messages, terms, books.as_of())
            }
            // usage without an entry says nothing of a cap; an account that is gone has none
            None if has_usage => return None,
            None => Level::Clear,
        };
        if self.level != level {
            self.level = level;
            self.level_since = number;
        }
        let kind = if level.code().is_some() && level > self.told.highest {
            self.told = Told { highest: level, is_open: true };
            AlertKind::Reached
        } else if level.code().is_none() && self.told.is_open {
            self.told.is_open = false;
            AlertKind::Resolved
        } else {
            return None;
        };
        let (name, capture) = (self.name.clone(), books.capture.id.clone());
        Some(Alert { account_id: id, name, kind, level, capture })
    }
}
