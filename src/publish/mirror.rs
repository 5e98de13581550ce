//! The mirror: report sets copied elsewhere, as they were published, to an object store or to another folder.
//!
//! A set's manifest is copied last, so that whoever finds one there has the whole set. What is there already stays as it is,
//! and so does what was removed here since.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use url::Url;

use super::sets::{self, SetFolder};
use super::store::{StoreOptions, connect, local_folder};
use super::{LATEST, MANIFEST_NAME, folders};

/// Files that are copied side by side: a store answers many at once, and a set may have one for each customer.
const COPIED_COUNT_MAX: usize = 32;

/// Why a set could not be copied; those that were stay where they are.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The location is none that can be used.
    #[error("opening the mirror")]
    Open(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The sets here could not be read.
    #[error("reading the report sets")]
    Read(#[source] super::Error),
    /// A set was taken away while it was copied. It has no manifest there, so that nobody takes it for whole.
    #[error("`{0}` went away while it was copied")]
    Gone(PathBuf),
    /// The place did not take an object.
    #[error("copying to `{path}`")]
    Store {
        /// The object.
        path: String,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mirrored {
    /// Sets that were not there.
    pub sets: usize,
    /// Sets of which there is another one of the same name, which was left as it is.
    pub others: Vec<PathBuf>,
}

/// What became of a set.
enum Followed {
    Copied,
    AsItIs,
    Other,
}

/// A place that report sets are copied to.
pub struct Mirror {
    store: Arc<dyn ObjectStore>,
    root: Path,
}

impl Mirror {
    /// Opens an object store by its URL, or a folder, which is made.
    ///
    /// # Errors
    ///
    /// [`MirrorError::Open`].
    pub fn open(location: &str, options: &StoreOptions) -> Result<Self, MirrorError> {
        let failed = |error: object_store::Error| MirrorError::Open(error.into());
        let Some(folder) = local_folder(location) else {
            let url = Url::parse(location).map_err(|error| MirrorError::Open(error.into()))?;
            let (store, root) = connect(&url, options).map_err(failed)?;
            return Ok(Self { store, root });
        };
        folders::create(&folder).map_err(|error| MirrorError::Open(error.into()))?;
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(failed)?;
        Ok(Self { store: Arc::new(store.with_fsync(true)), root: Path::default() })
    }

    /// Copies every report set of an account that is not there yet; `folder` is where the account's sets are, `label` its name
    /// there. `go_on` is asked before each set.
    ///
    /// # Errors
    ///
    /// What is the matter with the first set that cannot be copied, once all others were tried. A place that takes nothing
    /// ends it.
    pub async fn follow(
        &self,
        folder: &FilePath,
        label: &str,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Mirrored, MirrorError> {
        let (mut mirrored, mut failed) = (Mirrored::default(), None);
        for period in sets::periods(folder).map_err(MirrorError::Read)? {
            let home = folder.join(&period);
            let place = self.root.clone().join(label).join(period.as_str());
            for set in sets::sets(&home).map_err(MirrorError::Read)? {
                if !go_on() {
                    return Ok(mirrored);
                }
                match self.follow_set(&set, &place.clone().join(set.name.as_str())).await {
                    Ok(Followed::Copied) => mirrored.sets += 1,
                    Ok(Followed::AsItIs) => {}
                    Ok(Followed::Other) => mirrored.others.push(set.path),
                    Err(error @ MirrorError::Store { .. }) => return Err(error),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            let latest = sets::latest(&home).map_err(MirrorError::Read)?;
            if let Some(latest) = latest.as_ref().and_then(sets::Latest::set) {
                self.point(&place.clone().join(LATEST), latest).await?;
            }
        }
        failed.map_or(Ok(mirrored), Err)
    }

    /// Copies a set, if it is not there yet.
    async fn follow_set(&self, set: &SetFolder, place: &Path) -> Result<Followed, MirrorError> {
        let Some(manifest) = set.manifest().map_err(MirrorError::Read)? else { return Ok(Followed::AsItIs) };
        match self.fetch(&place.clone().join(MANIFEST_NAME)).await? {
            None => self.copy(set, place, manifest).await.map(|()| Followed::Copied),
            Some(there) if there == manifest => Ok(Followed::AsItIs),
            Some(_) => Ok(Followed::Other),
        }
    }

    /// Writes a small object, and so sees whether the place takes any.
    ///
    /// # Errors
    ///
    /// [`MirrorError::Store`] if it does not.
    pub async fn probe(&self) -> Result<(), MirrorError> {
        self.put(&self.root.clone().join(".probe"), b"subledger was here\n".to_vec()).await
    }

    /// Copies a set, its manifest last.
    async fn copy(&self, set: &SetFolder, place: &Path, manifest: Vec<u8>) -> Result<(), MirrorError> {
        let files = set.files().map_err(MirrorError::Read)?;
        let copies = files.iter().filter(|file| *file != MANIFEST_NAME).map(|file| async move {
            let gone = || MirrorError::Gone(set.path.join(file));
            let bytes = set.read(file).map_err(MirrorError::Read)?.ok_or_else(gone)?;
            self.put(&file.split('/').fold(place.clone(), Path::join), bytes).await
        });
        stream::iter(copies).buffer_unordered(COPIED_COUNT_MAX).try_collect::<()>().await?;
        self.put(&place.clone().join(MANIFEST_NAME), manifest).await
    }

    /// Lets a small object name the current set, as the link does here.
    async fn point(&self, path: &Path, name: &str) -> Result<(), MirrorError> {
        let text = format!("{name}\n");
        match self.fetch(path).await? {
            Some(there) if there == text.as_bytes() => Ok(()),
            _ => self.put(path, text.into_bytes()).await,
        }
    }

    /// An object; nothing if it is not there.
    async fn fetch(&self, path: &Path) -> Result<Option<Bytes>, MirrorError> {
        let failed = |source| MirrorError::Store { path: path.to_string(), source };
        match self.store.get(path).await {
            Ok(there) => there.bytes().await.map(Some).map_err(failed),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    async fn put(&self, path: &Path, bytes: Vec<u8>) -> Result<(), MirrorError> {
        let put = self.store.put(path, PutPayload::from(bytes)).await;
        put.map(|_| ()).map_err(|source| MirrorError::Store { path: path.to_string(), source })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn set(folder: &FilePath, name: &str, manifest: &str) {
        let set = folder.join("2024-01-01").join(name);
        fs::create_dir_all(set.join("customers")).unwrap();
        fs::write(set.join("customers/acme.csv"), "cents").unwrap();
        fs::write(set.join(MANIFEST_NAME), manifest).unwrap();
    }

    #[tokio::test]
    async fn sets_are_copied_once_and_what_is_there_stays() {
        let (reports, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, home) = (reports.path().join("acme"), reports.path().join("acme/2024-01-01"));
        set(&folder, "20240114T020000Z", "{}");
        set(&folder, "20240115T020000Z", "{ }");
        std::os::unix::fs::symlink("20240115T020000Z", home.join(LATEST)).unwrap();
        let mirror = Mirror::open(there.path().to_str().unwrap(), &StoreOptions::default()).unwrap();
        mirror.probe().await.unwrap();
        let follow = || mirror.follow(&folder, "acme", &|| true);
        assert_eq!(follow().await.unwrap(), Mirrored { sets: 2, others: Vec::new() });
        assert_eq!(follow().await.unwrap(), Mirrored::default());
        let copied = there.path().join("acme/2024-01-01");
        assert_eq!(fs::read_to_string(copied.join("20240115T020000Z/customers/acme.csv")).unwrap(), "cents");
        assert_eq!(fs::read_to_string(copied.join(LATEST)).unwrap(), "20240115T020000Z\n");
        // a run that died before the manifest has copied nothing that counts
        fs::remove_file(copied.join("20240114T020000Z").join(MANIFEST_NAME)).unwrap();
        fs::write(home.join("20240115T020000Z").join(MANIFEST_NAME), "{ other }").unwrap();
        let others = vec![home.join("20240115T020000Z")];
        assert_eq!(follow().await.unwrap(), Mirrored { sets: 1, others });
        assert_eq!(mirror.follow(&folder, "acme", &|| false).await.unwrap(), Mirrored::default());
    }
}
