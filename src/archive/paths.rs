//! Where everything lies in the archive, and what a path is the place of.

use object_store::path::Path;

use super::{Archive, CaptureKey};

/// The manifest's name in a capture's folder.
pub(super) const MANIFEST_NAME: &str = "capture.json";

/// What an object below the parent account's folder is, by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// An object of a capture, by its name in the capture's folder.
    Capture(CaptureKey, String),
    /// What a killed run left half written: `capture.json#1`. Local folders only.
    Staged,
    /// Anything else.
    Unknown,
}

impl Place {
    /// What lies at this path, given part by part from the parent account's folder on.
    pub(super) fn of(parts: &[String]) -> Self {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts.last().is_some_and(|name| is_staged(name)) {
            return Self::Staged;
        }
        match parts[..] {
            [period, folder, name] => {
                let capture = period.strip_prefix("period=").zip(folder.strip_prefix("capture="));
                capture.map_or(Self::Unknown, |(period, id)| {
                    Self::Capture(CaptureKey { id: id.to_owned(), period: period.to_owned() }, name.to_owned())
                })
            }
            _ => Self::Unknown,
        }
    }
}

impl Archive {
    /// The folder of a capture, for people: `archive/parent=…/period=…/capture=…`.
    pub fn shown_path(&self, key: &CaptureKey) -> String {
        self.shown(&self.capture_path(key))
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

    /// Where a capture's usage is until the capture is complete.
    pub(super) fn inbox_path(&self, id: &str) -> Path {
        self.parent_path().join("inbox").join(format!("capture={id}"))
    }
}

/// Whether a file's name is one that the local store writes to before it publishes: `capture.json#1`.
pub(super) fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}
