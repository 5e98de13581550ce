//! Invoices as finance types them: in `invoices.csv`, in `[[invoice]]` of the configuration, or in flags.
//!
//! The texts stay as they were typed, because the archive keeps them when a period is closed; what they say is checked
//! in one place, whichever way they came.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::table::{Table, TableError};
use super::{Error, cells, setting};
use crate::billing::invoice::InvoiceEntry;
use crate::billing::money::{Amount, Exact};

/// The columns, by the names of the header; order does not matter, the last four may be missing.
const COLUMNS: [&str; 7] = ["period", "invoice_number", "amount", "tax", "credit", "add_on", "currency"];
/// Columns that must be there.
const REQUIRED_COUNT: usize = 3;

/// An invoice as somebody typed it. Amounts are in major units and signed as printed on the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedInvoice {
    /// The invoice's number; may be empty in the configuration while the period is open.
    pub number: String,
    /// The amount to pay, everything included.
    pub amount: String,
    /// Tax in the amount, of any sign; nothing if none was typed.
    pub tax: Option<String>,
    /// Credits in the amount, zero or negative; nothing if none were typed.
    pub credit: Option<String>,
    /// Add-ons in the amount, of any sign; nothing if none were typed.
    pub add_on: Option<String>,
    /// The currency's code; nothing if none was typed.
    pub currency: Option<String>,
    /// Where it was typed: `invoices.csv, line 7`, `subledger.toml, line 12`, or [`TypedInvoice::COMMAND_LINE`].
    pub source: String,
}

/// What is wrong with a typed invoice.
pub(super) struct Wrong {
    /// The column of the text.
    pub(super) column: &'static str,
    /// The rest of the sentence that begins with its name.
    pub(super) problem: String,
}

impl TypedInvoice {
    /// The source of what flags say: errors then name the flags.
    pub const COMMAND_LINE: &str = "command line";

    /// What it says, if all of it is usable and it has a number, as a period needs to be closed.
    ///
    /// The error names the flag if the source is the command line, else the source and the column.
    pub fn parse(&self) -> Result<InvoiceEntry, Error> {
        let Wrong { column, problem } = match self.entry() {
            Ok(entry) if !entry.number.is_empty() => return Ok(entry),
            Ok(_) => Wrong {
                column: COLUMNS[1],
                problem: "is empty; a period is closed with the number of its invoice: `number` of an [[invoice]], \
                          `invoice_number` in invoices.csv, or `--invoice-number`"
                    .to_owned(),
            },
            Err(wrong) => wrong,
        };
        // each flag is named like its column
        Err(if self.source == Self::COMMAND_LINE {
            setting(&format!("--{}", column.replace('_', "-")), problem)
        } else {
            setting(column, format!("({}) {problem}", self.source))
        })
    }

    /// What it says, with or without a number.
    pub(super) fn entry(&self) -> Result<InvoiceEntry, Wrong> {
        let wrong = |column: &'static str| move |problem: String| Wrong { column, problem };
        let amount = |column: &'static str, text: Option<&String>| {
            text.map_or(Ok(Amount::ZERO), |text| cells::amount(text).map_err(wrong(column)))
        };
        let credit = amount("credit", self.credit.as_ref())?;
        if credit.exact() > Exact::ZERO {
            let problem = "lowers the invoice: write it as a negative amount, -10.00".to_owned();
            return Err(Wrong { column: "credit", problem });
        }
        Ok(InvoiceEntry {
            number: cells::text(self.number.trim()).map_err(wrong(COLUMNS[1]))?,
            amount: amount("amount", Some(&self.amount))?,
            // a credit note has tax and add-ons below zero
            tax: amount("tax", self.tax.as_ref())?,
            credit,
            add_on: amount("add_on", self.add_on.as_ref())?,
            currency: self.currency.as_deref().map(cells::currency).transpose().map_err(wrong("currency"))?,
        })
    }
}

/// An invoice as typed, and what that says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entered {
    pub(super) typed: TypedInvoice,
    pub(super) entry: InvoiceEntry,
}

/// Invoices by the first day of their period, in UTC.
pub(super) type Invoices = BTreeMap<NaiveDate, Entered>;

/// Reads `invoices.csv`; the first thing that is wrong ends it. `name` is the file's, for the sources.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Invoices, TableError> {
    let (mut invoices, mut lines) = (Invoices::new(), BTreeMap::<NaiveDate, u64>::new());
    Table::open(bytes, &COLUMNS, REQUIRED_COUNT)?.rows(|row| {
        let period = row.need("period", cells::date)?;
        if let Some(first) = lines.insert(period, row.line) {
            let problem = format!(
                "{period} has an invoice in line {first} already; change that row instead of adding another: the archive \
                 keeps what was closed"
            );
            return Err(row.wrong("period", problem));
        }
        let as_typed = |text: &str| Ok(text.to_owned());
        let typed = TypedInvoice {
            number: row.need("invoice_number", as_typed)?,
            amount: row.need("amount", as_typed)?,
            tax: row.read("tax", as_typed)?,
            credit: row.read("credit", as_typed)?,
            add_on: row.read("add_on", as_typed)?,
            currency: row.read("currency", as_typed)?,
            source: format!("{name}, line {}", row.line),
        };
        let entry = typed.entry().map_err(|Wrong { column, problem }| row.wrong(column, problem))?;
        invoices.insert(period, Entered { typed, entry });
        Ok(())
    })?;
    Ok(invoices)
}

/// The invoices of the configuration together with those of the table. A period may be in both if they agree.
pub(super) fn joined(of_file: Invoices, of_table: Invoices) -> Result<Invoices, Error> {
    let mut joined = of_file;
    for (period, row) in of_table {
        let row = match joined.get(&period) {
            Some(other) => agreed(period, other, row)?,
            None => row,
        };
        joined.insert(period, row);
    }
    Ok(joined)
}

/// One invoice of two that say the same; one may leave open the number and the currency.
fn agreed(period: NaiveDate, of_file: &Entered, row: Entered) -> Result<Entered, Error> {
    let (one, other) = (&of_file.entry, &row.entry);
    let figures = [
        ("invoice_number", !one.number.is_empty() && one.number != other.number),
        ("amount", one.amount != other.amount),
        ("tax", one.tax != other.tax),
        ("credit", one.credit != other.credit),
        ("add_on", one.add_on != other.add_on),
        ("currency", one.currency.zip(other.currency).is_some_and(|(one, other)| one != other)),
    ];
    if let Some((column, _)) = figures.into_iter().find(|(_, differs)| *differs) {
        let (first, second) = (of_file.typed.source.clone(), row.typed.source);
        return Err(Error::InvoicesDiffer { period, column, first, second });
    }
    let source = format!("{}; {}", row.typed.source, of_file.typed.source);
    let currency = row.typed.currency.or_else(|| of_file.typed.currency.clone());
    Ok(Entered {
        entry: InvoiceEntry { currency: other.currency.or(one.currency), ..row.entry },
        typed: TypedInvoice { currency, source, ..row.typed },
    })
}

#[cfg(test)]
mod tests;
