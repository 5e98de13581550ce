//! Sub accounts that change hands, from real bytes to what everybody is told: `fixtures/moved` with a customer map by date.

use std::fmt::Write;
use std::path::Path;

use subledger::archive::{Archive, StoreOptions};
use subledger::billing::charges::Line;
use subledger::billing::customers::Pricing;
use subledger::billing::explain::{Change, Explained, Subject};
use subledger::billing::history::By;
use subledger::billing::ledger::Ledger;
use subledger::billing::terms::Terms;
use subledger::config::parse_customers;
use subledger::nightly::{Asked, Signals, history, reconcile};
use subledger::report::explain::Page;
use subledger::report::format::{Formats, Profile};
use subledger::report::{Error, SetInfo, render};
use tokio::runtime::Runtime;

use crate::support::look::json;
use crate::support::{PARENT, project};

/// Who owns which account from one day to another: Acme has a markup and a minimum, Globex and Umbrella have fees.
fn terms() -> Terms {
    let csv = std::fs::read(project().join("fixtures/moved/customers.csv")).expect("the map");
    let map = parse_customers(&csv, Pricing::default()).expect("a map");
    Terms { customers: Some(map), ..Terms::default() }
}

fn archive() -> Archive {
    let place = project().join("fixtures/moved/archive");
    Archive::open(place.to_str().expect("UTF-8"), PARENT.parse().expect("an id"), &StoreOptions::default())
        .expect("the archive")
}

/// The ledgers of the three captures.
fn ledgers() -> Vec<Ledger> {
    let archive = archive();
    Runtime::new().expect("a runtime").block_on(async {
        let mut ledgers = Vec::new();
        for key in archive.captures().await.expect("captures") {
            ledgers.push(reconcile(&archive, &key, terms(), &Signals::default()).await.expect("a ledger"));
        }
        ledgers
    })
}

/// The tables of the set whose paths begin with a text, as one text; or why there is no set.
fn files(ledger: &Ledger, wanted: &str) -> Result<String, Error> {
    files_of(&SetInfo::new("test", "test"), ledger, wanted)
}

fn files_of(info: &SetInfo, ledger: &Ledger, wanted: &str) -> Result<String, Error> {
    let mut text = String::new();
    render(ledger, info, &mut |path, bytes| {
        if path.starts_with(wanted) && Path::new(path).extension().is_some_and(|form| form == "csv") {
            let csv = String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n");
            writeln!(text, "--- {path}\n{csv}").expect("a String");
        }
        Ok(())
    })?;
    Ok(text)
}

#[test]
fn every_customers_file_says_from_when_until_when() {
    let ledgers = ledgers();
    assert!(ledgers.iter().all(Ledger::balanced));
    let mut text = String::new();
    for wanted in ["customers/", "control.csv", "removed.csv"] {
        text.push_str(&files(&ledgers[2], wanted).expect("a set"));
    }
    insta::assert_snapshot!(text);
}

/// Two forms of the same tables, for spreadsheets: byte-order mark, delimiter, decimals, times and days.
#[test]
fn the_profiles_of_csv_are_what_spreadsheets_open() {
    let ledger = ledgers().remove(2);
    let formats = Formats::new([], Profile::ALL);
    let info = SetInfo { formats, ..SetInfo::new("test", "test") };
    let text = files_of(&info, &ledger, "").expect("a set");
    let of_profiles = text.split("--- ").filter(|file| {
        let wanted = ["chargeback-excel", "control-excel", "customers/globex"];
        wanted.iter().any(|start| file.starts_with(start)) && file.contains("-excel")
    });
    insta::assert_snapshot!(of_profiles.collect::<Vec<_>>().join("--- "));
}

#[test]
fn a_part_on_another_owners_statement_stops_the_set() {
    let mut ledger = ledgers().remove(2);
    let is_shop = |line: &&mut Line| line.name == "Acme Shop".into();
    let mut parts = ledger.charges.lines.iter_mut().filter(is_shop);
    let (first, second) = (parts.next().expect("the first owner's"), parts.next().expect("the second owner's"));
    let held = second.held().cloned();
    second.set_held(first.held().cloned());
    first.set_held(held);
    let error = files(&ledger, "").expect_err("a leak");
    assert!(matches!(&error, Error::Leak { file, .. } if file.starts_with("customers/acme")), "{error}");
}

#[test]
fn an_explanation_says_whose_which_messages_are() {
    let ledgers = ledgers();
    let mut told = String::new();
    for wanted in ["globex", "Acme Shop", "acme", "initech", "umbrella"] {
        let subject = Subject::find(wanted, &[&ledgers[2]]).expect("somebody");
        let page = Page { subject: &subject, ledger: &ledgers[2], evidence: "[EVIDENCE]" };
        let text = page.charge_text(&Explained::of(&ledgers[2], &subject));
        let (lead, rest) = text.split_once("\ncapture ").expect("the evidence after the first sentence");
        let (_, rest) = rest.split_once("\npool ").expect("the pool");
        writeln!(told, "=== {wanted}\n{lead}\npool {rest}").expect("a String");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_change_says_whose_which_messages_are() {
    let ledgers = ledgers();
    let mut told = String::new();
    for wanted in ["globex", "acme", "Acme Shop", "umbrella"] {
        let subject = Subject::find(wanted, &[&ledgers[2], &ledgers[1]]).expect("somebody");
        let page = Page { subject: &subject, ledger: &ledgers[2], evidence: "[AFTER]" };
        let change = Change::between(&ledgers[1], &ledgers[2], &subject).expect("two captures of one period");
        let text = page.change_text(&change, "[BEFORE]");
        let (text, _) = text.split_once("\nbefore ").expect("the evidence at the end");
        writeln!(told, "=== {wanted}\n{text}").expect("a String");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn json_has_every_part() {
    let ledgers = ledgers();
    let explained = |wanted: &str| {
        let subject = Subject::find(wanted, &[&ledgers[2]]).expect("somebody");
        let page = Page { subject: &subject, ledger: &ledgers[2], evidence: "[EVIDENCE]" };
        json(&page.charge_json(&Explained::of(&ledgers[2], &subject)))
    };
    let globex = explained("globex");
    let shop = &globex["lines"][0];
    assert_eq!((shop["messages"].as_i64(), shop["sent_messages"].as_i64()), (Some(200), Some(700)));
    assert_eq!(
        (shop["held"]["customer_id"].as_str(), shop["held"]["owned_from"].as_str()),
        (Some("globex"), Some("2024-01-15"))
    );
    assert_eq!(
        (shop["held"]["counted_from"].as_str(), shop["share_of_account"]["whole"].as_str()),
        (Some("20240114T234500Z"), Some("7.00"))
    );
    assert_eq!(
        (globex["fees"][0]["line_type"].as_str(), globex["fees"][0]["charge"].as_str()),
        (Some("fee"), Some("10.00"))
    );
    let acme = explained("acme");
    let minimum = &acme["fees"][0];
    let told = ["minimum", "charged_beside", "charge"].map(|field| minimum[field].as_str());
    assert_eq!(told, [Some("12.00"), Some("8.80"), Some("3.20")]);
    assert_eq!(acme["subject"]["markup_percent"], "10");
    let shop = explained("Acme Shop");
    assert!(shop["subject"]["markup_percent"].is_null(), "each of its owners has another one");
    assert_eq!(
        (shop["lines"][0]["markup_percent"].as_str(), shop["lines"][1]["markup_percent"].as_str()),
        (Some("10"), Some("0"))
    );
}

#[test]
fn a_history_goes_to_whoever_had_the_account() {
    let (archive, terms) = (archive(), terms());
    let told = Runtime::new().expect("a runtime").block_on(async {
        let mut told = String::new();
        for by in [By::Customer, By::Account] {
            let asked = Asked { scope: None, by, even_out: false };
            let history = history(&archive, &asked, &terms, &Signals::default()).await.expect("a history");
            let history = history.expect("captures");
            let csv = subledger::report::history::table(&history);
            let csv =
                subledger::report::csv::bytes("history", &csv, subledger::report::csv::Dialect::PLAIN).expect("CSV");
            told.push_str(&String::from_utf8(csv).expect("UTF-8").replace("\r\n", "\n"));
        }
        told
    });
    insta::assert_snapshot!(told);
}
