//! A whole night against a server that answers as told: what it captures, finds, charges and publishes.

use std::path::Path;

use crate::support::look::{self, findings, json, row, rows};
use crate::support::world::{changed, id, month, month_with_lookup, name};
use crate::support::{
    ACME, Answers, NIGHT, PARENT, Reply, Server, account, base, base_usage, home, page, ran, run_at, subledger,
    subledger_at,
};

const NEXT_NIGHT: &str = "2024-01-16T02:00:00Z";

/// The base case with another usage answer, run to JSON.
fn with_usage(usage: String) -> (i32, String) {
    let folder = home();
    let server = Server::of(Answers { usage, ..base() });
    let night = run_at(folder.path(), &server, NIGHT, &["--output", "json"]);
    look::assert_sound(folder.path());
    (night.code, night.stdout)
}

fn expect_findings(stdout: &str, expected: &[(&str, &str, &str)]) {
    let owned = |(code, severity, difference): &(&str, &str, &str)| {
        ((*code).to_owned(), (*severity).to_owned(), (*difference).to_owned())
    };
    assert_eq!(findings(stdout), expected.iter().map(owned).collect::<Vec<_>>(), "{stdout}");
}

/// Chargeback and control sheet of the base case.
fn assert_base_reports(folder: &Path) {
    let chargeback = rows(&look::latest(folder).join("chargeback.csv"));
    assert_eq!(chargeback.len(), 3);
    for (kind, name, amount) in [
        ("parent", "Parent account", "20.00"),
        ("sub_account", "Acme Subsidiary", "60.00"),
        ("removed", "Removed sub accounts", "0.00"),
    ] {
        let line = row(&chargeback, "line_type", kind);
        let found = [&line["account_name"], &line["cost"], &line["charge"], &line["currency"]];
        assert_eq!(found, [name, amount, amount, "USD"]);
    }
    let control = rows(&look::latest(folder).join("control.csv"));
    for (kind, amount) in
        [("statement", "60.00"), ("sum", "80.00"), ("pooled_invoice", "80.00"), ("difference", "0.00")]
    {
        assert_eq!(row(&control, "row_type", kind)["cost"], amount, "{kind}");
    }
}

#[test]
fn the_base_case_balances_and_foots_to_the_pooled_invoice() {
    let folder = home();
    let server = Server::of(base());
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert!(night.closing().starts_with("evidence: safe in archive/parent="), "{}", night.stderr);
    assert!(night.stdout.contains("findings  none"), "{}", night.stdout);
    assert_base_reports(folder.path());
    assert_eq!(look::assert_sound(folder.path()), (1, 1));
    let log = server.log();
    let sub_accounts = format!("/v2/accounts/{PARENT}/sub-accounts");
    assert_eq!(log, [format!("{sub_accounts}/usage"), format!("{sub_accounts}?limit=100")]);
}

#[test]
fn the_base_case_balances_by_todays_clock_too() {
    let folder = home();
    let server = Server::start(|asked| {
        let now = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
        base().reply(asked).header("date", now.to_string())
    });
    let night = ran(subledger_at(folder.path(), &server).args(["run", "--output", "json"]));
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert_base_reports(folder.path());
    // the period of the examples is long over: worth a look, and no error
    expect_findings(&night.stdout, &[("period", "warning", "")]);
}

#[test]
fn a_cost_changed_by_a_cent_is_found_with_its_sign() {
    let (code, stdout) = with_usage(changed(&base_usage(), "60.0", "60.01"));
    assert_eq!(code, 10);
    expect_findings(&stdout, &[("cost-sum", "error", "+0.01"), ("proportional", "error", "+0.01")]);
    let (code, stdout) = with_usage(changed(&base_usage(), "60.0", "59.99"));
    assert_eq!(code, 10);
    expect_findings(&stdout, &[("cost-sum", "error", "-0.01"), ("proportional", "error", "-0.01")]);
    assert_eq!(json(&stdout)["reconciliation"]["findings"][1]["account_id"], ACME);
}

#[test]
fn a_count_changed_by_one_is_found_with_its_sign() {
    let (code, stdout) = with_usage(changed(&base_usage(), "3000000", "3000001"));
    assert_eq!(code, 10);
    expect_findings(&stdout, &[("count-sum", "error", "+1")]);
    let (code, stdout) = with_usage(changed(&base_usage(), "4000000", "4000001"));
    assert_eq!(code, 10);
    expect_findings(&stdout, &[("count-sum", "error", "-1")]);
}

#[test]
fn a_removed_bucket_left_out_of_the_total_is_found() {
    let removed = r#""removed_sub_accounts": {"reception_count": 0, "allocated_cost": 0.0}"#;
    let usage = changed(&base_usage(), removed, &removed.replace(": 0,", ": 100000,").replace("0.0", "2.0"));
    let (code, stdout) = with_usage(usage);
    assert_eq!(code, 10);
    expect_findings(&stdout, &[("count-sum", "error", "+100000"), ("cost-sum", "error", "+2.00")]);
}

#[test]
fn a_page_that_fails_three_times_costs_no_account() {
    let folder = home();
    let answers = month(250);
    let server = Server::start(move |asked| match (asked.what().ends_with("after=page-2"), asked.before) {
        (true, 0 | 1) => Reply::error(503, "try later"),
        (true, 2) => Reply::error(429, "too many requests").header("retry-after", "1"),
        _ => answers.reply(asked),
    });
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_eq!(night.code, 0, "{}", night.stderr);
    let log = server.log();
    let asked: Vec<&str> = log.iter().map(|target| target.split_once("/sub-accounts").unwrap().1).collect();
    let page_2 = "?limit=100&after=page-2";
    assert_eq!(asked, ["/usage", "?limit=100", page_2, page_2, page_2, page_2, "?limit=100&after=page-3"]);
    let chargeback = rows(&look::latest(folder.path()).join("chargeback.csv"));
    assert_eq!(chargeback.len(), 252, "250 sub accounts, the parent account, the removed ones");
    for number in 1..=250 {
        let line = row(&chargeback, "account_id", &id(number));
        let expected = (name(number), format!("{}.{:02}", number / 100, number % 100));
        assert_eq!((&line["account_name"], &line["charge"]), (&expected.0, &expected.1));
    }
    assert_eq!(look::assert_sound(folder.path()), (1, 1));
}

#[test]
fn an_account_that_is_not_in_the_list_is_asked_for_once() {
    let found = month_with_lookup(3);
    let gone = Answers { accounts: std::collections::BTreeMap::new(), ..found.clone() };
    for (answers, status) in [(found, "active"), (gone, "")] {
        let folder = home();
        let server = Server::of(answers);
        let night = run_at(folder.path(), &server, NIGHT, &["--output", "json"]);
        assert_eq!(night.code, 0, "{}", night.stderr);
        expect_findings(&night.stdout, &[("unlisted", "warning", "")]);
        let lookups = server.log().iter().filter(|target| target.ends_with(&id(3))).count();
        assert_eq!((lookups, server.log().len()), (1, 3));
        let chargeback = rows(&look::latest(folder.path()).join("chargeback.csv"));
        assert_eq!(row(&chargeback, "account_id", &id(3))["charge"], "0.03");
        assert_eq!(row(&chargeback, "account_id", &id(3))["account_status"], status);
        look::assert_sound(folder.path());
    }
}

#[test]
fn customers_own_several_sub_accounts_and_see_only_their_own() {
    let folder = home();
    let map = format!(
        "sub_account_id,customer_id,customer_name,cost_center,markup_percent\n\
         {},north,North Ltd,CC-1,\n{},north,North Ltd,CC-1,\n{},south,South Inc,CC-2,50\n",
        id(20),
        id(30),
        id(40)
    );
    std::fs::write(folder.path().join("customers.csv"), map).unwrap();
    let server = Server::of(month(40));
    let arguments = ["--customers", "customers.csv", "--output", "json"];
    let night = run_at(folder.path(), &server, NIGHT, &arguments);
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert_eq!(findings(&night.stdout).iter().filter(|(code, ..)| code == "unmapped").count(), 37);
    let set = look::latest(folder.path());
    let control = rows(&set.join("control.csv"));
    for (customer, cost, charge) in [("north", "0.50", "0.50"), ("south", "0.40", "0.60")] {
        let statement = row(&control, "customer_id", customer);
        assert_eq!([&statement["row_type"], &statement["cost"], &statement["charge"]], ["statement", cost, charge]);
    }
    assert_eq!(row(&control, "row_type", "sum")["cost"], "9.20");
    assert_eq!(row(&control, "row_type", "difference")["cost"], "0.00");
    let statements = look::files(&set.join("customers"));
    for (folder, own, other) in [("north-ltd-", "North", "South"), ("south-inc-", "South", "North")] {
        let own_file = |path: &String| path.starts_with(folder) && path.ends_with("/chargeback.csv");
        let (_, file) = statements.iter().find(|(path, _)| own_file(path)).expect("a statement");
        let file = String::from_utf8_lossy(file);
        assert!(file.contains(own) && !file.contains(other) && !file.contains("Parent"), "{file}");
    }
    assert_eq!(statements.len(), 6, "CSV, Parquet and a page of each");
    look::assert_sound(folder.path());
}

#[test]
fn caps_make_the_exit_code_only_when_told_to() {
    let folder = home();
    let pages = vec![page(&[account(ACME, "Acme Subsidiary", 3_000_000)], None)];
    let server = Server::of(Answers { pages, ..base() });
    assert_eq!(run_at(folder.path(), &server, NIGHT, &[]).code, 0);
    let night = run_at(folder.path(), &server, NEXT_NIGHT, &["--fail-on", "caps"]);
    assert_eq!(night.code, 11);
    assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
    assert_eq!(row(&rows(&look::latest(folder.path()).join("caps.csv")), "account_id", ACME)["level"], "exceeded");
}

#[test]
fn the_invoice_of_finance_is_held_against_the_total() {
    let folder = home();
    let server = Server::of(base());
    assert_eq!(run_at(folder.path(), &server, NIGHT, &["--invoice", "80.00"]).code, 0);
    // half of the month is unseen: it may well have cost more, and never less
    for (night, invoice, code, severity, difference) in
        [(NEXT_NIGHT, "83.20", 0, "note", "+3.20"), ("2024-01-17T02:00:00Z", "76.80", 10, "error", "-3.20")]
    {
        let night = run_at(folder.path(), &server, night, &["--invoice", invoice, "--output", "json"]);
        assert_eq!(night.code, code, "{}", night.stderr);
        expect_findings(&night.stdout, &[("invoice", severity, difference)]);
        let control = rows(&look::latest(folder.path()).join("control.csv"));
        assert_eq!(row(&control, "row_type", "pooled_invoice")["cost"], invoice);
        assert_eq!(row(&control, "row_type", "difference")["cost"], "0.00");
    }
}

#[test]
fn capture_and_offline_report_make_what_run_makes() {
    let (at_once, in_two) = (home(), home());
    let server = Server::of(month_with_lookup(102));
    assert_eq!(run_at(at_once.path(), &server, NIGHT, &[]).code, 0);
    let capture = ran(subledger_at(in_two.path(), &server).args(["capture", "--now", NIGHT]));
    assert_eq!(capture.code, 0, "{}", capture.stderr);
    drop(server);
    // neither key nor account nor server: all of it is in the archive
    let report = ran(subledger(in_two.path()).arg("report"));
    assert_eq!(report.code, 0, "{}", report.stderr);
    for part in ["archive", "reports"] {
        let [one, two] = [&at_once, &in_two].map(|folder| look::files(&folder.path().join(part)));
        assert!(one.len() > 3);
        assert!(one == two, "{part}: {:?} and {:?}", one.keys(), two.keys());
    }
}

#[test]
fn reporting_again_changes_nothing() {
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    let before = look::files(folder.path());
    for _ in 0..2 {
        let again = ran(subledger(folder.path()).args(["report", "--output", "json"]));
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(json(&again.stdout)["reports_unchanged"], true);
        assert!(look::files(folder.path()) == before);
    }
}

#[test]
fn latest_follows_the_captures_and_never_goes_back() {
    let folder = home();
    let server = Server::of(base());
    let latest = || std::fs::read_link(look::latest(folder.path())).unwrap();
    assert_eq!(run_at(folder.path(), &server, NIGHT, &[]).code, 0);
    assert_eq!(latest(), Path::new("20240115T020000Z"));
    assert_eq!(run_at(folder.path(), &server, NEXT_NIGHT, &[]).code, 0);
    assert_eq!(latest(), Path::new("20240116T020000Z"));
    let older = ["report", "--capture", "20240115T020000Z", "--output", "json"];
    for (arguments, unchanged) in [(&["--invoice", "80.00"][..], false), (&[], true)] {
        let report = ran(subledger(folder.path()).args(older).args(arguments));
        let result = json(&report.stdout);
        assert_eq!(report.code, 0, "{}", report.stderr);
        assert_eq!((&result["is_latest"], &result["reports_unchanged"]), (&false.into(), &unchanged.into()));
        assert_eq!(latest(), Path::new("20240116T020000Z"));
    }
    assert_eq!(look::assert_sound(folder.path()), (2, 3));
}

/// The set that was asked for last is the current one, and a customer map beside the configuration is used.
#[test]
fn terms_that_were_a_slip_do_not_stay_the_latest() {
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    let right = look::latest(folder.path()).canonicalize().expect("a set");
    assert_eq!(ran(subledger(folder.path()).args(["report", "--invoice", "999"])).code, 10);
    assert_ne!(look::latest(folder.path()).canonicalize().expect("a set"), right);
    assert_eq!(ran(subledger(folder.path()).arg("report")).code, 0);
    assert_eq!(look::latest(folder.path()).canonicalize().expect("a set"), right);
    let map = format!("sub_account_id,customer_id,customer_name,markup_percent\n{ACME},acme,Acme Holding,12.5\n");
    std::fs::write(folder.path().join("customers.csv"), map).expect("a file");
    assert_eq!(ran(subledger(folder.path()).arg("report")).code, 0);
    let chargeback = rows(&look::latest(folder.path()).join("chargeback.csv"));
    assert_eq!(row(&chargeback, "line_type", "sub_account")["charge"], "67.50");
}

#[test]
fn an_invoice_for_a_date_inside_the_period_is_a_slip() {
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    let invoice = "[[invoice]]\nperiod = \"2024-01-02\"\namount = \"99.00\"\n";
    std::fs::write(folder.path().join("subledger.toml"), invoice).expect("a file");
    let report = ran(subledger(folder.path()).arg("report"));
    assert_eq!(report.code, 10, "{}", report.stderr);
    assert!(report.stdout.contains("expected 2024-01-01, got 2024-01-02"), "{}", report.stdout);
}

#[test]
fn an_archive_that_is_not_there_is_named() {
    let folder = home();
    let report = ran(subledger(folder.path()).args(["report", "--archive", "nowhere"]));
    assert_eq!((report.code, folder.path().join("nowhere").exists()), (2, false));
    assert!(report.stderr.starts_with("error: there is no capture in `nowhere`"), "{}", report.stderr);
}
