//! One run at a time: a lock that the system takes back when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

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
    /// The lock file cannot be made or locked.
    #[error("taking the lock `{path}`")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// A lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at once or says who has it; never waits. `holder` is what others will be told.
    pub fn acquire(path: &Path, holder: &str) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            folders::create(folder).map_err(failed)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
                let holder = text.trim().escape_debug().to_string();
                let holder = if holder.is_empty() { "a run that is just starting".to_owned() } else { holder };
                return Err(LockError::Busy { path: path.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // the text is for people only: a full disk must not keep a run from its evidence
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{holder}"));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/.lock");
        let first = Lock::acquire(&path, "process 42, since noon").unwrap();
        let refused = Lock::acquire(&path, "process 43").unwrap_err();
        assert!(refused.to_string().ends_with("process 42, since noon"), "{refused}");
        drop(first);
        Lock::acquire(&path, "process 43").unwrap();
    }
}
