//! The process's surroundings: environment variables and the clock, read here and passed down.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use secrecy::SecretString;

/// Prefixes of variables that object stores take their settings and credentials from.
const STORE_PREFIXES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];

/// The clock: the system's, or one that stands still for tests and demos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Always this instant.
    Fixed(DateTime<Utc>),
    /// The system's, put forward by so much.
    Ahead(TimeDelta),
}

impl Clock {
    /// A clock that shows `at` now, and goes on from there if it `runs`.
    pub fn at(at: DateTime<Utc>, runs: bool) -> Self {
        if runs { Self::Ahead(at - Utc::now()) } else { Self::Fixed(at) }
    }

    /// Whether it goes on.
    pub fn runs(self) -> bool {
        !matches!(self, Self::Fixed(_))
    }

    /// The time, in whole seconds: captures are named by the second.
    pub fn now(self) -> DateTime<Utc> {
        let at = match self {
            Self::System => Utc::now(),
            Self::Fixed(at) => at,
            Self::Ahead(by) => Utc::now() + by,
        };
        at.with_nanosecond(0).unwrap_or(at)
    }
}

/// What the process finds around it.
#[derive(Clone)]
pub struct Surroundings {
    variables: BTreeMap<String, String>,
    /// The clock.
    pub clock: Clock,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // values may be secrets; names are not
        f.debug_struct("Surroundings").field("variables", &self.variables.keys()).field("clock", &self.clock).finish()
    }
}

impl Surroundings {
    /// Reads the environment of this process. The configuration may name any variable as the one with the key.
    pub fn of_process(clock: Clock) -> Self {
        let text =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: text.collect(), clock }
    }

    /// Surroundings that are not the process's, for the demo.
    pub fn made_of(variables: impl IntoIterator<Item = (String, String)>, clock: Clock) -> Self {
        Self { variables: variables.into_iter().collect(), clock }
    }

    /// A variable that is set to something.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The parent account that the environment names.
    pub fn account_id(&self) -> Option<String> {
        self.variable("AHASEND_ACCOUNT_ID").map(|id| id.trim().to_owned())
    }

    /// Whether the environment has the key.
    pub fn has_key(&self) -> bool {
        self.variable("AHASEND_API_KEY").is_some()
    }

    /// A variable that nobody may see; a single line break at its end is a file's, not the secret's.
    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        let secret = self.variable(name)?;
        Some(secret.strip_suffix('\n').unwrap_or(secret).into())
    }

    /// What object stores may take from the environment, names in lower case as they expect.
    pub(super) fn store_settings(&self) -> Vec<(String, String)> {
        let of_store = |name: &str| STORE_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let options = self.variables.iter().filter(|(name, _)| of_store(name));
        options.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
    }
}

/// How long the machine has been up, asleep or awake: time that no clock on the wall sets back or forward.
pub fn time_since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    Duration::try_from(rustix::time::clock_gettime(clock)).unwrap_or_default()
}

/// The words of the command line, the program's name first.
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}
