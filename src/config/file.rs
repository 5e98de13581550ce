//! `subledger.toml`: its shape, and how its texts become values.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Error, parse_amount, parse_currency, setting};
use crate::ahasend::Limits;
use crate::billing::finding::Severity;
use crate::billing::money::{Amount, Exact};
use crate::billing::terms::{Bearer, InvoiceEntry, RemovedUsage, Residual, Terms, Thresholds, Weights};

/// The longest that one capture may take: long enough for a million sub accounts, short enough for a night.
const RUN_TIMEOUT: Duration = Duration::from_hours(2);

/// The largest value of any limit: a day in seconds, and more pages or mebibytes than anybody has.
const LIMIT_MAX: u64 = 86_400;
/// Decimals of a percentage: enough for anybody, and few enough that no comparison overflows.
const PERCENT_SCALE_MAX: u32 = 4;

/// The file as written. Amounts and percentages are texts or whole numbers, so that no digit is lost.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) account_id: Option<String>,
    pub(super) label: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) archive: Option<String>,
    pub(super) reports: Option<String>,
    pub(super) customers: Option<String>,
    #[serde(default)]
    allocation: Allocation,
    #[serde(default)]
    checks: Checks,
    #[serde(default)]
    caps: Caps,
    #[serde(default)]
    invoice: Vec<Invoice>,
    #[serde(default)]
    pub(super) limits: LimitSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allocation {
    weights: Option<WeightsName>,
    parent_usage: Option<BearerName>,
    removed_usage: Option<RemovedUsageName>,
    residual: Option<ResidualName>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WeightsName {
    AllocatedCost,
    Messages,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BearerName {
    Keep,
    Spread,
}

impl From<BearerName> for Bearer {
    fn from(name: BearerName) -> Self {
        match name {
            BearerName::Keep => Self::Keep,
            BearerName::Spread => Self::Spread,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RemovedUsageName {
    Attribute,
    Keep,
    Spread,
}

impl From<RemovedUsageName> for RemovedUsage {
    fn from(name: RemovedUsageName) -> Self {
        match name {
            RemovedUsageName::Attribute => Self::Attribute,
            RemovedUsageName::Keep => Self::Keep,
            RemovedUsageName::Spread => Self::Spread,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ResidualName {
    Rate,
    Keep,
}

impl From<ResidualName> for Residual {
    fn from(name: ResidualName) -> Self {
        match name {
            ResidualName::Rate => Self::Rate,
            ResidualName::Keep => Self::Keep,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checks {
    currency: Option<String>,
    tolerance: Option<Digits>,
    unmapped: Option<SeverityName>,
    tail_minutes_max: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SeverityName {
    Error,
    Warning,
    Note,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caps {
    near_percent: Option<Digits>,
    critical_percent: Option<Digits>,
    exceeded_percent: Option<Digits>,
    #[serde(default)]
    customer: BTreeMap<String, Levels>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Levels {
    #[serde(rename = "near_percent")]
    near: Option<Digits>,
    #[serde(rename = "critical_percent")]
    critical: Option<Digits>,
    #[serde(rename = "exceeded_percent")]
    exceeded: Option<Digits>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invoice {
    period: String,
    amount: Digits,
    tax: Option<Digits>,
    credit: Option<Digits>,
    add_on: Option<Digits>,
}

/// A number as a text or a whole number; a TOML float would be a double.
#[derive(Debug, Clone)]
struct Digits(String);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self(text)),
            toml::Value::Integer(number) => Ok(Self(number.to_string())),
            toml::Value::Float(_) => Err(D::Error::custom("write a number with decimals in quotes, as in \"12.50\"")),
            _ => Err(D::Error::custom("expected a number in quotes or a whole number")),
        }
    }
}

/// `[limits]`: see [`Limits`] for the reasons behind the defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitSettings {
    connect_timeout_secs: Option<u64>,
    read_timeout_secs: Option<u64>,
    request_timeout_secs: Option<u64>,
    run_timeout_secs: Option<u64>,
    attempt_count_max: Option<u32>,
    retry_delay_min_ms: Option<u64>,
    retry_delay_max_secs: Option<u64>,
    retry_after_max_secs: Option<u64>,
    requests_per_second: Option<u32>,
    body_mib_max: Option<u64>,
    page_count_max: Option<u32>,
}

impl File {
    /// Reads the text; the problem names line and column.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {}", without_value(error.message()))
        })
    }

    /// The terms, as far as the file decides them.
    pub(super) fn terms(&self) -> Result<Terms, Error> {
        let everyone = Levels {
            near: self.caps.near_percent.clone(),
            critical: self.caps.critical_percent.clone(),
            exceeded: self.caps.exceeded_percent.clone(),
        };
        let thresholds = everyone.over(Thresholds::default(), "caps")?;
        let of_customer = self
            .caps
            .customer
            .iter()
            .map(|(id, levels)| Ok((id.clone(), levels.over(thresholds, &format!("caps.customer.{id}"))?)));
        let weights = match self.allocation.weights {
            Some(WeightsName::Messages) => Weights::Messages,
            Some(WeightsName::AllocatedCost) | None => Weights::AllocatedCost,
        };
        let unmapped = match self.checks.unmapped {
            Some(SeverityName::Error) => Severity::Error,
            Some(SeverityName::Note) => Severity::Note,
            Some(SeverityName::Warning) | None => Severity::Warning,
        };
        let currency = self.checks.currency.as_deref();
        let tolerance = amount("checks.tolerance", self.checks.tolerance.as_ref())?;
        if tolerance.exact().is_negative() {
            return Err(setting("checks.tolerance", "must not be negative"));
        }
        let default = Terms::default();
        Ok(Terms {
            customer_thresholds: of_customer.collect::<Result<_, Error>>()?,
            thresholds,
            weights,
            unmapped,
            parent_usage: self.allocation.parent_usage.map(Bearer::from).unwrap_or_default(),
            removed_usage: self.allocation.removed_usage.map(RemovedUsage::from).unwrap_or_default(),
            residual: self.allocation.residual.map(Residual::from).unwrap_or_default(),
            tail_max: self
                .checks
                .tail_minutes_max
                .map_or(default.tail_max, |minutes| TimeDelta::minutes(minutes.into())),
            tolerance,
            invoices: self.invoices()?,
            expected_currency: currency.map(|code| parse_currency("checks.currency", code)).transpose()?,
            ..default
        })
    }

    /// The invoices by billing period.
    fn invoices(&self) -> Result<BTreeMap<NaiveDate, InvoiceEntry>, Error> {
        let mut invoices = BTreeMap::new();
        for invoice in &self.invoice {
            let period = NaiveDate::parse_from_str(&invoice.period, "%Y-%m-%d")
                .map_err(|_| setting("invoice.period", "is no date such as 2024-01-01"))?;
            let entry = InvoiceEntry {
                amount: amount("invoice.amount", Some(&invoice.amount))?,
                tax: amount("invoice.tax", invoice.tax.as_ref())?,
                credit: amount("invoice.credit", invoice.credit.as_ref())?,
                add_on: amount("invoice.add_on", invoice.add_on.as_ref())?,
            };
            if entry.credit.exact() > Exact::ZERO {
                return Err(setting("invoice.credit", "lowers the invoice: write it as a negative amount, -10.00"));
            }
            if invoices.insert(period, entry).is_some() {
                return Err(setting("invoice.period", format!("`{period}` is there twice")));
            }
        }
        Ok(invoices)
    }
}

impl Levels {
    fn over(&self, base: Thresholds, name: &str) -> Result<Thresholds, Error> {
        let percent = |key: &str, digits: Option<&Digits>, base: Decimal| match digits {
            None => Ok(base),
            Some(Digits(text)) => {
                let percent = Decimal::from_str_exact(text).ok().map(|percent| percent.normalize());
                let in_range = |percent: &Decimal| *percent > Decimal::ZERO && *percent <= Decimal::ONE_THOUSAND;
                let usable = percent.filter(|percent| in_range(percent) && percent.scale() <= PERCENT_SCALE_MAX);
                let problem = "must be a percentage above 0 and up to 1000, with at most 4 decimals";
                usable.ok_or_else(|| setting(&format!("{name}.{key}"), problem))
            }
        };
        let thresholds = Thresholds {
            near: percent("near_percent", self.near.as_ref(), base.near)?,
            critical: percent("critical_percent", self.critical.as_ref(), base.critical)?,
            exceeded: percent("exceeded_percent", self.exceeded.as_ref(), base.exceeded)?,
        };
        let ordered = thresholds.near <= thresholds.critical && thresholds.critical <= thresholds.exceeded;
        if ordered { Ok(thresholds) } else { Err(setting(name, "levels must rise: near, critical, exceeded")) }
    }
}

impl LimitSettings {
    /// The client's limits: the defaults with what the file changes.
    pub(super) fn limits(&self) -> Result<Limits, Error> {
        let default = Limits::default();
        for (name, value) in [
            ("connect_timeout_secs", self.connect_timeout_secs),
            ("read_timeout_secs", self.read_timeout_secs),
            ("request_timeout_secs", self.request_timeout_secs),
            ("run_timeout_secs", self.run_timeout_secs),
            ("attempt_count_max", self.attempt_count_max.map(u64::from)),
            ("body_mib_max", self.body_mib_max),
            ("page_count_max", self.page_count_max.map(u64::from)),
        ] {
            if value.is_some_and(|value| !(1..=LIMIT_MAX).contains(&value)) {
                return Err(setting(&format!("limits.{name}"), format!("must be from 1 to {LIMIT_MAX}")));
            }
        }
        let secs = |setting: Option<u64>, default: Duration| setting.map_or(default, Duration::from_secs);
        let per_second = match self.requests_per_second {
            None => default.requests_per_second,
            Some(number) => NonZeroU32::new(number).filter(|number| number.get() < 100).ok_or_else(|| {
                setting("limits.requests_per_second", "must be from 1 to 99: sending shares the limit")
            })?,
        };
        Ok(Limits {
            connect_timeout: secs(self.connect_timeout_secs, default.connect_timeout),
            read_timeout: secs(self.read_timeout_secs, default.read_timeout),
            request_timeout: secs(self.request_timeout_secs, default.request_timeout),
            attempt_count_max: self.attempt_count_max.unwrap_or(default.attempt_count_max),
            retry_delay_min: self.retry_delay_min_ms.map_or(default.retry_delay_min, Duration::from_millis),
            retry_delay_max: secs(self.retry_delay_max_secs, default.retry_delay_max),
            retry_after_max: secs(self.retry_after_max_secs, default.retry_after_max),
            requests_per_second: per_second,
            body_bytes_max: self.body_mib_max.map_or(default.body_bytes_max, |mib| mib.saturating_mul(1 << 20)),
            page_count_max: self.page_count_max.unwrap_or(default.page_count_max),
            ..default
        })
    }

    /// The longest that one capture may take.
    pub(super) fn run_timeout(&self) -> Duration {
        self.run_timeout_secs.map_or(RUN_TIMEOUT, Duration::from_secs)
    }
}

/// The reader's words without the value that it quotes: somebody may have put a key there.
fn without_value(message: &str) -> String {
    let quotes = ["invalid type", "invalid value", "unknown variant"].iter().any(|start| message.starts_with(start));
    let message = match message.split_once(", expected ") {
        Some((_, expected)) if quotes => format!("expected {expected}"),
        _ if quotes => "invalid value".to_owned(),
        _ => message.to_owned(),
    };
    if ["unknown field `api_key`", "unknown field `key`"].iter().any(|start| message.starts_with(start)) {
        return "a key has no place in a file; set the environment variable AHASEND_API_KEY".to_owned();
    }
    message
}

fn amount(name: &str, digits: Option<&Digits>) -> Result<Amount, Error> {
    digits.map_or(Ok(Amount::ZERO), |Digits(text)| parse_amount(name, text))
}
