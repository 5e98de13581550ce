//! Customers: who is charged for which sub accounts.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use uuid::Uuid;

/// Who is charged: one or more sub accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Customer {
    /// The customer's own id; without a customer map the sub account's id.
    pub id: String,
    /// Its name, safe to display.
    pub name: String,
    /// Where its charge is booked; may be empty.
    pub cost_center: String,
    /// Per cent added to its cost; may be negative.
    pub markup_percent: Decimal,
}

/// The customer map: each sub account belongs to at most one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerMap {
    owners: BTreeMap<Uuid, String>,
    customers: BTreeMap<String, Customer>,
}

/// Why an entry does not fit the map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapConflict {
    /// The sub account is already in the map.
    #[error("sub account is already mapped to customer `{0}`")]
    AccountTwice(String),
    /// An earlier row gives the customer another name, cost center or markup.
    #[error("customer `{0}` has another name, cost center or markup in an earlier row")]
    CustomerDiffers(String),
}

impl CustomerMap {
    /// Adds one row of the map.
    pub fn insert(&mut self, account_id: Uuid, customer: Customer) -> Result<(), MapConflict> {
        if let Some(owner) = self.owners.get(&account_id) {
            return Err(MapConflict::AccountTwice(owner.clone()));
        }
        match self.customers.get(&customer.id) {
            Some(known) if *known != customer => return Err(MapConflict::CustomerDiffers(customer.id)),
            _ => {}
        }
        self.owners.insert(account_id, customer.id.clone());
        self.customers.insert(customer.id.clone(), customer);
        Ok(())
    }

    /// Who is charged for a sub account.
    pub fn owner(&self, account_id: Uuid) -> Option<&Customer> {
        self.customers.get(self.owners.get(&account_id)?)
    }

    /// Every row as (sub account, customer), ordered by sub account.
    pub fn rows(&self) -> impl Iterator<Item = (Uuid, &Customer)> {
        self.owners.iter().filter_map(|(account_id, customer)| Some((*account_id, self.customers.get(customer)?)))
    }
}
