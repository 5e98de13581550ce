//! Closes that no reason can make right. Each says what to do, and writes nothing.

use super::*;

#[track_caller]
fn assert_refused(desk: &Desk, arguments: &[&str], said: &str, hint: &str) {
    let before = (desk.archive(), desk.reports());
    let refused = desk.offline(arguments);
    assert_eq!(refused.code, 2, "{arguments:?}: {}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains(said), "`{said}` in {}", refused.stderr);
    assert!(refused.stderr.contains(hint), "`{hint}` in {}", refused.stderr);
    assert!(refused.stdout.is_empty(), "{}", refused.stdout);
    assert_eq!((desk.archive(), desk.reports()), before);
}

#[test]
fn a_close_that_cannot_be_is_refused() {
    let desk = Desk::usual();
    let close = ["close", "--period", "2024-01-01"];
    let invoice = ["--invoice-number", "INV-1", "--amount", "41.00"];
    let with = |more: &[&'static str]| [&close[..], &invoice, more].concat();
    assert_refused(&desk, &with(&["--currency", "eur"]), "the invoice is in EUR, and the usage in USD", "hint: ");
    assert_refused(&desk, &close, "there is no invoice for the billing period 2024-01-01", "`--amount`");
    assert_refused(
        &desk,
        &with(&["--capture", "20240101T000000Z"]),
        "no capture `20240101T000000Z`",
        "hint: the archive holds",
    );
    let other = ["close", "--period", "2023-12-01", "--invoice-number", "INV-1", "--amount", "41.00"];
    assert_refused(&desk, &other, "no capture of the period 2023-12-01", "hint: the archive holds");
    let slip = ["close", "--period", "January", "--invoice-number", "INV-1", "--amount", "41.00"];
    assert_refused(&desk, &slip, "`--period` is no date", "");
    // half an invoice is none
    assert_refused(&desk, &[&close[..], &["--amount", "41.00"]].concat(), "--invoice-number", "");
    assert_refused(&desk, &[&close[..], &["--tax", "1.00"]].concat(), "--amount", "");
    assert_refused(&desk, &["close", "--invoice-number", "INV-1", "--amount", "41.00"], "--period", "");
}

#[test]
fn a_period_that_has_not_ended_cannot_be_closed() {
    let desk = Desk::usual();
    let close = ["close", "--period", "2024-01-01", "--invoice-number", "INV-1", "--amount", "41.00"];
    for (now, code) in [("2024-01-31T23:59:59Z", 2), ("2024-02-01T00:00:00Z", 0)] {
        let before = desk.archive();
        let done = ran(subledger(desk.path()).args(["--now", now]).args(close));
        assert_eq!(done.code, code, "{now}: {}", done.stderr);
        assert_eq!(desk.archive() == before, code == 2);
        if code == 2 {
            assert!(done.stderr.contains("cannot be closed: it ends at 2024-02-01T00:00:00Z"), "{}", done.stderr);
            assert!(done.stderr.contains("hint: "), "{}", done.stderr);
        }
    }
}

/// An earlier capture can be closed with, if its tail is accepted.
#[test]
fn the_capture_to_close_with_can_be_chosen() {
    let desk = Desk::usual();
    let capture = ["--capture", "20240130T234500Z", "--accept-tail", "the last night was a test"];
    let done = desk.closed("INV-1", "39.50", &capture);
    assert!(done.stdout.contains("captured 2024-01-30T23:45:00Z"), "{}", done.stdout);
    assert_eq!(desk.record(1)["capture"]["id"], "20240130T234500Z");
    desk.assert_foots("final-r1", "39.50");
}
