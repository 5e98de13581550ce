//! The tables of a close: how the invoice comes from the API's total, and what a correction changes.

use crate::billing::close::Superseded;
use crate::billing::invoice::{Bridge, Class};
use crate::billing::journal::{Account, JournalLine, Sum};
use crate::billing::ledger::Ledger;
use crate::billing::money::{Exact, Minor};

use super::table::{Builder, Table};
use super::tables::{MONEY, provenance};

/// A step from the API's total to the invoice.
struct Step {
    name: &'static str,
    amount: Exact,
    class: Option<Class>,
}

/// `invoice-bridge`: from the API's total to the invoice, one class a row; the rows sum to the last one exactly.
pub(super) fn bridge(ledger: &Ledger) -> Table<'_> {
    let (charges, terms) = (&ledger.charges, &ledger.terms);
    let currency = charges.currency;
    let total = ledger.books.usage.total.cost.exact();
    let step = |name, amount| Step { name, amount, class: None };
    let of_class = |class: Class, amount| Step { name: class.as_str(), amount, class: Some(class) };
    let steps = match &charges.bridge {
        None => {
            let invoice = currency.exact(charges.pooled.minor);
            vec![step("api_total", total), step("rounding", invoice - total), step("invoice", invoice)]
        }
        Some(Bridge { api_total, tax, credit, add_on, tail, rounding, rest, invoice }) => vec![
            step("api_total", *api_total),
            of_class(Class::Tax, *tax),
            of_class(Class::Credit, *credit),
            of_class(Class::AddOn, *add_on),
            step("tail", *tail),
            step("rounding", *rounding),
            of_class(Class::Rest, *rest),
            step("invoice", *invoice),
        ],
    };
    let number = terms.invoice(ledger.books.usage.period).map(|entry| entry.number).filter(|number| !number.is_empty());
    let builder = Builder::new(&steps)
        .text(
            "class",
            "`api_total`, `tax`, `credit`, `add_on`, `tail` (what its unseen end is likely to have brought), `rounding`, `rest` (unexplained), and their sum, the `invoice`",
            |step| Some(step.name.to_owned()),
        )
        .exact("amount", currency, "what it adds to the invoice, with all digits", |step| Some(step.amount))
        .text("policy", "`spread` by volume, `keep` on a line of its own, or `leave-out`", |step| {
            Some(step.class.map_or("spread", |class| terms.policies.of(class).as_str()).to_owned())
                .filter(|_| step.name != "invoice")
        })
        .text("currency", "ISO 4217 code of the amount", |_| Some(currency.code()))
        .text("invoice_number", "the number of the invoice; empty until one was entered", move |_| number.clone());
    provenance(builder, ledger).finish()
}

/// A row of the journal.
enum Row<'l> {
    Line(&'l JournalLine),
    Sum(Account, Sum),
    Invoice(Minor, Minor),
    Difference(Minor, Minor),
}

impl Row<'_> {
    fn amounts(&self) -> (Minor, Minor) {
        match self {
            Self::Line(line) => (line.old, line.new),
            Self::Sum(_, sum) => (sum.old, sum.new),
            Self::Invoice(old, new) | Self::Difference(old, new) => (*old, *new),
        }
    }

    fn line(&self) -> Option<&JournalLine> {
        match self {
            Self::Line(line) => Some(line),
            _ => None,
        }
    }
}

/// The costs with their sum beside the two invoices, then the margins with theirs.
fn journal_rows<'l>(ledger: &'l Ledger, superseded: &Superseded) -> Vec<Row<'l>> {
    let lines = |account: Account| ledger.journal.iter().filter(move |line| line.account == account).map(Row::Line);
    let sum = Sum::of(&ledger.journal, Account::Cost);
    let (old, new) = (superseded.invoice, ledger.charges.pooled.minor);
    let mut rows: Vec<Row<'l>> = lines(Account::Cost).collect();
    rows.extend([Row::Sum(Account::Cost, sum), Row::Invoice(old, new), Row::Difference(sum.old - old, sum.new - new)]);
    rows.extend(lines(Account::Margin));
    rows.push(Row::Sum(Account::Margin, Sum::of(&ledger.journal, Account::Margin)));
    rows
}

/// `journal`: what a correction changes, customer by customer, with what it takes the place of.
pub(super) fn journal<'l>(ledger: &'l Ledger, superseded: &'l Superseded) -> Table<'l> {
    let (currency, rows) = (ledger.charges.currency, journal_rows(ledger, superseded));
    let reason = ledger.terms.close.as_ref().and_then(|close| close.reason.clone());
    let old_set = crate::billing::close::Close::set_name(superseded.revision);
    let (number, sha256) = (superseded.invoice_number.clone(), superseded.sha256.clone());
    let difference = |row: &Row<'_>| {
        let (old, new) = row.amounts();
        new - old
    };
    let builder = Builder::new(&rows)
        .text(
            "row_type",
            "`statement`, `kept`, `left_out`, `sum`, `invoice`, or `difference` of the two, which is zero",
            |row| {
                let text = match row {
                    Row::Line(line) => line.kind.as_str(),
                    Row::Sum(..) => "sum",
                    Row::Invoice(..) => "invoice",
                    Row::Difference(..) => "difference",
                };
                Some(text.to_owned())
            },
        )
        .text(
            "account",
            "of a line: `cost`, which sums to the invoice, or `margin`, what is charged beyond it",
            |row| {
                // what is no line of either is in no sum of them
                Some(row.line()?.account.as_str().to_owned())
            },
        )
        .text("customer_id", "the customer; on other lines what they stand for", |row| Some(row.line()?.id.clone()))
        .text("name", "its name; of a sum, the account", |row| match row {
            Row::Line(line) => Some(line.name.clone()),
            Row::Sum(account, _) => Some(account.as_str().to_owned()),
            Row::Invoice(..) | Row::Difference(..) => None,
        })
        .text("currency", "ISO 4217 code of all money in the row", |_| Some(currency.code()))
        .decimal("old", MONEY, currency.decimals, "what was issued before", |row| Some(row.amounts().0.0))
        .decimal("new", MONEY, currency.decimals, "what is issued now", |row| Some(row.amounts().1.0))
        .decimal("difference", MONEY, currency.decimals, "new less old", |row| Some(difference(row).0))
        .decimal("debit", MONEY, currency.decimals, "the difference where more is owed than before", |row| match row {
            Row::Line(line) => Some(line.debit()).filter(|debit| *debit != Minor::ZERO).map(|debit| debit.0),
            Row::Sum(_, sum) => Some(sum.debit.0),
            _ => None,
        })
        .decimal(
            "credit",
            MONEY,
            currency.decimals,
            "the same, without its sign, where less is owed",
            |row| match row {
                Row::Line(line) => Some(line.credit()).filter(|credit| *credit != Minor::ZERO).map(|credit| credit.0),
                Row::Sum(_, sum) => Some(sum.credit.0),
                _ => None,
            },
        )
        .text("reason", "why the correction was made", move |_| reason.clone())
        .text("supersedes", "the set that it takes the place of", move |_| Some(old_set.clone()))
        .text("superseded_invoice", "the number of that set's invoice", move |_| Some(number.clone()))
        .text("superseded_sha256", "SHA-256 of the archive's record of it", move |_| Some(sha256.clone()));
    provenance(builder, ledger).finish()
}
