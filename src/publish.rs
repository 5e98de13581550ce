//! Publishing: a whole directory appears at once, or not at all.
//!
//! Files gather in a hidden folder beside their place; the tree is synced, renamed into place, and only then does
//! `latest` point to it. A published set is never changed: other contents of the same name become a revision.

#![expect(clippy::disallowed_methods, reason = "one of the two rooms that touch files")]

pub mod folders;
pub mod scratch;
pub mod secret;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the hidden folders' names begin with; leftovers of killed runs are swept by the next one.
const TEMPORARY: &str = ".tmp-";
/// The pointer to the current set.
const LATEST: &str = "latest";
/// The file that tells one set from another: it holds the hash of every other file.
const MANIFEST_NAME: &str = "manifest.json";
/// Revisions of one set; more mean that something rewrites reports in a loop.
const REVISION_COUNT_MAX: u32 = 1_000;

/// What went wrong while publishing; the sets published before are as they were.
#[derive(Debug, thiserror::Error)]
#[error("{doing} `{path}`")]
pub struct Error {
    doing: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error { doing, path: path.to_owned(), source }
}

/// A report set in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The set's folder.
    pub folder: PathBuf,
    /// Whether the same set was there already.
    pub unchanged: bool,
    /// Whether `latest` points to it now.
    pub is_latest: bool,
}

/// A set in the making. Dropped before it is published, it leaves nothing behind.
#[derive(Debug)]
pub struct Staging {
    home: PathBuf,
    temporary: PathBuf,
    name: String,
    manifest: Vec<u8>,
    /// Every file with its length.
    files: Vec<(PathBuf, u64)>,
    published: bool,
}

/// A set that is durable and has its place, one step before it appears.
#[derive(Debug)]
pub struct Ready {
    staging: Staging,
    folder: PathBuf,
    unchanged: bool,
}

impl Staging {
    /// Begins a set `name` in the folder `home`, sweeping what killed runs have left there.
    ///
    /// The caller holds a lock on `home`: two stagings in one folder would sweep each other away.
    pub fn begin(home: &Path, name: &str) -> Result<Self, Error> {
        folders::create(home).map_err(failed("creating", home))?;
        for entry in fs::read_dir(home).map_err(failed("reading", home))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                let path = entry.path();
                let swept = if entry.path().is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                swept.map_err(failed("sweeping", &path))?;
            }
        }
        let temporary = home.join(format!("{TEMPORARY}{name}"));
        fs::create_dir(&temporary).map_err(failed("creating", &temporary))?;
        let (home, name) = (home.to_owned(), name.to_owned());
        Ok(Self { home, temporary, name, manifest: Vec::new(), files: Vec::new(), published: false })
    }

    /// Adds a file at a path within the set.
    pub fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let target = self.temporary.join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed("creating", folder))?;
        }
        let mut file = File::create_new(&target).map_err(failed("creating", &target))?;
        file.write_all(&bytes).map_err(failed("writing", &target))?;
        file.sync_all().map_err(failed("syncing", &target))?;
        self.files.push((PathBuf::from(path), bytes.len() as u64));
        if path == MANIFEST_NAME {
            self.manifest = bytes;
        }
        Ok(())
    }

    /// Makes the set durable and finds its place; nothing is visible yet.
    pub fn ready(self) -> Result<Ready, Error> {
        sync_folders(&self.temporary)?;
        let (folder, unchanged) = self.place()?;
        Ok(Ready { staging: self, folder, unchanged })
    }

    /// The first name that is free, or that holds this very set already.
    fn place(&self) -> Result<(PathBuf, bool), Error> {
        for revision in 1..=REVISION_COUNT_MAX {
            let folder = self.home.join(revision_name(&self.name, revision));
            match fs::read(folder.join(MANIFEST_NAME)) {
                Ok(manifest) if manifest == self.manifest && self.is_whole(&folder) => return Ok((folder, true)),
                Err(_) if folder.symlink_metadata().is_err() => return Ok((folder, false)),
                // another set, or a damaged one: both stay as they are
                Ok(_) | Err(_) => {}
            }
        }
        let source = io::Error::other("too many revisions of one report set");
        Err(Error { doing: "publishing", path: self.home.join(&self.name), source })
    }

    /// Whether a set of the same manifest still has every file, byte for byte as it is here.
    fn is_whole(&self, folder: &Path) -> bool {
        let same = |(path, length): &(PathBuf, u64)| {
            let there = folder.join(path);
            there.metadata().is_ok_and(|there| there.len() == *length)
                && matches!((fs::read(there), fs::read(self.temporary.join(path))), (Ok(a), Ok(b)) if a == b)
        };
        self.files.iter().all(same)
    }

    fn point(&self, folder: &Path) -> Result<bool, Error> {
        let latest = self.home.join(LATEST);
        let name = folder.file_name().map(PathBuf::from).unwrap_or_default();
        let current = fs::read_link(&latest).ok();
        let later = |current: &PathBuf| capture_of(current) > capture_of(&name) && self.home.join(current).is_dir();
        if current.as_ref().is_some_and(later) {
            return Ok(false);
        }
        if current.as_ref() != Some(&name) {
            let fresh = self.home.join(format!("{TEMPORARY}{LATEST}"));
            std::os::unix::fs::symlink(&name, &fresh).map_err(failed("creating", &fresh))?;
            fs::rename(&fresh, &latest).map_err(failed("pointing", &latest))?;
            sync_folder(&self.home)?;
        }
        Ok(true)
    }
}

impl Ready {
    /// Puts the set into its place and moves `latest`, unless that already points to a later set.
    pub fn publish(mut self) -> Result<Published, Error> {
        let Self { staging, folder, unchanged } = &mut self;
        if !*unchanged {
            fs::rename(&staging.temporary, &*folder).map_err(failed("publishing", folder))?;
            staging.published = true;
            sync_folder(&staging.home)?;
        }
        let is_latest = staging.point(folder)?;
        Ok(Published { folder: std::mem::take(folder), unchanged: *unchanged, is_latest })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// `NAME`, `NAME-r2`, `NAME-r3` …
fn revision_name(name: &str, revision: u32) -> String {
    if revision == 1 { name.to_owned() } else { format!("{name}-r{revision}") }
}

/// The capture that a set was made from: its name without the revision. Within one capture the set asked for last
/// is the current one, whatever its revision.
fn capture_of(name: &Path) -> String {
    let name = name.to_string_lossy();
    match name.rsplit_once("-r") {
        Some((capture, revision)) if revision.bytes().all(|byte| byte.is_ascii_digit()) => capture.to_owned(),
        _ => name.into_owned(),
    }
}

/// Syncs every folder of the tree, the innermost first, so that no name is lost in a power cut.
fn sync_folders(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(failed("reading", folder))?.flatten() {
        if entry.path().is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    folders::sync(folder).map_err(failed("syncing", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(home: &Path, name: &str, contents: &str) -> Published {
        let mut staging = Staging::begin(home, name).unwrap();
        staging.add("deep/file.csv", contents.as_bytes().to_vec()).unwrap();
        staging.add(MANIFEST_NAME, contents.as_bytes().to_vec()).unwrap();
        staging.ready().unwrap().publish().unwrap()
    }

    fn latest(home: &Path) -> String {
        fs::read_link(home.join(LATEST)).unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn a_set_appears_whole_and_latest_points_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("label/2024-01-01");
        let published = publish(&home, "20240102T000000Z", "a");
        assert_eq!(fs::read(published.folder.join("deep/file.csv")).unwrap(), b"a");
        assert!(published.is_latest && !published.unchanged);
        assert_eq!(latest(&home), "20240102T000000Z");
    }

    #[test]
    fn the_same_set_stays_and_another_becomes_a_revision() {
        let folder = tempfile::tempdir().unwrap();
        publish(folder.path(), "20240102T000000Z", "a");
        assert!(publish(folder.path(), "20240102T000000Z", "a").unchanged);
        std::fs::remove_file(folder.path().join("20240102T000000Z/deep/file.csv")).unwrap();
        let mended = publish(folder.path(), "20240102T000000Z", "a");
        assert!(
            !mended.unchanged && mended.folder.ends_with("20240102T000000Z-r2"),
            "a set that lost a file is made anew"
        );
        std::fs::write(folder.path().join("20240102T000000Z/deep/file.csv"), "a").unwrap();
        for (contents, name) in [("b", "20240102T000000Z-r3"), ("c", "20240102T000000Z-r4")] {
            assert!(publish(folder.path(), "20240102T000000Z", contents).folder.ends_with(name));
            assert_eq!(latest(folder.path()), name);
        }
        assert_eq!(fs::read(folder.path().join("20240102T000000Z/deep/file.csv")).unwrap(), b"a");
        assert!(publish(folder.path(), "20240102T000000Z", "a").is_latest);
        assert_eq!(latest(folder.path()), "20240102T000000Z", "the terms asked for last are the current ones");
    }

    #[test]
    fn an_earlier_capture_never_becomes_the_latest() {
        let folder = tempfile::tempdir().unwrap();
        publish(folder.path(), "20240105T000000Z", "a");
        assert!(!publish(folder.path(), "20240102T000000Z", "b").is_latest);
        assert_eq!(latest(folder.path()), "20240105T000000Z");
    }

    #[test]
    fn what_is_not_published_leaves_nothing_and_leftovers_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let mut dropped = Staging::begin(folder.path(), "a").unwrap();
        dropped.add("x", vec![1]).unwrap();
        drop(dropped);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::create_dir_all(folder.path().join(".tmp-killed/deep")).unwrap();
        publish(folder.path(), "a", "x");
        assert!(!folder.path().join(".tmp-killed").exists());
    }
}
