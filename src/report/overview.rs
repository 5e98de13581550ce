//! Tables for the eye: the largest customers, the days, the findings. Only workbook and page show them.

use crate::billing::charges::Statement;
use crate::billing::days::Daily;
use crate::billing::finding::Severity;
use crate::billing::ledger::Ledger;

use super::table::{Builder, Table};
use super::tables::MONEY;

/// How many customers a chart shows.
pub(super) const LARGEST_COUNT: usize = 10;

/// `largest`: the customers with the highest charges, the highest first, and all others in one row.
pub(super) fn largest(ledger: &Ledger) -> Table<'_> {
    enum Row<'l> {
        Customer(Statement<'l>),
        Others(crate::billing::charges::Others),
    }
    let (largest, others) = ledger.charges.largest(LARGEST_COUNT);
    let others = Some(Row::Others(others)).filter(|_| others.count > 0);
    let rows: Vec<Row<'_>> = largest.into_iter().map(Row::Customer).chain(others).collect();
    let currency = ledger.charges.currency;
    Builder::new(&rows)
        .text("customer_name", "the customer's name", |row| match row {
            Row::Customer(statement) => Some(statement.payer.name().to_owned()),
            Row::Others(others) => Some(format!("all others ({})", others.count)),
        })
        .integer("messages", "messages", "messages of its lines", |row| match row {
            Row::Customer(statement) => i64::try_from(statement.sums.messages).ok(),
            Row::Others(others) => i64::try_from(others.messages).ok(),
        })
        .decimal("charge", MONEY, currency.decimals, "what it is charged", |row| match row {
            Row::Customer(statement) => Some(statement.sums.charge.0),
            Row::Others(others) => Some(others.charge.0),
        })
        .finish()
}

/// `daily`: messages of all accounts by day, as the captures tell.
pub(super) fn daily(ledger: &Ledger) -> Table<'_> {
    Builder::new(ledger.past.daily())
        .date("day", "the first day that the figure stands for", |daily: &Daily| Some(daily.days.first))
        .date("last_day", "the last one", |daily| Some(daily.days.last))
        .integer("messages", "messages", "messages in those days", |daily| Some(daily.messages))
        .integer("messages_per_day", "messages", "the same a day, rounded towards zero", |daily| Some(daily.mean()))
        .finish()
}

/// `findings`: what is not as it should be, errors first.
pub(super) fn findings(ledger: &Ledger) -> Table<'_> {
    let findings = ledger.findings.by_severity();
    let text = |text: &Option<String>| text.clone();
    Builder::new(&findings)
        .text("severity", "`error`, `warning` or `note`", |finding| Some(finding.severity.as_str().to_owned()))
        .text("code", "the kind of finding; it never changes", |finding| Some(finding.code.as_str().to_owned()))
        .text("finding", "what happened", |finding| Some(finding.message.clone()))
        .text("account_name", "the sub account that it is about", |finding| {
            Some(finding.subject.as_ref()?.name.clone())
        })
        .text("account_id", "its id", |finding| Some(finding.subject.as_ref()?.account_id.to_string()))
        .text("expected", "what should be there", move |finding| text(&finding.expected))
        .text("actual", "what is there", move |finding| text(&finding.actual))
        .text("difference", "actual less expected, signed", move |finding| text(&finding.difference))
        .text("unit", "what the figures count", move |finding| text(&finding.unit))
        .text("tip", "what to do about it; nothing for a note", |finding| {
            // a cell has no other letters for the names of settings
            Some(finding.code.tip().replace('`', "")).filter(|_| finding.severity != Severity::Note)
        })
        .finish()
}
