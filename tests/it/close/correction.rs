//! Corrections: a further revision beside what was issued, with a journal that sums to the change.

use super::figures::assert_stamped;
use super::*;

/// Sums of the journal's cost lines: old, new, difference, debit less credit.
fn cost_sums(journal: &Rows) -> [i128; 4] {
    let is_line = |row: &&BTreeMap<String, String>| {
        row["account"] == "cost" && ["statement", "kept", "left_out"].contains(&&*row["row_type"])
    };
    let sum = |column: &str| {
        let amounts = journal.iter().filter(is_line).map(|row| &row[column]).filter(|amount| !amount.is_empty());
        amounts.map(|amount| units(amount)).sum::<i128>()
    };
    [sum("old"), sum("new"), sum("difference"), sum("debit") - sum("credit")]
}

/// The journal foots to both invoices, and says what it corrects.
#[track_caller]
fn assert_journal(desk: &Desk, set: &str, invoices: [&str; 2], superseded: &str) -> Rows {
    let journal = desk.table(set, "journal.csv");
    let [old, new] = invoices.map(units);
    assert_eq!(cost_sums(&journal), [old, new, new - old, new - old], "{journal:?}");
    for kind in ["sum", "invoice"] {
        let row = journal.iter().find(|row| row["row_type"] == kind && row["name"] != "margin").expect(kind);
        assert_eq!([units(&row["old"]), units(&row["new"])], [old, new], "{kind}");
    }
    let difference = look::row(&journal, "row_type", "difference");
    assert!(["old", "new", "difference"].iter().all(|column| units(&difference[*column]) == 0), "{difference:?}");
    assert!(journal.iter().all(|row| row["supersedes"] == superseded), "{journal:?}");
    assert!(desk.set(set).join("journal.parquet").is_file());
    journal
}

/// The files of one set, and of its record in the archive.
fn frozen(desk: &Desk, revision: u32) -> BTreeMap<String, Vec<u8>> {
    let (set, record) = (format!("/final-r{revision}/"), format!("/close=r{revision}/"));
    let files = desk.reports().into_iter().chain(desk.archive());
    let files: BTreeMap<_, _> = files.filter(|(name, _)| name.contains(&set) || name.contains(&record)).collect();
    assert!(files.len() > 10, "{:?}", files.keys());
    files
}

#[test]
fn a_correction_is_a_further_revision_and_the_first_stays_as_it_was_issued() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let first = frozen(&desk, 1);
    let done = desk.closed("INV-1-A", "52.00", &["--tax", "8.30", "--add-on", "2.70", "--reason", "tax was forgotten"]);
    assert!(done.stdout.contains("closed as final-r2"), "{}", done.stdout);
    assert_eq!(frozen(&desk, 1), first, "r1 is what it was");
    assert_eq!(desk.reports()[&format!("{PARENT}/2024-01-01/latest")], b"-> final-r2");
    assert_stamped(&desk, "final-r2", "restated", "2");
    assert_stamped(&desk, "final-r1", "final", "1");
    desk.assert_foots("final-r2", "52.00");
    let journal = assert_journal(&desk, "final-r2", ["41.00", "52.00"], "final-r1");
    assert!(journal.iter().all(|row| row["reason"] == "tax was forgotten" && row["superseded_invoice"] == "INV-1"));
    let record = desk.record(2);
    assert_eq!(record["reason"], "tax was forgotten");
    assert_eq!(record["supersedes"]["revision"], 1);
    assert_eq!(record["supersedes"]["sha256"], journal[0]["superseded_sha256"].as_str());

    let second = frozen(&desk, 2);
    desk.closed("INV-1-B", "38.00", &["--credit", "-3.00", "--reason", "tax is the buyer's, and there is a credit"]);
    assert_eq!((frozen(&desk, 1), frozen(&desk, 2)), (first, second));
    assert_journal(&desk, "final-r3", ["52.00", "38.00"], "final-r2");
    assert_stamped(&desk, "final-r3", "restated", "3");
    assert_eq!(desk.record(3)["supersedes"]["revision"], 2);
}

/// The line of a customer's costs.
#[track_caller]
fn cost_of<'j>(journal: &'j Rows, customer: &str) -> [&'j str; 5] {
    let mut found = journal.iter().filter(|row| row["customer_id"] == customer && row["account"] == "cost");
    let row = found.next().expect("a line");
    assert!(found.next().is_none(), "one line for each");
    ["old", "new", "difference", "debit", "credit"].map(|column| &*row[column])
}

#[test]
fn another_customer_map_moves_charges_and_sums_to_zero() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    desk.map(ALL_ACME);
    desk.closed("INV-1", "41.00", &["--reason", "Beta was Acme's all along"]);
    let journal = assert_journal(&desk, "final-r2", ["41.00", "41.00"], "final-r1");
    assert_eq!(cost_of(&journal, "acme"), ["30.00", "40.00", "10.00", "10.00", ""]);
    assert_eq!(cost_of(&journal, "beta"), ["10.00", "0.00", "-10.00", "", "10.00"]);
    // the markup of the account that moved is Acme's
    let margin = journal.iter().find(|row| row["account"] == "margin" && row["customer_id"] == "acme").expect("a line");
    assert_eq!([&*margin["old"], &*margin["new"]], ["3.00", "4.00"]);

    // and a customer that there was not before
    desk.map(&CUSTOMERS.replace("beta,Beta GmbH", "gamma,Gamma SA"));
    desk.closed("INV-1", "41.00", &["--reason", "no, Gamma's"]);
    let journal = assert_journal(&desk, "final-r3", ["41.00", "41.00"], "final-r2");
    assert_eq!(cost_of(&journal, "acme"), ["40.00", "30.00", "-10.00", "", "10.00"]);
    assert_eq!(cost_of(&journal, "gamma"), ["0.00", "10.00", "10.00", "10.00", ""]);
}

/// A late capture of the same period is what a correction is made with.
#[test]
fn a_correction_with_a_late_capture() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let first = frozen(&desk, 1);
    desk.night(
        "2024-02-01T12:00:00Z",
        &night(&[(ACME, "Acme", 3_050, 0), (BETA, "Beta", 1_000, 0), (GAMMA, "Gamma", 10, 0)], 0),
    );
    let done = desk.closed("INV-2", "41.60", &["--reason", "usage came late"]);
    assert!(done.stdout.contains("captured 2024-02-01T12:00:00Z"), "{}", done.stdout);
    let journal = assert_journal(&desk, "final-r2", ["41.00", "41.60"], "final-r1");
    assert_eq!(cost_of(&journal, "acme"), ["30.00", "30.50", "0.50", "0.50", ""]);
    assert_eq!(frozen(&desk, 1), first);
}
