//! Calendars of made-up captures.

use super::super::past::Unreadable;
use super::super::tests::sample::{Night as Capture, seen};
use super::*;

/// The calendar as runs of (first day, last day, state), and the findings.
fn calendar(captures: &[&str], unreadable: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut past = seen(captures.iter().map(|at| Capture::at(at)));
    for at in unreadable {
        past.note_unreadable(Unreadable {
            id: (*at).to_owned(),
            at: at.parse().unwrap(),
            problem: "damaged".to_owned(),
        });
    }
    let books = Capture::at(captures[captures.len() - 1]).books();
    shown(&books, &past)
}

fn shown(books: &Books, past: &Past) -> (Vec<String>, Vec<String>) {
    let nights = nights(books, past);
    let run = |run: &[Night]| {
        let (first, last) = (run[0].date.format("%m-%d"), run[run.len() - 1].date.format("%m-%d"));
        format!("{first}..{last} {}", run[0].state.as_str())
    };
    let runs = nights.chunk_by(|a, b| a.state == b.state).map(run).collect();
    (runs, gaps(&nights, books, past, &Terms::default()).into_iter().map(|finding| finding.message).collect())
}

#[test]
fn nights_before_the_first_capture_have_not_begun_and_those_between_are_missed() {
    let captures = ["2024-01-08T02:00:00Z", "2024-01-09T02:00:00Z", "2024-01-09T04:00:00Z", "2024-01-12T02:00:00Z"];
    let (runs, findings) = calendar(&captures, &[]);
    let expected = [
        "01-01..01-07 not-begun",
        "01-08..01-08 captured",
        "01-09..01-09 captured",
        "01-10..01-11 missed",
        "01-12..01-12 captured",
        "01-13..01-31 ahead",
    ];
    assert_eq!(runs, expected);
    assert_eq!(findings, ["no capture was taken from 2024-01-10 to 2024-01-11"]);
}

#[test]
fn a_night_of_which_nothing_can_be_read_is_not_missed() {
    let (runs, findings) = calendar(&["2024-01-08T02:00:00Z", "2024-01-10T02:00:00Z"], &["2024-01-09T02:00:00Z"]);
    assert_eq!(runs[2], "01-09..01-09 unreadable");
    assert_eq!(findings, ["capture `2024-01-09T02:00:00Z` cannot be read: damaged"]);
}

#[test]
fn after_an_earlier_period_every_whole_night_counts() {
    let start = "2024-01-15T12:00:00Z";
    let in_period = |at: &str| Capture::at(at).period(start, "2024-02-15T12:00:00Z");
    let before = || Capture::at("2024-01-15T02:00:00Z").period("2023-12-15T12:00:00Z", start);
    let (runs, findings) =
        shown(&in_period("2024-01-18T02:00:00Z").books(), &seen([before(), in_period("2024-01-18T02:00:00Z")]));
    assert_eq!(runs[..2], ["01-15..01-15 not-begun", "01-16..01-17 missed"], "a part of a day is no night");
    assert_eq!(findings, ["no capture was taken from 2024-01-16 to 2024-01-17"]);
}

#[test]
fn a_period_without_any_capture_is_told_of() {
    let (runs, findings) = calendar(&["2023-11-30T02:00:00Z", "2024-01-01T02:00:00Z"], &[]);
    assert_eq!(runs, ["01-01..01-01 captured", "01-02..01-31 ahead"]);
    assert_eq!(findings, ["the time between two billing periods went by without a capture"]);
}

#[test]
fn days_without_a_capture_are_missed() {
    let times = ["2026-10-01T23:45:00Z", "2026-10-02T00:05:00Z", "2026-10-05T23:45:00Z", "2026-10-06T23:45:00Z"];
    let times: Vec<DateTime<Utc>> = times.iter().map(|time| time.parse().unwrap()).collect();
    let days = |from: &str, until: &str| {
        let days = missed_between(from.parse().unwrap(), until.parse().unwrap(), &times);
        days.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(days("2026-10-01", "2026-10-06"), ["2026-10-03", "2026-10-04"]);
    assert_eq!(days("2026-09-30", "2026-10-08"), ["2026-09-30", "2026-10-03", "2026-10-04", "2026-10-07"]);
    assert!(days("2026-10-08", "2026-10-01").is_empty());
}
