//! Opening an archive: a local folder, or an object store by its URL.

use std::path::Path as FilePath;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use url::Url;
use uuid::Uuid;

use super::{Archive, Error, StoreOptions};
use crate::publish::folders;
use crate::publish::store::{connect, local_folder};

impl Archive {
    /// Opens the archive of one parent account, and creates its folder if it is a local one.
    ///
    /// # Errors
    ///
    /// As [`Archive::open`], and what creating the folder gives.
    pub fn open_or_create(location: &str, account_id: Uuid, options: &StoreOptions) -> Result<Self, Error> {
        if let Some(folder) = local_folder(location) {
            let failed =
                |source: std::io::Error| Error::Open { location: without_secrets(location), source: source.into() };
            folders::create(&folder).map_err(failed)?;
        }
        Self::open(location, account_id, options)
    }

    /// Opens the archive of one parent account at a folder or at an object-store URL (`s3://`, `gs://`, `az://`).
    ///
    /// # Errors
    ///
    /// [`Error::Open`] if there is no such folder, or the URL is none that can be used.
    pub fn open(location: &str, account_id: Uuid, options: &StoreOptions) -> Result<Self, Error> {
        let failed =
            |source: object_store::Error| Error::Open { location: without_secrets(location), source: source.into() };
        let Some(folder) = local_folder(location) else {
            let url = Url::parse(location)
                .map_err(|error| Error::Open { location: without_secrets(location), source: error.into() })?;
            let (store, root) = connect(&url, options).map_err(failed)?;
            let location = without_secrets(location);
            return Ok(Self { store, root, location, folder: None, account_id, spool: None });
        };
        if !folder.is_dir() {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
            return Err(Error::Open { location: without_secrets(location), source: source.into() });
        }
        // without the folder's own fsync a file can be whole on disk and have no name after a power cut
        let store = LocalFileSystem::new_with_prefix(&folder).map_err(failed)?.with_fsync(true);
        let location = folder.to_string_lossy().trim_end_matches('/').to_owned();
        let (store, root, folder) = (Arc::new(store), Path::default(), Some(folder));
        Ok(Self { store, root, location, folder, account_id, spool: None })
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

/// A location without the user part of its URL, which may carry a secret.
pub(super) fn without_secrets(location: &str) -> String {
    match Url::parse(location) {
        Ok(mut url) if location.contains("://") => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string().trim_end_matches('/').to_owned()
        }
        // whatever it is, the part that may be a secret is not shown
        _ => match location.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://…"),
            None => location.to_owned(),
        },
    }
}
