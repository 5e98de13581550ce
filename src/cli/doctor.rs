//! The flags of `doctor`.

use std::path::PathBuf;

use clap::Args;

use super::Places;

/// Flags of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Folder that report sets are published in [default: reports]
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// Customer map [default: customers.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
}
