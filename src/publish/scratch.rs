//! A folder that may be thrown away: only one that carries our own marker is.

use std::fs;
use std::io;
use std::path::Path;

/// Makes `folder` empty but for its marker. A folder with other contents and no marker is left alone: an error.
pub fn prepare(folder: &Path, marker: &str) -> io::Result<()> {
    let in_use = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if in_use && !folder.join(marker).is_file() {
        let problem = format!("the folder is in use, and no `{marker}` says that it may be replaced");
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, problem));
    }
    if in_use {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join(marker), "Made by `subledger demo`, which replaces this folder.\n")
}

/// Writes a file of the folder.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_marked_folder_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let demo = folder.path().join("demo");
        prepare(&demo, ".marker").unwrap();
        write(&demo.join("old"), "x").unwrap();
        prepare(&demo, ".marker").unwrap();
        assert!(!demo.join("old").exists());
        let precious = folder.path().join("precious");
        fs::create_dir(&precious).unwrap();
        write(&precious.join("thesis"), "x").unwrap();
        assert!(prepare(&precious, ".marker").is_err());
        assert!(precious.join("thesis").exists());
    }
}
