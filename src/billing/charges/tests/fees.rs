//! Lines of fees and minimums: who has them, and what they come to.

use super::super::super::books::Status;
use super::super::super::customers::{Customer, CustomerMap, Effective, Pricing};
use super::super::super::terms::RemovedUsage;
use super::super::super::tests::sample::seen_on;
use super::*;

fn exact(text: &str) -> Exact {
    Amount::parse(text).unwrap().exact()
}

fn pricing(markup: i64, fee: &str, minimum: &str) -> Pricing {
    Pricing { markup_percent: markup.into(), monthly_fee: exact(fee), minimum_charge: exact(minimum) }
}

fn customer(id: &str, pricing: Pricing) -> Customer {
    Customer { id: id.into(), name: id.into(), cost_center: "".into(), pricing }
}

/// The id of a customer of the map.
fn mapped_id(payer: Payer<'_>) -> &str {
    match payer {
        Payer::Customer(customer) => &customer.id,
        Payer::Account { .. } => "",
    }
}

/// Each line of each statement: customer, type, charge.
fn charged(ledger: &Ledger) -> Vec<(&str, &str, i128)> {
    let of = |statement: &Statement<'_>| ledger.charges.lines_of(statement).iter();
    let lines = ledger.charges.statements().flat_map(|s| of(&s).map(move |line| (mapped_id(s.payer), line)));
    lines.map(|(id, line)| (id, line.kind.as_str(), line.charge().0)).collect()
}

#[test]
fn a_minimum_tops_up_what_usage_markup_and_fee_come_to() {
    let mut map = CustomerMap::default();
    let rows = [
        (1, "a", pricing(10, "2.00", "25.00")),
        (2, "b", pricing(0, "0", "1.00")),
        (3, "c", pricing(0, "3.005", "0")),
        (4, "d", pricing(0, "0", "0")),
    ];
    for (account, id, pricing) in rows {
        map.insert(super::id(account), customer(id, pricing), Effective::ALWAYS).unwrap();
    }
    let night = Night::at("2024-01-10T02:00:00Z").account(1, 1_000).account(2, 200);
    let night = night.listed(3, Status::Suspended, 0).listed(4, Status::Active, 0);
    let terms = Terms { customers: Some(map), ..Terms::default() };
    let ledger = Ledger::draw_up(Past::default(), night.books(), terms);
    let expected = [
        ("a", "sub_account", 1_100),
        ("a", "fee", 200),
        ("a", "minimum", 1_200),
        // what is reached has nothing to say
        ("b", "sub_account", 200),
        // an account that is listed is in the period, whether or not it may send
        ("c", "fee", 301),
    ];
    assert_eq!(charged(&ledger), expected);
    let a = ledger.charges.statement(0).unwrap().sums;
    assert_eq!((a.cost, a.markup, a.fee, a.charge), (Minor(1_000), Minor(100), Minor(1_400), Minor(2_500)));
    assert_eq!((ledger.charges.proof().fee, ledger.charges.proof().difference), (Minor(1_701), Minor::ZERO));
}

#[test]
fn whoever_had_an_account_in_the_period_pays_the_fee() {
    let (mut map, fee) = (CustomerMap::default(), pricing(0, "5", "0"));
    let until = |to: &str| Effective { from: None, to: Some(to.parse().unwrap()) };
    let from = |day: &str| Effective { from: Some(day.parse().unwrap()), to: None };
    map.insert(id(1), customer("x", fee), until("2024-01-10")).unwrap();
    map.insert(id(1), customer("y", fee), from("2024-01-11")).unwrap();
    map.insert(id(2), customer("gone", fee), Effective::ALWAYS).unwrap();
    map.insert(id(3), customer("never there", fee), Effective::ALWAYS).unwrap();
    let terms = |removed_usage| Terms { customers: Some(map.clone()), removed_usage, ..Terms::default() };
    let nights = [
        Night::at("2024-01-10T02:00:00Z").listed(1, Status::Active, 0).account(2, 10),
        Night::at("2024-01-12T02:00:00Z").listed(1, Status::Active, 0).removed(10),
    ];
    for (removed_usage, lines) in [(RemovedUsage::Attribute, 4), (RemovedUsage::Keep, 3), (RemovedUsage::Spread, 3)] {
        let terms = terms(removed_usage);
        let [first, last] = nights.clone();
        let past = seen_on(&terms, [first]);
        let ledger = Ledger::draw_up(past, last.books(), terms);
        let fees: Vec<_> = charged(&ledger).into_iter().filter(|(_, kind, _)| *kind == "fee").collect();
        assert_eq!(fees, [("gone", "fee", 500), ("x", "fee", 500), ("y", "fee", 500)], "{removed_usage:?}");
        assert_eq!(charged(&ledger).len(), lines);
    }
}

#[test]
fn whoever_has_an_account_by_now_pays_the_fee_although_no_message_is_theirs_yet() {
    let mut map = CustomerMap::default();
    let day = |text: &str| text.parse().ok();
    let [last, first] = [day("2024-01-24"), day("2024-01-25")];
    map.insert(super::id(1), customer("x", pricing(0, "0", "0")), Effective { from: None, to: last }).unwrap();
    map.insert(super::id(1), customer("y", pricing(0, "5.00", "0")), Effective { from: first, to: None }).unwrap();
    let terms = Terms { customers: Some(map), ..Terms::default() };
    // halfway between the two it was X's, and at the later one it is Y's
    let past = seen_on(&terms, [Night::at("2024-01-20T02:00:00Z").account(1, 100)]);
    let ledger = Ledger::draw_up(past, Night::at("2024-01-28T02:00:00Z").account(1, 200).books(), terms.clone());
    let expected = [("x", "sub_account", 200), ("y", "sub_account", 0), ("y", "fee", 500)];
    assert_eq!(charged(&ledger), expected);
    // on a capture before its day nobody knows of Y yet
    let ledger = Ledger::draw_up(Past::default(), Night::at("2024-01-20T02:00:00Z").account(1, 100).books(), terms);
    assert_eq!(charged(&ledger), [("x", "sub_account", 100)]);
}

#[test]
fn whoever_was_gone_before_the_period_pays_no_fee_in_it() {
    let terms = Terms { pricing: pricing(0, "5.00", "0"), ..Terms::default() };
    let last = Night::at("2023-12-31T23:00:00Z").period("2023-12-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let past = seen_on(&terms, [last.account(1, 100).account(2, 50)]);
    let first = Night::at("2024-01-01T23:00:00Z").account(2, 10).books();
    let ledger = Ledger::draw_up(past, first, terms);
    let fees: Vec<String> =
        charged(&ledger).iter().filter(|(_, kind, _)| *kind == "fee").map(|(id, ..)| (*id).to_owned()).collect();
    assert_eq!(fees, [super::id(2).to_string()]);
}

#[test]
fn a_customer_is_billed_as_it_is_and_not_as_it_will_be() {
    let mut map = CustomerMap::default();
    let rows = [("", "2024-01-24", "2.00"), ("2024-01-25", "", "9.00")];
    for (from, to, fee) in rows {
        let day = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        map.insert(super::id(1), customer("x", pricing(0, fee, "0")), Effective { from: day(from), to: day(to) })
            .unwrap();
    }
    let terms = || Terms { customers: Some(map.clone()), ..Terms::default() };
    let fee = |at: &str| {
        let ledger = Ledger::draw_up(Past::default(), Night::at(at).account(1, 0).books(), terms());
        ledger.charges.proof().fee
    };
    assert_eq!([fee("2024-01-10T02:00:00Z"), fee("2024-01-26T02:00:00Z")], [Minor(200), Minor(900)]);
}

#[test]
fn a_minimum_has_the_bounds_that_usage_leaves_it() {
    let mut map = CustomerMap::default();
    map.insert(id(1), customer("a", pricing(0, "0", "26.00")), Effective::ALWAYS).unwrap();
    let terms = Terms { customers: Some(map), ..invoiced() };
    // a quarter of the invoice is its own, and may become more or less in the tail
    let nights = [("2024-01-16T00:00:00Z", 500), ("2024-01-31T00:00:00Z", 1_000)];
    let [first, last] = nights.map(|(at, messages)| Night::at(at).account(1, messages).parent(3 * messages));
    let past = seen_on(&terms, [first]);
    let ledger = Ledger::draw_up(past, last.books(), terms);
    let [usage, minimum] = ledger.charges.lines_of(&ledger.charges.statement(0).unwrap()) else { panic!("two lines") };
    assert_eq!((usage.charge(), minimum.charge(), minimum.grade), (Minor(2_500), Minor(100), Grade::Tail));
    let lacking = |charge: Minor| (Minor(2_600) - charge).max(Minor::ZERO);
    assert_eq!(minimum.span(), Span { low: lacking(usage.span().high), high: lacking(usage.span().low) });
    let span = ledger.charges.statement(0).unwrap().sums.span;
    assert!(span.low == Minor(2_600) && span.high >= Minor(2_600), "{span:?}");
}
