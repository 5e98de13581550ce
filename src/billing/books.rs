//! The books: one capture as values, its usage joined with the account list.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::money::{Amount, Currency, Exact};
use super::period::Period;

/// Where a figure comes from: the capture that everything else is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRef {
    /// The capture's name in the archive: `20240115T020000Z`.
    pub id: Arc<str>,
    /// When the usage answer had arrived.
    pub at: DateTime<Utc>,
    /// SHA-256 of its manifest, in hex.
    pub sha256: String,
}

/// The two figures of one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Messages received in the billing period (`reception_count`).
    pub messages: i64,
    /// The API's share for the bucket, in major units (`allocated_cost`).
    pub cost: Amount,
}

/// The usage of one sub account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageLine {
    /// The sub account.
    pub account_id: Uuid,
    /// Its name, safe to display; the id where the API sent none.
    pub name: Arc<str>,
    /// Its figures.
    pub tally: Tally,
}

/// The usage answer of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The billing period.
    pub period: Period,
    /// The currency of all costs.
    pub currency: Currency,
    /// `allocation_method` as sent.
    pub method: String,
    /// `allocation_note` as sent, safe to display.
    pub note: String,
    /// The account id of the parent's bucket.
    pub parent_id: Uuid,
    /// The parent account's own usage.
    pub parent: Tally,
    /// The sub accounts, ordered by account id.
    pub sub_accounts: Vec<UsageLine>,
    /// Sub accounts soft-deleted in the period, together.
    pub removed: Tally,
    /// What the API says it all sums to.
    pub total: Tally,
}

/// The status of a sub account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It may send.
    Active,
    /// Suspended by the parent account.
    Suspended,
    /// Suspended because the parent account is.
    ParentSuspended,
    /// Soft-deleted.
    Deleted,
    /// A status that this version does not know, as sent; behind a pointer, because every account has a status.
    Other(Arc<String>),
}

impl Status {
    /// The API's spelling.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::ParentSuspended => "parent-suspended",
            Self::Deleted => "deleted",
            Self::Other(text) => text,
        }
    }
}

/// An entry of the account list, as far as money is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubAccount {
    /// Its id.
    pub id: Uuid,
    /// The parent account it says it belongs to.
    pub parent_id: Uuid,
    /// Its name, safe to display.
    pub name: Arc<str>,
    /// Its status.
    pub status: Status,
    /// The cap in messages per month; 0 means uncapped.
    pub monthly_credit: i64,
    /// When it was created, if the API says so.
    pub created_at: Option<DateTime<Utc>>,
}

/// What a single `GET` said of an account that has usage but is not in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It exists.
    Found(SubAccount),
    /// 404: deleted since the usage was read.
    Gone,
}

/// One capture, ready to be checked and charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// The capture these are.
    pub capture: CaptureRef,
    /// The parent account that was asked for.
    pub account_id: Uuid,
    /// The usage answer.
    pub usage: Usage,
    /// The account list, ordered by id; an id that was listed twice is here twice.
    pub accounts: Vec<SubAccount>,
    /// Accounts looked up one by one.
    pub lookups: BTreeMap<Uuid, Lookup>,
    /// Fields and values that this version does not know, as JSON pointers with `*` for positions.
    pub unknown: Vec<String>,
}

/// An account as the parts of a capture show it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'b> {
    /// Its id.
    pub id: Uuid,
    /// Its usage lines: one or none, unless the answer is broken.
    pub lines: &'b [UsageLine],
    /// Its entries in the list: one or none, unless the answers are broken.
    pub listed: &'b [SubAccount],
    /// What was said of it alone.
    pub lookup: Option<&'b Lookup>,
}

impl<'b> Known<'b> {
    /// Its entry: from the list, else from a lookup.
    pub fn account(&self) -> Option<&'b SubAccount> {
        self.listed.first().or_else(|| match self.lookup? {
            Lookup::Found(account) => Some(account),
            Lookup::Gone => None,
        })
    }

    /// Its messages in all its usage lines; nothing without any.
    pub fn messages(&self) -> Option<i64> {
        messages_of(self.lines)
    }
}

fn messages_of(lines: &[UsageLine]) -> Option<i64> {
    let sum = || lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.tally.messages));
    (!lines.is_empty()).then(sum)
}

/// Takes off the front what `is_same`.
fn split_off<'b, T>(rest: &mut &'b [T], is_same: impl Fn(&T) -> bool) -> &'b [T] {
    let count = rest.iter().take_while(|row| is_same(row)).count();
    let (same, after) = rest.split_at(count);
    *rest = after;
    same
}

impl Books {
    /// Joins the parts of a capture; sorts what has to be ordered.
    pub fn new(
        capture: CaptureRef,
        account_id: Uuid,
        mut usage: Usage,
        mut accounts: Vec<SubAccount>,
        lookups: BTreeMap<Uuid, Lookup>,
        unknown: Vec<String>,
    ) -> Self {
        usage.sub_accounts.sort_by_key(|line| line.account_id);
        accounts.sort_by_key(|account| account.id);
        Self { capture, account_id, usage, accounts, lookups, unknown }
    }

    /// The instant at which the books say whose an account is: the capture's, or the last one of a period that has ended.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.capture.at.min(self.usage.period.end - TimeDelta::nanoseconds(1))
    }

    /// The entry of an account: from the list, else from a lookup.
    pub fn account(&self, id: Uuid) -> Option<&SubAccount> {
        self.listed(id).or_else(|| match self.lookups.get(&id)? {
            Lookup::Found(account) => Some(account),
            Lookup::Gone => None,
        })
    }

    /// The entry of an account in the list: the first, where the answers are broken.
    pub fn listed(&self, id: Uuid) -> Option<&SubAccount> {
        let position = self.accounts.partition_point(|account| account.id < id);
        self.accounts.get(position).filter(|account| account.id == id)
    }

    /// Every account that the usage, the list or a lookup shows, ordered by id, each once: the join of a capture, in one
    /// walk.
    pub fn known(&self) -> impl Iterator<Item = Known<'_>> {
        let (mut lines, mut listed) = (self.usage.sub_accounts.as_slice(), self.accounts.as_slice());
        debug_assert!(lines.is_sorted_by_key(|line| line.account_id), "usage lines are in the order of their accounts");
        debug_assert!(listed.is_sorted_by_key(|account| account.id), "the list is in the order of its accounts");
        let mut lookups = self.lookups.iter().peekable();
        std::iter::from_fn(move || {
            let heads = [lines.first().map(|line| line.account_id), listed.first().map(|account| account.id)];
            let id = heads.into_iter().chain([lookups.peek().map(|(id, _)| **id)]).flatten().min()?;
            let lines = split_off(&mut lines, |line| line.account_id == id);
            let listed = split_off(&mut listed, |account| account.id == id);
            let lookup = lookups.next_if(|(other, _)| **other == id).map(|(_, lookup)| lookup);
            Some(Known { id, lines, listed, lookup })
        })
    }

    /// Every account that the list or a lookup shows, ordered by id, each once.
    pub fn existing(&self) -> impl Iterator<Item = &SubAccount> {
        self.known().filter_map(|known| known.account())
    }

    /// The usage line of a sub account.
    pub fn usage_line(&self, id: Uuid) -> Option<&UsageLine> {
        self.usage_lines(id).first()
    }

    /// The messages of a sub account in all its usage lines; nothing without any.
    pub fn messages_of(&self, id: Uuid) -> Option<i64> {
        messages_of(self.usage_lines(id))
    }

    /// The usage lines of a sub account: one, unless the answer is broken.
    pub fn usage_lines(&self, id: Uuid) -> &[UsageLine] {
        let lines = &self.usage.sub_accounts;
        let start = lines.partition_point(|line| line.account_id < id);
        split_off(&mut lines.get(start..).unwrap_or_default(), |line| line.account_id == id)
    }

    /// Every bucket's figures: parent, each sub account, removed. Not the total.
    pub fn parts(&self) -> impl Iterator<Item = Tally> {
        let subs = self.usage.sub_accounts.iter().map(|line| line.tally);
        std::iter::once(self.usage.parent).chain(subs).chain(std::iter::once(self.usage.removed))
    }

    /// parent + sub accounts + removed, in messages.
    pub fn messages_sum(&self) -> i128 {
        self.parts().map(|tally| i128::from(tally.messages)).sum()
    }

    /// parent + sub accounts + removed, in cost.
    pub fn cost_sum(&self) -> Exact {
        self.parts().map(|tally| tally.cost.exact()).sum()
    }

    /// What the API's total is more than its parts: zero, unless they were rounded or do not sum up.
    pub fn cost_beyond_parts(&self) -> Exact {
        self.usage.total.cost.exact() - self.cost_sum()
    }
}
