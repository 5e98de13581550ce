//! The mirror: report sets copied elsewhere, as they were published, to an object store or to another folder.
//!
//! A set's manifest is copied last, so that whoever finds one there has the whole set. What is there already stays as it is,
//! and so does what was removed here since.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use url::Url;

use super::sets::{self, SetFolder};
use super::store::{StoreOptions, connect};
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
        if location.contains("://") {
            let url = Url::parse(location).map_err(|error| MirrorError::Open(error.into()))?;
            let (store, root) = connect(&url, options).map_err(|error| MirrorError::Open(error.into()))?;
            return Ok(Self { store, root });
        }
        folders::create(FilePath::new(location)).map_err(|error| MirrorError::Open(error.into()))?;
        let store = LocalFileSystem::new_with_prefix(location).map_err(|error| MirrorError::Open(error.into()))?;
        Ok(Self { store: Arc::new(store), root: Path::default() })
    }

    /// Copies every report set of an account that is not there yet; `folder` is where the account's sets are, `label` its name
    /// there. `go_on` is asked before each set.
    ///
    /// # Errors
    ///
    /// The first set that cannot be copied ends it; the next run begins with it.
    pub async fn follow(
        &self,
        folder: &FilePath,
        label: &str,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Mirrored, MirrorError> {
        let mut mirrored = Mirrored::default();
        for period in sets::periods(folder).map_err(MirrorError::Read)? {
            let home = folder.join(&period);
            let place = self.root.clone().join(label).join(period.as_str());
            for set in sets::sets(&home).map_err(MirrorError::Read)? {
                if !go_on() {
                    return Ok(mirrored);
                }
                let Some(manifest) = set.manifest().map_err(MirrorError::Read)? else { continue };
                match self.size(&place.clone().join(set.name.as_str()).join(MANIFEST_NAME)).await? {
                    None => {
                        self.copy(&set, &place.clone().join(set.name.as_str()), manifest).await?;
                        mirrored.sets += 1;
                    }
                    Some(size) if size == manifest.len() as u64 => {}
                    Some(_) => mirrored.others.push(set.path),
                }
            }
            if let Some(latest) =
                sets::latest(&home).map_err(MirrorError::Read)?.and_then(|latest| latest.set().map(str::to_owned))
            {
                self.point(&place.clone().join(LATEST), &latest).await?;
            }
        }
        Ok(mirrored)
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
            let Some(bytes) = set.read(file).map_err(MirrorError::Read)? else { return Ok(()) };
            self.put(&file.split('/').fold(place.clone(), Path::join), bytes).await
        });
        stream::iter(copies).buffer_unordered(COPIED_COUNT_MAX).try_collect::<()>().await?;
        self.put(&place.clone().join(MANIFEST_NAME), manifest).await
    }

    /// Lets a small object name the current set, as the link does here.
    async fn point(&self, path: &Path, name: &str) -> Result<(), MirrorError> {
        let text = format!("{name}\n");
        let failed = |source| MirrorError::Store { path: path.to_string(), source };
        let there = match self.store.get(path).await {
            Ok(there) => Some(there.bytes().await.map_err(failed)?),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(source) => return Err(failed(source)),
        };
        if there.is_some_and(|there| there == text.as_bytes()) {
            return Ok(());
        }
        self.put(path, text.into_bytes()).await
    }

    /// The size of an object; nothing if it is not there.
    async fn size(&self, path: &Path) -> Result<Option<u64>, MirrorError> {
        match self.store.head(path).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(MirrorError::Store { path: path.to_string(), source }),
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
