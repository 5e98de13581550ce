//! Sub accounts that change hands: each difference is of whoever had the account in its middle, as in charges.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::super::charges::LineKind;
use super::super::super::ledger::Ledger;
use super::super::super::terms::Residual;
use super::super::super::tests::sample::{Night, map, seen_on};
use super::*;

fn on(rows: &[(u128, &str, &str, &str)]) -> Terms {
    Terms { customers: Some(map(rows)), ..Terms::default() }
}

/// From x to y, on the third.
fn moved() -> Terms {
    on(&[(1, "x", "", "2026-10-02"), (1, "y", "2026-10-03", ""), (2, "x", "", "")])
}

fn nights() -> [Reading; 4] {
    [
        reading("2026-10-01T23:45:00", 0, 0, &[(1, 100), (2, 5)]),
        reading("2026-10-02T23:45:00", 0, 0, &[(1, 150), (2, 6)]),
        reading("2026-10-03T23:45:00", 0, 0, &[(1, 170), (2, 7)]),
        reading("2026-10-04T23:45:00", 0, 0, &[(1, 180), (2, 9)]),
    ]
}

#[test]
fn each_day_is_of_whoever_had_the_account() {
    let told = shown(&history(By::Customer, false, &nights(), &moved()));
    assert_eq!(told[..4], ["01-01 seen: x 105", "02-02 seen: x 51", "03-03 seen: x 1, y 20", "04-04 seen: x 2, y 10"]);
    // in a gap, of whoever had it in the middle
    let [first, .., last] = nights();
    let told = shown(&history(By::Customer, false, &[first, last], &moved()));
    assert_eq!(told[1], "02-04 seen: x 4, y 80");
    let [first, second, ..] = nights();
    let next = reading("2026-10-04T00:00:00", 0, 0, &[(1, 170), (2, 7)]);
    let told = shown(&history(By::Customer, false, &[first, second, next], &moved()));
    assert_eq!(told[2], "03-03 seen: x 1, y 20");
}

#[test]
fn by_account_shows_the_last_owner() {
    let owner = |readings: &[Reading]| {
        let history = history(By::Account, false, readings, &moved());
        let key = history.keys.iter().find(|key| key.account_id == Some(id(1))).unwrap();
        (key.customer_id.clone().unwrap(), key.customer_name.clone().unwrap())
    };
    assert_eq!(owner(&nights()), ("y".to_owned(), "y".to_owned()));
    assert_eq!(owner(&nights()[..2]), ("x".to_owned(), "x".to_owned()));
}

#[test]
fn what_nobody_owns_has_one_key_and_the_name_of_the_account() {
    let terms = on(&[(1, "x", "2026-10-03", "2026-10-03")]);
    let mut fold = Fold::new(By::Customer, october_scope(), false, id(99), &terms);
    let readings = nights().map(|reading| Reading { accounts: reading.accounts[..1].to_vec(), ..reading });
    for reading in &readings {
        fold.see(reading).unwrap();
        fold.name([(id(1), "One")].into_iter());
    }
    let history = fold.finish(false).unwrap();
    assert_eq!(shown(&history), ["01-01 seen: 1 100", "02-02 seen: 1 50", "03-03 seen: x 20", "04-04 seen: 1 10"]);
    assert_eq!(history.keys.iter().filter_map(Key::name).collect::<Vec<_>>(), ["One", "x"]);
}

#[test]
fn who_is_gone_stays_with_whoever_had_it() {
    let [first, second, ..] = nights();
    let readings = [
        first,
        second,
        reading("2026-10-03T11:00:00", 0, 155, &[(2, 7)]),
        // it comes to cost less, and is not the new owner's
        Reading {
            removed: Figures { messages: 155, cost: 155 * 3 },
            ..reading("2026-10-04T23:45:00", 0, 0, &[(2, 9)])
        },
    ];
    let told = history(
        By::Customer,
        false,
        &readings,
        &on(&[(1, "x", "", "2026-10-03"), (1, "y", "2026-10-04", ""), (2, "z", "", "")]),
    );
    assert_eq!(shown(&told)[2..4], ["03-03 seen: x 5, z 1", "04-04 seen: x 0, z 2"]);
    assert!(told.keys.iter().all(|key| key.customer_id.as_deref() != Some("y")));
}

#[test]
fn who_was_known_before_the_period_is_whoevers_it_is_in_it() {
    let terms = on(&[(1, "x", "2026-09-01", "2026-09-30"), (1, "y", "2026-10-01", "")]);
    let mut fold = Fold::new(By::Customer, october_scope(), false, id(99), &terms);
    let mut september = reading("2026-09-30T23:45:00", 0, 0, &[(1, 900)]);
    september.period = Period { start: at("2026-09-01T00:00:00"), end: october().start };
    fold.know(&september);
    fold.see(&reading("2026-10-01T23:45:00", 0, 0, &[(1, 30)])).unwrap();
    let history = fold.finish(false).unwrap();
    assert_eq!(shown(&history), ["01-01 seen: y 30"]);
}

/// What an account sends each night, and after which night it goes, leaving some messages that nobody saw.
type Life = (Vec<i64>, Option<(usize, i64)>);

/// Who has each account first and then, and from which day on; an empty name is nobody's.
type Hands = (usize, usize, u32);

const OWNERS: [&str; 4] = ["", "x", "y", "z"];

fn lives() -> impl Strategy<Value = (Vec<Life>, Vec<Hands>, Vec<u32>)> {
    let life = (prop::collection::vec(0_i64..100, 12), prop::option::of((0_usize..3, 0_i64..50)));
    let hands = (0_usize..4, 0_usize..4, 2_u32..28);
    // days between captures
    let waits = prop::collection::vec(prop_oneof![4 => Just(1_u32), 1 => 2_u32..6], 12);
    (prop::collection::vec(life, 4), prop::collection::vec(hands, 4), waits)
}

/// The captures; of the accounts that go, no two go at once, so that what each has left is known exactly.
fn captures(lives: &[Life], waits: &[u32]) -> Vec<Night> {
    let mut day = 0;
    let night = |(number, wait): (usize, &u32)| {
        day += wait;
        let mut night = Night::at(&format!("2026-10-{:02}T01:30:00Z", day.min(30)));
        let mut removed = 0;
        for (index, (sent, goes)) in lives.iter().enumerate() {
            let until = goes.map(|(when, unseen)| (when * lives.len() + index, unseen));
            let seen = |until: usize| sent[..=until.min(number)].iter().sum::<i64>();
            match until.filter(|(last, _)| *last < number) {
                Some((last, unseen)) => removed += seen(last) + unseen,
                None => night = night.account(index as u128 + 1, seen(number)),
            }
        }
        (day <= 30).then(|| night.removed(removed))
    };
    waits.iter().enumerate().map_while(night).collect()
}

proptest! {
    /// Day by day or at the end of the period: everybody has sent the same.
    #[test]
    fn history_and_charges_tell_the_same((lives, hands, waits) in lives()) {
        let days: Vec<_> = hands.iter().map(|(.., day)| (format!("2026-10-{:02}", day - 1), format!("2026-10-{day:02}"))).collect();
        let rows = hands.iter().zip(&days).zip(1..).flat_map(|(((first, then, _), (last, day)), account)| {
            [(account, OWNERS[*first], "", last.as_str()), (account, OWNERS[*then], day.as_str(), "")]
        });
        let rows: Vec<_> = rows.filter(|(_, owner, ..)| !owner.is_empty()).collect();
        let terms = Terms { residual: Residual::Keep, ..on(&rows) };
        let nights = captures(&lives, &waits);
        let readings: Vec<Reading> = nights.iter().map(|night| Reading::of(&night.clone().books()).unwrap()).collect();
        let told = history(By::Customer, false, &readings, &terms);
        let mut by_day: BTreeMap<String, i64> = BTreeMap::new();
        for (key, figures) in told.slices.iter().flat_map(Slice::rows) {
            let key = &told.keys[key as usize];
            let owner = key.customer_id.clone().or(key.account_id.map(|id| id.to_string()));
            *by_day.entry(owner.unwrap_or_default()).or_default() += figures.messages;
        }
        let last = nights.last().unwrap().clone().books();
        let ledger = Ledger::draw_up(seen_on(&terms, nights[..nights.len() - 1].iter().cloned()), last, terms.clone());
        let mut charged: BTreeMap<String, i64> = BTreeMap::new();
        for line in &ledger.charges.lines {
            let owner = match line.held() {
                Some(held) => held.owner.as_ref().map(|owner| owner.id.clone()),
                None => line.account_id.and_then(|id| terms.customer_of(id, &"".into(), ledger.books.as_of())).map(|owner| owner.id.clone()),
            };
            let owner = owner.or(line.account_id.filter(|_| line.kind != LineKind::Parent).map(|id| id.to_string().into()));
            *charged.entry(owner.unwrap_or_default().to_string()).or_default() += line.messages.unwrap_or(0);
        }
        for messages in [&mut by_day, &mut charged] {
            messages.retain(|_, messages| *messages != 0);
        }
        prop_assert_eq!(by_day, charged);
    }
}
