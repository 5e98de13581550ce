//! Caps over several captures, and their levels.

use super::super::ledger::Ledger;
use super::super::terms::Terms;
use super::super::tests::sample::{Night, at, id, seen};
use super::*;

/// The books after a last capture, with what is found of caps.
fn last(nights: impl IntoIterator<Item = Night>, last: Night) -> (Ledger, Vec<&'static str>) {
    let ledger = Ledger::draw_up(seen(nights), last.books(), Terms::default());
    let codes = ledger.findings.listed.iter().map(|finding| finding.code.as_str());
    let codes = codes.filter(|code| code.starts_with("cap")).collect();
    (ledger, codes)
}

/// The only cap of the books.
fn only(ledger: &Ledger) -> Cap<'_> {
    ledger.caps().next().unwrap()
}

#[test]
fn a_cap_runs_out_in_either_reading_of_its_month() {
    let period = |night: Night| night.period("2024-01-15T00:00:00Z", "2024-02-15T00:00:00Z");
    let night = |at: &str, messages| period(Night::at(at).capped(1, messages, 2_000));
    let (ledger, _) = last([night("2024-01-31T23:45:00Z", 1_200)], night("2024-02-01T23:45:00Z", 1_500));
    let cap = only(&ledger);
    // 300 a day: 500 are left for the billing period, 1,700 for the calendar month
    assert_eq!((cap.per_day(), cap.month_messages()), (Some(300), Some(300)));
    assert_eq!(cap.runs_out_at(), Some(at("2024-02-03T15:45:00Z")));
    assert_eq!(cap.runs_out_in_month_at(), Some(at("2024-02-07T15:45:00Z")));
}

#[test]
fn a_cap_that_lasts_is_used_up_or_stands_still_does_not_run_out() {
    for (messages, cap) in [(310, 100_000), (310, 310), (310, 0), (10, 100)] {
        let night = |at: &str, messages| Night::at(at).capped(1, messages, cap);
        let first = night("2024-01-30T02:00:00Z", 10);
        let (ledger, _) = last([first], night("2024-01-31T02:00:00Z", messages));
        let seen = only(&ledger);
        let out = (seen.runs_out_at(), seen.month_messages(), seen.runs_out_in_month_at());
        assert_eq!(out, (None, None, None), "{messages} of {cap:?}");
    }
    let paused = Night::at("2024-01-31T02:00:00Z").removed(10).listed(1, Status::Suspended, 100);
    let (ledger, _) = last([Night::at("2024-01-30T02:00:00Z").capped(1, 10, 100)], paused);
    let cap = only(&ledger);
    assert_eq!((cap.per_day(), cap.runs_out_at()), (None, None), "whoever may not send has no rate");
}

#[test]
fn a_stop_at_the_cap_is_told_of_after_most_of_a_day() {
    let night = |at: &str, messages| Night::at(at).capped(1, messages, 100);
    let first = || night("2024-01-10T02:00:00Z", 100);
    assert_eq!(last([first()], night("2024-01-10T21:59:59Z", 100)).1, ["cap-exceeded"]);
    assert_eq!(last([first()], night("2024-01-10T22:00:00Z", 100)).1, ["cap-exceeded", "cap-stopped"]);
    assert_eq!(last([first()], night("2024-01-11T22:00:00Z", 101)).1, ["cap-exceeded", "cap-above"]);
}

#[test]
fn a_cap_is_held_against_the_one_that_the_period_began_with() {
    let night = |at: &str, cap| Night::at(at).capped(1, 60, cap);
    let after = |first, now| last([night("2024-01-10T02:00:00Z", first)], night("2024-01-10T12:00:00Z", now)).1;
    assert_eq!(after(100, 50), ["cap-exceeded", "cap-above", "cap-changed"]);
    assert_eq!(after(100, 0), ["cap-lifted"]);
    assert_eq!(after(0, 1_000), ["cap-changed"]);
    assert_eq!(after(100, 100), [] as [&str; 0]);
    let next = Night::at("2024-02-01T02:00:00Z").capped(1, 1, 50);
    assert_eq!(last([night("2024-01-31T02:00:00Z", 100)], next).1, ["cap-changed"], "changed around the roll-over");
}

/// The cap of every line is that of its account, wherever the account stands among all: below the parent account, above all
/// that have a cap, removed and still listed.
#[test]
fn each_line_has_the_cap_of_its_account() {
    let first = Night::at("2024-01-30T02:00:00Z").capped(1, 10, 100).capped(2, 20, 200).account(3, 1);
    let second = Night::at("2024-01-31T02:00:00Z").removed(10).listed(1, Status::Suspended, 100).capped(2, 30, 200);
    let mut books = second.account(9, 5).books();
    // usage of an account that nobody lists, after all that are listed; and a parent account after that
    books.accounts.retain(|account| account.id != id(9));
    // an account that is listed twice: the first entry counts
    let again = SubAccount { monthly_credit: 900, ..books.accounts[0].clone() };
    books.accounts.insert(1, again);
    books.usage.parent_id = id(99);
    let ledger = Ledger::draw_up(seen([first]), books, Terms::default());
    let found = ledger.charges.lines.iter().map(|line| (line, line.cap()));
    let found = found.filter_map(|(line, cap)| Some((line.account_id?.as_u128(), cap.map(|cap| cap.credit))));
    let mut found: Vec<_> = found.collect();
    found.sort();
    assert_eq!(found, [(1, Some(100)), (2, Some(200)), (3, None), (9, None), (99, None)]);
}
