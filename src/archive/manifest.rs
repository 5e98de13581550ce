//! The manifest of a capture: what was asked, what came back, and what came before.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CaptureKey, Error, schema};

/// The schema that this version writes and reads.
const SCHEMA: &str = "subledger/capture/v1";

/// `capture.json`. Field order is the order in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `subledger/capture/v1`.
    pub schema: String,
    /// The program that wrote it, with its version.
    pub tool: String,
    /// The parent account.
    pub parent_account_id: Uuid,
    /// The capture's name.
    pub capture: String,
    /// When the usage answer had arrived, by this machine's clock; RFC 3339, UTC.
    pub captured_at: String,
    /// Where the API was.
    pub base_url: String,
    /// The billing period as the usage answer gives it.
    pub billing_period: PeriodEntry,
    /// The capture before this one; nothing for the first.
    pub previous: Option<Previous>,
    /// Whether there may be one before all the same, because the archive was away and nobody had it in mind.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub previous_unknown: bool,
    /// How much of everything.
    pub counts: Counts,
    /// The archived objects with their bodies.
    pub objects: Vec<ObjectEntry>,
}

/// The billing period, RFC 3339 in UTC, half-open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodEntry {
    /// First instant in it.
    pub start: String,
    /// First instant after it.
    pub end: String,
}

/// The link to the capture before: together the manifests are a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its billing period.
    pub period: String,
    /// Its name.
    pub capture: String,
    /// SHA-256 of its manifest; nothing if it could not be read.
    pub sha256: Option<String>,
}

/// Counts that tell at a glance whether a capture is plausible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Sub accounts in the usage answer.
    pub usage_accounts: usize,
    /// Sub accounts in the list.
    pub listed_accounts: usize,
    /// Pages of the list.
    pub pages: usize,
    /// Single accounts asked for.
    pub lookups: usize,
}

/// One archived object: one or more bodies, concatenated and compressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// Its name in the capture's folder.
    pub name: String,
    /// Its size as stored.
    pub bytes: usize,
    /// SHA-256 as stored.
    pub sha256: String,
    /// The bodies in it, in order.
    pub bodies: Vec<BodyEntry>,
}

/// One answer's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyEntry {
    /// The request: path and query.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// Its size as received.
    pub bytes: usize,
    /// SHA-256 as received.
    pub sha256: String,
    /// The server's `Date`, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub server_date: Option<String>,
    /// The server's `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
}

impl Manifest {
    /// The schema's name.
    pub(super) fn schema() -> String {
        SCHEMA.to_owned()
    }

    /// The file's bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        schema::to_bytes(self)
    }

    /// Reads the file; an unknown schema is told from a damaged file.
    pub(super) fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, Error> {
        schema::from_bytes(SCHEMA, path, bytes)
    }

    /// Where the capture is.
    pub(super) fn key(&self) -> CaptureKey {
        let period = self.billing_period.start.get(..10).unwrap_or_default().to_owned();
        CaptureKey { id: self.capture.clone(), period }
    }
}
