//! Whose an account was, and between which captures its messages are counted for whom.

use super::super::super::tests::sample::map;
use super::*;

/// The stretches of account 1: whose it was, on which days, and what was seen between which captures.
fn stretches(rows: &[(u128, &str, &str, &str)], nights: impl IntoIterator<Item = Night>) -> Vec<String> {
    let terms = Terms { customers: Some(map(rows)), ..Terms::default() };
    let nights: Vec<Books> = nights.into_iter().map(Night::books).collect();
    let mut past = Past::default();
    for books in &nights {
        past.see(books, &terms);
    }
    let moves = nights.last().map(|last| past.moves(last, &terms)).unwrap_or_default();
    let shown = moves.get(&id(1)).into_iter().flatten().map(|stretch| {
        let whose = stretch.owner.as_ref().map_or("-", |owner| owner.id.as_ref());
        let from = stretch.from.as_deref().unwrap_or("-");
        format!("{whose} {}: {} in {from} to {}", stretch.days, stretch.messages, stretch.until)
    });
    shown.collect()
}

fn night(at: &str, messages: i64) -> Night {
    Night::at(&format!("2024-{at}:00:00Z")).account(1, messages)
}

const X_TO_Y: [(u128, &str, &str, &str); 2] =
    [(1, "x", "2023-01-01", "2024-01-11"), (1, "y", "2024-01-12", "2024-02-29")];

#[test]
fn a_stretch_says_on_which_days_of_the_period_and_between_which_captures() {
    let nights = || [night("01-10T02", 100), night("01-11T02", 130), night("01-12T23", 170), night("01-13T02", 180)];
    let expected = ["x until 2024-01-11: 130 in - to 11T02", "y from 2024-01-12: 50 in 11T02 to 13T02"];
    assert_eq!(stretches(&X_TO_Y, nights()), expected);
    // only who changes hands in this period is told of
    assert_eq!(stretches(&X_TO_Y, [night("02-10T02", 100)]), [""; 0]);
    assert_eq!(stretches(&[(1, "x", "", "")], nights()), [""; 0]);
}

#[test]
fn a_new_period_begins_with_whoever_has_the_account_then() {
    let nights = || [night("01-31T22", 900), night("02-01T02", 5), night("02-02T02", 9)];
    let rows = [(1, "x", "", "2024-01-31"), (1, "y", "2024-02-01", "2024-02-01"), (1, "z", "2024-02-02", "")];
    let expected = ["y until 2024-02-01: 9 in - to 02T02", "z from 2024-02-02: 0 in 02T02 to 02T02"];
    assert_eq!(stretches(&rows, nights()), expected);
    let later = nights().into_iter().chain([night("02-03T02", 20)]);
    let expected = ["y until 2024-02-01: 9 in - to 02T02", "z from 2024-02-02: 11 in 02T02 to 03T02"];
    assert_eq!(stretches(&rows, later), expected);
}

#[test]
fn an_account_that_appears_late_begins_where_it_appears() {
    let without = |at: &str| Night::at(&format!("2024-{at}:00:00Z")).account(2, 1);
    let nights = || [without("01-10T02"), night("01-11T02", 30), night("01-12T23", 70)];
    let expected = ["x until 2024-01-11: 30 in 10T02 to 11T02", "y from 2024-01-12: 40 in 11T02 to 12T23"];
    assert_eq!(stretches(&X_TO_Y, nights()), expected);
    // one that went between the last capture of a period and the first of the next
    let gone = || [night("01-31T22", 900), Night::at("2024-02-01T02:00:00Z").removed(3)];
    let rows = [(1, "x", "", "2024-02-01"), (1, "y", "2024-02-02", "")];
    assert_eq!(stretches(&rows, gone()), ["x until 2024-02-01: 0 in - to 01T02"]);
}

#[test]
fn who_is_gone_has_no_further_stretch() {
    let gone = |at: &str| Night::at(&format!("2024-{at}:00:00Z")).removed(140);
    let nights = [night("01-10T02", 100), night("01-11T02", 130), gone("01-12T02"), gone("01-13T02"), gone("01-14T02")];
    assert_eq!(stretches(&X_TO_Y, nights), ["x until 2024-01-11: 130 in - to 12T02"]);
}

#[test]
fn counts_that_make_no_sense_overflow_nothing() {
    let counts = [i64::MAX, i64::MIN, 5, i64::MAX];
    let nights = (10..).zip(counts).map(|(day, count)| night(&format!("01-{day}T02"), count));
    assert_eq!(stretches(&X_TO_Y, nights).len(), 2);
}
