//! How a fault is written: `503,path=/usage,count=2,percent=50`, or the same as a table.

use std::str::FromStr;

use serde::Deserialize;

use super::{Fault, Kind};

/// The longest that a slow request may take: an hour.
const MILLIS_MAX: u64 = 3_600_000;

/// What is wrong with a rule; the text names the part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFault(String);

/// A rule as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    kind: String,
    path: Option<String>,
    method: Option<String>,
    count: Option<u64>,
    skip: Option<u64>,
    percent: Option<u64>,
    millis: Option<u64>,
}

/// The methods of the API.
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

impl TryFrom<Raw> for Fault {
    type Error = BadFault;

    fn try_from(raw: Raw) -> Result<Self, BadFault> {
        let default = Self::new(raw.kind.parse()?);
        let within = |name: &str, number: Option<u64>, range: std::ops::RangeInclusive<u64>| match number {
            Some(number) if !range.contains(&number) => {
                Err(BadFault(format!("`{name}` must be from {} to {}", range.start(), range.end())))
            }
            number => Ok(number),
        };
        if raw.method.as_ref().is_some_and(|method| !METHODS.iter().any(|known| known.eq_ignore_ascii_case(method))) {
            return Err(BadFault(format!("`method` must be one of {}", METHODS.join(", "))));
        }
        if raw.count == Some(0) {
            return Err(BadFault("`count` must be at least 1".to_owned()));
        }
        Ok(Self {
            kind: default.kind,
            path: raw.path,
            method: raw.method,
            count: raw.count,
            skip: raw.skip.unwrap_or(default.skip),
            percent: within("percent", raw.percent, 0..=100)?.unwrap_or(default.percent),
            millis: within("millis", raw.millis, 0..=MILLIS_MAX)?.unwrap_or(default.millis),
        })
    }
}

impl FromStr for Kind {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
        found.ok_or_else(|| {
            let names = Self::ALL.map(|(name, _)| name).join(", ");
            BadFault(format!("the kind `{}` is none of {names}", text.escape_debug()))
        })
    }
}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let mut parts = text.split(',').map(str::trim);
        let mut raw = Raw { kind: parts.next().unwrap_or_default().to_owned(), ..Raw::default() };
        for part in parts {
            let Some((name, value)) = part.split_once('=') else {
                return Err(BadFault(format!("`{}` is not written as name=value", part.escape_debug())));
            };
            raw.set(name, value)?;
        }
        raw.try_into()
    }
}

impl Raw {
    fn set(&mut self, name: &str, value: &str) -> Result<(), BadFault> {
        let number = || {
            let problem = || BadFault(format!("`{name}` must be a whole number, and is `{}`", value.escape_debug()));
            value.parse::<u64>().map_err(|_| problem())
        };
        let before = match name {
            "path" => self.path.replace(value.to_owned()).is_some(),
            "method" => self.method.replace(value.to_owned()).is_some(),
            "count" => self.count.replace(number()?).is_some(),
            "skip" => self.skip.replace(number()?).is_some(),
            "percent" => self.percent.replace(number()?).is_some(),
            "millis" => self.millis.replace(number()?).is_some(),
            _ => {
                let name = name.escape_debug();
                return Err(BadFault(format!("`{name}` is none of path, method, count, skip, percent, millis")));
            }
        };
        if before { Err(BadFault(format!("`{name}` is there twice"))) } else { Ok(()) }
    }
}
