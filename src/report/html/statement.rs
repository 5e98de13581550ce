//! A customer's statement page, which the platform sends as it is: its own charges, and nothing of anybody else.
//!
//! A new sentence or a new attribute has to be allowed in `phrases.rs` as well, on purpose.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::billing::charges::{Held, Line, Statement};
use crate::billing::close::{Close, State};
use crate::billing::grade::Grade;
use crate::billing::ledger::Ledger;

use super::super::SetInfo;
use super::page;
use super::parts::{capture, count, day, digits, name, period, scroll, time};

/// A customer's own page.
pub(in crate::report) fn statement(ledger: &Ledger, info: &SetInfo, statement: &Statement<'_>) -> Vec<u8> {
    // no name in the title: it is a line of the browser's, where nothing holds a direction
    let title = format!("Statement, {}", period(ledger.books.usage.period));
    let body = html! {
        header {
            h1 { "Statement" }
            @if let Some(issuer) = &info.account_name { p class="issuer" { (name(issuer)) } }
        }
        main {
            (bill(ledger, statement))
            h2 { "Charges" }
            (scroll("Charges", &charges(ledger, statement)))
            (notes(ledger, statement))
        }
        footer {
            p { "All times are in UTC. Reference " (name(&ledger.books.capture.id)) }
        }
    };
    page::page(&page::STATEMENT, &title, "statement", &body)
}

/// For whom, for when, and how much.
fn bill(ledger: &Ledger, statement: &Statement<'_>) -> Markup {
    let payer = statement.payer;
    let currency = ledger.charges.currency.code();
    html! {
        div class="bill" {
            div {
                p class="small soft" { "For" }
                p class="customer" { (name(payer.name())) }
                dl {
                    dt { "Customer id" } dd { (name(&payer.id())) }
                    @if !payer.cost_center().is_empty() { dt { "Cost center" } dd { (name(payer.cost_center())) } }
                    dt { "Billing period" } dd { (period(ledger.books.usage.period)) }
                    dt { "Measured until" } dd { (time(ledger.books.capture.at)) }
                }
            }
            div class="total" {
                p class="small soft" { "Total charge" }
                p class="sum" { (digits(ledger, statement.sums.charge)) " " (name(currency)) }
                (state(ledger))
            }
        }
    }
}

/// Whether the figures may still change.
fn state(ledger: &Ledger) -> Markup {
    let close = ledger.terms.close.as_ref();
    let revision = close.map_or(0, |close| close.revision);
    let replaced = close.and_then(|close: &Close| close.supersedes.as_ref()).map(|old| old.revision);
    html! {
        @match ledger.state() {
            State::Provisional => {
                p { span class="pill warn" { "Provisional" } }
                p class="small soft" { "The figures may still change." }
            }
            State::Final => p { span class="pill good" { "Final" } },
            State::Restated => {
                p { span class="pill good" { "Corrected, revision " (revision) } }
                @if let Some(old) = replaced {
                    p class="small soft" { "It takes the place of revision " (old) "." }
                }
            }
        }
    }
}

fn charges(ledger: &Ledger, statement: &Statement<'_>) -> Markup {
    html! {
        table {
            caption { "Messages and charges by account." }
            thead {
                tr {
                    th scope="col" { "Account" }
                    th scope="col" class="number" { "Messages" }
                    th scope="col" class="number" { "Charge in " (name(ledger.charges.currency.code())) }
                }
            }
            tbody { @for line in ledger.charges.lines_of(statement) { (row(ledger, line)) } }
            tfoot {
                tr {
                    th scope="row" { "Total" }
                    td class="number" { (count(statement.sums.messages)) }
                    td class="number" { (digits(ledger, statement.sums.charge)) }
                }
            }
        }
    }
}

/// One line. What is said of its account stands below the name, so that the charge is in sight on a phone as well.
fn row(ledger: &Ledger, line: &Line) -> Markup {
    html! {
        tr {
            th scope="row" {
                (name(&line.name))
                @if let Some(id) = line.account_id { div class="id" { (name(&id.to_string())) } }
                @if !line.kind.is_fee() {
                    div class="days" {
                        span { (basis(line.grade)) }
                        @if let Some(status) = line.status() { " · account " (name(status.as_str())) }
                    }
                }
                @if let Some(held) = line.held() { (days(ledger, held)) }
            }
            td class="number" { @if let Some(messages) = line.messages { (count(messages)) } }
            td class="number" { (digits(ledger, line.charge())) }
        }
    }
}

/// From when until when an account was the customer's, and what its messages are counted between.
fn days(ledger: &Ledger, held: &Held) -> Markup {
    let start = ledger.books.usage.period.start;
    html! {
        div class="days" {
            @match (held.days.from, held.days.to) {
                (Some(from), Some(to)) => { "yours from " (day(from)) " to " (day(to)) }
                (Some(from), None) => { "yours from " (day(from)) }
                (None, Some(to)) => { "yours until " (day(to)) }
                (None, None) => {}
            }
        }
        div class="days" {
            "counted from "
            @match &held.from { Some(id) => (capture(ledger, id)), None => (time(start)) }
            " until "
            (capture(ledger, &held.until))
        }
    }
}

/// A sentence for each way in which a charge is known, if it is more than measured.
fn notes(ledger: &Ledger, statement: &Statement<'_>) -> Markup {
    let lines = ledger.charges.lines_of(statement).iter().filter(|line| !line.kind.is_fee());
    let grades: BTreeSet<Grade> = lines.map(|line| line.grade).collect();
    html! {
        @if !grades.is_empty() {
            h2 { "Notes" }
            ul class="notes" { @for grade in grades { li { (note(grade)) } } }
        }
    }
}

/// How a charge is known, in words.
fn basis(grade: Grade) -> &'static str {
    match grade {
        Grade::Observed => "measured",
        Grade::Tail => "end estimated",
        Grade::Attributed => "derived",
        Grade::Residual => "estimated",
    }
}

/// Nothing of what others used or left may be told from these.
fn note(grade: Grade) -> &'static str {
    match grade {
        Grade::Observed => "Measured: the usage was measured directly.",
        Grade::Tail => {
            "End estimated: the end of the period came after the last measurement; what was measured before stands for it."
        }
        Grade::Attributed => "Derived: worked out from the measurements before and after.",
        Grade::Residual => "Estimated: part of the usage could not be measured.",
    }
}
