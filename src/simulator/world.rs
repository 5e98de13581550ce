//! The simulated parent account: its sub accounts, their usage, the pooled invoice, and how all that changes.
//!
//! Owns the truth that the simulated API shows, as values: a state, and the [`Event`]s that lead from one to the next. It
//! must never touch a socket, a clock or a file, nor know about JSON or status codes. Time is an event like any other.

mod event;
mod keys;
mod life;
mod mood;
mod names;
mod page;
mod plan;
mod rules;
mod seed;
#[cfg(test)]
mod tests;
mod time;
mod volume;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use uuid::{Builder, Uuid};

pub use event::{AccountChange, Effect, Event, NewAccount, Refused};
pub use keys::{ApiKey, KeyChange, NewKey, Scope};
pub use mood::{BillingDay, Mood};
pub use page::{Page, Placed, Position, Seek};
pub use plan::{Currency, Plan, Rounding, Share};
pub use seed::Genesis;
pub use volume::Volume;

/// A half-open billing period: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant of the period.
    pub start: DateTime<Utc>,
    /// The first instant after the period.
    pub end: DateTime<Utc>,
}

/// Whether a listed sub account may send. A removed one has no status, because nothing shows it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May send.
    Active,
    /// Paused on its own.
    Suspended,
    /// Paused because the parent account is, says the API; nothing that happens here begins or ends it.
    ParentSuspended,
}

/// One sub account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAccount {
    /// Its identity; names may repeat, this never does.
    pub id: Uuid,
    /// The company's name.
    pub name: String,
    /// A bare domain.
    pub website: String,
    /// Whether it may send.
    pub status: Status,
    /// The cap in messages a billing period; 0 means uncapped.
    pub monthly_credit: u64,
    /// When it was created, to the microsecond at most (that is what a cursor carries).
    pub created_at: DateTime<Utc>,
    /// How many sending domains it owns.
    pub domain_count: u32,
    /// How many people may log in to it.
    pub member_count: u32,
    volume: Volume,
    /// Messages of the current period until `tallied_at`; what came since follows from `volume`.
    tally: u64,
    tallied_at: DateTime<Utc>,
    last_sent_at: Option<DateTime<Utc>>,
}

impl SubAccount {
    /// Messages in the current billing period until now. A cap is where sending stops.
    pub fn messages(&self, now: DateTime<Utc>) -> u64 {
        match self.status {
            Status::Active => self.capped(self.tally.saturating_add(self.volume.messages(self.tallied_at, now))),
            Status::Suspended | Status::ParentSuspended => self.tally,
        }
    }

    /// When the last message went out, to the second; `None` when there was none. A cap that is reached is the end of it.
    pub fn last_activity_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let sent = self.messages(now).saturating_sub(self.tally);
        let last = if sent == 0 { None } else { self.volume.instant_of(sent, self.tallied_at, now) };
        last.or(self.last_sent_at)
    }

    /// So many messages, or what the cap lets through; what was sent before a cap was lowered stays sent.
    fn capped(&self, messages: u64) -> u64 {
        let limit = if self.monthly_credit == 0 { volume::MESSAGES_MAX } else { self.monthly_credit.max(self.tally) };
        messages.min(limit)
    }

    /// Writes down what was sent until now, because the way it sends is about to change.
    fn settle(&mut self, now: DateTime<Utc>) {
        self.last_sent_at = self.last_activity_at(now);
        self.tally = self.messages(now);
        self.tallied_at = now;
    }
}

impl Placed for SubAccount {
    fn position(&self) -> Position {
        Position { created_at: self.created_at, id: self.id }
    }
}

/// A sub account that was soft-deleted during the current period. No answer of the API names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// As it was.
    pub account: SubAccount,
    /// When it was deleted.
    pub at: DateTime<Utc>,
}

/// One usage line: messages in the current billing period and their share of the pooled invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Messages.
    pub reception_count: u64,
    /// The share of the pooled invoice, exact.
    pub allocated_cost: Share,
}

/// The usage of the current billing period. The messages of `total` are the sum of all the other buckets', exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage<'w> {
    /// What the parent account sent itself.
    pub parent: Bucket,
    /// The sub accounts that have a line of their own, in the order of the list.
    pub sub_accounts: Vec<(&'w SubAccount, Bucket)>,
    /// Everything that removed sub accounts sent before they were removed, as one number.
    pub removed: Bucket,
    /// The pooled invoice.
    pub total: Bucket,
}

/// A parent account at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    parent_account_id: Uuid,
    parent_volume: Volume,
    parent_tally: u64,
    parent_tallied_at: DateTime<Utc>,
    plan: Plan,
    mood: Mood,
    period: Period,
    now: DateTime<Utc>,
    /// What the list shows, in the order in which it shows it.
    listed: BTreeMap<Position, SubAccount>,
    /// The way from an id into `listed`.
    positions: HashMap<Uuid, Position>,
    /// The keys of each sub account that has any.
    keys: HashMap<Uuid, keys::Keys>,
    /// Soft-deleted during the period. They leave nothing but their sum in the usage.
    removed: Vec<Removed>,
    /// What will happen of its own accord; the number keeps apart what happens at one instant.
    due: BTreeMap<(DateTime<Utc>, u32), Event>,
    /// How many companies were named so far.
    company_count: usize,
    /// Where in the sequence of ordinary names this world begins.
    name_offset: usize,
    /// Ids, secrets and what life brings.
    rng: Rng,
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
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// How the API behaves where nobody knows.
    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// What the parent pays.
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// How many sub accounts there are, suspended ones included.
    pub fn account_count(&self) -> usize {
        self.listed.len()
    }

    /// The sub account of this id; `None` for an unknown or a removed one.
    pub fn sub_account(&self, id: Uuid) -> Option<&SubAccount> {
        self.listed.get(self.positions.get(&id)?)
    }

    fn sub_account_mut(&mut self, id: Uuid) -> Option<&mut SubAccount> {
        self.listed.get_mut(self.positions.get(&id)?)
    }

    /// The sub accounts removed during the period. No answer of the API names them; demos and tests may.
    pub fn removed_sub_accounts(&self) -> &[Removed] {
        &self.removed
    }

    /// What is still to happen of its own accord, in its order: in the current period, and pauses that end in the next.
    pub fn due(&self) -> impl Iterator<Item = (DateTime<Utc>, &Event)> {
        self.due.iter().map(|((at, _), event)| (*at, event))
    }

    /// One page of at most `limit` listed sub accounts. It costs the same wherever in the list it lies.
    pub fn page(&self, seek: Seek, limit: usize) -> Page<'_, SubAccount> {
        let shown = |account: &&SubAccount| self.mood.list_suspended || account.status != Status::Suspended;
        page::page(&self.listed, shown, seek, limit)
    }

    /// One page of at most `limit` keys of a sub account.
    pub fn key_page(&self, account: Uuid, seek: Seek, limit: usize) -> Result<Page<'_, ApiKey>, Refused> {
        self.sub_account(account).ok_or(Refused::NoSuchAccount)?;
        let none = Page { items: Vec::new(), next: None, previous: None };
        Ok(self.keys.get(&account).map_or(none, |keys| page::page(keys, |_| true, seek, limit)))
    }

    /// The usage of the current billing period and the pooled invoice.
    pub fn usage(&self) -> Usage<'_> {
        let parent = self.parent_messages();
        let mut removed: u64 = self.removed.iter().map(|removed| removed.account.tally).sum();
        let mut lines = Vec::with_capacity(self.listed.len());
        let mut listed = 0;
        for account in self.listed.values() {
            let messages = account.messages(self.now);
            if account.status == Status::Suspended && !self.mood.suspended_usage {
                removed += messages;
            } else if messages > 0 || self.mood.zero_usage {
                listed += messages;
                lines.push((account, messages));
            }
        }
        let whole = parent + listed + removed;
        let invoice_cents = self.plan.invoice_cents(whole);
        let bucket = |part| Bucket { reception_count: part, allocated_cost: Share { invoice_cents, part, whole } };
        Usage {
            parent: bucket(parent),
            sub_accounts: lines.into_iter().map(|(account, messages)| (account, bucket(messages))).collect(),
            removed: bucket(removed),
            total: bucket(whole),
        }
    }

    /// Messages of the parent itself in the current billing period until now.
    fn parent_messages(&self) -> u64 {
        let since = self.parent_volume.messages(self.parent_tallied_at, self.now);
        self.parent_tally.saturating_add(since).min(volume::MESSAGES_MAX)
    }

    /// The one way into the list, so that `positions` cannot fall behind it.
    fn enlist(&mut self, account: SubAccount) {
        self.positions.insert(account.id, account.position());
        self.listed.insert(account.position(), account);
    }

    fn new_id(&mut self) -> Uuid {
        Builder::from_random_bytes(self.rng.u128(..).to_be_bytes()).into_uuid()
    }
}
