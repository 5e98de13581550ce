//! How a period was closed, and how its invoice comes from the API's total.

use serde::Serialize;

use crate::billing::close::{Accepted, Close};
use crate::billing::ledger::Ledger;
use crate::billing::period::timestamp;

#[derive(Serialize)]
pub(super) struct CloseEntry<'a> {
    revision: u32,
    closed_at: String,
    accepted: Vec<AcceptedEntry<'a>>,
    reason: Option<&'a str>,
    supersedes: Option<String>,
}

#[derive(Serialize)]
struct AcceptedEntry<'a> {
    what: &'static str,
    reason: &'a str,
}

impl<'a> CloseEntry<'a> {
    pub(super) fn of(close: &'a Close) -> Self {
        let accepted = |accepted: &'a Accepted| {
            let (what, reason) = (accepted.what.as_str(), accepted.reason.as_str());
            AcceptedEntry { what, reason }
        };
        Self {
            revision: close.revision,
            closed_at: timestamp(close.closed_at),
            accepted: close.accepted.iter().map(accepted).collect(),
            reason: close.reason.as_deref(),
            supersedes: close.supersedes.as_ref().map(|old| Close::set_name(old.revision)),
        }
    }
}

/// The parts of an invoice, with all digits; they sum to it.
#[derive(Serialize)]
pub(super) struct BridgeEntry {
    invoice_number: String,
    api_total: String,
    tax: String,
    credit: String,
    add_on: String,
    tail: String,
    rounding: String,
    rest: String,
    invoice: String,
}

impl BridgeEntry {
    pub(super) fn of(ledger: &Ledger) -> Option<Self> {
        let bridge = ledger.charges.bridge?;
        let show = |amount| ledger.charges.currency.show(amount);
        Some(Self {
            invoice_number: ledger.terms.invoice(ledger.books.usage.period)?.number,
            api_total: show(bridge.api_total),
            tax: show(bridge.tax),
            credit: show(bridge.credit),
            add_on: show(bridge.add_on),
            tail: show(bridge.tail),
            rounding: show(bridge.rounding),
            rest: show(bridge.rest),
            invoice: show(bridge.invoice),
        })
    }
}
