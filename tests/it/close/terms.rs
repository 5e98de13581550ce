//! Terms of a close, at the ledger: what becomes of each class of the invoice, and a close with fees and minimums in words.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use subledger::billing::books::{Books, CaptureRef, Tally, Usage, UsageLine};
use subledger::billing::charges::{Line, LineKind};
use subledger::billing::close::{Accepted, Close, Issued, Obstacle, Superseded};
use subledger::billing::customers::{Customer, CustomerMap, Effective, Pricing};
use subledger::billing::invoice::{Class, InvoiceEntry, Policies, Policy};
use subledger::billing::ledger::Ledger;
use subledger::billing::money::{Amount, Currency, Minor};
use subledger::billing::past::Past;
use subledger::billing::period::Period;
use subledger::billing::terms::Terms;
use subledger::report::settlement::{Places, Sheet};
use uuid::Uuid;

use super::CLOSED;

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// January 2024 to its end at a cent a message: 3,000 of one account, 1,000 of another, none of the parent's.
fn books() -> Books {
    let tally = |messages: i64| Tally { messages, cost: amount(&format!("{messages}e-2")) };
    let line = |number: u128, messages: i64| UsageLine {
        account_id: Uuid::from_u128(number),
        name: format!("Account {number}").into(),
        tally: tally(messages),
    };
    let usage = Usage {
        period: Period { start: at("2024-01-01T00:00:00Z"), end: at("2024-02-01T00:00:00Z") },
        currency: Currency::parse("eur").expect("a currency"),
        method: "proportional".to_owned(),
        note: String::new(),
        parent_id: Uuid::nil(),
        parent: tally(0),
        sub_accounts: vec![line(1, 3_000), line(2, 1_000)],
        removed: tally(0),
        total: tally(4_000),
    };
    let end = at("2024-02-01T00:00:00Z");
    let capture = CaptureRef { id: "20240201T000000Z".into(), at: end, sha256: String::new() };
    Books::new(capture, Uuid::nil(), usage, Vec::new(), BTreeMap::new(), Vec::new())
}

/// An invoice of 49.00 to 40.00 of the API: 8.00 of tax, a credit of 5.00, an add-on of 2.00, and 4.00 that nobody explains.
fn terms() -> Terms {
    let entry = InvoiceEntry {
        number: "INV-1".to_owned(),
        tax: amount("8.00"),
        credit: amount("-5.00"),
        add_on: amount("2.00"),
        ..InvoiceEntry::of(amount("49.00"))
    };
    let date = "2024-01-01".parse().expect("a date");
    Terms { invoices: [(date, entry)].into(), ..Terms::default() }
}

fn closed(terms: Terms, revision: u32, supersedes: Option<Superseded>) -> Ledger {
    let close = Close {
        revision,
        closed_at: at(CLOSED),
        accepted: vec![Accepted { what: Obstacle::Rest, reason: "queried".to_owned() }],
        reason: supersedes.as_ref().map(|_| "the fee was agreed on later".to_owned()),
        supersedes,
    };
    Ledger::draw_up(Past::default(), books(), Terms { close: Some(close), ..terms })
}

fn policies_with(class: Class, policy: Policy) -> Policies {
    let mut policies =
        Policies { tax: Policy::LeaveOut, credit: Policy::Spread, add_on: Policy::Spread, rest: Policy::Keep };
    *match class {
        Class::Tax => &mut policies.tax,
        Class::Credit => &mut policies.credit,
        Class::AddOn => &mut policies.add_on,
        Class::Rest => &mut policies.rest,
    } = policy;
    policies
}

#[test]
fn each_class_goes_where_its_policy_says() {
    for (class, cents) in [(Class::Tax, 800), (Class::Credit, -500), (Class::AddOn, 200), (Class::Rest, 400)] {
        for policy in [Policy::Spread, Policy::Keep, Policy::LeaveOut] {
            let ledger = closed(Terms { policies: policies_with(class, policy), ..terms() }, 1, None);
            let charges = &ledger.charges;
            let own: Vec<Minor> = charges.kept().filter(|l| l.kind == LineKind::Class(class)).map(Line::cost).collect();
            let out: Vec<Minor> = charges.left_out.iter().filter(|(c, _)| *c == class).map(|(_, cost)| *cost).collect();
            let (expected_own, expected_out) = match policy {
                Policy::Spread => (vec![], vec![]),
                Policy::Keep => (vec![Minor(cents)], vec![]),
                Policy::LeaveOut => (vec![], vec![Minor(cents)]),
            };
            assert_eq!((own, out), (expected_own, expected_out), "{class:?} {policy:?}");
            // all that is spread is borne by the two customers, three to one
            let spread = [(Class::Tax, 800), (Class::Credit, -500), (Class::AddOn, 200), (Class::Rest, 400)]
                .into_iter()
                .filter(|(other, _)| policies_with(class, policy).of(*other) == Policy::Spread)
                .map(|(_, cents)| cents)
                .sum::<i128>();
            let costs: Vec<i128> = charges.statements().map(|statement| statement.sums.cost.0).collect();
            assert_eq!(costs, [(4_000 + spread) * 3 / 4, (4_000 + spread) / 4], "{class:?} {policy:?}");
            assert_eq!((charges.proof().difference, charges.proof().sum()), (Minor::ZERO, Minor(4_900)));
        }
    }
}

/// Two customers: one with a markup and a fee, one below its minimum.
fn priced(fee: &str) -> Terms {
    let mut map = CustomerMap::default();
    for (number, markup, fee, minimum) in [(1, 10, fee, "0"), (2, 0, "0", "25.00")] {
        let pricing = Pricing {
            markup_percent: markup.into(),
            monthly_fee: amount(fee).exact(),
            minimum_charge: amount(minimum).exact(),
        };
        let (id, name) = (format!("c{number}"), format!("Customer {number}"));
        let customer = Customer { id: id.into(), name: name.into(), cost_center: "".into(), pricing };
        map.insert(Uuid::from_u128(number), customer, Effective::ALWAYS).expect("a row");
    }
    Terms { customers: Some(map), ..terms() }
}

fn sheet(ledger: &Ledger) -> String {
    let places = Places { evidence: "archive".to_owned(), record: Some("record".to_owned()), reports: None };
    Sheet { ledger, label: "acme", unneeded: &[], refused: &[], places }.text()
}

#[test]
fn fees_and_minimums_are_margin_and_never_part_of_the_invoice() {
    let first = closed(priced("0"), 1, None);
    let supersedes = Superseded {
        revision: 1,
        invoice_number: "INV-1".to_owned(),
        sha256: String::new(),
        invoice: first.charges.pooled.minor,
        issued: Issued::of(&first.charges),
    };
    let second = closed(priced("9.90"), 2, Some(supersedes));
    let charge = |ledger: &Ledger| -> Vec<[i128; 3]> {
        let statements = ledger.charges.statements();
        statements.map(|statement| [statement.sums.cost.0, statement.sums.fee.0, statement.sums.charge.0]).collect()
    };
    // 37.00 three to one: 27.75 with a markup of 2.78, and 9.25 that lack 15.75 to the minimum
    assert_eq!(charge(&first), [[2_775, 0, 3_053], [925, 1_575, 2_500]]);
    assert_eq!(charge(&second), [[2_775, 990, 4_043], [925, 1_575, 2_500]]);
    insta::assert_snapshot!("close-with-fees", format!("{}\n{}", sheet(&first), sheet(&second)));
}
