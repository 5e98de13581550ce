//! The spool: a local folder that takes evidence when the archive does not, and gives it to the archive later.
//!
//! It is laid out as an archive is, and what waits in it is part of the archive: it is listed and read like everything
//! else. Evidence is shipped bodies first, then manifests from the oldest on, then seals, and removed only once the archive has
//! all of it, so that the archive never shows a torn capture, nor one before those that it follows. A run that dies in between
//! is finished by the next one. Each archive has a folder of its own in the spool, named by the hash of where it is: what
//! waits for one is never given to another.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::listing::Listing;
use super::manifest::Previous;
use super::paths::{MANIFEST_NAME, Place};
use super::seal::seal_name;
use super::{Archive, CaptureKey, Error, Manifest, StoreOptions, sha256};
use crate::publish::told;

/// The manifest of the last capture, so that the next one knows what it follows even if the archive is away.
const HEAD_NAME: &str = ".head";

/// What says to people what lies in a spool.
const NOTICE_NAME: &str = "README";
/// Letters of the hash that names an archive's folder in a spool.
const PLACE_LEN: usize = 12;

/// What waits in a spool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Complete captures, oldest first.
    pub captures: Vec<CaptureKey>,
    /// Objects, those of captures that are not complete included.
    pub objects: usize,
}

impl Archive {
    /// Gives the archive a folder that takes evidence when the archive does not.
    ///
    /// # Errors
    ///
    /// [`Error::Open`] if the folder cannot be made.
    pub fn add_spool(&mut self, folder: &FilePath) -> Result<(), Error> {
        let folder = self.place_in(folder);
        let spool = Self::open_or_create(&folder.to_string_lossy(), self.account_id, &StoreOptions::default())?;
        let notice = folder.join(NOTICE_NAME);
        if !notice.exists() {
            let text = format!(
                "Evidence that the archive {} has not taken yet. `subledger run` gives it to the archive; it is nowhere else.\n",
                self.location
            );
            // it is for people only
            let _ = told::put(&notice, &text);
        }
        self.spool = Some(Box::new(spool));
        Ok(())
    }

    /// Whether anything was ever spooled in a folder for this archive.
    pub fn has_spool_in(&self, folder: &FilePath) -> bool {
        self.place_in(folder).is_dir()
    }

    /// The archive's own folder in a spool.
    fn place_in(&self, spool: &FilePath) -> PathBuf {
        let whole = self.folder().and_then(|folder| std::fs::canonicalize(folder).ok());
        let place = whole.map_or_else(|| self.location.clone(), |folder| folder.to_string_lossy().into_owned());
        spool.join(&sha256(place.as_bytes())[..PLACE_LEN])
    }

    /// Where a capture is, for people: in the spool, if it waits there.
    pub async fn shown_place(&self, key: &CaptureKey) -> String {
        let waits = self.waiting().await.is_ok_and(|waiting| waiting.captures.contains(key));
        let place = self.spool.as_deref().filter(|_| waits).unwrap_or(self);
        place.shown_path(key)
    }

    /// Where evidence goes when the archive does not take it, for people.
    pub fn spool_location(&self) -> Option<&str> {
        self.spool.as_deref().map(Self::location)
    }

    /// What waits in the spool.
    pub async fn waiting(&self) -> Result<Waiting, Error> {
        let Some(spool) = &self.spool else { return Ok(Waiting::default()) };
        let paths = spool.shippable().await?;
        let captures = paths.iter().filter_map(|path| match spool.place_of(path) {
            Place::Capture(key, name) if name == MANIFEST_NAME => Some(key),
            _ => None,
        });
        Ok(Waiting { captures: captures.collect(), objects: paths.len() })
    }

    /// Gives the archive what waits in the spool, and says how many objects that were.
    ///
    /// # Errors
    ///
    /// What the archive says if it does not take an object. Whatever it has not got whole stays as it is.
    pub async fn ship(&self) -> Result<usize, Error> {
        let Some(spool) = &self.spool else { return Ok(0) };
        let mut paths = spool.shippable().await?;
        // a capture whose name another machine has used goes nowhere, and keeps no other one here
        let mut stuck: BTreeMap<Option<String>, Error> = BTreeMap::new();
        for path in &paths {
            let id = spool.capture_of(path);
            if stuck.contains_key(&id) {
                continue;
            }
            match self.create(&self.path_of(spool, path), spool.fetch_own(path).await?).await {
                Err(error @ Error::Conflict { .. }) => drop(stuck.insert(id, error)),
                created => created?,
            }
        }
        paths.retain(|path| !stuck.contains_key(&spool.capture_of(path)));
        for path in &paths {
            if path.filename() == Some(MANIFEST_NAME)
                && let Some(id) = spool.capture_of(path)
            {
                // the archive may have had the usage before it was away
                self.clear_inbox(&id).await;
            }
            let failed = |source| Error::Store { doing: "removing", path: path.to_string(), source };
            spool.store.delete(path).await.map_err(failed)?;
        }
        spool.remove_empty_folders(&paths);
        stuck.into_values().next().map_or(Ok(paths.len()), Err)
    }

    /// What is to be shipped, in the order in which it is.
    async fn shippable(&self) -> Result<Vec<Path>, Error> {
        let prefix = self.parent_path();
        let failed = |source| Error::Store { doing: "listing", path: prefix.to_string(), source };
        let metas: Vec<_> = self.store.list(Some(&prefix)).try_collect().await.map_err(failed)?;
        let is_evidence = |path: &Path| matches!(self.place_of(path), Place::Capture(..) | Place::Inbox(_));
        let mut paths: Vec<Path> = metas.into_iter().map(|meta| meta.location).filter(is_evidence).collect();
        paths.sort_by_cached_key(|path| (rank(path), path.to_string()));
        Ok(paths)
    }

    /// The path here of what another archive of the same parent account has at `path`.
    pub(super) fn path_of(&self, other: &Self, path: &Path) -> Path {
        path.prefix_match(&other.root).into_iter().flatten().fold(self.root.clone(), Path::join)
    }

    /// The name of the capture that an object is of.
    fn capture_of(&self, path: &Path) -> Option<String> {
        match self.place_of(path) {
            Place::Capture(CaptureKey { id, .. }, _) | Place::Inbox(id) => Some(id),
            _ => None,
        }
    }

    /// An object that waits in the spool; nothing if none does.
    pub(super) async fn fetch_spooled(&self, path: &Path) -> Result<Option<Bytes>, Error> {
        match &self.spool {
            Some(spool) => Box::pin(spool.fetch_if_there(&spool.path_of(self, path))).await,
            None => Ok(None),
        }
    }

    /// Everything that waits in the spool, and what of it cannot be listed.
    pub(super) async fn list_spool(&self) -> Result<Listing, Error> {
        let Some(spool) = &self.spool else { return Ok(Listing::default()) };
        let mut listing = Box::pin(spool.list()).await?;
        listing.found.retain(|found| matches!(found.place, Place::Capture(..) | Place::Inbox(_)));
        Ok(listing)
    }

    /// Keeps in mind which capture is the last one.
    pub(super) fn remember(&self, manifest: &Bytes) {
        let Some(path) = self.head_path() else { return };
        let text = String::from_utf8_lossy(manifest);
        if let Err(error) = told::put(&path, &text) {
            tracing::warn!(%error, "which capture is the last one is not kept in mind");
        }
    }

    /// The last capture that was kept in mind, if any was.
    pub(super) fn remembered(&self) -> Option<Previous> {
        let path = self.head_path()?;
        let bytes = told::get(&path).ok()??.into_bytes();
        let manifest = Manifest::from_bytes(&path.to_string_lossy(), &bytes).ok()?;
        let CaptureKey { id, period } = manifest.key();
        Some(Previous { period, capture: id, sha256: Some(sha256(&bytes)) })
    }

    fn head_path(&self) -> Option<PathBuf> {
        let spool = self.spool.as_ref()?;
        Some(spool.folder()?.join(spool.parent_path().as_ref()).join(HEAD_NAME))
    }

    /// Folders of captures that were shipped, and those above them that are empty now.
    fn remove_empty_folders(&self, paths: &[Path]) {
        let Some(folder) = self.folder() else { return };
        for path in paths {
            let file = folder.join(path.as_ref());
            // the capture's and the period's; one that is not empty stays by itself
            for above in file.ancestors().skip(1).take(2) {
                let _ = std::fs::remove_dir(above);
            }
        }
    }
}

/// Bodies come before the manifest that names them, and that before its seal.
fn rank(path: &Path) -> u8 {
    match path.filename() {
        Some(MANIFEST_NAME) => 1,
        Some(name) if name == seal_name(MANIFEST_NAME) => 2,
        _ => 0,
    }
}
