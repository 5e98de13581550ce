//! The columns of the dataset: those of FOCUS in their alphabetical order, then our own, which start with `x_`.

use std::sync::Arc;

use chrono::{DateTime, Timelike, Utc};

use crate::billing::ledger::Ledger;
use crate::billing::money::Exact;
use crate::report::table::{Builder, Table};
use crate::report::tables::MONEY;

use super::rows::{Kind, Row, rows};

/// Who provides, publishes and invoices. FOCUS wants the cost billed by another than the provider to be zero.
const VENDOR: &str = "AhaSend";
/// What is used; one service has one category.
const SERVICE: &str = "AhaSend Email";
/// What is counted: a unit of FOCUS is a capitalised plural.
const UNIT: &str = "Messages";
/// The unit of a purchase, which FOCUS wants a quantity of: there is one of it.
const PURCHASE_UNIT: &str = "Units";
/// The name of all removed sub accounts together.
const REMOVED_NAME: &str = "Removed sub accounts";
const ROW_TYPE: &str = "`parent`, `sub_account`, `removed_sub_accounts`, `difference` (what the API's total is more than its parts), or a step from there to the invoice: `tax`, `credit`, `add_on`, `tail`, `rounding`, `rest`";

/// `focus`: the API's buckets, and what the invoice is more than they come to.
pub(in crate::report) fn table<'l>(ledger: &'l Ledger, account_name: Option<&str>) -> Table<'l> {
    let rows = rows(ledger);
    let usage = &ledger.books.usage;
    let invoice_id = ledger.terms.invoice(usage.period).map(|entry| entry.number);
    let parent_id = usage.parent_id.to_string();
    let builder = Columns { builder: Builder::new(&rows), ledger };
    let builder = builder
        .cost("BilledCost", "what it adds to the invoice: the API's allocated cost, or a part of the invoice beyond it")
        .fixed("BillingAccountId", "the parent account, which gets the invoice", Some(&parent_id))
        .fixed("BillingAccountName", "its name, from `account_name`", account_name)
        .fixed("BillingCurrency", "ISO 4217 code of all money in the row", Some(usage.currency.code()))
        .instant("BillingPeriodEnd", "first instant after the billing period", usage.period.end)
        .instant("BillingPeriodStart", "first instant of the billing period", usage.period.start)
        .by_kind("ChargeCategory", "`Usage`, `Tax`, `Credit`, `Purchase` or `Adjustment`", |kind| Some(kind.category()))
        .fixed("ChargeClass", "empty: a corrected dataset takes the place of the one before", None)
        .by_kind("ChargeDescription", "what the row is, in words", |kind| Some(kind.description()))
        .by_kind("ChargeFrequency", "`Usage-Based` or `One-Time`", |kind| Some(kind.frequency()))
        .instant("ChargePeriodEnd", "the same as `BillingPeriodEnd`", usage.period.end)
        .instant("ChargePeriodStart", "the same as `BillingPeriodStart`", usage.period.start)
        .fixed("CommitmentDiscountStatus", "empty: there are no commitments", None)
        .quantity("ConsumedQuantity", "messages received, on rows of usage", |row| row.messages)
        .by_kind("ConsumedUnit", "`Messages`, on rows of usage", |kind| Some(UNIT).filter(|_| kind.is_usage()))
        .cost("ContractedCost", "the same as `BilledCost`")
        .cost("EffectiveCost", "the same as `BilledCost`")
        .fixed("InvoiceId", "the number of the invoice; empty until one was entered", invoice_id.as_deref())
        .fixed("InvoiceIssuerName", "who sends the invoice", Some(VENDOR))
        .cost("ListCost", "the same as `BilledCost`")
        .quantity("PricingQuantity", "messages received, on rows of usage; 1 on add-ons", |row| {
            row.messages.or((row.kind == Kind::AddOn).then_some(1))
        })
        .by_kind("PricingUnit", "`Messages` on rows of usage, `Units` on add-ons", |kind| match kind {
            Kind::AddOn => Some(PURCHASE_UNIT),
            _ => Some(UNIT).filter(|_| kind.is_usage()),
        })
        .fixed("ProviderName", "who provides the service", Some(VENDOR))
        .fixed("PublisherName", "who makes the service", Some(VENDOR))
        .fixed("ServiceCategory", "always `Integration`", Some("Integration"))
        .fixed("ServiceName", "the service", Some(SERVICE))
        .fixed("ServiceSubcategory", "always `Messaging`", Some("Messaging"))
        .sub_account(&parent_id)
        .by_kind("x_AllocationMethod", "`allocation_method` as sent, on rows of usage", |kind| {
            sent(kind, &usage.method)
        })
        .by_kind("x_AllocationNote", "`allocation_note` as sent, on rows of usage", |kind| sent(kind, &usage.note))
        .by_kind("x_AllocationRowType", ROW_TYPE, |kind| Some(kind.row_type()));
    let mut table = builder.builder.finish();
    for (spec, _) in table.columns.iter_mut().filter(|(spec, _)| spec.unit == MONEY) {
        spec.unit = "major units of `BillingCurrency`";
    }
    table
}

/// A text about the allocation, on rows of what is allocated.
fn sent(kind: Kind, text: &str) -> Option<&str> {
    Some(text).filter(|text| kind.is_usage() && !text.is_empty())
}

/// Columns as FOCUS has them: most have one text in all rows, or one for each kind of row.
struct Columns<'r, 'l> {
    builder: Builder<'r, 'l, Row<'l>>,
    ledger: &'l Ledger,
}

impl<'l> Columns<'_, 'l> {
    /// The same in all rows; FOCUS knows no empty text, only none.
    fn fixed(self, name: &'static str, meaning: &'static str, text: Option<&str>) -> Self {
        let texts = Arc::new(vec![text.filter(|text| !text.trim().is_empty()).map(str::to_owned)]);
        Self { builder: self.builder.shared(name, meaning, &texts, |_| Some(0)), ..self }
    }

    /// A text of the row's kind.
    fn by_kind<'t>(self, name: &'static str, meaning: &'static str, text: impl Fn(Kind) -> Option<&'t str>) -> Self {
        let texts = Arc::new(Kind::ALL.map(|kind| text(kind).map(str::to_owned)).to_vec());
        let place = |row: &Row<'l>| u32::try_from(Kind::ALL.iter().position(|kind| *kind == row.kind)?).ok();
        Self { builder: self.builder.shared(name, meaning, &texts, place), ..self }
    }

    /// The sub account's id and name: all removed ones are one, and the parent account is none.
    fn sub_account(self, parent_id: &str) -> Self {
        let builder = self
            .builder
            .text(
                "SubAccountId",
                "the sub account; `<parent id>/removed-sub-accounts` for all removed ones; empty for the parent account and for parts of the invoice",
                |row| match row.kind {
                    Kind::Removed => Some(format!("{parent_id}/removed-sub-accounts")),
                    _ => row.sub_account.map(|(id, _)| id.to_string()),
                },
            )
            .text("SubAccountName", "its name; its id where the API sent none", |row| match row.kind {
                Kind::Removed => Some(REMOVED_NAME),
                _ => row.sub_account.map(|(_, name)| name),
            });
        Self { builder, ..self }
    }

    /// All costs are the same: there is neither a list price nor a commitment.
    fn cost(self, name: &'static str, meaning: &'static str) -> Self {
        let cost = |row: &Row<'l>| -> Option<Exact> { Some(row.cost) };
        Self { builder: self.builder.exact(name, self.ledger.books.usage.currency, meaning, cost), ..self }
    }

    /// Quantities are decimals in FOCUS, though these are whole.
    fn quantity(self, name: &'static str, meaning: &'static str, cell: fn(&Row<'_>) -> Option<i64>) -> Self {
        let unit = "`Messages`, `Units`";
        Self { builder: self.builder.decimal(name, unit, 0, meaning, |row| cell(row).map(i128::from)), ..self }
    }

    /// FOCUS has whole seconds.
    fn instant(self, name: &'static str, meaning: &'static str, at: DateTime<Utc>) -> Self {
        let at = at.with_nanosecond(0).unwrap_or(at);
        Self { builder: self.builder.timestamp(name, meaning, |_| Some(at)), ..self }
    }
}
