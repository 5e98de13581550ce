//! Where everything lies in the archive, and what a path is the place of.

use object_store::path::Path;

use super::close::CloseKey;
use super::seal::is_sha256;
use super::{Archive, CaptureKey};

/// The usage answer's name in a capture's folder.
pub(super) const USAGE_NAME: &str = "usage.json.zst";
/// The manifest's name in a capture's folder.
pub(super) const MANIFEST_NAME: &str = "capture.json";
/// The record's name in a close's folder.
pub(super) const CLOSE_NAME: &str = "close.json";
/// The name of the table that is made of a complete capture, in its folder.
pub(super) const TABLE_NAME: &str = "usage.parquet";

/// What stands in the place of a capture's name in the folder of the table of a whole period. No capture is named so.
pub(super) const ALL_CAPTURES: &str = "all";

/// The name of the room that is kept for a full disk.
pub(super) const RESERVE_NAME: &str = ".reserve";
/// What a store is probed with.
pub(super) const PROBE_NAME: &str = ".probe";

/// What an object below the parent account's folder is, by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// An object of a capture, by its name in the capture's folder.
    Capture(CaptureKey, String),
    /// An object of a close, by its name in the close's folder.
    Close(CloseKey, String),
    /// The customer map that has this SHA-256.
    Customers(String),
    /// The table of a whole billing period, by its period.
    Compacted(String),
    /// Usage of a capture that was not complete yet, by the capture's name.
    Inbox(String),
    /// The lock of a run.
    Lock,
    /// Room that is kept for a full disk.
    Reserve,
    /// What a store was probed with.
    Probe,
    /// What a killed run left half written: `capture.json#1`. Local folders only.
    Staged,
    /// Nothing that this version writes.
    Unknown,
}

impl Place {
    /// What lies at this path, given part by part from the parent account's folder on.
    pub(super) fn of(parts: &[String]) -> Self {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts.last().is_some_and(|name| is_staged(name)) {
            return Self::Staged;
        }
        let place = match parts[..] {
            [".lock"] => Some(Self::Lock),
            [RESERVE_NAME] => Some(Self::Reserve),
            [PROBE_NAME] => Some(Self::Probe),
            ["customers", name] => {
                let sha256 = name.strip_suffix(".csv.zst").filter(|name| is_sha256(name));
                sha256.map(|sha256| Self::Customers(sha256.to_owned()))
            }
            ["inbox", folder, _] => folder.strip_prefix("capture=").map(|id| Self::Inbox(id.to_owned())),
            [period, folder, name] => in_period(period, folder, name),
            _ => None,
        };
        place.unwrap_or(Self::Unknown)
    }
}

/// An object of a capture or of a close.
fn in_period(period: &str, folder: &str, name: &str) -> Option<Place> {
    let (period, name) = (period.strip_prefix("period=")?.to_owned(), name.to_owned());
    match folder.split_once('=')? {
        ("capture", ALL_CAPTURES) => (name == TABLE_NAME).then_some(Place::Compacted(period)),
        ("capture", id) => Some(Place::Capture(CaptureKey { id: id.to_owned(), period }, name)),
        ("close", number) => {
            let revision = number.strip_prefix('r')?.parse().ok().filter(|revision| *revision > 0)?;
            // a number has one way to be written, so that each revision has one folder
            (number == format!("r{revision}")).then_some(Place::Close(CloseKey { period, revision }, name))
        }
        _ => None,
    }
}

impl Archive {
    /// What lies at a path of the archive.
    pub(super) fn place_of(&self, path: &Path) -> Place {
        let parts = path.prefix_match(&self.parent_path()).into_iter().flatten();
        Place::of(&parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>())
    }

    /// The folder of a capture, for people: `archive/parent=…/period=…/capture=…`.
    pub fn shown_path(&self, key: &CaptureKey) -> String {
        self.shown(&self.capture_path(key))
    }

    /// The folder of a close, for people: `archive/parent=…/period=…/close=r1`.
    pub fn shown_close(&self, key: &CloseKey) -> String {
        self.shown(&self.close_path(key))
    }

    /// A path in the archive, for people; the location says already where the archive's root is.
    pub(super) fn shown(&self, path: &Path) -> String {
        let below = path.as_ref().strip_prefix(self.root.as_ref()).unwrap_or(path.as_ref());
        format!("{}/{}", self.location, below.trim_start_matches('/'))
    }

    /// The parent account's folder.
    pub(super) fn parent_path(&self) -> Path {
        self.root.clone().join(format!("parent={}", self.account_id))
    }

    /// A capture's folder.
    pub(super) fn capture_path(&self, key: &CaptureKey) -> Path {
        self.parent_path().join(format!("period={}", key.period)).join(format!("capture={}", key.id))
    }

    /// The table of a whole billing period: where SQL engines look for the tables of captures as well.
    pub(super) fn compacted_path(&self, period: &str) -> Path {
        let folder = self.parent_path().join(format!("period={period}")).join(format!("capture={ALL_CAPTURES}"));
        folder.join(TABLE_NAME)
    }

    /// A close's folder.
    pub(super) fn close_path(&self, key: &CloseKey) -> Path {
        self.parent_path().join(format!("period={}", key.period)).join(format!("close=r{}", key.revision))
    }

    /// Where a capture's usage is until the capture is complete.
    pub(super) fn inbox_path(&self, id: &str) -> Path {
        self.parent_path().join("inbox").join(format!("capture={id}"))
    }
}

/// Whether a file's name is one that the local store writes to before it publishes: `capture.json#1`.
pub(super) fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}
