//! `chargeback.xlsx`: the tables of the set for people, with a summary before them and live formulas on the control sheet.
//!
//! Text is always text, and money is a number only as far as a spreadsheet's numbers carry all its digits. Formulas are on the
//! control sheet alone: it adds the chargeback up again in front of the reader.

mod book;
mod cell;
mod chart;
mod column;
mod control;
mod level;
mod sheet;
mod style;
mod summary;

use rust_xlsxwriter::XlsxError;

use crate::billing::finding::Severity;
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::money::Minor;

use super::table::{Cells, Spec, Table};
use super::text::{counted, grouped};
use super::{Error, FileEntry, SetInfo, closing, format, overview, tables, unseen};

use self::book::{Book, ROW_COUNT_MAX};
use self::sheet::{Part, Tabled};

/// The column that leads from a line to its row on the control sheet.
const CONTROL_ROW: Spec =
    Spec::new("control_row", "", "the number of the control sheet's row that the line is part of");

/// The workbook; `file` is only for errors.
pub(super) fn bytes(file: &str, ledger: &Ledger, info: &SetInfo, statements: &[FileEntry]) -> Result<Vec<u8>, Error> {
    workbook(ledger, info, statements, ROW_COUNT_MAX).map_err(|error| as_error(file, error))
}

fn as_error(file: &str, error: XlsxError) -> Error {
    Error::Format { file: file.to_owned(), source: error.into() }
}

fn workbook(
    ledger: &Ledger,
    info: &SetInfo,
    statements: &[FileEntry],
    row_count_max: usize,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Book::new(ledger, info, row_count_max);
    summary::write(&mut book, ledger, info)?;
    let (lines, parts) = chargeback(&mut book, ledger)?;
    let whole = if info.formats.has_part(format::Part::Statements) { "control.csv" } else { "chargeback.csv" };
    control::write(&mut book, ledger, statements, whole, &control::Lines { table: &lines, parts: &parts })?;
    caps(&mut book, ledger, info)?;
    removed(&mut book, ledger)?;
    findings(&mut book, ledger)?;
    journal(&mut book, ledger)?;
    book.workbook.worksheet_from_name(summary::NAME)?.set_active(true);
    book.workbook.save_to_buffer()
}

/// Every line, with the number of the row of the control sheet that it is part of.
fn chargeback<'l>(book: &mut Book, ledger: &'l Ledger) -> Result<(Table<'l>, Vec<Part>), XlsxError> {
    let (charges, proof) = (&ledger.charges, ledger.charges.proof());
    let mut table = tables::chargeback(ledger, 0..charges.lines.len());
    table.columns.push((CONTROL_ROW, Cells::Integer(control::numbers(charges))));
    let money = |minor: Minor| format!("{} {}", grouped(&charges.currency.format(minor)), charges.currency.code());
    let total = format!(
        "{}: cost {}, charge {}, of which customers are charged {}. These are subledger's own sums, to compare with those of \
         the columns. Grades: A observed, B with an unseen tail, C attributed, D residual. All times are UTC; click [+] above a \
         column to unfold ids, bounds and origins.",
        counted(table.height(), "line"),
        money(proof.cost),
        money(proof.charge),
        money(proof.charged),
    );
    let tabled = Tabled {
        name: "Chargeback",
        table: &table,
        total,
        frozen: "customer_name",
        whole: "chargeback.csv",
        foot: 0,
        open: &[],
    };
    let parts = tabled.write(book)?;
    Ok((table, parts))
}

fn caps(book: &mut Book, ledger: &Ledger, info: &SetInfo) -> Result<(), XlsxError> {
    let table = tables::caps(ledger, &ledger.caps_by_use());
    let levels = Level::ALL.iter().rev().map(|level| {
        let count = ledger.caps_at(*level);
        format!("{} {}", grouped(&count.to_string()), level.as_str())
    });
    let levels: Vec<String> = levels.collect();
    let total = format!("{}: {}. Rates are messages a day.", counted(table.height(), "sub account"), levels.join(", "));
    simple("Caps", &table, total, "account_name", info.formats.file_of_caps()).write(book).map(drop)
}

fn removed(book: &mut Book, ledger: &Ledger) -> Result<(), XlsxError> {
    let (table, messages) = (unseen::removed(ledger), ledger.attribution.messages());
    let total = if table.height() == 0 {
        "No sub account was removed in the period.".to_owned()
    } else {
        let rows = counted(table.height(), "row");
        format!("{rows}: {} messages of removed sub accounts.", grouped(&messages.to_string()))
    };
    simple("Removed", &table, total, "account_name", "removed.csv").write(book).map(drop)
}

fn findings(book: &mut Book, ledger: &Ledger) -> Result<(), XlsxError> {
    let table = overview::findings(ledger);
    let of = |severity: Severity| counted(ledger.count(severity), severity.as_str());
    let listed = ledger.findings.listed.len();
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(of).join(", ");
    let total =
        format!("{counts}; {} listed. Programs read them in reconciliation.json.", grouped(&listed.to_string()));
    simple("Findings", &table, total, "code", "reconciliation.json").write(book).map(drop)
}

/// What a correction changes, if the set is one.
fn journal(book: &mut Book, ledger: &Ledger) -> Result<(), XlsxError> {
    let Some(superseded) = ledger.superseded() else { return Ok(()) };
    let table = closing::journal(ledger, superseded);
    let total = format!(
        "{}: what this revision changes of revision {}, line by line. Costs come first, with their sum beside the invoices.",
        counted(table.height(), "row"),
        superseded.revision,
    );
    simple("Journal", &table, total, "name", "journal.csv").write(book).map(drop)
}

/// A table without a foot or formulas.
fn simple<'t>(
    name: &'static str,
    table: &'t Table<'t>,
    total: String,
    frozen: &'static str,
    whole: &'static str,
) -> Tabled<'t> {
    Tabled { name, table, total, frozen, whole, foot: 0, open: &[] }
}

#[cfg(test)]
mod tests;
