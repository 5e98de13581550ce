//! The flags of `close`.

use std::path::PathBuf;

use clap::Args;

use super::{Formats, Places};
use crate::billing::close::{Accepted, Obstacle};
use crate::commands::close::Request;
use crate::config::TypedInvoice;

/// Flags of `close`.
#[derive(Debug, Args)]
pub struct Close {
    /// Where things are
    #[command(flatten)]
    pub places: Places,
    /// Folder that report sets are published in [default: reports]
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// Customer map [default: customers.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub customers: Option<PathBuf>,
    /// Invoices that finance keeps [default: invoices.csv, if it is there]
    #[arg(long, value_name = "FILE")]
    pub invoices: Option<PathBuf>,
    /// What is published
    #[command(flatten)]
    pub formats: Formats,
    /// Billing period by its start date, 2024-01-01
    #[arg(long, value_name = "DATE")]
    pub period: String,
    /// Capture to close with, by its name [default: the last one; for the same close again, the one it was made with]
    #[arg(long, value_name = "NAME")]
    pub capture: Option<String>,
    /// The invoice
    #[command(flatten)]
    pub invoice: Invoice,
    /// What is in the way, and accepted
    #[command(flatten)]
    pub accept: Accept,
    /// Why a period that is closed is closed again: makes a correction with a journal
    #[arg(long, value_name = "WHY")]
    pub reason: Option<String>,
    /// Show what the close would be, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The invoice as it is printed; without an amount, that of the period in `invoices.csv` or the configuration.
#[derive(Debug, Args)]
#[command(next_help_heading = "The invoice, in major units and signed as printed; without it, that of invoices.csv")]
pub struct Invoice {
    /// The invoice's number
    #[arg(long = "invoice-number", value_name = "TEXT", requires = "amount")]
    pub number: Option<String>,
    /// Amount to pay, everything included: 83.20
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, requires = "number")]
    pub amount: Option<String>,
    /// Tax in it
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, requires = "amount")]
    pub tax: Option<String>,
    /// Credits in it, as a negative amount
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, requires = "amount")]
    pub credit: Option<String>,
    /// Add-ons in it that the API does not know
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, requires = "amount")]
    pub add_on: Option<String>,
    /// Its currency, to be checked: eur
    #[arg(long, value_name = "CODE", requires = "amount")]
    pub currency: Option<String>,
}

/// What stops a close unless it is accepted. The reason is kept for good.
#[derive(Debug, Args)]
#[command(next_help_heading = "What stops a close unless it is accepted, with a reason that is kept")]
pub struct Accept {
    /// Part of the invoice that nothing explains
    #[arg(long = "accept-rest", value_name = "WHY")]
    pub rest: Option<String>,
    /// An end of the period that nobody saw
    #[arg(long = "accept-tail", value_name = "WHY")]
    pub tail: Option<String>,
    /// Nights, captures or periods that are missing
    #[arg(long = "accept-gaps", value_name = "WHY")]
    pub gaps: Option<String>,
    /// Books that do not balance
    #[arg(long = "accept-errors", value_name = "WHY")]
    pub errors: Option<String>,
}

impl Close {
    /// What is asked for.
    pub fn request(&self) -> Request {
        let Accept { rest, tail, gaps, errors } = &self.accept;
        let of = |what| match what {
            Obstacle::Errors => errors,
            Obstacle::Rest => rest,
            Obstacle::Tail => tail,
            Obstacle::Gaps => gaps,
        };
        let accepted = Obstacle::ALL.into_iter().filter_map(|what| {
            let reason = of(what).clone()?;
            Some(Accepted { what, reason })
        });
        Request {
            period: self.period.clone(),
            capture: self.capture.clone(),
            invoice: self.invoice.typed(),
            accepted: accepted.collect(),
            reason: self.reason.clone(),
            is_dry: self.dry_run,
        }
    }
}

impl Invoice {
    fn typed(&self) -> Option<TypedInvoice> {
        Some(TypedInvoice {
            number: self.number.clone().unwrap_or_default(),
            amount: self.amount.clone()?,
            tax: self.tax.clone(),
            credit: self.credit.clone(),
            add_on: self.add_on.clone(),
            currency: self.currency.clone(),
            source: TypedInvoice::COMMAND_LINE.to_owned(),
        })
    }
}
