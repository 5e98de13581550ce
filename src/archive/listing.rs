//! What is in the archive: one listing, from which everybody takes what is theirs.

use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::PathBuf;

use futures_util::TryStreamExt;
use object_store::ObjectStore;

use super::close::CloseKey;
use super::paths::{CLOSE_NAME, MANIFEST_NAME, Place, is_staged};
use super::{Archive, CaptureKey, Error};

/// Folders below one another that a listing goes into; ours are three. A link that leads back up ends here.
const FOLDER_DEPTH_MAX: usize = 6;

/// An object below the parent account's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its path, for people.
    pub(super) shown: String,
    /// What it is.
    pub(super) place: Place,
}

/// Everything below the parent account's folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The objects, by path.
    pub(super) found: Vec<Found>,
    /// Paths of files that can be no object, for people: a name that is no text, a link that leads nowhere.
    pub(super) odd: Vec<String>,
    /// Why a folder, or a part of it, could not be listed. Only a local archive goes on without it.
    pub(super) unlisted: Vec<Error>,
}

impl Listing {
    /// The listing, if nothing of it is missing.
    pub(super) fn whole(mut self) -> Result<Self, Error> {
        if self.unlisted.is_empty() { Ok(self) } else { Err(self.unlisted.swap_remove(0)) }
    }

    /// Every complete capture, oldest first.
    pub(super) fn captures(&self) -> Vec<CaptureKey> {
        self.keys(|place| match place {
            Place::Capture(key, name) if name == MANIFEST_NAME => Some(key),
            _ => None,
        })
    }

    /// Every complete close, by billing period and revision.
    pub(super) fn closes(&self) -> Vec<CloseKey> {
        self.keys(|place| match place {
            Place::Close(key, name) if name == CLOSE_NAME => Some(key),
            _ => None,
        })
    }

    fn keys<K: Ord + Clone>(&self, key: impl Fn(&Place) -> Option<&K>) -> Vec<K> {
        let mut keys: Vec<K> = self.found.iter().filter_map(|found| key(&found.place)).cloned().collect();
        keys.sort();
        keys
    }
}

impl Archive {
    /// Every complete capture, oldest first.
    pub async fn captures(&self) -> Result<Vec<CaptureKey>, Error> {
        // what is made from a part of the captures would look as if there were no others
        Ok(self.list().await?.whole()?.captures())
    }

    /// Every complete capture that can be seen, for the one that is just taken: an archive that is unreadable in places must
    /// not keep it out. A failing store may hide any capture.
    pub(super) async fn captures_in_sight(&self) -> Result<Vec<CaptureKey>, Error> {
        let mut listing = self.list().await?;
        if !listing.unlisted.is_empty() {
            // passing over the last capture breaks the chain for good, so it is not for a failure that does not last
            listing = self.list().await?;
        }
        for error in &listing.unlisted {
            tracing::warn!(%error, "something in the archive cannot be read and is passed over");
        }
        Ok(listing.captures())
    }

    /// Every complete close, by billing period and revision.
    pub async fn closes(&self) -> Result<Vec<CloseKey>, Error> {
        // a period must not seem open because its folder cannot be read
        Ok(self.list().await?.whole()?.closes())
    }

    /// Lists everything below the parent account's folder.
    ///
    /// A local folder is walked here: the store's own listing ends at the first file whose name is no text, without
    /// the rest, and hides what is half written.
    pub(super) async fn list(&self) -> Result<Listing, Error> {
        // first, so that what is shipped meanwhile is seen twice at the worst
        let waiting = self.list_spool().await?;
        let mut listing = match &self.folder {
            Some(folder) => {
                let parent = self.parent_path();
                Walk::through(folder.join(parent.as_ref()), self.shown(&parent))
            }
            None => self.list_store().await?,
        };
        let is_there = |waits: &Found| listing.found.iter().any(|found| found.place == waits.place);
        let waits: Vec<Found> = waiting.found.into_iter().filter(|waits| !is_there(waits)).collect();
        listing.found.extend(waits);
        listing.unlisted.extend(waiting.unlisted);
        listing.found.sort_by(|a, b| a.shown.cmp(&b.shown));
        listing.odd.sort();
        Ok(listing)
    }

    async fn list_store(&self) -> Result<Listing, Error> {
        let prefix = self.parent_path();
        let failed = |source| Error::Store { doing: "listing", path: prefix.to_string(), source };
        let metas: Vec<_> = self.store.list(Some(&prefix)).try_collect().await.map_err(failed)?;
        let found = metas.into_iter().map(|meta| {
            let path = &meta.location;
            Found { shown: self.shown(path), place: self.place_of(path) }
        });
        Ok(Listing { found: found.collect(), ..Listing::default() })
    }

    /// Removes what killed runs have left half written of captures. The caller holds the capture lock; closes and customer
    /// maps are written under other locks, and are left alone.
    ///
    /// An object store shows nothing half written; a local folder keeps it under names that no object can have.
    pub fn sweep(&self) {
        if let Some(spool) = &self.spool {
            spool.sweep();
        }
        let Some(folder) = &self.folder else { return };
        let mut waiting = vec![folder.join(self.parent_path().as_ref())];
        while let Some(next) = waiting.pop() {
            for entry in std::fs::read_dir(next).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name());
                let name = name.to_string_lossy();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    let is_of_others = name.starts_with("close=") || name == "customers";
                    waiting.extend((!is_of_others).then_some(path));
                } else if is_staged(&name) && std::fs::remove_file(&path).is_ok() {
                    tracing::info!(path = %path.display(), "swept what a killed run had left half written");
                }
            }
        }
    }
}

/// A walk through a local folder.
struct Walk {
    root: PathBuf,
    shown: String,
    waiting: Vec<Vec<String>>,
    listing: Listing,
}

impl Walk {
    fn through(root: PathBuf, shown: String) -> Listing {
        let mut walk = Self { root, shown, waiting: vec![Vec::new()], listing: Listing::default() };
        while let Some(folder) = walk.waiting.pop() {
            walk.look_into(&folder);
        }
        walk.listing
    }

    /// Looks into one folder; those in it wait for their turn.
    fn look_into(&mut self, parts: &[String]) {
        let folder = parts.iter().fold(self.root.clone(), |folder, part| folder.join(part));
        let opened = loop {
            match std::fs::read_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                opened => break opened,
            }
        };
        let seen = match opened {
            Ok(mut entries) => entries.try_for_each(|entry| self.see(parts, &entry?)),
            // no capture yet, or a folder that was cleared away just now
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = seen {
            let source = object_store::Error::Generic { store: "local", source: error.into() };
            self.listing.unlisted.push(Error::Store { doing: "listing", path: folder.display().to_string(), source });
        }
    }

    fn see(&mut self, above: &[String], entry: &DirEntry) -> std::io::Result<()> {
        let name = entry.file_name();
        let parts: Vec<String> = above.iter().cloned().chain([name.to_string_lossy().into_owned()]).collect();
        let shown = format!("{}/{}", self.shown, parts.join("/"));
        // links are followed: a period may have moved to another disk
        match std::fs::metadata(entry.path()) {
            _ if name.to_str().is_none() => self.listing.odd.push(shown),
            Ok(kind) if kind.is_dir() && above.len() < FOLDER_DEPTH_MAX => self.waiting.push(parts),
            Ok(kind) if kind.is_file() => self.listing.found.push(Found { shown, place: Place::of(&parts) }),
            Ok(_) => self.listing.odd.push(shown),
            Err(_) if entry.path().is_symlink() => self.listing.odd.push(shown),
            // cleared away just now
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
