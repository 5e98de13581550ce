//! Small files that the next run or another program reads: they appear whole, or not at all.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::folders;

/// Puts a file into its place, in the stead of the one that is there.
pub fn put(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folders::create(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // of this process alone; a name that begins with a dot is none that watchers read
    let staged = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::File::create(&staged).and_then(|mut file| file.write_all(text.as_bytes()));
    let placed = written.and_then(|()| fs::rename(&staged, path));
    if placed.is_err() {
        let _ = fs::remove_file(&staged);
    }
    placed
}

/// The same for a program of another user, whatever is usual for this one.
pub fn put_for_all(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    put(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

/// The text of a file; nothing if there is none.
pub fn get(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds a text to a file that others write as well.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/file.prom");
        assert_eq!(get(&path).unwrap(), None);
        put(&path, "one").unwrap();
        put(&path, "two").unwrap();
        append(&path, " and three").unwrap();
        assert_eq!(get(&path).unwrap().as_deref(), Some("two and three"));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::create_dir(folder.path().join("taken")).unwrap();
        assert!(put(&folder.path().join("taken"), "x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left of a failure");
    }
}
