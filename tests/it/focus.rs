//! The FOCUS dataset: its rows come to the invoice, CSV and Parquet say the same, and nothing in it is altered.

mod names;
mod parquet;
mod sums;

use std::collections::BTreeMap;

use subledger::archive::{Archive, StoreOptions};
use subledger::billing::invoice::InvoiceEntry;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::{Amount, Exact};
use subledger::billing::past::Past;
use subledger::billing::terms::Terms;
use subledger::nightly::{self, Signals};
use subledger::report::format::{Format, Formats};
use subledger::report::{SetInfo, render};

use crate::close::Desk;
use crate::support::look::Rows;
use crate::support::project;

/// The files of a set below `focus/`.
type Files = BTreeMap<String, Vec<u8>>;

/// The ledger of a fixture's last capture.
fn ledger(fixture: &str, terms: Terms) -> Ledger {
    let folder = project().join("fixtures").join(fixture).join("archive");
    let folder = folder.to_str().expect("UTF-8");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let parent = *subledger::archive::parents_in(std::path::Path::new(folder)).first().expect("a parent account");
        let archive = Archive::open(folder, parent, &StoreOptions::default()).expect("the archive");
        let key = archive.captures().await.expect("captures").pop().expect("a capture");
        nightly::reconcile(&archive, &key, terms, &Signals::default()).await.expect("a ledger")
    })
}

/// The same ledger, drawn up anew after something in its books has changed.
fn changed(fixture: &str, change: impl Fn(&mut Ledger)) -> Ledger {
    let mut ledger = ledger(fixture, Terms::default());
    change(&mut ledger);
    Ledger::draw_up(Past::default(), ledger.books, ledger.terms)
}

fn files_of(ledger: &Ledger, account_name: Option<&str>) -> Files {
    let mut info = SetInfo::new("test", "test");
    info.account_name = account_name.map(str::to_owned);
    info.formats = Formats::new([Format::Focus], []);
    let mut files = Files::new();
    render(ledger, &info, &mut |path, bytes| {
        if let Some(path) = path.strip_prefix("focus/") {
            files.insert(path.to_owned(), bytes);
        }
        Ok(())
    })
    .expect("a set");
    files
}

/// The one file of this ending in one of the trees.
fn only<'f>(files: &'f Files, tree: &str, ending: &str) -> (&'f str, &'f [u8]) {
    let found: Vec<_> = files.iter().filter(|(path, _)| path.starts_with(tree) && path.ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "{tree}…{ending} in {:?}", files.keys());
    (found[0].0, found[0].1)
}

fn text(files: &Files, tree: &str, ending: &str) -> String {
    String::from_utf8(only(files, tree, ending).1.to_vec()).expect("UTF-8")
}

fn rows(files: &Files) -> Rows {
    let text = text(files, "csv/", ".csv");
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().expect("CSV")
}

fn exact(text: &str) -> Exact {
    Amount::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).exact()
}

/// Σ of a column, where it has anything.
fn sum(rows: &Rows, column: &str) -> Exact {
    rows.iter().map(|row| &row[column]).filter(|cell| !cell.is_empty()).map(|cell| exact(cell)).sum()
}

/// Everything but Parquet, as one text; the sizes in the metadata are no concern of a snapshot.
fn story(files: &Files) -> String {
    let shown = files.iter().filter(|(path, _)| !path.ends_with(".parquet"));
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).expect("UTF-8");
    shown.flat_map(|(path, bytes)| [format!("=== {path}\n"), text(bytes)]).collect()
}

fn entry(amount: &str, tax: &str, credit: &str, add_on: &str) -> InvoiceEntry {
    let [amount, tax, credit, add_on] =
        [amount, tax, credit, add_on].map(|text| Amount::parse(text).expect("an amount"));
    InvoiceEntry { number: "INV-7".to_owned(), amount, tax, credit, add_on, currency: None }
}

fn invoiced(entry: InvoiceEntry) -> Terms {
    let start = "2024-01-01".parse().expect("a day");
    Terms { invoices: BTreeMap::from([(start, entry)]), ..Terms::default() }
}

#[test]
fn the_vendors_example_is_three_rows_of_usage() {
    let files = files_of(&ledger("vendor-example", Terms::default()), Some("Example Agency"));
    let mut filters = insta::Settings::clone_current();
    // what a newer library compresses better is the same dataset
    filters.add_filter(r#""total_bytes": \d+"#, r#""total_bytes": [BYTES]"#);
    filters.bind(|| insta::assert_snapshot!("vendor-example", story(&files)));
}

#[test]
fn a_closed_period_has_its_tax_and_credit_and_comes_to_the_invoice() {
    let desk = Desk::usual();
    desk.closed("INV-1", "46.79", &["--tax", "7.79", "--credit", "-2.00"]);
    let folder = desk.set("final-r1").join("focus");
    let files: Files = crate::support::tree(&folder);
    assert_eq!(sum(&rows(&files), "BilledCost"), exact("46.79"));
    insta::assert_snapshot!("closed", text(&files, "csv/", ".csv"));
}
