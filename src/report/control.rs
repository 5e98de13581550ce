//! The control sheet: the table that proves that the statements add up to the pooled invoice.

use std::borrow::Cow;

use crate::billing::charges::{Charges, Line, Proof, Statement};
use crate::billing::invoice::Class;
use crate::billing::ledger::Ledger;
use crate::billing::money::Minor;

use super::table::{Builder, Table};
use super::tables::{MONEY, provenance};
use super::{FileEntry, shown_id};

/// A row of the control sheet.
pub(super) enum Row<'a> {
    /// A statement, with its file if it has one.
    Statement(Statement<'a>, Option<&'a FileEntry>),
    Kept(&'a Line),
    LeftOut(Class, Minor),
    Sum(Proof, i64),
    PooledInvoice(Minor),
    Difference(Minor),
}

/// `control`, or the part of it that has these rows.
pub(super) fn control<'l>(ledger: &'l Ledger, rows: &[Row<'l>]) -> Table<'l> {
    let currency = ledger.charges.currency;
    let builder = Builder::new(rows)
        .text(
            "row_type",
            "`statement`, `kept`, `left_out`, `sum`, `pooled_invoice` or `difference` (of the two)",
            |row| Some(row_type(row)),
        )
        .text("customer_id", "the customer of a statement, or the kept line's account", |row| match row {
            Row::Statement(statement, _) => Some(statement.payer.id()),
            Row::Kept(line) => shown_id(line.account_id).map(Cow::Owned),
            _ => None,
        })
        .text("name", "its name", |row| match row {
            Row::Statement(statement, _) => Some(statement.payer.name()),
            Row::Kept(line) => Some(line.name.as_ref()),
            Row::LeftOut(class, _) => Some(class.title()),
            _ => None,
        })
        .integer("rows", "lines", "lines of the chargeback in this row", |row| match row {
            Row::Statement(statement, _) => i64::try_from(statement.lines.len()).ok(),
            Row::Kept(_) => Some(1),
            Row::LeftOut(..) => Some(0),
            Row::Sum(_, rows) => Some(*rows),
            _ => None,
        })
        .integer("messages", "messages", "messages of those lines", |row| match row {
            Row::Statement(statement, _) => i64::try_from(statement.sums.messages).ok(),
            Row::Kept(line) => line.messages,
            Row::Sum(proof, _) => i64::try_from(proof.messages).ok(),
            _ => None,
        })
        .text("currency", "ISO 4217 code of all money in the row", |_| Some(currency.code()))
        .decimal("cost", MONEY, currency.decimals, "what those lines take from the pooled invoice", |row| match row {
            Row::Statement(statement, _) => Some(statement.sums.cost.0),
            Row::Kept(line) => Some(line.cost().0),
            Row::Sum(proof, _) => Some(proof.sum().0),
            Row::LeftOut(_, amount) | Row::PooledInvoice(amount) | Row::Difference(amount) => Some(amount.0),
        })
        .decimal("markup", MONEY, currency.decimals, "markup on top", |row| Some(charged(row)?.markup.0))
        .decimal("fee", MONEY, currency.decimals, "fees and minimums", |row| Some(charged(row)?.fee.0))
        .decimal("charge", MONEY, currency.decimals, "what is charged", |row| Some(charged(row)?.charge.0))
        .decimal("margin", MONEY, currency.decimals, "charge less cost", |row| Some(charged(row)?.margin.0))
        .text("file", "the customer's own file", |row| Some(file(row)?.path.as_str()))
        .text("sha256", "SHA-256 of that file", |row| Some(file(row)?.sha256.as_str()));
    provenance(builder, ledger).finish()
}

/// The rows of `control`: one per statement, kept line and class that is left out, their sum, the pooled invoice, and the
/// difference.
///
/// The sum is that of the rows above it, so the difference shows a line that got lost.
pub(super) fn rows<'a>(charges: &'a Charges, files: &'a [FileEntry]) -> Vec<Row<'a>> {
    let proof = charges.proof();
    let files = files.iter().map(Some).chain(std::iter::repeat(None));
    let mut rows: Vec<Row<'_>> =
        charges.statements().zip(files).map(|(statement, file)| Row::Statement(statement, file)).collect();
    rows.extend(charges.kept().map(Row::Kept));
    rows.extend(charges.left_out.iter().map(|(class, amount)| Row::LeftOut(*class, *amount)));
    rows.push(Row::Sum(proof, i64::try_from(charges.lines.len()).unwrap_or(i64::MAX)));
    rows.push(Row::PooledInvoice(charges.pooled.minor));
    rows.push(Row::Difference(proof.difference));
    rows
}

fn row_type(row: &Row<'_>) -> &'static str {
    match row {
        Row::Statement(..) => "statement",
        Row::Kept(_) => "kept",
        Row::LeftOut(..) => "left_out",
        Row::Sum(..) => "sum",
        Row::PooledInvoice(_) => "pooled_invoice",
        Row::Difference(_) => "difference",
    }
}

/// What is charged, and what of it goes beyond the cost.
struct Charged {
    markup: Minor,
    fee: Minor,
    charge: Minor,
    margin: Minor,
}

/// The figures of a row whose lines are charged, or might be.
fn charged(row: &Row<'_>) -> Option<Charged> {
    let (markup, fee, charge, margin) = match row {
        Row::Statement(Statement { sums, .. }, _) => (sums.markup, sums.fee, sums.charge, sums.margin()),
        Row::Kept(line) => (line.markup, line.fee(), line.charge(), line.margin()),
        Row::Sum(proof, _) => (proof.markup, proof.fee, proof.charge, proof.margin()),
        _ => return None,
    };
    Some(Charged { markup, fee, charge, margin })
}

fn file<'a>(row: &Row<'a>) -> Option<&'a FileEntry> {
    match row {
        Row::Statement(_, file) => *file,
        _ => None,
    }
}
