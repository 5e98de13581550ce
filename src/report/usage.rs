//! `usage.parquet`: a capture's facts as one table, so that SQL engines can read the archive as a dataset.

mod read;

use crate::billing::books::{Books, SubAccount, Tally};

use super::Error;
use super::parquet;
use super::shown_id;
use super::table::{Builder, Table};

pub use self::read::{Unusable, UsageNames, UsageOfSeveral, UsageRows};

struct Row<'a> {
    kind: &'static str,
    account_id: Option<uuid::Uuid>,
    name: Option<&'a str>,
    account: Option<&'a SubAccount>,
    tally: Tally,
}

/// The usage of one capture as Parquet: the parent, each sub account, the removed aggregate. No total row.
///
/// Amounts have a fixed scale in every capture, so that the files of an archive have one schema.
pub fn usage_parquet(books: &Books) -> Result<Vec<u8>, Error> {
    parquet::bytes("usage.parquet", &table(books))
}

/// The usage of several captures as one file, a row group each, in the order in which they are added.
///
/// The rows and columns of each are those of its own table.
pub struct UsageOfPeriod<'v>(parquet::Groups<&'v mut Vec<u8>>);

impl<'v> UsageOfPeriod<'v> {
    /// A file of no capture yet, whose bytes go there.
    pub fn new(bytes: &'v mut Vec<u8>) -> Self {
        Self(parquet::Groups::new("usage.parquet", bytes))
    }

    /// Adds a capture.
    pub fn add(&mut self, books: &Books) -> Result<(), Error> {
        self.0.add(&table(books))
    }

    /// Ends the file.
    pub fn finish(self) -> Result<(), Error> {
        self.0.finish().map(|_| ())
    }
}

pub(super) fn table(books: &Books) -> Table<'_> {
    let usage = &books.usage;
    let mut rows = Vec::with_capacity(usage.sub_accounts.len() + 2);
    rows.push(Row {
        kind: "parent",
        account_id: Some(usage.parent_id),
        name: None,
        account: books.account(usage.parent_id),
        tally: usage.parent,
    });
    rows.extend(books.known().flat_map(|known| {
        known.lines.iter().map(move |line| {
            let (account_id, name) = (Some(line.account_id), Some(line.name.as_ref()));
            Row { kind: "sub_account", account_id, name, account: known.account(), tally: line.tally }
        })
    }));
    rows.push(Row { kind: "removed", account_id: None, name: None, account: None, tally: usage.removed });
    Builder::new(&rows)
        .text("bucket", "`parent`, `sub_account` or `removed`", |row| Some(row.kind))
        .text("account_id", "the account; empty for removed", |row| shown_id(row.account_id))
        .text("account_name", "its name", |row| row.name)
        .text("account_status", "its status, where known", |row| Some(row.account?.status.as_str()))
        .integer("monthly_credit", "messages", "its cap; 0 means uncapped", |row| Some(row.account?.monthly_credit))
        .integer("messages", "messages", "messages in the period so far", |row| Some(row.tally.messages))
        .exact("allocated_cost", usage.currency, "the API's share", |row| Some(row.tally.cost.exact()))
        .text("currency", "ISO 4217 code", |_| Some(usage.currency.code()))
        .timestamp("captured_at", "when the usage answer had arrived", |_| Some(books.capture.at))
        .timestamp("period_start", "first instant of the billing period", |_| Some(usage.period.start))
        .timestamp("period_end", "first instant after the billing period", |_| Some(usage.period.end))
        .finish()
}
