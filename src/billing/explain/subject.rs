//! Whose charge is explained: a customer or a sub account, found by its id or its name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::charges::{Line, Statement};
use super::super::customers::Customer;
use super::super::ledger::Ledger;
use super::super::moves;
use super::super::removed::{Gone, Part};

/// Whose charge is explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A customer, with all its sub accounts.
    Customer(Customer),
    /// One sub account.
    Account {
        /// The sub account.
        id: Uuid,
        /// Its name, safe to display.
        name: Arc<str>,
        /// Who is charged for it; nothing if nobody owns it.
        customer: Option<Customer>,
    },
}

/// One of several that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The name, safe to display.
    pub name: String,
    /// The id that means only this one.
    pub id: String,
}

/// Why there is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// Nothing has this id or name.
    #[error("no customer and no sub account with usage in the billing period has this id or name")]
    Nobody {
        /// Customers and sub accounts with the text in their names or ids, by name and id.
        similar: Vec<Named>,
        /// Customers that there are.
        customers: usize,
        /// Sub accounts that there are, removed ones included.
        accounts: usize,
    },
    /// Several have this name.
    #[error("{} {what}s have this name", .named.len())]
    Several {
        /// `customer` or `sub account`.
        what: &'static str,
        /// All of them, by name and id.
        named: Vec<Named>,
    },
}

impl Subject {
    /// Finds a customer by its id, else a sub account by its id, else the same two by name in any case. Who is in an
    /// earlier ledger only is found as well.
    pub fn find(wanted: &str, ledgers: &[&Ledger]) -> Result<Self, NotFound> {
        let customers = customers(ledgers);
        if let Some(customer) = customers.get(wanted) {
            return Ok(Self::Customer(customer.clone()));
        }
        let accounts = accounts(ledgers);
        let account = |id: &Uuid, name: &Arc<str>| {
            let customer = ledgers.first().and_then(|ledger| ledger.owner_of(*id, name));
            match customer.map(Cow::into_owned) {
                // without a customer map the sub account is the customer
                Some(customer) if ledgers.iter().all(|ledger| ledger.terms.customers.is_none()) => {
                    Self::Customer(customer)
                }
                customer => Self::Account { id: *id, name: name.to_owned(), customer },
            }
        };
        if let Some((id, name)) = wanted.parse().ok().and_then(|id: Uuid| accounts.get_key_value(&id)) {
            return Ok(account(id, name));
        }
        let is_meant = |name: &str| name.to_lowercase() == wanted.to_lowercase();
        let meant: Vec<&Customer> = customers.values().filter(|customer| is_meant(&customer.name)).collect();
        match meant.as_slice() {
            [] => {}
            [only] => return Ok(Self::Customer((*only).clone())),
            several => {
                let named = several.iter().map(|customer| Named::new(&customer.name, &customer.id));
                return Err(NotFound::several("customer", named.collect()));
            }
        }
        let meant: Vec<(&Uuid, &Arc<str>)> = accounts.iter().filter(|(_, name)| is_meant(name)).collect();
        match meant.as_slice() {
            [] => Err(NotFound::nobody(wanted, &customers, &accounts)),
            [(id, name)] => Ok(account(id, name)),
            several => {
                let named = several.iter().map(|(id, name)| Named::new(name, &id.to_string()));
                Err(NotFound::several("sub account", named.collect()))
            }
        }
    }

    /// Its name, safe to display.
    pub fn name(&self) -> &str {
        match self {
            Self::Customer(customer) => &customer.name,
            Self::Account { name, .. } => name,
        }
    }

    /// Its id.
    pub fn id(&self) -> String {
        match self {
            Self::Customer(customer) => customer.id.to_string(),
            Self::Account { id, .. } => id.to_string(),
        }
    }

    /// Who is charged; nothing if nobody owns the sub account.
    pub fn customer(&self) -> Option<&Customer> {
        match self {
            Self::Customer(customer) => Some(customer),
            Self::Account { customer, .. } => customer.as_ref(),
        }
    }

    /// Per cent that are added to the cost of all its lines; nothing if they have several markups, because it is charged
    /// otherwise from some day on or an account changed hands.
    pub fn markup_percent(&self, ledger: &Ledger) -> Option<Decimal> {
        let lines = self.lines(ledger).into_iter().filter(|line| line.kind.has_customer());
        let markups: BTreeSet<Decimal> = lines.map(|line| line.markup_percent.unwrap_or_default()).collect();
        match markups.len() {
            0 => Some(self.customer().map_or(Decimal::ZERO, |customer| customer.pricing.markup_percent)),
            1 => markups.first().copied(),
            _ => None,
        }
    }

    /// Its stretches of a removed sub account, each with its owner and what was seen of it, as when it was last seen; all of
    /// the account if it did not change hands, and nothing if it never was the subject's.
    pub(super) fn seen_of<'l>(&self, ledger: &'l Ledger, gone: &Gone) -> Vec<(Option<Cow<'l, Customer>>, i64)> {
        let is_own = |owner: Option<&Customer>| match self {
            Self::Customer(customer) => owner.is_some_and(|owner| owner.id == customer.id),
            Self::Account { id, .. } => *id == gone.account_id,
        };
        let Some(stretches) = ledger.moves.get(&gone.account_id) else {
            let owner = ledger.owner_of(gone.account_id, &gone.name);
            return if is_own(owner.as_deref()) { vec![(owner, gone.seen)] } else { Vec::new() };
        };
        let parts = moves::divide(gone.seen, &moves::seen(stretches));
        let own = stretches.iter().zip(parts).filter(|(stretch, _)| is_own(stretch.owner.as_ref()));
        own.map(|(stretch, seen)| (stretch.owner.as_ref().map(Cow::Borrowed), seen)).collect()
    }

    /// The statement of its customer, if that is charged with anything.
    pub fn statement<'l>(&self, ledger: &'l Ledger) -> Option<Statement<'l>> {
        let id = &self.customer()?.id;
        ledger.charges.statement_of(id)
    }

    /// Its lines in a ledger: a customer's statement, or what anybody is charged for a sub account.
    pub(super) fn lines<'l>(&self, ledger: &'l Ledger) -> Vec<&'l Line> {
        match self {
            Self::Customer(_) => {
                let own = self.statement(ledger);
                own.map_or_else(Vec::new, |own| ledger.charges.lines_of(&own).iter().collect())
            }
            Self::Account { id, .. } => {
                let is_of_it = |line: &&Line| line.kind.has_customer() && line.account_id == Some(*id);
                ledger.charges.lines.iter().filter(is_of_it).collect()
            }
        }
    }

    /// Sub accounts that were removed and are its own, or were for a part of the period.
    pub(super) fn removed<'l>(&self, ledger: &'l Ledger) -> impl Iterator<Item = (&'l Gone, &'l Part)> {
        ledger.attribution.named().filter(|(gone, _)| !self.seen_of(ledger, gone).is_empty())
    }
}

impl NotFound {
    fn nobody(wanted: &str, customers: &BTreeMap<Arc<str>, Customer>, accounts: &BTreeMap<Uuid, Arc<str>>) -> Self {
        let wanted = wanted.to_lowercase();
        let customers_named = customers.values().map(|customer| Named::new(&customer.name, &customer.id));
        let named = customers_named.chain(accounts.iter().map(|(id, name)| Named::new(name, &id.to_string())));
        let is_similar = |named: &Named| named.name.to_lowercase().contains(&wanted) || named.id.starts_with(&wanted);
        let mut similar: Vec<Named> = named.filter(|named| !wanted.is_empty() && is_similar(named)).collect();
        similar.sort();
        // without a customer map each sub account is here twice
        similar.dedup();
        Self::Nobody { similar, customers: customers.len(), accounts: accounts.len() }
    }

    fn several(what: &'static str, mut named: Vec<Named>) -> Self {
        named.sort();
        Self::Several { what, named }
    }
}

impl Named {
    fn new(name: &str, id: &str) -> Self {
        Self { name: name.to_owned(), id: id.to_owned() }
    }
}

/// Every customer with a statement or with a removed sub account, by id.
fn customers(ledgers: &[&Ledger]) -> BTreeMap<Arc<str>, Customer> {
    let mut customers = BTreeMap::new();
    for ledger in ledgers {
        let charged = ledger.charges.statements().map(|statement| statement.payer.to_customer());
        let removed = ledger.attribution.named().flat_map(|(gone, _)| match ledger.moves.get(&gone.account_id) {
            Some(stretches) => stretches.iter().filter_map(|stretch| stretch.owner.clone()).collect(),
            None => ledger.owner_of(gone.account_id, &gone.name).map(Cow::into_owned).into_iter().collect::<Vec<_>>(),
        });
        for customer in charged.chain(removed) {
            customers.entry(customer.id.clone()).or_insert(customer);
        }
    }
    customers
}

/// Every sub account with its name, those that were removed included.
fn accounts(ledgers: &[&Ledger]) -> BTreeMap<Uuid, Arc<str>> {
    let mut accounts = BTreeMap::new();
    for ledger in ledgers {
        let (current, before): (Vec<&Line>, Vec<&Line>) = ledger
            .charges
            .lines
            .iter()
            .filter(|line| line.kind.has_customer())
            .partition(|line| line.held().is_none_or(|held| held.is_last));
        // whoever had an account before may have called it otherwise
        let charged = current.into_iter().chain(before).filter_map(|line| Some((line.account_id?, &line.name)));
        let removed = ledger.attribution.named().map(|(gone, _)| (gone.account_id, &gone.name));
        for (id, name) in charged.chain(removed) {
            accounts.entry(id).or_insert_with(|| name.clone());
        }
    }
    accounts
}
