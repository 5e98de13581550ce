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

    /// Makes what was written durable.
    fn flush(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Begun {
    /// What it means that this could not be written.
    pub fn failed(&self, source: io::Error) -> Error {
        failed("writing", &self.path)(source)
    }
}

/// What is next in a file, however often the system interrupts.
fn filled(file: &mut BufReader<File>) -> io::Result<&[u8]> {
    while let Err(error) = file.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(file.buffer())
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
        let (left, right) = (filled(a)?, filled(b)?);
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
