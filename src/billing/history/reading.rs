//! A reading: what history needs of one capture, and nothing else of it.

use std::ops::{Add, AddAssign, Sub};
use std::sync::Arc;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use uuid::Uuid;

use super::super::books::{Books, Tally};
use super::super::money::{Currency, Exact, TABLE_SCALE};
use super::super::period::Period;

/// Most messages of one capture, all buckets together: far beyond what is sent, and sums of a lifetime still fit.
const MESSAGES_MAX: i64 = 1_000_000_000_000_000;
/// Most cost of one capture, 10^14 major units: so that sums of differences still fit.
const COST_MAX: i128 = 10_i128.pow(14 + TABLE_SCALE);

/// Messages and cost of anything, running totals or differences of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Messages.
    pub messages: i64,
    /// Cost in units of 10^-22 of a major unit: the digits that tables carry.
    pub cost: i128,
}

impl Figures {
    /// The cost as an exact amount, in major units.
    pub fn exact_cost(self) -> Exact {
        Exact::of_units(self.cost, TABLE_SCALE)
    }

    /// Whether there is neither a message nor a cost.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    fn of(tally: Tally) -> Option<Self> {
        Some(Self { messages: tally.messages, cost: tally.cost.exact().rounded_at_scale(TABLE_SCALE)? })
    }
}

impl Add for Figures {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { messages: self.messages + other.messages, cost: self.cost + other.cost }
    }
}

impl Sub for Figures {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { messages: self.messages - other.messages, cost: self.cost - other.cost }
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The running totals of one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The capture's name.
    pub id: Arc<str>,
    /// When the usage answer had arrived, to the millisecond.
    pub at: DateTime<Utc>,
    /// The billing period.
    pub period: Period,
    /// The currency of all costs.
    pub currency: Currency,
    /// The parent account's own usage.
    pub(super) parent: Figures,
    /// Sub accounts removed in the period, together.
    pub(super) removed: Figures,
    /// The sub accounts, ordered by id, each once.
    pub(super) accounts: Vec<(Uuid, Figures)>,
    /// Sub accounts that exist without a usage line, ordered by id; nothing where nobody has looked.
    pub(super) idle: Option<Vec<Uuid>>,
}

/// Figures that are too large to be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its figures are too large: at most 10^15 messages and a cost of 10^14 are expected of all accounts together")]
pub struct TooLarge;

/// Where a reading comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The capture's name.
    pub id: Arc<str>,
    /// When the usage answer had arrived.
    pub at: DateTime<Utc>,
    /// The billing period.
    pub period: Period,
    /// The currency of all costs.
    pub currency: Currency,
}

impl Reading {
    /// Puts a reading together; sorts what has to be ordered.
    pub fn new(
        head: Head,
        parent: Figures,
        removed: Figures,
        mut accounts: Vec<(Uuid, Figures)>,
    ) -> Result<Self, TooLarge> {
        let (mut messages, mut cost) = (0_u64, 0_u128);
        for figures in accounts.iter().map(|(_, figures)| *figures).chain([parent, removed]) {
            messages = messages.checked_add(figures.messages.unsigned_abs()).ok_or(TooLarge)?;
            cost = cost.checked_add(figures.cost.unsigned_abs()).ok_or(TooLarge)?;
        }
        if messages > MESSAGES_MAX.unsigned_abs() || cost > COST_MAX.unsigned_abs() {
            return Err(TooLarge);
        }
        accounts.sort_by_key(|(id, _)| *id);
        // an account with several usage lines is still one account
        accounts.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        let at = head.at.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(head.at);
        let Head { id, period, currency, .. } = head;
        Ok(Self { id, at, period, currency, parent, removed, accounts, idle: None })
    }

    /// The reading of books, which know who exists as well.
    pub fn of(books: &Books) -> Result<Self, TooLarge> {
        let usage = &books.usage;
        let figures = |tally| Figures::of(tally).ok_or(TooLarge);
        let accounts: Result<Vec<(Uuid, Figures)>, TooLarge> =
            usage.sub_accounts.iter().map(|line| Ok((line.account_id, figures(line.tally)?))).collect();
        let head =
            Head { id: books.capture.id.clone(), at: books.capture.at, period: usage.period, currency: usage.currency };
        let reading = Self::new(head, figures(usage.parent)?, figures(usage.removed)?, accounts?)?;
        Ok(reading.with_idle(books))
    }

    /// Whether a sub account has a usage line.
    pub(super) fn has(&self, id: Uuid) -> bool {
        self.accounts.binary_search_by_key(&id, |(id, _)| *id).is_ok()
    }

    /// The sub accounts that have a usage line here, and none in a later reading.
    pub fn without(&self, later: &Self) -> impl Iterator<Item = Uuid> {
        let mut shown = later.accounts.iter().map(|(id, _)| *id).peekable();
        self.accounts.iter().map(|(id, _)| *id).filter(move |id| {
            while shown.next_if(|other| other < id).is_some() {}
            shown.peek() != Some(id)
        })
    }

    /// The same, with the accounts that exist without a usage line.
    #[must_use]
    pub fn with_idle(self, books: &Books) -> Self {
        let is_idle = |id: &Uuid| books.usage_line(*id).is_none();
        let idle = books.existing().map(|account| account.id).filter(is_idle).collect();
        Self { idle: Some(idle), ..self }
    }
}
