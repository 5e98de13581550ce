//! Customer maps, named by what they hold: a report set can be rebuilt with the very map that it was made with.

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::packing::{self, UNPACKED_BYTES_MAX};
use super::{Archive, Error, sha256};

impl Archive {
    /// Archives a customer map, byte for byte, and gives the SHA-256 that it is found by. One that is there already
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] beyond 1 GiB, and what writing gives.
    pub async fn put_customers(&self, csv: &[u8]) -> Result<String, Error> {
        let name = sha256(csv);
        let path = self.customers_path(&name);
        match self.store.head(&path).await {
            Ok(_) => self.sync(&path)?,
            Err(object_store::Error::NotFound { .. }) => {
                // finance has it as well: no reserve is given up for it
                match self.put(&path, &packing::pack_bounded(path.as_ref(), csv)?.into()).await {
                    // another run was faster, with another version's compression: the name says that it is the same map
                    Err(Error::Conflict { .. }) => {}
                    created => created?,
                }
            }
            Err(source) => return Err(Error::Store { doing: "reading", path: path.to_string(), source }),
        }
        Ok(name)
    }

    /// A customer map by its SHA-256; nothing if it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if what is there is not that map.
    pub async fn customers(&self, sha256: &str) -> Result<Option<Bytes>, Error> {
        let path = self.customers_path(sha256);
        let Some(stored) = self.fetch_if_there(&path).await? else { return Ok(None) };
        let damaged = |problem| Error::Damaged { path: path.to_string(), problem };
        unpack_customers(sha256, &stored).map(Some).map_err(damaged)
    }

    /// Where the customer map of this SHA-256 is.
    pub(super) fn customers_path(&self, sha256: &str) -> Path {
        self.parent_path().join("customers").join(format!("{sha256}.csv.zst"))
    }
}

/// The map in an object that is named by this SHA-256, or what is wrong with it.
pub(super) fn unpack_customers(name: &str, stored: &[u8]) -> Result<Bytes, String> {
    let csv = packing::unpack(stored, UNPACKED_BYTES_MAX)?;
    if sha256(&csv) == name { Ok(csv) } else { Err("its contents do not have the hash that it is named by".to_owned()) }
}
