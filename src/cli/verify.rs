//! The flags of `verify`.

use std::path::PathBuf;

use clap::Args;

use super::Places;

/// Flags of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Folder that report sets are published in [default: reports]
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
}
