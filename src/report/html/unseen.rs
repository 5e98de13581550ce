//! What the API does not show: whose the removed usage was, and what is left of the period.

use std::collections::BTreeMap;

use maud::{Markup, html};
use uuid::Uuid;

use crate::billing::ledger::Ledger;
use crate::billing::money::Minor;
use crate::billing::rate::Band;
use crate::billing::removed::Part;
use crate::billing::tail_sheet::{Row, Whose};

use super::super::format::{self, Formats};
use super::super::text::duration;
use super::parts::{Head, amount, capture, count, digits, heads, more, name, scroll, time};

/// Parts of the removed usage that the page shows.
const PART_COUNT_MAX: usize = 200;

/// Every sub account that was removed in the period, and what has no name.
pub(super) fn removed(ledger: &Ledger) -> Markup {
    let parts = &ledger.attribution.parts;
    let charges = ledger.charges.of_removed();
    let table = html! {
        table {
            caption { "What each left is at least and at most what the captures before and after allow." }
            (heads(&[
                Head::Text("Sub account"), Head::Text("Last seen"), Head::Text("Gone by"), Head::Figure("At least"),
                Head::Figure("Messages"), Head::Figure("At most"),
                Head::Figure(&format!("Charge in {}", ledger.charges.currency.code())),
            ]))
            tbody { @for part in parts.iter().take(PART_COUNT_MAX) { (part_row(ledger, &charges, part)) } }
        }
    };
    html! {
        section id="removed" {
            h2 { "Removed usage" }
            @if parts.is_empty() { p { "No sub account was removed in the period." } }
            @else {
                (scroll("Removed usage", &table))
                (more(parts.len().saturating_sub(PART_COUNT_MAX), "removed.csv"))
            }
        }
    }
}

fn part_row(ledger: &Ledger, charges: &BTreeMap<Uuid, Minor>, part: &Part) -> Markup {
    let gone = part.account.as_ref();
    let owner = gone.and_then(|gone| ledger.owner_of(gone.account_id, &gone.name));
    let charge = gone.and_then(|gone| charges.get(&gone.account_id).copied());
    html! {
        tr {
            th scope="row" {
                @match gone {
                    Some(gone) => {
                        (name(&gone.name))
                        div class="id" { (gone.account_id) }
                        @if let Some(owner) = &owner { div class="days" { "of " (name(&owner.name)) } }
                    }
                    None => "without a name",
                }
            }
            td { @if let Some(from) = &part.from { (capture(ledger, from)) } @else { "never" } }
            td { (capture(ledger, &part.until)) }
            td class="number" { (count(part.low)) }
            td class="number" { (count(part.messages)) }
            td class="number" { (count(part.high)) }
            td class="number" { @if let Some(charge) = charge { (digits(ledger, charge)) } @else { "kept" } }
        }
    }
}

/// What is likely to be sent until the period ends, which the capture does not see.
pub(super) fn tail(ledger: &Ledger, formats: &Formats) -> Markup {
    let tail = &ledger.tail.tail;
    let is_open = ledger.terms.close.is_none();
    html! {
        section id="tail" {
            h2 { "End of the period" }
            @if tail.length().is_zero() { p { "The capture saw all of the period." } }
            @else {
                p {
                    "The capture did not see the last " (duration(tail.length())) ", until " (time(tail.until)) ". "
                    @if formats.has_part(format::Part::Tail) {
                        "Likely figures; those of each customer are in " code { "tail.csv" } "."
                    } @else { "Likely figures." }
                }
                (scroll("End of the period", &estimates(ledger)))
            }
            @if is_open {
                p class="soft" {
                    "The next capture is due "
                    @if let Some(from) = ledger.due.from { "from " (time(from)) " and " }
                    "before " (time(ledger.due.before)) "."
                }
            }
        }
    }
}

fn estimates(ledger: &Ledger) -> Markup {
    let is_priced = ledger.tail.tail.is_priced;
    let cells = |row: &Row| {
        let Band { low, estimate, high } = ledger.tail.cost(row);
        html! {
            td class="number" { (count(row.messages.low)) }
            td class="number" { (count(row.messages.estimate)) }
            td class="number" { (count(row.messages.high)) }
            td class="number" { (amount(ledger, low.readable(4))) }
            td class="number" { @if is_priced { (amount(ledger, estimate.readable(4))) } }
            td class="number" { (amount(ledger, high.readable(4))) }
        }
    };
    let code = ledger.charges.currency.code();
    html! {
        table {
            caption { "Each row is an estimate of its own. Costs are in " (code) "." }
            (heads(&[
                Head::Text("Whose"), Head::Figure("Messages, least"), Head::Figure("likely"), Head::Figure("most"),
                Head::Figure("Cost, least"), Head::Figure("likely"), Head::Figure("most"),
            ]))
            tbody {
                @for row in ledger.tail.of_pool() {
                    tr {
                        th scope="row" { (if row.whose == Whose::Pool { "All accounts" } else { "Parent account" }) }
                        (cells(&row))
                    }
                }
            }
        }
    }
}
