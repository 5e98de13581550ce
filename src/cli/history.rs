//! The flags of `history`.

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::Places;
use crate::billing::history::{By, Days, Scope};
use crate::nightly::Asked;

/// Flags of `history`.
#[derive(Debug, Args)]
pub struct History {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Customer map [default: customers.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub customers: Option<std::path::PathBuf>,
    /// What messages and cost are told apart by
    #[arg(long, value_enum, default_value_t = Apart::Pool)]
    pub by: Apart,
    /// Billing period by its start date, 2024-01-01 [default: that of the last capture]
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    pub period: Option<NaiveDate>,
    /// First day, of whatever billing period [default: that of the first capture]
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// Last day [default: that of the last capture]
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    /// Spread a difference over several days in equal parts over them, marked as estimated
    #[arg(long)]
    pub even_out: bool,
}

/// What figures are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Apart {
    /// Not at all: the pool
    Pool,
    /// Customers; the parent account and removed usage without a name stay apart
    Customer,
    /// Sub accounts
    Account,
}

impl History {
    /// What is asked for.
    pub fn asked(&self) -> Asked {
        let by = match self.by {
            Apart::Pool => By::Pool,
            Apart::Customer => By::Customer,
            Apart::Account => By::Account,
        };
        Asked { scope: self.scope(), by, even_out: self.even_out }
    }

    fn scope(&self) -> Option<Scope> {
        match (self.period, self.from, self.to) {
            (Some(period), ..) => Some(Scope::Period(period.to_string())),
            (None, None, None) => None,
            (None, from, to) => {
                let (first, last) = (from.unwrap_or(NaiveDate::MIN), to.unwrap_or(NaiveDate::MAX));
                Some(Scope::Days(Days { first, last }))
            }
        }
    }
}
