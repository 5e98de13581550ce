//! `manifest.json`: what a report set was made from, and the hash of every file in it. Read back, it is what the set can be
//! rebuilt from.

mod read;
mod state;
mod terms;

use serde::{Deserialize, Serialize};

use crate::billing::books::CaptureRef;
use crate::billing::ledger::Ledger;

use self::terms::TermsEntry;
use super::json::pretty;
use super::{FileEntry, SetInfo, sha256};

pub use self::read::{StoredSet, Unreadable, files_in};
pub use self::state::{account_in, state_in};

/// The schema of the file.
const SCHEMA: &str = "subledger/report-set/v2";

/// Field order is the order in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    schema: String,
    tool: String,
    label: String,
    state: String,
    parent_account_id: String,
    billing_period: String,
    /// Every capture of the period that the set was made from, oldest first; the last is the one it is about.
    captures: Vec<CaptureEntry>,
    /// Captures of earlier periods that it was made from as well.
    captures_before: Vec<CaptureEntry>,
    /// Captures that could not be read.
    unreadable: Vec<String>,
    terms: TermsEntry,
    /// SHA-256 of `terms` as written here, without white space.
    terms_sha256: String,
    files: Vec<SetFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CaptureEntry {
    id: String,
    manifest_sha256: String,
}

/// A file of a set, as its manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetFile {
    /// Its path within the set.
    pub path: String,
    /// Its size.
    pub bytes: usize,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// The file's bytes.
pub(super) fn manifest(ledger: &Ledger, info: &SetInfo, files: &[FileEntry]) -> Vec<u8> {
    let terms = TermsEntry::of(ledger, info);
    let terms_sha256 = sha256(&serde_json::to_vec(&terms).unwrap_or_default());
    let file = |file: &FileEntry| SetFile { path: file.path.clone(), bytes: file.bytes, sha256: file.sha256.clone() };
    pretty(&Manifest {
        schema: SCHEMA.to_owned(),
        tool: info.tool.clone(),
        label: info.label.clone(),
        state: ledger.state().as_str().to_owned(),
        parent_account_id: ledger.books.account_id.to_string(),
        billing_period: ledger.books.usage.period.name(),
        captures: captures(ledger.past.captures()),
        captures_before: captures(ledger.past.before()),
        unreadable: ledger.past.unreadable().iter().map(|capture| capture.id.clone()).collect(),
        terms,
        terms_sha256,
        files: files.iter().map(file).collect(),
    })
}

fn captures(captures: &[CaptureRef]) -> Vec<CaptureEntry> {
    let entry = |capture: &CaptureRef| {
        let (id, manifest_sha256) = (capture.id.clone(), capture.sha256.clone());
        CaptureEntry { id: id.to_string(), manifest_sha256 }
    };
    captures.iter().map(entry).collect()
}
