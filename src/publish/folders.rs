//! Folders that are still there after a power cut: each new one is synced into the one above it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Creates a folder and those above it, as far as they are missing, and makes their names durable.
pub fn create(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
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

/// Makes the names in a folder, or the contents of a file, durable.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
