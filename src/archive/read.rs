//! Reading captures back: every byte is checked against the manifest before anyone sees it.

use bytes::Bytes;
use object_store::path::Path;
use uuid::Uuid;

use super::manifest::{Manifest, ObjectEntry};
use super::paths::MANIFEST_NAME;
use super::{Archive, CaptureKey, Error, packing, sha256};

/// An archived answer about a single account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLookup {
    /// The account that was asked for.
    pub account_id: Uuid,
    /// The body; nothing for a 404.
    pub body: Option<Bytes>,
}

/// A capture read back whole.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Its manifest.
    pub manifest: Manifest,
    /// SHA-256 of the manifest's bytes.
    pub sha256: String,
    /// The usage answer.
    pub usage: Bytes,
    /// The pages of the account list, in order.
    pub pages: Vec<Bytes>,
    /// The answers about single accounts.
    pub lookups: Vec<StoredLookup>,
}

/// A capture whose manifest was read, and whose objects are next.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its manifest.
    pub manifest: Manifest,
    /// SHA-256 of the manifest's bytes.
    pub sha256: String,
    /// Where the manifest is.
    path: Path,
    folder: Path,
}

/// An object as it is stored, with what the manifest says of it.
#[derive(Debug, Clone)]
pub struct Stored {
    path: Path,
    entry: ObjectEntry,
    bytes: Bytes,
}

/// The answers in an object.
#[derive(Debug, Clone)]
pub enum Answers {
    /// The usage answer.
    Usage(Bytes),
    /// Pages of the account list, in order.
    Pages(Vec<Bytes>),
    /// Answers about single accounts.
    Lookups(Vec<StoredLookup>),
    /// Something that this version does not know.
    Unknown,
}

impl Archive {
    /// Reads a capture and checks every object and body against the manifest.
    pub async fn read(&self, key: &CaptureKey) -> Result<Capture, Error> {
        let opened = self.open_capture(key).await?;
        let (mut usage, mut pages, mut lookups) = (None, Vec::new(), Vec::new());
        for object in &opened.manifest.objects {
            match self.stored(&opened, object).await?.answers()? {
                Answers::Usage(body) => usage = Some(body),
                Answers::Pages(bodies) => pages.extend(bodies),
                Answers::Lookups(answers) => lookups.extend(answers),
                Answers::Unknown => {}
            }
        }
        let usage = usage.ok_or_else(|| opened.without_usage())?;
        Ok(Capture { usage, pages, lookups, sha256: opened.sha256, manifest: opened.manifest })
    }

    /// Reads the manifest of a capture.
    pub async fn open_capture(&self, key: &CaptureKey) -> Result<Opened, Error> {
        let folder = self.capture_path(key);
        let path = folder.clone().join(MANIFEST_NAME);
        let bytes = self.fetch(&path).await?;
        let manifest = Manifest::from_bytes(path.as_ref(), &bytes)?;
        if manifest.key() != *key || manifest.parent_account_id != self.account_id {
            let problem = "it is the manifest of another capture".to_owned();
            return Err(Error::Damaged { path: path.to_string(), problem });
        }
        Ok(Opened { manifest, sha256: sha256(&bytes), path, folder })
    }

    /// Fetches an object of a capture; nothing of it is checked yet.
    pub async fn stored(&self, opened: &Opened, object: &ObjectEntry) -> Result<Stored, Error> {
        let path = opened.folder.clone().join(object.name.as_str());
        let bytes = self.fetch(&path).await?;
        Ok(Stored { path, entry: object.clone(), bytes })
    }
}

impl Opened {
    /// The error of a capture whose objects hold no usage answer.
    pub fn without_usage(&self) -> Error {
        Error::Damaged { path: self.path.to_string(), problem: "it names no usage answer".to_owned() }
    }
}

impl Stored {
    /// Its bytes as stored.
    #[expect(clippy::len_without_is_empty, reason = "no object is empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The answers in it, every byte checked against the manifest.
    pub fn answers(self) -> Result<Answers, Error> {
        let Self { path, entry, bytes } = self;
        let bodies = unpack(path.as_ref(), &entry, &bytes)?;
        drop(bytes);
        match kind(&entry) {
            "usage" => Ok(bodies.into_iter().next().map_or(Answers::Unknown, Answers::Usage)),
            "accounts" => Ok(Answers::Pages(bodies)),
            "lookups" => stored_lookups(path.as_ref(), &entry, bodies).map(Answers::Lookups),
            _ => {
                tracing::warn!(object = %path, "an object of a kind that this version does not know");
                Ok(Answers::Unknown)
            }
        }
    }
}

/// What kind of answers an object holds, by its name: `usage`, `accounts` or `lookups`.
pub(super) fn kind(object: &ObjectEntry) -> &str {
    object.name.split(['.', '-']).next().unwrap_or_default()
}

/// Decompresses an object into its bodies, each with the hash that the manifest names.
pub(super) fn unpack(path: &str, object: &ObjectEntry, stored: &[u8]) -> Result<Vec<Bytes>, Error> {
    let damaged = |problem: String| Error::Damaged { path: path.to_owned(), problem };
    if stored.len() != object.bytes || sha256(stored) != object.sha256 {
        return Err(damaged("its bytes are not those that were written".to_owned()));
    }
    let length = object.bodies.iter().try_fold(0_usize, |sum, body| sum.checked_add(body.bytes));
    let length = length.ok_or_else(|| damaged("its bodies would be larger than any memory".to_owned()))?;
    let joined = packing::unpack(stored, length).map_err(damaged)?;
    if joined.len() != length {
        return Err(damaged(format!("it holds {} bytes where the manifest says {length}", joined.len())));
    }
    let mut rest = joined;
    let mut bodies = Vec::with_capacity(object.bodies.len());
    for (index, entry) in object.bodies.iter().enumerate() {
        let body = rest.split_to(entry.bytes);
        if sha256(&body) != entry.sha256 {
            return Err(damaged(format!("body {} does not match its hash", index + 1)));
        }
        bodies.push(body);
    }
    Ok(bodies)
}

/// The answers about single accounts, each with the account that was asked for.
pub(super) fn stored_lookups(path: &str, object: &ObjectEntry, bodies: Vec<Bytes>) -> Result<Vec<StoredLookup>, Error> {
    let lookups = object.bodies.iter().zip(bodies).map(|(entry, body)| {
        let id = entry.request.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok());
        let problem = || format!("`{}` asks for no account", entry.request.escape_debug());
        let account_id = id.ok_or_else(|| Error::Damaged { path: path.to_owned(), problem: problem() })?;
        Ok(StoredLookup { account_id, body: (entry.status == 200).then_some(body) })
    });
    lookups.collect()
}
