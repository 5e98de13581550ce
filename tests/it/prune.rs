//! `subledger prune`: what goes, what stays whatever is asked, and that what went can be made again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use subledger::archive::lock::{Lock, Locking};

use crate::support::look::{self, json};
use crate::support::world::changed;
use crate::support::{Answers, Home, PARENT, Ran, Server, base, base_usage, home, ran, run_at, subledger, tree};

const NIGHTS: [&str; 4] =
    ["2024-01-15T02:00:00Z", "2024-01-16T02:00:00Z", "2024-01-17T02:00:00Z", "2024-01-18T02:00:00Z"];
const SETS: [&str; 4] = ["20240115T020000Z", "20240116T020000Z", "20240117T020000Z", "20240118T020000Z"];
/// The only night of the next period.
const FEBRUARY: &str = "2024-02-01T02:00:00Z";

/// Two periods of nights; the second night was reported on other terms as well, and the last set of the first period is a slip.
fn nights() -> Home {
    let folder = home();
    let server = Server::of(base());
    for night in NIGHTS {
        assert_eq!(run_at(folder.path(), &server, night, &[]).code, 0);
    }
    for (capture, invoice) in [(SETS[1], "80.00"), (SETS[3], "99.00"), (SETS[3], "80.00")] {
        let report = ["report", "--capture", capture, "--invoice", invoice];
        assert_ne!(ran(subledger(folder.path()).args(report)).code, 2);
    }
    let usage = changed(&base_usage(), "2024-02-01", "2024-03-01");
    let usage = changed(&usage, "2024-01-01", "2024-02-01");
    assert_eq!(run_at(folder.path(), &Server::of(Answers { usage, ..base() }), FEBRUARY, &[]).code, 0);
    folder
}

fn reports(folder: &Path) -> PathBuf {
    folder.join("reports").join(PARENT)
}

/// The names in the folder of the first period, as they are listed.
fn names(folder: &Path) -> Vec<String> {
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string().expect("UTF-8");
    let mut names: Vec<String> = fs::read_dir(look::sets(folder)).expect("a period").map(name).collect();
    names.sort();
    names
}

/// Prunes without account, key or server, and sees that nothing but report sets has changed.
fn prune(folder: &Path, arguments: &str) -> Ran {
    let outside = || {
        let mut files = tree(folder);
        files.retain(|path, _| !path.starts_with(&format!("reports/{PARENT}/")));
        files
    };
    let before = outside();
    let pruned = ran(subledger(folder).arg("prune").args(arguments.split_whitespace()));
    assert!(outside() == before, "what is no report set has changed");
    pruned
}

/// What a set consists of.
fn contents(folder: &Path, name: &str) -> BTreeMap<String, Vec<u8>> {
    let files = tree(&look::sets(folder).join(name));
    assert!(files.len() > 5, "{name} is no set");
    files
}

#[test]
fn the_newest_sets_stay_and_a_rerun_finds_nothing() {
    let folder = nights();
    let all = names(folder.path());
    assert_eq!(all.len(), 4 + 3 + 1);
    let before = tree(folder.path());
    let told = prune(folder.path(), "--keep-provisional 3 --dry-run");
    assert!(tree(folder.path()) == before, "a dry run changes nothing, not even a lock");
    assert_eq!(told.closing(), "evidence: untouched; nothing was changed; without `--dry-run` 4 report sets would go");
    let done = prune(folder.path(), "--keep-provisional 3");
    assert_eq!((done.code, done.closing()), (0, "evidence: untouched; 4 report sets removed, nothing to do"));
    assert_eq!(names(folder.path()), [SETS[3], "20240118T020000Z-r2", "20240118T020000Z-r3", "latest"]);
    assert_eq!(look::assert_sound(folder.path()), (5, 3));
    let again = prune(folder.path(), "--keep-provisional 3");
    assert_eq!((again.code, again.closing()), (0, "evidence: untouched; there is nothing to prune"));
    insta::with_settings!({ filters => vec![(r"[\d,]+ bytes", "[n] bytes")] }, {
        insta::assert_snapshot!([told.stdout, done.stdout, again.stdout].join("\n"));
    });
}

#[test]
fn with_0_only_what_latest_leads_to_stays() {
    let folder = nights();
    // the terms asked for last are those of the first set
    assert_eq!(ran(subledger(folder.path()).args(["report", "--capture", SETS[3]])).code, 0);
    let done = prune(folder.path(), "--keep-provisional 0");
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(names(folder.path()), [SETS[3], "latest"]);
    let february = reports(folder.path()).join("2024-02-01");
    assert!(february.join("20240201T020000Z").is_dir() && february.join("latest").is_dir());
    // a lost pointer takes no period its last set
    fs::remove_file(look::latest(folder.path())).expect("a pointer");
    assert_eq!(prune(folder.path(), "--keep-provisional 0").code, 0);
    assert_eq!(names(folder.path()), [SETS[3]]);
}

#[test]
fn what_is_not_certainly_provisional_stays_and_is_named() {
    let folder = nights();
    let home = look::sets(folder.path());
    let copy = |from: &str, to: &str, state: &str| {
        for (path, bytes) in contents(folder.path(), from) {
            let file = home.join(to).join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, bytes).expect("a file");
        }
        let manifest = fs::read_to_string(home.join(to).join("manifest.json")).expect("a manifest");
        let manifest = changed(&manifest, r#""state": "provisional""#, &format!(r#""state": "{state}""#));
        fs::write(home.join(to).join("manifest.json"), manifest).expect("a file");
    };
    copy(SETS[0], "final-r1", "final");
    copy(SETS[0], "final-r2", "provisional");
    copy(SETS[0], "20240110T020000Z", "final");
    copy(SETS[0], "20240115T020000Z-copy", "provisional");
    fs::create_dir(home.join("notes")).expect("a folder");
    fs::remove_file(home.join(SETS[2]).join("manifest.json")).expect("a manifest");
    fs::write(home.join("todo.txt"), "call finance").expect("a file");
    fs::create_dir_all(reports(folder.path()).join("elsewhere/20240115T020000Z")).expect("a folder");
    let odd = ["20240110T020000Z", "20240115T020000Z-copy", SETS[2], "final-r1", "final-r2", "notes"];
    let before = tree(folder.path());

    let done = prune(folder.path(), "--keep-provisional 1 --output json");
    assert_eq!(done.code, 0, "{}", done.stderr);
    let told = json(&done.stdout);
    let january = &told["periods"][0];
    let listed = |key: &str, what: &str| -> Vec<String> {
        let entries = january[key].as_array().expect("a list").iter();
        entries.map(|entry| entry[what].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(listed("left_alone", "name"), odd);
    let gone = [SETS[0], SETS[1], "20240116T020000Z-r2", SETS[3], "20240118T020000Z-r2"];
    assert_eq!(listed("removed", "name"), gone);
    assert_eq!((&told["schema"], &january["kept"][0]), (&"subledger/prune/v1".into(), &"20240118T020000Z-r3".into()));
    let lengths = |name: &&str| {
        let inside = format!("reports/{PARENT}/2024-01-01/{name}/");
        before.iter().filter(|(path, _)| path.starts_with(&inside)).map(|(_, bytes)| bytes.len()).sum::<usize>()
    };
    assert_eq!(told["bytes"], gone.iter().map(lengths).sum::<usize>());
    let mut expected = before;
    expected.retain(|path, _| !gone.iter().any(|name| path.contains(&format!("/2024-01-01/{name}/"))));
    expected.retain(|path, _| !look::is_passing(path));
    assert!(look::files(folder.path()) == expected, "nothing else has changed");
    let text = prune(folder.path(), "--keep-provisional 1").stdout;
    assert!(odd.iter().all(|name| text.contains(&format!("left alone: {name} ("))), "{text}");
}

#[test]
fn a_removed_set_comes_back_byte_for_byte() {
    let folder = nights();
    let before = [SETS[0], SETS[1], "20240116T020000Z-r2"].map(|name| contents(folder.path(), name));
    assert_eq!(prune(folder.path(), "--keep-provisional 1").code, 0);
    assert_eq!(names(folder.path()), ["20240118T020000Z-r3", "latest"]);
    for (capture, terms) in [(SETS[0], &[][..]), (SETS[1], &[]), (SETS[1], &["--invoice", "80.00"])] {
        let report = ran(subledger(folder.path()).args(["report", "--capture", capture]).args(terms));
        assert_eq!(report.code, 0, "{}", report.stderr);
    }
    let after = [SETS[0], SETS[1], "20240116T020000Z-r2"].map(|name| contents(folder.path(), name));
    assert!(before == after);
    assert_eq!(fs::read_link(look::latest(folder.path())).expect("a pointer"), Path::new("20240118T020000Z-r3"));
}

#[test]
fn reports_that_are_being_published_are_not_pruned() {
    let folder = nights();
    let lock = reports(folder.path()).join(".lock");
    let held = Lock::acquire(&lock, "process 1, since noon", Locking::Required).expect("the lock");
    let before = tree(folder.path());
    let busy = prune(folder.path(), "--keep-provisional 0");
    assert_eq!(busy.code, 75, "{}", busy.stderr);
    assert!(busy.stderr.contains("process 1, since noon"), "{}", busy.stderr);
    assert_eq!(busy.closing(), "evidence: untouched; run again when the other run is done");
    assert_eq!(prune(folder.path(), "--keep-provisional 0 --dry-run").code, 0);
    assert!(tree(folder.path()) == before);
    drop(held);
    assert_eq!(prune(folder.path(), "--keep-provisional 0").code, 0);
}

/// What a killed pruning or publishing leaves in a period that nothing is published in any more.
#[test]
fn what_a_killed_run_left_goes_as_well() {
    let folder = nights();
    let left = look::sets(folder.path()).join(".tmp-20240115T020000Z");
    fs::rename(look::sets(folder.path()).join(SETS[0]), &left).expect("a set");
    assert_eq!(prune(folder.path(), "--keep-provisional 9 --dry-run").code, 0);
    assert!(left.is_dir());
    assert_eq!(prune(folder.path(), "--keep-provisional 9").code, 0);
    assert!(!left.exists());
}

#[test]
fn without_reports_there_is_nothing_to_prune() {
    let folder = home();
    let server = Server::of(base());
    let capture = crate::support::subledger_at(folder.path(), &server).args(["capture", "--now", NIGHTS[0]]).output();
    assert_eq!(capture.expect("the binary starts").status.code(), Some(0));
    let before = tree(folder.path());
    for arguments in ["--keep-provisional 0", "--keep-provisional 0 --dry-run"] {
        let nothing = prune(folder.path(), arguments);
        assert_eq!((nothing.code, nothing.closing()), (0, "evidence: untouched; there is nothing to prune"));
        assert_eq!(nothing.stdout, format!("there are no report sets in reports/{PARENT}: nothing to prune\n"));
    }
    assert!(tree(folder.path()) == before && !folder.path().join("reports").exists());
    // the account is in the archive, and no report is read to find out whose they are
    let unknown = prune(folder.path(), "--keep-provisional 0 --archive nowhere");
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
}

#[test]
fn how_many_are_to_stay_has_to_be_said() {
    let folder = nights();
    let before = tree(folder.path());
    for arguments in ["", "--keep-provisional -1", "--keep-provisional all"] {
        let refused = prune(folder.path(), arguments);
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{arguments}: {}", refused.stderr);
    }
    assert!(tree(folder.path()) == before);
}

#[test]
fn a_period_that_cannot_be_read_keeps_everything_else_from_going() {
    let folder = nights();
    let pointer = reports(folder.path()).join("2024-02-01/latest");
    fs::remove_file(&pointer).expect("a pointer");
    fs::create_dir(&pointer).expect("a folder");
    let before = look::files(folder.path());
    let failed = prune(folder.path(), "--keep-provisional 0");
    assert_eq!(failed.code, 12, "{}", failed.stderr);
    assert!(
        failed.stderr.contains("2024-02-01/latest`\n  caused by: it is no link to a report set"),
        "{}",
        failed.stderr
    );
    assert_eq!(failed.closing(), "evidence: untouched; run again once the cause is mended");
    assert!(look::files(folder.path()) == before);
}
