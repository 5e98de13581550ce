//! `customers.csv`: which customer owns which sub account, on which days and at what price.

use uuid::Uuid;

use super::cells;
use super::table::{Row, Table, TableError};
use crate::billing::cap_plan::DatedCaps;
use crate::billing::customers::{Customer, CustomerMap, Effective, MapConflict, Pricing};

/// The columns, by the names of the header; order does not matter, the last seven may be missing.
const COLUMNS: [&str; 10] = [
    "sub_account_id",
    "customer_id",
    "customer_name",
    "cost_center",
    "markup_percent",
    "monthly_fee",
    "minimum_charge",
    "effective_from",
    "effective_to",
    "monthly_credit",
];
/// Columns that must be there.
const REQUIRED_COUNT: usize = 3;
/// What makes rows of other days.
const OTHER_DAYS: &str = "let the days of the two not overlap (`effective_from`, `effective_to`)";

/// Everything that the file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Customers {
    /// Who owns what.
    pub(super) map: CustomerMap,
    /// The caps that sub accounts are to have.
    pub(super) caps: DatedCaps,
}

/// Reads a customer map. An empty cell of a price means that of `pricing`, and 0 means none.
pub fn parse_customers(bytes: &[u8], pricing: Pricing) -> Result<CustomerMap, TableError> {
    read(bytes, pricing).map(|customers| customers.map)
}

/// Reads a customer map, and the caps that it wants; the first thing that is wrong ends it.
pub(super) fn read(bytes: &[u8], pricing: Pricing) -> Result<Customers, TableError> {
    let mut customers = Customers::default();
    Table::open(bytes, &COLUMNS, REQUIRED_COUNT)?.rows(|row| {
        let entry = Entry::of(row, pricing)?;
        let Entry { account_id, customer, days, monthly_credit } = entry.clone();
        if let Err(conflict) = customers.map.insert(account_id, customer, days) {
            return Err(entry.conflict(&conflict, row, bytes, pricing));
        }
        if let Some(monthly_credit) = monthly_credit {
            customers.caps.add(account_id, days, monthly_credit);
        }
        Ok(())
    })?;
    Ok(customers)
}

/// What one row says.
#[derive(Clone)]
struct Entry {
    account_id: Uuid,
    customer: Customer,
    days: Effective,
    monthly_credit: Option<i64>,
}

impl Entry {
    fn of(row: &Row<'_>, pricing: Pricing) -> Result<Self, TableError> {
        let uuid = |text: &str| Uuid::parse_str(text).map_err(|_| "is not a UUID".to_owned());
        let account_id = row.need("sub_account_id", uuid)?;
        let id = row.need("customer_id", cells::text)?;
        let customer = Customer {
            name: row.read("customer_name", cells::text)?.unwrap_or_else(|| id.clone()).into(),
            id: id.into(),
            cost_center: row.read("cost_center", cells::text)?.unwrap_or_default().into(),
            pricing: Pricing {
                markup_percent: row.read("markup_percent", cells::markup)?.unwrap_or(pricing.markup_percent),
                monthly_fee: row.read("monthly_fee", cells::fee)?.unwrap_or(pricing.monthly_fee),
                minimum_charge: row.read("minimum_charge", cells::fee)?.unwrap_or(pricing.minimum_charge),
            },
        };
        let days =
            Effective { from: row.read("effective_from", cells::date)?, to: row.read("effective_to", cells::date)? };
        if days.is_reversed() {
            let problem = "is before `effective_from`; it is the last day of the row, that day included";
            return Err(row.wrong("effective_to", problem));
        }
        Ok(Self { account_id, customer, days, monthly_credit: row.read("monthly_credit", cells::monthly_credit)? })
    }

    /// Names the earlier row that this one does not fit to, and what to do.
    fn conflict(&self, conflict: &MapConflict, row: &Row<'_>, bytes: &[u8], pricing: Pricing) -> TableError {
        let (column, problem) = match conflict {
            MapConflict::AccountTwice(_) => {
                let is_same = |entry: &Self| entry.account_id == self.account_id && entry.days.overlap(self.days);
                let line = first(bytes, pricing, is_same).map_or(0, |(line, _)| line);
                ("sub_account_id", format!("is mapped in line {line} already; delete one of the rows, or {OTHER_DAYS}"))
            }
            MapConflict::CustomerDiffers(id) => {
                let is_other = |entry: &Self| {
                    let (own, customer) = (&self.customer, &entry.customer);
                    customer.id == own.id && customer != own && entry.days.overlap(self.days)
                };
                let earlier = first(bytes, pricing, is_other);
                let column = earlier.as_ref().map_or("customer_id", |(_, entry)| self.differs_in(entry));
                let line = earlier.map_or(0, |(line, _)| line);
                (
                    column,
                    format!("is another one for customer `{id}` in line {line}; make them the same, or {OTHER_DAYS}"),
                )
            }
        };
        row.wrong(column, problem)
    }

    /// The first column in which two rows of a customer differ.
    fn differs_in(&self, other: &Self) -> &'static str {
        let (own, other) = (&self.customer, &other.customer);
        let (price, other_price) = (own.pricing, other.pricing);
        let columns = [
            ("customer_name", own.name != other.name),
            ("cost_center", own.cost_center != other.cost_center),
            ("markup_percent", price.markup_percent != other_price.markup_percent),
            ("monthly_fee", price.monthly_fee != other_price.monthly_fee),
            ("minimum_charge", price.minimum_charge != other_price.minimum_charge),
        ];
        columns.into_iter().find(|(_, differs)| *differs).map_or("customer_id", |(column, _)| column)
    }
}

/// The first row that is meant, with its line; only asked for when something is wrong, so that nothing is kept for it.
fn first(bytes: &[u8], pricing: Pricing, is_meant: impl Fn(&Entry) -> bool) -> Option<(u64, Entry)> {
    let mut found = None;
    let table = Table::open(bytes, &COLUMNS, REQUIRED_COUNT).ok()?;
    // what is wrong further down is told once this is mended
    let _ = table.rows(|row| {
        let entry = Entry::of(row, pricing)?;
        if found.is_none() && is_meant(&entry) {
            found = Some((row.line, entry));
        }
        Ok(())
    });
    found
}

#[cfg(test)]
mod tests;
