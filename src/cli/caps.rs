//! The flags of `caps`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::accounts::Yes;
use crate::commands::caps::Agreed;

/// What to do with caps.
#[derive(Debug, Subcommand)]
pub enum Caps {
    /// Print the caps that differ from the customer map
    Plan(MapPlace),
    /// Perform a plan that was printed; refused if the live caps have changed since
    Apply {
        /// Where the wanted caps are
        #[command(flatten)]
        map: MapPlace,
        /// The plan, by the id that `caps plan` printed [default: print it now and ask]
        #[arg(long, value_name = "ID")]
        plan: Option<String>,
        /// Whether it is agreed
        #[command(flatten)]
        yes: Yes,
    },
}

/// Where the wanted caps are.
#[derive(Debug, Args)]
pub struct MapPlace {
    /// Customer map with the wanted caps in a column of their own [default: customers.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
}

impl Caps {
    /// What has been agreed to; nothing for a command that only prints.
    pub fn agreed(&self) -> Option<Agreed> {
        match self {
            Self::Plan(_) => None,
            Self::Apply { plan: Some(id), .. } => Some(Agreed::Plan(id.trim().to_owned())),
            Self::Apply { yes, .. } => Some(Agreed::Printed(yes.consent())),
        }
    }

    /// The customer map that was named.
    pub(super) fn customers(&self) -> Option<PathBuf> {
        let (Self::Plan(map) | Self::Apply { map, .. }) = self;
        map.customers.clone()
    }
}
