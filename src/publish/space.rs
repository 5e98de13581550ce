//! How much room a disk has left, and whether an error says that it has none.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The room that is left for this user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes.
    pub bytes: u64,
    /// Files; nothing where the file system has as many as there is room for.
    pub files: Option<u64>,
}

impl Space {
    /// What is left on the disk that a folder is on.
    pub fn left_at(folder: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(folder)?;
        let files = (disk.f_files > 0).then_some(disk.f_favail);
        Ok(Self { bytes: disk.f_bavail.saturating_mul(disk.f_frsize), files })
    }

    /// The same in words, for errors that must not fail themselves.
    pub fn told_of(folder: &Path) -> String {
        Self::left_at(folder).map_or_else(|_| "nobody knows what is free".to_owned(), |left| left.to_string())
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.files {
            // the same error as for bytes, which then puzzles whoever looks for large files
            Some(0) => write!(f, "{} bytes are free, and no inode for a file", self.bytes),
            Some(files) => write!(f, "{} bytes and {files} files are free", self.bytes),
            None => write!(f, "{} bytes are free", self.bytes),
        }
    }
}

/// Whether the system says that a disk or a quota is full.
pub fn is_full(error: &(dyn StdError + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.any(|error| {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_with_what_there_is_none_of() {
        let told = |bytes, files| Space { bytes, files }.to_string();
        assert_eq!(told(4096, Some(12)), "4096 bytes and 12 files are free");
        assert_eq!(told(4096, Some(0)), "4096 bytes are free, and no inode for a file");
        assert_eq!(told(0, None), "0 bytes are free");
        assert!(Space::left_at(Path::new("/")).is_ok());
        assert_eq!(Space::told_of(Path::new("not/there")), "nobody knows what is free");
    }

    #[test]
    fn a_full_disk_is_seen_below_other_errors() {
        let full = io::Error::from(ErrorKind::StorageFull);
        let deep = object_store::Error::Generic { store: "local", source: full.into() };
        assert!(is_full(&deep) && is_full(&io::Error::from(ErrorKind::QuotaExceeded)));
        assert!(!is_full(&io::Error::from(ErrorKind::PermissionDenied)));
    }
}
