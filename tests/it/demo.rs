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
    assert_eq!(files.keys().filter(|path| path.ends_with("/manifest.json")).count(), 33);
    assert_eq!(files["demo/2026-10-01/latest"], b"-> final-r1");
    assert_eq!(files["demo/2026-11-01/latest"], b"-> 20261101T234500Z");
    every_deletion_is_named(&happened, &files["demo/2026-10-01/20261031T234500Z/removed.csv"]);
    the_month_is_closed(&told["end"], &files);
}

/// The month ends with a close that foots to the invoice, a statement for each customer, and everything proved.
fn the_month_is_closed(end: &Value, files: &BTreeMap<String, Vec<u8>>) {
    assert_eq!((&end["close"]["exit_code"], &end["verify"]["exit_code"]), (&0.into(), &0.into()), "{end}");
    let of_set = |file: &str| &files[&format!("demo/2026-10-01/final-r1/{file}")];
    let control: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(&of_set("control.csv")[..]).deserialize().collect::<Result<_, _>>().expect("a table");
    let cents = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
    let of =
        |kind: &str| control.iter().filter(|row| row["row_type"] == kind).map(|row| cents(&row["cost"])).sum::<i64>();
    assert_eq!(of("statement") + of("kept") + of("left_out"), of("pooled_invoice"));
    assert_eq!((of("sum"), of("difference")), (of("pooled_invoice"), 0));
    let invoice =
        cents(end["close"]["reconciliation"]["sums"]["charges"]["pooled_invoice"].as_str().expect("an amount"));
    assert!(of("pooled_invoice") == invoice && invoice > 0, "{control:?}");
    for row in control.iter().filter(|row| row["row_type"] == "statement") {
        assert!(files.contains_key(&format!("demo/2026-10-01/final-r1/{}", row["file"])), "{row:?}");
    }
    let sets = end["verify"]["sets"].as_array().expect("sets");
    assert!(sets.len() == 33 && sets.iter().all(|set| set["verdict"] == "proved"), "{sets:?}");
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
