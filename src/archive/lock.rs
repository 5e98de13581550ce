//! One run at a time: a lock that the system takes back when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::publish::folders;

/// Bytes read of a lock file to name its holder.
const HOLDER_BYTES_MAX: u64 = 200;

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds it.
    #[error("another run holds the lock `{path}`: {holder}")]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// What that run wrote about itself.
        holder: String,
    },
    /// The lock file cannot be made.
    #[error("opening the lock `{path}`")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The lock file is there, and nobody can lock it: some network file systems know no locks.
    #[error("locking `{path}`: no lock can be had on this file system")]
    Unlockable {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// What becomes of a run where the file system has no locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locking {
    /// It leaves.
    #[default]
    Required,
    /// It goes on, because whoever started it keeps runs apart.
    WherePossible,
}

/// A lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    /// Nothing where the file system has no locks and the run goes on without.
    _file: Option<File>,
}

impl Lock {
    /// Takes the lock at once or says who has it; never waits. `holder` is what others will be told.
    pub fn acquire(path: &Path, holder: &str, locking: Locking) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            folders::create(folder).map_err(failed)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match try_lock(&file) {
            Ok(()) => {}
            // a lock that works keeps others out, whatever was said about file systems without
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
                let holder = text.trim().escape_debug().to_string();
                let holder = if holder.is_empty() { "a run that is just starting".to_owned() } else { holder };
                return Err(LockError::Busy { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) if !knows_no_locks(&source) => return Err(failed(source)),
            Err(TryLockError::Error(source)) if locking == Locking::WherePossible => {
                tracing::warn!(path = %path.display(), %source, "no lock can be had: nothing keeps another run away");
                return Ok(Self { _file: None });
            }
            Err(TryLockError::Error(source)) => return Err(LockError::Unlockable { path: path.to_owned(), source }),
        }
        // the text is for people only: a full disk must not keep a run from its evidence
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{holder}"));
        Ok(Self { _file: Some(file) })
    }
}

/// Whether it is the file system that has no locks, and not the disk that fails.
fn knows_no_locks(error: &std::io::Error) -> bool {
    let without = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];
    without.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Tries once; what a signal interrupts says nothing about the lock.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    loop {
        match file.try_lock() {
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Interrupted => {}
            tried => return tried,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/.lock");
        let first = Lock::acquire(&path, "process 42, since noon", Locking::Required).unwrap();
        for locking in [Locking::Required, Locking::WherePossible] {
            let refused = Lock::acquire(&path, "process 43", locking).unwrap_err();
            assert!(refused.to_string().ends_with("process 42, since noon"), "{refused}");
        }
        drop(first);
        Lock::acquire(&path, "process 43", Locking::Required).unwrap();
    }
}
