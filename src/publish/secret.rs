//! A file for a secret that is shown only once: made before the secret is asked for, so that it has a place when it comes.
//!
//! Nobody but its owner may read it, a secret that is in it is never overwritten, and of two runs that want the same
//! file only one gets it. Nothing is ever removed or written that is not the very file this run has made or taken over.

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
    /// Makes the file, for its owner only. One that is there and holds anything is an error, and so is one that another
    /// run waits with; an empty one is left from an attempt that did not get that far, and is taken over.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new().write(true).open(path)?,
            opened => opened?,
        };
        // held for as long as the file is open, also by a process that dies
        file.try_lock()
            .map_err(|_| io::Error::new(io::ErrorKind::AlreadyExists, "another run waits with this file"))?;
        if !is_at(&file, path) || file.metadata()?.len() > 0 {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        Ok(Self { path: path.to_owned(), file, is_kept: false })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the secret and a line break, durably. Once bytes may have been written, the file stays.
    pub fn keep(mut self, secret: &str) -> io::Result<()> {
        if !is_at(&self.file, &self.path) {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the file was taken away meanwhile"));
        }
        self.is_kept = true;
        self.file.write_all(format!("{secret}\n").as_bytes())?;
        self.file.sync_all()?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // the secret is in its place; a folder that cannot be opened is no reason to say otherwise
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_kept && is_at(&self.file, &self.path) {
            // an empty file that stays is harmless: the next attempt takes it over
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the file that is open is the one at this path; what a link leads to is not.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok((open, there)) = file.metadata().and_then(|open| Ok((open, fs::symlink_metadata(path)?))) else {
        return false;
    };
    open.is_file() && (open.dev(), open.ino()) == (there.dev(), there.ino())
}

/// Elsewhere there is no such identity; the lock has to do.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file())
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
        // what a link leads to is somebody else's
        let (link, elsewhere) = (folder.path().join("link"), folder.path().join("elsewhere"));
        fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        assert!(SecretFile::create(&link).is_err());
        assert!(elsewhere.exists());
    }

    #[test]
    fn two_runs_never_share_a_file_and_neither_takes_the_others_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.key");
        let first = SecretFile::create(&path).unwrap();
        assert_eq!(SecretFile::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        first.keep("aha-sk-1").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "aha-sk-1\n");
        // taken away and made anew by somebody else: not ours to write or remove
        let path = folder.path().join("other.key");
        let [lost, dropped] = [(); 2].map(|()| {
            let file = SecretFile::create(&path).unwrap();
            fs::remove_file(&path).unwrap();
            file
        });
        fs::write(&path, "precious").unwrap();
        drop(dropped);
        assert_eq!(lost.keep("aha-sk-2").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }
}
