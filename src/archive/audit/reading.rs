//! Reading everything once, one object after another, and holding it against what names it.

mod captures;
mod closes;
mod maps;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use object_store::path::Path;

use super::attested::Witness;
use super::told::Told;
use super::{Audit, AuditedCapture, AuditedClose};
use crate::archive::close::CloseRecord;
use crate::archive::listing::Listing;
use crate::archive::paths::Place;
use crate::archive::seal::{Seal, seal_name};
use crate::archive::{Archive, CaptureKey, CloseKey, Error, sha256};

/// The system's number for an error of the disk itself.
const EIO: i32 = 5;

/// A complete capture, as far as it could be read.
#[derive(Debug)]
pub(super) struct SeenCapture {
    /// Its place.
    pub(super) key: CaptureKey,
    /// Its manifest's path, for people.
    pub(super) path: String,
    /// What is in doubt with it: itself, and the closes that were made of it.
    pub(super) affected: Vec<String>,
    /// Its manifest as a witness; nothing if it could not be read at all.
    witness: Option<Witness>,
    /// The capture that it follows, and the hash that it names for that one's manifest.
    pub(super) previous: Option<(CaptureKey, Option<String>)>,
    /// Whether its manifest can be read and follows none.
    pub(super) is_first: bool,
}

/// A complete close, as far as it could be read.
#[derive(Debug)]
pub(super) struct SeenClose {
    /// Its place.
    pub(super) key: CloseKey,
    /// Its record's path, for people.
    pub(super) path: String,
    /// Its record as a witness; nothing if it could not be read at all.
    witness: Option<Witness>,
    /// Its record.
    pub(super) record: Option<CloseRecord>,
}

/// An audit under way.
pub(super) struct Reading<'a> {
    archive: &'a Archive,
    progress: &'a (dyn Fn(&str) + Sync),
    /// The names of the files of each capture and of each close, and the customer maps.
    files: Files,
    /// What was read of captures, oldest first.
    pub(super) captures: Vec<SeenCapture>,
    /// What was read of closes, in order.
    pub(super) closes: Vec<SeenClose>,
    /// What is to be told.
    pub(super) told: Told,
    objects: usize,
    bodies: usize,
    bytes: u64,
}

/// The files that a listing found, by what they belong to.
#[derive(Default)]
struct Files {
    captures: BTreeMap<CaptureKey, BTreeSet<String>>,
    closes: BTreeMap<CloseKey, BTreeSet<String>>,
    maps: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(archive: &'a Archive, progress: &'a (dyn Fn(&str) + Sync), listing: &Listing) -> Self {
        let mut files = Files::default();
        for found in &listing.found {
            match &found.place {
                Place::Capture(key, name) => {
                    files.captures.entry(key.clone()).or_default().insert(name.clone());
                }
                Place::Close(key, name) => {
                    files.closes.entry(key.clone()).or_default().insert(name.clone());
                }
                Place::Customers(sha256) => {
                    files.maps.insert(sha256.clone());
                }
                Place::Compacted(_)
                | Place::Inbox(_)
                | Place::Lock
                | Place::Reserve
                | Place::Probe
                | Place::Staged
                | Place::Unknown => {}
            }
        }
        let (captures, closes, told) = (Vec::new(), Vec::new(), Told::default());
        Self { archive, progress, files, captures, closes, told, objects: 0, bodies: 0, bytes: 0 }
    }

    /// Everything that attests or is attested.
    pub(super) fn witnesses(&self) -> Vec<Witness> {
        let captures = self.captures.iter().filter_map(|seen| seen.witness.clone());
        captures.chain(self.closes.iter().filter_map(|seen| seen.witness.clone())).collect()
    }

    /// What the audit found; `changed` are the paths of manifests and records that cannot be believed.
    pub(super) fn finish(self, changed: &BTreeSet<String>) -> Audit {
        let (problems, notes) = self.told.finish(changed);
        let doubted: BTreeSet<&String> = problems.iter().flat_map(|problem| &problem.affected).collect();
        let sha256 = |witness: Option<Witness>| witness.map(|witness| witness.sha256);
        let captures = self.captures.into_iter().map(|seen| {
            let is_intact = !doubted.contains(&seen.key.id);
            AuditedCapture { key: seen.key, sha256: sha256(seen.witness), is_intact }
        });
        let closes = self.closes.into_iter().map(|seen| {
            let is_intact = !doubted.contains(&seen.key.to_string());
            AuditedClose { key: seen.key, sha256: sha256(seen.witness), is_intact }
        });
        let (captures, closes) = (captures.collect(), closes.collect());
        Audit { captures, closes, problems, notes, objects: self.objects, bodies: self.bodies, bytes: self.bytes }
    }

    /// An object's bytes, or why there are none.
    async fn read(&mut self, path: &Path) -> Result<Result<Bytes, Unread>, Error> {
        let bytes = match self.archive.fetch_if_there(path).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Err(Unread::Absent)),
            Err(Error::Store { source, .. }) if is_of_one_object(&source) => return Ok(Err(Unread::Failed(source))),
            Err(error) => return Err(error),
        };
        self.objects += 1;
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Ok(bytes))
    }

    /// A manifest or record with its seal, as a witness without claims; tells if it cannot be read.
    async fn sealed(
        &mut self,
        folder: &Path,
        name: &str,
        affected: &[String],
    ) -> Result<Option<(Bytes, Witness)>, Error> {
        let (path, seal_path) = (folder.clone().join(name), folder.clone().join(seal_name(name)));
        let bytes = match self.read(&path).await? {
            Ok(bytes) => bytes,
            Err(unread) => {
                self.told.problem(&self.archive.shown(&path), unread.to_string(), affected);
                return Ok(None);
            }
        };
        let sha256 = sha256(&bytes);
        let seal = match self.read(&seal_path).await? {
            Ok(seal) => Seal::read(Some(&seal), name, &sha256),
            Err(Unread::Absent) => Seal::Absent,
            Err(unread) => Seal::Broken(unread.to_string()),
        };
        let [path, seal_path] = [path, seal_path].map(|path| self.archive.shown(&path));
        let (affected, claims) = (affected.to_vec(), Vec::new());
        Ok(Some((bytes, Witness { affected, path, seal_path, sha256, seal, claims })))
    }

    /// A manifest or record that was parsed; tells if it could not be.
    fn parsed<T>(&mut self, path: &str, parsed: Result<T, Error>, affected: &[String]) -> Result<Option<T>, Error> {
        match parsed {
            Ok(parsed) => return Ok(Some(parsed)),
            Err(Error::Damaged { problem, .. }) => self.told.problem(path, problem, affected),
            Err(Error::Version { schema, .. }) => {
                let problem =
                    format!("this version does not know its schema `{schema}`: what it names was not checked");
                self.told.problem(path, problem, affected);
            }
            Err(error) => return Err(error),
        }
        Ok(None)
    }
}

/// Why an object was not read.
#[derive(Debug)]
enum Unread {
    /// It is not there.
    Absent,
    /// The store failed with this object.
    Failed(object_store::Error),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("it is not there"),
            Self::Failed(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}

/// Whether the store can read everything but this object, as far as its error tells: a bad sector, and no lost network.
fn is_of_one_object(error: &object_store::Error) -> bool {
    use std::error::Error;
    let chain = std::iter::successors(error.source(), |error: &&(dyn Error + 'static)| (*error).source());
    let mut io = chain.filter_map(|error| error.downcast_ref::<std::io::Error>());
    io.any(|error| {
        let is_folder = matches!(error.kind(), std::io::ErrorKind::IsADirectory | std::io::ErrorKind::NotADirectory);
        is_folder || error.raw_os_error() == Some(EIO)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_sector_is_of_one_object_and_a_lost_network_is_not() {
        let error = |source: std::io::Error| object_store::Error::Generic { store: "local", source: source.into() };
        assert!(is_of_one_object(&error(std::io::Error::from_raw_os_error(EIO))));
        assert!(!is_of_one_object(&error(std::io::ErrorKind::PermissionDenied.into())));
        assert!(!is_of_one_object(&error(std::io::ErrorKind::TimedOut.into())));
    }
}
