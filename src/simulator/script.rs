//! A simulation as a file: the world it begins with, its pace, its mood, and what goes wrong.
//!
//! A pure function from text to values; it must never open the file.

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::fault::Fault;
use super::moods::MoodChange;
use super::world::Plan;

/// The fastest that a world may run: a day in a second. A month still takes long enough to be looked at.
const PACE_MAX: u32 = 86_400;
/// The most sub accounts: they take some seconds to begin with and about a gibibyte.
const ACCOUNT_COUNT_MAX: usize = 1_000_000;

/// What a file says; nothing for what it leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The seed of the world, of its key, and of the chance of faults.
    pub seed: Option<u64>,
    /// Sub accounts at the start of the first billing period.
    #[serde(deserialize_with = "accounts")]
    pub accounts: Option<usize>,
    /// The world's first instant.
    #[serde(deserialize_with = "instant")]
    pub start: Option<DateTime<Utc>>,
    /// World seconds per real second.
    #[serde(deserialize_with = "pace")]
    pub pace: Option<u32>,
    /// What the parent pays.
    #[serde(deserialize_with = "plan")]
    pub plan: Plan,
    /// How the API behaves where nobody knows.
    pub mood: MoodChange,
    /// What goes wrong from the start.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
}

impl Script {
    /// This script with flags over it. Their faults come first, so that they strike first; a plan is the file's alone.
    #[must_use]
    pub fn with(self, flags: Self) -> Self {
        Self {
            seed: flags.seed.or(self.seed),
            accounts: flags.accounts.or(self.accounts),
            start: flags.start.or(self.start),
            pace: flags.pace.or(self.pace),
            plan: self.plan,
            mood: self.mood.then(flags.mood),
            faults: [flags.faults, self.faults].concat(),
        }
    }

    /// Reads the text; the problem names line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {}", error.message())
        })
    }
}

/// World seconds per real second: `real` is 1, `frozen` is 0, `60x` is 60.
pub fn parse_pace(text: &str) -> Result<u32, String> {
    let number = match text {
        "frozen" => return Ok(0),
        "real" => return Ok(1),
        _ => text.strip_suffix('x').and_then(|number| number.parse().ok()),
    };
    number
        .filter(|number| (1..=PACE_MAX).contains(number))
        .ok_or_else(|| format!("`{}` is none of real, frozen, and 1x to {PACE_MAX}x", text.escape_debug()))
}

/// A number of sub accounts.
pub fn parse_accounts(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= ACCOUNT_COUNT_MAX);
    number.ok_or_else(|| format!("`{}` is no whole number from 0 to {ACCOUNT_COUNT_MAX}", text.escape_debug()))
}

/// An instant in RFC 3339.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, String> {
    let parsed = DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc());
    parsed.map_err(|_| format!("`{}` is no instant such as 2026-10-01T00:00:00Z", text.escape_debug()))
}

fn pace<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_pace(&text).map(Some).map_err(|problem| D::Error::custom(format!("`pace`: {problem}")))
}

fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let number = i64::deserialize(deserializer)?.to_string();
    parse_accounts(&number).map(Some).map_err(|problem| D::Error::custom(format!("`accounts`: {problem}")))
}

/// With quotes, or without them as a date and time of TOML.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(instant) => instant.to_string(),
        _ => return Err(D::Error::custom("`start` must be an instant such as 2026-10-01T00:00:00Z")),
    };
    parse_instant(&text).map(Some).map_err(|problem| D::Error::custom(format!("`start`: {problem}")))
}

fn plan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Plan, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        currency: Option<String>,
        base_fee_cents: Option<u64>,
        included_messages: Option<u64>,
        overage_cents_per_thousand: Option<u64>,
    }

    let written = Written::deserialize(deserializer)?;
    let currency = written.currency.as_deref().map(str::parse).transpose();
    let currency = currency.map_err(|problem| D::Error::custom(format!("`currency` {problem}")))?;
    let default = Plan::default();
    Ok(Plan {
        currency: currency.unwrap_or(default.currency),
        base_fee_cents: written.base_fee_cents.unwrap_or(default.base_fee_cents),
        included_messages: written.included_messages.unwrap_or(default.included_messages),
        overage_cents_per_thousand: written.overage_cents_per_thousand.unwrap_or(default.overage_cents_per_thousand),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::fault::Kind;
    use crate::simulator::world::{Currency, Rounding};

    #[test]
    fn a_whole_file_is_read() {
        let script = Script::parse(
            r#"
            seed = 7
            accounts = 60
            start = "2026-10-01T00:00:00+02:00"
            pace = "3600x"
            [plan]
            currency = "usd"
            base_fee_cents = 100
            [mood]
            rounding = "2"
            zero_usage = false
            [[fault]]
            kind = "503"
            path = "/usage"
            count = 2
            [[fault]]
            kind = "slow"
            millis = 5
            "#,
        )
        .unwrap();
        assert_eq!((script.seed, script.accounts, script.pace), (Some(7), Some(60), Some(3_600)));
        assert_eq!(script.start.unwrap().to_rfc3339(), "2026-09-30T22:00:00+00:00");
        let plan = Plan { currency: Currency::Usd, base_fee_cents: 100, ..Plan::default() };
        assert_eq!(script.plan, plan);
        assert_eq!((script.mood.rounding, script.mood.zero_usage), (Some(Rounding::Two), Some(false)));
        assert_eq!(script.faults, ["503,path=/usage,count=2", "slow,millis=5"].map(|text| text.parse().unwrap()));
        assert_eq!(script.faults[1].kind, Kind::Slow);
        assert_eq!(Script::parse("").unwrap(), Script::default());
        let bare = Script::parse("start = 2026-10-01T00:00:00Z").unwrap();
        assert_eq!(bare.start, parse_instant("2026-10-01T00:00:00Z").ok());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, problem) in [
            ("seed = 1\ncolour = 2", "line 2, column 1: unknown field `colour`"),
            ("seed = 1\naccounts = -1", "line 2, column 12: "),
            ("pace = \"fast\"", "line 1, column 8: `pace`: `fast` is none of real, frozen, and 1x to 86400x"),
            ("start = \"today\"", "line 1, column 9: `start`: `today` is no instant"),
            ("[plan]\ncurrency = \"yen\"", "line 1, column 1: `currency` is none of eur, gbp, usd"),
            ("[mood]\nrounding = \"3\"", "line 2, column 12: `rounding` is none of 2, 4, full"),
            ("[mood]\ncolour = 1", "line 2, column 1: unknown field `colour`"),
            ("[[fault]]\nkind = \"504\"", "line 1, column 1: the kind `504` is none of"),
            ("[[fault]]\nkind = \"503\"\npercent = 101", "line 1, column 1: `percent` must be from 0 to 100"),
            ("seed =", "line 1, column 7: "),
        ] {
            let error = Script::parse(text).unwrap_err();
            assert!(error.starts_with(problem), "{text}: {error}");
        }
    }

    #[test]
    fn flags_win_over_the_file() {
        let file = "seed = 1\naccounts = 5\n[plan]\nbase_fee_cents = 7\n[mood]\nrounding = \"2\"\nzero_usage = false\n\
            [[fault]]\nkind = \"500\"";
        let flags = Script {
            seed: Some(2),
            mood: "rounding=full".parse().unwrap(),
            faults: vec!["503".parse().unwrap()],
            ..Script::default()
        };
        let script = Script::parse(file).unwrap().with(flags);
        assert_eq!((script.seed, script.accounts, script.plan.base_fee_cents), (Some(2), Some(5), 7));
        assert_eq!((script.mood.rounding, script.mood.zero_usage), (Some(Rounding::Full), Some(false)));
        assert_eq!(script.faults, ["503", "500"].map(|text| text.parse().unwrap()));
    }

    #[test]
    fn a_world_has_room_for_a_million() {
        assert_eq!(["0", "1000000"].map(parse_accounts), [Ok(0), Ok(1_000_000)]);
        assert!(["", "-1", "1000001", "99999999999999999999"].iter().all(|text| parse_accounts(text).is_err()));
    }

    #[test]
    fn paces_have_names_and_numbers() {
        assert_eq!(["frozen", "real", "1x", "86400x"].map(parse_pace), [Ok(0), Ok(1), Ok(1), Ok(86_400)]);
        assert!(["", "x", "0x", "86401x", "60", "-1x", "1.5x"].iter().all(|text| parse_pace(text).is_err()));
    }
}
