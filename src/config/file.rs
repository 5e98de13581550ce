//! `subledger.toml`: its shape, and how its texts become values.

/// Gives the names of values their meaning; the names are those of the variants with hyphens.
macro_rules! named {
    ($name:ident of $value:ident: $($variant:ident)+) => {
        #[derive(Debug, Clone, Copy, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum $name { $($variant),+ }

        impl From<$name> for $value {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

mod caps;
mod invoice;
mod limits;
mod report;
mod terms;

use serde::Deserialize;

use self::caps::Caps;
use self::invoice::Invoice;
use self::limits::LimitSettings;
use self::report::Report;
use self::terms::{Allocation, Charges, Checks};
use crate::ahasend::SECRET_KEY_START;
use crate::ahasend::wire::display;

/// Longest part shown of a name that is not ours, in characters.
const SHOWN_CHAR_COUNT_MAX: usize = 40;

/// The file as written. Amounts and percentages are texts or whole numbers, so that no digit is lost.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) account_id: Option<String>,
    pub(super) account_name: Option<String>,
    pub(super) label: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) archive: Option<String>,
    pub(super) reports: Option<String>,
    pub(super) customers: Option<String>,
    pub(super) invoices: Option<String>,
    #[serde(default)]
    allocation: Allocation,
    #[serde(default)]
    charges: Charges,
    #[serde(default)]
    checks: Checks,
    #[serde(default)]
    caps: Caps,
    #[serde(default)]
    invoice: Vec<Invoice>,
    #[serde(default)]
    pub(super) report: Report,
    #[serde(default)]
    pub(super) limits: LimitSettings,
}

impl File {
    /// Reads the text; the problem names line and column.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let read = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {}, column {column}: {}", line_after(before), without_value(error.message()))
        });
        let mut file: Self = read?;
        file.invoice.iter_mut().for_each(|invoice| invoice.locate(text));
        Ok(file)
    }
}

/// The line that begins with, or goes on after, this beginning of a text, from 1.
fn line_after(before: &str) -> usize {
    before.matches('\n').count() + 1
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

/// A name that somebody chose, short and safe to display.
fn shown(name: &str) -> String {
    display(name, SHOWN_CHAR_COUNT_MAX)
}

/// The reader's words without the value that it quotes, and with little of a name: somebody may have put a key there.
fn without_value(message: &str) -> String {
    if let Some(unknown) = message.strip_prefix("unknown field `") {
        // a name may hold anything; what is known comes last
        let (name, known) = unknown.rsplit_once("`, expected ").unwrap_or((unknown, "nothing here"));
        if ["api_key", "key"].contains(&name) || name.starts_with(SECRET_KEY_START) {
            return "a key has no place in a file; set the environment variable AHASEND_API_KEY".to_owned();
        }
        return format!("unknown field `{}`, expected {known}", shown(name));
    }
    let quotes = ["invalid type", "invalid value", "unknown variant"].iter().any(|start| message.starts_with(start));
    match message.split_once(", expected ") {
        Some((_, expected)) if quotes => format!("expected {expected}"),
        _ if quotes => "invalid value".to_owned(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
