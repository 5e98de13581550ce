//! The table of a whole billing period, in the place of one table for each of its captures: few files instead of many.
//!
//! Like those it is made from the evidence and can be made again; the evidence itself is not touched.

use bytes::Bytes;
use object_store::ObjectStoreExt;

use super::paths::{Place, TABLE_NAME};
use super::{Archive, CaptureKey, Error};

impl Archive {
    /// The table of a whole period; nothing if there is none.
    pub async fn compacted(&self, period: &str) -> Result<Option<Bytes>, Error> {
        self.fetch_if_there(&self.compacted_path(period)).await
    }

    /// Puts the table of a whole period into its place, and reads it back. One that is there with other bytes stays:
    /// [`Error::Conflict`].
    pub async fn put_compacted(&self, period: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let (path, bytes) = (self.compacted_path(period), Bytes::from(bytes));
        // no reserve is given up for it: it can be made again
        self.put(&path, &bytes).await?;
        if self.fetch(&path).await? == bytes {
            return Ok(());
        }
        Err(Error::Damaged { path: path.to_string(), problem: "its bytes are not those that were written".to_owned() })
    }

    /// The captures with a table of their own, and the periods with one of all their captures, each in order.
    pub async fn tables(&self) -> Result<(Vec<CaptureKey>, Vec<String>), Error> {
        let listing = self.list().await?.whole()?;
        let (mut single, mut whole) = (Vec::new(), Vec::new());
        for found in listing.found {
            match found.place {
                Place::Capture(key, name) if name == TABLE_NAME => single.push(key),
                Place::Compacted(period) => whole.push(period),
                _ => {}
            }
        }
        single.sort();
        whole.sort();
        Ok((single, whole))
    }

    /// Takes away a capture's own table, once that of its period has the same rows.
    pub async fn remove_table(&self, key: &CaptureKey) -> Result<(), Error> {
        let path = self.capture_path(key).join(TABLE_NAME);
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(Error::Store { doing: "removing", path: path.to_string(), source }),
        }
    }

    /// The table of a whole period, for people.
    pub fn shown_compacted(&self, period: &str) -> String {
        self.shown(&self.compacted_path(period))
    }
}
