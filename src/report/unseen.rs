//! The tables of what the API does not show: whose the removed usage was, and what is left of the period.

use crate::billing::ledger::Ledger;
use crate::billing::rate::Band;
use crate::billing::removed::Part;
use crate::billing::tail_sheet::{Row, Whose};

use super::table::{Builder, Table};
use super::tables::{MONEY, provenance};

/// `removed`: every sub account that was removed in the period, and what of the removed usage has no name.
pub(super) fn removed(ledger: &Ledger) -> Table<'_> {
    let owner = |part: &Part| {
        let gone = part.account.as_ref()?;
        ledger.owner_of(gone.account_id, &gone.name).map(std::borrow::Cow::into_owned)
    };
    let charges = ledger.charges.of_removed();
    let code = ledger.charges.currency.code();
    let decimals = ledger.charges.currency.decimals;
    let builder = Builder::new(&ledger.attribution.parts)
        .text("account_id", "the removed sub account; empty for what has no name", |part| {
            Some(part.account.as_ref()?.account_id.to_string())
        })
        .text("account_name", "its last name", |part| Some(part.account.as_ref()?.name.to_string()))
        .text("customer_id", "the customer that owns it; empty if none does", |part| Some(owner(part)?.id.to_string()))
        .text("customer_name", "its name", |part| Some(owner(part)?.name.to_string()))
        .text("seen_until", "the last capture before it was removed; empty if there is none", |part| {
            part.from.as_deref().map(str::to_owned)
        })
        .text("gone_at", "the first capture after", |part| Some(part.until.to_string()))
        .integer("messages_seen", "messages", "its messages at the last capture that showed it", |part| {
            Some(part.account.as_ref()?.seen)
        })
        .integer("messages_low", "messages", "what it left at the least", |part| Some(part.low))
        .integer("messages", "messages", "what is attributed to it; sums to the removed usage", |part| {
            Some(part.messages)
        })
        .integer("messages_high", "messages", "what it left at the most", |part| Some(part.high))
        .text("currency", "ISO 4217 code of the charge", |_| Some(code))
        .decimal(
            "charge",
            MONEY,
            decimals,
            "what is charged for it; empty for what has no name, which is on the line `removed`",
            |part| Some(charges.get(&part.account.as_ref()?.account_id)?.0),
        );
    provenance(builder, ledger).finish()
}

/// `tail`: what is likely to be sent between the capture and the end of the period, which this capture does not see.
pub(super) fn tail<'l>(ledger: &'l Ledger, rows: &[Row]) -> Table<'l> {
    let statement = |row: &Row| match row.whose {
        Whose::Customer(index) => ledger.charges.statement(index),
        Whose::Pool | Whose::Parent => None,
    };
    let tail = &ledger.tail.tail;
    let (currency, length) = (ledger.charges.currency, tail.length());
    let count = |of: fn(&Band<i64>) -> i64| move |row: &Row| Some(of(&row.messages));
    let builder = Builder::new(rows)
        .text("row_type", "`pool` for all accounts together, `parent`, or `customer`; each an estimate of its own, so that they do not foot", |row| {
            let text = match row.whose {
                Whose::Pool => "pool",
                Whose::Parent => "parent",
                Whose::Customer(_) => "customer",
            };
            Some(text.to_owned())
        })
        .text("customer_id", "the customer", |row| Some(statement(row)?.payer.id()))
        .text("customer_name", "its name", |row| Some(statement(row)?.payer.name()))
        .timestamp("tail_start", "the capture, which saw everything before", move |_| Some(tail.from))
        .timestamp("tail_end", "the end of the billing period", move |_| Some(tail.until))
        .integer("tail_seconds", "seconds", "how long that is", move |_| Some(length.num_seconds()))
        .integer(
            "messages_low",
            "messages",
            "likely messages, at the slowest daily rate observed",
            count(|band| band.low),
        )
        .integer("messages", "messages", "the same at the average rate of the period", count(|band| band.estimate))
        .integer("messages_high", "messages", "the same at the fastest daily rate observed", count(|band| band.high))
        .text("currency", "ISO 4217 code of the costs", |_| Some(currency.code()))
        .exact(
            "cost_low",
            currency,
            "what those messages add to the pooled invoice, at the lowest price observed",
            |row| Some(ledger.tail.cost(row).low.readable(COST_DECIMALS)),
        )
        .exact("cost", currency, "the same at the price of the last day; empty until two days were seen", |row| {
            tail.is_priced.then(|| ledger.tail.cost(row).estimate.readable(COST_DECIMALS))
        })
        .exact("cost_high", currency, "the same at the highest price observed", |row| {
            Some(ledger.tail.cost(row).high.readable(COST_DECIMALS))
        });
    provenance(builder, ledger).finish()
}

/// Decimals of an estimated cost: more would feign what nobody knows.
const COST_DECIMALS: u32 = 4;
