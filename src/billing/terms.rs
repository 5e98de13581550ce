//! The terms on which a capture is turned into charges: everything that is decided outside the API.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::Books;
use super::close::Close;
use super::customers::{Customer, CustomerMap, Effective, Pricing};
use super::finding::Severity;
use super::invoice::{InvoiceEntry, Policies};
use super::money::{Amount, Currency, RoundingRule};
use super::period::Period;

/// What the pooled invoice is shared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weights {
    /// The API's allocated costs, so that statements agree with the provider's own dashboard.
    #[default]
    AllocatedCost,
    /// Message counts.
    Messages,
}

impl Weights {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllocatedCost => "allocated-cost",
            Self::Messages => "messages",
        }
    }
}

/// Who bears usage that no customer made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bearer {
    /// It stays on a line of its own.
    #[default]
    Keep,
    /// It is spread over the sub accounts by messages.
    Spread,
}

impl Bearer {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Spread => "spread",
        }
    }
}

/// Who bears the usage of sub accounts that were removed in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RemovedUsage {
    /// Those whose it was, as far as earlier captures tell.
    #[default]
    Attribute,
    /// It stays on a line of its own.
    Keep,
    /// It is spread over the sub accounts by messages.
    Spread,
}

impl RemovedUsage {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Keep => "keep",
            Self::Spread => "spread",
        }
    }
}

/// Who bears what several removed sub accounts sent after the last capture that saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Residual {
    /// They, by their last daily rates.
    #[default]
    Rate,
    /// Nobody: it stays on the line of removed usage.
    Keep,
}

impl Residual {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Keep => "keep",
        }
    }
}

/// Cap levels in per cent of `monthly_credit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// From here a cap is near.
    pub near: Decimal,
    /// From here it is critical.
    pub critical: Decimal,
    /// From here it is exceeded.
    pub exceeded: Decimal,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { near: Decimal::from(80), critical: Decimal::from(95), exceeded: Decimal::ONE_HUNDRED }
    }
}

/// The terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The customer map; without one each sub account is its own customer.
    pub customers: Option<CustomerMap>,
    /// The invoices that finance has entered, by the UTC start date of their period.
    pub invoices: BTreeMap<NaiveDate, InvoiceEntry>,
    /// The amount of the invoice at hand, in place of the one entered for its period; the declared classes stay.
    pub invoice_amount: Option<Amount>,
    /// What the pooled invoice is shared by.
    pub weights: Weights,
    /// Who bears the parent account's own usage.
    pub parent_usage: Bearer,
    /// Who bears removed usage.
    pub removed_usage: RemovedUsage,
    /// Who bears the part of it that nobody was seen to send.
    pub residual: Residual,
    /// What becomes of what the invoice is more than the API's total.
    pub policies: Policies,
    /// What customers are charged beyond their cost, unless the customer map says otherwise.
    pub pricing: Pricing,
    /// How markups and fees are rounded.
    pub rounding: RoundingRule,
    /// The longest that the end of a period may go unseen.
    pub tail_max: TimeDelta,
    /// Cap levels for everyone.
    pub thresholds: Thresholds,
    /// Cap levels of single customers, by customer id.
    pub customer_thresholds: BTreeMap<String, Thresholds>,
    /// An absolute tolerance on costs, in major units, on top of the dust derived from the digits.
    pub tolerance: Amount,
    /// The currency that the API must use.
    pub expected_currency: Option<Currency>,
    /// How much an unmapped sub account matters.
    pub unmapped: Severity,
    /// How the period was closed; nothing while it is open.
    pub close: Option<Close>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            customers: None,
            invoices: BTreeMap::new(),
            invoice_amount: None,
            weights: Weights::default(),
            parent_usage: Bearer::default(),
            removed_usage: RemovedUsage::default(),
            residual: Residual::default(),
            policies: Policies::default(),
            pricing: Pricing::default(),
            rounding: RoundingRule::default(),
            tail_max: TimeDelta::hours(1),
            thresholds: Thresholds::default(),
            customer_thresholds: BTreeMap::new(),
            tolerance: Amount::ZERO,
            expected_currency: None,
            unmapped: Severity::Warning,
            close: None,
        }
    }
}

impl Terms {
    /// The invoice of a period, if finance has entered one.
    pub fn invoice(&self, period: Period) -> Option<InvoiceEntry> {
        let entry = self.invoices.get(&period.start.date_naive()).cloned();
        match self.invoice_amount {
            Some(amount) => Some(InvoiceEntry { amount, ..entry.unwrap_or(InvoiceEntry::of(amount)) }),
            None => entry,
        }
    }

    /// Dates of invoices that lie in a period and do not begin it: slips, most likely.
    pub fn stray_invoices(&self, period: Period) -> impl Iterator<Item = NaiveDate> {
        let (first, last) = (period.start.date_naive(), period.end.date_naive());
        self.invoices.keys().copied().filter(move |date| first < *date && *date < last)
    }

    /// The cap levels of a sub account at an instant: its customer's own, else everyone's.
    pub fn thresholds_of(&self, account_id: Uuid, at: DateTime<Utc>) -> &Thresholds {
        if self.customer_thresholds.is_empty() {
            return &self.thresholds;
        }
        let customer = self.customer_of(account_id, &Arc::default(), at);
        let own = customer.and_then(|customer| self.customer_thresholds.get(&*customer.id));
        own.unwrap_or(&self.thresholds)
    }

    /// Whether a sub account changes hands within a billing period.
    pub fn is_moved(&self, account_id: Uuid, period: Period) -> bool {
        self.customers.as_ref().is_some_and(|map| map.is_moved(account_id, period))
    }

    /// The days around an instant on which a sub account is whoever's it is then.
    pub fn days_of(&self, account_id: Uuid, at: DateTime<Utc>) -> Effective {
        self.customers.as_ref().map_or(Effective::ALWAYS, |map| map.days_of(account_id, at))
    }

    /// The part of the period whose days count: until the books' capture, or all of it once it is closed.
    pub fn judged(&self, books: &Books) -> Period {
        let period = books.usage.period;
        if self.close.is_some() {
            return period;
        }
        Period { end: books.as_of() + TimeDelta::nanoseconds(1), ..period }
    }

    /// The id of whoever is charged for a sub account at an instant; nothing if nobody is.
    pub fn customer_id_of(&self, account_id: Uuid, at: DateTime<Utc>) -> Option<Cow<'_, str>> {
        match &self.customers {
            Some(map) => map.owner(account_id, at).map(|customer| Cow::Borrowed(customer.id.as_ref())),
            None => Some(Cow::Owned(account_id.to_string())),
        }
    }

    /// Whose a sub account is at an instant; without a customer map it is its own customer.
    ///
    /// Nothing if there is a map and nobody in it owns the account then.
    pub fn customer_of(&self, account_id: Uuid, name: &Arc<str>, at: DateTime<Utc>) -> Option<Cow<'_, Customer>> {
        match &self.customers {
            Some(map) => map.owner(account_id, at).map(Cow::Borrowed),
            None => Some(Cow::Owned(Customer::of_account(account_id, name, self.pricing))),
        }
    }
}
