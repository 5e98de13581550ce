//! `reconciliation.json`: the checks and sums for programs. Its own types, so that the core can change behind them.
//!
//! Amounts are texts with exact digits: a JSON number would be a double again in most readers.

mod close;
mod past;
mod removed;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::billing::dust::Rounding;
use crate::billing::finding::{Finding, Severity};
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::period::timestamp;

use super::SetInfo;
use close::{BridgeEntry, CloseEntry};
use past::Past;
pub(super) use removed::RemovedAccount;

/// The schema of the file; it changes when a field changes its meaning or goes away.
const SCHEMA: &str = "subledger/reconciliation/v1";

#[derive(Serialize)]
struct Reconciliation<'a> {
    schema: &'static str,
    tool: &'a str,
    label: &'a str,
    parent_account_id: String,
    state: &'static str,
    /// How the period was closed, if it was.
    close: Option<CloseEntry<'a>>,
    balanced: bool,
    billing_period: Span,
    capture: CaptureEntry<'a>,
    currency: &'static str,
    allocation: Allocation<'a>,
    sums: Sums,
    dust: DustEntry,
    counts: Counts,
    caps: BTreeMap<&'static str, usize>,
    #[serde(flatten)]
    past: Past<'a>,
    findings: Vec<FindingEntry<'a>>,
}

#[derive(Serialize)]
struct Span {
    start: String,
    end: String,
}

#[derive(Serialize)]
struct CaptureEntry<'a> {
    id: &'a str,
    captured_at: String,
    manifest_sha256: &'a str,
}

#[derive(Serialize)]
struct Allocation<'a> {
    method: &'a str,
    note: &'a str,
    weights: &'static str,
    parent_usage: &'static str,
    removed_usage: &'static str,
    residual: &'static str,
}

#[derive(Serialize)]
struct Sums {
    messages: Compared<i128>,
    cost: Compared<String>,
    charges: ChargeSums,
}

/// What the parts sum to beside what the API says, and parts − total.
#[derive(Serialize)]
struct Compared<T> {
    parts: T,
    total: T,
    difference: T,
}

#[derive(Serialize)]
struct ChargeSums {
    statements_and_kept_lines: String,
    /// Classes of the invoice that no line is made of.
    left_out: String,
    pooled_invoice: String,
    difference: String,
    pooled_invoice_source: &'static str,
    pooled_invoice_exact: String,
    markup: String,
    fees: String,
    margin: String,
    /// From the API's total to the invoice, if one was entered.
    bridge: Option<BridgeEntry>,
}

#[derive(Serialize)]
struct DustEntry {
    decimals: u32,
    total_decimals: u32,
    doubles: bool,
    /// The rounding that explains every figure, or null.
    rounding: Option<&'static str>,
    tolerance: String,
    /// The most that rounding can explain of the difference in cost.
    sum_bound: String,
}

#[derive(Serialize)]
struct Counts {
    sub_accounts: usize,
    listed_accounts: usize,
    statements: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    code: &'static str,
    severity: &'static str,
    account_id: Option<String>,
    account_name: Option<&'a str>,
    message: &'a str,
    expected: Option<&'a str>,
    actual: Option<&'a str>,
    difference: Option<&'a str>,
    unit: Option<&'a str>,
    tip: &'static str,
}

/// The file's bytes.
pub(super) fn reconciliation(ledger: &Ledger, info: &SetInfo) -> Vec<u8> {
    let (books, terms) = (&ledger.books, &ledger.terms);
    let caps = Level::ALL.map(|level| (level.as_str(), ledger.caps_at(level)));
    pretty(&Reconciliation {
        schema: SCHEMA,
        tool: &info.tool,
        label: &info.label,
        parent_account_id: books.account_id.to_string(),
        state: ledger.state().as_str(),
        close: ledger.terms.close.as_ref().map(CloseEntry::of),
        balanced: ledger.balanced(),
        billing_period: Span { start: timestamp(books.usage.period.start), end: timestamp(books.usage.period.end) },
        capture: CaptureEntry {
            id: &books.capture.id,
            captured_at: timestamp(books.capture.at),
            manifest_sha256: &books.capture.sha256,
        },
        currency: books.usage.currency.code(),
        allocation: Allocation {
            method: &books.usage.method,
            note: &books.usage.note,
            weights: terms.weights.as_str(),
            parent_usage: terms.parent_usage.as_str(),
            removed_usage: terms.removed_usage.as_str(),
            residual: terms.residual.as_str(),
        },
        sums: sums(ledger),
        dust: DustEntry {
            decimals: ledger.dust.decimals,
            total_decimals: ledger.dust.total_decimals,
            doubles: ledger.dust.doubles,
            rounding: ledger.dust.rounding.map(Rounding::as_str),
            tolerance: ledger.dust.tolerance.to_string(),
            sum_bound: ledger.dust.of_sum(books).to_string(),
        },
        counts: Counts {
            sub_accounts: books.usage.sub_accounts.len(),
            listed_accounts: books.accounts.len(),
            statements: ledger.charges.statements().len(),
            errors: ledger.count(Severity::Error),
            warnings: ledger.count(Severity::Warning),
            notes: ledger.count(Severity::Note),
        },
        caps: caps.into_iter().collect(),
        past: Past::of(ledger),
        findings: ledger.findings.listed.iter().map(entry).collect(),
    })
}

fn sums(ledger: &Ledger) -> Sums {
    let (books, charges, proof) = (&ledger.books, &ledger.charges, ledger.charges.proof());
    let (messages, cost) = (books.messages_sum(), books.cost_sum());
    let total = books.usage.total;
    Sums {
        messages: Compared {
            parts: messages,
            total: total.messages.into(),
            difference: messages - i128::from(total.messages),
        },
        cost: Compared {
            parts: charges.currency.show(cost),
            total: charges.currency.show(total.cost.exact()),
            difference: charges.currency.show(cost - total.cost.exact()),
        },
        charges: ChargeSums {
            statements_and_kept_lines: charges.currency.format(proof.cost),
            left_out: charges.currency.format(proof.left_out),
            pooled_invoice: charges.currency.format(charges.pooled.minor),
            difference: charges.currency.format(proof.difference),
            pooled_invoice_source: if charges.pooled.entered { "invoice as entered" } else { "API total" },
            pooled_invoice_exact: charges.currency.show(charges.pooled.exact),
            markup: charges.currency.format(proof.markup),
            fees: charges.currency.format(proof.fee),
            margin: charges.currency.format(proof.margin()),
            bridge: BridgeEntry::of(ledger),
        },
    }
}

fn entry(finding: &Finding) -> FindingEntry<'_> {
    FindingEntry {
        code: finding.code.as_str(),
        severity: finding.severity.as_str(),
        account_id: finding.subject.as_ref().map(|subject| subject.account_id.to_string()),
        account_name: finding.subject.as_ref().map(|subject| subject.name.as_str()),
        message: &finding.message,
        expected: finding.expected.as_deref(),
        actual: finding.actual.as_deref(),
        difference: finding.difference.as_deref(),
        unit: finding.unit.as_deref(),
        tip: finding.code.tip(),
    }
}

/// What a `reconciliation.json` says of itself.
#[derive(Deserialize)]
struct Head {
    tool: String,
    label: String,
}

/// The program that made a `reconciliation.json`; nothing if it does not say.
pub fn made_by(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice(bytes).ok().map(|head: Head| head.tool)
}

/// SHA-256 of the manifest of the capture that a `reconciliation.json` is about; nothing if it does not say.
pub fn made_of(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct About {
        capture: Manifest,
    }
    #[derive(Deserialize)]
    struct Manifest {
        manifest_sha256: String,
    }
    serde_json::from_slice(bytes).ok().map(|about: About| about.capture.manifest_sha256)
}

/// Whether a `reconciliation.json` says that this program made it, for this label.
pub fn is_made_by(bytes: &[u8], tool: &str, label: &str) -> bool {
    serde_json::from_slice(bytes).is_ok_and(|head: Head| head.tool == tool && head.label == label)
}

/// Indented JSON with a final line break.
pub(super) fn pretty(value: &impl Serialize) -> Vec<u8> {
    // only maps with non-text keys can fail to become JSON, and there is none in a report
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
