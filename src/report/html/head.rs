//! The head of the report: the verdict, the key figures, and the sums that the verdict rests on.

use maud::{Markup, html};

use crate::billing::close::State;
use crate::billing::finding::{Code, Severity};
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::money::Minor;

use super::super::SetInfo;
use super::super::text::{DECIMALS, counted, difference, grouped};
use super::findings::sentence;
use super::parts::{Head, amount, count, digits, heads, money, name, period, scroll, signed, time};

/// Errors that stand beside the verdict; all are among the findings.
const ERROR_COUNT_MAX: usize = 3;

/// The sections that can be jumped to, in their order.
const SECTIONS: [(&str, &str); 10] = [
    ("sums", "Sums"),
    ("invoice", "Invoice"),
    ("correction", "Correction"),
    ("customers", "Customers"),
    ("days", "Days"),
    ("caps", "Caps"),
    ("removed", "Removed usage"),
    ("tail", "End of the period"),
    ("findings", "Findings"),
    ("provenance", "Provenance"),
];

/// Those that this report has.
fn sections(ledger: &Ledger) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_there = |id: &str| match id {
        "invoice" => ledger.charges.bridge.is_some(),
        "correction" => ledger.superseded().is_some(),
        _ => true,
    };
    SECTIONS.into_iter().filter(move |(id, _)| is_there(id))
}

/// Everything that somebody in a hurry reads.
pub(super) fn head(ledger: &Ledger, info: &SetInfo) -> Markup {
    let account_id = ledger.books.account_id.to_string();
    html! {
        header {
            div class="masthead" {
                div {
                    p class="eyebrow" { "Chargeback report" }
                    h1 { (name(info.owner())) }
                    @let period = period(ledger.books.usage.period);
                    p { (period) @if !period.ends_with("UTC") { ", UTC" } }
                    p class="small soft" {
                        "Parent account "
                        @if info.label != account_id { (name(&info.label)) ", " }
                        span class="id" { (account_id) }
                    }
                }
                (state(ledger))
            }
            (verdict(ledger))
            (tiles(ledger))
            nav aria-label="Sections" {
                ul { @for (id, title) in sections(ledger) { li { a href={ "#" (id) } { (title) } } } }
            }
        }
    }
}

fn state(ledger: &Ledger) -> Markup {
    let close = ledger.terms.close.as_ref();
    let revision = close.map_or(0, |close| close.revision);
    html! {
        div {
            p {
                @match ledger.state() {
                    State::Provisional => span class="pill warn" { "Provisional" },
                    State::Final => span class="pill good" { "Final, revision " (revision) },
                    State::Restated => span class="pill good" { "Corrected, revision " (revision) },
                }
            }
            p class="small soft" { "Captured " (time(ledger.books.capture.at)) }
            @if let Some(close) = close { p class="small soft" { "Closed " (time(close.closed_at)) } }
            @else { p class="small soft" { "The figures change until the period is closed." } }
        }
    }
}

fn verdict(ledger: &Ledger) -> Markup {
    let off = ledger.charges.proof().difference;
    let (class, word) = if ledger.balanced() { ("verdict good", "Balanced") } else { ("verdict bad", "Not balanced") };
    html! {
        div class=(class) {
            p class="word" { (word) }
            @for error in ledger.findings.errors().take(ERROR_COUNT_MAX) { p { (sentence(error)) } }
            @if off == Minor::ZERO {
                p {
                    "Statements, kept lines and what is left out come to the pooled invoice exactly: "
                    (money(ledger, ledger.charges.pooled.minor)) "."
                }
            } @else {
                p {
                    "Statements, kept lines and what is left out differ from the pooled invoice by "
                    (signed(ledger, off)) " " (ledger.charges.currency.code()) "."
                }
            }
            @if !ledger.balanced() {
                p { (counted(ledger.count(Severity::Error), "error")) ", see " a href="#findings" { "findings" } "." }
            }
        }
    }
}

fn tiles(ledger: &Ledger) -> Markup {
    let (charges, proof) = (&ledger.charges, ledger.charges.proof());
    let [errors, warnings, notes] =
        [Severity::Error, Severity::Warning, Severity::Note].map(|severity| ledger.count(severity));
    let levels = [Level::Exceeded, Level::Critical, Level::Near];
    let [exceeded, critical, near] = levels.map(|level| ledger.caps_at(level));
    let flagged = ledger.flagged_caps();
    let code = charges.currency.code();
    let tile = |title: &str, figure: String, note: String| {
        html! {
            div class="tile" {
                dt { (title) }
                dd { span class="figure" { (figure) } span class="small soft" { (note) } }
            }
        }
    };
    let source = if charges.pooled.entered { "as entered" } else { "the API's total" };
    let out = if charges.left_out.is_empty() {
        code.to_owned()
    } else {
        format!("{code}, and {} left out", digits(ledger, proof.left_out))
    };
    let customers = counted(charges.statements().len(), "customer");
    let findings = [(errors, "error"), (warnings, "warning"), (notes, "note")];
    let findings = findings.map(|(count, severity)| counted(count, severity)).join(", ");
    let levels = format!("{} exceeded, {} critical, {} near", count(exceeded), count(critical), count(near));
    let accounts = counted(charges.charged_accounts(), "sub account");
    html! {
        dl class="tiles" {
            (tile("Pooled invoice", digits(ledger, charges.pooled.minor), format!("{code}, {source}")))
            (tile("Charged", digits(ledger, proof.charged), format!("{code}, {customers}")))
            (tile("Kept", digits(ledger, proof.kept()), out))
            (tile("Markup and fees", digits(ledger, proof.margin()), format!("{code}, beyond the cost")))
            (tile("Messages", count(ledger.books.usage.total.messages), accounts))
            (tile("Findings", count(errors + warnings + notes), findings))
            (tile("Caps flagged", count(flagged), levels))
        }
    }
}

/// The sums side by side: what parts make, what they should make, and the difference.
pub(super) fn sums(ledger: &Ledger) -> Markup {
    let (books, charges, proof) = (&ledger.books, &ledger.charges, ledger.charges.proof());
    let (messages, total) = (books.messages_sum(), books.usage.total);
    let (off_messages, off_cost) = (messages - i128::from(total.messages), books.cost_sum() - total.cost.exact());
    let off_cost = grouped(&charges.currency.show_signed(off_cost.readable(2 * DECIMALS)));
    let code = charges.currency.code();
    // what rounding explains is a note and no error
    let is_error = |code: Code| ledger.findings.errors().any(|error| error.code == code);
    let word = |is_equal: bool, code: Code| match (is_equal, is_error(code)) {
        (true, _) => html! { span class="pill good" { "equal" } },
        (false, false) => html! { span class="pill plain" { "rounding" } },
        (false, true) => html! { span class="pill bad" { "differs" } },
    };
    let rows = [
        (
            "API, messages".to_owned(),
            count(messages),
            count(total.messages),
            difference(off_messages),
            off_messages == 0,
            Code::CountSum,
        ),
        (
            format!("API, cost in {code}"),
            amount(ledger, books.cost_sum()),
            amount(ledger, total.cost.exact()),
            off_cost,
            books.cost_sum() == total.cost.exact(),
            Code::CostSum,
        ),
        (
            format!("Statements, kept and left out against the pooled invoice, in {code}"),
            digits(ledger, proof.sum()),
            digits(ledger, charges.pooled.minor),
            signed(ledger, proof.difference),
            proof.difference == Minor::ZERO,
            Code::Statements,
        ),
    ];
    let table = html! {
        table {
            caption { "The API's parts are the parent account, every sub account, and the removed usage." }
            (heads(&[
                Head::Text("Held against each other"), Head::Figure("Parts"), Head::Figure("Total"),
                Head::Figure("Difference"), Head::Text("Verdict"),
            ]))
            tbody {
                @for (what, parts, whole, off, is_equal, code) in &rows {
                    tr {
                        th scope="row" { (what) }
                        td class="number" { (parts) }
                        td class="number" { (whole) }
                        td class="number" { (off) }
                        td { (word(*is_equal, *code)) }
                    }
                }
            }
        }
    };
    html! { section id="sums" { h2 { "Sums" } (scroll("Sums", &table)) } }
}
