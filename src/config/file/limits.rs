//! `[limits]`: see [`Limits`] for the reasons behind the defaults.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

use crate::ahasend::Limits;
use crate::config::{Error, setting};
use crate::publish::store::STORE_PATIENCE;

/// The longest that one capture may take: long enough for a million sub accounts, short enough for a night.
const RUN_TIMEOUT: Duration = Duration::from_hours(2);
/// The largest value of any limit: a day in seconds, and more pages or mebibytes than anybody has.
const LIMIT_MAX: u64 = 86_400;

/// The longest that a store may be tried: what a request is signed with holds for five minutes.
const STORE_TIMEOUT_SECS_MAX: u64 = 240;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct LimitSettings {
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
    store_timeout_secs: Option<u64>,
}

impl LimitSettings {
    /// The client's limits: the defaults with what the file changes.
    pub(in crate::config) fn limits(&self) -> Result<Limits, Error> {
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

    /// How long an object store is tried.
    pub(in crate::config) fn store_patience(&self) -> Result<Duration, Error> {
        match self.store_timeout_secs {
            None => Ok(STORE_PATIENCE),
            Some(seconds @ 1..=STORE_TIMEOUT_SECS_MAX) => Ok(Duration::from_secs(seconds)),
            Some(_) => {
                let problem = format!("must be from 1 to {STORE_TIMEOUT_SECS_MAX}");
                Err(setting("limits.store_timeout_secs", problem))
            }
        }
    }

    /// The longest that one capture may take.
    pub(in crate::config) fn run_timeout(&self) -> Duration {
        self.run_timeout_secs.map_or(RUN_TIMEOUT, Duration::from_secs)
    }
}
