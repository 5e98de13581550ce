//! What a history promises: days, gaps and removed usage by example, and sums that hold whatever happens.

mod moves;
mod sums;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::customers::{Customer, CustomerMap, Effective, Pricing};
use super::super::money::Currency;
use super::super::period::Period;
use super::super::terms::Terms;
use super::*;

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

fn october() -> Period {
    Period { start: at("2026-10-01T00:00:00"), end: at("2026-11-01T00:00:00") }
}

fn figures(messages: i64) -> Figures {
    Figures { messages, cost: i128::from(messages) * 7 }
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A reading of October in the order parent, removed, accounts.
fn reading(text: &str, parent: i64, removed: i64, accounts: &[(u128, i64)]) -> Reading {
    let currency = Currency::parse("eur").unwrap();
    let head = Head { id: text.into(), at: at(text), period: october(), currency };
    let accounts = accounts.iter().map(|(number, messages)| (id(*number), figures(*messages))).collect();
    Reading::new(head, figures(parent), figures(removed), accounts).unwrap()
}

fn october_scope() -> Scope {
    Scope::Period("2026-10-01".to_owned())
}

fn history(by: By, even_out: bool, readings: &[Reading], terms: &Terms) -> History {
    let mut fold = Fold::new(by, october_scope(), even_out, id(99), terms);
    for reading in readings {
        fold.see(reading).unwrap();
    }
    fold.finish(true).unwrap()
}

/// Days, state, and the rows by the last digits of the key.
fn shown(history: &History) -> Vec<String> {
    let key = |key: u32| match &history.keys[key as usize] {
        Key { kind: Kind::SubAccount, account_id: Some(id), .. } => id.as_u128().to_string(),
        Key { kind: Kind::Customer, customer_id: Some(id), .. } => id.clone(),
        key => key.kind.as_str().to_owned(),
    };
    let line = |slice: &Slice| {
        let rows: Vec<String> =
            slice.rows().map(|(row, figures)| format!("{} {}", key(row), figures.messages)).collect();
        let (first, last) = (slice.days.first.format("%d"), slice.days.last.format("%d"));
        format!("{first}-{last} {}: {}", slice.state.as_str(), rows.join(", "))
    };
    history.slices.iter().map(line).collect()
}

#[test]
fn a_difference_over_several_nights_stays_one_unless_asked() {
    let readings = [
        reading("2026-10-01T23:45:00", 10, 0, &[(1, 100)]),
        reading("2026-10-04T23:45:00", 11, 0, &[(1, 200)]),
        reading("2026-10-05T23:45:00", 12, 0, &[(1, 190)]),
    ];
    let terms = Terms::default();
    assert_eq!(
        shown(&history(By::Account, false, &readings, &terms)),
        [
            "01-01 seen: parent 10, 1 100",
            "02-04 seen: parent 1, 1 100",
            "05-05 seen: parent 1, 1 -10",
            "06-31 unseen: "
        ]
    );
    assert_eq!(
        shown(&history(By::Account, true, &readings, &terms))[1..4],
        ["02-02 estimated: parent 1, 1 34", "03-03 estimated: parent 0, 1 33", "04-04 estimated: parent 0, 1 33"]
    );
    assert_eq!(shown(&history(By::Pool, false, &readings, &terms))[1], "02-04 seen: pool 101");
}

#[test]
fn captures_early_in_the_day_stand_for_the_day_that_follows() {
    let readings = [
        reading("2026-10-01T01:17:00", 1, 0, &[]),
        reading("2026-10-02T01:17:00", 3, 0, &[]),
        reading("2026-10-03T01:17:00", 6, 0, &[]),
    ];
    let told = shown(&history(By::Pool, false, &readings, &Terms::default()));
    assert_eq!(told[..2], ["01-01 seen: pool 3", "02-02 seen: pool 3"]);
}

#[test]
fn removed_usage_goes_to_who_left_it_and_is_not_counted_twice() {
    let readings = [
        reading("2026-10-01T23:45:00", 0, 0, &[(1, 100), (2, 50)]),
        reading("2026-10-02T23:45:00", 0, 110, &[(2, 60)]),
        // nobody was seen to leave these three
        reading("2026-10-03T23:45:00", 0, 113, &[(2, 60)]),
        // it is back: what was removed of it is no longer
        reading("2026-10-04T23:45:00", 0, 3, &[(1, 115), (2, 60)]),
    ];
    let told = shown(&history(By::Account, false, &readings, &Terms::default()));
    assert_eq!(told[..3], ["01-01 seen: 1 100, 2 50", "02-02 seen: 1 10, 2 10", "03-03 seen: removed 3"]);
    assert_eq!(told[3], "04-04 seen: 1 5");
}

#[test]
fn who_left_nothing_is_gone_only_if_the_list_says_so() {
    let terms = Terms::default();
    let first = reading("2026-10-01T23:45:00", 0, 0, &[(1, 0), (2, 5)]);
    let second = reading("2026-10-02T23:45:00", 0, 4, &[(2, 5)]);
    let mut fold = Fold::new(By::Account, october_scope(), false, id(99), &terms);
    fold.see(&first).unwrap();
    assert!(fold.is_in_doubt(&second));
    assert!(!fold.is_in_doubt(&reading("2026-10-02T23:45:00", 0, 0, &[(2, 5)])), "nothing to give anybody");
    for (idle, expected) in [(None, "removed 4"), (Some(vec![id(1)]), "removed 4"), (Some(Vec::new()), "1 4")] {
        let second = Reading { idle, ..second.clone() };
        let told = shown(&history(By::Account, false, &[first.clone(), second], &terms));
        assert_eq!(told[1], format!("02-02 seen: {expected}"));
    }
}

#[test]
fn who_was_there_before_the_period_is_known_and_has_no_rows() {
    let terms = Terms::default();
    let mut fold = Fold::new(By::Account, october_scope(), false, id(99), &terms);
    let mut september = reading("2026-09-30T23:45:00", 70, 0, &[(1, 900), (2, 5)]);
    september.period = Period { start: at("2026-09-01T00:00:00"), end: october().start };
    fold.know(&september);
    let first = reading("2026-10-01T23:45:00", 0, 9, &[(2, 6)]);
    assert!(fold.is_in_doubt(&first));
    fold.see(&Reading { idle: Some(Vec::new()), ..first }).unwrap();
    fold.name([(id(2), "Two"), (id(7), "nobody's")].into_iter());
    assert!(fold.nameless().iter().eq([&id(1)]), "the name of 1 is wanted");
    let history = fold.finish(false).unwrap();
    assert_eq!(shown(&history), ["01-01 seen: 1 9, 2 6"]);
    assert_eq!(history.keys.iter().filter_map(Key::name).collect::<Vec<_>>(), ["Two"]);
}

#[test]
fn customers_gather_their_accounts_and_nobody_is_left_out() {
    let customer =
        Customer { id: "acme".into(), name: "Acme".into(), cost_center: "".into(), pricing: Pricing::default() };
    let mut map = CustomerMap::default();
    map.insert(id(1), customer.clone(), Effective::ALWAYS).unwrap();
    map.insert(id(2), customer, Effective::ALWAYS).unwrap();
    let terms = Terms { customers: Some(map), ..Terms::default() };
    let readings = [
        reading("2026-10-01T23:45:00", 7, 0, &[(1, 100), (2, 50), (3, 1)]),
        reading("2026-10-02T23:45:00", 7, 110, &[(2, 60), (3, 2)]),
    ];
    let told = shown(&history(By::Customer, false, &readings, &terms));
    assert_eq!(told[..2], ["01-01 seen: parent 7, acme 150, 3 1", "02-02 seen: acme 20, 3 1"]);
}

#[test]
fn two_periods_are_never_subtracted_and_what_lies_between_is_told() {
    let terms = Terms::default();
    let days = Days { first: "2026-10-31".parse().unwrap(), last: "2026-12-01".parse().unwrap() };
    let mut fold = Fold::new(By::Pool, Scope::Days(days), false, id(99), &terms);
    fold.see(&reading("2026-10-30T23:45:00", 500, 0, &[])).unwrap();
    let december = Period { start: at("2026-12-01T00:00:00"), end: at("2027-01-01T00:00:00") };
    let mut next = reading("2026-12-01T23:45:00", 20, 0, &[]);
    next.period = december;
    fold.see(&next).unwrap();
    assert_eq!(shown(&fold.finish(false).unwrap()), ["31-31 unseen: ", "01-30 unseen: ", "01-01 seen: pool 20"]);
}

#[test]
fn another_currency_has_no_place() {
    let terms = Terms::default();
    let mut fold = Fold::new(By::Pool, october_scope(), false, id(99), &terms);
    fold.see(&reading("2026-10-01T23:45:00", 1, 0, &[])).unwrap();
    let dollars = Reading { currency: Currency::parse("usd").unwrap(), ..reading("2026-10-02T23:45:00", 2, 0, &[]) };
    assert_eq!(fold.see(&dollars), Err(Unfit::Currency { found: "USD", expected: "EUR" }));
}

#[test]
fn an_overview_has_the_largest_first_and_the_mean_of_several_days() {
    let readings =
        [reading("2026-10-01T23:45:00", 10, 0, &[(1, 100)]), reading("2026-10-04T23:45:00", 40, 0, &[(1, 400)])];
    let terms = Terms::default();
    let mut fold = Fold::new(By::Account, october_scope(), false, id(99), &terms);
    for reading in &readings {
        fold.see(reading).unwrap();
    }
    let history = fold.finish(false).unwrap();
    let overview = Overview::of(&history, 40);
    let totals: Vec<i128> = overview.totals.iter().map(|total| total.messages).collect();
    assert_eq!((totals, overview.messages, overview.step_days), (vec![400, 40], 440, 1));
    let keys: Vec<u32> = overview.totals.iter().map(|total| total.key).collect();
    let series = overview.series(&history, &keys);
    assert_eq!(series, [[Some(100), None, None, Some(100)], [Some(10), None, None, Some(10)]]);
    assert_eq!(Overview::of(&history, 2).series(&history, &keys)[0], [Some(100), Some(100)]);
}
