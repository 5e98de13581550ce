//! The simulated month: a capture and a report set for every night but the one without an API.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::look::{captures, json};
use crate::support::{home, ran, subledger, tree};

#[test]
fn a_month_leaves_32_captures_in_one_chain_and_their_report_sets() {
    let folder = home();
    let played = ran(subledger(folder.path()).args(["demo", "--accounts", "12", "--output", "json"]));
    assert_eq!(played.code, 0, "{}", played.stderr);
    let told: Value = serde_json::from_str(&played.stdout).expect("JSON on stdout");
    let nights = told["nights"].as_array().expect("nights");
    let exits: Vec<u64> = nights.iter().map(|night| night["exit_code"].as_u64().expect("a code")).collect();
    assert_eq!((exits.len(), exits.iter().filter(|code| **code == 0).count(), exits[13]), (33, 32, 20));

    let happened: Vec<&str> = nights
        .iter()
        .flat_map(|night| night["happened"].as_array().expect("a list"))
        .map(|said| said.as_str().expect("a text"))
        .collect();
    for kind in [
        "created: ",
        "deleted: ",
        "suspended: ",
        "named again: ",
        "cap reached: ",
        "API down: exit 20",
        "a new period: ",
    ] {
        assert!(happened.iter().any(|said| said.starts_with(kind)), "{kind} in {happened:?}");
    }
    assert!(nights[32]["happened"][0].as_str().expect("a text").starts_with("a new period"));

    let demo = folder.path().join("demo");
    let captures = captures(&demo);
    assert_eq!(captures.len(), 32);
    let of_next_period = captures.keys().filter(|path| path.contains("period=2026-11-01")).count();
    assert_eq!(of_next_period, 1, "the first night of the next period");
    // each manifest names the one before it
    let mut previous = Value::Null;
    for (path, manifest) in &captures {
        let manifest = json(std::str::from_utf8(manifest).expect("UTF-8"));
        assert_eq!(manifest["previous"]["capture"], previous, "{path}");
        let (folder, _) = path.rsplit_once('/').expect("a folder");
        previous = folder.rsplit_once("capture=").expect("a capture").1.into();
    }
    let files = tree(&demo.join("reports"));
    assert_eq!(files.keys().filter(|path| path.ends_with("/manifest.json")).count(), 32);
    assert_eq!(files["demo/2026-10-01/latest"], b"-> 20261031T234500Z");
    assert_eq!(files["demo/2026-11-01/latest"], b"-> 20261101T234500Z");
    every_deletion_is_named(&happened, &files["demo/2026-10-01/20261031T234500Z/removed.csv"]);
}

/// What the world knows of each deletion lies within the bounds that captures give it, and is what is charged.
fn every_deletion_is_named(happened: &[&str], removed: &[u8]) {
    let rows: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(removed).deserialize().collect::<Result<_, _>>().expect("a table");
    let deleted = happened.iter().filter_map(|said| said.strip_prefix("deleted: ")?.split_once("; its "));
    let mut count = 0;
    for (name, rest) in deleted {
        let messages: String = rest.split(' ').next().expect("a number").replace(',', "");
        let truth: i64 = messages.parse().expect("a number");
        let row = rows.iter().find(|row| row["account_name"] == name).unwrap_or_else(|| panic!("no row of {name}"));
        let [low, charged, high] =
            ["messages_low", "messages", "messages_high"].map(|key| row[key].parse::<i64>().expect("a number"));
        assert!(low <= truth && truth <= high && charged == truth, "{name}: {truth} in {row:?}");
        count += 1;
    }
    assert!(count > 0 && rows.len() == count, "{rows:?}");
}

#[test]
fn a_demo_replaces_a_demo_and_nothing_else() {
    let folder = home();
    let demo = || ran(subledger(folder.path()).args(["demo", "--accounts", "0"]));
    assert_eq!(demo().code, 0);
    assert_eq!(demo().code, 0);
    std::fs::remove_file(folder.path().join("demo/.subledger-demo")).expect("the marker");
    let refused = demo();
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}
