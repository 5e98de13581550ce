//! A look at a local archive's place before a night, for what a person should mend while there is time. It stops nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::Archive;
use super::reserve::RESERVE_BYTES_MIN;
use crate::publish::space::Space;

/// Files that a capture may make, with its folders; fewer that are free are worth a word.
const FILE_COUNT: u64 = 64;
/// The bit of a folder's mode that lets everybody make, rename and remove what is in it.
const WRITABLE_BY_ALL: u32 = 0o002;
/// The bit that lets them do so only with what is their own.
const STICKY: u32 = 0o1000;

impl Archive {
    /// Warns of a disk that may not hold another night, and of a folder in which anybody may change the evidence.
    pub fn warn_of_its_place(&self) {
        let Some(folder) = self.folder() else { return };
        if let Ok(left) = Space::left_at(folder)
            && (left.bytes.saturating_add(self.reserve_bytes()) < RESERVE_BYTES_MIN
                || left.files.is_some_and(|files| files < FILE_COUNT))
        {
            tracing::warn!(wanted_bytes = RESERVE_BYTES_MIN, %left, "the disk of the archive may be too full for tonight's evidence");
        }
        let parent = folder.join(self.parent_path().as_ref());
        for folder in [folder, &parent] {
            let mode = fs::metadata(folder).map_or(0, |folder| folder.permissions().mode());
            if mode & WRITABLE_BY_ALL != 0 && mode & STICKY == 0 {
                let (mode, folder) = (format!("{:04o}", mode & 0o7777), folder.display());
                tracing::warn!(%folder, mode, "everybody on this machine may change the evidence: take the right from them");
            }
        }
    }
}
