//! Caps of the customer map against live ones, with the real binary against the simulator.

use std::fmt::Write;
use std::fs;

use subledger::simulator::world::{AccountChange, Event};
use uuid::Uuid;

use crate::support::simulated::Simulated;

/// Three sub accounts, of which the map wants two to change and one to stay.
fn three() -> (Simulated, [Uuid; 3]) {
    let api = Simulated::new(0);
    let ids = [("Ash", 1_000), ("Birch", 0), ("Cedar", 3_000)].map(|(name, credit)| api.account(name, credit, 10));
    map(&api, &[(ids[0], "2000"), (ids[1], "500"), (ids[2], "3000")]);
    (api, ids)
}

fn map(api: &Simulated, rows: &[(Uuid, &str)]) {
    let mut map = "sub_account_id,customer_id,customer_name,monthly_credit\n".to_owned();
    for (number, (id, credit)) in rows.iter().enumerate() {
        writeln!(map, "{id},c{number},Customer {number},{credit}").expect("a String");
    }
    fs::write(api.home.path().join("customers.csv"), map).expect("a file");
}

fn set(api: &Simulated, id: Uuid, credit: i64) {
    let change = AccountChange { monthly_credit: Some(credit), ..AccountChange::default() };
    api.simulator.apply(Event::Update(id, change)).expect("a change");
}

fn planned(api: &Simulated) -> String {
    api.json(&["caps", "plan"])["plan"].as_str().expect("a plan").to_owned()
}

#[test]
fn a_plan_shows_what_differs_and_applying_it_leaves_nothing_to_do() {
    let (api, ids) = three();
    insta::assert_snapshot!(api.run(&["caps", "plan"]).stdout);
    assert_eq!(ids.map(|id| api.cap(id)), [1_000, 0, 3_000], "a plan changes nothing");
    let plan = planned(&api);
    let applied = api.run(&["caps", "apply", "--plan", &plan]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert_eq!(ids.map(|id| api.cap(id)), [2_000, 500, 3_000]);
    assert_eq!(api.run(&["caps", "apply", "--plan", &plan]).code, 0, "once more, with nothing left to do");
    let left = api.json(&["caps", "plan"]);
    assert_eq!((&left["changes"], &left["unchanged"]), (&serde_json::json!([]), &3.into()));
}

#[test]
fn a_plan_is_refused_when_a_live_cap_of_it_changed_since() {
    let (api, ids) = three();
    let plan = planned(&api);
    set(&api, ids[0], 1_500);
    let ran = api.run(&["caps", "apply", "--plan", &plan]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("have changed since"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1,500"), "the plan of now is shown: {}", ran.stderr);
    assert_eq!(ids.map(|id| api.cap(id)), [1_500, 0, 3_000]);
    // and so it is when an account that was as wanted no longer is
    let plan = planned(&api);
    set(&api, ids[2], 7);
    assert_eq!(api.run(&["caps", "apply", "--plan", &plan]).code, 2);
    // what does not concern the plan does not
    let plan = planned(&api);
    let stranger = api.account("Stranger", 5, 0);
    set(&api, stranger, 6);
    assert_eq!(api.run(&["caps", "apply", "--plan", &plan]).code, 0);
}

#[test]
fn a_plan_that_fails_half_way_says_what_became_of_each_account() {
    let (api, ids) = three();
    map(&api, &[(ids[0], "10"), (ids[1], "20"), (ids[2], "30")]);
    let mut in_order = ids;
    in_order.sort();
    api.fault(&format!("500,method=PUT,path={}", in_order[1]));
    let ran = api.run(&["caps", "apply", "--yes", "--output", "json"]);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let results: Vec<&str> =
        json["results"].as_array().unwrap().iter().map(|row| row["result"].as_str().unwrap()).collect();
    // nobody knows what a server error left behind
    assert_eq!(results, ["changed", "unknown", "not tried"]);
    assert_eq!(ran.closing(), "evidence: untouched; `subledger caps plan` shows what is left to do");
    api.simulator.clear_faults();
    let text = api.run(&["caps", "apply", "--yes"]);
    assert!(text.code == 0 && text.stdout.contains("2 of 2 caps changed"), "{}{}", text.stdout, text.stderr);
    assert_eq!(ids.map(|id| api.cap(id)), [10, 20, 30]);
}

#[test]
fn accounts_that_are_not_there_are_told_and_a_map_without_caps_is_refused() {
    let (api, ids) = three();
    let gone = Uuid::from_u128(7);
    map(&api, &[(ids[0], "1000"), (gone, "5")]);
    let plan = api.json(&["caps", "plan"]);
    assert_eq!(plan["missing"], serde_json::json!([gone]));
    map(&api, &[(ids[0], "")]);
    let ran = api.run(&["caps", "plan"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("monthly_credit"), "{}", ran.stderr);
}

#[test]
fn a_row_wants_its_cap_on_its_own_days_only() {
    let (api, ids) = three();
    let write = |rows: &[(usize, &str, &str)]| {
        let mut map =
            "sub_account_id,customer_id,customer_name,monthly_credit,effective_from,effective_to\n".to_owned();
        for (number, (place, credit, days)) in rows.iter().enumerate() {
            writeln!(map, "{},c{number},Customer {number},{credit},{days}", ids[*place]).expect("a String");
        }
        fs::write(api.home.path().join("customers.csv"), map).expect("a file");
    };
    // it is the 15th of October: the first account has changed hands today, the second will, the third had
    write(&[
        (0, "10", ",2026-10-14"),
        (0, "2000", "2026-10-15,"),
        (1, "500", ",2026-10-15"),
        (1, "20", "2026-10-16,"),
        (2, "30", "2026-09-01,2026-09-30"),
    ]);
    let plan = planned(&api);
    assert_eq!(api.run(&["caps", "apply", "--plan", &plan]).code, 0);
    assert_eq!(ids.map(|id| api.cap(id)), [2_000, 500, 3_000]);
    let tomorrow = api.run_at("2026-10-16T00:00:00Z", &["caps", "apply", "--yes"]);
    assert!(tomorrow.stdout.contains("1 of 1 cap changed"), "{}{}", tomorrow.stdout, tomorrow.stderr);
    assert_eq!(ids.map(|id| api.cap(id)), [2_000, 20, 3_000]);
    write(&[(2, "30", "2026-09-01,2026-09-30")]);
    let none = api.run_at("2026-10-16T00:00:01Z", &["caps", "plan"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("no row of the customer map with a `monthly_credit` is effective on 2026-10-16"));
}
