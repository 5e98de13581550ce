//! Report sets that are in their places: listed, read back, and taken away whole.
//!
//! Links are never followed, and what is hidden is nobody's set. Whatever is given comes in one order, by name.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::name::SetName;
use super::{Error, LATEST, MANIFEST_NAME, TEMPORARY, failed, folders, sync_folder};

/// A report set, or another folder where those are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFolder {
    /// The folder's name; what is no UTF-8 in it is replaced.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Where the pointer to the current set leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The set's name, as the pointer has it.
    pub name: String,
    /// Whether there is such a folder.
    pub is_there: bool,
}

/// The billing periods that have a folder among an account's reports, `2024-01-01`; none if there are no reports.
pub fn periods(folder: &Path) -> Result<Vec<String>, Error> {
    let mut periods: Vec<String> = Vec::new();
    for (name, path, kind) in entries(folder)? {
        // publishing follows a link that stands for a period's folder, and so must everybody who looks for sets
        if is_period(&name) && (kind.is_dir() || kind.is_symlink() && path.is_dir()) {
            periods.push(name);
        }
    }
    Ok(periods)
}

/// Every folder of a period that is not hidden; none if the period has no folder.
pub fn sets(home: &Path) -> Result<Vec<SetFolder>, Error> {
    let found = entries(home)?.into_iter().filter(|(name, _, kind)| kind.is_dir() && !name.starts_with('.'));
    Ok(found.filter(|(name, ..)| name != LATEST).map(|(name, path, _)| SetFolder { name, path }).collect())
}

/// Links of a period that have the name of a set: no set is a link.
pub fn linked(home: &Path) -> Result<Vec<PathBuf>, Error> {
    let found =
        entries(home)?.into_iter().filter(|(name, _, kind)| kind.is_symlink() && SetName::parse(name).is_some());
    Ok(found.map(|(_, path, _)| path).collect())
}

/// Where the pointer to the current set of a period leads; nothing if there is none.
pub fn latest(home: &Path) -> Result<Option<Latest>, Error> {
    let path = home.join(LATEST);
    match fs::read_link(&path) {
        Ok(target) => {
            let name = target.to_string_lossy().into_owned();
            Ok(Some(Latest { name, is_there: folders::may_have(&home.join(target), fs::Metadata::is_dir) }))
        }
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(failed("reading", &path)(io::Error::other("it is no link to a report set; move it away")))
        }
        Err(error) => Err(failed("reading", &path)(error)),
    }
}

/// Takes a provisional set away. It is hidden first, so that half a set is never to be seen; a run that is killed on the way
/// leaves what [`super::sweep`] removes. The caller holds a lock on the reports.
///
/// # Errors
///
/// Also for any other folder: a final set is never removed, and what is not ours is not ours to remove.
pub fn remove(set: &SetFolder) -> Result<(), Error> {
    let name = set.path.file_name().unwrap_or_default().to_string_lossy();
    let home = set.path.parent().filter(|_| matches!(SetName::parse(&name), Some(SetName::Provisional { .. })));
    let Some(home) = home else {
        let problem = "only a set that is named after its capture may be removed";
        return Err(failed("removing", &set.path)(io::Error::new(io::ErrorKind::PermissionDenied, problem)));
    };
    let hidden = home.join(format!("{TEMPORARY}{name}"));
    fs::rename(&set.path, &hidden).map_err(failed("hiding", &set.path))?;
    // a power cut must not bring the name back to what has lost files by then
    sync_folder(home)?;
    fs::remove_dir_all(&hidden).map_err(failed("removing", &hidden))?;
    sync_folder(home)
}

impl Latest {
    /// The set, if it is there, by the name that it has beside the pointer.
    pub fn set(&self) -> Option<&str> {
        Path::new(&self.name).file_name().and_then(OsStr::to_str).filter(|_| self.is_there)
    }
}

impl SetFolder {
    /// Every file of the tree by its path within the set, with `/`. Links and whatever else is no folder count as files.
    pub fn files(&self) -> Result<Vec<String>, Error> {
        let mut files: Vec<String> = self.walk()?.into_iter().map(|(name, _)| name).collect();
        files.sort();
        Ok(files)
    }

    /// The bytes of all files together.
    pub fn size(&self) -> Result<u64, Error> {
        self.walk()?.iter().try_fold(0_u64, |sum, (_, path)| {
            let there = fs::symlink_metadata(path).map_err(failed("reading", path))?;
            Ok(sum.saturating_add(there.len()))
        })
    }

    /// The manifest; nothing if there is none.
    pub fn manifest(&self) -> Result<Option<Vec<u8>>, Error> {
        self.read(MANIFEST_NAME)
    }

    /// A file by its path within the set; nothing if it is not there.
    ///
    /// # Errors
    ///
    /// Also for what is no plain file, such as a link or a pipe, and for a path that leaves the set.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut place = self.path.clone();
        let refused = |place: &Path, problem| Err(failed("reading", place)(io::Error::other(problem)));
        let mut kind = None;
        for part in Path::new(path).components() {
            let Component::Normal(part) = part else {
                return refused(&self.path.join(path), "the path leaves the report set");
            };
            place.push(part);
            match fs::symlink_metadata(&place) {
                Ok(there) if there.is_symlink() => return refused(&place, "it is a link, which is not followed"),
                Ok(there) => kind = Some(there.file_type()),
                Err(error) if is_missing(&error) => return Ok(None),
                Err(error) => return Err(failed("reading", &place)(error)),
            }
        }
        if !kind.is_some_and(|kind| kind.is_file()) {
            return refused(&place, "it is no file");
        }
        fs::read(&place).map(Some).map_err(failed("reading", &place))
    }

    /// Every file of the tree with where it is, in no order.
    fn walk(&self) -> Result<Vec<(String, PathBuf)>, Error> {
        let (mut files, mut waiting) = (Vec::new(), vec![(String::new(), self.path.clone())]);
        while let Some((above, folder)) = waiting.pop() {
            for (name, path, kind) in children(&folder)? {
                let name = format!("{above}{name}");
                if kind.is_dir() { waiting.push((name + "/", path)) } else { files.push((name, path)) }
            }
        }
        Ok(files)
    }
}

type Entry = (String, PathBuf, FileType);

/// What is in a folder, by name; nothing if the folder is not there.
fn entries(folder: &Path) -> Result<Vec<Entry>, Error> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => children(folder),
    }
}

fn children(folder: &Path) -> Result<Vec<Entry>, Error> {
    let read = |entry: io::Result<DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name().to_string_lossy().into_owned(), entry.path(), entry.file_type()?))
    };
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(read).collect::<io::Result<Vec<Entry>>>());
    let mut entries = entries.map_err(failed("reading", folder))?;
    entries.sort_by(|(_, one, _), (_, other, _)| one.cmp(other));
    Ok(entries)
}

/// Whether a path leads nowhere: there is nothing, or a file where a folder would have to be.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether a name has the form `2024-01-01`.
fn is_period(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.iter().map(|part| part.len()).eq([4, 2, 2]) && parts.concat().bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with files; a path that ends in `/` is a folder.
    fn tree(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for path in paths {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
            if path.to_string_lossy().ends_with('/') {
                fs::create_dir_all(path).expect("a folder");
            } else {
                fs::write(&path, path.file_name().expect("a name").as_encoded_bytes()).expect("a file");
            }
        }
        folder
    }

    fn set(folder: &Path, name: &str) -> SetFolder {
        SetFolder { name: name.to_owned(), path: folder.join(name) }
    }

    fn names(sets: &[SetFolder]) -> Vec<&str> {
        sets.iter().map(|set| set.name.as_str()).collect()
    }

    #[test]
    fn periods_are_folders_with_the_name_of_a_date() {
        let folder =
            tree(&["2024-02-01/a", "2024-01-01/a", "notes/a", ".lock", "2024-03-01", "20240401/a", "2024-05-0x/a"]);
        let elsewhere = tree(&["a"]);
        symlink(elsewhere.path(), folder.path().join("2023-12-01")).unwrap();
        symlink("nowhere", folder.path().join("2023-11-01")).unwrap();
        assert_eq!(periods(folder.path()).unwrap(), ["2023-12-01", "2024-01-01", "2024-02-01"]);
        assert!(periods(&folder.path().join("nowhere")).unwrap().is_empty());
        let error = periods(&folder.path().join(".lock")).unwrap_err();
        assert!(error.to_string().ends_with(".lock`"), "{error}");
    }

    #[test]
    fn sets_are_the_folders_that_are_neither_hidden_nor_links() {
        let folder = tree(&["b/x", "a/x", "final-r1/", ".tmp-c/x", "file"]);
        symlink("a", folder.path().join(LATEST)).unwrap();
        symlink("a", folder.path().join("link")).unwrap();
        let found = sets(folder.path()).unwrap();
        assert_eq!(names(&found), ["a", "b", "final-r1"]);
        assert_eq!(found[0].path, folder.path().join("a"));
        assert!(sets(&folder.path().join("nowhere")).unwrap().is_empty());
    }

    #[test]
    fn the_pointer_says_where_it_leads() {
        let folder = tree(&["a/x"]);
        let pointer = folder.path().join(LATEST);
        assert_eq!(latest(folder.path()).unwrap(), None);
        for (name, is_there) in [("a", true), ("./a/", true), ("gone", false)] {
            symlink(name, &pointer).unwrap();
            let found = latest(folder.path()).unwrap().unwrap();
            assert_eq!(found.set(), is_there.then_some("a"));
            assert_eq!(found, Latest { name: name.to_owned(), is_there });
            fs::remove_file(&pointer).unwrap();
        }
        fs::create_dir(&pointer).unwrap();
        let error = latest(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("latest`"), "{error}");
    }

    #[test]
    fn the_files_of_a_set_are_listed_in_order_and_links_are_not_followed() {
        let folder = tree(&["s/b.csv", "s/a/z.csv", "s/a-b/c.csv", "s/.hidden", "s/empty/", "outside/secret"]);
        symlink("../outside", folder.path().join("s/link")).unwrap();
        let set = set(folder.path(), "s");
        assert_eq!(set.files().unwrap(), [".hidden", "a-b/c.csv", "a/z.csv", "b.csv", "link"]);
        assert_eq!(set.size().unwrap(), (".hidden".len() + 3 * "b.csv".len() + "../outside".len()) as u64);
    }

    #[test]
    fn a_file_of_a_set_is_read_and_nothing_else_is() {
        let folder = tree(&["s/a/z.csv", "outside/secret"]);
        symlink("../outside", folder.path().join("s/link")).unwrap();
        symlink("a/z.csv", folder.path().join("s/z.csv")).unwrap();
        let set = set(folder.path(), "s");
        assert_eq!(set.read("a/z.csv").unwrap().as_deref(), Some(&b"z.csv"[..]));
        for missing in ["b.csv", "b/z.csv", "a/z.csv/b"] {
            assert_eq!(set.read(missing).unwrap(), None, "{missing}");
        }
        let absolute = folder.path().join("outside/secret");
        for refused in
            ["../outside/secret", "a/../../outside/secret", absolute.to_str().unwrap(), "link/secret", "z.csv", "a", ""]
        {
            assert!(set.read(refused).is_err(), "{refused}");
        }
        assert!(set.read("link/secret").unwrap_err().to_string().ends_with("s/link`"));
    }

    #[test]
    fn only_a_provisional_set_is_removed() {
        let names = ["20240102T000000Z", "20240102T000000Z-r2", "final-r1", "final-r1-old", "notes"];
        let folder = tree(&names.map(|name| format!("{name}/deep/file.csv")).each_ref().map(String::as_str));
        for name in names {
            let removed = remove(&set(folder.path(), name));
            assert_eq!(removed.is_ok(), name.starts_with("2024"), "{name}");
            assert_eq!(folder.path().join(name).join("deep/file.csv").is_file(), removed.is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing hidden is left");
    }

    #[test]
    fn a_set_that_cannot_be_removed_is_not_seen_by_halves() {
        let folder = tree(&["20240102T000000Z/file.csv", ".tmp-20240102T000000Z/half"]);
        let set = set(folder.path(), "20240102T000000Z");
        assert!(remove(&set).is_err(), "what a killed run has left is in the way");
        assert_eq!(set.files().unwrap(), ["file.csv"]);
        crate::publish::sweep(folder.path()).unwrap();
        remove(&set).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
