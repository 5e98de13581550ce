//! The flags of `archive`.

use clap::{Args, Subcommand};

use super::Places;

/// What to do with the archive.
#[derive(Debug, Subcommand)]
pub enum Archive {
    /// Make one table of all captures of each closed period, in the place of theirs, offline
    ///
    /// For SQL engines, to which many small files are dear. The tables are made from the evidence, which stays as it is, and every
    /// command works as before.
    Compact(Compact),
}

/// Flags of `archive compact`.
#[derive(Debug, Args)]
pub struct Compact {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
}
