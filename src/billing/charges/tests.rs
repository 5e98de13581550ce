//! Lines that removed usage and a tail make, on captures of a cent a message.

mod fees;
mod moves;

use chrono::NaiveDate;

use super::super::grade::{Grade, Span};
use super::super::invoice::{InvoiceEntry, Policies, Policy};
use super::super::ledger::Ledger;
use super::super::money::Amount;
use super::super::terms::{Bearer, Residual, Terms};
use super::super::tests::sample::{Night, id, seen};
use super::*;

/// What a line shows: kind, account, messages, share, grade, bounds.
type Shown = (LineKind, u128, i64, i128, Grade, i128, i128);

fn shown(lines: &[Line]) -> Vec<Shown> {
    let shown = |line: &Line| {
        let account = line.account_id.map_or(0, |id| id.as_u128());
        let (low, high) = (line.span().low.0, line.span().high.0);
        (line.kind, account, line.messages.unwrap_or(0), line.share.0, line.grade, low, high)
    };
    lines.iter().map(shown).collect()
}

fn removed_lines(ledger: &Ledger) -> Vec<Shown> {
    let mut lines = shown(&ledger.charges.lines);
    lines.retain(|line| matches!(line.0, LineKind::Attributed | LineKind::Removed));
    lines
}

/// Accounts 1 and 2 went with 20 messages more than was seen, and then 7 came that nobody can be named for.
fn two_gone(residual: Residual) -> Ledger {
    let nights = [
        Night::at("2024-01-10T02:00:00Z").account(1, 90).account(2, 20).account(3, 10),
        Night::at("2024-01-11T02:00:00Z").account(1, 100).account(2, 50).account(3, 10),
        Night::at("2024-01-12T02:00:00Z").removed(170).account(3, 10),
    ];
    let last = Night::at("2024-01-13T02:00:00Z").removed(177).account(3, 10);
    Ledger::draw_up(seen(nights), last.books(), Terms { residual, ..Terms::default() })
}

#[test]
fn the_removed_line_is_divided_and_what_has_no_name_stays() {
    use LineKind::{Attributed, Removed};
    let expected = [
        (Attributed, 1, 105, 105, Grade::Attributed, 100, 120),
        (Attributed, 2, 65, 65, Grade::Attributed, 50, 70),
        (Removed, 0, 7, 7, Grade::Residual, 7, 7),
    ];
    assert_eq!(removed_lines(&two_gone(Residual::Rate)), expected);
    let expected = [
        (Attributed, 1, 100, 100, Grade::Attributed, 100, 120),
        (Attributed, 2, 50, 50, Grade::Attributed, 50, 70),
        (Removed, 0, 27, 27, Grade::Residual, 7, 27),
    ];
    assert_eq!(removed_lines(&two_gone(Residual::Keep)), expected);
}

#[test]
fn who_left_nothing_that_was_seen_may_still_be_charged_for_what_was_not() {
    let first = Night::at("2024-01-10T02:00:00Z").account(1, 0).account(2, 0).account(3, 10);
    let last = Night::at("2024-01-11T02:00:00Z").removed(20).account(3, 10);
    let ledger = Ledger::draw_up(seen([first]), last.books(), Terms::default());
    let expected = [
        (LineKind::Attributed, 1, 0, 0, Grade::Attributed, 0, 20),
        (LineKind::Attributed, 2, 0, 0, Grade::Attributed, 0, 20),
        (LineKind::Removed, 0, 20, 20, Grade::Residual, 0, 20),
    ];
    assert_eq!(removed_lines(&ledger), expected);
}

#[test]
fn figures_that_contradict_each_other_make_a_residual() {
    let first = Night::at("2024-01-10T02:00:00Z").account(1, 100);
    let ledger =
        Ledger::draw_up(seen([first]), Night::at("2024-01-11T02:00:00Z").removed(60).books(), Terms::default());
    assert_eq!(removed_lines(&ledger), [(LineKind::Attributed, 1, 60, 60, Grade::Residual, 0, 100)]);
}

#[test]
fn a_bucket_below_zero_is_nobodys() {
    let first = Night::at("2024-01-10T02:00:00Z").account(1, 100);
    let last = Night::at("2024-01-11T02:00:00Z").removed(-5).account(2, 10);
    let ledger = Ledger::draw_up(seen([first]), last.books(), Terms::default());
    assert_eq!(removed_lines(&ledger).len(), 1);
    assert!(ledger.charges.unshareable.is_some(), "nothing can be shared by less than nothing");
}

/// 3,000 of 3,600 messages two hours before the end; 10 to 20 more are likely to come, all of them account 1's.
fn closed(invoice: Option<&str>, last: &str) -> Ledger {
    let entry = invoice.map(|text| InvoiceEntry::of(Amount::parse(text).unwrap()));
    let date = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let terms = Terms { invoices: entry.map(|entry| (date, entry)).into_iter().collect(), ..Terms::default() };
    let first = Night::at("2024-01-30T22:00:00Z").account(1, 2_760).account(2, 600);
    Ledger::draw_up(seen([first]), Night::at(last).account(1, 3_000).account(2, 600).books(), terms)
}

#[test]
fn an_invoice_covers_what_nobody_saw() {
    let ledger = closed(Some("36.00"), "2024-01-31T22:00:00Z");
    let [one, two] = [id(1), id(2)].map(|id| ledger.charges.lines.iter().find(|line| line.account_id == Some(id)));
    let figures = |line: Option<&Line>| line.map(|line| (line.share.0, line.grade, line.span()));
    // at the least 3,008 of 3,620 messages, at the most 3,020 of 3,620
    let span = Span { low: Minor(2_991), high: Minor(3_004) };
    assert_eq!(figures(one), Some((3_000, Grade::Tail, span)));
    // at the least 600 of 3,620, at the most 602 of 3,610
    let span = Span { low: Minor(596), high: Minor(601) };
    assert_eq!(figures(two), Some((600, Grade::Tail, span)));
}

#[test]
fn without_an_invoice_or_without_a_tail_an_amount_is_what_it_is() {
    for ledger in [closed(None, "2024-01-31T22:00:00Z"), closed(Some("36.00"), "2024-02-01T00:00:00Z")] {
        for line in &ledger.charges.lines {
            assert_eq!((line.grade, line.span()), (Grade::Observed, Span::exact(line.charge())), "{line:?}");
        }
    }
}

/// Terms with an invoice of 100.00 for January 2024, all of which is shared, whatever explains it.
fn invoiced() -> Terms {
    let invoice = (NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(), InvoiceEntry::of(Amount::parse("100.00").unwrap()));
    let policies = Policies { rest: Policy::Spread, ..Policies::default() };
    Terms { invoices: [invoice].into_iter().collect(), policies, ..Terms::default() }
}

#[test]
fn what_is_spread_is_diluted_by_those_who_bear_it() {
    // half of January is unseen: at the rate so far account 1 sends 50 more, and all together a thousand
    let night = Night::at("2024-01-16T12:00:00Z").parent(900).account(1, 50).account(2, 50);
    // nobody can say that so much is the tail's
    let policies = Policies { rest: Policy::Spread, ..Policies::default() };
    let terms = Terms { parent_usage: Bearer::Spread, policies, ..invoiced() };
    let ledger = Ledger::draw_up(Past::default(), night.books(), terms);
    let one = ledger.charges.lines.iter().find(|line| line.account_id == Some(id(1))).unwrap();
    assert_eq!((one.cost(), one.grade), (Minor(5_000), Grade::Tail));
    // 5.00 is its share of 100 in 2,000 messages; of the 90.00 that the parent's 1,800 make it bears 100 of 1,100 if all
    // others are customers' accounts, and 100 of 150 if none of them is
    assert_eq!(one.span(), Span { low: Minor(500 + 818), high: Minor(500 + 6_000) });
}

#[test]
fn what_nothing_explains_is_kept_and_what_the_tail_has_brought_is_shared() {
    // 10.00 were seen, the other half of January may bring as much, and nothing explains the 80.00 beyond that
    let night = Night::at("2024-01-16T12:00:00Z").parent(900).account(1, 50).account(2, 50);
    let terms = Terms { policies: Policies::default(), ..invoiced() };
    let ledger = Ledger::draw_up(Past::default(), night.books(), terms);
    let of =
        |kind: LineKind| ledger.charges.lines.iter().filter(|line| line.kind == kind).map(Line::cost).sum::<Minor>();
    let [accounts, parent, rest] = [LineKind::SubAccount, LineKind::Parent, LineKind::Class(Class::Rest)].map(of);
    assert_eq!((accounts, parent, rest), (Minor(200), Minor(1_800), Minor(8_000)));
}

#[test]
fn who_was_idle_until_the_tail_may_have_a_charge_after_it() {
    let first = Night::at("2024-01-10T02:00:00Z").account(1, 0).account(2, 900);
    let second = Night::at("2024-01-11T02:00:00Z").account(1, 0).account(2, 1_000);
    // a month before it sent a thousand a day
    let before = Night::at("2023-12-31T02:00:00Z").account(1, 30_000);
    let ledger = Ledger::draw_up(seen([before, first]), second.books(), invoiced());
    let one = ledger.charges.lines.iter().find(|line| line.account_id == Some(id(1))).unwrap();
    assert_eq!((one.cost(), one.span().low), (Minor::ZERO, Minor::ZERO));
    assert!(one.span().high > Minor(9_000), "{:?}", one.span());
}

/// So many accounts that threads order them, with names that share letters, or are the same.
#[test]
fn lines_are_in_the_order_of_names_and_ids_however_much_they_have_in_common() {
    let accounts = (1..=12_000).rev();
    let mut books = accounts.fold(Night::at("2024-01-13T02:00:00Z"), |night, number| night.account(number, 1)).books();
    for (place, line) in books.usage.sub_accounts.iter_mut().enumerate() {
        let shared = "x".repeat(place % 40);
        line.name = format!("{shared}{}", place % 13).into();
    }
    let charges = Ledger::draw_up(seen([]), books, Terms::default()).charges;
    let order = |line: &Line| (line.name.clone(), line.account_id);
    let owned: Vec<_> = charges.lines.iter().filter(|line| line.kind == LineKind::SubAccount).map(order).collect();
    assert_eq!((owned.len(), charges.statements().len()), (12_000, 12_000));
    assert!(owned.is_sorted(), "of equal names the smaller id comes first");
    let payers: Vec<_> = charges.payers(0..12_001).map(|payer| payer.map(|payer| payer.id().into_owned())).collect();
    let ids = owned.iter().map(|(_, id)| id.map(|id| id.to_string()));
    assert_eq!(payers, ids.chain([None]).collect::<Vec<_>>());
    assert_eq!(charges.payers(7_000..7_002).map(|payer| payer.unwrap().id().into_owned()).last(), payers[7_001]);
}

#[test]
fn the_largest_come_first_and_the_others_are_counted() {
    let night = Night::at("2024-01-13T02:00:00Z").account(1, 10).account(2, 40).account(3, 20).account(4, 20).parent(5);
    let charges = Ledger::draw_up(seen([]), night.books(), Terms::default()).charges;
    let (largest, others) = charges.largest(2);
    let shown: Vec<i128> = largest.iter().map(|statement| statement.sums.charge.0).collect();
    assert_eq!(shown, [40, 20]);
    assert_eq!(largest[1].payer.id(), id(3).to_string(), "of two that are equal, the first");
    assert_eq!(others, Others { count: 2, messages: 30, charge: Minor(30) });
    assert_eq!(charges.largest(9).1, Others::default());
    assert_eq!(charges.magnitude(), 95);
}
