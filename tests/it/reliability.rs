//! `docs/faults.md` and `docs/reliability.md`: no fault is left out, and each test that they name is there.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::project;

/// Faults of the catalogue, by number; three were added later.
const FAULT_COUNT: u32 = 130;
const ADDED: [&str; 3] = ["83a", "83b", "83c"];
/// How a row begins that has no test, and then has a reason.
const NO_TEST: [&str; 2] = ["cannot happen: ", "later: "];

fn docs(name: &str) -> String {
    read_to_string(project().join("docs").join(name)).expect("a document")
}

/// The rows of the catalogue: number, what happens, what holds it.
fn faults(document: &str) -> Vec<[String; 3]> {
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let rows = document.lines().filter(|line| line.starts_with("| ")).map(cells);
    let rows = rows.filter(|cells| cells[1].starts_with(|first: char| first.is_ascii_digit()));
    rows.map(|cells| match &cells[..] {
        [_, number, _, happens, held, _] => [number.clone(), happens.clone(), held.clone()],
        _ => panic!("a row of four cells: {cells:?}"),
    })
    .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The tests of this program, as it lists them itself.
fn integration_tests() -> Vec<String> {
    let listed = Command::new(std::env::current_exe().expect("a path")).args(["--list"]).output().expect("a list");
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// The file that a unit test's path leads to: its module's, or that of the module around it.
fn files_of(path: &str) -> [PathBuf; 2] {
    let modules: Vec<&str> = path.split("::").collect();
    let file = |modules: &[&str]| project().join("src").join(modules.join("/")).with_extension("rs");
    let (module, around) = (&modules[..modules.len() - 1], &modules[..modules.len().saturating_sub(2)]);
    [file(module), file(around)]
}

/// Whether a file has this function as a test.
fn has_test(file: &Path, name: &str) -> bool {
    let text = read_to_string(file).unwrap_or_default();
    let head = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let is_mark = |line: &&&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test]");
    // other attributes may stand between
    let is_marked =
        |at: usize| lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).any(|line| is_mark(&line));
    lines.iter().enumerate().any(|(at, line)| line.contains(&head) && is_marked(at))
}

/// What is named and not there, among tests (`module::test`) and recipes (`just name`).
fn missing<'a>(named: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let tests = integration_tests();
    let recipes = read_to_string(project().join("justfile")).expect("a justfile");
    let is_there = |name: &&str| {
        if let Some(recipe) = name.strip_prefix("just ") {
            let recipe = recipe.split(' ').next().unwrap_or_default();
            recipes.lines().any(|line| line.split([' ', ':']).next() == Some(recipe))
        } else {
            let function = name.rsplit("::").next().unwrap_or_default();
            tests.iter().any(|test| test == name) || files_of(name).iter().any(|file| has_test(file, function))
        }
    };
    let is_name = |name: &&str| name.contains("::") || name.starts_with("just ");
    named.filter(is_name).filter(|name| !is_there(name)).collect()
}

#[test]
fn every_fault_has_one_row_and_each_row_a_test_or_a_reason() {
    let document = docs("faults.md");
    let mut rows = BTreeMap::new();
    let faults = faults(&document);
    let named = faults.iter().flat_map(|[_, _, held]| quoted(held));
    assert_eq!(missing(named), [""; 0], "named in docs/faults.md and not there");
    for [number, happens, held] in faults {
        assert!(happens.len() >= 5, "{number}: what happens?");
        let reason = NO_TEST.iter().find_map(|begin| held.strip_prefix(begin));
        let is_held = quoted(&held).any(|name| name.contains("::") || name.starts_with("just "));
        assert!(is_held || reason.is_some_and(|reason| reason.len() > 20), "{number}: what holds it? {held}");
        assert!(rows.insert(number.clone(), held).is_none(), "{number} is there twice");
    }
    let expected = (1..=FAULT_COUNT).map(|number| number.to_string()).chain(ADDED.map(str::to_owned));
    let left_out: Vec<String> = expected.filter(|number| rows.remove(number).is_none()).collect();
    assert!(left_out.is_empty() && rows.is_empty(), "left out: {left_out:?}; unknown: {rows:?}");
}

#[test]
fn every_promise_names_tests_that_are_there() {
    let document = docs("reliability.md");
    assert!(!document.contains('@'), "a figure is missing");
    let is_head = |line: &str| line.starts_with("| promise |") || line.starts_with("| what |");
    let rows = document.lines().filter(|line| line.starts_with("| ") && !is_head(line));
    let promises: Vec<&str> = rows.collect();
    assert!(promises.len() >= 15, "{}", promises.len());
    for promise in promises {
        assert!(quoted(promise).any(|name| name.contains("::") || name.starts_with("just ")), "{promise}");
    }
    assert_eq!(missing(quoted(&document)), [""; 0], "named in docs/reliability.md and not there");
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let named = ["reliability::no_such_test", "lock::tests::no_such_test", "just no-such-recipe", "no name of a test"];
    assert_eq!(missing(named.into_iter()), named[..3]);
    let there = [
        "reliability::a_test_that_is_not_there_is_missed",
        "archive::lock::tests::the_second_is_told_who_the_first_is",
        "just check",
    ];
    assert_eq!(missing(there.into_iter()), [""; 0]);
}
