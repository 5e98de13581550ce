//! The check before publishing: a customer's file shows nothing of anybody else.
//!
//! It does not trust the code that made the file: it reads the finished bytes back and holds every text in them
//! against what this customer may see. The file may say more only if a new column is allowed here as well.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::billing::charges::Statement;
use crate::billing::grade::Grade;
use crate::billing::ledger::Ledger;

use super::Error;
use super::csv::guarded;
use super::parquet;
use super::tables::STATE;

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
        STATE,
        ledger.charges.currency.code(),
        &ledger.books.capture.id,
    ];
    let mut own: BTreeSet<String> = fixed.into_iter().chain(grades).map(str::to_owned).collect();
    own.extend([customer.id.clone(), customer.name.clone(), customer.cost_center.clone()]);
    for line in ledger.charges.lines_of(statement) {
        // the owner is asked again here: a line on the wrong statement is caught as well
        let is_own = |id: &Uuid| ledger.terms.customer_of(*id, &line.name).is_some_and(|owner| owner.id == customer.id);
        if let Some(id) = line.account_id.filter(is_own) {
            own.extend([id.to_string(), line.name.clone()]);
            own.extend(line.status.as_ref().map(|status| status.as_str().to_owned()));
        }
    }
    own
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
