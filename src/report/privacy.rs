//! The check before publishing: a customer's file shows nothing of anybody else.
//!
//! It does not trust the code that made the file: it reads the finished bytes back and holds every text in them
//! against what this customer may see. The file may say more only if a new column is allowed here as well.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::billing::charges::{FEE_NAME, Held, MINIMUM_NAME, Statement};
use crate::billing::customers::Customer;
use crate::billing::grade::Grade;
use crate::billing::ledger::Ledger;
use crate::billing::moves::Stretch;
use crate::billing::period::{Period, timestamp};

use super::Error;
use super::csv::guarded;
use super::parquet;

/// Reads both files of a statement back and refuses any text that is not the customer's own.
pub(super) fn check(
    ledger: &Ledger,
    statement: &Statement,
    csv_path: &str,
    csv: &[u8],
    parquet_path: &str,
    parquet: &[u8],
) -> Result<(), Error> {
    let own = own_texts(ledger, statement);
    let failed = |error: csv::Error| Error::Format { file: csv_path.to_owned(), source: error.into() };
    let guarded_own: BTreeSet<String> = own.iter().map(|text| guarded(text).into_owned()).collect();
    for record in csv::Reader::from_reader(csv).records() {
        let record = record.map_err(failed)?;
        for cell in &record {
            let harmless = cell.is_empty() || is_number(cell) || is_time(cell) || guarded_own.contains(cell);
            if !harmless {
                return Err(leak(csv_path, cell));
            }
        }
    }
    match parquet::texts(parquet_path, parquet)?.iter().find(|text| !text.is_empty() && !own.contains(text.as_str())) {
        Some(text) => Err(leak(parquet_path, text)),
        None => Ok(()),
    }
}

/// Every text that the customer may see.
fn own_texts(ledger: &Ledger, statement: &Statement) -> BTreeSet<String> {
    let customer = &statement.customer;
    let grades = [Grade::Observed, Grade::Tail, Grade::Attributed, Grade::Residual].map(Grade::as_str);
    let fixed = [
        "sub_account",
        "attributed",
        "statement_total",
        ledger.state().as_str(),
        "fee",
        "minimum",
        FEE_NAME,
        MINIMUM_NAME,
        ledger.charges.currency.code(),
        &ledger.books.capture.id,
    ];
    let mut own: BTreeSet<String> = fixed.into_iter().chain(grades).map(str::to_owned).collect();
    own.extend([customer.id.clone(), customer.name.clone(), customer.cost_center.clone()]);
    for line in ledger.charges.lines_of(statement) {
        // the owner is asked again here: a line on the wrong statement is caught as well
        let Some(id) = line.account_id else { continue };
        match &line.held {
            None => {
                let owner = ledger.terms.customer_of(id, &line.name, ledger.books.as_of());
                if owner.is_some_and(|owner| owner.id == customer.id) {
                    own.extend(names(ledger, id));
                    own.extend(status(ledger, id));
                }
            }
            Some(held) => {
                // whose it was is asked of the past again, not of the line
                let Some(stretch) = stretch(ledger, id, held).filter(|stretch| is_of(stretch, customer)) else {
                    continue;
                };
                own.extend(times(stretch, ledger.books.usage.period));
                own.extend([id.to_string(), stretch.name.clone()]);
                // how the account is now is nothing to whoever had it before
                own.extend(status(ledger, id).filter(|_| held.is_last));
            }
        }
    }
    own
}

/// The id of an account and the names that the books and the captures before know it by.
fn names(ledger: &Ledger, id: Uuid) -> impl Iterator<Item = String> {
    let books = &ledger.books;
    let used = books.usage_lines(id).iter().map(|line| line.name.clone());
    let gone = ledger.attribution.named().filter(move |(gone, _)| gone.account_id == id);
    used.chain(gone.map(|(gone, _)| gone.name.clone())).chain([id.to_string()])
}

/// The status of an account, where the books tell.
fn status(ledger: &Ledger, id: Uuid) -> Option<String> {
    ledger.books.account(id).map(|account| account.status.as_str().to_owned())
}

/// The stretch that a line of an account which changed hands is of.
fn stretch<'l>(ledger: &'l Ledger, id: Uuid, held: &Held) -> Option<&'l Stretch> {
    let mut stretches = ledger.moves.get(&id)?.iter();
    stretches.find(|stretch| (stretch.days, &stretch.from) == (held.days, &held.from))
}

fn is_of(stretch: &Stretch, customer: &Customer) -> bool {
    stretch.owner.as_ref().is_some_and(|owner| owner.id == customer.id)
}

/// The days on which an account was the customer's, and the captures that its messages are counted between.
fn times(stretch: &Stretch, period: Period) -> impl Iterator<Item = String> {
    let days = [stretch.days.from, stretch.days.to].into_iter().flatten().map(|day| day.to_string());
    let from = stretch.from.clone().unwrap_or_else(|| timestamp(period.start));
    days.chain([from, stretch.until.clone()])
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn is_time(cell: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(cell).is_ok()
}

fn leak(file: &str, text: &str) -> Error {
    Error::Leak { file: file.to_owned(), what: format!("`{}`", text.escape_debug().take(80).collect::<String>()) }
}
