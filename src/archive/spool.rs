//! The spool: a local folder that takes evidence when the archive does not, and gives it to the archive later.
//!
//! It is laid out as an archive is, and what waits in it is part of the archive: it is listed and read like everything
//! else. Evidence is shipped bodies first, then manifests, then seals, and removed only once the archive has all of it, so
//! that the archive never shows a torn capture, and a run that dies in between is finished by the next one.

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::listing::Found;
use super::manifest::Previous;
use super::paths::{MANIFEST_NAME, Place};
use super::seal::seal_name;
use super::{Archive, CaptureKey, Error, Manifest, StoreOptions, sha256};
use crate::publish::told;

/// The manifest of the last capture, so that the next one knows what it follows even if the archive is away.
const HEAD_NAME: &str = ".head";

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
        let spool = Self::open_or_create(&folder.to_string_lossy(), self.account_id, &StoreOptions::default())?;
        self.spool = Some(Box::new(spool));
        Ok(())
    }

    /// A capture's folder in the spool, for people; nothing without one.
    pub fn shown_in_spool(&self, key: &CaptureKey) -> Option<String> {
        self.spool.as_deref().map(|spool| spool.shown_path(key))
    }

    /// Where evidence goes when the archive does not take it, for people.
    pub fn spool_location(&self) -> Option<&str> {
        self.spool.as_deref().map(Self::location)
    }

    /// What waits in the spool.
    pub async fn waiting(&self) -> Result<Waiting, Error> {
        let Some(spool) = &self.spool else { return Ok(Waiting::default()) };
        let captures = Box::pin(spool.captures()).await?;
        Ok(Waiting { captures, objects: spool.shippable(None).await?.len() })
    }

    /// Gives the archive what waits in the spool, and says how many objects that were. The usage of the capture `under_way`
    /// stays until that capture is complete.
    ///
    /// # Errors
    ///
    /// What the archive says if it does not take an object. Whatever it has not got whole stays as it is.
    pub async fn ship(&self, under_way: Option<&str>) -> Result<usize, Error> {
        let Some(spool) = &self.spool else { return Ok(0) };
        let mut paths = spool.shippable(under_way).await?;
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
    async fn shippable(&self, under_way: Option<&str>) -> Result<Vec<Path>, Error> {
        let prefix = self.parent_path();
        let failed = |source| Error::Store { doing: "listing", path: prefix.to_string(), source };
        let metas: Vec<_> = self.store.list(Some(&prefix)).try_collect().await.map_err(failed)?;
        let is_evidence = |path: &Path| match self.place_of(path) {
            Place::Capture(..) => true,
            Place::Inbox(id) => under_way != Some(id.as_str()),
            _ => false,
        };
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

    fn place_of(&self, path: &Path) -> Place {
        let parts = path.prefix_match(&self.parent_path()).into_iter().flatten();
        Place::of(&parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>())
    }

    /// An object that waits in the spool; nothing if none does.
    pub(super) async fn fetch_spooled(&self, path: &Path) -> Result<Option<Bytes>, Error> {
        match &self.spool {
            Some(spool) => Box::pin(spool.fetch_if_there(&spool.path_of(self, path))).await,
            None => Ok(None),
        }
    }

    /// Everything that waits in the spool, but what the archive has as well.
    pub(super) async fn list_spool(&self, found: &[Found]) -> Result<Vec<Found>, Error> {
        let Some(spool) = &self.spool else { return Ok(Vec::new()) };
        let waiting = Box::pin(spool.list()).await?.whole()?.found;
        let is_ours = |waits: &Found| matches!(waits.place, Place::Capture(..) | Place::Inbox(_));
        let is_there = |waits: &Found| found.iter().any(|found| found.place == waits.place);
        Ok(waiting.into_iter().filter(|waits| is_ours(waits) && !is_there(waits)).collect())
    }

    /// Keeps in mind which capture is the last one.
    pub(super) fn remember(&self, manifest: &Bytes) {
        let Some(path) = self.head_path() else { return };
        let text = String::from_utf8_lossy(manifest);
        if let Err(error) = told::put(&path, &text) {
            tracing::debug!(%error, "the last capture is not kept in mind");
        }
    }

    /// The last capture that was kept in mind, if any was.
    pub(super) fn remembered(&self) -> Option<Previous> {
        let path = self.head_path()?;
        let bytes = told::get(&path).ok()??.into_bytes();
        let manifest = Manifest::from_bytes(&path.to_string_lossy(), &bytes).ok()?;
        let period = manifest.billing_period.start.get(..10)?.to_owned();
        Some(Previous { period, capture: manifest.capture, sha256: Some(sha256(&bytes)) })
    }

    fn head_path(&self) -> Option<std::path::PathBuf> {
        let spool = self.spool.as_ref()?;
        Some(spool.folder()?.join(spool.parent_path().as_ref()).join(HEAD_NAME))
    }

    /// Folders of captures that were shipped, and those above them that are empty now.
    fn remove_empty_folders(&self, paths: &[Path]) {
        let Some(folder) = self.folder() else { return };
        for path in paths {
            let file = folder.join(path.as_ref());
            // three of ours lie above an object; one that is not empty stays by itself
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
