//! Messages and cost per day, from small archives with the real binary.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use crate::support::look::json;
use crate::support::{ACME, Answers, Home, PARENT, Ran, Server, account, home, page, ran, subledger, subledger_at};

/// A sub account whose name a spreadsheet would run.
const SUM: &str = "00000000-0000-4000-8000-000000000001";
/// One that is deleted.
const GONE: &str = "00000000-0000-4000-8000-000000000002";

/// One night: when it is, and what everybody has by then.
struct Night<'a> {
    at: &'a str,
    parent: i64,
    accounts: &'a [(&'a str, &'a str, i64)],
    removed: i64,
}

const ACME_NAME: &str = "Acme Subsidiary";
const SUM_NAME: &str = "=SUM(A1)";
const GONE_NAME: &str = "Gone Ltd";

/// A month with a night missed, an account deleted, a count restated, and a new period after a day that nobody saw.
const NIGHTS: [Night<'_>; 7] = [
    Night {
        at: "2024-01-01T23:45:00Z",
        parent: 100,
        accounts: &[(ACME, ACME_NAME, 1_000), (GONE, GONE_NAME, 300)],
        removed: 0,
    },
    Night {
        at: "2024-01-02T23:45:00Z",
        parent: 200,
        accounts: &[(ACME, ACME_NAME, 3_000), (GONE, GONE_NAME, 500)],
        removed: 0,
    },
    Night {
        at: "2024-01-04T23:45:00Z",
        parent: 250,
        accounts: &[(ACME, ACME_NAME, 7_001), (GONE, GONE_NAME, 600)],
        removed: 0,
    },
    Night {
        at: "2024-01-05T03:17:00Z",
        parent: 251,
        accounts: &[(ACME, ACME_NAME, 7_100), (GONE, GONE_NAME, 620)],
        removed: 0,
    },
    Night {
        at: "2024-01-05T23:45:00Z",
        parent: 260,
        accounts: &[(ACME, ACME_NAME, 9_000), (SUM, SUM_NAME, 50)],
        removed: 650,
    },
    Night {
        at: "2024-01-06T23:45:00Z",
        parent: 270,
        accounts: &[(ACME, ACME_NAME, 8_990), (SUM, SUM_NAME, 90)],
        removed: 655,
    },
    Night {
        at: "2024-02-01T23:45:00Z",
        parent: 10,
        accounts: &[(ACME, ACME_NAME, 20), (SUM, SUM_NAME, 5)],
        removed: 0,
    },
];

impl Night<'_> {
    fn answers(&self) -> Answers {
        // 0.02 a message, which is exact in whatever sum
        let cost = |messages: i64| format!("{}.{:02}", messages / 50, messages % 50 * 2);
        let bucket = |messages: i64| format!(r#""reception_count": {messages}, "allocated_cost": {}"#, cost(messages));
        let lines = self.accounts.iter().map(|(id, name, messages)| {
            format!(r#"{{"account_id": "{id}", "name": "{name}", {}}}"#, bucket(*messages))
        });
        let lines: Vec<String> = lines.collect();
        let total = self.parent + self.removed + self.accounts.iter().map(|(.., messages)| messages).sum::<i64>();
        let (start, end) = if self.at.contains("-01-") { ("01", "02") } else { ("02", "03") };
        let usage = format!(
            r#"{{"billing_period": {{"start": "2024-{start}-01T00:00:00Z", "end": "2024-{end}-01T00:00:00Z"}},
"currency": "usd", "allocation_method": "proportional", "allocation_note": "by message volume",
"parent": {{"account_id": "{PARENT}", {}}}, "sub_accounts": [{}], "removed_sub_accounts": {{{}}}, "total": {{{}}}}}"#,
            bucket(self.parent),
            lines.join(", "),
            bucket(self.removed),
            bucket(total)
        );
        let entries: Vec<String> = self.accounts.iter().map(|(id, name, _)| account(id, name, 0)).collect();
        Answers { usage, pages: vec![page(&entries, None)], accounts: BTreeMap::new() }
    }
}

/// A folder with the captures of all nights, and a customer map that leaves one account out.
fn captured() -> Home {
    let folder = home();
    let map = format!("sub_account_id,customer_id,customer_name\n{ACME},acme,Acme Holding\n{GONE},gone,Gone Holding\n");
    fs::write(folder.path().join("customers.csv"), map).expect("a file");
    for night in &NIGHTS {
        let server = Server::of(night.answers());
        let capture = ran(subledger_at(folder.path(), &server).args(["capture", "--now", night.at]));
        assert_eq!(capture.code, 0, "{}", capture.stderr);
    }
    folder
}

fn history(folder: &Home, arguments: &str) -> Ran {
    ran(subledger(folder.path()).arg("history").args(arguments.split_whitespace()))
}

#[test]
fn a_month_is_told_in_every_form() {
    let folder = captured();
    let mut told = String::new();
    for arguments in [
        "--period 2024-01-01",
        "--period 2024-01-01 --even-out",
        "--period 2024-01-01 --by customer",
        "--period 2024-01-01 --by account",
        "",
        "--from 2024-01-04 --to 2024-02-01",
        "--from 2024-01-04 --to 2024-01-05 --by customer --output csv",
        "--from 2024-01-04 --to 2024-01-05 --by account --output csv --even-out",
    ] {
        let ran = history(&folder, arguments);
        assert_eq!((ran.code, ran.closing()), (0, "evidence: untouched; nothing to do"), "{}", ran.stderr);
        let shown = ran.stdout.replace("\r\n", "\n");
        write!(told, "$ subledger history {arguments}\n{shown}\n").expect("a String");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn json_and_parquet_say_what_csv_says() {
    let folder = captured();
    let arguments = "--period 2024-01-01 --by account --output";
    let csv = history(&folder, &format!("{arguments} csv")).stdout;
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    let told = json(&history(&folder, &format!("{arguments} json")).stdout);
    assert_eq!(told["schema"], "subledger/history/v1");
    let slices = told["slices"].as_array().expect("slices");
    let rows_of = |slice: &serde_json::Value| slice["rows"].as_array().expect("rows").len().max(1);
    assert_eq!(slices.iter().map(rows_of).sum::<usize>(), rows.len());
    let parquet = subledger(folder.path()).arg("history").args(format!("{arguments} parquet").split(' ')).output();
    let parquet = parquet.expect("the binary starts");
    assert_eq!(parquet.status.code(), Some(0));
    assert_eq!((&parquet.stdout[..4], &parquet.stdout[parquet.stdout.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
}

#[test]
fn a_table_that_is_missing_or_damaged_is_rebuilt_from_the_evidence() {
    let folder = captured();
    let all = |by: &str| history(&folder, &format!("--from 2024-01-01 --by {by} --output json")).stdout;
    let usual = ["pool", "customer", "account"].map(all);
    let tables: Vec<_> = crate::support::tree(&folder.path().join("archive"))
        .into_keys()
        .filter(|path| path.ends_with("usage.parquet"))
        .map(|path| folder.path().join("archive").join(path))
        .collect();
    assert_eq!(tables.len(), NIGHTS.len());
    for (number, table) in tables.iter().enumerate() {
        if number % 2 == 0 {
            fs::remove_file(table).expect("a file");
        } else {
            let bytes = fs::read(table).expect("a file");
            fs::write(table, &bytes[..bytes.len() / 2]).expect("a file");
        }
    }
    let rebuilt = history(&folder, "--from 2024-01-01 -v");
    assert_eq!(rebuilt.stderr.matches("from the evidence").count(), NIGHTS.len() - 1, "{}", rebuilt.stderr);
    assert_eq!(["pool", "customer", "account"].map(all), usual);
}

#[test]
fn a_capture_that_cannot_be_used_makes_a_gap_that_is_told() {
    let folder = captured();
    let night = folder.path().join(format!("archive/parent={PARENT}/period=2024-01-01/capture=20240106T234500Z"));
    fs::remove_file(night.join("usage.parquet")).expect("a file");
    fs::write(night.join("usage.json.zst"), "damaged").expect("a file");
    let told = history(&folder, "--period 2024-01-01");
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.ends_with("1 capture could not be used: 20240106T234500Z\n"), "{}", told.stdout);
    assert!(told.closing().starts_with("evidence: untouched; captures could not be used (1)"), "{}", told.stderr);
    assert!(!told.stdout.contains("06 Jan  "), "{}", told.stdout);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_done() {
    let folder = home();
    for (arguments, problem) in [
        ("history", "there is no capture in `archive`"),
        ("history --from 2024-02-01 --to 2024-01-01", "`--from 2024-02-01` is after `--to 2024-01-01`"),
        ("history --period 2024-01-01 --from 2024-01-01", "cannot be used with"),
        ("history --period January", "invalid value 'January'"),
        ("report --output csv", "`--output csv` and `--output parquet` are for `subledger history` only"),
        ("run --output parquet", "`--output csv` and `--output parquet` are for `subledger history` only"),
    ] {
        let refused = ran(subledger(folder.path()).args(arguments.split(' ')));
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{arguments}: {}", refused.stderr);
        assert!(refused.stderr.contains(problem), "{arguments}: {}", refused.stderr);
    }
    assert!(!folder.path().join("archive").exists());
    let folder = captured();
    let refused = history(&folder, "--period 2023-01-01");
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("the archive holds 7 from `20240101T234500Z`"), "{}", refused.stderr);
}

#[test]
fn a_table_that_stdout_does_not_take_does_not_pass_for_a_whole_one() {
    let folder = captured();
    let full = || fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    for (output, code) in [("csv", 12), ("parquet", 12), ("text", 0)] {
        let mut command = crate::support::process(folder.path());
        command.args(["history", "--output", output]).stdout(full());
        assert_eq!(command.status().expect("it starts").code(), Some(code), "{output}");
    }
}

/// The days in a report set are those of `history`: the same days, the same messages.
#[test]
fn a_ledgers_days_are_those_of_the_history() {
    use subledger::archive::{Archive, StoreOptions};
    use subledger::billing::history::{By, Scope, State};
    use subledger::billing::terms::Terms;
    use subledger::nightly::{Asked, Signals, history, reconcile};

    let (terms, signals) = (Terms::default(), Signals::default());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut gaps = 0;
    for name in ["missing-week", "roll-over", "calendar", "restated", "several-gone", "moved", "tail-invoice"] {
        let place = crate::support::project().join("fixtures").join(name).join("archive");
        let archive =
            Archive::open(place.to_str().expect("UTF-8"), PARENT.parse().expect("an id"), &StoreOptions::default())
                .expect("an archive");
        runtime.block_on(async {
            let mut last = BTreeMap::new();
            for key in archive.captures().await.expect("captures") {
                last.insert(key.period.clone(), key);
            }
            for (period, key) in last {
                let ledger = reconcile(&archive, &key, terms.clone(), &signals).await.expect("a ledger");
                let asked = Asked { scope: Some(Scope::Period(period)), by: By::Pool, even_out: false };
                let history = history(&archive, &asked, &terms, &signals).await.expect("a history").expect("captures");
                let seen = history.slices.iter().filter(|slice| slice.state == State::Seen);
                let expected: Vec<_> = seen.map(|slice| (slice.days, slice.messages.iter().sum::<i64>())).collect();
                let daily: Vec<_> = ledger.past.daily().iter().map(|daily| (daily.days, daily.messages)).collect();
                assert_eq!(daily, expected, "{name}");
                gaps += ledger.past.daily().iter().filter(|daily| daily.is_gap()).count();
                let total: i64 = ledger.past.daily().iter().map(|daily| daily.messages).sum();
                assert_eq!(total, ledger.books.usage.total.messages, "{name}");
            }
        });
    }
    assert!(gaps > 0, "one of them has a gap");
}
