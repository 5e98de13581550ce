//! The terms of a set as its manifest has them: every one, so that the set can be made again from them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::billing::close::{Accepted, Close, Issued, Obstacle, Superseded};
use crate::billing::customers::Pricing;
use crate::billing::finding::Severity;
use crate::billing::invoice::{InvoiceEntry, Policies, Policy};
use crate::billing::ledger::Ledger;
use crate::billing::money::{Amount, Currency, Exact, Minor, RoundingRule};
use crate::billing::period::timestamp;
use crate::billing::terms::{Bearer, RemovedUsage, Residual, Terms, Thresholds, Weights};

use super::super::SetInfo;
use super::super::format::{Format, Formats, Part, Profile};

/// Amounts and percentages are texts, so that no digit is lost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TermsEntry {
    weights: String,
    parent_usage: String,
    removed_usage: String,
    residual: String,
    classes: ClassesEntry,
    pricing: PricingEntry,
    rounding: String,
    tail_minutes_max: i64,
    tolerance: String,
    currency: Option<String>,
    unmapped: String,
    caps: Levels,
    customer_caps: Vec<(String, Levels)>,
    invoice: Option<Invoice>,
    /// Dates within the period that invoices were entered for by mistake.
    stray_invoices: Vec<String>,
    /// The customer map; the archive keeps the file by this hash.
    customers: Option<Customers>,
    close: Option<CloseEntry>,
    /// How the set is made; nothing for CSV and Parquet alone, which is how sets were made that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set: Option<SetEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SetEntry {
    formats: Vec<String>,
    csv_profiles: Vec<String>,
    /// What the set does without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    without: Vec<String>,
    account_name: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ClassesEntry {
    tax: String,
    credit: String,
    add_on: String,
    rest: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PricingEntry {
    markup_percent: String,
    monthly_fee: String,
    minimum_charge: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Levels {
    near: String,
    critical: String,
    exceeded: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Invoice {
    number: String,
    amount: String,
    tax: String,
    credit: String,
    add_on: String,
    currency: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Customers {
    rows: usize,
    sha256: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CloseEntry {
    revision: u32,
    closed_at: String,
    accepted: Vec<AcceptedEntry>,
    reason: Option<String>,
    supersedes: Option<SupersededEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct AcceptedEntry {
    what: String,
    reason: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SupersededEntry {
    revision: u32,
    invoice_number: String,
    sha256: String,
}

impl TermsEntry {
    pub(super) fn of(ledger: &Ledger, info: &SetInfo) -> Self {
        let terms = &ledger.terms;
        let Policies { tax, credit, add_on, rest } = terms.policies;
        let [tax, credit, add_on, rest] = [tax, credit, add_on, rest].map(|policy| policy.as_str().to_owned());
        Self {
            weights: terms.weights.as_str().to_owned(),
            parent_usage: terms.parent_usage.as_str().to_owned(),
            removed_usage: terms.removed_usage.as_str().to_owned(),
            residual: terms.residual.as_str().to_owned(),
            classes: ClassesEntry { tax, credit, add_on, rest },
            pricing: PricingEntry {
                markup_percent: terms.pricing.markup_percent.normalize().to_string(),
                monthly_fee: terms.pricing.monthly_fee.to_string(),
                minimum_charge: terms.pricing.minimum_charge.to_string(),
            },
            rounding: terms.rounding.as_str().to_owned(),
            tail_minutes_max: terms.tail_max.num_minutes(),
            tolerance: terms.tolerance.to_string(),
            currency: terms.expected_currency.map(|currency| currency.code().to_owned()),
            unmapped: terms.unmapped.as_str().to_owned(),
            caps: levels(&terms.thresholds),
            customer_caps: terms.customer_thresholds.iter().map(|(id, caps)| (id.clone(), levels(caps))).collect(),
            invoice: terms.invoice(ledger.books.usage.period).as_ref().map(invoice),
            stray_invoices: terms.stray_invoices(ledger.books.usage.period).map(|date| date.to_string()).collect(),
            customers: terms.customers.as_ref().zip(info.customers_sha256.clone()).map(|(map, sha256)| {
                let rows = map.rows().count();
                Customers { rows, sha256 }
            }),
            close: terms.close.as_ref().map(close),
            set: SetEntry::of(info),
        }
    }

    /// The formats, and whose the parent account is; nothing if a value is not one that this version writes.
    pub(super) fn set(&self) -> Option<(Formats, Option<String>)> {
        let Some(set) = &self.set else { return Some((SetEntry::unsaid(), None)) };
        let formats: Option<Vec<Format>> = set.formats.iter().map(|word| Format::parse(word)).collect();
        let profiles: Option<Vec<Profile>> = set.csv_profiles.iter().map(|word| Profile::parse(word)).collect();
        let without: Option<Vec<Part>> = set.without.iter().map(|word| Part::parse(word)).collect();
        Some((Formats::new(formats?, profiles?).without(without?), set.account_name.clone()))
    }

    /// The hash of the customer map.
    pub(super) fn customers_sha256(&self) -> Option<String> {
        self.customers.as_ref().map(|customers| customers.sha256.clone())
    }

    /// The terms again, without the customer map and without what a correction supersedes, of which this has only the
    /// hashes; nothing if a value is not one that this version writes.
    pub(super) fn terms(&self, period: NaiveDate) -> Option<Terms> {
        let find = |name: &str, all: &[(&str, Policy)]| all.iter().find(|(known, _)| *known == name).map(|(_, p)| *p);
        let policies = [Policy::Spread, Policy::Keep, Policy::LeaveOut].map(|policy| (policy.as_str(), policy));
        let policy = |name: &str| find(name, &policies);
        let bearers = [Bearer::Keep, Bearer::Spread];
        let removed = [RemovedUsage::Attribute, RemovedUsage::Keep, RemovedUsage::Spread];
        let severities = [Severity::Error, Severity::Warning, Severity::Note];
        let rounding = [RoundingRule::HalfAwayFromZero, RoundingRule::HalfEven];
        Some(Terms {
            customers: None,
            invoices: self.invoices(period)?,
            invoice_amount: None,
            weights: [Weights::AllocatedCost, Weights::Messages].into_iter().find(|w| w.as_str() == self.weights)?,
            parent_usage: bearers.into_iter().find(|bearer| bearer.as_str() == self.parent_usage)?,
            removed_usage: removed.into_iter().find(|usage| usage.as_str() == self.removed_usage)?,
            residual: [Residual::Rate, Residual::Keep].into_iter().find(|r| r.as_str() == self.residual)?,
            policies: Policies {
                tax: policy(&self.classes.tax)?,
                credit: policy(&self.classes.credit)?,
                add_on: policy(&self.classes.add_on)?,
                rest: policy(&self.classes.rest)?,
            },
            pricing: Pricing {
                markup_percent: percent(&self.pricing.markup_percent)?,
                monthly_fee: exact(&self.pricing.monthly_fee)?,
                minimum_charge: exact(&self.pricing.minimum_charge)?,
            },
            rounding: rounding.into_iter().find(|rule| rule.as_str() == self.rounding)?,
            tail_max: TimeDelta::try_minutes(self.tail_minutes_max)?,
            thresholds: thresholds(&self.caps)?,
            customer_thresholds: self
                .customer_caps
                .iter()
                .map(|(id, caps)| Some((id.clone(), thresholds(caps)?)))
                .collect::<Option<_>>()?,
            tolerance: Amount::parse(&self.tolerance).ok()?,
            expected_currency: currency(self.currency.as_deref()).ok()?,
            unmapped: severities.into_iter().find(|severity| severity.as_str() == self.unmapped)?,
            close: match &self.close {
                Some(close) => Some(closed(close)?),
                None => None,
            },
        })
    }
}

impl TermsEntry {
    /// The period's own invoice, and those that are only known to be there.
    fn invoices(&self, period: NaiveDate) -> Option<BTreeMap<NaiveDate, InvoiceEntry>> {
        let mut invoices = BTreeMap::new();
        if let Some(invoice) = &self.invoice {
            invoices.insert(period, entry(invoice)?);
        }
        for date in &self.stray_invoices {
            invoices.insert(date.parse().ok()?, InvoiceEntry::of(Amount::ZERO));
        }
        Some(invoices)
    }
}

impl SetEntry {
    /// The formats of a set that does not say them.
    fn unsaid() -> Formats {
        Formats::new([Format::Parquet], [])
    }

    fn of(info: &SetInfo) -> Option<Self> {
        let SetInfo { formats, account_name, .. } = info;
        let entry = Self {
            formats: formats.formats().map(|format| format.as_str().to_owned()).collect(),
            csv_profiles: formats.profiles().map(|profile| profile.as_str().to_owned()).collect(),
            without: formats.left_out().map(|part| part.as_str().to_owned()).collect(),
            account_name: account_name.clone(),
        };
        (*formats != Self::unsaid() || account_name.is_some()).then_some(entry)
    }
}

fn levels(thresholds: &Thresholds) -> Levels {
    let text = |percent: Decimal| percent.normalize().to_string();
    Levels { near: text(thresholds.near), critical: text(thresholds.critical), exceeded: text(thresholds.exceeded) }
}

fn thresholds(levels: &Levels) -> Option<Thresholds> {
    let (near, critical, exceeded) = (percent(&levels.near)?, percent(&levels.critical)?, percent(&levels.exceeded)?);
    Some(Thresholds { near, critical, exceeded })
}

fn percent(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).ok()
}

fn exact(text: &str) -> Option<Exact> {
    Some(Amount::parse(text).ok()?.exact())
}

/// A currency by its code, where there is one.
fn currency(code: Option<&str>) -> Result<Option<Currency>, UnknownCode> {
    code.map(|code| Currency::parse(code).ok_or(UnknownCode)).transpose()
}

/// A currency that this version does not know.
struct UnknownCode;

fn invoice(entry: &InvoiceEntry) -> Invoice {
    Invoice {
        number: entry.number.clone(),
        amount: entry.amount.to_string(),
        tax: entry.tax.to_string(),
        credit: entry.credit.to_string(),
        add_on: entry.add_on.to_string(),
        currency: entry.currency.map(|currency| currency.code().to_owned()),
    }
}

fn entry(invoice: &Invoice) -> Option<InvoiceEntry> {
    Some(InvoiceEntry {
        number: invoice.number.clone(),
        amount: Amount::parse(&invoice.amount).ok()?,
        tax: Amount::parse(&invoice.tax).ok()?,
        credit: Amount::parse(&invoice.credit).ok()?,
        add_on: Amount::parse(&invoice.add_on).ok()?,
        currency: currency(invoice.currency.as_deref()).ok()?,
    })
}

fn close(close: &Close) -> CloseEntry {
    let accepted = |accepted: &Accepted| {
        let (what, reason) = (accepted.what.as_str().to_owned(), accepted.reason.clone());
        AcceptedEntry { what, reason }
    };
    CloseEntry {
        revision: close.revision,
        closed_at: timestamp(close.closed_at),
        accepted: close.accepted.iter().map(accepted).collect(),
        reason: close.reason.clone(),
        supersedes: close.supersedes.as_ref().map(|old| SupersededEntry {
            revision: old.revision,
            invoice_number: old.invoice_number.clone(),
            sha256: old.sha256.clone(),
        }),
    }
}

fn closed(close: &CloseEntry) -> Option<Close> {
    let accepted = |accepted: &AcceptedEntry| {
        let what = Obstacle::parse(&accepted.what)?;
        Some(Accepted { what, reason: accepted.reason.clone() })
    };
    Some(Close {
        revision: close.revision,
        closed_at: close.closed_at.parse::<DateTime<Utc>>().ok()?,
        accepted: close.accepted.iter().map(accepted).collect::<Option<_>>()?,
        reason: close.reason.clone(),
        supersedes: close.supersedes.as_ref().map(|old| Superseded {
            revision: old.revision,
            invoice_number: old.invoice_number.clone(),
            sha256: old.sha256.clone(),
            invoice: Minor::ZERO,
            issued: Issued::default(),
        }),
    })
}
