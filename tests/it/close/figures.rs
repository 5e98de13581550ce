//! What a close issues: states and revisions everywhere, sums that foot, and each kind of invoice.

use super::*;

/// Every table of a set says what the set is.
#[track_caller]
pub(super) fn assert_stamped(desk: &Desk, set: &str, state: &str, revision: &str) {
    let mut count = 0;
    for (name, bytes) in look::files(&desk.set(set)) {
        // FOCUS has columns of its own
        let is_table = Path::new(&name).extension().is_some_and(|extension| extension == "csv");
        if !is_table || name.starts_with("focus/") {
            continue;
        }
        let rows: Rows = csv::Reader::from_reader(&*bytes).deserialize().collect::<Result<_, _>>().expect("a table");
        for row in rows {
            assert_eq!([&*row["state"], &*row["revision"]], [state, revision], "{name}: {row:?}");
            count += 1;
        }
    }
    assert!(count > 10, "{count} rows");
}

#[test]
fn an_invoice_that_is_the_apis_total_closes_the_period() {
    let desk = Desk::usual();
    let before = desk.archive();
    let done = desk.closed("INV-1", "41.00", &[]);
    assert!(done.stdout.contains("closed as final-r1"), "{}", done.stdout);
    assert!(done.closing().contains("the period is closed as final-r1"), "{}", done.stderr);
    assert_eq!(desk.reports()[&format!("{PARENT}/2024-01-01/latest")], b"-> final-r1");
    assert_stamped(&desk, "final-r1", "final", "1");
    desk.assert_foots("final-r1", "41.00");
    assert!(!desk.set("final-r1/journal.csv").exists(), "there is nothing that it corrects");
    // evidence is added to, and never changed
    let after = desk.archive();
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
    assert_eq!(look::assert_sound(desk.path()).0, 2);

    let record = desk.record(1);
    assert_eq!(record["invoice"]["number"], "INV-1");
    assert_eq!(record["invoice"]["amount"], "41.00");
    assert_eq!(record["closed_at"], CLOSED);
    assert_eq!(record["capture"]["id"], "20240131T234500Z");
    assert_eq!(record["accepted"], serde_json::json!([]));
}

#[test]
fn tax_is_left_out_and_credit_and_add_ons_are_shared() {
    let desk = Desk::usual();
    desk.closed("INV-1", "51.79", &["--tax", "7.79", "--credit", "-2.00", "--add-on", "5.00", "--currency", "usd"]);
    desk.assert_foots("final-r1", "51.79");
    let control = desk.table("final-r1", "control.csv");
    assert_eq!(look::row(&control, "row_type", "left_out")["cost"], "7.79");
    let chargeback = desk.table("final-r1", "chargeback.csv");
    // 44.00 by volume: 3,000, 1,000 and 100 of 4,100
    let cost = |name: &str| look::row(&chargeback, "account_name", name)["cost"].clone();
    assert_eq!([cost("Acme"), cost("Beta"), cost("Parent account")], ["32.20", "10.73", "1.07"]);
    let record = desk.record(1);
    let typed = |key: &str| record["invoice"][key].as_str().map(str::to_owned);
    assert_eq!(typed("tax").as_deref(), Some("7.79"));
    assert_eq!(typed("credit").as_deref(), Some("-2.00"));
    assert_eq!(typed("add_on").as_deref(), Some("5.00"));
    assert_eq!(typed("currency").as_deref(), Some("usd"));
}

/// A credit note: what is shared is negative, and everybody gets a part of it.
#[test]
fn a_credit_note_is_shared_like_an_invoice() {
    let desk = Desk::usual();
    desk.closed("CN-1", "-8.20", &["--credit", "-49.20"]);
    desk.assert_foots("final-r1", "-8.20");
    let chargeback = desk.table("final-r1", "chargeback.csv");
    let of = |name: &str, column: &str| look::row(&chargeback, "account_name", name)[column].clone();
    assert_eq!([of("Acme", "cost"), of("Beta", "cost"), of("Parent account", "cost")], ["-6.00", "-2.00", "-0.20"]);
    assert_eq!([of("Acme", "markup"), of("Acme", "charge")], ["-0.60", "-6.60"]);
}

#[test]
fn an_invoice_of_zero_charges_nobody() {
    let desk = Desk::usual();
    desk.closed("INV-0", "0.00", &["--credit", "-41.00"]);
    desk.assert_foots("final-r1", "0.00");
    let chargeback = desk.table("final-r1", "chargeback.csv");
    assert!(chargeback.iter().all(|row| units(&row["charge"]) == 0), "{chargeback:?}");
}

/// The margin is nobody's business but the parent account's.
#[test]
fn no_file_of_a_customer_tells_the_margin() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let files = look::files(&desk.set("final-r1/customers"));
    assert!(!files.is_empty());
    for (name, bytes) in files {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // a page has margins of its own
        let text = text.split_once("</style>").map_or(&*text, |(_, page)| page);
        assert!(!text.contains("margin") && !text.contains("markup"), "{name}");
    }
}
