//! Compaction of closed periods: one table instead of many, the same answers, and the evidence as it was.

use std::collections::BTreeMap;

use crate::close::Desk;
use crate::support::PARENT;
use crate::support::look::{files, json};

const COMPACT: [&str; 2] = ["archive", "compact"];
const TABLE: &str = "usage.parquet";

/// A folder of the usual period in the archive.
fn period(desk: &Desk) -> std::path::PathBuf {
    desk.path().join(format!("archive/parent={PARENT}/period=2024-01-01"))
}

/// The tables of the usual period, by their paths.
fn tables(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let mut tables = files(&period(desk));
    tables.retain(|path, _| path.ends_with(TABLE));
    tables
}

/// The archive without its tables: everything that cannot be made again.
fn evidence(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let mut evidence = desk.archive();
    evidence.retain(|path, _| !path.ends_with(TABLE));
    evidence
}

/// What the archive says by customer and by account, in every form.
fn told(desk: &Desk) -> Vec<String> {
    let mut told = Vec::new();
    for by in ["customer", "account"] {
        for form in ["csv", "json", "text"] {
            let history = desk.offline(&["history", "--from", "2024-01-01", "--by", by, "--output", form]);
            assert_eq!(history.code, 0, "{}", history.stderr);
            told.push(history.stdout);
        }
    }
    told
}

#[test]
fn a_closed_period_has_one_table_and_the_same_history() {
    let desk = Desk::usual();
    let nothing = desk.offline(&COMPACT);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, ""), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("no period is closed"), "{}", nothing.stderr);
    desk.closed("A-1", "41.00", &[]);
    let (before, kept, own) = (told(&desk), evidence(&desk), tables(&desk));
    assert_eq!(own.len(), 2, "{:?}", own.keys());

    let done = desk.offline(&[&COMPACT[..], &["--output", "json"]].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    let said = &json(&done.stdout)["periods"][0];
    assert_eq!((&said["outcome"], &said["captures"], &said["tables_removed"]), (&"made".into(), &2.into(), &2.into()));
    let names: Vec<String> = tables(&desk).into_keys().collect();
    assert_eq!(names, [format!("capture=all/{TABLE}")]);
    assert_eq!(told(&desk), before, "every figure comes from the one table");
    assert_eq!(evidence(&desk), kept, "the evidence is as it was");

    let verified = desk.offline(&["verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.contains("tables    1 as their answers give them"), "{}", verified.stdout);
    desk.offline(&["report", "--period", "2024-01-01"]);
    assert_eq!(tables(&desk).len(), 1, "what was issued is put back without tables of single captures");
    let again = desk.offline(&COMPACT);
    assert_eq!(again.stdout, "2024-01-01  2 captures: in one table already\n", "{}", again.stderr);
}

#[test]
fn a_compaction_that_was_broken_off_is_finished() {
    let desk = Desk::usual();
    desk.closed("A-1", "41.00", &[]);
    let (before, own) = (told(&desk), tables(&desk));
    desk.offline(&COMPACT);
    let whole = tables(&desk);
    // the file of the period was durable, and of two tables one was gone
    let (name, bytes) = own.first_key_value().expect("a table");
    std::fs::write(period(&desk).join(name), bytes).expect("a table");
    assert_eq!(told(&desk), before, "a reader who finds both takes one");
    let done = desk.offline(&COMPACT);
    assert_eq!(done.stdout, "2024-01-01  2 captures: in one table already, 1 table of their own removed\n");
    assert_eq!(tables(&desk), whole);
}

/// Puts a file into the place of the table of the whole period.
fn put_whole(desk: &Desk, bytes: &[u8]) {
    let folder = period(desk).join("capture=all");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(TABLE), bytes).expect("a file");
}

#[test]
fn a_file_that_is_not_what_the_captures_give_is_found_and_left_alone() {
    let quieter = Desk::quieter();
    quieter.closed("A-1", "40.00", &[]);
    quieter.offline(&COMPACT);
    let other = tables(&quieter).into_values().next().expect("a table");
    let desk = Desk::usual();
    desk.closed("A-1", "41.00", &[]);
    let (before, own) = (told(&desk), tables(&desk));
    for (bytes, problem) in [
        (&other[..], "its rows of `20240130T234500Z` are not what the answers give"),
        (&other[..100], "it cannot be read"),
    ] {
        put_whole(&desk, bytes);
        let done = desk.offline(&COMPACT);
        let told = "left alone, the file that is there is not what its captures give";
        assert!(done.stdout.contains(told), "{}", done.stdout);
        assert_eq!(tables(&desk).len(), 3, "nothing was removed");
        let verified = desk.offline(&["verify"]);
        assert_eq!(verified.code, 13, "{}", verified.stdout);
        assert!(verified.stdout.contains("capture=all/usage.parquet"), "{}", verified.stdout);
        assert!(verified.stdout.contains(problem), "{}", verified.stdout);
    }
    // a night of which there is no table that can be read is told from the evidence
    for name in own.keys() {
        std::fs::remove_file(period(&desk).join(name)).expect("a table");
    }
    assert_eq!(told(&desk), before);
}

#[test]
fn a_capture_that_came_after_the_file_was_made_is_no_damage() {
    let desk = Desk::usual();
    desk.closed("A-1", "41.00", &[]);
    let (before, own) = (told(&desk), tables(&desk));
    put_whole(&desk, &own["capture=20240130T234500Z/usage.parquet"]);
    for name in own.keys() {
        std::fs::remove_file(period(&desk).join(name)).expect("a table");
    }
    let verified = desk.offline(&["verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.contains("has no rows of `20240131T234500Z`: delete it"), "{}", verified.stdout);
    assert_eq!(told(&desk), before, "its night is told from the evidence");
}

#[test]
fn a_period_with_a_damaged_capture_keeps_its_tables() {
    let desk = Desk::usual();
    desk.closed("A-1", "41.00", &[]);
    let (kept, usage) = (tables(&desk), "capture=20240130T234500Z/usage.json.zst");
    std::fs::write(period(&desk).join(usage), b"damaged").expect("a file");
    let done = desk.offline(&COMPACT);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("left alone") && done.stdout.contains(usage), "{}", done.stdout);
    assert_eq!(tables(&desk), kept);
}

#[test]
fn a_table_whose_manifest_is_lost_is_no_waste() {
    let desk = Desk::usual();
    desk.closed("A-1", "41.00", &[]);
    let first = period(&desk).join("capture=20240130T234500Z");
    for name in ["capture.json", "capture.json.sha256"] {
        std::fs::remove_file(first.join(name)).expect("a file");
    }
    let (kept, before) = (tables(&desk), desk.offline(&["verify"]));
    let done = desk.offline(&COMPACT);
    assert!(
        done.stdout.contains("left alone, capture `20240130T234500Z` has a table and no manifest"),
        "{}",
        done.stdout
    );
    assert_eq!(tables(&desk), kept);
    let after = desk.offline(&["verify"]);
    assert_eq!((after.code, after.stdout), (13, before.stdout), "what tells of the loss is still there");
}
