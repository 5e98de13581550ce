//! Small pieces of every page: names, amounts, days and times, tables that scroll within themselves.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use maud::{Markup, html};

use crate::billing::ledger::Ledger;
use crate::billing::money::{Exact, Minor};
use crate::billing::period::{Period, midnight};

use super::super::text::{DECIMALS, grouped, shown};

/// Units that stand for a full bar.
pub(super) const BAR: i128 = 1_000;

/// A text of somebody else's making, with hidden characters written out and a direction of its own.
pub(super) fn name(text: &str) -> Markup {
    html! { bdi { (shown(text)) } }
}

/// A whole number.
pub(super) fn count(number: impl Copy + ToString) -> String {
    grouped(&number.to_string())
}

/// Money in the currency of the ledger, without its code.
pub(super) fn digits(ledger: &Ledger, minor: Minor) -> String {
    grouped(&ledger.charges.currency.format(minor))
}

/// The same with the code.
pub(super) fn money(ledger: &Ledger, minor: Minor) -> String {
    format!("{} {}", digits(ledger, minor), ledger.charges.currency.code())
}

/// The same with a sign for anything above zero.
pub(super) fn signed(ledger: &Ledger, minor: Minor) -> String {
    let currency = ledger.charges.currency;
    grouped(&currency.show_signed(currency.exact(minor)))
}

/// An exact amount, with as many decimals as a person reads.
pub(super) fn amount(ledger: &Ledger, amount: Exact) -> String {
    grouped(&ledger.charges.currency.show(amount.readable(DECIMALS)))
}

/// `5 October 2026`.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// `5 October 2026, 23:45 UTC`.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// When a capture was taken, by its id.
pub(super) fn capture(ledger: &Ledger, id: &str) -> Markup {
    let mut captures = ledger.past.captures().iter().chain(ledger.past.before());
    match captures.find(|capture| capture.id == id.into()) {
        Some(capture) => html! { (time(capture.at)) },
        None => name(id),
    }
}

/// First and last day where a period has whole days, else its first instant and the first one after it.
pub(super) fn period(period: Period) -> String {
    let is_whole = |at: DateTime<Utc>| midnight(at.date_naive()) == at;
    if is_whole(period.start) && is_whole(period.end) {
        let (first, last) = (period.start.date_naive(), (period.end - TimeDelta::nanoseconds(1)).date_naive());
        let is_one_month = (first.year(), first.month()) == (last.year(), last.month());
        let first = if is_one_month { first.day().to_string() } else { day(first) };
        return format!("{first} to {}", day(last));
    }
    format!("{} to {}", time(period.start), time(period.end))
}

/// What stands above a column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Head<'t> {
    Text(&'t str),
    /// Figures, which stand at the right.
    Figure(&'t str),
    /// Bars, which a narrow page may leave out.
    Bar(&'t str),
}

/// The heads of a table.
pub(super) fn heads(heads: &[Head<'_>]) -> Markup {
    let written = |head: &Head<'_>| {
        let (text, class) = match *head {
            Head::Text(text) => (text, None),
            Head::Figure(text) => (text, Some("number")),
            Head::Bar(text) => (text, Some("wide")),
        };
        html! { th scope="col" class=[class] { (text) } }
    };
    html! { thead { tr { @for head in heads { (written(head)) } } } }
}

/// A table in a box of its own, which scrolls sideways where the page is narrow.
pub(super) fn scroll(label: &str, table: &Markup) -> Markup {
    html! { div class="scroll" role="region" aria-label=(label) tabindex="0" { (table) } }
}

/// What a row that stands for the rest says: `27 more, all are in caps.csv`.
pub(super) fn more(count: usize, file: &str) -> Markup {
    html! { @if count > 0 { p class="soft" { (self::count(count)) " more; all are in " code { (file) } "." } } }
}

/// A bar beside the figure that it is drawn from, which a reader of the page is told instead.
pub(super) fn bar(part: i128, whole: i128) -> Markup {
    let width = if whole > 0 { (part.clamp(0, whole) * BAR) / whole } else { 0 };
    html! {
        svg class="strip" viewBox={ "0 0 " (BAR) " 10" } preserveAspectRatio="none" aria-hidden="true" {
            rect class="bar" x="0" y="0" width=(width) height="10" {}
        }
    }
}

/// A text of ours in which names of settings stand between backticks.
pub(super) fn coded(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 0 { (part) } @else { code { (part) } }
        }
    }
}
