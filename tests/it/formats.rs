//! Which formats a set has: by flag, by configuration, as issued; and that one which fails leaves everything as it was.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use subledger::archive::{Archive, StoreOptions};
use subledger::config::{Clock, Config, Overrides, Surroundings};
use subledger::nightly::{Signals, publish, reconcile};

use crate::close::Desk;
use crate::support::look::{self, json};
use crate::support::{PARENT, Ran};

/// The files of the current set, without customers' ids.
fn files(desk: &Desk) -> BTreeSet<String> {
    let without_id = |path: String| match path.strip_prefix("customers/").and_then(|rest| rest.split_once('/')) {
        Some((customer, file)) => format!("customers/{}/{file}", &customer[..customer.len() - 9]),
        None => path,
    };
    look::files(&look::latest(desk.path())).into_keys().map(without_id).collect()
}

fn terms(set: &Path) -> Value {
    json(&std::fs::read_to_string(set.join("manifest.json")).expect("a manifest"))["terms"]["set"].clone()
}

/// Writes `[report]`, or another part of the configuration, behind what is there.
fn configure(desk: &Desk, text: &str) {
    let path = desk.path().join("subledger.toml");
    let before = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(path, format!("{text}\n{before}")).expect("a configuration");
}

fn report(desk: &Desk, more: &[&str]) -> Ran {
    desk.offline(&[&["report", "--period", "2024-01-01"], more].concat())
}

/// The plain tables and what names them, which every set has.
const ALWAYS: [&str; 10] = [
    "caps.csv",
    "chargeback.csv",
    "control.csv",
    "customers/acme-ltd/chargeback.csv",
    "customers/beta-gmbh/chargeback.csv",
    "invoice-bridge.csv",
    "manifest.json",
    "reconciliation.json",
    "removed.csv",
    "tail.csv",
];

#[test]
fn a_flag_picks_the_formats() {
    let desk = Desk::usual();
    let focus = "focus/csv/billing_period=2024-01/ahasend-focus-9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1.csv";
    for (picked, expected, more) in [
        ("csv", "", 0),
        ("parquet", "chargeback.parquet", 3),
        ("xlsx", "chargeback.xlsx", 1),
        ("html", "customers/acme-ltd/statement.html", 3),
        ("csv,focus", focus, 6),
    ] {
        let ran = report(&desk, &["--formats", picked]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let files = files(&desk);
        let (always, others): (BTreeSet<&str>, BTreeSet<&str>) =
            files.iter().map(String::as_str).partition(|file| ALWAYS.contains(file));
        assert_eq!(always.len(), ALWAYS.len(), "{always:?}");
        assert_eq!(others.len(), more, "{picked}: {others:?}");
        assert!(expected.is_empty() || others.contains(expected), "{picked}: {others:?}");
    }
    assert_eq!(desk.offline(&["verify"]).code, 0);
}

#[test]
fn an_unknown_format_is_refused_with_the_known_ones() {
    let desk = Desk::usual();
    let before = desk.reports();
    for unknown in ["pdf", "", "csv,", "XLSX"] {
        let ran = report(&desk, &["--formats", unknown]);
        assert_eq!(ran.code, 2, "{unknown}");
        assert!(ran.stderr.contains("csv, parquet, xlsx, html, focus"), "{}", ran.stderr);
    }
    configure(&desk, "report.formats = [\"pdf\"]");
    let ran = report(&desk, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("line 1, column") && ran.stderr.contains("`csv`, `parquet`"), "{}", ran.stderr);
    assert_eq!(desk.reports(), before);
}

#[test]
fn the_configuration_has_formats_and_profiles_and_a_flag_wins_over_it() {
    let desk = Desk::usual();
    configure(
        &desk,
        "account_name = \"Example Platform\"\nreport = { formats = [\"parquet\"], csv_profiles = [\"excel-eu\", \"plain\", \"excel\"] }",
    );
    assert_eq!(report(&desk, &[]).code, 0);
    let files_of_both = files(&desk);
    for file in ["chargeback", "control", "tail", "customers/acme-ltd/chargeback"] {
        for end in [".csv", "-excel.csv", "-excel-eu.csv"] {
            assert!(files_of_both.contains(&format!("{file}{end}")), "{file}{end}");
        }
    }
    assert!(files_of_both.contains("chargeback.parquet") && !files_of_both.contains("chargeback.xlsx"));
    let set = terms(&look::latest(desk.path()));
    assert_eq!(set["formats"], serde_json::json!(["csv", "parquet"]));
    assert_eq!(set["csv_profiles"], serde_json::json!(["excel", "excel-eu"]));
    assert_eq!(set["account_name"], "Example Platform");
    assert_eq!(report(&desk, &["--formats", "xlsx"]).code, 0);
    let picked = files(&desk);
    assert!(picked.contains("chargeback.xlsx") && picked.contains("caps-excel.csv"), "{picked:?}");
    assert!(!picked.contains("chargeback.parquet"));
    assert_eq!(desk.offline(&["verify"]).code, 0);
}

/// Sets that were made before there were other formats say nothing of them, and can be made again all the same.
#[test]
fn a_set_of_csv_and_parquet_alone_says_nothing_of_formats() {
    let desk = Desk::usual();
    assert_eq!(report(&desk, &["--formats", "csv,parquet"]).code, 0);
    assert_eq!(terms(&look::latest(desk.path())), Value::Null);
    let verified = desk.offline(&["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn formats_in_a_manifest_that_were_changed_are_found() {
    let desk = Desk::usual();
    let path = look::latest(desk.path()).join("manifest.json");
    let manifest = std::fs::read_to_string(&path).expect("a manifest");
    for (from, to) in
        [("\"xlsx\"", "\"html\""), ("\"focus\"", "\"fokus\""), ("\"account_name\": null", "\"account_name\": \"X\"")]
    {
        assert!(manifest.contains(from));
        std::fs::write(&path, manifest.replacen(from, to, 1)).expect("a manifest");
        let verified = desk.offline(&["verify"]);
        assert_eq!(verified.code, 13, "{from}: {}", verified.stdout);
        assert!(verified.stdout.contains("manifest.json"), "{from}: {}", verified.stdout);
    }
}

#[test]
fn a_closed_period_keeps_the_formats_that_it_was_issued_in() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &["--accept-gaps", "the job began late", "--formats", "html"]);
    let issued = files(&desk);
    assert!(issued.contains("report.html") && !issued.contains("chargeback.xlsx"));
    configure(&desk, "report.formats = [\"csv\"]");
    std::fs::remove_dir_all(desk.set("final-r1")).expect("a set");
    assert_eq!(report(&desk, &[]).code, 0);
    assert_eq!(files(&desk), issued);
    let before = desk.reports();
    let refused = report(&desk, &["--formats", "xlsx"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("is closed as final-r1, and `--capture`, `--invoice` and `--formats`"),
        "{}",
        refused.stderr
    );
    let again = ["--accept-gaps", "the job began late", "--formats"];
    let refused = desk.close("INV-1", "41.00", &[&again[..], &["xlsx"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("was issued in other formats"), "{}", refused.stderr);
    assert_eq!(desk.reports(), before);
    desk.closed("INV-1", "41.00", &[&again[..], &["html"]].concat());
    assert_eq!(desk.reports(), before);
}

/// One file that must not be shown stops the set after others were made: nothing appears, and nothing that was there moves.
#[test]
fn a_renderer_that_fails_leaves_the_last_set_as_it_was() {
    let desk = Desk::usual();
    let before = desk.reports();
    let variables = [("AHASEND_ACCOUNT_ID".to_owned(), PARENT.to_owned())];
    let path = |name: &str| desk.path().join(name);
    let overrides = Overrides {
        config: Some(path("subledger.toml")),
        archive: Some(path("archive").display().to_string()),
        reports: Some(path("reports")),
        customers: Some(path("customers.csv")),
        ..Overrides::default()
    };
    let config = Config::load(&overrides, &Surroundings::made_of(variables, Clock::System)).expect("a configuration");
    let archive = Archive::open(&config.storage.archive, PARENT.parse().expect("an id"), &StoreOptions::default())
        .expect("an archive");
    let failed = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let key = archive.captures().await.expect("captures").pop().expect("a capture");
        let signals = Signals::default();
        let mut ledger = reconcile(&archive, &key, config.terms.clone(), &signals).await.expect("a ledger");
        // the last statement has a line of another customer: the first one's files are made by then
        let last = ledger.charges.statements().last().expect("a statement").lines.start;
        ledger.charges.lines[last] = ledger.charges.lines[0].clone();
        publish(&config, &archive, &ledger, &signals).await.expect_err("a failure")
    });
    assert_eq!(failed.kind.exit_code(), 12);
    assert_eq!(desk.reports(), before);
    look::assert_sound(desk.path());
}

/// What there is for each customer or sub account can be left out; what is left says so, adds up, and leads to nothing that is
/// not there.
#[test]
fn a_set_does_without_files_of_each_customer_and_sub_account() {
    let desk = Desk::usual();
    configure(&desk, "[report]\nwithout = [\"statements\", \"caps\", \"tail\"]\n");
    let done = report(&desk, &[]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let files = files(&desk);
    let is_left_out = |path: &&String| {
        path.starts_with("customers/") || ["control.csv", "caps.csv", "tail.csv"].contains(&path.as_str())
    };
    assert_eq!(files.iter().filter(is_left_out).count(), 0, "{files:?}");
    assert!(files.contains("chargeback.csv") && files.contains("chargeback.xlsx"), "{files:?}");
    let set = look::latest(desk.path());
    assert_eq!(terms(&set)["without"], serde_json::json!(["statements", "caps", "tail"]));
    let page = std::fs::read_to_string(set.join("report.html")).expect("the page");
    assert!(page.contains("Acme Ltd") && !page.contains("statement.html") && !page.contains("tail.csv"));
    let verified = desk.offline(&["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);

    let refused = desk.offline(&["report", "--config", "other.toml"]);
    assert_ne!(refused.code, 0);
    std::fs::write(desk.path().join("other.toml"), "[report]\nwithout = [\"control\"]\n").expect("a configuration");
    let refused = desk.offline(&["report", "--config", "other.toml"]);
    assert!(refused.code == 2 && refused.stderr.contains("statements"), "{}", refused.stderr);
}
