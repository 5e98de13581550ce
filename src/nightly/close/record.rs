//! The record of a close against the manifest of its own set, which says the same in its own words.

use chrono::NaiveDate;

use crate::archive::Closed;
use crate::billing::period::timestamp;
use crate::config::TypedInvoice;
use crate::report::StoredSet;

/// What the record of a close says otherwise than the manifest of its own set; nothing if they agree.
pub(in crate::nightly) fn contradiction(closed: &Closed, stored: &StoredSet) -> Option<String> {
    let record = &closed.record;
    let differs = |what: &str| Some(format!("has another {what} than the manifest that is archived with it"));
    let close = stored.terms.close.as_ref()?;
    let typed = TypedInvoice {
        number: record.invoice.number.clone(),
        amount: record.invoice.amount.clone(),
        tax: record.invoice.tax.clone(),
        credit: record.invoice.credit.clone(),
        add_on: record.invoice.add_on.clone(),
        currency: record.invoice.currency.clone(),
        source: record.invoice.source.clone(),
    };
    let entered = NaiveDate::parse_from_str(&record.billing_period, "%Y-%m-%d").ok();
    let entered = entered.and_then(|date| stored.terms.invoices.get(&date).cloned());
    let accepted = close.accepted.iter().map(|accepted| (accepted.what.as_str(), accepted.reason.as_str()));
    let capture = (record.capture.id.clone(), record.capture.manifest_sha256.clone());
    match () {
        () if typed.parse().ok() != entered => differs("invoice"),
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
