//! Closes that fail half way, and those that meet others.

use subledger::archive::lock::{Lock, Locking};

use super::*;

/// The record in the archive is the close: a set that could not appear comes with the next attempt.
#[test]
fn a_close_that_died_after_its_record_is_finished_by_the_same_command() {
    let desk = Desk::usual();
    // `latest` is a folder: the set gets its place, and nothing can point to it
    let latest = desk.set("latest");
    std::fs::remove_file(&latest).expect("a link");
    std::fs::create_dir_all(latest.join("in-the-way")).expect("a folder");
    let failed = desk.close("INV-1", "41.00", &[]);
    assert_eq!(failed.code, 12, "{}", failed.stderr);
    assert!(failed.stderr.contains("hint: the period is closed; once the cause is mended"), "{}", failed.stderr);
    let record = desk.record(1);
    // what a killed run leaves, and no set
    std::fs::remove_dir_all(&latest).expect("a folder");
    let _ = std::fs::remove_dir_all(desk.set("final-r1"));
    std::fs::create_dir_all(desk.set(".tmp-final-r1/customers")).expect("a folder");
    std::fs::write(desk.set(".tmp-final-r1/control.csv"), "half").expect("a file");
    desk.closed("INV-1", "41.00", &[]);
    assert_eq!(desk.record(1), record);
    assert_eq!(desk.reports()[&format!("{PARENT}/2024-01-01/latest")], b"-> final-r1");
    assert!(!desk.set(".tmp-final-r1").exists());
    look::assert_sound(desk.path());
    desk.assert_foots("final-r1", "41.00");
}

#[test]
fn a_close_that_died_before_its_record_has_closed_nothing() {
    let desk = Desk::usual();
    // objects of an attempt that came no further: none of them is in the way
    let folder = desk.path().join(format!("archive/parent={PARENT}/period=2024-01-01/close=r1"));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("manifest-00000000.json.zst"), "half").expect("a file");
    let night = desk.offline(&["report", "--period", "2024-01-01"]);
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert!(night.stdout.contains("20240131T234500Z"), "{}", night.stdout);
    desk.closed("INV-1", "41.00", &[]);
    assert_eq!(desk.record(1)["revision"], 1);
}

#[test]
fn reports_that_cannot_be_written_stop_a_close_before_its_record() {
    let desk = Desk::usual();
    let before = desk.archive();
    // a file where the folder of the period would be: nobody can write below it, whoever they are
    let (sets, aside) = (look::sets(desk.path()), desk.path().join("aside"));
    std::fs::rename(&sets, &aside).expect("moved");
    std::fs::write(&sets, "").expect("a file");
    let failed = desk.close("INV-1", "41.00", &[]);
    assert_eq!(failed.code, 12, "{}", failed.stderr);
    assert_eq!(desk.archive(), before);
    std::fs::remove_file(&sets).expect("a file");
    std::fs::rename(&aside, &sets).expect("moved");
    desk.closed("INV-1", "41.00", &[]);
}

#[test]
fn an_archive_that_cannot_be_written_stops_a_close() {
    let desk = Desk::usual();
    let before = desk.reports();
    // a file where the folder of the close would be: nobody can write below it, whoever they are
    let close = desk.path().join(format!("archive/parent={PARENT}/period=2024-01-01/close=r1"));
    std::fs::write(&close, "").expect("a file");
    let failed = desk.close("INV-1", "41.00", &[]);
    assert_eq!(failed.code, 23, "{}", failed.stderr);
    assert!(
        failed.stderr.contains("the period was not closed") && failed.stderr.contains("hint: "),
        "{}",
        failed.stderr
    );
    assert_eq!(desk.reports(), before, "nothing is published");
    std::fs::remove_file(&close).expect("a file");
    desk.closed("INV-1", "41.00", &[]);
}

#[test]
fn of_two_closes_at_once_one_wins_and_the_other_says_so() {
    let desk = Desk::usual();
    let start = |number: &str| {
        let mut command = crate::support::process(desk.path());
        let invoice = ["--period", "2024-01-01", "--invoice-number", number, "--amount", "41.00"];
        command.args(["--now", CLOSED, "close"]).args(invoice).spawn().expect("the binary starts")
    };
    let both = ["INV-1", "INV-2"].map(start);
    let both = both.map(|child| Ran::from(child.wait_with_output().expect("it ends")));
    let (won, lost): (Vec<&Ran>, Vec<&Ran>) = both.iter().partition(|ran| ran.code == 0);
    assert_eq!((won.len(), lost.len()), (1, 1), "{} {}", both[0].stderr, both[1].stderr);
    // busy at the same time, or refused because the other one is through
    assert!(matches!(lost[0].code, 75 | 2), "{}", lost[0].stderr);
    assert!(lost[0].stderr.contains("hint: ") || lost[0].stderr.contains("process"), "{}", lost[0].stderr);
    assert!(!desk.set("final-r2").exists());
    look::assert_sound(desk.path());
    desk.assert_foots("final-r1", "41.00");
}

#[test]
fn a_close_waits_for_nobody_who_publishes() {
    let desk = Desk::usual();
    let before = (desk.archive(), desk.reports());
    let lock = desk.path().join("reports").join(PARENT).join(".lock");
    let held = Lock::acquire(&lock, "process 1, since noon", Locking::Required).expect("the lock");
    let busy = desk.close("INV-1", "41.00", &[]);
    drop(held);
    assert_eq!(busy.code, 75, "{}", busy.stderr);
    assert!(busy.stderr.contains("process 1, since noon"), "{}", busy.stderr);
    assert_eq!((desk.archive(), desk.reports()), before);
}
