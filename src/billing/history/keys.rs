//! Keys: whose figures are told apart, each once, with its names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::terms::Terms;

/// What figures are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// Not at all.
    #[default]
    Pool,
    /// By customer; the parent account, removed usage and sub accounts that nobody owns stay apart.
    Customer,
    /// By sub account; the parent account and removed usage that has no name stay apart.
    Account,
}

impl By {
    /// The word on the command line and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Customer => "customer",
            Self::Account => "account",
        }
    }
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Everything together.
    Pool,
    /// A customer.
    Customer,
    /// A sub account.
    SubAccount,
    /// The parent account's own usage.
    Parent,
    /// Removed usage that has no name.
    Removed,
}

impl Kind {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Customer => "customer",
            Self::SubAccount => "sub_account",
            Self::Parent => "parent",
            Self::Removed => "removed",
        }
    }
}

/// Whose figures they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What it stands for.
    pub kind: Kind,
    /// The customer, or the customer that owns the sub account.
    pub customer_id: Option<String>,
    /// Its name.
    pub customer_name: Option<String>,
    /// The sub account or the parent account.
    pub account_id: Option<Uuid>,
    /// Its last name known, safe to display.
    pub account_name: Option<String>,
}

impl Key {
    fn of(kind: Kind) -> Self {
        Self { kind, customer_id: None, customer_name: None, account_id: None, account_name: None }
    }

    /// What it is called, if it has a name of its own.
    pub fn name(&self) -> Option<&str> {
        match self.kind {
            Kind::Customer => self.customer_name.as_deref(),
            Kind::SubAccount => self.account_name.as_deref(),
            Kind::Pool | Kind::Parent | Kind::Removed => None,
        }
    }
}

/// Every sub account ever seen, and the key that its figures go to.
#[derive(Debug, Clone)]
pub(super) struct Roster<'t> {
    terms: &'t Terms,
    by: By,
    numbers: BTreeMap<Uuid, u32>,
    customers: BTreeMap<String, u32>,
    /// The key of each account, by its number.
    keys_of: Vec<u32>,
    /// When accounts may change hands, in the order of time.
    changes: Vec<(DateTime<Utc>, Uuid)>,
    /// How many of those have happened.
    happened: usize,
    /// Accounts that changed hands, and whose figures go to their last owner still.
    pending: BTreeSet<Uuid>,
    /// The keys of accounts that nobody owns, where there are such that somebody owns on other days.
    unowned: BTreeMap<Uuid, u32>,
    /// When the accounts are whose they are.
    at: DateTime<Utc>,
    /// Accounts whose name is wanted and not known.
    nameless: BTreeSet<Uuid>,
    pub(super) keys: Vec<Key>,
}

impl<'t> Roster<'t> {
    /// The key of everything, or of the parent account.
    pub(super) const PARENT: u32 = 0;

    pub(super) fn new(by: By, parent_id: Uuid, terms: &'t Terms) -> Self {
        let parent = Key {
            account_id: Some(parent_id),
            account_name: Some("Parent account".to_owned()),
            ..Key::of(Kind::Parent)
        };
        let keys = match by {
            By::Pool => vec![Key::of(Kind::Pool)],
            By::Customer | By::Account => vec![parent, Key::of(Kind::Removed)],
        };
        let mut changes: Vec<(DateTime<Utc>, Uuid)> = match &terms.customers {
            Some(map) if by != By::Pool => map.changes().collect(),
            _ => Vec::new(),
        };
        changes.sort();
        Self {
            terms,
            by,
            numbers: BTreeMap::new(),
            customers: BTreeMap::new(),
            keys_of: Vec::new(),
            changes,
            happened: 0,
            pending: BTreeSet::new(),
            unowned: BTreeMap::new(),
            at: DateTime::UNIX_EPOCH,
            nameless: BTreeSet::new(),
            keys,
        }
    }

    /// From here on, figures go to whoever's the accounts are at this instant; those of an account that is not there any
    /// more stay with whoever had it last.
    pub(super) fn turn_to(&mut self, at: DateTime<Utc>, is_there: impl Fn(Uuid) -> bool) {
        self.at = at;
        while let Some((_, id)) = self.changes.get(self.happened).filter(|(when, _)| *when <= at) {
            self.pending.insert(*id);
            self.happened += 1;
        }
        // captures are seen in their order; one whose clock was wrong may lie before the last
        while let Some((_, id)) =
            self.happened.checked_sub(1).and_then(|last| self.changes.get(last)).filter(|(when, _)| *when > at)
        {
            self.pending.insert(*id);
            self.happened -= 1;
        }
        for id in std::mem::take(&mut self.pending) {
            // who is seen for the first time is whoever's it is by then
            let Some(number) = self.numbers.get(&id).copied() else { continue };
            if is_there(id) {
                self.hand_over(id, number);
            } else {
                self.pending.insert(id);
            }
        }
    }

    fn hand_over(&mut self, id: Uuid, number: u32) {
        if self.by == By::Customer {
            let key = self.customer_key(id);
            if let Some(place) = self.keys_of.get_mut(number as usize) {
                *place = key;
            }
            return;
        }
        let Key { customer_id, customer_name, .. } = self.account_key(id);
        let place = self.key_of(number) as usize;
        if let Some(key) = self.keys.get_mut(place) {
            (key.customer_id, key.customer_name) = (customer_id, customer_name);
        }
    }

    /// What figures are told apart by.
    pub(super) fn by(&self) -> By {
        self.by
    }

    /// Whether they are told apart at all.
    pub(super) fn tells_apart(&self) -> bool {
        self.by != By::Pool
    }

    /// The key of removed usage that has no name.
    pub(super) fn removed(&self) -> u32 {
        if self.by == By::Pool { Self::PARENT } else { 1 }
    }

    /// The key of an account by its number.
    pub(super) fn key_of(&self, account: u32) -> u32 {
        self.keys_of.get(account as usize).copied().unwrap_or(Self::PARENT)
    }

    /// The number of an account; a new one if it was not seen before.
    pub(super) fn account(&mut self, id: Uuid) -> u32 {
        if let Some(number) = self.numbers.get(&id) {
            return *number;
        }
        let number = number(self.keys_of.len());
        self.numbers.insert(id, number);
        let key = match self.by {
            By::Pool => Self::PARENT,
            By::Customer => self.customer_key(id),
            By::Account => self.add(self.account_key(id)),
        };
        self.keys_of.push(key);
        number
    }

    fn account_key(&self, id: Uuid) -> Key {
        let customer = self.terms.customer_of(id, &Arc::default(), self.at);
        Key {
            customer_id: customer.as_ref().map(|customer| customer.id.to_string()),
            customer_name: customer.map(|customer| customer.name.to_string()),
            account_id: Some(id),
            ..Key::of(Kind::SubAccount)
        }
    }

    fn customer_key(&mut self, id: Uuid) -> u32 {
        let key = self.account_key(id);
        let Some(customer) = key.customer_id.clone() else { return self.unowned_key(id, key) };
        if let Some(known) = self.customers.get(&customer) {
            return *known;
        }
        // without a map the account is the customer, and its name is that of both
        let account_id = key.account_id.filter(|_| self.terms.customers.is_none());
        let number = self.add(Key { kind: Kind::Customer, account_id, ..key });
        self.customers.insert(customer, number);
        number
    }

    fn unowned_key(&mut self, id: Uuid, key: Key) -> u32 {
        if let Some(known) = self.unowned.get(&id) {
            return *known;
        }
        let number = self.add(key);
        // without changes of hands nobody asks again
        if !self.changes.is_empty() {
            self.unowned.insert(id, number);
        }
        number
    }

    fn add(&mut self, key: Key) -> u32 {
        self.nameless.extend(key.account_id);
        self.keys.push(key);
        number(self.keys.len() - 1)
    }

    /// Accounts whose name is wanted and not known.
    pub(super) fn nameless(&self) -> &BTreeSet<Uuid> {
        &self.nameless
    }

    /// Takes note of names; those of accounts that were never seen, or are not wanted, are passed over.
    pub(super) fn name<'n>(&mut self, names: impl Iterator<Item = (Uuid, &'n str)>) {
        for (id, name) in names {
            let Some(account) = self.numbers.get(&id) else { continue };
            let key = self.key_of(*account);
            let Some(key) = self.keys.get_mut(key as usize).filter(|key| key.account_id == Some(id)) else { continue };
            if self.terms.customers.is_none() {
                key.customer_name = Some(name.to_owned());
            }
            key.account_name = Some(name.to_owned());
            self.nameless.remove(&id);
        }
    }
}

/// A position as a number; there are never so many accounts that it does not fit.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
