//! Closed billing periods: what was issued, locked for good. A correction is a further revision beside it.
//!
//! ```text
//! parent=<uuid>/period=<date>/close=r1/manifest-1a2b3c4d.json.zst   the report set's manifest.json, byte for byte
//! parent=<uuid>/period=<date>/close=r1/issued-5e6f7a8b.json.zst     what each statement and kept line came to
//! parent=<uuid>/period=<date>/close=r1/close.json                   written last: without it the close does not exist
//! parent=<uuid>/period=<date>/close=r1/close.json.sha256            its seal
//! ```
//!
//! The names of the objects carry the first eight digits of their hash: what a killed attempt left has other names, or the
//! same bytes, and is never in the way of the next.

mod record;

use bytes::Bytes;
use object_store::path::Path;

use super::customers::unpack_customers;
use super::packing::{self, UNPACKED_BYTES_MAX};
use super::paths::CLOSE_NAME;
use super::seal::{Seal, seal_name};
use super::{Archive, Error, sha256};

pub use self::record::{Acceptance, CaptureLink, CloseKey, CloseRecord, ClosedObject, InvoiceAsTyped, Superseded};

/// Digits of an object's hash that its name carries.
const NAME_DIGIT_COUNT: usize = 8;
/// What the names of a close's own objects begin with.
pub(super) const KINDS: [&str; 2] = ["manifest", "issued"];

/// A close read back, or just written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Its record.
    pub record: CloseRecord,
    /// SHA-256 of its `close.json`.
    pub sha256: String,
    /// The report set's `manifest.json`.
    pub manifest: Bytes,
    /// What each statement and kept line came to.
    pub issued: Bytes,
}

impl Archive {
    /// Reads a close and checks its record, its seal and its objects. The customer map is read with
    /// [`Archive::customers`], and whether the capture is as it was is for [`Archive::audit`] to say.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if anything is not as it was written; a seal that is missing is no damage.
    pub async fn close(&self, key: &CloseKey) -> Result<Closed, Error> {
        let folder = self.close_path(key);
        let path = folder.clone().join(CLOSE_NAME);
        let damaged = |problem: &str| Error::Damaged { path: path.to_string(), problem: problem.to_owned() };
        let bytes = self.fetch(&path).await?;
        let record = CloseRecord::from_bytes(path.as_ref(), &bytes)?;
        if record.key() != *key || record.parent_account_id != self.account_id {
            return Err(damaged("it is the record of another close"));
        }
        let sha256 = sha256(&bytes);
        match self.read_seal(&folder, CLOSE_NAME, &sha256).await? {
            Seal::Absent | Seal::Holds => {}
            Seal::Other => return Err(damaged("it is not what its seal says")),
            Seal::Broken(problem) => {
                return Err(Error::Damaged { path: folder.join(seal_name(CLOSE_NAME)).to_string(), problem });
            }
        }
        let [manifest, issued] = KINDS;
        let manifest = self.closed_object(&folder, &record, manifest).await?;
        let issued = self.closed_object(&folder, &record, issued).await?;
        Ok(Closed { record, sha256, manifest, issued })
    }

    /// Closes a period: writes the objects, then the record, then its seal. `manifest` is the report set's
    /// `manifest.json`, `issued` what was issued; the customer map, if there is one, has been put before.
    ///
    /// The archive fills in `schema`, `parent_account_id` and `objects`. The same close once more is as good as done; who
    /// writes the record first has closed the period.
    ///
    /// # Errors
    ///
    /// [`Error::ClosedAlready`] if there is another close of this revision, [`Error::Damaged`] if the customer map is not
    /// there as it should be, [`Error::TooLarge`] for an object beyond 1 GiB, and what writing gives.
    pub async fn put_close(&self, mut record: CloseRecord, manifest: &[u8], issued: &[u8]) -> Result<Closed, Error> {
        let folder = self.close_path(&record.key());
        let path = folder.clone().join(CLOSE_NAME);
        if record.revision == 0 {
            let problem = "revisions begin with 1".to_owned();
            return Err(Error::Damaged { path: path.to_string(), problem });
        }
        let [manifest_object, issued_object] = KINDS;
        let packed = [pack(&folder, manifest_object, manifest)?, pack(&folder, issued_object, issued)?];
        record.schema = CloseRecord::schema();
        record.parent_account_id = self.account_id;
        record.objects = packed.iter().map(|(object, _)| object.clone()).collect();
        if let Some(sha256) = &record.customers_sha256 {
            record.objects.push(self.customers_object(sha256).await?);
        }
        let bytes = record.to_bytes();
        let taken = || Error::ClosedAlready { path: self.shown(&path) };
        if self.fetch_if_there(&path).await?.is_some_and(|other| other != bytes) {
            // nothing of this attempt is left beside the close that there is
            return Err(taken());
        }
        for (object, packed) in packed {
            self.create(&folder.clone().join(object.name), packed).await?;
        }
        let sha256 = sha256(&bytes);
        match self.create(&path, bytes).await {
            Err(Error::Conflict { .. }) => return Err(taken()),
            created => created?,
        }
        self.seal(&folder, CLOSE_NAME, &sha256).await;
        let [manifest, issued] = [manifest, issued].map(Bytes::copy_from_slice);
        Ok(Closed { record, sha256, manifest, issued })
    }

    /// Writes the seal of a close again, if a killed run has not got that far. Who calls has found the record to be what the
    /// close's own manifest says.
    pub async fn seal_again(&self, closed: &Closed) {
        self.seal(&self.close_path(&closed.record.key()), CLOSE_NAME, &closed.sha256).await;
    }

    /// One of a close's own objects, checked.
    async fn closed_object(&self, folder: &Path, record: &CloseRecord, kind: &str) -> Result<Bytes, Error> {
        let object = own_object(record, kind).ok_or_else(|| {
            let problem = format!("it names no object `{kind}`");
            Error::Damaged { path: folder.clone().join(CLOSE_NAME).to_string(), problem }
        })?;
        let path = folder.clone().join(object.name.as_str());
        let stored = self.fetch(&path).await?;
        let damaged = |problem| Error::Damaged { path: path.to_string(), problem };
        object.check(&stored).map_err(damaged)?;
        packing::unpack(&stored, UNPACKED_BYTES_MAX).map_err(damaged)
    }

    /// The customer map as it is stored, for the record of a close. Its name attests what it holds, and not how that is
    /// compressed.
    async fn customers_object(&self, sha256: &str) -> Result<ClosedObject, Error> {
        let path = self.customers_path(sha256);
        let damaged = |problem| Error::Damaged { path: path.to_string(), problem };
        let stored = self.fetch_if_there(&path).await?;
        let stored = stored.ok_or_else(|| damaged("the customer map is not there".to_owned()))?;
        unpack_customers(sha256, &stored).map_err(damaged)?;
        Ok(ClosedObject::of(customers_name(sha256), &stored))
    }
}

impl ClosedObject {
    fn of(name: String, stored: &[u8]) -> Self {
        Self { name, bytes: stored.len(), sha256: sha256(stored) }
    }

    /// Checks the bytes of the object, or says what is wrong with them.
    pub(super) fn check(&self, stored: &[u8]) -> Result<(), String> {
        if stored.len() == self.bytes && sha256(stored) == self.sha256 {
            return Ok(());
        }
        Err("its bytes are not those that were written".to_owned())
    }
}

/// The object of this kind in a close's own folder.
pub(super) fn own_object<'r>(record: &'r CloseRecord, kind: &str) -> Option<&'r ClosedObject> {
    record.objects.iter().find(|object| object.name.split('-').next() == Some(kind))
}

/// What a close calls the customer map of this SHA-256 among its objects.
pub(super) fn customers_name(sha256: &str) -> String {
    format!("customers/{sha256}.csv.zst")
}

fn pack(folder: &Path, kind: &str, bytes: &[u8]) -> Result<(ClosedObject, Vec<u8>), Error> {
    let packed = packing::pack_bounded(&format!("{folder}/{kind}.json.zst"), bytes)?;
    let mut object = ClosedObject::of(String::new(), &packed);
    object.name = format!("{kind}-{}.json.zst", &object.sha256[..NAME_DIGIT_COUNT]);
    Ok((object, packed))
}
