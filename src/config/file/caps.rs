//! `[caps]`: the levels of caps, for everyone and for single customers.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Digits, shown};
use crate::billing::terms::Thresholds;
use crate::config::{Error, setting};

/// Decimals of a percentage: enough for anybody, and few enough that no comparison overflows.
const PERCENT_SCALE_MAX: u32 = 4;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Caps {
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

impl Caps {
    /// Everyone's levels.
    pub(super) fn everyone(&self) -> Result<Thresholds, Error> {
        let levels = Levels {
            near: self.near_percent.clone(),
            critical: self.critical_percent.clone(),
            exceeded: self.exceeded_percent.clone(),
        };
        levels.over(Thresholds::default(), "caps")
    }

    /// The levels of single customers, by customer id: everyone's with what is said of them.
    pub(super) fn of_customers(&self, everyone: Thresholds) -> Result<BTreeMap<String, Thresholds>, Error> {
        let of_customer = |(id, levels): (&String, &Levels)| {
            Ok((id.clone(), levels.over(everyone, &format!("caps.customer.{}", shown(id)))?))
        };
        self.customer.iter().map(of_customer).collect()
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
