//! What captures tell one after the other.

mod moves;

use super::super::books::Status;
use super::super::finding::Code;
use super::super::ledger::Ledger;
use super::super::level::{AlertKind, Level};
use super::super::removed::Attribution;
use super::super::terms::Residual;
use super::super::tests::sample::{Night, id, seen};
use super::*;

/// An interval, as (growth, [(account, what was seen of it)], restated).
type Shown = (i64, Vec<(u128, i64)>, bool);

fn intervals(past: &Past) -> Vec<Shown> {
    let gone = |interval: &Interval| interval.gone.iter().map(|gone| (gone.account_id.as_u128(), gone.seen)).collect();
    past.intervals().iter().map(|interval| (interval.growth, gone(interval), interval.restated)).collect()
}

fn messages(past: &Past) -> Vec<&str> {
    past.changes().iter().map(|finding| finding.message.split(',').next().unwrap_or_default()).collect()
}

#[test]
fn who_vanishes_is_held_against_what_was_removed_meanwhile() {
    let first = || Night::at("2024-01-10T02:00:00Z").account(1, 100).account(2, 50);
    let second = || Night::at("2024-01-11T02:00:00Z").removed(110).account(2, 60);
    let past = seen([first(), second(), Night::at("2024-01-12T02:00:00Z").removed(175)]);
    assert_eq!(intervals(&past), [(110, vec![(1, 100)], false), (65, vec![(2, 60)], false)]);
    assert_eq!(past.intervals()[1].gone[0].from.as_deref(), Some("11T02"));
    assert!(past.changes().is_empty(), "{:?}", past.changes());
    let past = seen([first(), second(), Night::at("2024-01-12T02:00:00Z").removed(117).account(2, 60)]);
    assert_eq!(intervals(&past), [(110, vec![(1, 100)], false), (7, vec![], false)], "somebody came and went unseen");
}

#[test]
fn who_returns_was_not_removed_and_the_intervals_become_one() {
    let nights = || {
        [
            Night::at("2024-01-10T02:00:00Z").account(1, 100).account(2, 50),
            Night::at("2024-01-11T02:00:00Z").removed(100).account(2, 60),
            Night::at("2024-01-12T02:00:00Z").removed(165),
        ]
    };
    let back = Night::at("2024-01-13T02:00:00Z").removed(65).account(1, 130);
    let past = seen(nights().into_iter().chain([back]));
    assert_eq!(intervals(&past), [(65, vec![(2, 60)], false)]);
    let more_is_missing = Night::at("2024-01-13T02:00:00Z").removed(20).account(1, 130);
    let past = seen(nights().into_iter().chain([more_is_missing]));
    assert_eq!(intervals(&past), [(20, vec![(2, 60)], true)], "145 fell, and 130 of that came back");
}

#[test]
fn a_line_of_nothing_that_vanishes_in_a_pause_hides_something() {
    let first = || Night::at("2024-01-10T02:00:00Z").account(1, 0).account(2, 5);
    let paused = Night::at("2024-01-11T02:00:00Z").removed(9).account(2, 5).listed(1, Status::Suspended, 0);
    assert_eq!(intervals(&seen([first(), paused])), [(9, vec![(1, 0)], false)]);
    let idle = Night::at("2024-01-11T02:00:00Z").removed(9).account(2, 5).listed(1, Status::Active, 0);
    assert_eq!(intervals(&seen([first(), idle])), [(9, vec![], false)]);
}

#[test]
fn who_wakes_from_a_pause_without_a_line_may_have_been_in_the_removed_usage() {
    let hidden = Night::at("2024-01-10T02:00:00Z").removed(40).account(2, 70).listed(1, Status::Suspended, 0);
    let awake = Night::at("2024-01-11T02:00:00Z").removed(75).account(1, 45);
    let past = seen([hidden, awake]);
    assert_eq!(intervals(&past), [(75, vec![(2, 70)], false)], "40 less for the one, and 75 more for the other");
}

#[test]
fn totals_that_fall_are_told_of() {
    let first = Night::at("2024-01-10T02:00:00Z").removed(50).account(1, 900);
    let past = seen([first, Night::at("2024-01-11T02:00:00Z").removed(40).account(1, 890)]);
    let told = [
        "the total went down",
        "the removed usage went down",
        "the count of a sub account went down",
        "the pooled invoice went down",
    ];
    assert_eq!(messages(&past), told);
    assert!(past.changes().iter().all(|finding| finding.code == Code::Restated));
    assert_eq!(intervals(&past), [(40, vec![], true)]);
}

#[test]
fn the_same_figures_once_more_change_nothing() {
    let first = || Night::at("2024-01-10T02:00:00Z").account(1, 100).account(2, 50);
    let second = |at: &str| Night::at(at).removed(110).account(2, 60);
    let twice = [first(), second("2024-01-11T02:00:00Z"), second("2024-01-11T03:00:00Z")];
    assert_eq!(intervals(&seen(twice)), intervals(&seen([first(), second("2024-01-11T02:00:00Z")])));
}

#[test]
fn counts_at_the_ends_of_their_range_overflow_nothing() {
    let figures = [i64::MAX, i64::MIN, 0, -1, i64::MAX, i64::MIN + 1];
    let night = |(day, removed): (usize, &i64)| {
        let count = removed.wrapping_neg().saturating_sub(1);
        let night = Night::at(&format!("2024-01-{:02}T02:00:00Z", day + 1)).removed(*removed);
        if day % 2 == 0 { night.capped(1, count, i64::MAX) } else { night.listed(1, Status::Suspended, 1) }
    };
    let mut past = Past::default();
    for (day, removed) in figures.iter().enumerate() {
        let mut books = night((day, removed)).books();
        books.usage.total.messages = *removed;
        past.see(&books, &Terms::default());
        let whole: i128 = past.intervals().iter().map(|interval| i128::from(interval.growth)).sum();
        assert_eq!(whole, i128::from(*removed));
    }
}

#[test]
fn a_roll_over_begins_anew() {
    let nights = [
        Night::at("2024-01-30T02:00:00Z").account(1, 900).account(2, 80),
        Night::at("2024-01-31T22:00:00Z").removed(90).account(1, 1_000),
        Night::at("2024-02-01T02:00:00Z").account(1, 5),
    ];
    let past = seen(nights);
    assert_eq!((intervals(&past), messages(&past)), (vec![], vec![]));
    assert_eq!(past.captures().len(), 1);
    let ended = past.ended().unwrap();
    assert_eq!((ended.capture.id.as_ref(), ended.tail.length().num_hours()), ("31T22", 2));
    assert_eq!(past.trail(id(1)).map(|trail| trail.messages), Some(5));
    assert!(past.trail(id(2)).is_none());
}

#[test]
fn a_calendar_month_is_counted_across_billing_periods() {
    let night = |at: &str, messages| Night::at(at).account(1, messages);
    let early = |at: &str, messages| night(at, messages).period("2024-01-15T00:00:00Z", "2024-02-15T00:00:00Z");
    let late = |at: &str, messages| night(at, messages).period("2024-02-15T00:00:00Z", "2024-03-15T00:00:00Z");
    let month = |past: Past| past.trail(id(1)).unwrap().month_messages();
    let first = || early("2024-01-31T23:00:00Z", 1_200);
    assert_eq!(month(seen([first()])), None, "who knows what was sent in January before the 15th");
    assert_eq!(month(seen([first(), early("2024-02-01T23:00:00Z", 1_500)])), Some(300));
    let next = || [first(), early("2024-02-14T23:00:00Z", 2_000), late("2024-02-16T23:00:00Z", 70)];
    assert_eq!(month(seen(next())), Some(870));
    let march = || late("2024-03-01T23:00:00Z", 100);
    assert_eq!(month(seen(next().into_iter().chain([late("2024-02-29T23:00:00Z", 70), march()]))), Some(30));
    assert_eq!(month(seen(next().into_iter().chain([march()]))), None, "two weeks of February may be in it");
}

#[test]
fn a_level_is_told_of_once_and_once_that_it_is_left() {
    let alerts = |captures: &[(&str, i64, i64)]| {
        let past = seen(captures.iter().map(|(at, messages, cap)| Night::at(at).capped(1, *messages, *cap)));
        let is_new = |alert: &&Alert| past.captures().last().is_some_and(|last| last.id == alert.capture);
        past.alerts().iter().filter(is_new).map(|alert| (alert.kind, alert.level)).collect::<Vec<_>>()
    };
    let mut captures = vec![("2024-01-10T02:00:00Z", 800, 1_000)];
    assert_eq!(alerts(&captures), [(AlertKind::Reached, Level::Near)]);
    captures.push(("2024-01-11T02:00:00Z", 850, 1_000));
    assert_eq!(alerts(&captures), [], "told already");
    captures.push(("2024-01-12T02:00:00Z", 1_000, 1_000));
    assert_eq!(alerts(&captures), [(AlertKind::Reached, Level::Exceeded)]);
    captures.push(("2024-01-13T02:00:00Z", 1_000, 5_000));
    assert_eq!(alerts(&captures), [(AlertKind::Resolved, Level::Clear)]);
    captures.push(("2024-01-14T02:00:00Z", 1_000, 1_200));
    assert_eq!(alerts(&captures), [], "a lower level than was told of in this period");
    captures.push(("2024-02-01T02:00:00Z", 1_000, 1_200));
    assert_eq!(alerts(&captures), [(AlertKind::Reached, Level::Near)], "another period");
}

#[test]
fn an_account_that_is_gone_has_left_its_level() {
    let first = || Night::at("2024-01-10T02:00:00Z").capped(1, 1_000, 1_000);
    let gone = || Night::at("2024-01-11T02:00:00Z").removed(1_000);
    let kinds = |past: &Past| past.alerts().iter().map(|alert| alert.kind).collect::<Vec<_>>();
    let past = seen([first(), gone()]);
    assert_eq!(kinds(&past), [AlertKind::Reached, AlertKind::Resolved]);
    let past = seen([first(), gone(), Night::at("2024-01-12T02:00:00Z").capped(1, 1_000, 1_000)]);
    assert_eq!(
        kinds(&past),
        [AlertKind::Reached, AlertKind::Resolved],
        "a level is told of once, whatever lies between"
    );
}

#[test]
fn removed_usage_that_shows_late_is_held_against_those_who_went_before() {
    let nights = [
        Night::at("2024-01-10T02:00:00Z").account(1, 100).account(2, 10),
        Night::at("2024-01-11T02:00:00Z").account(2, 20),
        Night::at("2024-01-12T02:00:00Z").removed(105).account(2, 30),
    ];
    let short = |nights: &[Night]| {
        let past = seen(nights.iter().cloned());
        let attribution = Attribution::of(past.intervals(), Residual::Rate);
        let parts: Vec<_> = attribution.named().map(|(_, part)| (part.low, part.messages, part.high)).collect();
        (parts, past.changes().len())
    };
    assert_eq!(short(&nights[..2]), (vec![(0, 0, 100)], 3), "the total is short of what the line had");
    assert_eq!(short(&nights), (vec![(100, 105, 105)], 3));
}

#[test]
fn a_tail_that_was_too_long_is_told_for_as_long_as_the_next_period_runs() {
    let findings = |nights: Vec<Night>, last: Night| {
        let ledger = Ledger::draw_up(seen(nights), last.books(), Terms::default());
        ledger.findings.listed.iter().filter(|finding| finding.code == Code::Tail).count()
    };
    let early = || Night::at("2024-01-31T21:00:00Z").account(1, 100);
    let night = |at: &str| Night::at(at).account(1, 5);
    assert_eq!(findings(Vec::new(), early()), 0, "that nobody came after it is not known yet");
    assert_eq!(findings(vec![early()], night("2024-02-01T21:00:00Z")), 1);
    assert_eq!(findings(vec![early(), night("2024-02-01T21:00:00Z")], night("2024-02-02T21:00:00Z")), 1);
    let late = Night::at("2024-01-31T23:30:00Z").account(1, 100);
    assert_eq!(findings(vec![late], night("2024-02-01T21:00:00Z")), 0, "half an hour is allowed");
}

#[test]
fn a_trail_is_small() {
    assert!(size_of::<Trail>() <= 136, "{}", size_of::<Trail>());
}
