//! The control sheet: the table that proves that the statements add up to the pooled invoice.

use crate::billing::charges::{Line, Statement};
use crate::billing::ledger::Ledger;
use crate::billing::money::Minor;

use super::table::{Builder, Table};
use super::tables::{MONEY, provenance};
use super::{FileEntry, shown_id};

/// A row of the control sheet.
enum Row<'a> {
    Statement(&'a Statement, &'a FileEntry),
    Kept(&'a Line),
    Sum { rows: i64, messages: Option<i64>, cost: Minor, markup: Minor, charge: Minor },
    PooledInvoice(Minor),
    Difference(Minor),
}

/// `control`: a row per statement and kept line, their sum, the pooled invoice, and the difference.
///
/// The sum is that of the statements and kept lines above it, so the difference shows a line that got lost.
pub(super) fn control(ledger: &Ledger, files: &[FileEntry]) -> Table {
    let charges = &ledger.charges;
    let (proof, currency) = (charges.proof(), charges.currency);
    let mut rows: Vec<Row<'_>> =
        charges.statements.iter().zip(files).map(|(statement, file)| Row::Statement(statement, file)).collect();
    rows.extend(charges.kept().map(Row::Kept));
    rows.push(Row::Sum {
        rows: i64::try_from(charges.lines.len()).unwrap_or(i64::MAX),
        messages: i64::try_from(proof.messages).ok(),
        cost: proof.cost,
        markup: proof.markup,
        charge: proof.charge,
    });
    rows.push(Row::PooledInvoice(charges.pooled.minor));
    rows.push(Row::Difference(proof.difference));
    let builder = Builder::new(&rows)
        .text("row_type", "`statement`, `kept`, `sum`, `pooled_invoice` or `difference` (of the two)", |row| {
            Some(row_type(row).to_owned())
        })
        .text("customer_id", "the customer of a statement, or the kept line's account", |row| match row {
            Row::Statement(statement, _) => Some(statement.customer.id.clone()),
            Row::Kept(line) => shown_id(line.account_id),
            _ => None,
        })
        .text("name", "its name", |row| match row {
            Row::Statement(statement, _) => Some(statement.customer.name.clone()),
            Row::Kept(line) => Some(line.name.clone()),
            _ => None,
        })
        .integer("rows", "lines", "lines of the chargeback in this row", |row| match row {
            Row::Statement(statement, _) => i64::try_from(statement.lines.len()).ok(),
            Row::Kept(_) => Some(1),
            Row::Sum { rows, .. } => Some(*rows),
            _ => None,
        })
        .integer("messages", "messages", "messages of those lines", |row| match row {
            Row::Statement(statement, _) => i64::try_from(statement.messages).ok(),
            Row::Kept(line) => line.messages,
            Row::Sum { messages, .. } => *messages,
            _ => None,
        })
        .text("currency", "ISO 4217 code of all money in the row", |_| Some(currency.code().to_owned()))
        .decimal("cost", MONEY, currency.decimals, "what those lines take from the pooled invoice", |row| match row {
            Row::Statement(statement, _) => Some(statement.cost.0),
            Row::Kept(line) => Some(line.cost().0),
            Row::Sum { cost, .. } => Some(cost.0),
            Row::PooledInvoice(amount) | Row::Difference(amount) => Some(amount.0),
        })
        .decimal("markup", MONEY, currency.decimals, "markup on top", |row| match row {
            Row::Statement(statement, _) => Some(statement.markup.0),
            Row::Kept(line) => Some(line.markup.0),
            Row::Sum { markup, .. } => Some(markup.0),
            _ => None,
        })
        .decimal("charge", MONEY, currency.decimals, "what is charged", |row| match row {
            Row::Statement(statement, _) => Some(statement.charge.0),
            Row::Kept(line) => Some(line.charge().0),
            Row::Sum { charge, .. } => Some(charge.0),
            _ => None,
        })
        .text("file", "the customer's own file", |row| Some(file(row)?.path.clone()))
        .text("sha256", "SHA-256 of that file", |row| Some(file(row)?.sha256.clone()));
    provenance(builder, ledger).finish()
}

fn row_type(row: &Row<'_>) -> &'static str {
    match row {
        Row::Statement(..) => "statement",
        Row::Kept(_) => "kept",
        Row::Sum { .. } => "sum",
        Row::PooledInvoice(_) => "pooled_invoice",
        Row::Difference(_) => "difference",
    }
}

fn file<'a>(row: &Row<'a>) -> Option<&'a FileEntry> {
    match row {
        Row::Statement(_, file) => Some(file),
        _ => None,
    }
}
