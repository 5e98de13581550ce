//! Explanations for programs. Amounts are texts with exact digits, as everywhere.

mod change;
mod charge;
mod held;

use serde::Serialize;

use crate::billing::books::CaptureRef;
use crate::billing::explain::{Change, Explained};
use crate::billing::period::timestamp;

use super::{Page, layout};

/// The schema; it changes when a field changes its meaning or goes away.
const SCHEMA: &str = "subledger/explain/v1";

/// What both kinds of explanation begin with.
#[derive(Serialize)]
struct Head<'a> {
    schema: &'static str,
    exit_code: u8,
    subject: Subject<'a>,
    billing_period: Span,
    currency: &'static str,
    capture: Capture<'a>,
    pooled_invoice: String,
    pooled_invoice_source: &'static str,
    weights: &'static str,
    parent_usage: &'static str,
    removed_usage: &'static str,
    residual: &'static str,
}

#[derive(Serialize)]
struct Subject<'a> {
    /// `customer` or `sub_account`.
    kind: &'static str,
    id: String,
    name: &'a str,
    /// Who is charged, or was last; null if nobody owns the sub account.
    customer_id: Option<&'a str>,
    /// Null if not all lines have the same; each has its own.
    markup_percent: Option<String>,
}

#[derive(Serialize)]
struct Span {
    start: String,
    end: String,
}

#[derive(Serialize)]
struct Capture<'a> {
    id: &'a str,
    captured_at: String,
    manifest_sha256: &'a str,
    evidence: &'a str,
}

impl<'a> Head<'a> {
    fn of(page: &Page<'a>) -> Self {
        let (ledger, terms) = (page.ledger, &page.ledger.terms);
        let (charges, period) = (&ledger.charges, ledger.books.usage.period);
        Self {
            schema: SCHEMA,
            exit_code: 0,
            subject: subject(page),
            billing_period: Span { start: timestamp(period.start), end: timestamp(period.end) },
            currency: charges.currency.code(),
            capture: capture(&ledger.books.capture, page.evidence),
            pooled_invoice: charges.currency.format(charges.pooled.minor),
            pooled_invoice_source: if charges.pooled.entered { "invoice as entered" } else { "API total" },
            weights: terms.weights.as_str(),
            parent_usage: terms.parent_usage.as_str(),
            removed_usage: terms.removed_usage.as_str(),
            residual: terms.residual.as_str(),
        }
    }
}

fn subject<'a>(page: &Page<'a>) -> Subject<'a> {
    let kind = match page.subject {
        crate::billing::explain::Subject::Customer(_) => "customer",
        crate::billing::explain::Subject::Account { .. } => "sub_account",
    };
    Subject {
        kind,
        id: page.subject.id(),
        name: page.subject.name(),
        customer_id: page.subject.customer().map(|customer| customer.id.as_ref()),
        markup_percent: page.subject.markup_percent(page.ledger).map(layout::percent),
    }
}

fn capture<'a>(capture: &'a CaptureRef, evidence: &'a str) -> Capture<'a> {
    Capture { id: &capture.id, captured_at: timestamp(capture.at), manifest_sha256: &capture.sha256, evidence }
}

/// How the charge came about.
pub(super) fn charge(page: &Page<'_>, explained: &Explained) -> String {
    #[derive(Serialize)]
    struct Json<'a> {
        #[serde(flatten)]
        head: Head<'a>,
        #[serde(flatten)]
        charge: charge::Explanation<'a>,
    }
    line(&Json { head: Head::of(page), charge: charge::Explanation::of(page, explained) })
}

/// Why the charge moved.
pub(super) fn change(page: &Page<'_>, change: &Change, evidence: &str) -> String {
    #[derive(Serialize)]
    struct Json<'a> {
        #[serde(flatten)]
        head: Head<'a>,
        since: Capture<'a>,
        change: change::Moved<'a>,
    }
    let since = capture(&change.old.capture, evidence);
    line(&Json { head: Head::of(page), since, change: change::Moved::of(page, change) })
}

/// One line: it goes to stdout. Only maps with non-text keys can fail to become JSON, and there is none.
fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
