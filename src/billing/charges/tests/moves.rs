//! Lines of accounts that change hands: whose messages they are, on captures of a cent a message.

use super::super::super::books::Status;
use super::super::super::finding::{Code, Severity};
use super::super::super::terms::RemovedUsage;
use super::super::super::tests::sample::{map, seen_on};
use super::*;

/// What a line shows: whose it is, messages, cents, and between which captures they are counted; `-` stands for nobody and
/// for the start of the period.
type Part = (String, i64, i128, String, String);

fn part(whose: &str, messages: i64, cents: i128, from: &str, until: &str) -> Part {
    (whose.to_owned(), messages, cents, from.to_owned(), until.to_owned())
}

/// The lines of account 1.
fn parts(ledger: &Ledger) -> Vec<Part> {
    let lines = ledger.charges.lines.iter().filter(|line| line.account_id == Some(id(1)) && line.kind.has_customer());
    let shown = lines.map(|line| {
        let held = line.held().unwrap();
        let whose = held.owner.as_ref().map_or("-", |owner| owner.id.as_ref());
        part(whose, line.messages.unwrap(), line.share.0, held.from.as_deref().unwrap_or("-"), &held.until)
    });
    let mut shown: Vec<Part> = shown.collect();
    // in the order of time
    shown.sort_by(|a, b| (&a.3, &a.4).cmp(&(&b.3, &b.4)));
    shown
}

/// The ledger of the last of these captures, with the customer map of these rows.
fn drawn(rows: &[(u128, &str, &str, &str)], nights: impl IntoIterator<Item = Night>) -> Ledger {
    on(Terms { customers: Some(map(rows)), ..Terms::default() }, nights)
}

fn on(terms: Terms, nights: impl IntoIterator<Item = Night>) -> Ledger {
    let mut nights: Vec<Night> = nights.into_iter().collect();
    let last = nights.pop().unwrap();
    let ledger = Ledger::draw_up(seen_on(&terms, nights), last.books(), terms);
    assert_eq!(ledger.charges.proof().difference, Minor::ZERO);
    ledger
}

/// A capture of January 2024 in which account 1 has so many messages.
fn night(day_and_hour: &str, messages: i64) -> Night {
    Night::at(&format!("2024-01-{day_and_hour}:00:00Z")).account(1, messages)
}

/// From X to Y on a day.
fn x_to_y(day: u32) -> [(u128, &'static str, String, String); 2] {
    let (last, first) = (format!("2024-01-{:02}", day - 1), format!("2024-01-{day:02}"));
    [(1, "x", String::new(), last), (1, "y", first, String::new())]
}

fn moved(day: u32, nights: impl IntoIterator<Item = Night>) -> Vec<Part> {
    let rows = x_to_y(day);
    let rows: Vec<_> =
        rows.iter().map(|(account, whose, from, to)| (*account, *whose, from.as_str(), to.as_str())).collect();
    parts(&drawn(&rows, nights))
}

#[test]
fn a_change_of_hands_falls_on_the_nearest_capture() {
    let early = || [night("11T02", 100), night("12T02", 130), night("13T02", 170)];
    // the capture two hours after the date is nearer than the one before
    assert_eq!(moved(12, early()), [part("x", 130, 130, "-", "12T02"), part("y", 40, 40, "12T02", "13T02")]);
    let late = || [night("10T23", 100), night("11T23", 130), night("12T23", 170)];
    // and here the one before by an hour
    assert_eq!(moved(12, late()), [part("x", 130, 130, "-", "11T23"), part("y", 40, 40, "11T23", "12T23")]);
}

#[test]
fn in_a_gap_the_nearer_end_has_all_of_it() {
    let nights = || [night("10T00", 100), night("17T00", 800)];
    assert_eq!(moved(13, nights()), [part("x", 100, 100, "-", "10T00"), part("y", 700, 700, "10T00", "17T00")]);
    assert_eq!(moved(14, nights()), [part("x", 800, 800, "-", "17T00"), part("y", 0, 0, "17T00", "17T00")]);
    // the same distance to both: the messages are whoever's it was in the middle, which is the new owner
    let nights = || [night("10T00", 100), night("12T00", 800)];
    assert_eq!(moved(11, nights()), [part("x", 100, 100, "-", "10T00"), part("y", 700, 700, "10T00", "12T00")]);
}

#[test]
fn the_start_of_the_period_counts_as_a_capture() {
    let nights = || [night("10T00", 900), night("11T00", 1_000)];
    let start = part("x", 0, 0, "-", "2024-01-01T00:00:00Z");
    assert_eq!(moved(4, nights()), [part("y", 1_000, 1_000, "-", "11T00"), start]);
    assert_eq!(moved(8, nights()), [part("x", 900, 900, "-", "10T00"), part("y", 100, 100, "10T00", "11T00")]);
    // a row of all the period, or of other periods only, is no change of hands
    let whole = [(1, "x", "2024-01-01", "2024-01-31"), (1, "y", "2024-02-01", "")];
    let ledger = drawn(&whole, nights());
    assert!(ledger.moves.is_empty() && ledger.charges.lines.iter().all(|line| line.held().is_none()));
}

#[test]
fn an_account_may_change_hands_again_and_again() {
    let nights = || [night("10T00", 100), night("11T00", 130), night("12T00", 170), night("13T00", 220)];
    let rows = |third| [(1, "x", "", "2024-01-09"), (1, "y", "2024-01-10", "2024-01-10"), (1, third, "2024-01-11", "")];
    let [x, y] = [part("x", 100, 100, "-", "10T00"), part("y", 30, 30, "10T00", "11T00")];
    let there = drawn(&rows("z"), nights());
    assert_eq!(parts(&there), [x.clone(), y.clone(), part("z", 90, 90, "11T00", "13T00")]);
    let back = drawn(&rows("x"), nights());
    assert_eq!(parts(&back), [x, y, part("x", 90, 90, "11T00", "13T00")]);
    // both of its times are on its one statement
    let x = back.charges.statements().find(|statement| statement.payer.has_id("x")).unwrap();
    assert_eq!(
        (back.charges.statements().len(), x.lines.len(), x.sums.charge, x.sums.messages),
        (2, 2, Minor(190), 190)
    );
    // whoever had it between two captures only has a line, and nothing of it
    let gap = drawn(&rows("z"), [night("09T00", 100), night("14T00", 150)]);
    let y = part("y", 0, 0, "09T00", "09T00");
    assert_eq!(parts(&gap), [part("x", 100, 100, "-", "09T00"), y, part("z", 50, 50, "09T00", "14T00")]);
}

/// Account 1 is there until the 11th, and left 140 messages of which 130 were seen; account 2 stays.
fn removal() -> [Night; 3] {
    let stays = |night: Night| night.account(2, 10);
    let gone = Night::at("2024-01-13T00:00:00Z").removed(140);
    [stays(night("10T00", 100)), stays(night("11T00", 130)), stays(gone)]
}

#[test]
fn what_was_sent_before_an_account_went_is_its_owners_of_that_time() {
    // the middle of the two captures around its end is the 12th
    let [x, y] = [part("x", 130, 130, "-", "11T00"), part("y", 10, 10, "11T00", "13T00")];
    assert_eq!(moved(12, removal()), [x, y.clone()]);
    assert_eq!(moved(13, removal()), [part("x", 140, 140, "-", "13T00")], "it went before the date");
    assert_eq!(moved(10, removal()), [part("x", 100, 100, "-", "10T00"), part("y", 40, 40, "10T00", "13T00")]);
    // that time goes on changes nothing about an account that is gone
    let later = removal().into_iter().chain([Night::at("2024-01-20T00:00:00Z").removed(140).account(2, 10)]);
    assert_eq!(moved(15, later), [part("x", 140, 140, "-", "13T00")]);
}

#[test]
fn an_account_that_is_paused_and_hidden_sends_for_nobody_who_comes_after() {
    let hidden = |at: &str| Night::at(at).removed(140).account(2, 10).listed(1, Status::Suspended, 0);
    let [first, second, _] = removal();
    let nights = [first, second, hidden("2024-01-13T00:00:00Z"), hidden("2024-01-20T00:00:00Z")];
    assert_eq!(moved(15, nights.clone()), [part("x", 140, 140, "-", "13T00")]);
    // once it is back, what it sends is whoever's it is then
    let back = Night::at("2024-01-21T00:00:00Z").account(2, 10).account(1, 190);
    let expected = [part("x", 130, 130, "-", "13T00"), part("y", 60, 60, "20T00", "21T00")];
    assert_eq!(moved(15, nights.into_iter().chain([back])), expected);
}

#[test]
fn the_parts_of_a_removed_account_have_its_bounds() {
    let rows = [(1, "x", "", "2024-01-10"), (1, "y", "2024-01-11", ""), (2, "z", "", ""), (3, "z", "", "")];
    let stays = |night: Night| night.account(3, 10);
    let gone = Night::at("2024-01-12T00:00:00Z").removed(200);
    // accounts 1 and 2 went together, with 30 messages more than the 170 that were seen
    let nights = [night("10T00", 60).account(2, 30), night("11T00", 100).account(2, 70), gone].map(stays);
    let ledger = drawn(&rows, nights);
    let lines = |whose: &str| {
        let statement = ledger.charges.statements().find(|statement| statement.payer.has_id(whose)).unwrap();
        let lines = ledger.charges.lines_of(&statement).iter();
        lines
            .map(|line| (line.messages.unwrap(), line.grade, line.span().low.0, line.span().high.0))
            .collect::<Vec<_>>()
    };
    // what was seen while it was the first owner's is known; the rest may be anything from none to all of the 30
    assert_eq!(lines("x"), [(100, Grade::Attributed, 100, 100)]);
    assert_eq!(lines("y"), [(15, Grade::Attributed, 0, 30)]);
    let removed = ledger.charges.of_removed();
    assert_eq!(removed.get(&id(1)), Some(&Minor(115)), "of all its owners together");
    // figures that contradict each other bound no part below nothing
    let short = [night("10T00", 60), night("11T00", 100), Night::at("2024-01-12T00:00:00Z").removed(50)];
    let ledger = drawn(&[(1, "x", "", "2024-01-09"), (1, "y", "2024-01-10", "")], short);
    let spans =
        ledger.charges.lines.iter().filter(|line| line.held().is_some()).map(|line| (line.share.0, line.span().low.0));
    assert_eq!(spans.collect::<Vec<_>>(), [(50, 0), (0, 0)]);
}

fn unmapped(ledger: &Ledger) -> Vec<String> {
    let found = ledger.findings.listed.iter().filter(|finding| finding.code == Code::Unmapped);
    found
        .map(|finding| finding.message.replace("no customer in the customer map owns this sub account", "nobody"))
        .collect()
}

#[test]
fn what_nobody_owns_is_kept_and_found() {
    let nights = || [night("10T00", 100), night("11T00", 130), night("12T00", 170)];
    let to_nobody = drawn(&[(1, "x", "", "2024-01-10")], nights());
    assert_eq!(parts(&to_nobody), [part("x", 130, 130, "-", "11T00"), part("-", 40, 40, "11T00", "12T00")]);
    assert_eq!(to_nobody.charges.kept().filter(|line| line.held().is_some()).count(), 1);
    assert_eq!(unmapped(&to_nobody), ["nobody from 2024-01-11"]);
    let from_nobody = drawn(&[(1, "x", "2024-01-11", "")], nights());
    assert_eq!(parts(&from_nobody), [part("-", 130, 130, "-", "11T00"), part("x", 40, 40, "11T00", "12T00")]);
    assert_eq!(unmapped(&from_nobody), ["nobody until 2024-01-10"]);
    let between = drawn(&[(1, "x", "", "2024-01-09"), (1, "y", "2024-01-11", "")], nights());
    assert_eq!(unmapped(&between), ["nobody on 2024-01-10"]);
    // nobody has used it while nobody owned it
    let idle = drawn(&[(1, "x", "2024-01-11", "")], [night("11T00", 0), night("12T00", 40)]);
    assert_eq!((parts(&idle).len(), unmapped(&idle)), (2, vec![]));
    // it was gone before it was taken out of the map
    let rows = [(1, "x", "", "2024-01-14"), (2, "z", "", "")];
    assert_eq!(unmapped(&drawn(&rows, removal())), [""; 0]);
    let later = removal().into_iter().chain([Night::at("2024-01-20T00:00:00Z").removed(140).account(2, 10)]);
    assert_eq!(unmapped(&drawn(&rows, later)), [""; 0]);
    let severity = to_nobody.findings.listed.iter().find(|finding| finding.code == Code::Unmapped).unwrap().severity;
    assert_eq!(severity, Severity::Warning);
}

#[test]
fn counts_that_fall_are_taken_from_whoever_has_the_account() {
    let nights =
        |third, fourth| [night("10T00", 100), night("11T00", 130), night("12T00", third), night("13T00", fourth)];
    let x = part("x", 130, 130, "-", "11T00");
    assert_eq!(moved(11, nights(170, 160)), [x.clone(), part("y", 30, 30, "11T00", "13T00")]);
    // more than the new owner has ever sent: the account has no more than this
    assert_eq!(moved(11, nights(170, 120)), [part("x", 120, 120, "-", "11T00"), part("y", 0, 0, "11T00", "13T00")]);
    assert_eq!(moved(11, nights(120, 150)), [x, part("y", 20, 20, "11T00", "13T00")]);
}

#[test]
fn several_usage_lines_of_one_account_share_its_stretches() {
    let nights = || [night("10T00", 60).account(1, 40), night("11T00", 80).account(1, 70)];
    let parts = moved(10, nights());
    let of = |whose: &str| parts.iter().filter(|part| part.0 == whose).map(|part| part.1).sum::<i64>();
    assert_eq!((parts.len(), of("x"), of("y")), (4, 100, 50));
}

#[test]
fn other_pricing_from_a_day_on_begins_another_line_on_the_same_statement() {
    let rows = [(1, "x+10", "", "2024-01-10"), (1, "x+20", "2024-01-11", "")];
    let ledger = drawn(&rows, [night("10T00", 100), night("11T00", 150), night("12T00", 250)]);
    let [statement] = &ledger.charges.statements().collect::<Vec<_>>()[..] else {
        panic!("one customer has one statement")
    };
    let markups: Vec<_> =
        ledger.charges.lines_of(statement).iter().map(|line| (line.cost().0, line.markup.0)).collect();
    assert_eq!((markups, statement.sums.charge), (vec![(150, 15), (100, 20)], Minor(285)));
    assert_eq!(statement.payer.pricing().markup_percent, 20.into(), "as it is last");
}

#[test]
fn only_the_last_owner_sends_in_the_tail() {
    let rows = [(1, "x", "", "2024-01-15"), (1, "y", "2024-01-16", ""), (2, "z", "", "")];
    let terms = Terms { customers: Some(map(&rows)), ..invoiced() };
    let nights = [("16T00", 500), ("31T12", 1_000)].map(|(at, messages)| night(at, messages).account(2, 1_000));
    let ledger = on(terms, nights);
    let of = |whose: &str| ledger.charges.statements().find(|statement| statement.payer.has_id(whose)).unwrap().sums;
    let [x, y] = [of("x"), of("y")];
    assert_eq!((x.cost, y.cost, x.grade, y.grade), (Minor(2_500), Minor(2_500), Grade::Tail, Grade::Tail));
    // the one's share can only be diluted, the other's may grow
    assert_eq!(x.span.high, x.cost);
    assert!(x.span.low < x.cost && y.span.high > y.cost, "{:?} {:?}", x.span, y.span);
    let likely = |whose: &str| {
        let index = ledger.charges.statements().position(|statement| statement.payer.has_id(whose)).unwrap();
        ledger.tails()[index + 2].messages.high
    };
    assert_eq!(likely("x"), 0);
    assert!(likely("y") > 0);
}

#[test]
fn a_billing_period_need_not_be_a_calendar_month() {
    let rows = [(1, "x", "", "2024-01-31"), (1, "y", "2024-02-01", "")];
    let of = |night: Night| night.period("2024-01-15T12:00:00Z", "2024-02-15T12:00:00Z");
    let nights = [
        night("31T00", 300),
        Night::at("2024-02-01T02:00:00Z").account(1, 320),
        Night::at("2024-02-02T02:00:00Z").account(1, 350),
    ];
    let ledger = drawn(&rows, nights.map(of));
    assert_eq!(parts(&ledger), [part("x", 320, 320, "-", "01T02"), part("y", 30, 30, "01T02", "02T02")]);
    // on the day before the period begins at noon it was another one's, and the new one's from midnight on
    let rows = [(1, "x", "", "2024-01-14"), (1, "y", "2024-01-15", "")];
    assert!(drawn(&rows, [of(night("31T00", 300))]).moves.is_empty());
    // a day of which the period has one half only
    let rows = [(1, "x", "", "2024-01-15"), (1, "y", "2024-01-16", "")];
    let ledger = drawn(&rows, [of(night("16T00", 30)), of(night("17T00", 50))]);
    assert_eq!(parts(&ledger), [part("x", 30, 30, "-", "16T00"), part("y", 20, 20, "16T00", "17T00")]);
}

#[test]
fn usage_kept_or_spread_is_on_no_owners_line() {
    for removed_usage in [RemovedUsage::Keep, RemovedUsage::Spread] {
        let rows = [(1, "x", "", "2024-01-10"), (1, "y", "2024-01-11", ""), (2, "z", "", "")];
        let ledger = on(Terms { customers: Some(map(&rows)), removed_usage, ..Terms::default() }, removal());
        assert_eq!(parts(&ledger), []);
    }
}

#[test]
fn whoever_had_an_account_before_is_not_told_how_it_is_now() {
    let terms =
        Terms { customers: Some(map(&[(1, "x", "", "2024-01-10"), (1, "y", "2024-01-11", "")])), ..Terms::default() };
    let mut last = night("13T00", 170).books();
    last.usage.sub_accounts[0].name = "Renamed".into();
    last.accounts[0].name = "Renamed".into();
    let past = seen_on(&terms, [night("10T00", 100), night("11T00", 130), night("12T00", 150)]);
    let ledger = Ledger::draw_up(past, last, terms);
    let lines = ledger.charges.lines.iter().filter(|line| line.held().is_some());
    let shown: Vec<_> = lines.map(|line| (line.name.as_ref(), line.status().cloned(), line.monthly_credit())).collect();
    assert_eq!(shown, [("Account 1", None, None), ("Renamed", Some(Status::Active), Some(0))]);
}

#[test]
fn a_former_owner_never_learns_what_the_account_is_called_since() {
    let renamed = |night: Night, name: &str| {
        let mut books = night.books();
        books.usage.sub_accounts[0].name = name.into();
        books.accounts[0].name = name.into();
        books
    };
    let rows = x_to_y(15);
    let rows: Vec<_> =
        rows.iter().map(|(account, whose, from, to)| (*account, *whose, from.as_str(), to.as_str())).collect();
    let terms = Terms { customers: Some(map(&rows)), ..Terms::default() };
    // the second capture lies two hours after the date, and what it counts is still X's for the most part
    let first = renamed(night("14T02", 100), "Shop of X");
    let second = renamed(night("15T02", 200), "Shop of Y");
    let mut past = Past::default();
    past.see(&first, &terms);
    let ledger = Ledger::draw_up(past, second, terms.clone());
    let names = |ledger: &Ledger| {
        let lines = ledger.charges.lines.iter().filter(|line| line.held().is_some());
        lines.map(|line| (line.name.to_string(), line.messages.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(names(&ledger), [("Shop of X".to_owned(), 200), ("Shop of Y".to_owned(), 0)]);
    // whoever was never seen before has no name that X may know
    let ledger = Ledger::draw_up(Past::default(), renamed(night("15T02", 200), "Shop of Y"), terms);
    assert_eq!(names(&ledger), [(id(1).to_string(), 200), ("Shop of Y".to_owned(), 0)]);
}
