//! A file for a secret that is shown only once: made before the secret is asked for, so that it has a place when it comes.
//!
//! Nobody but its owner may read it, and a secret that is in it is never overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that waits for its secret. Dropped without one, it is taken away again.
#[derive(Debug)]
pub struct SecretFile {
    path: PathBuf,
    file: File,
    is_kept: bool,
}

impl SecretFile {
    /// Makes the file, for its owner only. One that is there and holds anything is an error; an empty one is left from
    /// an attempt that did not get that far.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_left_over(path) => {
                fs::remove_file(path)?;
                options.open(path)?
            }
            opened => opened?,
        };
        Ok(Self { path: path.to_owned(), file, is_kept: false })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the secret and a line break, durably. Once bytes may have been written, the file stays.
    pub fn keep(mut self, secret: &str) -> io::Result<()> {
        self.is_kept = true;
        self.file.write_all(format!("{secret}\n").as_bytes())?;
        self.file.sync_all()?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // an empty file that stays is harmless: the next attempt replaces it
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A regular, empty file; never a link, which could point anywhere.
fn is_left_over(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_its_owners_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.key");
        SecretFile::create(&path).unwrap().keep("aha-sk-1").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "aha-sk-1\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(SecretFile::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "aha-sk-1\n");
    }

    #[test]
    fn a_file_without_a_secret_goes_and_one_that_an_earlier_attempt_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.key");
        drop(SecretFile::create(&path).unwrap());
        assert!(!path.exists());
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        SecretFile::create(&path).unwrap().keep("aha-sk-2").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("link")).unwrap();
        assert!(SecretFile::create(&folder.path().join("link")).is_err());
    }
}
