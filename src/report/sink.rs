//! Where the files of a set go, and how a table becomes one of them: whole, or written as it is made.

use std::io::{self, BufWriter, Write};
use std::ops::Range;

use super::beside::threads_beside;
use super::csv::{self, Dialect};
use super::table::{Table, parts};
use super::{Error, FileEntry, Sink, parquet};
use crate::sha256::Sha256;

/// Bytes that gather before they are written: formats hand over a few at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// Rows of a table from which on threads are worth their while.
pub(super) const THREADED_ROW_COUNT: usize = 10_000;

/// What a place for files says when it cannot take one.
type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// What a long file is written to; nothing where files are taken whole.
pub(super) type Output = Option<Box<dyn Write + Send>>;

/// A table that may be long, and is made of some of its rows at a time.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, 't> {
    pub(super) count: usize,
    pub(super) table: &'a (dyn Fn(Range<usize>) -> Table<'t> + Sync),
    /// How many other files of it are made at the same time.
    pub(super) other_count: usize,
}

/// Takes the files of a set.
pub trait Files {
    /// Takes a file: its path within the set, and its bytes.
    fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Refusal>;

    /// Begins a file that may be long, and is written as it is made; nothing where files are taken whole.
    fn begin(&mut self, path: &str) -> Result<Option<Box<dyn Write + Send>>, Refusal>;
}

/// Takes every file whole.
pub(super) struct Whole<'a, 's>(pub(super) &'a mut Sink<'s>);

impl Files for Whole<'_, '_> {
    fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Refusal> {
        (self.0)(path, bytes)
    }

    fn begin(&mut self, _path: &str) -> Result<Option<Box<dyn Write + Send>>, Refusal> {
        Ok(None)
    }
}

/// A form that tables are written in.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// CSV, with what comes after the name of the table.
    Csv(String, Dialect),
    Parquet,
}

/// A file that is written.
pub(super) struct Written {
    pub(super) entry: FileEntry,
    /// Its bytes, where it is taken whole.
    pub(super) whole: Option<Vec<u8>>,
}

impl Form {
    /// The file of a table.
    pub(super) fn path(&self, name: &str) -> String {
        match self {
            Self::Csv(suffix, _) => format!("{name}{suffix}.csv"),
            Self::Parquet => format!("{name}.parquet"),
        }
    }

    /// A short table.
    pub(super) fn bytes(&self, path: &str, table: &Table<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Csv(_, dialect) => csv::bytes(path, table, *dialect),
            Self::Parquet => parquet::bytes(path, table),
        }
    }

    /// A long table, made and written part by part.
    pub(super) fn write(&self, path: String, out: Output, rows: Rows<'_, '_>) -> Result<Written, Error> {
        let place = out.map_or_else(|| Place::Whole(Vec::new()), Place::Written);
        let counted = Counted { out: place, sha256: Sha256::new(), bytes: 0, refused: None };
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, counted);
        let written = match self {
            Self::Csv(_, dialect) if rows.count >= THREADED_ROW_COUNT => {
                let threads = threads_beside(rows.other_count);
                csv::write_side_by_side(&path, threads, parts(rows.count), rows.table, *dialect, &mut out)
            }
            Self::Csv(_, dialect) => csv::write(&path, parts(rows.count).map(rows.table), *dialect, &mut out),
            Self::Parquet => parquet::write_parts(&path, rows.count, parts(rows.count).map(rows.table), &mut out),
        };
        let flushed = out.flush();
        let (mut counted, _) = out.into_parts();
        if let Some(refusal) = counted.refused.take() {
            return Err(Error::Sink(refusal));
        }
        written?;
        flushed.map_err(|error| Error::Sink(error.into()))?;
        let entry = FileEntry { path, bytes: counted.bytes, sha256: counted.sha256.finish() };
        let whole = match counted.out {
            Place::Whole(bytes) => Some(bytes),
            Place::Written(_) => None,
        };
        Ok(Written { entry, whole })
    }
}

/// Where bytes go.
enum Place {
    Whole(Vec<u8>),
    Written(Box<dyn Write + Send>),
}

/// What is written, counted and hashed on its way.
struct Counted {
    out: Place,
    sha256: Sha256,
    bytes: usize,
    /// Why its place could not take it: formats would say that in words of their own.
    refused: Option<Refusal>,
}

impl Counted {
    fn refuse(&mut self, error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::Interrupted {
            // it is made again by whoever made it
            return error;
        }
        let (kind, text) = (error.kind(), error.to_string());
        self.refused.get_or_insert(match error.into_inner() {
            Some(inner) => inner,
            None => text.clone().into(),
        });
        io::Error::new(kind, text)
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match &mut self.out {
            Place::Whole(whole) => whole.write(bytes),
            Place::Written(out) => out.write(bytes),
        };
        let count = count.map_err(|error| self.refuse(error))?;
        self.sha256.update(&bytes[..count]);
        self.bytes += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Place::Whole(_) => Ok(()),
            Place::Written(out) => out.flush().map_err(|error| self.refuse(error)),
        }
    }
}
