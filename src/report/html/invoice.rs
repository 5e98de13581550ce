//! The invoice: how it comes from the API's total, and what a correction changes.

use maud::{Markup, html};

use crate::billing::close::Close;
use crate::billing::invoice::{Bridge, Class, Policy};
use crate::billing::journal::{Account, JournalLine, Sum};
use crate::billing::ledger::Ledger;
use crate::billing::money::{Exact, Minor};

use super::parts::{Head, amount, count, digits, heads, more, name, scroll, signed};

/// Lines of the journal that are shown.
const JOURNAL_COUNT_MAX: usize = 200;

/// From the API's total to the invoice, if one was entered.
pub(super) fn bridge(ledger: &Ledger) -> Markup {
    let Some(bridge) = &ledger.charges.bridge else { return html! {} };
    let number = ledger.terms.invoice(ledger.books.usage.period).map_or(String::new(), |entry| entry.number);
    let table = html! {
        table {
            caption {
                "From the API's total to the invoice"
                @if !number.is_empty() { " " (name(&number)) }
                ", in " (ledger.charges.currency.code()) "."
            }
            (heads(&[Head::Text("Step"), Head::Text("Who bears it"), Head::Figure("Amount")]))
            tbody {
                @for (step, who, value) in steps(ledger, bridge) {
                    tr { th scope="row" { (step) } td { (who) } td class="number" { (amount(ledger, value)) } }
                }
            }
            tfoot {
                tr { th scope="row" { "Invoice" } td {} td class="number" { (amount(ledger, bridge.invoice)) } }
            }
        }
    };
    html! { section id="invoice" { h2 { "Invoice" } (scroll("Invoice", &table)) } }
}

/// The steps that come to anything, and always what nothing explains.
fn steps(ledger: &Ledger, bridge: &Bridge) -> Vec<(&'static str, &'static str, Exact)> {
    let policy = |class| match ledger.terms.policies.of(class) {
        Policy::Spread => "shared by volume",
        Policy::Keep => "kept on a line of its own",
        Policy::LeaveOut => "left out of the chargeback",
    };
    let Bridge { api_total, tax, credit, add_on, tail, rounding, rest, .. } = *bridge;
    let steps = [
        ("API total", "shared by volume", api_total),
        ("Tax", policy(Class::Tax), tax),
        ("Credit", policy(Class::Credit), credit),
        ("Add-on", policy(Class::AddOn), add_on),
        ("Unseen end of the period", "likely, and shared by volume", tail),
        ("Rounding", "less than a minor unit", rounding),
        ("Unexplained", policy(Class::Rest), rest),
    ];
    let is_shown =
        |(name, _, value): &(&str, &str, Exact)| !value.is_zero() || matches!(*name, "API total" | "Unexplained");
    let clear =
        |(name, who, value): (&'static str, &'static str, Exact)| (name, if value.is_zero() { "" } else { who }, value);
    steps.into_iter().filter(is_shown).map(clear).collect()
}

/// What a correction changes, line by line.
pub(super) fn journal(ledger: &Ledger) -> Markup {
    let Some(superseded) = ledger.superseded() else { return html! {} };
    let changed: Vec<&JournalLine> = ledger.journal.iter().filter(|line| line.difference() != Minor::ZERO).collect();
    let reason = ledger.terms.close.as_ref().and_then(|close| close.reason.as_deref());
    let [cost, margin] = [Account::Cost, Account::Margin].map(|account| Sum::of(&ledger.journal, account));
    let invoice = (superseded.invoice, ledger.charges.pooled.minor);
    let table = html! {
        table {
            caption { "Lines that come to something else than before, in " (ledger.charges.currency.code()) "." }
            (heads(&[
                Head::Text("Line"), Head::Text("Account"), Head::Figure("Before"), Head::Figure("Now"),
                Head::Figure("Change"),
            ]))
            tbody {
                @for line in changed.iter().take(JOURNAL_COUNT_MAX) {
                    (row(ledger, &name(&line.name), line.account.as_str(), line.old, line.new))
                }
            }
            tfoot {
                (row(ledger, &html! { "All lines" }, "cost", cost.old, cost.new))
                (row(ledger, &html! { "All lines" }, "margin", margin.old, margin.new))
                (row(ledger, &html! { "Pooled invoice" }, "", invoice.0, invoice.1))
            }
        }
    };
    html! {
        section id="correction" {
            h2 { "Correction" }
            p {
                "This set takes the place of " (Close::set_name(superseded.revision)) ", invoice "
                (name(&superseded.invoice_number)) ". " (count(changed.len())) " of " (count(ledger.journal.len()))
                " lines change."
                @if let Some(reason) = reason { " Reason: " (name(reason)) }
            }
            (scroll("Correction", &table))
            (more(changed.len().saturating_sub(JOURNAL_COUNT_MAX), "journal.csv"))
        }
    }
}

fn row(ledger: &Ledger, line: &Markup, account: &str, old: Minor, new: Minor) -> Markup {
    html! {
        tr {
            th scope="row" { (line) }
            td { (account) }
            td class="number" { (digits(ledger, old)) }
            td class="number" { (digits(ledger, new)) }
            td class="number" { (signed(ledger, new - old)) }
        }
    }
}
