//! Captures that make no sense together: counts that go up and down to the ends of their range, accounts that vanish and
//! return, currencies and periods that change.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use subledger::billing::books::{Books, CaptureRef, Status, SubAccount, Tally, Usage, UsageLine};
use subledger::billing::money::{Amount, Currency};
use subledger::billing::period::Period;
use uuid::Uuid;

/// One bucket, as (messages, cost).
type Figure = (i64, String);

/// A sub account: its usage line, and its entry as (status, cap).
type Sub = (Option<Figure>, Option<(usize, i64)>);

fn any_figure() -> impl Strategy<Value = Figure> {
    let messages = prop_oneof![
        2 => Just(0_i64),
        6 => 0_i64..1_000,
        2 => 0_i64..=i64::MAX,
        1 => Just(i64::MAX),
        1 => -1_000_i64..0,
        1 => prop_oneof![Just(i64::MIN), Just(i64::MIN + 1)],
    ];
    let cost = prop_oneof![
        6 => (0_i64..1_000_000, 0_u32..7).prop_map(|(digits, scale)| format!("{digits}e-{scale}")),
        1 => Just("999999999999999".to_owned()),
        1 => Just("-999999999999999".to_owned()),
        1 => Just("0".to_owned()),
    ];
    (messages, cost)
}

fn tally(figure: &Figure) -> Tally {
    Tally { messages: figure.0, cost: Amount::parse(&figure.1).expect("an amount") }
}

/// Captures in their order, in one of two periods and currencies each.
pub(super) fn any_captures() -> impl Strategy<Value = Vec<Books>> {
    let subs = prop::collection::vec((prop::option::of(any_figure()), prop::option::of((0_usize..4, any_cap()))), 0..5);
    let capture = (0_i64..200_000, any::<u8>(), [any_figure(), any_figure(), any_figure()], subs);
    prop::collection::vec(capture, 1..12).prop_map(|captures| {
        let mut at: DateTime<Utc> = "2026-10-20T02:00:00Z".parse().expect("a time");
        let mut all = Vec::new();
        for (seconds, turn, sums, subs) in captures {
            at += TimeDelta::seconds(seconds);
            all.push(books(at, turn, &sums, &subs));
        }
        all
    })
}

/// Every account that a capture shows.
pub(super) fn accounts(books: &Books) -> impl Iterator<Item = Uuid> {
    let used = books.usage.sub_accounts.iter().map(|line| line.account_id);
    used.chain(books.accounts.iter().map(|account| account.id)).collect::<Vec<_>>().into_iter()
}

fn any_cap() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0_i64), 1_i64..1_000, Just(i64::MAX), Just(-1)]
}

fn books(at: DateTime<Utc>, turn: u8, [parent, removed, total]: &[Figure; 3], subs: &[Sub]) -> Books {
    let statuses = [Status::Active, Status::Suspended, Status::Deleted, Status::Other("odd".to_owned().into())];
    let name = |number: usize| format!("Account {number}");
    let id = |number: usize| Uuid::from_u128(number as u128 + 1);
    let line = |(number, (figure, _)): (usize, &Sub)| {
        let tally = tally(figure.as_ref()?);
        Some(UsageLine { account_id: id(number), name: name(number).into(), tally })
    };
    let entry = |(number, (_, entry)): (usize, &Sub)| {
        let (status, monthly_credit) = entry.as_ref().copied()?;
        Some(SubAccount {
            id: id(number),
            parent_id: Uuid::nil(),
            name: name(number).into(),
            status: statuses[status].clone(),
            monthly_credit,
            created_at: None,
        })
    };
    let day = |text: &str| format!("{text}T00:00:00Z").parse().expect("a time");
    // now and then the API errs about the period: it goes back, or ends before it starts
    let period = match turn % 8 {
        0 => Period { start: day("2026-11-01"), end: day("2026-12-01") },
        1 => Period { start: day("2026-10-01"), end: day("2026-09-01") },
        _ => Period { start: day("2026-10-01"), end: day("2026-11-01") },
    };
    let usage = Usage {
        period,
        currency: Currency::parse(if turn > 200 { "usd" } else { "eur" }).expect("a currency"),
        method: "proportional".to_owned(),
        note: String::new(),
        parent_id: Uuid::nil(),
        parent: tally(parent),
        sub_accounts: subs.iter().enumerate().filter_map(line).collect(),
        removed: tally(removed),
        total: tally(total),
    };
    let accounts = subs.iter().enumerate().filter_map(entry).collect();
    let capture = CaptureRef { id: at.to_rfc3339().into(), at, sha256: String::new() };
    Books::new(capture, Uuid::nil(), usage, accounts, BTreeMap::new(), Vec::new())
}
