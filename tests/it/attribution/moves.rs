//! Accounts that change hands, in the same worlds: whose each message was is worked out in another way than the program does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use subledger::billing::charges::{Line, LineKind};
use subledger::billing::customers::{Customer, CustomerMap, Effective, Pricing};
use subledger::billing::ledger::Ledger;
use subledger::billing::money::{Amount, Exact, Minor};
use subledger::billing::period::Period;
use uuid::Uuid;

use super::story::Night;

/// Who has an account first, then, and at last, and on which days after the first of all that changes; owner 0 is nobody.
pub(super) type Row = ([u8; 3], [i64; 2]);

pub(super) fn any_rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(([0_u8..4, 0_u8..4, 0_u8..4], [0_i64..90, 1_i64..40]), 1..8)
}

/// A map of these accounts, which take the rows in turn.
pub(super) fn map(accounts: &BTreeSet<Uuid>, rows: &[Row]) -> CustomerMap {
    let mut map = CustomerMap::default();
    let first: NaiveDate = "2026-09-01".parse().expect("a day");
    for (account, (owners, [from, length])) in accounts.iter().zip(rows.iter().cycle()) {
        let [second, third] = [*from, from + length].map(|days| first + TimeDelta::days(days));
        let before = |day: NaiveDate| day.pred_opt();
        let days = [(None, before(second)), (Some(second), before(third)), (Some(third), None)];
        for (owner, (from, to)) in owners.iter().zip(days).filter(|(owner, _)| **owner > 0) {
            map.insert(*account, customer(*owner), Effective { from, to }).expect("other days than before");
        }
    }
    map
}

fn customer(number: u8) -> Customer {
    let amount = |text: &str| Amount::parse(text).expect("an amount").exact();
    let pricing = Pricing {
        markup_percent: (5 * i64::from(number)).into(),
        monthly_fee: if number == 2 { amount("7.5") } else { Exact::ZERO },
        minimum_charge: if number == 3 { amount("40") } else { Exact::ZERO },
    };
    Customer {
        id: format!("c{number}").into(),
        name: format!("Customer {number}").into(),
        cost_center: Arc::default(),
        pricing,
    }
}

/// What each account has sent while it was whose, as the captures so far tell.
#[derive(Default)]
pub(super) struct Witness {
    last: Option<(Period, DateTime<Utc>)>,
    seen: BTreeMap<Uuid, i64>,
    parts: BTreeMap<(Uuid, Option<Arc<str>>), i64>,
}

impl Witness {
    pub(super) fn see(&mut self, night: &Night, map: &CustomerMap) {
        let (usage, at) = (&night.books.usage, night.books.capture.at);
        let since = self.last.filter(|(period, _)| *period == usage.period).map(|(_, at)| at);
        if since.is_none() {
            (self.seen, self.parts) = Default::default();
        }
        let since = since.unwrap_or(usage.period.start);
        let halfway = since + (at - since) / 2;
        for line in &usage.sub_accounts {
            let before = self.seen.insert(line.account_id, line.tally.messages).unwrap_or(0);
            let owner = map.owner(line.account_id, halfway).map(|owner| owner.id.clone());
            *self.parts.entry((line.account_id, owner)).or_default() += line.tally.messages - before;
        }
        self.last = Some((usage.period, at));
    }

    /// Every account that is shown has the parts that were seen, with whoever it was.
    pub(super) fn check(&self, ledger: &Ledger) -> Result<(), TestCaseError> {
        let mut parts: BTreeMap<(Uuid, Option<Arc<str>>), i64> = BTreeMap::new();
        let shown = ledger.charges.lines.iter().filter(|line| line.kind == LineKind::SubAccount);
        for line in shown.filter(|line| line.held().is_some()) {
            let owner = line.held().and_then(|held| held.owner.as_ref()).map(|owner| owner.id.clone());
            let account = line.account_id.expect("a sub account");
            *parts.entry((account, owner)).or_default() += line.messages.unwrap_or(0);
        }
        for ((account, owner), messages) in parts {
            let expected = self.parts.get(&(account, owner.clone())).copied().unwrap_or(0);
            prop_assert_eq!(messages, expected, "{} of {:?}", account, owner);
        }
        Ok(())
    }
}

/// What all lines of an account have: messages, cost as sent, and its share of what is shared.
type Sums = BTreeMap<(LineKind, Option<Uuid>), (i64, Exact, Minor)>;

fn sums(ledger: &Ledger) -> Sums {
    let mut sums = Sums::new();
    let of_usage = |line: &&Line| !line.kind.is_fee();
    for line in ledger.charges.lines.iter().filter(of_usage) {
        let sum = sums.entry((line.kind, line.account_id)).or_default();
        sum.0 += line.messages.unwrap_or(0);
        sum.1 = sum.1 + line.allocated_cost.map_or(Exact::ZERO, Amount::exact);
        sum.2 += line.share;
    }
    sums
}

/// That accounts change hands takes nothing from them and gives them nothing.
pub(super) fn parts_are_the_whole(parted: &Ledger, whole: &Ledger) -> Result<(), TestCaseError> {
    prop_assert_eq!(sums(parted), sums(whole));
    let payers: BTreeSet<_> = parted.charges.statements().map(|statement| statement.payer.id()).collect();
    prop_assert_eq!(payers.len(), parted.charges.statements().len(), "a customer has one statement");
    for statement in parted.charges.statements() {
        for line in parted.charges.lines_of(&statement) {
            let owner = line.held().map(|held| held.owner.as_ref().map(|owner| owner.id.as_ref()));
            prop_assert!(owner.is_none_or(|owner| owner == Some(&*statement.payer.id())), "{line:?}");
        }
    }
    let mut nobodys = parted.charges.kept().filter_map(|line| line.held());
    prop_assert!(nobodys.all(|held| held.owner.is_none()));
    Ok(())
}
