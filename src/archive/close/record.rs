//! The record of a closed billing period: the invoice, what was accepted, and what the report set was made from.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::archive::{CaptureKey, Error, schema};

/// The schema that this version writes and reads.
const SCHEMA: &str = "subledger/close/v1";

/// A close's place in the archive. Its text is what people call it: `close r2 of 2026-10-01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CloseKey {
    /// Its billing period, by the UTC date of the start.
    pub period: String,
    /// 1 for the first close of the period; each correction has the next number.
    pub revision: u32,
}

impl fmt::Display for CloseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close r{} of {}", self.revision, self.period)
    }
}

/// `close.json`. Field order is the order in the file; texts of people are as they typed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRecord {
    /// `subledger/close/v1`; the archive fills it in.
    pub schema: String,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// The parent account; the archive fills it in.
    pub parent_account_id: Uuid,
    /// The billing period, by the UTC date of the start.
    pub billing_period: String,
    /// 1 for the first close of the period; each correction has the next number.
    pub revision: u32,
    /// When the period was closed, by this machine's clock; RFC 3339, UTC.
    pub closed_at: String,
    /// The close that this one corrects; nothing for the first.
    pub supersedes: Option<Superseded>,
    /// The invoice.
    pub invoice: InvoiceAsTyped,
    /// What would have kept the period from being closed, and was accepted.
    pub accepted: Vec<Acceptance>,
    /// Why a correction was made; nothing for the first close.
    pub reason: Option<String>,
    /// The capture that the report set was made of.
    pub capture: CaptureLink,
    /// SHA-256 of the customer map, which is in `customers`; nothing without a map.
    pub customers_sha256: Option<String>,
    /// The archived objects; the archive fills them in. See [`ClosedObject`].
    pub objects: Vec<ClosedObject>,
}

/// The link to the close before: together the closes of a period are a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// Its revision.
    pub revision: u32,
    /// SHA-256 of its `close.json`.
    pub sha256: String,
}

/// The invoice as somebody typed it; no amount is parsed here. Amounts are in major units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceAsTyped {
    /// Its number.
    pub number: String,
    /// What is to be paid, tax included.
    pub amount: String,
    /// The tax in it.
    pub tax: Option<String>,
    /// A credit that lowered it.
    pub credit: Option<String>,
    /// Add-ons that raised it.
    pub add_on: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// Where it was typed: `command line`, or `invoices.csv, line 7`.
    pub source: String,
}

/// Something that would have kept a period from being closed, and was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// What.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// The link to the capture that a report set was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureLink {
    /// The capture's name; it is of the same billing period.
    pub id: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
}

/// An archived object that a close needs: `manifest-…` and `issued-…` in its own folder, and the customer map as
/// `customers/<sha256>.csv.zst` in the parent account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedObject {
    /// Its name.
    pub name: String,
    /// Its size as stored.
    pub bytes: usize,
    /// SHA-256 as stored.
    pub sha256: String,
}

impl CloseRecord {
    /// The schema's name.
    pub(in crate::archive) fn schema() -> String {
        SCHEMA.to_owned()
    }

    /// The file's bytes.
    pub(in crate::archive) fn to_bytes(&self) -> Vec<u8> {
        schema::to_bytes(self)
    }

    /// Reads the file; an unknown schema is told from a damaged file.
    pub(in crate::archive) fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, Error> {
        schema::from_bytes(SCHEMA, path, bytes)
    }

    /// Where the capture is that the report set was made of.
    pub fn capture_key(&self) -> CaptureKey {
        CaptureKey { id: self.capture.id.clone(), period: self.billing_period.clone() }
    }

    /// Where the close is.
    pub fn key(&self) -> CloseKey {
        CloseKey { period: self.billing_period.clone(), revision: self.revision }
    }
}
