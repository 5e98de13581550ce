//! The flags of `explain`.

use std::path::PathBuf;

use clap::Args;

use super::{Places, Which};

/// Flags of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Whose charge: a customer or a sub account, by its id or its name
    #[arg(value_name = "CUSTOMER|SUB ACCOUNT")]
    pub subject: String,
    /// Explain the change since this capture of the period, 20240115T020000Z [default: explain the charge itself]
    #[arg(long, value_name = "NAME")]
    pub since: Option<String>,
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Customer map [default: customers.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
    /// Invoices of all periods [default: invoices.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub invoices: Option<PathBuf>,
    /// Pooled invoice as finance has it, in major units: 80.00
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub invoice: Option<String>,
    /// Which capture
    #[command(flatten)]
    pub which: Which,
}
