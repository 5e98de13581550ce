//! Reports: a report set is a pure function of a ledger, named bytes in a fixed order.
//!
//! Nothing here computes a sum, reads a clock or touches a file. A format is one small file, or one and a folder, that turns
//! a [`table::Table`] or a ledger into bytes; [`render`] hands every file of the set to a sink as it is made.

mod beside;
mod closing;
mod control;
pub mod csv;
pub mod explain;
mod focus;
pub mod format;
pub mod history;
mod html;
mod issued;
mod json;
mod manifest;
mod overview;
pub mod parquet;
mod privacy;
mod set;
pub mod settlement;
mod sink;
pub mod table;
mod tables;
pub mod text;
mod unseen;
pub mod usage;
pub mod verification;
mod xlsx;

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::billing::charges::{Charges, Statement};
use crate::billing::ledger::Ledger;
use crate::sha256::hex as sha256;

use self::format::Formats;

pub use self::issued::{issued_json, read_issued};
pub use self::json::{is_made_by, made_by, made_of};
pub use self::manifest::{SetFile, StoredSet, Unreadable, account_in, files_in, state_in};
pub use self::set::{render, render_into};
pub use self::sink::Files;
pub use self::usage::{UsageNames, UsageOfPeriod, UsageOfSeveral, UsageRows, usage_parquet};

/// The file of a set that names all others, and what the set was made from.
pub const MANIFEST_NAME: &str = "manifest.json";
/// The file of a set with its checks, for programs.
pub const RECONCILIATION_NAME: &str = "reconciliation.json";
/// The table of a capture's facts, beside its answers in the archive.
pub const USAGE_NAME: &str = "usage.parquet";

/// Why a report set could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A table could not be turned into a format.
    #[error("writing `{file}`")]
    Format {
        /// The file.
        file: String,
        /// What the format's library says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A customer's file would show something of somebody else. Nothing is published.
    #[error("`{file}` would show {what}, which is not this customer's")]
    Leak {
        /// The file.
        file: String,
        /// What was found.
        what: String,
    },
    /// The sink could not take a file.
    #[error(transparent)]
    Sink(Box<dyn std::error::Error + Send + Sync>),
}

/// What a set says about itself beside the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetInfo {
    /// The parent account's label.
    pub label: String,
    /// The program that makes the set, with its version.
    pub tool: String,
    /// SHA-256 of the customer map's file; nothing without a map.
    pub customers_sha256: Option<String>,
    /// Whose the parent account is, for pages and for FOCUS; nothing if nobody said.
    pub account_name: Option<String>,
    /// The formats of the set.
    pub formats: Formats,
}

impl SetInfo {
    /// A set of all formats, and nothing else to say.
    pub fn new(label: &str, tool: &str) -> Self {
        let (label, tool) = (label.to_owned(), tool.to_owned());
        Self { label, tool, customers_sha256: None, account_name: None, formats: Formats::default() }
    }

    /// Whose the set is: the parent account's name, else its label.
    pub fn owner(&self) -> &str {
        self.account_name.as_deref().unwrap_or(&self.label)
    }
}

/// Takes one file of the set: its path within the set, and its bytes.
pub type Sink<'a> = dyn FnMut(&str, Vec<u8>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + 'a;

/// One file of a set, as the manifest and the control sheet name it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileEntry {
    path: String,
    bytes: usize,
    sha256: String,
}

/// The tables of a set by the files they are in, for the column reference.
pub fn tables(ledger: &Ledger) -> Vec<(&'static str, table::Table<'_>)> {
    let statement = ledger.charges.statement(0).map(|statement| tables::statement(ledger, &statement));
    let mut tables = vec![("chargeback", tables::chargeback(ledger, 0..ledger.charges.lines.len()))];
    tables.extend(statement.map(|table| ("customers/…/chargeback", table)));
    tables.push(("control", control::control(ledger, &control::rows(&ledger.charges, &[]))));
    tables.push(("invoice-bridge", closing::bridge(ledger)));
    tables.extend(ledger.superseded().map(|superseded| ("journal", closing::journal(ledger, superseded))));
    tables.push(("caps", tables::caps(ledger, &ledger.caps_by_use())));
    tables.push(("removed", unseen::removed(ledger)));
    tables.push(("tail", unseen::tail(ledger, &ledger.tails())));
    tables.push(("focus/…/ahasend-focus-…", focus::table(ledger, None)));
    tables.push(("largest (in the workbook)", overview::largest(ledger)));
    tables.push(("daily (in the workbook)", overview::daily(ledger)));
    tables.push(("findings (in the workbook)", overview::findings(ledger)));
    tables.push(("usage (in the archive, Parquet only)", usage::table(&ledger.books)));
    tables
}

/// The contents of `reconciliation.json`, for results on stdout.
pub fn reconciliation_json(ledger: &Ledger, label: &str, tool: &str) -> Box<RawValue> {
    let text = String::from_utf8(json::reconciliation(ledger, &SetInfo::new(label, tool))).unwrap_or_default();
    RawValue::from_string(text).unwrap_or_default()
}

/// `customers/<slug>-<id8>`: a name to recognise, and eight hex digits of the id's hash to tell names apart.
pub fn customer_folder(statement: &Statement<'_>) -> String {
    folder_with(statement, 8)
}

fn folder_with(statement: &Statement<'_>, digits: usize) -> String {
    let id: String = sha256(statement.payer.id().as_bytes()).chars().take(digits).collect();
    format!("customers/{}-{id}", slug(statement.payer.name()))
}

/// The folder of each statement. Where eight digits do not tell two apart, the later one gets all 64.
fn folders(charges: &Charges) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let free = charges.statements().map(|statement| {
        let short = customer_folder(&statement);
        if taken.insert(short.clone()) { short } else { folder_with(&statement, 64) }
    });
    free.collect()
}

/// A name as a part of a path: `[a-z0-9-]`, at most 40 characters, never empty.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
        if slug.len() == 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "customer".to_owned() } else { slug.to_owned() }
}

/// An account id as reports show it.
fn shown_id(id: Option<Uuid>) -> Option<String> {
    id.map(|id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_in_any_path() {
        for (name, expected) in [
            ("Acme Subsidiary", "acme-subsidiary"),
            ("../../etc/passwd", "etc-passwd"),
            ("CON", "con"),
            ("  ", "customer"),
            ("客户", "customer"),
            ("-rf .", "rf"),
            ("Söhne & Co. GmbH", "s-hne-co-gmbh"),
            ("a".repeat(300).as_str(), "a".repeat(40).as_str()),
        ] {
            assert_eq!(slug(name), expected);
        }
    }
}
