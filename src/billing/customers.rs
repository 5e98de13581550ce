//! Customers: who is charged for which sub accounts, since when and until when, and what is charged on top.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::money::Exact;
use super::period::{Period, midnight};

/// What a customer is charged beyond its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Pricing {
    /// Per cent added to each line's cost; may be negative.
    pub markup_percent: Decimal,
    /// A fixed fee for each billing period, in major units.
    pub monthly_fee: Exact,
    /// The least that a billing period is charged with, everything included, in major units; nothing tops it up to 0.
    pub minimum_charge: Exact,
}

/// Who is charged: one or more sub accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Customer {
    /// The customer's own id; without a customer map the sub account's id.
    pub id: Arc<str>,
    /// Its name, safe to display.
    pub name: Arc<str>,
    /// Where its charge is booked; may be empty.
    pub cost_center: Arc<str>,
    /// What it is charged beyond its cost.
    pub pricing: Pricing,
}

impl Customer {
    /// A sub account that is its own customer.
    pub fn of_account(id: Uuid, name: &Arc<str>, pricing: Pricing) -> Self {
        let id = Arc::from(&*id.hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]));
        Self { id, name: Arc::clone(name), cost_center: Arc::default(), pricing }
    }
}

/// Calendar days in UTC, both ends included; open where no day is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Effective {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

impl Effective {
    /// Every day there is.
    pub const ALWAYS: Self = Self { from: None, to: None };

    /// Whether the last day comes before the first.
    pub fn is_reversed(self) -> bool {
        self.from.zip(self.to).is_some_and(|(from, to)| to < from)
    }

    /// Whether an instant is on one of these days.
    pub fn contains(self, at: DateTime<Utc>) -> bool {
        let date = at.date_naive();
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }

    /// Whether any day is in both.
    pub fn overlap(self, other: Self) -> bool {
        let begins_in_time = |a: Self, b: Self| a.from.zip(b.to).is_none_or(|(from, to)| from <= to);
        begins_in_time(self, other) && begins_in_time(other, self)
    }

    /// What of these days lies in a billing period; open where they reach beyond it.
    #[must_use]
    pub fn within(self, period: Period) -> Self {
        Self {
            from: self.from.filter(|from| midnight(*from) > period.start),
            to: self.to.filter(|to| day_after(*to) < period.end),
        }
    }

    /// Whether any instant of a billing period is on one of these days.
    fn touch(self, period: Period) -> bool {
        self.from.is_none_or(|from| midnight(from) < period.end)
            && self.to.is_none_or(|to| day_after(to) > period.start)
    }
}

impl fmt::Display for Effective {
    /// `from 2026-10-05 to 2026-10-14`, `from 2026-10-15`, `until 2026-10-14`, `on 2026-10-15`, `always`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => write!(f, "on {from}"),
            (Some(from), Some(to)) => write!(f, "from {from} to {to}"),
            (Some(from), None) => write!(f, "from {from}"),
            (None, Some(to)) => write!(f, "until {to}"),
            (None, None) => f.write_str("always"),
        }
    }
}

fn day_after(date: NaiveDate) -> DateTime<Utc> {
    date.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, midnight)
}

/// What is said of a customer on some days: its name, cost center and pricing may change with time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    customer: Customer,
    days: Vec<Effective>,
}

/// The customer map: on each day, each sub account belongs to at most one customer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerMap {
    /// The rows of each sub account by their days, each with its place among the versions of its customer.
    owners: BTreeMap<Uuid, Vec<(Effective, String, usize)>>,
    /// The versions of each customer, in the order of the rows.
    customers: BTreeMap<String, Vec<Version>>,
    is_dated: bool,
}

/// Why an entry does not fit the map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapConflict {
    /// The sub account is in the map on some of these days already.
    #[error("sub account is already mapped to customer `{0}`")]
    AccountTwice(String),
    /// Another row gives the customer another name, cost center or pricing on some of these days.
    #[error("customer `{0}` has another name, cost center, markup, fee or minimum in an earlier row of the same days")]
    CustomerDiffers(String),
}

impl CustomerMap {
    /// Adds one row of the map: on these days the sub account is the customer's.
    pub fn insert(&mut self, account_id: Uuid, customer: Customer, days: Effective) -> Result<(), MapConflict> {
        let rows = self.owners.entry(account_id).or_default();
        if let Some((_, owner, _)) = rows.iter().find(|(taken, ..)| taken.overlap(days)) {
            return Err(MapConflict::AccountTwice(owner.clone()));
        }
        let versions = self.customers.entry(customer.id.to_string()).or_default();
        let is_other = |version: &Version| version.customer != customer;
        if versions.iter().any(|version| is_other(version) && version.days.iter().any(|taken| taken.overlap(days))) {
            return Err(MapConflict::CustomerDiffers(customer.id.to_string()));
        }
        self.is_dated |= days != Effective::ALWAYS;
        let id = customer.id.clone();
        let place = versions.iter().position(|version| version.customer == customer).unwrap_or_else(|| {
            versions.push(Version { customer, days: Vec::new() });
            versions.len() - 1
        });
        if !versions[place].days.contains(&days) {
            versions[place].days.push(days);
        }
        rows.push((days, id.to_string(), place));
        rows.sort();
        Ok(())
    }

    /// Who is charged for a sub account at an instant.
    pub fn owner(&self, account_id: Uuid, at: DateTime<Utc>) -> Option<&Customer> {
        let rows = self.owners.get(&account_id)?;
        let (_, id, place) = rows.iter().find(|(days, ..)| days.contains(at))?;
        self.version(id, *place)
    }

    /// The days around an instant on which a sub account is, or is not, whoever's it is then.
    pub fn days_of(&self, account_id: Uuid, at: DateTime<Utc>) -> Effective {
        let rows = self.owners.get(&account_id).map(Vec::as_slice).unwrap_or_default();
        if let Some((days, ..)) = rows.iter().find(|(days, ..)| days.contains(at)) {
            return *days;
        }
        let date = at.date_naive();
        let before = rows.iter().filter_map(|(days, ..)| days.to).filter(|to| *to < date).max();
        let after = rows.iter().filter_map(|(days, ..)| days.from).filter(|from| *from > date).min();
        Effective { from: before.and_then(|day| day.succ_opt()), to: after.and_then(|day| day.pred_opt()) }
    }

    /// Whether a sub account changes hands within a billing period, to another customer, to other pricing, or to nobody.
    pub fn is_moved(&self, account_id: Uuid, period: Period) -> bool {
        if !self.is_dated {
            return false;
        }
        let rows = self.owners.get(&account_id).map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter(|(days, ..)| days.touch(period)).any(|(days, ..)| days.within(period) != Effective::ALWAYS)
    }

    /// The rows of a sub account that are effective in a period, by their days.
    pub fn rows_in(&self, account_id: Uuid, period: Period) -> impl Iterator<Item = (Effective, &Customer)> {
        let rows = self.owners.get(&account_id).map(Vec::as_slice).unwrap_or_default();
        let rows = rows.iter().filter(move |(days, ..)| days.touch(period));
        rows.filter_map(|(days, id, place)| Some((*days, self.version(id, *place)?)))
    }

    /// A customer as the map has it last in a period, or the only way it has it at all.
    pub fn customer_in(&self, id: &str, period: Period) -> Option<&Customer> {
        let versions = self.customers.get(id)?;
        if let [only] = versions.as_slice() {
            return Some(&only.customer);
        }
        let versions = versions.iter();
        let last = |version: &&Version| {
            let days = version.days.iter().filter(|days| days.touch(period));
            // open ends come last
            days.map(|days| days.to.map_or((1, NaiveDate::MAX), |to| (0, to))).max()
        };
        versions.filter(|version| last(version).is_some()).max_by_key(last).map(|version| &version.customer)
    }

    /// Every customer, in each of its versions.
    pub fn customers(&self) -> impl Iterator<Item = &Customer> {
        self.customers.values().flatten().map(|version| &version.customer)
    }

    /// When a sub account may change hands: the first instants of days on which one begins, or ceases, to be a customer's.
    pub fn changes(&self) -> impl Iterator<Item = (DateTime<Utc>, Uuid)> {
        let rows = self.owners.iter().filter(|_| self.is_dated);
        let rows = rows.flat_map(|(account_id, rows)| rows.iter().map(|(days, ..)| (*account_id, *days)));
        rows.flat_map(|(account_id, days)| {
            let instants = [days.from.map(midnight), days.to.map(day_after)];
            instants.into_iter().flatten().map(move |at| (at, account_id))
        })
    }

    /// Every row as (sub account, days, customer), ordered by sub account and days.
    pub fn rows(&self) -> impl Iterator<Item = (Uuid, Effective, &Customer)> {
        self.owners.iter().flat_map(|(account_id, rows)| {
            rows.iter().filter_map(|(days, id, place)| Some((*account_id, *days, self.version(id, *place)?)))
        })
    }

    fn version(&self, id: &str, place: usize) -> Option<&Customer> {
        self.customers.get(id)?.get(place).map(|version| &version.customer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        (!text.is_empty()).then(|| text.parse().unwrap())
    }

    fn days(from: &str, to: &str) -> Effective {
        Effective { from: day(from), to: day(to) }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn customer(id: &str, markup: i64) -> Customer {
        let pricing = Pricing { markup_percent: markup.into(), ..Pricing::default() };
        Customer { id: id.into(), name: id.to_uppercase().into(), cost_center: Arc::default(), pricing }
    }

    fn october() -> Period {
        Period { start: at("2026-10-01T00:00:00Z"), end: at("2026-11-01T00:00:00Z") }
    }

    #[test]
    fn a_sub_account_belongs_to_one_customer_on_each_day() {
        let (account, mut map) = (Uuid::from_u128(1), CustomerMap::default());
        map.insert(account, customer("old", 0), days("", "2026-10-14")).unwrap();
        map.insert(account, customer("new", 0), days("2026-10-16", "")).unwrap();
        let owner = |text: &str| map.owner(account, at(text)).map(|customer| customer.id.as_ref());
        assert_eq!(owner("2026-10-14T23:59:59Z"), Some("old"));
        assert_eq!(owner("2026-10-15T12:00:00Z"), None);
        assert_eq!(owner("2026-10-16T00:00:00Z"), Some("new"));
        assert_eq!(map.days_of(account, at("2026-10-15T12:00:00Z")), days("2026-10-15", "2026-10-15"));
        assert!(map.is_moved(account, october()));
        let september = Period { start: at("2026-09-01T00:00:00Z"), end: at("2026-10-01T00:00:00Z") };
        assert!(!map.is_moved(account, september) && !map.is_moved(Uuid::from_u128(2), october()));
        let mut overlapping = map.clone();
        let refused = overlapping.insert(account, customer("third", 0), days("2026-10-10", "2026-10-15"));
        assert_eq!(refused, Err(MapConflict::AccountTwice("old".to_owned())));
    }

    #[test]
    fn a_customer_may_change_with_time_but_not_on_one_day() {
        let mut map = CustomerMap::default();
        map.insert(Uuid::from_u128(1), customer("a", 5), days("", "2026-10-14")).unwrap();
        map.insert(Uuid::from_u128(2), customer("a", 7), days("2026-10-15", "")).unwrap();
        let refused = map.insert(Uuid::from_u128(3), customer("a", 9), days("2026-10-01", "2026-10-01"));
        assert_eq!(refused, Err(MapConflict::CustomerDiffers("a".to_owned())));
        assert_eq!(map.customer_in("a", october()), Some(&customer("a", 7)), "the last version of the period");
        let september = Period { start: at("2026-09-01T00:00:00Z"), end: at("2026-10-01T00:00:00Z") };
        assert_eq!(map.customer_in("a", september), Some(&customer("a", 5)));
    }

    #[test]
    fn days_within_a_period_are_open_where_they_reach_beyond_it() {
        assert_eq!(days("2026-10-01", "2026-10-31").within(october()), Effective::ALWAYS);
        assert_eq!(days("2026-10-02", "2026-11-30").within(october()), days("2026-10-02", ""));
        assert_eq!(days("2026-09-02", "2026-10-30").within(october()), days("", "2026-10-30"));
        let shown =
            [("2026-10-02", "2026-10-05"), ("", "2026-10-05"), ("2026-10-02", ""), ("2026-10-02", "2026-10-02")];
        let shown = shown.map(|(from, to)| days(from, to).to_string());
        assert_eq!(shown, ["from 2026-10-02 to 2026-10-05", "until 2026-10-05", "from 2026-10-02", "on 2026-10-02"]);
    }
}
