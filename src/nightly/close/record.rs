//! The record of a close against the manifest of its own set, which says the same in its own words.

use chrono::NaiveDate;

use crate::archive::{Closed, InvoiceAsTyped};
use crate::billing::period::timestamp;
use crate::config::TypedInvoice;
use crate::report::StoredSet;

/// An invoice as the archive keeps it.
pub(super) fn as_typed(typed: &TypedInvoice) -> InvoiceAsTyped {
    let TypedInvoice { number, amount, tax, credit, add_on, currency, source } = typed.clone();
    InvoiceAsTyped { number, amount, tax, credit, add_on, currency, source }
}

/// The same read back, to be held to what any typed invoice is held to.
fn typed(kept: &InvoiceAsTyped) -> TypedInvoice {
    let InvoiceAsTyped { number, amount, tax, credit, add_on, currency, source } = kept.clone();
    TypedInvoice { number, amount, tax, credit, add_on, currency, source }
}

/// What the record of a close says otherwise than the manifest of its own set; nothing if they agree.
pub(in crate::nightly) fn contradiction(closed: &Closed, stored: &StoredSet) -> Option<String> {
    let record = &closed.record;
    let differs = |what: &str| Some(format!("has another {what} than the manifest that is archived with it"));
    let close = stored.terms.close.as_ref()?;
    let entered = NaiveDate::parse_from_str(&record.billing_period, "%Y-%m-%d").ok();
    let entered = entered.and_then(|date| stored.terms.invoices.get(&date).cloned());
    let accepted = close.accepted.iter().map(|accepted| (accepted.what.as_str(), accepted.reason.as_str()));
    let capture = (record.capture.id.clone(), record.capture.manifest_sha256.clone());
    match () {
        () if typed(&record.invoice).parse().ok() != entered => differs("invoice"),
        () if !record.accepted.iter().map(|a| (a.what.as_str(), a.reason.as_str())).eq(accepted) => {
            differs("list of what was accepted")
        }
        () if record.reason != close.reason => differs("reason"),
        () if record.revision != close.revision => differs("revision"),
        () if record.closed_at != timestamp(close.closed_at) => differs("time"),
        () if record.customers_sha256 != stored.customers_sha256 => differs("customer map"),
        () if stored.captures.last() != Some(&capture) => differs("capture"),
        () if record.billing_period != stored.period => differs("billing period"),
        () => None,
    }
}
