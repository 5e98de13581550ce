//! The audit: reads everything of a parent account once, one object after another, and says what is not as it was written.
//!
//! It never stops at the first problem, and moves and changes nothing. Derived tables are no evidence and are not read.

mod attested;
mod order;
mod reading;
mod strays;
mod told;

use self::reading::Reading;
use super::{Archive, CaptureKey, CloseKey, Error};

pub use self::told::{Note, Problem};

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Every complete capture, oldest first.
    pub captures: Vec<AuditedCapture>,
    /// Every complete close, by billing period and revision.
    pub closes: Vec<AuditedClose>,
    /// What is not as it was written, by path; each path once.
    pub problems: Vec<Problem>,
    /// What is no damage and worth knowing, by path.
    pub notes: Vec<Note>,
    /// Objects read: those of captures and closes, manifests, records, seals and customer maps.
    pub objects: usize,
    /// Bodies in them that have their hash.
    pub bodies: usize,
    /// Bytes read, as stored.
    pub bytes: u64,
}

/// A capture that was audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedCapture {
    /// Its place.
    pub key: CaptureKey,
    /// SHA-256 of its manifest as it is; nothing if it could not be read at all.
    pub sha256: Option<String>,
    /// Whether no problem puts it in doubt.
    pub is_intact: bool,
}

/// A close that was audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedClose {
    /// Its place.
    pub key: CloseKey,
    /// SHA-256 of its record as it is; nothing if it could not be read at all.
    pub sha256: Option<String>,
    /// Whether no problem puts it in doubt, nor the capture and the customer map that it was made with.
    pub is_intact: bool,
}

impl Archive {
    /// Reads everything of this parent account and checks it against all that attests it: manifests, seals, the chain,
    /// records of closes, and the names of customer maps. `progress` is told what is being read.
    ///
    /// That the newest capture or close is gone with its whole folder is beyond what an archive alone can tell.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the archive as a whole cannot be listed or read. What is wrong with one object is a problem.
    pub async fn audit(&self, progress: &(dyn Fn(&str) + Sync)) -> Result<Audit, Error> {
        let listing = self.list().await?.whole()?;
        let mut reading = Reading::new(self, progress, &listing);
        strays::note(self, &listing, &mut reading.told);
        // closes first: what puts a capture in doubt puts its closes in doubt
        reading.closes().await?;
        reading.captures().await?;
        reading.maps().await?;
        let changed = attested::judge(&reading.witnesses(), &mut reading.told);
        order::captures(self, &reading.captures, &changed, &mut reading.told);
        order::closes(self, &reading.closes, &reading.captures, &mut reading.told);
        Ok(reading.finish(&changed))
    }
}
