//! The check before publishing: a customer's file shows nothing of anybody else.
//!
//! It does not trust the code that made the file: it reads the finished bytes back and holds every text in them
//! against what this customer may see. The file may say more only if a new column is allowed here as well.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::billing::charges::{FEE_NAME, Held, MINIMUM_NAME, Payer, Statement};
use crate::billing::grade::Grade;
use crate::billing::ledger::Ledger;
use crate::billing::moves::Stretch;
use crate::billing::period::{Period, timestamp};

use super::csv::{Dialect, guarded};
use super::table::{Cells, Table};
use super::{Error, SetInfo, html, parquet};

/// A finished file of a customer.
pub(super) struct Made<'t> {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    pub(super) content: Content<'t>,
}

/// What it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'t> {
    /// CSV of this table, which says what columns there are, and in which of them figures belong.
    Csv(Dialect, &'t Table<'t>),
    Parquet,
    Page,
}

/// Reads every file of a statement back and refuses any text that is not the customer's own.
pub(super) fn check(
    ledger: &Ledger,
    info: &SetInfo,
    statement: &Statement<'_>,
    made: &[Made<'_>],
) -> Result<(), Error> {
    let own = own_texts(ledger, statement);
    let foreign = |text: &String| !text.is_empty() && !own.contains(text);
    for Made { path, bytes, content } in made {
        let found = match content {
            Content::Csv(dialect, table) => foreign_cell(&own, table, path, bytes, *dialect)?,
            Content::Parquet => parquet::texts(path, bytes)?.into_iter().find(foreign),
            Content::Page => html::foreign_text(bytes, &own, info),
        };
        if let Some(text) = found {
            return Err(leak(path, &text));
        }
    }
    Ok(())
}

/// The first cell of a CSV file that is neither the customer's own text nor a figure where figures belong.
fn foreign_cell(
    own: &BTreeSet<String>,
    table: &Table<'_>,
    path: &str,
    bytes: &[u8],
    dialect: Dialect,
) -> Result<Option<String>, Error> {
    let failed = |error: csv::Error| Error::Format { file: path.to_owned(), source: error.into() };
    let texts: BTreeSet<String> = own.iter().map(|text| guarded(text, dialect.guard).into_owned()).collect();
    let harmless = |cell: &str, cells: &Cells| match cells {
        _ if cell.is_empty() => true,
        Cells::Text(_) | Cells::Shared { .. } => texts.contains(cell),
        Cells::Integer(_) | Cells::Decimal { .. } | Cells::Exact { .. } => is_number(cell, dialect),
        Cells::Date(_) => own.contains(cell),
        Cells::Timestamp(_) => is_time(cell),
    };
    let bytes = bytes.strip_prefix(dialect.start.as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(dialect.delimiter).from_reader(bytes);
    let header = reader.headers().map_err(failed)?;
    let names = table.columns.iter().map(|(spec, _)| spec.name);
    if let Some((name, _)) = header.iter().zip(names.chain(std::iter::repeat(""))).find(|(a, b)| a != b) {
        return Ok(Some(name.to_owned()));
    }
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let mut cells = record.iter().zip(&table.columns);
        if let Some((cell, _)) = cells.find(|(cell, (_, cells))| !harmless(cell, cells)) {
            return Ok(Some(cell.to_owned()));
        }
    }
    Ok(None)
}

/// Every text that the customer may see.
fn own_texts(ledger: &Ledger, statement: &Statement<'_>) -> BTreeSet<String> {
    let payer = statement.payer;
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
    own.extend([&payer.id(), payer.name(), payer.cost_center()].map(str::to_owned));
    for line in ledger.charges.lines_of(statement) {
        // the owner is asked again here: a line on the wrong statement is caught as well
        let Some(id) = line.account_id else { continue };
        match line.held() {
            None => {
                let owner = ledger.terms.customer_of(id, &line.name, ledger.books.as_of());
                if owner.is_some_and(|owner| payer.has_id(&owner.id)) {
                    own.extend(names(ledger, id));
                    own.extend(status(ledger, id));
                }
            }
            Some(held) => {
                // whose it was is asked of the past again, not of the line
                let Some(stretch) = stretch(ledger, id, held).filter(|stretch| is_of(stretch, payer)) else {
                    continue;
                };
                own.extend(times(stretch, ledger.books.usage.period));
                own.extend([id.to_string(), stretch.name.to_string()]);
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
    let used = books.usage_lines(id).iter().map(|line| line.name.to_string());
    let gone = ledger.attribution.named().filter(move |(gone, _)| gone.account_id == id);
    used.chain(gone.map(|(gone, _)| gone.name.to_string())).chain([id.to_string()])
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

fn is_of(stretch: &Stretch, payer: Payer<'_>) -> bool {
    stretch.owner.as_ref().is_some_and(|owner| payer.has_id(&owner.id))
}

/// The days on which an account was the customer's, and the captures that its messages are counted between.
fn times(stretch: &Stretch, period: Period) -> impl Iterator<Item = String> {
    let days = [stretch.days.from, stretch.days.to].into_iter().flatten().map(|day| day.to_string());
    let from = stretch.from.as_ref().map_or_else(|| timestamp(period.start), ToString::to_string);
    days.chain([from, stretch.until.to_string()])
}

fn is_number(cell: &str, dialect: Dialect) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == dialect.decimal_point)
}

fn is_time(cell: &str) -> bool {
    let is_of_a_sheet = chrono::NaiveDateTime::parse_from_str(cell, "%Y-%m-%d %H:%M:%S").is_ok();
    is_of_a_sheet || chrono::DateTime::parse_from_rfc3339(cell).is_ok()
}

fn leak(file: &str, text: &str) -> Error {
    Error::Leak { file: file.to_owned(), what: format!("`{}`", text.escape_debug().take(80).collect::<String>()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Spec;

    /// What is refused of a customer's file with these lines; the customer is 1001.
    fn refused(header: &str, line: &str) -> Option<String> {
        let column = |name, cells| (Spec::new(name, "", ""), cells);
        let table = Table {
            columns: vec![
                column("customer_id", Cells::Text(vec![None])),
                column("messages", Cells::Integer(vec![None])),
                column("at", Cells::Timestamp(vec![None])),
                column("day", Cells::Date(vec![None])),
            ],
        };
        let own = ["1001", "=own", "2024-01-05"].map(str::to_owned).into();
        let bytes = format!("{header}\r\n{line}\r\n");
        foreign_cell(&own, &table, "t", bytes.as_bytes(), Dialect::PLAIN).unwrap()
    }

    #[test]
    fn figures_belong_into_columns_of_figures() {
        let header = "customer_id,messages,at,day";
        assert_eq!(refused(header, "1001,1002,2024-01-01T00:00:00Z,2024-01-05"), None);
        assert_eq!(refused(header, "'=own,,,"), None);
        for (line, foreign) in [
            ("1002,5,,", "1002"),
            ("2024-01-01T00:00:00Z,5,,", "2024-01-01T00:00:00Z"),
            ("1001,Beta,,", "Beta"),
            ("1001,5,1002,", "1002"),
            ("1001,5,,2024-01-06", "2024-01-06"),
        ] {
            assert_eq!(refused(header, line).as_deref(), Some(foreign));
        }
        assert_eq!(refused("customer_id,messages,at,Beta", "1001,5,,").as_deref(), Some("Beta"));
        assert_eq!(refused("customer_id,messages,at,day,Beta", "1001,5,,,").as_deref(), Some("Beta"));
    }
}
