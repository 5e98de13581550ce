//! The flags of `status`.

use std::path::PathBuf;

use clap::Args;

use super::Places;

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Folder that report sets are published in [default: reports]
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
}
