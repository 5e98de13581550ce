//! The same close once more, and closes that only show what they would do.

use super::*;

#[test]
fn the_same_close_again_changes_nothing() {
    let desk = Desk::usual();
    desk.closed("INV-1", "42.50", &["--accept-rest", "queried"]);
    let before = (desk.archive(), desk.reports());
    let again = desk.closed("INV-1", "42.50", &["--accept-rest", "queried"]);
    assert!(again.closing().contains("closed as final-r1 before"), "{}", again.stderr);
    assert_eq!((desk.archive(), desk.reports()), before);
    // on a later day, too
    let later = ["--now", "2024-03-05T09:00:00Z", "close", "--period", "2024-01-01", "--invoice-number", "INV-1"];
    let more = ["--amount", "42.50", "--accept-rest", "queried"];
    let again = ran(subledger(desk.path()).args(later).args(more));
    assert_eq!((again.code, (desk.archive(), desk.reports())), (0, before), "{}", again.stderr);
}

/// A capture that came later is a reason for a correction, and not for another answer to the same command.
#[test]
fn the_same_close_again_is_made_with_the_same_capture() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    desk.night("2024-02-01T12:00:00Z", &usual(3_050, 1_000));
    let before = (desk.archive(), desk.reports());
    desk.closed("INV-1", "41.00", &[]);
    assert_eq!((desk.archive(), desk.reports()), before);
    let correction = ["--reason", "usage came late"];
    desk.closed("INV-2", "41.50", &correction);
    assert_eq!(desk.record(2)["capture"]["id"], "20240201T120000Z");
    desk.night("2024-02-01T18:00:00Z", &usual(3_060, 1_000));
    let before = (desk.archive(), desk.reports());
    desk.closed("INV-2", "41.50", &correction);
    assert_eq!((desk.archive(), desk.reports()), before);
}

#[test]
fn the_same_close_brings_back_every_set_that_was_issued() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let correction = ["--tax", "3.00", "--reason", "tax was forgotten"];
    desk.closed("INV-1", "44.00", &correction);
    let mut before = desk.reports();
    before.retain(|name, _| name.contains("/final-r") || name.ends_with("/latest"));
    let archive = desk.archive();
    std::fs::remove_dir_all(desk.path().join("reports")).expect("reports");
    desk.closed("INV-1", "44.00", &correction);
    assert!(desk.reports() == before, "{:?}", desk.reports().keys());
    // without the reason it is still the same close
    desk.closed("INV-1", "44.00", &["--tax", "3.00"]);
    assert_eq!((desk.archive(), desk.reports()), (archive, before));
}

#[test]
fn another_close_of_a_closed_period_wants_a_reason() {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &[]);
    let before = (desk.archive(), desk.reports());
    let others: [(&str, &str, &[&str]); 4] = [
        ("INV-1", "41.01", &[]),
        ("INV-2", "41.00", &[]),
        ("INV-1", "41.00", &["--tax", "1.00"]),
        ("INV-1", "41.00", &["--capture", "20240130T234500Z", "--accept-tail", "why not"]),
    ];
    for (number, amount, more) in others {
        let refused = desk.close(number, amount, more);
        assert_eq!(refused.code, 2, "{amount} {more:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("is closed: final-r1, invoice INV-1 of 41.00"), "{}", refused.stderr);
        assert!(refused.stderr.contains("`--reason \"…\"` makes a correction, final-r2"), "{}", refused.stderr);
    }
    desk.map(ALL_ACME);
    let refused = desk.close("INV-1", "41.00", &[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert_eq!((desk.archive(), desk.reports()), before);
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_it_would_do() {
    let desk = Desk::usual();
    let before = crate::support::tree(desk.path());
    let dry = desk.closed("INV-1", "41.00", &["--dry-run"]);
    assert!(dry.stdout.contains("would be closed as final-r1"), "{}", dry.stdout);
    assert!(dry.closing().contains("nothing was written; without `--dry-run`"), "{}", dry.stderr);
    let refused = desk.close("INV-1", "50.00", &["--dry-run"]);
    assert_eq!(refused.code, 10, "{}", refused.stderr);
    assert!(crate::support::tree(desk.path()) == before, "a dry run writes nothing, not even a lock");

    desk.closed("INV-1", "41.00", &[]);
    // of a correction as well, and of the close that there is
    std::fs::remove_dir_all(desk.path().join("reports")).expect("reports");
    let before = crate::support::tree(desk.path());
    let dry = desk.closed("INV-1", "44.00", &["--tax", "3.00", "--reason", "tax was forgotten", "--dry-run"]);
    assert!(dry.stdout.contains("would be closed as final-r2"), "{}", dry.stdout);
    assert!(dry.stdout.contains("journal"), "{}", dry.stdout);
    let dry = desk.closed("INV-1", "41.00", &["--dry-run"]);
    assert!(dry.closing().contains("closed as final-r1 before"), "{}", dry.stderr);
    assert!(crate::support::tree(desk.path()) == before, "a dry run writes nothing");
}
