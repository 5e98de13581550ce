//! A change of mood as people write it: a table of TOML or JSON, or `name=value`.
//!
//! Owns the names. What a mood means is the world's.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::world::{BillingDay, Mood, Rounding};

/// What is to be different about a mood; nothing for what stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MoodChange {
    /// `"2"`, `"4"` or `"full"`.
    #[serde(deserialize_with = "rounding")]
    pub rounding: Option<Rounding>,
    /// A day that every month has.
    #[serde(deserialize_with = "billing_day")]
    pub billing_day: Option<BillingDay>,
    /// Whether suspended sub accounts are listed.
    pub list_suspended: Option<bool>,
    /// Whether suspended sub accounts have a usage line.
    pub suspended_usage: Option<bool>,
    /// Whether sub accounts without messages have a usage line.
    pub zero_usage: Option<bool>,
    /// Whether a 429 says when to come back.
    pub retry_after: Option<bool>,
}

impl MoodChange {
    /// Both changes; where they differ, the later one counts.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        Self {
            rounding: later.rounding.or(self.rounding),
            billing_day: later.billing_day.or(self.billing_day),
            list_suspended: later.list_suspended.or(self.list_suspended),
            suspended_usage: later.suspended_usage.or(self.suspended_usage),
            zero_usage: later.zero_usage.or(self.zero_usage),
            retry_after: later.retry_after.or(self.retry_after),
        }
    }

    /// A mood after the change.
    pub fn over(self, mood: Mood) -> Mood {
        Mood {
            rounding: self.rounding.unwrap_or(mood.rounding),
            billing_day: self.billing_day.unwrap_or(mood.billing_day),
            list_suspended: self.list_suspended.unwrap_or(mood.list_suspended),
            suspended_usage: self.suspended_usage.unwrap_or(mood.suspended_usage),
            zero_usage: self.zero_usage.unwrap_or(mood.zero_usage),
            retry_after: self.retry_after.unwrap_or(mood.retry_after),
        }
    }
}

/// One change, as `name=value`.
impl FromStr for MoodChange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) =
            text.split_once('=').ok_or_else(|| format!("`{}` is not written as name=value", text.escape_debug()))?;
        let mut change = Self::default();
        let flag = || value.parse().map(Some).map_err(|_| format!("`{name}` is neither true nor false"));
        match name {
            "rounding" => change.rounding = Some(parse_rounding(value)?),
            "billing_day" => change.billing_day = Some(parse_billing_day(value.parse().unwrap_or(0))?),
            "list_suspended" => change.list_suspended = flag()?,
            "suspended_usage" => change.suspended_usage = flag()?,
            "zero_usage" => change.zero_usage = flag()?,
            "retry_after" => change.retry_after = flag()?,
            _ => {
                return Err(format!(
                    "`{}` is none of rounding, billing_day, list_suspended, suspended_usage, zero_usage, retry_after",
                    name.escape_debug()
                ));
            }
        }
        Ok(change)
    }
}

/// The name of a rounding.
pub(super) fn rounding_name(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::Two => "2",
        Rounding::Four => "4",
        Rounding::Full => "full",
    }
}

fn parse_rounding(text: &str) -> Result<Rounding, String> {
    text.parse().map_err(|problem| format!("`rounding` {problem}"))
}

fn parse_billing_day(day: u32) -> Result<BillingDay, String> {
    BillingDay::new(day).ok_or_else(|| "`billing_day` must be from 1 to 28".to_owned())
}

fn rounding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rounding>, D::Error> {
    parse_rounding(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn billing_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BillingDay>, D::Error> {
    parse_billing_day(u32::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_reads_the_same_in_every_form() {
        let pairs = [
            "rounding=full",
            "billing_day=15",
            "list_suspended=false",
            "suspended_usage=false",
            "zero_usage=false",
            "retry_after=false",
        ];
        let text = pairs.iter().fold(MoodChange::default(), |change, pair| change.then(pair.parse().unwrap()));
        let json = r#"{"rounding": "full", "billing_day": 15, "list_suspended": false, "suspended_usage": false,
            "zero_usage": false, "retry_after": false}"#;
        assert_eq!(text, serde_json::from_str(json).unwrap());
        let mood = text.over(Mood::default());
        assert_eq!((mood.rounding, mood.billing_day.day(), mood.zero_usage), (Rounding::Full, 15, false));
        assert_eq!(MoodChange::default().over(mood), mood);
        assert_eq!(text.then("rounding=2".parse().unwrap()).rounding, Some(Rounding::Two));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, problem) in [
            ("rounding", "`rounding` is not written as name=value"),
            ("rounding=3", "`rounding` is none of 2, 4, full"),
            ("billing_day=29", "`billing_day` must be from 1 to 28"),
            ("billing_day=first", "`billing_day` must be from 1 to 28"),
            ("zero_usage=yes", "`zero_usage` is neither true nor false"),
            ("colour=red", "`colour` is none of rounding, billing_day,"),
        ] {
            let error = text.parse::<MoodChange>().unwrap_err();
            assert!(error.starts_with(problem), "{text}: {error}");
        }
        let error = toml::from_str::<MoodChange>("billing_day = 31").unwrap_err();
        assert_eq!(error.message(), "`billing_day` must be from 1 to 28");
    }
}
