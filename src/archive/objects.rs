//! Single objects: created once and durably, never replaced, read whole.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::{Archive, CaptureKey, Error};
use crate::publish::folders;

impl Archive {
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
    pub async fn derived(&self, key: &CaptureKey, name: &str) -> Result<Option<Bytes>, Error> {
        self.fetch_if_there(&self.capture_path(key).join(name)).await
    }

    /// Writes an object that must not exist yet; one that exists with the same bytes is as good.
    ///
    /// When this returns, the object is durable: a local file and its folder have been fsynced.
    pub(super) async fn create(&self, path: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        let bytes = Bytes::from(bytes);
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
    pub(super) fn sync(&self, path: &Path) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(path.as_ref());
        let synced = folders::sync(&file).and_then(|()| file.parent().map_or(Ok(()), folders::sync));
        synced.map_err(|source| {
            let source = object_store::Error::Generic { store: "local", source: source.into() };
            Error::Store { doing: "syncing", path: path.to_string(), source }
        })
    }

    pub(super) async fn fetch(&self, path: &Path) -> Result<Bytes, Error> {
        let failed = |source| Error::Store { doing: "reading", path: path.to_string(), source };
        self.store.get(path).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    /// An object's bytes; nothing if it is not there.
    pub(super) async fn fetch_if_there(&self, path: &Path) -> Result<Option<Bytes>, Error> {
        match self.fetch(path).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::Store { source: object_store::Error::NotFound { .. }, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
