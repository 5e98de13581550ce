//! Room kept on the disk of a local archive, given up when the disk is full: tonight's evidence cannot be had again.
//!
//! It is no evidence: it may be removed at any time, and the next capture keeps a new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::Archive;
use super::paths::RESERVE_NAME;
use crate::publish::space::Space;

/// The smallest reserve. Captures of a thousand sub accounts are smaller, and folders take room as well.
pub(super) const RESERVE_BYTES_MIN: u64 = 1 << 20;
/// Nights that fit into the reserve: one may bring much more than the one before.
const NIGHT_COUNT: u64 = 3;
/// What whoever wonders about the file reads.
const MEANING: &[u8] = b"subledger keeps this room for a night on which the disk is full. It is safe to remove.\n";
/// Bytes written at once.
const CHUNK_BYTES: usize = 64 << 10;

impl Archive {
    /// Keeps room for nights like one that took so many bytes, as far as the disk has it to spare. A reserve that cannot grow
    /// stays as it is.
    pub fn keep_reserve(&self, night_bytes: u64) {
        let (Some(folder), Some(reserve)) = (self.folder(), self.reserve_path()) else { return };
        let wanted = night_bytes.saturating_mul(NIGHT_COUNT).max(RESERVE_BYTES_MIN);
        let kept = self.reserve_bytes();
        if kept >= wanted {
            return;
        }
        // what the reserve takes is missing for tonight's reports
        let spare = Space::left_at(folder).is_ok_and(|left| left.bytes.saturating_add(kept) / 2 >= wanted);
        if !(spare && grow(&reserve, kept, wanted).is_ok()) {
            let problem = "the disk of the archive has no room for a reserve: free space before it is full";
            tracing::warn!(wanted_bytes = wanted, kept_bytes = kept, "{problem}");
        }
    }

    /// Gives the reserve up; whether there was one.
    pub(super) fn give_up_reserve(&self) -> bool {
        let given_up = self.reserve_path().is_some_and(|reserve| fs::remove_file(reserve).is_ok());
        if given_up {
            tracing::warn!(
                "the disk of the archive is full: its reserve is given up for tonight's evidence; free space"
            );
        }
        given_up
    }

    /// Bytes of the reserve; 0 without one.
    pub(super) fn reserve_bytes(&self) -> u64 {
        self.reserve_path().and_then(|reserve| fs::metadata(reserve).ok()).map_or(0, |reserve| reserve.len())
    }

    fn reserve_path(&self) -> Option<PathBuf> {
        Some(self.folder()?.join(self.parent_path().as_ref()).join(RESERVE_NAME))
    }
}

/// Lets the file take so many bytes of the disk; what it had already it keeps in any case.
fn grow(reserve: &Path, kept: u64, wanted: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(reserve)?;
    let grown = file.write_all(MEANING).and_then(|()| {
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, wanted) {
            // not every file system can, and on some a file of zeros takes no room
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => append(&mut file, wanted),
            allocated => Ok(allocated?),
        }
    });
    if grown.is_err() && (kept == 0 || file.set_len(kept).is_err()) {
        let _ = fs::remove_file(reserve);
    }
    grown
}

fn append(file: &mut File, wanted: u64) -> io::Result<()> {
    let mut left = wanted.saturating_sub(file.seek(SeekFrom::End(0))?);
    let mut chunk = vec![0; CHUNK_BYTES];
    while left > 0 {
        fastrand::fill(&mut chunk);
        let now = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        file.write_all(&chunk[..now])?;
        left -= now as u64;
    }
    Ok(())
}
