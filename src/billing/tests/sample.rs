//! Captures to test with: a cent a message, so that every figure can be worked out by hand.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::books::{Books, CaptureRef, Status, SubAccount, Tally, Usage, UsageLine};
use super::super::customers::{Customer, CustomerMap, Effective, Pricing};
use super::super::money::{Amount, Currency};
use super::super::past::Past;
use super::super::period::{Period, month_of};
use super::super::terms::Terms;

pub(in crate::billing) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(in crate::billing) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// One capture in the making. Its period is the calendar month, until it is told otherwise.
#[derive(Clone)]
pub(in crate::billing) struct Night {
    at: DateTime<Utc>,
    period: Period,
    parent: i64,
    removed: i64,
    lines: Vec<(u128, i64)>,
    entries: Vec<(u128, Status, i64)>,
}

impl Night {
    pub(in crate::billing) fn at(text: &str) -> Self {
        let at = at(text);
        Self { at, period: month_of(at), parent: 0, removed: 0, lines: Vec::new(), entries: Vec::new() }
    }

    pub(in crate::billing) fn period(self, start: &str, end: &str) -> Self {
        Self { period: Period { start: at(start), end: at(end) }, ..self }
    }

    /// The parent account's own usage.
    pub(in crate::billing) fn parent(self, messages: i64) -> Self {
        Self { parent: messages, ..self }
    }

    pub(in crate::billing) fn removed(self, messages: i64) -> Self {
        Self { removed: messages, ..self }
    }

    /// An active account with usage and no cap.
    pub(in crate::billing) fn account(self, number: u128, messages: i64) -> Self {
        self.capped(number, messages, 0)
    }

    /// An active account with usage and a cap.
    pub(in crate::billing) fn capped(mut self, number: u128, messages: i64, cap: i64) -> Self {
        self.lines.push((number, messages));
        self.listed(number, Status::Active, cap)
    }

    /// An entry without usage.
    pub(in crate::billing) fn listed(mut self, number: u128, status: Status, cap: i64) -> Self {
        self.entries.push((number, status, cap));
        self
    }

    pub(in crate::billing) fn books(self) -> Books {
        // an amount has an end where a count has none
        let cents = |messages: i64| messages.clamp(-1_000_000_000_000, 1_000_000_000_000);
        let cost = |messages| Amount::parse(&format!("{}e-2", cents(messages))).unwrap();
        let tally = |messages: i64| Tally { messages, cost: cost(messages) };
        let name = |number: u128| format!("Account {number}");
        let line = |(number, messages): &(u128, i64)| UsageLine {
            account_id: id(*number),
            name: name(*number).into(),
            tally: tally(*messages),
        };
        let entry = |(number, status, monthly_credit): &(u128, Status, i64)| SubAccount {
            id: id(*number),
            parent_id: Uuid::nil(),
            name: name(*number).into(),
            status: status.clone(),
            monthly_credit: *monthly_credit,
            created_at: None,
        };
        let rest = self.parent.saturating_add(self.removed);
        let usage = Usage {
            period: self.period,
            currency: Currency::parse("eur").unwrap(),
            method: "proportional".to_owned(),
            note: String::new(),
            parent_id: Uuid::nil(),
            parent: tally(self.parent),
            sub_accounts: self.lines.iter().map(line).collect(),
            removed: tally(self.removed),
            total: tally(self.lines.iter().fold(rest, |sum, (_, messages)| sum.saturating_add(*messages))),
        };
        let capture = CaptureRef { id: self.at.format("%dT%H").to_string().into(), at: self.at, sha256: String::new() };
        let accounts = self.entries.iter().map(entry).collect();
        Books::new(capture, Uuid::nil(), usage, accounts, BTreeMap::new(), Vec::new())
    }
}

/// What is known after these captures.
pub(in crate::billing) fn seen(nights: impl IntoIterator<Item = Night>) -> Past {
    seen_on(&Terms::default(), nights)
}

/// The same on other terms.
pub(in crate::billing) fn seen_on(terms: &Terms, nights: impl IntoIterator<Item = Night>) -> Past {
    let mut past = Past::default();
    for night in nights {
        past.see(&night.books(), terms);
    }
    past
}

/// A map from rows of account, customer, and the customer's first and last day; empty where it has none. A percentage after
/// the customer's id, `acme+5`, is its markup.
pub(in crate::billing) fn map(rows: &[(u128, &str, &str, &str)]) -> CustomerMap {
    let mut map = CustomerMap::default();
    let day = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
    for (account, customer, from, to) in rows {
        let (name, markup) = customer.split_once('+').unwrap_or((customer, "0"));
        let pricing = Pricing { markup_percent: markup.parse().unwrap(), ..Pricing::default() };
        let customer = Customer { id: name.into(), name: name.into(), cost_center: "".into(), pricing };
        map.insert(id(*account), customer, Effective { from: day(from), to: day(to) }).unwrap();
    }
    map
}
