//! The simulated parent account: its sub accounts, their usage in one billing period, and the pooled invoice.
//!
//! Owns the truth that the simulated API shows, as values. It must never touch a socket, a clock or a file, nor
//! know about JSON or status codes: time is the instant it was given, so that each later change of the world can
//! be a pure step from one state to the next.

mod amount;
mod names;
mod page;
mod seed;

use std::collections::{BTreeMap, HashMap};

#[cfg(test)]
use chrono::TimeZone as _;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use amount::Amount;
pub use page::{Page, Position, Seek};

/// The currency of every amount in the world, in lower case as the API sends it.
pub const CURRENCY: &str = "eur";

/// A half-open billing period: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant of the period.
    pub start: DateTime<Utc>,
    /// The first instant after the period.
    pub end: DateTime<Utc>,
}

#[cfg(test)]
impl Period {
    /// The period of the unit tests: July 2026.
    pub(super) fn july_2026() -> Self {
        let midnight = |month| Utc.with_ymd_and_hms(2026, month, 1, 0, 0, 0).unwrap();
        Self { start: midnight(7), end: midnight(8) }
    }
}

/// Whether a listed sub account may send. A removed one has no status, because nothing shows it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May send.
    Active,
    /// Paused on its own.
    Suspended,
    /// Paused because the parent account is.
    ParentSuspended,
}

/// One sub account and what it received in the current billing period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAccount {
    /// Its identity; names may repeat, this never does.
    pub id: Uuid,
    /// The company's name, as it was typed in.
    pub name: String,
    /// A bare domain.
    pub website: String,
    /// Whether it may send.
    pub status: Status,
    /// The cap in messages a month; 0 means uncapped.
    pub monthly_credit: u64,
    /// When it was created, to the microsecond at most (that is what a cursor carries).
    pub created_at: DateTime<Utc>,
    /// How many sending domains it owns.
    pub domain_count: u32,
    /// How many people may log in to it.
    pub member_count: u32,
    /// The last message; `None` when there was none.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// Messages in the current billing period.
    pub reception_count: u64,
}

impl SubAccount {
    /// Its place in the list.
    pub fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }
}

/// One usage line: messages in the current billing period and their share of the pooled invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Messages.
    pub reception_count: u64,
    /// The share of the pooled invoice, exact.
    pub allocated_cost: Amount,
}

/// The usage of the current billing period. `total` is the sum of all the other buckets, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage<'w> {
    /// What the parent account sent itself.
    pub parent: Bucket,
    /// Every listed sub account, idle and suspended ones included, in the order of the list.
    pub sub_accounts: Vec<(&'w SubAccount, Bucket)>,
    /// Everything that removed sub accounts sent before they were removed, as one number.
    pub removed: Bucket,
    /// The pooled invoice.
    pub total: Bucket,
}

/// A parent account at one instant of one billing period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    parent_account_id: Uuid,
    parent_reception_count: u64,
    period: Period,
    as_of: DateTime<Utc>,
    /// One price for every message keeps each share exact, however volumes are distributed.
    price_per_message: Amount,
    /// What the list shows, in the order in which it shows it.
    listed: BTreeMap<Position, SubAccount>,
    /// The way from an id into `listed`.
    positions: HashMap<Uuid, Position>,
    /// Soft-deleted during the period. They leave nothing but their sum in the usage.
    removed: Vec<SubAccount>,
}

impl World {
    /// The account whose key opens the API.
    pub fn parent_account_id(&self) -> Uuid {
        self.parent_account_id
    }

    /// The current billing period.
    pub fn period(&self) -> Period {
        self.period
    }

    /// The world's now.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.as_of
    }

    /// The listed sub account of this id; `None` for an unknown or a removed one.
    pub fn sub_account(&self, id: Uuid) -> Option<&SubAccount> {
        self.listed.get(self.positions.get(&id)?)
    }

    /// The sub accounts removed during the period. No answer of the API names them; demos and tests may.
    pub fn removed_sub_accounts(&self) -> &[SubAccount] {
        &self.removed
    }

    /// One page of at most `limit` listed sub accounts. It costs the same wherever in the list it lies.
    pub fn page(&self, seek: Seek, limit: usize) -> Page<'_> {
        page::page(&self.listed, seek, limit)
    }

    /// The usage of the current billing period and the pooled invoice.
    pub fn usage(&self) -> Usage<'_> {
        let listed: u64 = self.listed.values().map(|account| account.reception_count).sum();
        let removed = self.removed.iter().map(|account| account.reception_count).sum();
        Usage {
            parent: self.bucket(self.parent_reception_count),
            sub_accounts: self.listed.values().map(|account| (account, self.bucket(account.reception_count))).collect(),
            removed: self.bucket(removed),
            total: self.bucket(self.parent_reception_count + listed + removed),
        }
    }

    fn bucket(&self, reception_count: u64) -> Bucket {
        Bucket { reception_count, allocated_cost: self.price_per_message.times(reception_count) }
    }

    /// The one way into the list, so that `positions` cannot fall behind it.
    fn enlist(&mut self, account: SubAccount) {
        self.positions.insert(account.id, account.position());
        self.listed.insert(account.position(), account);
    }
}
