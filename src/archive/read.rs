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

/// Pages of the account list as they are stored: unfolded one after the other, because they are many.
#[derive(Debug, Clone)]
pub struct Pages(Stored);

/// The answers in an object.
#[derive(Debug, Clone)]
pub enum Answers {
    /// The usage answer.
    Usage(Bytes),
    /// Pages of the account list, in order.
    Pages(Pages),
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
                Answers::Pages(list) => list.each(|page| pages.push(Bytes::copy_from_slice(page)))?,
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
    /// Whether it holds pages of the account list.
    pub fn is_of_list(&self) -> bool {
        self.entry.is_of_list()
    }

    /// Its bytes as stored.
    #[expect(clippy::len_without_is_empty, reason = "no object is empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The answers in it, every byte checked against the manifest; those of the list once they are unfolded.
    pub fn answers(self) -> Result<Answers, Error> {
        if self.entry.is_of_list() {
            return Ok(Answers::Pages(Pages(self)));
        }
        let Self { path, entry, bytes } = self;
        let bodies = unpack(path.as_ref(), &entry, &bytes)?;
        drop(bytes);
        match kind(&entry) {
            "usage" => Ok(bodies.into_iter().next().map_or(Answers::Unknown, Answers::Usage)),
            "lookups" => stored_lookups(path.as_ref(), &entry, bodies).map(Answers::Lookups),
            _ => {
                tracing::warn!(object = %path, "an object of a kind that this version does not know");
                Ok(Answers::Unknown)
            }
        }
    }
}

impl Pages {
    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "no object is empty")]
    pub fn len(&self) -> usize {
        self.0.entry.bodies.len()
    }

    /// Shows each page once it is known to be what the manifest names. Where that ends with an error, those that were shown
    /// are not to be used either: the object is not the one that was written.
    pub fn each(self, mut see: impl FnMut(&[u8])) -> Result<(), Error> {
        let Stored { path, entry, bytes } = self.0;
        each_body(path.as_ref(), &entry, &bytes, |page| see(page))
    }
}

impl ObjectEntry {
    /// Whether the object holds pages of the account list.
    pub fn is_of_list(&self) -> bool {
        kind(self) == "accounts"
    }
}

/// What kind of answers an object holds, by its name: `usage`, `accounts` or `lookups`.
pub(super) fn kind(object: &ObjectEntry) -> &str {
    object.name.split(['.', '-']).next().unwrap_or_default()
}

/// Decompresses an object into its bodies, each with the hash that the manifest names.
pub(super) fn unpack(path: &str, object: &ObjectEntry, stored: &[u8]) -> Result<Vec<Bytes>, Error> {
    let mut bodies = Vec::with_capacity(object.bodies.len());
    each_body(path, object, stored, |body| bodies.push(std::mem::take(body).into()))?;
    Ok(bodies)
}

/// Decompresses an object body by body, each of which is seen once it has the hash that the manifest names.
fn each_body(path: &str, object: &ObjectEntry, stored: &[u8], mut see: impl FnMut(&mut Vec<u8>)) -> Result<(), Error> {
    let damaged = |problem: String| Error::Damaged { path: path.to_owned(), problem };
    if stored.len() != object.bytes || sha256(stored) != object.sha256 {
        return Err(damaged("its bytes are not those that were written".to_owned()));
    }
    let length = object.bodies.iter().try_fold(0_usize, |sum, body| sum.checked_add(body.bytes));
    let length = length.ok_or_else(|| damaged("its bodies would be larger than any memory".to_owned()))?;
    let mut unfolding = packing::Unfolding::of(stored).map_err(damaged)?;
    let (mut body, mut unfolded) = (Vec::new(), 0);
    for (number, entry) in (1..).zip(&object.bodies) {
        unfolding.next(entry.bytes, &mut body).map_err(damaged)?;
        unfolded += body.len();
        if body.len() < entry.bytes {
            return Err(damaged(format!("it holds {unfolded} bytes where the manifest says {length}")));
        }
        if sha256(&body) != entry.sha256 {
            return Err(damaged(format!("body {number} does not match its hash")));
        }
        see(&mut body);
    }
    unfolding.next(1, &mut body).map_err(damaged)?;
    if body.is_empty() { Ok(()) } else { Err(damaged(packing::more_than(length))) }
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

#[cfg(test)]
mod tests {
    use super::super::manifest::BodyEntry;
    use super::*;

    /// An object of some bodies, as it is stored.
    fn object(bodies: &[&[u8]]) -> (ObjectEntry, Vec<u8>) {
        let stored = packing::pack("o", &bodies.concat()).unwrap();
        let entry = |body: &&[u8]| BodyEntry {
            request: "/".to_owned(),
            status: 200,
            bytes: body.len(),
            sha256: sha256(body),
            server_date: None,
            request_id: None,
        };
        let bodies = bodies.iter().map(entry).collect();
        (ObjectEntry { name: "o".to_owned(), bytes: stored.len(), sha256: sha256(&stored), bodies }, stored)
    }

    #[test]
    fn bodies_are_seen_one_after_the_other_until_one_is_not_what_the_manifest_names() {
        let whole: [&[u8]; 4] = [b"first", b"", b"second, which is longer", b"third"];
        let seen = |change: fn(&mut ObjectEntry)| {
            let (mut entry, stored) = object(&whole);
            change(&mut entry);
            let mut seen = Vec::new();
            let ended = each_body("o", &entry, &stored, |body| seen.push(body.clone()));
            let problem = ended.err().map(|error| match error {
                Error::Damaged { problem, .. } => problem,
                other => panic!("{other}"),
            });
            (seen.len(), problem)
        };
        let is = |count: usize, problem: &str| (count, Some(problem.to_owned()));
        assert_eq!(seen(|_| {}), (4, None));
        let (entry, stored) = object(&whole);
        assert_eq!(unpack("o", &entry, &stored).unwrap(), whole);
        assert_eq!(seen(|entry| entry.bytes += 1), is(0, "its bytes are not those that were written"));
        let other_hash = |entry: &mut ObjectEntry| entry.bodies[2].sha256 = sha256(b"other");
        assert_eq!(seen(other_hash), is(2, "body 3 does not match its hash"));
        assert_eq!(seen(|entry| entry.bodies[3].bytes = 9), is(3, "it holds 33 bytes where the manifest says 37"));
        let one_less = |entry: &mut ObjectEntry| drop(entry.bodies.pop());
        assert_eq!(seen(one_less), is(3, "it unfolds to more than 28 bytes"));
        let endless = |entry: &mut ObjectEntry| entry.bodies[1].bytes = usize::MAX;
        assert_eq!(seen(endless), is(0, "its bodies would be larger than any memory"));
    }
}
