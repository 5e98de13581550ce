//! The flags of `prune`.

use std::path::PathBuf;

use clap::Args;

use super::Places;
use crate::commands::prune::Pruning;

/// Flags of `prune`.
#[derive(Debug, Args)]
pub struct Prune {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Folder that report sets are published in [default: reports]
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// How many provisional sets of each billing period stay, the newest first; what `latest` leads to stays in any case (if that
    /// is nothing, the newest does), and with 0 nothing else
    #[arg(long, value_name = "NUMBER")]
    pub keep_provisional: u32,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl Prune {
    /// What is asked for.
    pub fn pruning(&self) -> Pruning {
        let keep = usize::try_from(self.keep_provisional).unwrap_or(usize::MAX);
        Pruning { keep_provisional: keep, is_dry: self.dry_run }
    }
}
