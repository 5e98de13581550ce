//! What commands say on stdout: JSON and tables for programs, lines for people. The helper that runs them looks at all of it
//! for what a terminal or a log would act on.

use serde_json::Value;
use subledger::commands::inert::inert;
use subledger::report::text::shown;

use super::outputs::{Rows, by_id, csv_of, parquet_of};
use super::stage::Stage;
use crate::support::ran;

/// Accounts on the list that have no usage: findings name them.
pub(super) const IDLE: [&str; 7] = [
    "idle\n::error::forged",
    "::add-mask::idle",
    "##[error]idle",
    "idle\u{1b}[2J",
    "idle\u{202e}elbi",
    "idle\0",
    "idle\r\nevidence: safe",
];

/// Commands are asked about every so-manieth account alone: each is a process.
const STEP: usize = 5;

/// The result of a command as JSON, by the account that each object in it is about.
pub(super) fn json(stage: &Stage, arguments: &[&str]) -> Rows {
    let mut command = stage.command(arguments);
    if arguments[0] == "caps" {
        command.args(["--customers", "caps-only.csv"]);
    }
    let done = ran(command.args(["--output", "json"]));
    assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
    let mut rows = Vec::new();
    collect(&serde_json::from_str(&done.stdout).expect("JSON"), &mut rows);
    by_id(rows)
}

/// The texts of each object.
fn collect(value: &Value, rows: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(fields) => {
            rows.push(fields.values().filter_map(|value| value.as_str().map(str::to_owned)).collect());
            fields.values().for_each(|value| collect(value, rows));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, rows)),
        _ => {}
    }
}

/// The history on stdout as a table.
pub(super) fn history(stage: &Stage, form: &str) -> Rows {
    let output = stage.command(&["history", "--by", "account", "--output", form]).output().expect("it starts");
    assert!(output.status.success());
    if form == "csv" { csv_of(&output.stdout, b',') } else { parquet_of(output.stdout) }
}

/// Without blanks: lines of text are wrapped.
fn dense(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Explanations name whom they are about in full; so do the lines on caps, and histories.
pub(super) fn check_text(stage: &Stage) {
    for (id, name) in stage.names.iter().step_by(STEP) {
        let subject = ["explain", "--", stage.subject(id)];
        let explained = ran(&mut stage.command(&subject));
        assert_eq!(explained.code, 0, "{name:?}: {}", explained.stderr);
        let expected = inert(&shown(name)).into_owned();
        assert!(dense(&explained.stdout).contains(&dense(&expected)), "{name:?}: {}", explained.stdout);
        let explained = ran(stage.command(&["--output", "json"]).args(subject));
        let mut rows = Vec::new();
        collect(&serde_json::from_str(&explained.stdout).expect("JSON"), &mut rows);
        assert!(rows.iter().flatten().any(|text| text == name), "{name:?}: {}", explained.stdout);
    }
    for by in ["account", "customer"] {
        let history = ran(&mut stage.command(&["history", "--by", by]));
        assert_eq!(history.code, 0, "{}", history.stderr);
    }
    assert!(stage.said.stdout.lines().any(|line| line.starts_with("reports   ")), "{}", stage.said.stdout);
}

/// The lists for people have a line for each account, which ends with its name.
pub(super) fn check_accounts(stage: &Stage) {
    for arguments in [&["accounts", "list"][..], &["caps", "plan", "--customers", "caps-only.csv"]] {
        let done = ran(&mut stage.command(arguments));
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.stderr);
        for (id, name) in &stage.names {
            let lines: Vec<&str> = done.stdout.lines().filter(|line| line.contains(id.as_str())).collect();
            let expected = format!("  {}", shown(name).replace("##[", "##\\u{5b}"));
            assert!(lines.len() == 1 && lines[0].ends_with(&expected), "{name:?}: {lines:?}");
        }
    }
    for (id, name) in stage.names.iter().step_by(STEP) {
        let done = ran(&mut stage.command(&["accounts", "show", id]));
        assert_eq!(done.stdout.lines().next(), Some(&*inert(&shown(name))), "{}", done.stderr);
    }
}

/// An account by itself.
pub(super) fn account_json(stage: &Stage) -> Rows {
    let some: Vec<&String> = stage.names.keys().step_by(STEP).collect();
    let mut rows = json(stage, &["accounts", "list"]);
    for id in some {
        rows.insert(id.clone(), json(stage, &["accounts", "show", id]).remove(id).expect("the account"));
    }
    rows
}

/// Findings name accounts: in the summary, in `reconciliation.json` and in the workbook.
pub(super) fn check_findings(stage: &Stage) {
    let reconciliation = std::fs::read_to_string(stage.set.join("reconciliation.json")).expect("a file");
    let mut rows = Vec::new();
    collect(&serde_json::from_str(&reconciliation).expect("JSON"), &mut rows);
    for name in IDLE {
        let name = subledger::ahasend::wire::display(name, 300);
        assert!(rows.iter().flatten().any(|text| *text == name), "{name:?}: {reconciliation}");
        let line = shown(&name).replace("##[", "##\\u{5b}");
        assert!(stage.said.stdout.contains(&format!(": {line} (")), "{line:?}: {}", stage.said.stdout);
    }
}
