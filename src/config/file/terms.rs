//! `[allocation]`, `[charges]` and `[checks]`: what of the file decides charges and findings.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Digits, File};
use crate::billing::customers::Pricing;
use crate::billing::finding::Severity;
use crate::billing::invoice::{Policies, Policy};
use crate::billing::money::{Amount, Exact, RoundingRule};
use crate::billing::terms::{Bearer, RemovedUsage, Residual, Terms, Weights};
use crate::config::{Error, cells, setting};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allocation {
    weights: Option<WeightsName>,
    parent_usage: Option<BearerName>,
    removed_usage: Option<RemovedUsageName>,
    residual: Option<ResidualName>,
    tax: Option<PolicyName>,
    credit: Option<PolicyName>,
    add_on: Option<PolicyName>,
    rest: Option<PolicyName>,
}

impl Allocation {
    /// What becomes of each class of the invoice.
    fn policies(&self) -> Policies {
        let default = Policies::default();
        let policy = |name: Option<PolicyName>, default| name.map_or(default, Policy::from);
        Policies {
            tax: policy(self.tax, default.tax),
            credit: policy(self.credit, default.credit),
            add_on: policy(self.add_on, default.add_on),
            rest: policy(self.rest, default.rest),
        }
    }
}

/// What customers are charged beyond their cost, where the customer map does not say it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Charges {
    markup_percent: Option<Digits>,
    monthly_fee: Option<Digits>,
    minimum_charge: Option<Digits>,
    rounding: Option<RoundingName>,
}

impl Charges {
    fn pricing(&self) -> Result<Pricing, Error> {
        let markup = checked("charges.markup_percent", self.markup_percent.as_ref(), cells::markup)?;
        Ok(Pricing {
            markup_percent: markup.unwrap_or(Decimal::ZERO),
            monthly_fee: checked("charges.monthly_fee", self.monthly_fee.as_ref(), cells::fee)?.unwrap_or(Exact::ZERO),
            minimum_charge: checked("charges.minimum_charge", self.minimum_charge.as_ref(), cells::fee)?
                .unwrap_or(Exact::ZERO),
        })
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checks {
    currency: Option<String>,
    tolerance: Option<Digits>,
    unmapped: Option<SeverityName>,
    tail_minutes_max: Option<u32>,
}

named!(WeightsName of Weights: AllocatedCost Messages);
named!(BearerName of Bearer: Keep Spread);
named!(RemovedUsageName of RemovedUsage: Attribute Keep Spread);
named!(ResidualName of Residual: Rate Keep);
named!(PolicyName of Policy: Spread Keep LeaveOut);
named!(RoundingName of RoundingRule: HalfAwayFromZero HalfEven);
named!(SeverityName of Severity: Error Warning Note);

impl File {
    /// The terms, as far as the file decides them; without the customer map and the invoices.
    pub(in crate::config) fn terms(&self) -> Result<Terms, Error> {
        let (allocation, charges) = (or_default(self.allocation.as_ref()), or_default(self.charges.as_ref()));
        let (checks, caps) = (or_default(self.checks.as_ref()), or_default(self.caps.as_ref()));
        let thresholds = caps.everyone()?;
        let tolerance = checked("checks.tolerance", checks.tolerance.as_ref(), cells::amount)?;
        let tolerance = tolerance.unwrap_or(Amount::ZERO);
        if tolerance.exact().is_negative() {
            return Err(setting("checks.tolerance", "must not be negative"));
        }
        let currency = checks.currency.as_deref().map(cells::currency).transpose();
        let default = Terms::default();
        Ok(Terms {
            customer_thresholds: caps.of_customers(thresholds)?,
            thresholds,
            weights: allocation.weights.map(Weights::from).unwrap_or_default(),
            parent_usage: allocation.parent_usage.map(Bearer::from).unwrap_or_default(),
            removed_usage: allocation.removed_usage.map(RemovedUsage::from).unwrap_or_default(),
            residual: allocation.residual.map(Residual::from).unwrap_or_default(),
            policies: allocation.policies(),
            pricing: charges.pricing()?,
            rounding: charges.rounding.map(RoundingRule::from).unwrap_or_default(),
            tail_max: checks.tail_minutes_max.map_or(default.tail_max, |minutes| TimeDelta::minutes(minutes.into())),
            tolerance,
            unmapped: checks.unmapped.map_or(default.unmapped, Severity::from),
            expected_currency: currency.map_err(|problem| setting("checks.currency", problem))?,
            ..default
        })
    }
}

/// A table, or what it is without being written.
fn or_default<T: Clone + Default>(table: Option<&T>) -> T {
    table.cloned().unwrap_or_default()
}

/// The value of a setting; nothing if it is not set.
fn checked<T>(
    name: &str,
    digits: Option<&Digits>,
    check: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Error> {
    digits.map(|Digits(text)| check(text).map_err(|problem| setting(name, problem))).transpose()
}
