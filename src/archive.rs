//! The archive: write-once captures of raw answers, on any object store.
//!
//! A capture is a folder of bodies with a manifest that is written last; without its manifest it does not exist.
//! Manifests name the SHA-256 of the one before them. Nothing here is ever overwritten, and no amount is parsed.
//!
//! ```text
//! parent=<uuid>/inbox/capture=<id>/usage.json.zst       tonight's usage until its capture is complete
//! parent=<uuid>/period=<date>/capture=<id>/…            bodies, capture.json last; then derived tables
//! ```

#![expect(clippy::disallowed_methods, reason = "one of the two rooms that touch files")]

mod draft;
pub mod lock;
pub mod manifest;
mod read;

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use url::Url;
use uuid::Uuid;

use crate::publish::folders;

pub use self::draft::{Body, Committed, Draft};
pub use self::manifest::Manifest;
pub use self::read::{Capture, StoredLookup};

/// The manifest's name in a capture's folder.
const MANIFEST_NAME: &str = "capture.json";

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
        /// `writing`, `reading`, `listing` or `removing`.
        doing: &'static str,
        /// The object.
        path: String,
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
    /// A capture of the same second exists.
    #[error("a capture `{id}` is in the archive already")]
    Taken {
        /// The capture.
        id: String,
    },
    /// Archived bytes are not what their manifest says, or a manifest cannot be read.
    #[error("`{path}` in the archive is damaged: {problem}")]
    Damaged {
        /// The object.
        path: String,
        /// What was found.
        problem: String,
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
    /// Opens the archive of one parent account, and creates its folder if it is a local one.
    ///
    /// # Errors
    ///
    /// As [`Archive::open`], and what creating the folder gives.
    pub fn open_or_create(location: &str, account_id: Uuid, options: &[(String, String)]) -> Result<Self, Error> {
        if let Some(folder) = local_folder(location) {
            let failed =
                |source: std::io::Error| Error::Open { location: without_secrets(location), source: source.into() };
            folders::create(&folder).map_err(failed)?;
        }
        Self::open(location, account_id, options)
    }

    /// Opens the archive of one parent account at a folder or at an object-store URL (`s3://`, `gs://`, `az://`).
    ///
    /// `options` are the store's own settings and credentials, by their usual names.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] if there is no such folder, or the URL is none that can be used.
    pub fn open(location: &str, account_id: Uuid, options: &[(String, String)]) -> Result<Self, Error> {
        let failed =
            |source: object_store::Error| Error::Open { location: without_secrets(location), source: source.into() };
        let Some(folder) = local_folder(location) else {
            let url = Url::parse(location)
                .map_err(|error| Error::Open { location: without_secrets(location), source: error.into() })?;
            let options = options.iter().map(|(name, value)| (name, value.as_str()));
            // the store's own HTTP client finds its cryptography here; that it was installed before is as good
            let _ = rustls::crypto::ring::default_provider().install_default();
            let (store, root) = object_store::parse_url_opts(&url, options).map_err(failed)?;
            return Ok(Self {
                store: store.into(),
                root,
                location: without_secrets(location),
                folder: None,
                account_id,
            });
        };
        if !folder.is_dir() {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
            return Err(Error::Open { location: without_secrets(location), source: source.into() });
        }
        // without the folder's own fsync a file can be whole on disk and have no name after a power cut
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(failed)?.with_fsync(true);
        let location = folder.to_string_lossy().trim_end_matches('/').to_owned();
        Ok(Self { store: Arc::new(store), root: Path::default(), location, folder: Some(folder), account_id })
    }

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

    /// The folder of a capture, for people: `archive/parent=…/period=…/capture=…`.
    pub fn shown_path(&self, key: &CaptureKey) -> String {
        self.shown(&self.capture_path(key))
    }

    /// A path in the archive, for people; the location says already where the archive's root is.
    fn shown(&self, path: &Path) -> String {
        let below = path.as_ref().strip_prefix(self.root.as_ref()).unwrap_or(path.as_ref());
        format!("{}/{}", self.location, below.trim_start_matches('/'))
    }

    /// Every complete capture, oldest first.
    pub async fn captures(&self) -> Result<Vec<CaptureKey>, Error> {
        let prefix = self.parent_path();
        let failed = |source| Error::Store { doing: "listing", path: prefix.to_string(), source };
        let local = self.folder.is_some();
        let objects = self.store.list(Some(&prefix)).map_ok(|meta| meta.location);
        // an odd file in a local archive must not keep tonight's capture out; a failing store may hide any capture
        let objects = objects.filter_map(async |found| match found {
            Err(error) if local => {
                tracing::warn!(%error, "something in the archive cannot be read and is passed over");
                None
            }
            found => Some(found),
        });
        let mut keys: Vec<CaptureKey> =
            objects.try_filter_map(async |path| Ok(key_of(&path))).try_collect().await.map_err(failed)?;
        keys.sort();
        Ok(keys)
    }

    /// Removes what killed runs have left half written. The caller holds the capture lock.
    ///
    /// An object store shows nothing half written; a local folder keeps it under names that no object can have.
    pub fn sweep(&self) {
        let Some(folder) = &self.folder else { return };
        let mut waiting = vec![folder.join(self.parent_path().as_ref())];
        while let Some(next) = waiting.pop() {
            for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    waiting.push(path);
                } else if is_staged(&name.to_string_lossy()) && std::fs::remove_file(&path).is_ok() {
                    tracing::info!(path = %path.display(), "swept what a killed run had left half written");
                }
            }
        }
    }

    /// Puts a table beside a capture's bodies. It can be rebuilt, so one that is there already is left as it is.
    pub async fn put_derived(&self, key: &CaptureKey, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let path = self.capture_path(key).join(name);
        if self.store.head(&path).await.is_ok() {
            return Ok(());
        }
        match self.create(&path, bytes).await {
            Err(Error::Conflict { .. }) => Ok(()),
            done => done,
        }
    }

    /// A table beside a capture's bodies; nothing if there is none. It is no evidence, and not checked against anything.
    pub async fn derived(&self, key: &CaptureKey, name: &str) -> Result<Option<bytes::Bytes>, Error> {
        match self.fetch(&self.capture_path(key).join(name)).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::Store { source: object_store::Error::NotFound { .. }, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parent_path(&self) -> Path {
        self.root.clone().join(format!("parent={}", self.account_id))
    }

    fn capture_path(&self, key: &CaptureKey) -> Path {
        self.parent_path().join(format!("period={}", key.period)).join(format!("capture={}", key.id))
    }

    fn inbox_path(&self, id: &str) -> Path {
        self.parent_path().join("inbox").join(format!("capture={id}"))
    }

    /// Writes an object that must not exist yet; one that exists with the same bytes is as good.
    ///
    /// When this returns, the object is durable: a local file and its folder have been fsynced.
    async fn create(&self, path: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        let bytes = bytes::Bytes::from(bytes);
        let options = PutOptions::from(PutMode::Create);
        match self.store.put_opts(path, PutPayload::from(bytes.clone()), options).await {
            Ok(_) => Ok(()),
            // an answer that was lost on the way, or a rerun after a crash
            Err(object_store::Error::AlreadyExists { .. }) if self.fetch(path).await? == bytes => self.sync(path),
            Err(object_store::Error::AlreadyExists { .. }) => Err(Error::Conflict { path: path.to_string() }),
            Err(source) => Err(Error::Store { doing: "writing", path: path.to_string(), source }),
        }
    }

    /// Makes an object durable that a killed run may have left unsynced.
    fn sync(&self, path: &Path) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(path.as_ref());
        let synced = folders::sync(&file).and_then(|()| file.parent().map_or(Ok(()), folders::sync));
        synced.map_err(|source| {
            let source = object_store::Error::Generic { store: "local", source: source.into() };
            Error::Store { doing: "syncing", path: path.to_string(), source }
        })
    }

    async fn fetch(&self, path: &Path) -> Result<bytes::Bytes, Error> {
        let failed = |source| Error::Store { doing: "reading", path: path.to_string(), source };
        self.store.get(path).await.map_err(failed)?.bytes().await.map_err(failed)
    }
}

/// The parents that have an archive at a local folder, for commands that work offline without configuration.
pub fn parents_in(folder: &FilePath) -> Vec<Uuid> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut parents: Vec<Uuid> = names.filter_map(|name| name.strip_prefix("parent=")?.parse().ok()).collect();
    parents.sort();
    parents
}

/// Whether a file's name is one that the local store writes to before it publishes: `capture.json#1`.
fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, number)| number.parse::<u32>().is_ok())
}

/// `…/period=P/capture=C/capture.json` as a key.
fn key_of(path: &Path) -> Option<CaptureKey> {
    let parts: Vec<_> = path.parts().collect();
    let [.., period, capture, name] = parts.as_slice() else { return None };
    let period = period.as_ref().strip_prefix("period=")?.to_owned();
    let id = capture.as_ref().strip_prefix("capture=")?.to_owned();
    (name.as_ref() == MANIFEST_NAME).then_some(CaptureKey { id, period })
}

/// The folder of a location that is local: a path, or a `file://` URL.
fn local_folder(location: &str) -> Option<PathBuf> {
    match location.split_once("://") {
        Some(("file", _)) => Url::parse(location).ok()?.to_file_path().ok(),
        Some(_) => None,
        None => Some(PathBuf::from(location)),
    }
}

/// A location without the user part of its URL, which may carry a secret.
fn without_secrets(location: &str) -> String {
    match Url::parse(location) {
        Ok(mut url) if location.contains("://") => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string().trim_end_matches('/').to_owned()
        }
        _ => location.to_owned(),
    }
}

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    use std::fmt::Write;
    sha2::Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
