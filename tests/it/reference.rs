//! `docs/reports.md` names every column of every table as the code has it. `SUBLEDGER_UPDATE=1` writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use subledger::archive::{Archive, CaptureKey, StoreOptions};
use subledger::billing::close::{Close, Issued, Superseded};
use subledger::billing::finding::Code;
use subledger::billing::history::By;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::Minor;
use subledger::billing::terms::Terms;
use subledger::config::reference::{SETTINGS, Setting};
use subledger::config::{Clock, Config, Overrides, Surroundings};
use subledger::nightly::{self, Asked, Signals};
use subledger::report::{self, table::Table};

use crate::close::Desk;
use crate::support::{PARENT, look, project};

/// Every table by its name; the last close of the ledger is a correction, so that the journal is among them.
fn tables() -> Vec<(&'static str, Table<'static>)> {
    let archive = project().join("fixtures/vendor-example/archive");
    let archive = archive.to_str().expect("UTF-8");
    let superseded = Superseded {
        revision: 1,
        invoice_number: String::new(),
        sha256: String::new(),
        invoice: Minor::ZERO,
        issued: Issued::default(),
    };
    let closed_at = "2024-02-02T09:00:00Z".parse().expect("a time");
    let close = Close { revision: 2, closed_at, accepted: Vec::new(), reason: None, supersedes: Some(superseded) };
    let terms = Terms { close: Some(close), ..Terms::default() };
    let (ledger, history): (Ledger, _) = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let archive =
            Archive::open(archive, PARENT.parse().expect("an id"), &StoreOptions::default()).expect("the archive");
        let key = CaptureKey { id: "20240115T020000Z".to_owned(), period: "2024-01-01".to_owned() };
        let signals = Signals::default();
        let ledger = nightly::reconcile(&archive, &key, terms.clone(), &signals).await.expect("a ledger");
        let asked = Asked { scope: None, by: By::Account, even_out: false };
        let history = nightly::history(&archive, &asked, &terms, &signals).await.expect("a history");
        (ledger, history.expect("a capture"))
    });
    // tables borrow their texts, and this one is asked for once
    let mut tables = report::tables(Box::leak(Box::new(ledger)));
    tables.push(("history (on stdout, CSV and Parquet)", report::history::table(&history)));
    tables
}

fn reference(tables: &[(&'static str, Table<'_>)]) -> String {
    let mut text = String::new();
    for (name, table) in tables {
        write!(text, "\n**`{name}`**\n\n| column | type | unit | meaning | since |\n|---|---|---|---|---|\n")
            .expect("a String");
        for (spec, cells) in &table.columns {
            let (kind, unit, meaning, since) = (cells.kind(), spec.unit, spec.meaning, spec.since);
            writeln!(text, "| `{}` | {kind} | {unit} | {meaning} | {since} |", spec.name).expect("a String");
        }
    }
    text.push('\n');
    text
}

/// The columns that a reference has, by table, with the version that each came with.
fn listed(reference: &str) -> BTreeMap<(String, String), String> {
    let mut table = String::new();
    let mut listed = BTreeMap::new();
    for line in reference.lines() {
        if let Some(name) = line.strip_prefix("**`").and_then(|rest| rest.strip_suffix("`**")) {
            name.clone_into(&mut table);
        } else if let Some(column) = line.strip_prefix("| `").and_then(|rest| rest.split_once('`')) {
            let since = line.trim_end_matches(" |").rsplit("| ").next().expect("a cell");
            listed.insert((table.clone(), column.0.to_owned()), since.to_owned());
        }
    }
    listed
}

fn version(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().expect("a number")).collect()
}

#[test]
fn every_column_is_in_the_reference_as_the_code_has_it() {
    let tables = tables();
    let expected = reference(&tables);
    let path = project().join("docs/reports.md");
    let docs = std::fs::read_to_string(&path).expect("the documentation");
    let (before, rest) = docs.split_once("<!-- begin columns -->\n").expect("the part's begin");
    let (written, after) = rest.split_once("<!-- end columns -->").expect("the part's end");
    let (old, new) = (listed(written), listed(&expected));
    let current = env!("CARGO_PKG_VERSION");
    // a column that is new must say so, and one that was there cannot have come later
    for (column, since) in &new {
        let is_new = !old.contains_key(column) && !old.is_empty();
        assert!(!is_new || since == current, "{column:?} is new: `.since(\"{current}\", …)` on its table");
        assert!(old.get(column).is_none_or(|old| old == since), "{column:?} was there since {}", old[column]);
        assert!(version(since) <= version(current), "{column:?} is of a version to come");
    }
    if std::env::var_os("SUBLEDGER_UPDATE").is_some() {
        std::fs::write(&path, format!("{before}<!-- begin columns -->\n{expected}<!-- end columns -->{after}"))
            .expect("written");
    } else {
        assert_eq!(written, expected, "docs/reports.md is out of date; see `just reference`");
    }
}

#[test]
fn every_column_has_a_name_for_programs_and_a_meaning() {
    for (name, table) in tables() {
        let mut names = BTreeSet::new();
        for (spec, _) in &table.columns {
            assert!(names.insert(spec.name), "{name}: two columns `{}`", spec.name);
            assert!(!spec.meaning.is_empty() && !spec.meaning.contains('|'), "{name}: `{}`", spec.name);
            assert!(!spec.meaning.ends_with('.'), "{name}: `{}`", spec.name);
        }
        let heights: BTreeSet<usize> = table.columns.iter().map(|(_, cells)| cells.len()).collect();
        assert_eq!(heights.len(), 1, "{name}: columns of different lengths");
    }
}

#[test]
fn a_column_that_came_later_says_so() {
    let (_, table) = tables().remove(0);
    let name = table.columns[3].0.name;
    let later = table.since("9.0.0", &[name]);
    let since: Vec<&str> = later.columns.iter().map(|(spec, _)| spec.since).collect();
    assert_eq!((since[2], since[3]), ("0.1.0", "9.0.0"));
}

/// The page on reports names every file that a set can have, and its settings are ones that work.
#[test]
fn the_documentation_names_every_file_and_shows_settings_that_work() {
    let docs = std::fs::read_to_string(project().join("docs/reports.md")).expect("the documentation");
    let toml = docs.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("settings");
    let desk = Desk::usual();
    let settings = desk.path().join("subledger.toml");
    let before = std::fs::read_to_string(&settings).expect("a configuration");
    std::fs::write(&settings, format!("{toml}\n{before}")).expect("a configuration");
    desk.closed("INV-1", "41.00", &["--accept-gaps", "the job began late"]);
    desk.closed(
        "INV-2",
        "42.00",
        &["--add-on", "1.00", "--reason", "an add-on", "--accept-gaps", "the job began late"],
    );
    let (prose, _) = docs.split_once("## Picking formats").expect("the table of files");
    let mut count = 0;
    for path in look::files(&desk.set("final-r2")).into_keys() {
        let name = if path.starts_with("focus/") { "focus/" } else { path.rsplit('/').next().expect("a name") };
        let plain = name.replace("-excel-eu", "");
        let (stem, form) = plain.rsplit_once('.').unwrap_or((&plain, ""));
        let is_named =
            prose.contains(&plain) || (prose.contains(&format!("{stem}.csv")) && prose.contains(&format!("`.{form}`")));
        assert!(is_named, "docs/reports.md does not name `{path}`");
        count += usize::from(plain != name);
    }
    assert!(count > 5, "the profile of the settings was made");
}

/// Every setting, as a table for each table of the file.
fn settings() -> String {
    let mut text = String::new();
    let mut last = None;
    for setting in SETTINGS {
        if last != Some(setting.table) {
            last = Some(setting.table);
            let title = if setting.table.is_empty() { "Above all tables" } else { setting.table };
            write!(text, "\n### {title}\n\n| setting | written as | without it | meaning |\n|---|---|---|---|\n")
                .expect("a String");
        }
        let Setting { name, kind, default, meaning, .. } = setting;
        writeln!(text, "| `{name}` | {kind} | {default} | {meaning} |").expect("a String");
    }
    text.push('\n');
    text
}

#[test]
fn every_setting_is_in_the_documentation_as_the_code_has_it() {
    let path = project().join("docs/configuration.md");
    let docs = std::fs::read_to_string(&path).expect("the documentation");
    let (before, rest) = docs.split_once("<!-- begin settings -->\n").expect("the part's begin");
    let (written, after) = rest.split_once("<!-- end settings -->").expect("the part's end");
    let expected = settings();
    if std::env::var_os("SUBLEDGER_UPDATE").is_some() {
        std::fs::write(&path, format!("{before}<!-- begin settings -->\n{expected}<!-- end settings -->{after}"))
            .expect("written");
    } else {
        assert_eq!(written, expected, "docs/configuration.md is out of date; see `just reference`");
    }
}

/// Each example of a configuration can be read.
#[test]
fn examples_of_configurations_work() {
    let docs = std::fs::read_to_string(project().join("docs/configuration.md")).expect("the documentation");
    let variables =
        ["SLACK_WEBHOOK_URL", "SUBLEDGER_HOOK", "SUBLEDGER_HEARTBEAT"].map(|name| (name, "https://example.com/x"));
    let variables = variables.into_iter().chain([("SUBLEDGER_HOOK_SECRET", "s"), ("SMTP_PASSWORD", "p")]);
    let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let examples: Vec<&str> = docs.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 3, "there are examples");
    for example in examples {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("subledger.toml");
        std::fs::write(&path, example).expect("a file");
        let overrides = Overrides { config: Some(path), without_customers: true, ..Overrides::default() };
        let labels = subledger::config::labels(&overrides, None).expect("labels").unwrap_or_default();
        let parents = if labels.is_empty() { vec![None] } else { labels.into_iter().map(Some).collect() };
        for parent in parents {
            let overrides = Overrides { parent, ..overrides.clone() };
            let surroundings = Surroundings::made_of(variables.clone(), Clock::System);
            let config = Config::load(&overrides, &surroundings);
            let config = config.unwrap_or_else(|error| panic!("{error}: {error:?}\n{example}"));
            let channels = config.channels.iter().filter_map(|channel| channel.as_ref().err());
            let heartbeat = config.monitoring.heartbeat.iter().filter_map(|url| url.as_ref().err());
            assert_eq!(channels.chain(heartbeat).next(), None, "{example}");
        }
    }
}

#[test]
fn every_finding_is_explained() {
    let docs = std::fs::read_to_string(project().join("docs/findings.md")).expect("the documentation");
    let explained: Vec<&str> = docs.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(explained, codes, "docs/findings.md has a part for each code, in the order of the code");
}
