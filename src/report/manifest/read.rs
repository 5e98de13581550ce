//! A set's manifest read back: what the set was made from.

use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use crate::billing::terms::Terms;

use super::super::format::Formats;
use super::super::sha256;
use super::{CaptureEntry, Manifest, SCHEMA, SetFile};

/// Longest part shown of what is wrong with a manifest, in characters.
const PROBLEM_CHAR_COUNT_MAX: usize = 200;

/// What a set says it was made from, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSet {
    /// The program that made it, with its version.
    pub tool: String,
    /// The parent account's label.
    pub label: String,
    /// `provisional`, `final` or `restated`.
    pub state: String,
    /// The parent account.
    pub account_id: Uuid,
    /// The billing period, by the UTC date of the start.
    pub period: String,
    /// The captures of the period, oldest first, each with the SHA-256 of its manifest. The last is the one it is about.
    pub captures: Vec<(String, String)>,
    /// The same of earlier periods.
    pub captures_before: Vec<(String, String)>,
    /// Captures that could not be read.
    pub unreadable: Vec<String>,
    /// The terms, but for the customer map and what a correction supersedes.
    pub terms: Terms,
    /// SHA-256 of the customer map's file; nothing without a map.
    pub customers_sha256: Option<String>,
    /// The formats of the set.
    pub formats: Formats,
    /// Whose the parent account is, if the set says it.
    pub account_name: Option<String>,
    /// Every other file of the set.
    pub files: Vec<SetFile>,
}

/// Why a manifest says nothing of use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no manifest, or not as it was written.
    #[error("it is not as it was written: {0}")]
    Damaged(String),
    /// Another version wrote it.
    #[error("it has the schema `{0}`, which this version does not know")]
    Version(String),
}

/// The files that a manifest of any version lists; nothing if it lists none.
pub fn files_in(manifest: &[u8]) -> Option<Vec<SetFile>> {
    #[derive(Deserialize)]
    struct Listed {
        files: Vec<SetFile>,
    }
    serde_json::from_slice(manifest).ok().map(|listed: Listed| listed.files)
}

impl StoredSet {
    /// Reads the file.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        // the JSON reader quotes what it found, which may be anything
        let damaged = |error: serde_json::Error| {
            Unreadable::Damaged(error.to_string().escape_debug().take(PROBLEM_CHAR_COUNT_MAX).collect())
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.schema != SCHEMA {
            return Err(Unreadable::Version(head.schema.escape_debug().take(60).collect()));
        }
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(damaged)?;
        let of = |what: &str| Unreadable::Damaged(format!("`{what}` is not what this version writes"));
        if sha256(&serde_json::to_vec(&manifest.terms).unwrap_or_default()) != manifest.terms_sha256 {
            return Err(Unreadable::Damaged("`terms` does not match `terms_sha256`".to_owned()));
        }
        let start =
            NaiveDate::parse_from_str(&manifest.billing_period, "%Y-%m-%d").map_err(|_| of("billing_period"))?;
        let captures =
            |entries: Vec<CaptureEntry>| entries.into_iter().map(|entry| (entry.id, entry.manifest_sha256)).collect();
        let (formats, account_name) = manifest.terms.set().ok_or_else(|| of("terms"))?;
        Ok(Self {
            formats,
            account_name,
            account_id: Uuid::parse_str(&manifest.parent_account_id).map_err(|_| of("parent_account_id"))?,
            terms: manifest.terms.terms(start).ok_or_else(|| of("terms"))?,
            customers_sha256: manifest.terms.customers_sha256(),
            tool: manifest.tool,
            label: manifest.label,
            state: manifest.state,
            period: manifest.billing_period,
            captures: captures(manifest.captures),
            captures_before: captures(manifest.captures_before),
            unreadable: manifest.unreadable,
            files: manifest.files,
        })
    }
}
