//! The archive: write-once captures of raw answers, on any object store.
//!
//! A capture is a folder of bodies with a manifest that is written last; without its manifest it does not exist.
//! Manifests name the SHA-256 of the one before them, and each has a seal beside it: its own. Nothing here is ever
//! overwritten, and no amount is parsed.
//!
//! ```text
//! parent=<uuid>/inbox/capture=<id>/usage.json.zst       tonight's usage until its capture is complete
//! parent=<uuid>/period=<date>/capture=<id>/…            bodies, then capture.json, then its seal; derived tables
//! parent=<uuid>/period=<date>/close=r<number>/…         what was issued, then close.json, then its seal
//! parent=<uuid>/customers/<sha256>.csv.zst              the customer maps that periods were closed with
//! ```
//!
//! Evidence that the store does not take waits in a spool, a local folder of the same layout, and is shipped later.

#![expect(clippy::disallowed_methods, reason = "one of the two rooms that touch files")]

pub mod audit;
pub mod close;
mod compacted;
mod customers;
mod draft;
mod listing;
pub mod lock;
pub mod manifest;
mod objects;
mod open;
mod packing;
mod paths;
mod preflight;
mod probe;
mod read;
mod reserve;
mod schema;
mod seal;
mod spool;

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use uuid::Uuid;

pub use crate::sha256::hex as sha256;

pub use self::audit::Audit;
pub use self::close::{Acceptance, CaptureLink, CloseKey, CloseRecord, Closed, InvoiceAsTyped, Superseded};
pub use self::draft::{Body, Committed, Draft};
pub use self::manifest::Manifest;
pub use self::open::parents_in;
pub use self::read::{Answers, Capture, Opened, Pages, Stored, StoredLookup};
pub use self::spool::Waiting;
pub use crate::publish::store::StoreOptions;

/// What can go wrong with the archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The location is no folder and no object-store URL that can be used.
    #[error("opening the archive `{location}`")]
    Open {
        /// The location as configured.
        location: String,
        /// What the store says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Reading or writing an object failed.
    #[error("{doing} `{path}` in the archive")]
    Store {
        /// What was being done: `writing`, `reading`, `listing` and so on.
        doing: &'static str,
        /// The object.
        path: String,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
    /// The disk is full, and so is whatever was kept in reserve.
    #[error("no room for `{path}` in the archive: {room}")]
    Full {
        /// The object.
        path: String,
        /// How much it takes, and how much there is, for people.
        room: Box<str>,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
    /// An object exists already, with other bytes. Evidence is never overwritten.
    #[error("`{path}` is in the archive already, with other contents")]
    Conflict {
        /// The object.
        path: String,
    },
    /// The store replaces objects that must not be replaced.
    #[error("`{location}` replaces objects that are there, although it is told not to: evidence is not safe there")]
    Overwritten {
        /// The archive.
        location: String,
    },
    /// A capture of the same second exists.
    #[error("a capture `{id}` is in the archive already")]
    Taken {
        /// The capture.
        id: String,
    },
    /// Another close of the same revision was first.
    #[error("the period is closed already by `{path}`")]
    ClosedAlready {
        /// The record of that close, for people.
        path: String,
    },
    /// Archived bytes are not what their manifest says, or a manifest cannot be read.
    #[error("`{path}` in the archive is damaged: {problem}")]
    Damaged {
        /// The object.
        path: String,
        /// What was found.
        problem: String,
    },
    /// Bytes that could be archived and not be read back.
    #[error("`{path}` would hold {bytes} bytes, more than the {bytes_max} allowed")]
    TooLarge {
        /// The object.
        path: String,
        /// Its size before compression.
        bytes: usize,
        /// What is allowed.
        bytes_max: usize,
    },
    /// A manifest of a version that this program does not know.
    #[error("`{path}` has the schema `{schema}`, which this version does not know")]
    Version {
        /// The manifest.
        path: String,
        /// Its schema.
        schema: String,
    },
}

/// A capture's place in the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaptureKey {
    /// Its name, `20240115T020000Z`; sorts by time.
    pub id: String,
    /// Its billing period, by the UTC date of the start.
    pub period: String,
}

/// One parent account's archive.
pub struct Archive {
    store: Arc<dyn ObjectStore>,
    root: Path,
    location: String,
    folder: Option<PathBuf>,
    account_id: Uuid,
    /// What takes evidence when the store does not.
    spool: Option<Box<Self>>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // a store may hold credentials: its location is all that is shown
        f.debug_struct("Archive")
            .field("location", &self.location)
            .field("account_id", &self.account_id)
            .finish_non_exhaustive()
    }
}

impl Archive {
    /// Where the archive is, as configured and without credentials.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The local folder, if it is one.
    pub fn folder(&self) -> Option<&FilePath> {
        self.folder.as_deref()
    }

    /// The parent account whose captures these are.
    pub fn account_id(&self) -> Uuid {
        self.account_id
    }
}

#[cfg(test)]
mod tests;
