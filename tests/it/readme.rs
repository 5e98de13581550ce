//! The README says what the program says: help and demo are compared, or written with `SUBLEDGER_UPDATE=1`.

use std::collections::BTreeMap;

use subledger::report::text::grouped;

use crate::support::{project, ran, subledger};

/// The text between the two comments that frame a part of the README.
fn check_part(name: &str, expected: &str) {
    let path = project().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("a README");
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let start = readme.find(&begin).unwrap_or_else(|| panic!("no part `{name}` in the README")) + begin.len();
    let stop = readme[start..].find(&end).expect("the part's end") + start;
    if std::env::var_os("SUBLEDGER_UPDATE").is_some() {
        let updated = format!("{}{expected}{}", &readme[..start], &readme[stop..]);
        std::fs::write(&path, updated).expect("writing the README");
    } else {
        assert_eq!(&readme[start..stop], expected, "the README's part `{name}` is out of date; see `just readme`");
    }
}

/// One test for all parts: they are in one file.
#[test]
fn readme_says_what_the_program_says() {
    let scratch = tempfile::tempdir().expect("a folder");
    let help = ran(subledger(scratch.path()).arg("--help"));
    let help: Vec<&str> = help.stdout.lines().map(str::trim_end).collect();
    check_part("help", &format!("```text\n{}\n```\n", help.join("\n")));
    let demo = ran(subledger(scratch.path()).arg("demo"));
    assert_eq!(demo.code, 0, "{}", demo.stderr);
    check_part("demo", &format!("```text\n$ cargo run -- demo\n{}```\n", demo.stdout));
    let latest = scratch.path().join("demo/reports/demo/2026-10-01/latest");
    check_part("removed", &removed(&std::fs::read(latest.join("removed.csv")).expect("a table")));
}

/// The first deletion of the demo's month, in five lines.
fn removed(table: &[u8]) -> String {
    let mut rows = csv::Reader::from_reader(table);
    let row: BTreeMap<String, String> = rows.deserialize().next().expect("a row").expect("a row");
    let count = |key: &str| grouped(&row[key]);
    let between =
        row["messages_high"].parse::<i64>().expect("a number") - row["messages_low"].parse::<i64>().expect("a number");
    format!(
        "```text\n\
         {seen}  the last capture that shows {name}: {low} messages, so it left at least {low}\n\
         {gone}  it is gone, and `removed_sub_accounts` has grown by {high} messages: it left at most {high}\n\
         nobody else went between the two, so all {messages} are its own: {customer} is charged {charge} {currency}, grade C\n\
         had others gone as well, the {between} that nobody saw would be shared by their last daily rates, or kept (`residual`)\n\
         and an account created and deleted between the two, which no capture sees, could have sent at most those {between}\n\
         ```\n",
        seen = row["seen_until"],
        gone = row["gone_at"],
        name = row["account_name"],
        low = count("messages_low"),
        high = count("messages_high"),
        messages = count("messages"),
        customer = row["customer_name"],
        charge = row["charge"],
        currency = row["currency"],
        between = grouped(&between.to_string()),
    )
}

/// The settings file in the simulator's documentation is one that works.
#[test]
fn the_simulators_documentation_shows_settings_that_work() {
    let docs = std::fs::read_to_string(project().join("docs/simulator.md")).expect("the documentation");
    let toml = docs.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("settings");
    let script = subledger::simulator::script::Script::parse(toml).expect("settings that work");
    assert_eq!((script.accounts, script.pace, script.faults.len()), (Some(1_000), Some(3_600), 1));
}

/// The configuration in the README is one that works.
#[test]
fn readme_shows_a_configuration_that_works() {
    let readme = std::fs::read_to_string(project().join("README.md")).expect("a README");
    let toml = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a configuration");
    let mut tables = readme.split("```csv\n").skip(1).filter_map(|rest| rest.split("```").next());
    let (map, invoices) = (tables.next().expect("a customer map"), tables.next().expect("invoices"));
    let scratch = tempfile::tempdir().expect("a folder");
    std::fs::write(scratch.path().join("subledger.toml"), toml).expect("a file");
    std::fs::write(scratch.path().join("customers.csv"), map).expect("a file");
    std::fs::write(scratch.path().join("invoices.csv"), invoices).expect("a file");
    std::fs::create_dir(scratch.path().join("archive")).expect("a folder");
    // it is read whole before the archive is found to be empty
    let ran = ran(subledger(scratch.path()).arg("report"));
    assert!(ran.stderr.contains("the archive holds none"), "{}", ran.stderr);
}
