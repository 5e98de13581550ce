//! Publishing: a whole directory appears at once, or not at all.
//!
//! Files gather in a hidden folder beside their place; the tree is synced, renamed into place, and only then does
//! `latest` point to it. A published set is never changed: other contents of the same name become a revision, or are
//! refused where the name is for one set only.

#![expect(clippy::disallowed_methods, reason = "one of the two rooms that touch files")]

mod begun;
pub mod folders;
pub mod mirror;
pub mod name;
pub mod retention;
pub mod scratch;
pub mod secret;
pub mod sets;
pub mod space;
pub mod store;
pub mod told;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use self::begun::Begun;
use self::begun::is_same;
use self::name::SetName;
use self::sets::SetFolder;
use self::space::Space;

/// Files of a set that are synced one by one. Ten thousand would take a hundred times as long as all that is on the disk, which
/// for a few may be much more than they are.
const SYNCED_COUNT_MAX: usize = 256;
/// What the hidden folders' names begin with; leftovers of killed runs are swept by the next one.
const TEMPORARY: &str = ".tmp-";
/// The pointer to the current set.
const LATEST: &str = "latest";
/// The file that tells one set from another: it holds the hash of every other file.
const MANIFEST_NAME: &str = "manifest.json";
/// The negative control of the crash tests: sets gather where everybody sees them.
const IN_PLACE: bool = cfg!(feature = "publish-in-place");
/// Revisions of one set; more mean that something rewrites reports in a loop.
const REVISION_COUNT_MAX: u32 = 1_000;

/// What went wrong while publishing; the sets published before are as they were.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder did not do as told.
    #[error("{doing} `{path}`")]
    Io {
        /// What was being done: `creating`, `reading`, `removing` and so on.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The disk is full.
    #[error("{doing} `{path}`: {left}")]
    Full {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What is free, for people.
        left: Box<str>,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A name that only one set may have is taken by something else, which is left as it is.
    #[error("`{folder}` is not what was issued (`{file}` {problem}), and is left alone")]
    NotAsIssued {
        /// The folder.
        folder: PathBuf,
        /// The first file that differs, by its path within the set.
        file: PathBuf,
        /// How it differs.
        problem: &'static str,
    },
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| {
        let path = path.to_owned();
        if space::is_full(&source) {
            let folder = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(&path);
            let left = Space::told_of(folder).into();
            return Error::Full { doing, path, left, source };
        }
        Error::Io { doing, path, source }
    }
}

/// The place of a set among those of its billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A name of which other contents become a revision.
    Revised(String),
    /// A name that only these contents may have.
    Fixed(String),
}

impl Place {
    fn name(&self) -> &str {
        let (Self::Revised(name) | Self::Fixed(name)) = self;
        name
    }
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
    place: Place,
    manifest: Vec<u8>,
    files: Vec<PathBuf>,
    /// The folder, opened before anything was written: whatever the system fails to write is told to it.
    disk: File,
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
    /// Begins a set in the folder `home`, sweeping what killed runs have left there.
    ///
    /// The caller holds a lock on `home`: two stagings in one folder would sweep each other away.
    pub fn begin(home: &Path, place: Place) -> Result<Self, Error> {
        folders::create(home).map_err(failed("creating", home))?;
        sweep(home)?;
        let temporary = if IN_PLACE {
            let visible = home.join(place.name());
            let _ = fs::remove_dir_all(&visible);
            visible
        } else {
            home.join(format!("{TEMPORARY}{}", place.name()))
        };
        fs::create_dir(&temporary).map_err(failed("creating", &temporary))?;
        let disk = File::open(&temporary).map_err(failed("reading", &temporary))?;
        Ok(Self {
            home: home.to_owned(),
            temporary,
            place,
            manifest: Vec::new(),
            files: Vec::new(),
            disk,
            published: false,
        })
    }

    /// Adds a file at a path within the set.
    pub fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let Begun { mut file, path: target } = self.begin_file(path)?;
        file.write_all(&bytes).map_err(failed("writing", &target))?;
        self.sync_early(&file, &target)?;
        if path == MANIFEST_NAME {
            self.manifest = bytes;
        }
        Ok(())
    }

    /// Begins a file at a path within the set, to be written until the set is ready.
    pub fn begin_file(&mut self, path: &str) -> Result<Begun, Error> {
        let target = self.temporary.join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed("creating", folder))?;
        }
        let file = File::create_new(&target).map_err(failed("creating", &target))?;
        self.files.push(PathBuf::from(path));
        Ok(Begun { file, path: target })
    }

    /// Makes the set durable and finds its place; nothing is visible yet.
    pub fn ready(self) -> Result<Ready, Error> {
        self.sync()?;
        let (folder, unchanged) = match &self.place {
            _ if IN_PLACE => (self.temporary.clone(), false),
            Place::Revised(name) => self.revision(name)?,
            Place::Fixed(name) => self.only(self.home.join(name))?,
        };
        Ok(Ready { staging: self, folder, unchanged })
    }

    /// Makes the first files durable as they come, by the very handle that wrote them.
    fn sync_early(&self, file: &File, path: &Path) -> Result<(), Error> {
        if self.files.len() > SYNCED_COUNT_MAX {
            return Ok(());
        }
        file.sync_all().map_err(failed("syncing", path))
    }

    /// Makes every file and every name durable: one by one, or where there are many, all at once.
    fn sync(&self) -> Result<(), Error> {
        if self.files.len() > SYNCED_COUNT_MAX && sync_disk(&self.disk, &self.temporary)? {
            return Ok(());
        }
        // the first ones were synced as they were written
        for path in self.files.iter().skip(SYNCED_COUNT_MAX) {
            let file = self.temporary.join(path);
            folders::sync(&file).map_err(failed("syncing", &file))?;
        }
        sync_folders(&self.temporary)
    }

    /// The name that holds this very set already, else the first that is free.
    fn revision(&self, name: &str) -> Result<(PathBuf, bool), Error> {
        let revisions = sets::sets(&self.home)?;
        let revisions = revisions.iter().filter_map(|set| match SetName::parse(&set.name) {
            Some(SetName::Provisional { capture, revision }) if capture == name => Some(revision),
            _ => None,
        });
        let (last, mut free) = (revisions.max().unwrap_or(0).min(REVISION_COUNT_MAX), None);
        for revision in 1..=REVISION_COUNT_MAX {
            let folder = self.home.join(revision_name(name, revision));
            let is_free = match fs::read(folder.join(MANIFEST_NAME)) {
                Ok(manifest) if manifest == self.manifest && self.damaged(&folder).is_none() => {
                    return Ok((folder, true));
                }
                // another set, or a damaged one: both stay as they are
                Ok(_) => false,
                Err(_) => folder.symlink_metadata().is_err(),
            };
            if is_free {
                free.get_or_insert(folder);
            }
            // a name that is free before the last revision is that of a set that was pruned: this very set may follow
            if let Some(folder) = free.take_if(|_| revision >= last) {
                return Ok((folder, false));
            }
        }
        let source = io::Error::other("too many revisions of one report set");
        Err(failed("publishing", &self.home.join(name))(source))
    }

    /// The one place of a set: free, or with this very set in it already. Files beside those of the set are no harm to it.
    fn only(&self, folder: PathBuf) -> Result<(PathBuf, bool), Error> {
        match folder.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((folder, false)),
            Err(error) => return Err(failed("reading", &folder)(error)),
            Ok(_) => {}
        }
        let manifest = folder.join(MANIFEST_NAME);
        // a pipe in its place would be waited for
        let found = if manifest.is_file() { fs::read(&manifest).ok() } else { None };
        let (file, problem) = match found {
            None => (PathBuf::from(MANIFEST_NAME), "is missing or cannot be read"),
            Some(found) if found != self.manifest => (PathBuf::from(MANIFEST_NAME), "differs"),
            Some(_) => match self.damaged(&folder) {
                None => return Ok((folder, true)),
                Some(file) => (file.to_owned(), "is missing or differs"),
            },
        };
        Err(Error::NotAsIssued { folder, file, problem })
    }

    /// The first file that a set of the same manifest no longer has, byte for byte as it is here.
    fn damaged(&self, folder: &Path) -> Option<&Path> {
        let same = |path: &&PathBuf| is_same(&folder.join(path), &self.temporary.join(path)).unwrap_or(false);
        self.files.iter().find(|file| !same(file)).map(PathBuf::as_path)
    }

    /// Lets `latest` lead to the current set, now that one has come to `folder`. Whether it is that one.
    fn point(&self, folder: &Path) -> Result<bool, Error> {
        let latest = self.home.join(LATEST);
        let published = folder.file_name().unwrap_or_default().to_string_lossy();
        let pointed = match fs::read_link(&latest) {
            Ok(target) => Some(target.to_string_lossy().into_owned()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => None,
            // where it leads would be forgotten
            Err(error) => return Err(failed("reading", &latest)(error)),
        };
        // a folder without a manifest was begun by hand; where the pointer leads is for whoever made it to know
        let is_set = |set: &SetFolder| folders::may_have(&set.path.join(MANIFEST_NAME), fs::Metadata::is_file);
        let there = sets::sets(&self.home)?.into_iter().filter(is_set).map(|set| set.name);
        let there: Vec<String> = there
            .chain(pointed.clone().filter(|name| folders::may_have(&self.home.join(name), fs::Metadata::is_dir)))
            .collect();
        let current = name::current(&published, pointed.as_deref(), &there);
        if pointed.as_deref() != Some(current) {
            let fresh = self.home.join(format!("{TEMPORARY}{LATEST}"));
            std::os::unix::fs::symlink(current, &fresh).map_err(failed("creating", &fresh))?;
            fs::rename(&fresh, &latest).map_err(failed("pointing", &latest))?;
            sync_folder(&self.home)?;
        }
        Ok(current == published)
    }
}

impl Ready {
    /// Puts the set into its place and moves `latest`, unless a later set or a final one is the current one.
    pub fn publish(mut self) -> Result<Published, Error> {
        let Self { staging, folder, unchanged } = &mut self;
        if !*unchanged {
            fs::rename(&staging.temporary, &*folder).map_err(failed("publishing", folder))?;
            staging.published = true;
        }
        // also for a set that was there: a run killed right after its renaming has not made the name durable
        sync_folder(&staging.home)?;
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

/// Makes everything on a disk durable, in one call; says whether this system can.
fn sync_disk(disk: &File, folder: &Path) -> Result<bool, Error> {
    #[cfg(target_os = "linux")]
    match rustix::fs::syncfs(disk).map_err(io::Error::from) {
        Ok(()) => Ok(true),
        // sandboxes may not know it, and then each file is synced on its own
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => Ok(false),
        Err(error) => Err(failed("syncing", folder)(error)),
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (disk, folder);
        Ok(false)
    }
}

/// `NAME`, `NAME-r2`, `NAME-r3` …
fn revision_name(name: &str, revision: u32) -> String {
    if revision == 1 { name.to_owned() } else { format!("{name}-r{revision}") }
}

/// Removes what killed runs have left half made in the folder of a period. The caller holds a lock on it.
pub fn sweep(home: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(home).map_err(failed("reading", home))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let swept = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            swept.map_err(failed("sweeping", &path))?;
        }
    }
    Ok(())
}

/// Syncs every folder of the tree, the innermost first, so that no name is lost in a power cut.
fn sync_folders(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(failed("reading", folder))? {
        // a folder that is passed over would be published without its names
        let entry = entry.map_err(failed("reading", folder))?;
        if entry.file_type().map_err(failed("reading", &entry.path()))?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    folders::sync(folder).map_err(failed("syncing", folder))
}

#[cfg(test)]
mod tests;
