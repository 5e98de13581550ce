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
mod watching;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use self::caps::Caps;
use self::invoice::Invoice;
use self::limits::LimitSettings;
use self::report::Report;
use self::terms::{Allocation, Charges, Checks};
use self::watching::{MonitoringSettings, Notify, Places};
use super::key::KeySource;
use super::{Error, Monitoring, Optional, Surroundings, optional, setting};
use crate::ahasend::wire::display;
use crate::ahasend::{Limits, SECRET_KEY_START};
use crate::notify::Channel;
use crate::report::format::{Format, Formats};

/// Longest part shown of a name that is not ours, in characters.
const SHOWN_CHAR_COUNT_MAX: usize = 40;

/// The file as written. Amounts and percentages are texts or whole numbers, so that no digit is lost.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names are those of the file")]
pub(super) struct File {
    pub(super) account_id: Option<String>,
    pub(super) account_name: Option<String>,
    pub(super) label: Option<String>,
    pub(super) base_url: Option<String>,
    key_env: Option<String>,
    key_file: Option<String>,
    key_credential: Option<String>,
    key_command: Option<Vec<String>>,
    pub(super) archive: Option<String>,
    pub(super) reports: Option<String>,
    pub(super) spool: Option<String>,
    pub(super) mirror: Option<String>,
    pub(super) customers: Option<String>,
    pub(super) invoices: Option<String>,
    allocation: Option<Allocation>,
    charges: Option<Charges>,
    checks: Option<Checks>,
    caps: Option<Caps>,
    #[serde(default)]
    invoice: Vec<Invoice>,
    report: Option<Report>,
    limits: Option<LimitSettings>,
    #[serde(default)]
    notify: Vec<Notify>,
    monitoring: Option<MonitoringSettings>,
    /// Several parent accounts, each with what it has of its own.
    #[serde(default)]
    parent: Vec<Self>,
    /// Whether `[monitoring]` is that of all parent accounts.
    #[serde(skip)]
    is_watched_together: bool,
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
        let of_parents = file.parent.iter_mut().flat_map(|parent| parent.invoice.iter_mut());
        file.invoice.iter_mut().chain(of_parents).for_each(|invoice| invoice.locate(text));
        Ok(file)
    }

    /// The parent accounts by their labels, where the file has several; the problem says which of them is wrong.
    pub(super) fn parents(&self) -> Result<Vec<&str>, String> {
        let is_of_one = self.account_id.is_some() || self.label.is_some() || self.invoices.is_some();
        if !self.parent.is_empty() && (is_of_one || !self.invoice.is_empty()) {
            let problem = "has [[parent]]: `account_id`, `label`, `invoices` and [[invoice]] belong into each of them";
            return Err(problem.to_owned());
        }
        let mut labels: Vec<&str> = Vec::with_capacity(self.parent.len());
        for (parent, number) in self.parent.iter().zip(1..) {
            let wrong = |problem: &str| Err(format!("[[parent]] number {number} {problem}"));
            let Some(label) = parent.label.as_deref() else { return wrong("has no `label`") };
            if labels.contains(&label) {
                return wrong(&format!("has the label `{}`, as another one before it", shown(label)));
            }
            if parent.account_id.is_none() {
                return wrong(&format!("(`{}`) has no `account_id`", shown(label)));
            }
            if !parent.parent.is_empty() {
                return wrong(&format!("(`{}`) has a [[parent]] of its own", shown(label)));
            }
            labels.push(label);
        }
        Ok(labels)
    }

    /// What the folder of its reports is called.
    pub(super) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The id of one of several parent accounts, as written.
    pub(super) fn account_of(&self, label: &str) -> Option<&str> {
        self.parent.iter().find(|parent| parent.label.as_deref() == Some(label))?.account_id.as_deref()
    }

    /// What the file says of one of several parent accounts. What it has of its own takes the place of what is said for all
    /// of them, table by table; invoices are its own alone.
    pub(super) fn of_parent(self, label: &str) -> Option<Self> {
        let own = self.parent.into_iter().find(|parent| parent.label.as_deref() == Some(label))?;
        let has_key = own.key_env.is_some()
            || own.key_file.is_some()
            || own.key_credential.is_some()
            || own.key_command.is_some();
        let (key_env, key_file, key_credential, key_command) = if has_key {
            (own.key_env, own.key_file, own.key_credential, own.key_command)
        } else {
            (self.key_env, self.key_file, self.key_credential, self.key_command)
        };
        let is_watched_together = own.monitoring.is_none();
        Some(Self {
            account_id: own.account_id,
            account_name: own.account_name.or(self.account_name),
            label: own.label,
            base_url: own.base_url.or(self.base_url),
            key_env,
            key_file,
            key_credential,
            key_command,
            archive: own.archive.or(self.archive),
            reports: own.reports.or(self.reports),
            spool: own.spool.or(self.spool),
            mirror: own.mirror.or(self.mirror),
            customers: own.customers.or(self.customers),
            invoices: own.invoices,
            allocation: own.allocation.or(self.allocation),
            charges: own.charges.or(self.charges),
            checks: own.checks.or(self.checks),
            caps: own.caps.or(self.caps),
            invoice: own.invoice,
            report: own.report.or(self.report),
            limits: own.limits.or(self.limits),
            notify: if own.notify.is_empty() { self.notify } else { own.notify },
            monitoring: own.monitoring.or(self.monitoring),
            parent: Vec::new(),
            is_watched_together,
        })
    }

    /// Where the key is, if the file says so.
    pub(super) fn key_source(&self) -> Result<Option<KeySource>, Error> {
        let sources = [
            self.key_env.clone().map(KeySource::Variable),
            self.key_file.as_ref().map(|path| KeySource::File(path.into())),
            self.key_credential.clone().map(KeySource::Credential),
            self.key_command.clone().map(KeySource::Command),
        ];
        let mut named = sources.into_iter().flatten();
        match (named.next(), named.next()) {
            (source, None) => Ok(source),
            _ => Err(setting(
                "key_file",
                "is not the only place named for the key; keep one of `key_env`, `key_file`, \
                              `key_credential` and `key_command`",
            )),
        }
    }

    /// `[report]`.
    pub(super) fn formats(&self, picked: Option<&[Format]>) -> Formats {
        self.report.as_ref().unwrap_or(&Report::default()).formats(picked)
    }

    /// Who is told what came of a night.
    pub(super) fn channels(&self, folder: &Path, surroundings: &Surroundings) -> Vec<Optional<Channel>> {
        let channels = self.notify.iter().map(|notify| notify.channel(Places { folder, surroundings }));
        channels.map(optional).collect()
    }

    /// What watches.
    pub(super) fn monitoring(&self, folder: &Path, surroundings: &Surroundings) -> Monitoring {
        let settings = self.monitoring.clone().unwrap_or_default();
        let label = self.label.as_deref().filter(|_| self.is_watched_together);
        settings.monitoring(Places { folder, surroundings }, label)
    }

    /// How long an object store is tried.
    pub(super) fn store_patience(&self) -> Result<Duration, Error> {
        self.limits.as_ref().unwrap_or(&LimitSettings::default()).store_patience()
    }

    /// `[limits]`.
    pub(super) fn limits(&self) -> Result<(Limits, Duration), Error> {
        let default = LimitSettings::default();
        let settings = self.limits.as_ref().unwrap_or(&default);
        Ok((settings.limits()?, settings.run_timeout()))
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
