//! The usage answer, and what moods make of it and of the list.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::*;
use crate::simulator::world::{BillingDay, Rounding};

#[derive(Deserialize)]
struct Line<'a> {
    reception_count: u64,
    #[serde(borrow)]
    allocated_cost: &'a RawValue,
}

#[derive(Deserialize)]
struct Usage<'a> {
    #[serde(borrow)]
    parent: Line<'a>,
    sub_accounts: Vec<Line<'a>>,
    removed_sub_accounts: Line<'a>,
    total: Line<'a>,
}

#[test]
fn usage_adds_up_in_the_digits_as_sent() {
    for (rounding, last_digit) in [(Rounding::Two, 2), (Rounding::Four, 4), (Rounding::Full, 9)] {
        let bench = Bench::with(250, |genesis| genesis.mood.rounding = rounding, |_| {});
        let answer = bench.get("/usage");
        let mut usage: Usage<'_> = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(usage.sub_accounts.len(), bench.world.account_count());
        usage.sub_accounts.extend([usage.parent, usage.removed_sub_accounts]);
        let cost = |line: &Line<'_>| Decimal::from_str_exact(line.allocated_cost.get()).unwrap();
        let dust = Decimal::new(1, last_digit) * Decimal::from(usage.sub_accounts.len());
        let difference = usage.sub_accounts.iter().map(cost).sum::<Decimal>() - cost(&usage.total);
        assert!(difference.abs() <= dust, "{difference}");
        let messages = usage.sub_accounts.iter().map(|line| line.reception_count).sum::<u64>();
        assert_eq!(messages, usage.total.reception_count);
    }
}

#[test]
fn usage_says_what_it_is_of() {
    let json = Bench::new(3).get("/usage").json();
    let period = json!({"start": "2026-07-01T00:00:00Z", "end": "2026-08-01T00:00:00Z"});
    assert_eq!(json["billing_period"], period);
    assert_eq!((&json["currency"], &json["allocation_method"]), (&"eur".into(), &"proportional".into()));
    assert!(json["removed_sub_accounts"].get("account_id").is_none());
    assert!(json["total"].get("account_id").is_none());
}

#[test]
fn another_billing_day_makes_another_period() {
    let bench = Bench::with(3, |genesis| genesis.mood.billing_day = BillingDay::new(15).unwrap(), |_| {});
    let period = json!({"start": "2026-07-15T00:00:00Z", "end": "2026-08-15T00:00:00Z"});
    assert_eq!(bench.get("/usage").json()["billing_period"], period);
}

#[test]
fn moods_hide_suspended_and_idle_sub_accounts() {
    let of = |mood: Mood| {
        let bench = Bench::with(100, |genesis| genesis.mood = mood, |_| {});
        let (list, usage) = (bench.get("").json(), bench.get("/usage").json());
        let count = |array: &Value| array.as_array().unwrap().len();
        let removed = usage["removed_sub_accounts"]["reception_count"].as_u64().unwrap();
        (count(&list["data"]), count(&usage["sub_accounts"]), removed, usage["total"].clone())
    };
    let all = of(Mood::default());
    let unlisted = of(Mood { list_suspended: false, ..Mood::default() });
    assert!(unlisted.0 < all.0);
    assert_eq!((unlisted.1, unlisted.2), (all.1, all.2));
    let unmentioned = of(Mood { suspended_usage: false, ..Mood::default() });
    assert!(unmentioned.1 < all.1 && unmentioned.2 >= all.2);
    let without_idle = of(Mood { zero_usage: false, ..Mood::default() });
    assert!(without_idle.1 < all.1);
    assert_eq!(without_idle.2, all.2);
    assert!([unlisted.3, unmentioned.3, without_idle.3].iter().all(|total| *total == all.3), "the total is the total");
}
