//! What each customer is charged, the most first, and what no customer is charged with.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use icu_normalizer::ComposingNormalizerBorrowed;
use maud::{Markup, html};

use crate::billing::charges::{Line, Others, Statement};
use crate::billing::grade::Grade;
use crate::billing::ledger::Ledger;
use crate::billing::money::Minor;

use super::super::folders;
use super::super::format::{Formats, Part};
use super::super::text::{counted, shown};
use super::parts::{Head, bar, count, digits, heads, more, name, scroll};

/// Customers that the page shows at all; the rest is in one row.
const CUSTOMER_COUNT_MAX: usize = 500;
/// Customers that are shown without being asked for.
const OPEN_COUNT_MAX: usize = 25;
/// Kept lines that are shown.
const KEPT_COUNT_MAX: usize = 50;

/// Every customer with a bar for its charge and a link to its statement, if the set has those.
pub(super) fn section(ledger: &Ledger, formats: &Formats) -> Markup {
    let (charges, proof) = (&ledger.charges, ledger.charges.proof());
    let (largest, others) = charges.largest(CUSTOMER_COUNT_MAX);
    let most = largest.first().map_or(Minor::ZERO, |statement| statement.sums.charge);
    let folders = if formats.has_part(Part::Statements) { folders(charges) } else { Vec::new() };
    let ids = charges.statements().map(|statement| statement.payer.id().into_owned());
    let folders = ids.zip(folders).collect();
    let alike = alike(&largest);
    let rows = |statements: &[Statement<'_>]| {
        html! {
            @for statement in statements {
                (row(ledger, &folders, statement, most, alike.contains(&looks(statement.payer.name()))))
            }
        }
    };
    let (open, folded) = largest.split_at(largest.len().min(OPEN_COUNT_MAX));
    let total = html! {
        @if others.count > 0 { (rest(ledger, others)) }
        tr {
            th scope="row" { "Total of " (counted(charges.statements().len(), "customer")) }
            td class="wide" {}
            td class="number" { (digits(ledger, proof.charged)) }
            td class="number" { (digits(ledger, proof.statements)) }
            td class="number" { (digits(ledger, proof.charged_margin())) }
            td {}
            td {}
        }
    };
    html! {
        section id="customers" {
            h2 { "Customers" }
            @if charges.statements().len() == 0 { p { "Nobody is charged with anything." } }
            @else {
                (scroll("Customers", &table(ledger, &rows(open), Some(&total))))
                @if !folded.is_empty() {
                    details class="more" {
                        summary { (count(folded.len())) " more customers" }
                        (scroll("More customers", &table(ledger, &rows(folded), None)))
                    }
                }
            }
        }
    }
}

fn table(ledger: &Ledger, rows: &Markup, total: Option<&Markup>) -> Markup {
    html! {
        table {
            caption { "The highest charge first, amounts in " (ledger.charges.currency.code()) "." }
            (heads(&[
                Head::Text("Customer"), Head::Bar("Charge as a bar"), Head::Figure("Charge"), Head::Figure("Cost"),
                Head::Figure("Markup and fees"), Head::Figure("Messages"), Head::Text("Grade"),
            ]))
            tbody { (rows) }
            @if let Some(total) = total { tfoot { (total) } }
        }
    }
}

fn row(
    ledger: &Ledger,
    folders: &BTreeMap<String, String>,
    statement: &Statement<'_>,
    most: Minor,
    is_alike: bool,
) -> Markup {
    let Statement { payer, sums, .. } = statement;
    let folder = folders.get(payer.id().as_ref());
    html! {
        tr {
            th scope="row" {
                @match folder {
                    Some(folder) => a href={ (folder) "/statement.html" } { (name(payer.name())) },
                    None => (name(payer.name())),
                }
                @if is_alike { div class="id" { (name(&payer.id())) } }
            }
            td class="wide" { (bar(sums.charge.0, most.0)) }
            td class="number" { (digits(ledger, sums.charge)) }
            td class="number" { (digits(ledger, sums.cost)) }
            td class="number" { (digits(ledger, sums.margin())) }
            td class="number" { (count(sums.messages)) }
            td class="basis" { (graded(sums.grade)) }
        }
    }
}

/// What more than one of these customers' names looks like: then each has its id beside it.
fn alike(statements: &[Statement<'_>]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let names = statements.iter().map(|statement| looks(statement.payer.name()));
    names.filter(|name| !seen.insert(name.clone())).collect()
}

/// What a name looks like to a reader: the same text may be made of other characters, and case is overlooked.
fn looks(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(&shown(name)).to_lowercase()
}

/// A grade as reports spell it, with what it means.
fn graded(grade: Grade) -> String {
    let meaning = match grade {
        Grade::Observed => "observed",
        Grade::Tail => "unseen tail",
        Grade::Attributed => "attributed",
        Grade::Residual => "residual",
    };
    format!("{}, {meaning}", grade.as_str())
}

fn rest(ledger: &Ledger, others: Others) -> Markup {
    html! {
        tr {
            th scope="row" {
                (counted(others.count, "other customer"))
                div class="days" { "all are in " code { "chargeback.csv" } }
            }
            td class="wide" {}
            td class="number" { (digits(ledger, others.charge)) }
            td {}
            td {}
            td class="number" { (count(others.messages)) }
            td {}
        }
    }
}

/// Lines that no customer is charged with, and what of the invoice no line is made of.
pub(super) fn kept(ledger: &Ledger) -> Markup {
    let charges = &ledger.charges;
    let is_used = |line: &&Line| line.cost() != Minor::ZERO || line.messages.is_some_and(|messages| messages != 0);
    let mut kept: Vec<&Line> = charges.kept().filter(is_used).collect();
    if kept.is_empty() && charges.left_out.is_empty() {
        return html! {};
    }
    kept.sort_by_key(|line| (Reverse(line.cost()), line.account_id));
    let table = html! {
        table {
            caption { "Part of the pooled invoice that no customer bears, in " (charges.currency.code()) "." }
            (heads(&[Head::Text("Line"), Head::Text("Kind"), Head::Figure("Messages"), Head::Figure("Cost")]))
            tbody {
                @for line in kept.iter().take(KEPT_COUNT_MAX) {
                    tr {
                        th scope="row" { (name(&line.name)) }
                        td { (line.kind.as_str().replace('_', " ")) }
                        td class="number" { @if let Some(messages) = line.messages { (count(messages)) } }
                        td class="number" { (digits(ledger, line.cost())) }
                    }
                }
                @for (class, amount) in &charges.left_out {
                    tr {
                        th scope="row" { (class.title()) }
                        td { "left out" }
                        td {}
                        td class="number" { (digits(ledger, *amount)) }
                    }
                }
            }
        }
    };
    html! {
        section {
            h2 { "Kept and left out" }
            (scroll("Kept and left out", &table))
            (more(kept.len().saturating_sub(KEPT_COUNT_MAX), "chargeback.csv"))
        }
    }
}
