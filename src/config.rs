//! Configuration: `subledger.toml`, the environment and the flags become one validated [`Config`].
//!
//! This room is the only reader of the clock, of the environment and of configuration files. It decides nothing
//! about money; it only says what has been decided.

#![expect(clippy::disallowed_methods, reason = "the only reader of clock, environment and configuration files")]

mod customers;
mod file;
mod surroundings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::ahasend::{Client, Limits};
use crate::billing::cap_plan::WantedCaps;
use crate::billing::money::{Amount, Currency};
use crate::billing::terms::Terms;

pub use self::customers::CustomersError;
pub use self::surroundings::{Clock, StoreOptions, Surroundings};

/// Where the API is unless told otherwise.
const BASE_URL: &str = "https://api.ahasend.com";
/// The configuration file that is read if it is there.
const FILE_NAME: &str = "subledger.toml";
/// The customer map that is read if it is there and no other is named.
const CUSTOMERS_NAME: &str = "customers.csv";

/// What the command line says; it wins over the environment, which wins over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--archive`.
    pub archive: Option<String>,
    /// `--reports`.
    pub reports: Option<PathBuf>,
    /// `--customers`.
    pub customers: Option<PathBuf>,
    /// `--invoice`.
    pub invoice: Option<String>,
    /// Whether the customer map makes no difference, so that a mistake in it is none either.
    pub without_customers: bool,
}

/// How to reach the API.
#[derive(Debug, Clone)]
pub struct Api {
    /// Where it is.
    pub base_url: Url,
    /// The key; never shown.
    pub key: SecretString,
    /// Every limit on talking to it.
    pub limits: Limits,
    /// The longest that all calls of one client may take together, retries included.
    pub run_timeout: Duration,
}

impl Api {
    /// A client for the parent account. What it may take begins now.
    pub fn client(&self, account_id: Uuid) -> Result<Client, crate::ahasend::Error> {
        let now = Instant::now();
        let deadline = now.checked_add(self.run_timeout).unwrap_or(now);
        Client::new(self.base_url.clone(), account_id, self.key.clone(), self.limits, deadline)
    }
}

/// The validated configuration of one parent account.
#[derive(Debug, Clone)]
pub struct Config {
    /// The parent account; nothing if only an archive can tell.
    pub account_id: Option<Uuid>,
    /// The name of its folder among the reports.
    label: Option<String>,
    /// Folder or object-store URL of the archive.
    pub archive: String,
    /// Settings and credentials of the object store, from the environment.
    pub store_options: StoreOptions,
    /// The folder that report sets are published in.
    pub reports: PathBuf,
    /// The terms that captures are charged on.
    pub terms: Terms,
    /// The caps that the customer map wants; nothing without a map.
    pub wanted_caps: WantedCaps,
    base_url: Url,
    key: Option<SecretString>,
    limits: Limits,
    run_timeout: Duration,
    /// The clock.
    pub clock: Clock,
}

/// What is wrong with the configuration, and where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("reading `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The configuration file is not what it should be.
    #[error("`{path}` cannot be used: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where they are known.
        problem: String,
    },
    /// The customer map is not what it should be.
    #[error("the customer map `{path}` cannot be used")]
    Customers {
        /// The file.
        path: PathBuf,
        /// Line, column and problem.
        #[source]
        source: CustomersError,
    },
    /// A setting has no usable value.
    #[error("`{setting}` {problem}")]
    Setting {
        /// The flag, variable or key of the file.
        setting: String,
        /// What is wrong.
        problem: String,
    },
    /// Something needed is set nowhere.
    #[error("{what} is not set; set {how}")]
    Missing {
        /// What.
        what: &'static str,
        /// Where it can be set.
        how: &'static str,
    },
}

impl Config {
    /// Reads and validates everything there is; what only some commands need is asked for later.
    pub fn load(overrides: &Overrides, surroundings: &Surroundings) -> Result<Self, Error> {
        let (file, folder) = read_file(overrides.config.as_deref())?;
        let variable = |name: &str| surroundings.variable(name).map(str::to_owned);
        let account_id = match variable("AHASEND_ACCOUNT_ID") {
            Some(text) => Some(parse_uuid("AHASEND_ACCOUNT_ID", &text)?),
            None => file.account_id.as_deref().map(|text| parse_uuid("account_id", text)).transpose()?,
        };
        let base_url = variable("AHASEND_BASE_URL").or_else(|| file.base_url.clone());
        let base_url = base_url.unwrap_or_else(|| BASE_URL.to_owned());
        let base_url = Url::parse(&base_url)
            .map_err(|error| setting("AHASEND_BASE_URL", format!("is no URL ({error}); it begins with https://")))?;
        let mut terms = file.terms()?;
        terms.invoice_amount = overrides.invoice.as_deref().map(|text| parse_amount("--invoice", text)).transpose()?;
        let customers = overrides.customers.clone().or_else(|| file.customers.as_ref().map(|path| folder.join(path)));
        // a map that lies beside the configuration is meant to be used
        let customers = customers.or_else(|| Some(folder.join(CUSTOMERS_NAME)).filter(|path| path.is_file()));
        let customers = customers.filter(|_| !overrides.without_customers);
        let mut wanted_caps = WantedCaps::new();
        if let Some(path) = customers {
            let bytes = std::fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
            let (map, caps) = customers::parse(&bytes).map_err(|source| Error::Customers { path, source })?;
            (terms.customers, wanted_caps) = (Some(map), caps);
        }
        let archive = overrides.archive.clone().or_else(|| file.archive.as_ref().map(|place| located(&folder, place)));
        let reports = overrides.reports.clone().or_else(|| file.reports.as_ref().map(|path| folder.join(path)));
        Ok(Self {
            account_id,
            label: file.label.as_deref().map(checked_label).transpose()?,
            archive: archive.unwrap_or_else(|| "archive".to_owned()),
            store_options: surroundings.store_options(),
            reports: reports.unwrap_or_else(|| PathBuf::from("reports")),
            terms,
            wanted_caps,
            base_url,
            key: surroundings.key(),
            limits: file.limits.limits()?,
            run_timeout: file.limits.run_timeout(),
            clock: surroundings.clock,
        })
    }

    /// The parent account, for commands that need to be told.
    pub fn account_id(&self) -> Result<Uuid, Error> {
        let how = "AHASEND_ACCOUNT_ID, or `account_id` in subledger.toml";
        self.account_id.ok_or(Error::Missing { what: "the parent account's id", how })
    }

    /// How to reach the API, for commands that do.
    pub fn api(&self) -> Result<Api, Error> {
        let how = "the environment variable AHASEND_API_KEY (a key is never a flag)";
        let key = self.key.clone().ok_or(Error::Missing { what: "the API key", how })?;
        let (base_url, limits) = (self.base_url.clone(), self.limits);
        Ok(Api { base_url, key, limits, run_timeout: self.run_timeout })
    }

    /// The name of an account's folder among the reports: the label, else the id.
    pub fn label(&self, account_id: Uuid) -> String {
        self.label.clone().unwrap_or_else(|| account_id.to_string())
    }
}

/// The text of a file that a room below understands.
pub fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn read_file(path: Option<&Path>) -> Result<(file::File, PathBuf), Error> {
    let chosen = path.unwrap_or(Path::new(FILE_NAME));
    let text = match std::fs::read_to_string(chosen) {
        Ok(text) => text,
        Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(Error::Read { path: chosen.to_owned(), source }),
    };
    let read = file::File::parse(&text);
    let file = read.map_err(|problem| Error::File { path: chosen.to_owned(), problem })?;
    // paths in the file are relative to the file: cron starts jobs elsewhere
    Ok((file, chosen.parent().map(Path::to_owned).unwrap_or_default()))
}

fn located(folder: &Path, place: &str) -> String {
    if place.contains("://") { place.to_owned() } else { folder.join(place).to_string_lossy().into_owned() }
}

fn setting(setting: &str, problem: impl Into<String>) -> Error {
    Error::Setting { setting: setting.to_owned(), problem: problem.into() }
}

fn parse_uuid(name: &str, text: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(text.trim()).map_err(|_| setting(name, "is not a UUID"))
}

fn parse_amount(name: &str, text: &str) -> Result<Amount, Error> {
    let problem = |error| format!("is no usable amount: {error}; write it like 80.00, with a point and no separators");
    Amount::parse(text.trim()).map_err(|error| setting(name, problem(error)))
}

fn parse_currency(name: &str, text: &str) -> Result<Currency, Error> {
    let problem = || format!("is `{}`, which is no ISO 4217 code with minor units", text.escape_debug());
    Currency::parse(text.trim()).ok_or_else(|| setting(name, problem()))
}

fn checked_label(label: &str) -> Result<String, Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let usable = !label.is_empty() && label.len() <= 64 && !label.starts_with('.') && label.chars().all(allowed);
    let problem = "names a folder: letters, digits, `-`, `_` and `.`, at most 64, and no `.` in front";
    if usable { Ok(label.to_owned()) } else { Err(setting("label", problem)) }
}
