//! Single objects: created once and durably, never replaced, read whole.

use std::io;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::paths::USAGE_NAME;
use super::{Archive, CaptureKey, Error};
use crate::publish::folders;
use crate::publish::space::{self, Space};

impl Archive {
    /// Puts a table beside a capture's bodies. It can be rebuilt, so one that is there already is left as it is.
    pub async fn put_derived(&self, key: &CaptureKey, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        // no reserve is given up for it: it can be made again
        match self.put(&self.capture_path(key).join(name), &Bytes::from(bytes)).await {
            Err(Error::Conflict { .. }) => Ok(()),
            done => done,
        }
    }

    /// Whether there is such a table, which is durable then.
    pub async fn has_derived(&self, key: &CaptureKey, name: &str) -> Result<bool, Error> {
        let path = self.capture_path(key).join(name);
        if self.store.head(&path).await.is_err() {
            return Ok(false);
        }
        self.sync(&path).map(|()| true)
    }

    /// A table beside a capture's bodies; nothing if there is none. It is no evidence, and not checked against anything.
    pub async fn derived(&self, key: &CaptureKey, name: &str) -> Result<Option<Bytes>, Error> {
        self.fetch_if_there(&self.capture_path(key).join(name)).await
    }

    /// Writes evidence that must not exist yet; where it exists with the same bytes, that is as good. On a full disk the
    /// reserve makes room for it.
    ///
    /// When this returns, the object is durable: a local file, its folder and every folder made for it have been fsynced.
    pub(super) async fn create(&self, path: &Path, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let bytes = bytes.into();
        match self.put(path, &bytes).await {
            Err(Error::Full { .. }) if self.give_up_reserve() => self.put(path, &bytes).await,
            done => done,
        }
    }

    /// The same without the reserve.
    pub(super) async fn put(&self, path: &Path, bytes: &Bytes) -> Result<(), Error> {
        let failed = |doing| {
            move |source| {
                if space::is_full(&source) {
                    self.full(path, bytes.len(), source)
                } else {
                    Error::Store { doing, path: path.to_string(), source }
                }
            }
        };
        self.make_folder(path).map_err(local).map_err(failed("making the folder of"))?;
        #[cfg(feature = "publish-in-place")]
        if let Some(folder) = &self.folder {
            return std::fs::write(folder.join(path.as_ref()), bytes).map_err(local).map_err(failed("writing"));
        }
        match self.put_new(path, bytes).await {
            Ok(()) => Ok(()),
            // an answer that was lost on the way, after which the store's client asked again, or a rerun after a crash
            Err(object_store::Error::AlreadyExists { .. }) if self.fetch_own(path).await? == *bytes => self.sync(path),
            Err(object_store::Error::AlreadyExists { .. }) => Err(Error::Conflict { path: path.to_string() }),
            Err(source) => Err(failed("writing")(source)),
        }
    }

    /// Asks the store to create an object that must not exist yet.
    pub(super) async fn put_new(&self, path: &Path, bytes: &Bytes) -> object_store::Result<()> {
        let options = PutOptions::from(PutMode::Create);
        self.store.put_opts(path, PutPayload::from(bytes.clone()), options).await.map(|_| ())
    }

    fn full(&self, path: &Path, bytes: usize, source: object_store::Error) -> Error {
        let left = self.folder().map_or_else(String::new, Space::told_of);
        Error::Full { path: path.to_string(), room: format!("it takes {bytes} bytes, and {left}").into(), source }
    }

    /// The inbox copy has done its work; one that stays behind costs a few bytes and misleads nobody.
    pub(super) async fn clear_inbox(&self, id: &str) {
        let path = self.inbox_path(id).join(USAGE_NAME);
        if let Err(error) = self.store.delete(&path).await {
            tracing::debug!(%path, %error, "the inbox copy stays");
        }
        if let Some(folder) = self.folder() {
            // an empty folder is no evidence; one that is not empty stays by itself
            let _ = std::fs::remove_dir(folder.join(self.inbox_path(id).as_ref()));
        }
    }

    /// Makes an object durable that a killed run may have left unsynced.
    pub(super) fn sync(&self, path: &Path) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(path.as_ref());
        let synced = folders::sync(&file).and_then(|()| file.parent().map_or(Ok(()), folders::sync));
        let failed = |source| Error::Store { doing: "syncing", path: path.to_string(), source };
        synced.map_err(local).map_err(failed)
    }

    /// Makes the folder that an object is to be in, each with a durable name before there is anything in it.
    ///
    /// The store makes missing folders by itself, and syncs them afterwards: those of a run that is killed in between would
    /// be taken for durable by the next one.
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        folder.join(path.as_ref()).parent().map_or(Ok(()), folders::create)
    }

    /// An object's bytes, from the spool if it waits there.
    pub(super) async fn fetch(&self, path: &Path) -> Result<Bytes, Error> {
        match self.fetch_spooled(path).await? {
            Some(bytes) => Ok(bytes),
            None => self.fetch_own(path).await,
        }
    }

    /// The same without the spool.
    pub(super) async fn fetch_own(&self, path: &Path) -> Result<Bytes, Error> {
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

fn local(source: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "local", source: source.into() }
}
