//! Files of a set: one that is being written, and two that may be the same.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::{Error, failed};

/// A file of a set that is being written.
#[derive(Debug)]
pub struct Begun {
    pub(super) file: File,
    pub(super) path: PathBuf,
}

impl Write for Begun {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Begun {
    /// What it means that this could not be written.
    pub fn failed(&self, source: io::Error) -> Error {
        failed("writing", &self.path)(source)
    }
}

/// Whether two files are regular ones with the same bytes.
pub(super) fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    // a pipe in the place of a file would be waited for
    let (a, b) = (one.metadata()?, other.metadata()?);
    if !a.is_file() || !b.is_file() || a.len() != b.len() {
        return Ok(false);
    }
    let [mut a, mut b] = [one, other].map(|path| File::open(path).map(|file| BufReader::with_capacity(1 << 16, file)));
    let (Ok(a), Ok(b)) = (&mut a, &mut b) else { return Ok(false) };
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        let count = left.len().min(right.len());
        if left[..count] != right[..count] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(left.len() == right.len());
        }
        a.consume(count);
        b.consume(count);
    }
}
