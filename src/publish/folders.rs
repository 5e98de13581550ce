//! Folders that are still there after a power cut: each new one is synced into the one above it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Creates a folder and those above it, as far as they are missing, and makes their names durable.
pub fn create(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    if folder.is_dir() {
        return sync_if_ours(above.unwrap_or(Path::new(".")));
    }
    if let Some(above) = above {
        create(above)?;
    }
    match fs::create_dir(folder) {
        // somebody else was faster, which is as good
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => return Err(error),
        _ => {}
    }
    sync(above.unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable again: a run that was killed right after it had made one has not got that far.
///
/// A folder that this user may not read, or whose file system syncs no folders, is none in which we have made anything.
fn sync_if_ours(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    match sync(folder) {
        Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | ReadOnlyFilesystem | Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

/// Whether something of this kind is there, for all that can be seen: a final set that cannot be looked at is no missing one.
pub fn may_have(path: &Path, kind: impl FnOnce(&fs::Metadata) -> bool) -> bool {
    let is_missing = |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    path.metadata().map_or_else(|error| !is_missing(error), |there| kind(&there))
}

/// Makes the names in a folder, or the contents of a file, durable.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
