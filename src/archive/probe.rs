//! A probe of the archive's place: whether it can be written, and whether what is there stays as it is.
//!
//! Some stores that speak S3 ignore the condition that an object must not exist yet, and then a second capture of the same
//! second would replace the first one without a word.

use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::paths::PROBE_NAME;
use super::{Archive, Error};

impl Archive {
    /// Writes a small object twice, and sees that the second does not replace the first. A store keeps it, so that the next
    /// probe takes one request, and no right to delete; a folder does not.
    ///
    /// # Errors
    ///
    /// [`Error::Overwritten`] if it was replaced, and [`Error::Store`] if it cannot be written or read.
    pub async fn probe(&self) -> Result<(), Error> {
        let path = self.parent_path().join(PROBE_NAME);
        self.put(&path, &Bytes::from_static(b"first")).await?;
        let second = self.put_new(&path, &Bytes::from_static(b"second")).await;
        if self.folder.is_some() {
            let failed = |source| Error::Store { doing: "removing", path: path.to_string(), source };
            self.store.delete(&path).await.map_err(failed)?;
        }
        match second {
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(()),
            Ok(()) => Err(Error::Overwritten { location: self.location.clone() }),
            Err(source) => Err(Error::Store { doing: "writing", path: path.to_string(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;
    use uuid::Uuid;

    use super::*;
    use crate::archive::StoreOptions;

    #[tokio::test]
    async fn a_place_that_keeps_what_is_there_passes_and_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().to_str().unwrap(), Uuid::nil(), &StoreOptions::default()).unwrap();
        archive.probe().await.unwrap();
        let mut left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let parent = left.next().expect("the folder of the parent account");
        assert_eq!((left.count(), std::fs::read_dir(parent).unwrap().count()), (0, 0));
        let store = Archive { store: Arc::new(InMemory::new()), folder: None, ..archive };
        store.probe().await.unwrap();
        store.probe().await.unwrap();
        assert!(store.captures().await.unwrap().is_empty(), "what is left of it is no evidence");
    }
}
