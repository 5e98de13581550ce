//! `manifest.json`: what a report set was made from, and the hash of every file in it.

mod state;

use serde::Serialize;

use crate::billing::books::CaptureRef;
use crate::billing::customers::Customer;
use crate::billing::ledger::Ledger;
use crate::billing::terms::{InvoiceEntry, Thresholds};

use super::json::pretty;
use super::tables::STATE;
use super::{FileEntry, SetInfo, sha256};

pub use self::state::state_in;

/// The schema of the file.
const SCHEMA: &str = "subledger/report-set/v1";

#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    tool: &'a str,
    label: &'a str,
    state: &'static str,
    parent_account_id: String,
    billing_period: String,
    /// Every capture of the period that the set was made from, oldest first; the last is the one it is about.
    captures: Vec<CaptureEntry<'a>>,
    /// Captures of earlier periods that it was made from as well.
    captures_before: Vec<CaptureEntry<'a>>,
    /// Captures that could not be read.
    unreadable: Vec<&'a str>,
    terms: Terms,
    /// SHA-256 of `terms` as written here, without white space.
    terms_sha256: String,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct CaptureEntry<'a> {
    id: &'a str,
    manifest_sha256: &'a str,
}

#[derive(Serialize)]
struct Terms {
    weights: &'static str,
    parent_usage: &'static str,
    removed_usage: &'static str,
    residual: &'static str,
    tail_minutes_max: i64,
    tolerance: String,
    currency: Option<&'static str>,
    unmapped: &'static str,
    caps: Levels,
    customer_caps: Vec<(String, Levels)>,
    invoice: Option<Invoice>,
    customers: Option<Customers>,
}

#[derive(Serialize)]
struct Levels {
    near: String,
    critical: String,
    exceeded: String,
}

#[derive(Serialize)]
struct Invoice {
    amount: String,
    tax: String,
    credit: String,
    add_on: String,
}

/// The customer map by its hash; its rows are those of the chargeback.
#[derive(Serialize)]
struct Customers {
    rows: usize,
    sha256: String,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    bytes: usize,
    sha256: &'a str,
}

/// The file's bytes.
pub(super) fn manifest(ledger: &Ledger, info: &SetInfo, files: &[FileEntry]) -> Vec<u8> {
    let terms = terms(ledger);
    let terms_sha256 = sha256(&serde_json::to_vec(&terms).unwrap_or_default());
    pretty(&Manifest {
        schema: SCHEMA,
        tool: &info.tool,
        label: &info.label,
        state: STATE,
        parent_account_id: ledger.books.account_id.to_string(),
        billing_period: ledger.books.usage.period.name(),
        captures: captures(&ledger.captures),
        captures_before: captures(&ledger.before),
        unreadable: ledger.unreadable.iter().map(|capture| capture.id.as_str()).collect(),
        terms,
        terms_sha256,
        files: files.iter().map(|file| File { path: &file.path, bytes: file.bytes, sha256: &file.sha256 }).collect(),
    })
}

fn captures(captures: &[CaptureRef]) -> Vec<CaptureEntry<'_>> {
    captures.iter().map(|CaptureRef { id, sha256, .. }| CaptureEntry { id, manifest_sha256: sha256 }).collect()
}

fn terms(ledger: &Ledger) -> Terms {
    let terms = &ledger.terms;
    Terms {
        weights: terms.weights.as_str(),
        parent_usage: terms.parent_usage.as_str(),
        removed_usage: terms.removed_usage.as_str(),
        residual: terms.residual.as_str(),
        tail_minutes_max: terms.tail_max.num_minutes(),
        tolerance: terms.tolerance.to_string(),
        currency: terms.expected_currency.map(crate::billing::money::Currency::code),
        unmapped: terms.unmapped.as_str(),
        caps: levels(&terms.thresholds),
        customer_caps: terms.customer_thresholds.iter().map(|(id, caps)| (id.clone(), levels(caps))).collect(),
        invoice: terms.invoice(ledger.books.usage.period).as_ref().map(invoice),
        customers: terms.customers.as_ref().map(|map| {
            let row = |(account, customer): (uuid::Uuid, &Customer)| {
                let Customer { id, name, cost_center, markup_percent } = customer;
                // names hold no line breaks: they became pictures when the map was read
                format!("{account}\n{id}\n{name}\n{cost_center}\n{markup_percent}\n")
            };
            let rows: String = map.rows().map(row).collect();
            Customers { rows: map.rows().count(), sha256: sha256(rows.as_bytes()) }
        }),
    }
}

fn levels(thresholds: &Thresholds) -> Levels {
    let text = |percent: rust_decimal::Decimal| percent.normalize().to_string();
    Levels { near: text(thresholds.near), critical: text(thresholds.critical), exceeded: text(thresholds.exceeded) }
}

fn invoice(entry: &InvoiceEntry) -> Invoice {
    Invoice {
        amount: entry.amount.to_string(),
        tax: entry.tax.to_string(),
        credit: entry.credit.to_string(),
        add_on: entry.add_on.to_string(),
    }
}
