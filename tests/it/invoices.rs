//! `invoices.csv`, in which finance keeps the invoices: it is used where it lies, and a mistake in it stops who needs it.

use std::fs;
use std::path::Path;

use crate::support::look::{self, json};
use crate::support::{Home, NIGHT, Ran, Server, base, home, ran, run_at, subledger};

/// A folder with one capture and its reports.
fn captured() -> Home {
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    folder
}

fn write(folder: &Path, name: &str, row: &str) {
    let table = format!("period,invoice_number,amount,tax\n{row}\n");
    fs::write(folder.join(name), table).expect("a file");
}

fn report(folder: &Path, arguments: &[&str]) -> Ran {
    ran(subledger(folder).arg("report").args(arguments))
}

/// The pooled invoice that a report is made with.
fn pooled(folder: &Path, arguments: &[&str]) -> String {
    let done = report(folder, &[arguments, &["--output", "json"]].concat());
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let charges = &json(&done.stdout)["reconciliation"]["sums"]["charges"];
    assert_eq!(charges["pooled_invoice_source"], "invoice as entered", "{charges}");
    charges["pooled_invoice"].as_str().expect("an amount").to_owned()
}

#[test]
fn a_table_that_is_there_gives_the_reports_their_invoice() {
    let folder = captured();
    // 80.00 of the API, and the tax that is declared
    write(folder.path(), "invoices.csv", "2024-01-01,INV-7,95.20,15.20");
    assert_eq!(pooled(folder.path(), &[]), "95.20");
    write(folder.path(), "other.csv", "2024-01-01,INV-7,92.80,12.80");
    assert_eq!(pooled(folder.path(), &["--invoices", "other.csv"]), "92.80");
    fs::write(folder.path().join("subledger.toml"), "invoices = \"other.csv\"\n").expect("a file");
    assert_eq!(pooled(folder.path(), &[]), "92.80");
    assert_eq!(pooled(folder.path(), &["--invoices", "invoices.csv"]), "95.20");
    // one amount that is asked for by the way takes the place of the table's, and the tax stays
    assert_eq!(pooled(folder.path(), &["--invoice", "93.00"]), "93.00");
    look::assert_sound(folder.path());
}

#[test]
fn a_mistake_in_it_stops_a_report_and_names_its_place() {
    let folder = captured();
    let before = look::files(&folder.path().join("reports"));
    for (line, cause) in [
        ("2024-01-01,INV-7,\"80,00\",", "line 2, column `amount`: has a decimal comma"),
        ("\n2024-01,INV-7,80.00,", "line 3, column `period`: is no date such as 2026-10-15"),
        ("2024-01-01,,80.00,", "line 2, column `invoice_number`: is empty"),
        (
            "2024-01-01,INV-7,80.00,\n2024-01-01,INV-8,82.00,",
            "line 3, column `period`: 2024-01-01 has an invoice in line 2",
        ),
    ] {
        write(folder.path(), "invoices.csv", line);
        let refused = report(folder.path(), &[]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
        assert!(refused.stderr.contains("the invoices in `invoices.csv` cannot be used"), "{}", refused.stderr);
        assert!(refused.stderr.contains(cause), "{}", refused.stderr);
        assert_eq!(refused.closing(), "evidence: untouched; correct what is named above and run again");
    }
    assert!(look::files(&folder.path().join("reports")) == before);
}

#[test]
fn two_places_that_differ_are_both_named() {
    let folder = captured();
    let invoice = "[[invoice]]\nperiod = \"2024-01-01\"\namount = \"83.20\"\n";
    fs::write(folder.path().join("subledger.toml"), invoice).expect("a file");
    write(folder.path(), "invoices.csv", "2024-01-01,INV-7,80.00,");
    let refused = report(folder.path(), &[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let both = "the invoice of 2024-01-01 has another `amount` in subledger.toml, line 2 than in invoices.csv, line 2";
    assert!(refused.stderr.contains(both), "{}", refused.stderr);
}

/// Evidence cannot be had again, so it does not wait for finance.
#[test]
fn a_mistake_in_a_table_keeps_nobody_from_capturing() {
    for (name, text) in [
        ("invoices.csv", "period,invoice_number,amount\n2024-01-01,INV-7,eighty\n"),
        ("customers.csv", "sub_account_id,customer_id,customer_name\nacme,acme,Acme\n"),
    ] {
        let (folder, server) = (home(), Server::of(base()));
        fs::write(folder.path().join(name), text).expect("a file");
        let night = run_at(folder.path(), &server, NIGHT, &[]);
        assert_eq!(night.code, 2, "{}", night.stderr);
        assert!(night.stderr.contains(&format!("`{name}` cannot be used")), "{}", night.stderr);
        assert!(night.stderr.contains("line 2, column `"), "{}", night.stderr);
        assert!(night.closing().starts_with("evidence: safe in "), "{}", night.closing());
        assert!(night.closing().ends_with("then run `subledger report`"), "{}", night.closing());
        assert_eq!(look::captures(folder.path()).len(), 1);
        assert!(!folder.path().join("reports").exists(), "nothing is charged by a table that is wrong");
        fs::remove_file(folder.path().join(name)).expect("a file");
        let report = report(folder.path(), &[]);
        assert_eq!(report.code, 0, "{}", report.stderr);
    }
    // history has no invoices
    let folder = captured();
    write(folder.path(), "invoices.csv", "2024-01-01,INV-7,eighty,");
    let history = ran(subledger(folder.path()).arg("history"));
    assert_eq!(history.code, 0, "{}", history.stderr);
}
