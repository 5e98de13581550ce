//! `report.html`, and a statement page for each customer: one file each, with nothing to load and nothing to run.
//!
//! Every name of an account or a customer stands in a `<bdi>`, so that it cannot turn the direction of what is
//! around it.

mod caps;
mod customers;
mod days;
mod findings;
mod head;
mod invoice;
mod page;
mod parts;
mod phrases;
mod provenance;
mod scan;
mod statement;
mod unseen;

#[cfg(test)]
pub(super) mod tests;

use maud::html;

use crate::billing::ledger::Ledger;

use super::SetInfo;
use super::text::shown;

pub(super) use self::phrases::foreign_text;
pub(super) use self::statement::statement;

/// The page of the pool.
pub(super) fn report(ledger: &Ledger, info: &SetInfo) -> Vec<u8> {
    let title = format!("Chargeback of {}, {}", shown(&info.label), parts::period(ledger.books.usage.period));
    let body = html! {
        (head::head(ledger, info))
        main {
            (head::sums(ledger))
            (invoice::bridge(ledger))
            (invoice::journal(ledger))
            (customers::section(ledger, &info.formats))
            (customers::kept(ledger))
            (days::section(ledger))
            (caps::section(ledger, &info.formats))
            (unseen::removed(ledger))
            (unseen::tail(ledger, &info.formats))
            (findings::section(ledger))
            (provenance::section(ledger, info))
        }
        footer { p { (info.tool) ". Every time is in UTC." } }
    };
    page::page(&page::REPORT, &title, "report", &body)
}
