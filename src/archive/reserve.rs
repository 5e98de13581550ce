//! Room kept on the disk of a local archive, given up when the disk is full: tonight's evidence cannot be had again.
//!
//! It is no evidence: it may be removed at any time, and the next capture keeps a new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::Archive;
use super::paths::RESERVE_NAME;
use crate::publish::space::Space;

/// The smallest reserve. Captures of a thousand sub accounts are smaller, and folders take room as well.
const RESERVE_BYTES_MIN: u64 = 1 << 20;
/// Nights that fit into the reserve: one may bring much more than the one before.
const NIGHT_COUNT: u64 = 3;
/// Files that a capture may make, with its folders; fewer that are free are worth a word.
const FILE_COUNT: u64 = 64;
/// What whoever wonders about the file reads.
const MEANING: &[u8] = b"subledger keeps this room for a night on which the disk is full. It is safe to remove.\n";
/// Bytes written at once.
const CHUNK_BYTES: usize = 64 << 10;

impl Archive {
    /// Warns, before anything is asked of the API, that the disk may not hold another night. It is still tried.
    pub fn warn_of_little_room(&self) {
        let (Some(folder), Some(reserve)) = (self.folder(), self.reserve_path()) else { return };
        let Ok(left) = Space::left_at(folder) else { return };
        let kept = fs::metadata(reserve).map_or(0, |reserve| reserve.len());
        let wanted = kept.max(RESERVE_BYTES_MIN);
        if left.bytes.saturating_add(kept) < wanted || left.files.is_some_and(|files| files < FILE_COUNT) {
            tracing::warn!(wanted_bytes = wanted, %left, "the disk of the archive may be too full for tonight's evidence");
        }
    }

    /// Keeps room for nights like one that took so many bytes, as far as the disk has it to spare.
    pub fn keep_reserve(&self, night_bytes: u64) {
        let (Some(folder), Some(reserve)) = (self.folder(), self.reserve_path()) else { return };
        let wanted = night_bytes.saturating_mul(NIGHT_COUNT).max(RESERVE_BYTES_MIN);
        let kept = fs::metadata(&reserve).map_or(0, |reserve| reserve.len());
        if kept >= wanted {
            return;
        }
        // what the reserve takes is missing for tonight's reports
        let spare = Space::left_at(folder).is_ok_and(|left| left.bytes.saturating_add(kept) / 2 >= wanted);
        if spare && fill(&reserve, wanted).is_ok() {
            return;
        }
        let _ = fs::remove_file(&reserve);
        tracing::warn!(
            wanted_bytes = wanted,
            "the disk of the archive has no room for a reserve: free space before it is full"
        );
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

    fn reserve_path(&self) -> Option<PathBuf> {
        Some(self.folder()?.join(self.parent_path().as_ref()).join(RESERVE_NAME))
    }
}

/// Writes what no file system can store in less room than it has bytes.
fn fill(reserve: &PathBuf, bytes: u64) -> io::Result<()> {
    let mut file = File::create(reserve)?;
    file.write_all(MEANING)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_sub(MEANING.len());
    while left > 0 {
        fastrand::fill(&mut chunk);
        let now = left.min(CHUNK_BYTES);
        file.write_all(&chunk[..now])?;
        left -= now;
    }
    Ok(())
}
