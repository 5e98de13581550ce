//! Configuration: `subledger.toml`, the environment and the flags become one validated [`Config`].
//!
//! This room is the only reader of the clock, of the environment and of configuration files. It decides nothing
//! about money; it only says what has been decided.

#![expect(clippy::disallowed_methods, reason = "the only reader of clock, environment and configuration files")]

mod cells;
mod customers;
mod error;
mod file;
mod invoices;
mod key;
mod parents;
pub mod reference;
mod storage;
mod surroundings;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::ahasend::wire::display;
use crate::ahasend::{Client, Limits};
use crate::archive::lock::Locking;
use crate::billing::cap_plan::DatedCaps;
use crate::billing::money::Amount;
use crate::billing::terms::Terms;
use crate::failure::in_one_line;
use crate::notify::Channel;
use crate::report::format::{Format, Formats};

pub use self::customers::parse_customers;
pub use self::error::Error;
pub use self::invoices::TypedInvoice;
pub use self::parents::{Shard, labels};
pub use self::storage::Storage;
pub use self::surroundings::{Clock, Surroundings, arguments, time_since_boot};
pub use self::table::TableError;

use self::customers::Customers;
use self::error::setting;
use self::file::File;
use self::invoices::Invoices;
use self::key::Key;

/// Where the API is unless told otherwise.
const BASE_URL: &str = "https://api.ahasend.com";
/// The configuration file that is read if it is there.
const FILE_NAME: &str = "subledger.toml";
/// The customer map that is read if it is there and no other is named.
const CUSTOMERS_NAME: &str = "customers.csv";
/// The invoices that are read if they are there and no others are named.
const INVOICES_NAME: &str = "invoices.csv";

/// What the command line says; it wins over the environment, which wins over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--parent`: which of several parent accounts.
    pub parent: Option<String>,
    /// `--archive`.
    pub archive: Option<String>,
    /// `--reports`.
    pub reports: Option<PathBuf>,
    /// `--customers`.
    pub customers: Option<PathBuf>,
    /// `--invoices`.
    pub invoices: Option<PathBuf>,
    /// `--invoice`.
    pub invoice: Option<String>,
    /// `--formats`.
    pub formats: Option<Vec<Format>>,
    /// `--no-lock`.
    pub no_lock: bool,
    /// Whether the customer map makes no difference, so that a mistake in it is none either.
    pub without_customers: bool,
    /// The same of the table of invoices.
    pub without_invoices: bool,
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
    /// Where evidence and report sets are kept.
    pub storage: Storage,
    /// Whose the parent account is, as pages and FOCUS files name it.
    pub account_name: Option<String>,
    /// The formats that report sets are made in.
    pub formats: Formats,
    /// Whether the command line picked them.
    pub has_picked_formats: bool,
    /// The terms that captures are charged on.
    pub terms: Terms,
    /// The customer map's file as it is, which the archive keeps; nothing without a map.
    pub customers_csv: Option<Vec<u8>>,
    /// The caps that the customer map wants; none without a map.
    pub wanted_caps: DatedCaps,
    /// The invoices of the terms as finance typed them, by the UTC start date of their period.
    pub invoices_typed: BTreeMap<NaiveDate, TypedInvoice>,
    base_url: Url,
    key: Key,
    limits: Limits,
    run_timeout: Duration,
    /// What happens where the file system has no locks.
    pub locking: Locking,
    /// The clock.
    pub clock: Clock,
    /// Who is told what came of a night.
    pub channels: Vec<Optional<Channel>>,
    /// What watches.
    pub monitoring: Monitoring,
}

/// Something that no night and no report depends on, or why it cannot be had: it is told of where it would be used.
pub type Optional<T> = Result<T, String>;

/// What watches whether nights are run, and what came of them.
#[derive(Debug, Clone, Default)]
pub struct Monitoring {
    /// The file with the metrics of the last run.
    pub textfile: Option<PathBuf>,
    /// Where every run is to be heard of; an address that is a secret.
    pub heartbeat: Option<Optional<SecretString>>,
    /// The file that GitHub Actions shows beside the run.
    pub step_summary: Option<PathBuf>,
}

impl Config {
    /// Reads and validates everything there is; what only some commands need is asked for later.
    pub fn load(overrides: &Overrides, surroundings: &Surroundings) -> Result<Self, Error> {
        let (file, path) = read_file(overrides.config.as_deref())?;
        let (file, several) = parents::pick(file, &path, overrides.parent.as_deref())?;
        // paths in the file are relative to the file: cron starts jobs elsewhere
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        // what is set for the process is meant for one parent account; several have their own in the file
        let variable = |name: &str| surroundings.variable(name).map(str::to_owned);
        let account_id = match variable("AHASEND_ACCOUNT_ID").filter(|_| several.is_none()) {
            Some(text) => Some(parse_uuid("AHASEND_ACCOUNT_ID", &text)?),
            None => file.account_id.as_deref().map(|text| parse_uuid("account_id", text)).transpose()?,
        };
        let (of_process, of_file) = (variable("AHASEND_BASE_URL"), file.base_url.clone());
        let base_url = if several.is_some() { of_file.or(of_process) } else { of_process.or(of_file) };
        let base_url = base_url.unwrap_or_else(|| BASE_URL.to_owned());
        let base_url = Url::parse(&base_url)
            .map_err(|error| setting("AHASEND_BASE_URL", format!("is no URL ({error}); it begins with https://")))?;
        let mut terms = file.terms()?;
        terms.invoice_amount =
            overrides.invoice.as_deref().map(|text| checked_amount("--invoice", text)).transpose()?;
        let invoices = read_invoices(overrides, &file, &path, several.as_deref())?;
        terms.invoices = invoices.iter().map(|(period, invoice)| (*period, invoice.entry.clone())).collect();
        let mut wanted_caps = DatedCaps::default();
        let customers_csv = match read_customers(overrides, &file, &folder, several.as_deref(), &terms)? {
            None => None,
            Some((bytes, customers)) => {
                (terms.customers, wanted_caps) = (Some(customers.map), customers.caps);
                Some(bytes)
            }
        };
        let (limits, run_timeout) = file.limits()?;
        let mut monitoring = file.monitoring(&folder, surroundings);
        if let (Some(label), Some(path)) = (&several, &monitoring.textfile) {
            monitoring.textfile = Some(parents::of_parent(path, label));
        }
        Ok(Self {
            account_id,
            label: file.label.as_deref().map(checked_label).transpose()?,
            storage: Storage::find(overrides, &file, &folder, surroundings)?,
            account_name: file.account_name.as_deref().map(checked_account_name).transpose()?,
            formats: file.formats(overrides.formats.as_deref()),
            has_picked_formats: overrides.formats.is_some(),
            terms,
            customers_csv,
            wanted_caps,
            invoices_typed: invoices.into_iter().map(|(period, invoice)| (period, invoice.typed)).collect(),
            base_url,
            key: Key::find(file.key_source()?, &folder, surroundings),
            limits,
            run_timeout,
            locking: if overrides.no_lock { Locking::WherePossible } else { Locking::Required },
            clock: surroundings.clock,
            channels: file.channels(&folder, surroundings),
            monitoring,
        })
    }

    /// The parent account, for commands that need to be told.
    pub fn account_id(&self) -> Result<Uuid, Error> {
        let how = "AHASEND_ACCOUNT_ID, or `account_id` in subledger.toml";
        self.account_id.ok_or(Error::Missing { what: "the parent account's id", how })
    }

    /// How to reach the API, for commands that do.
    pub fn api(&self) -> Result<Api, Error> {
        let key = self.key.get()?;
        let (base_url, limits) = (self.base_url.clone(), self.limits);
        Ok(Api { base_url, key, limits, run_timeout: self.run_timeout })
    }

    /// Where the key is, for people.
    pub fn key_place(&self) -> String {
        self.key.place()
    }

    /// The name of an account's folder among the reports: the label, else the id.
    pub fn label(&self, account_id: Uuid) -> String {
        self.label.clone().unwrap_or_else(|| account_id.to_string())
    }
}

/// A result of which only the words matter once it is a failure.
fn optional<T>(result: Result<T, Error>) -> Optional<T> {
    result.map_err(|error| in_one_line(&error))
}

/// The text of a file that a room below understands.
pub fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn read_file(path: Option<&Path>) -> Result<(File, PathBuf), Error> {
    let chosen = path.unwrap_or(Path::new(FILE_NAME)).to_owned();
    let text = match std::fs::read_to_string(&chosen) {
        Ok(text) => text,
        Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(Error::Read { path: chosen, source }),
    };
    match File::parse(&text) {
        Ok(file) => Ok((file, chosen)),
        Err(problem) => Err(Error::File { path: chosen, problem }),
    }
}

/// The customer map as it is and what it says; nothing without one.
fn read_customers(
    overrides: &Overrides,
    file: &File,
    folder: &Path,
    several: Option<&str>,
    terms: &Terms,
) -> Result<Option<(Vec<u8>, Customers)>, Error> {
    let path = table(overrides.customers.as_ref(), file.customers.as_ref(), folder, several, CUSTOMERS_NAME);
    // ids of accounts are those of one parent account only, so that one map may do for several
    let path = path.or_else(|| Some(folder.join(CUSTOMERS_NAME)).filter(|path| may_be_there(path)));
    let Some(path) = path.filter(|_| !overrides.without_customers) else { return Ok(None) };
    let bytes = read_table(&path)?;
    match customers::read(&bytes, terms.pricing) {
        Ok(customers) => Ok(Some((bytes, customers))),
        Err(source) => Err(Error::Customers { path, source }),
    }
}

/// Every invoice that finance has typed, in the configuration at `file_path` or into a table.
fn read_invoices(
    overrides: &Overrides,
    file: &File,
    file_path: &Path,
    several: Option<&str>,
) -> Result<Invoices, Error> {
    let of_file = file.invoices(&name_of(file_path));
    let of_file = of_file.map_err(|problem| Error::File { path: file_path.to_owned(), problem })?;
    let folder = file_path.parent().unwrap_or(Path::new(""));
    let path = table(overrides.invoices.as_ref(), file.invoices.as_ref(), folder, several, INVOICES_NAME);
    if overrides.without_invoices {
        return Ok(of_file);
    }
    // whose invoices would they be?
    let shared = folder.join(INVOICES_NAME);
    if let Some(label) = several.filter(|_| path.is_none() && may_be_there(&shared)) {
        return Err(Error::InvoicesOfSeveral { path: shared, label: label.to_owned() });
    }
    let Some(path) = path else { return Ok(of_file) };
    match invoices::read(&read_table(&path)?, &name_of(&path)) {
        Ok(of_table) => invoices::joined(of_file, of_table),
        Err(source) => Err(Error::Invoices { path, source }),
    }
}

/// The table that is named, else the one of the usual name: what lies beside the configuration is meant to be used. Of
/// several parent accounts each has its own, `customers-LABEL.csv`.
fn table(
    flag: Option<&PathBuf>,
    setting: Option<&String>,
    folder: &Path,
    several: Option<&str>,
    usual_name: &str,
) -> Option<PathBuf> {
    let named = flag.cloned().or_else(|| setting.map(|path| folder.join(path)));
    let usual_name = match several {
        None => usual_name.to_owned(),
        Some(label) => format!("{}-{label}.csv", usual_name.trim_end_matches(".csv")),
    };
    named.or_else(|| Some(folder.join(usual_name)).filter(|path| may_be_there(path)))
}

/// Whether a file is there, for all that can be seen: one that cannot be looked at must not pass for one that is missing, or
/// everybody would be charged as if there were no customer map.
fn may_be_there(path: &Path) -> bool {
    // a link that leads nowhere may be to a share that is not mounted
    !path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The bytes of a table of finance.
fn read_table(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::ReadTable { path: path.to_owned(), source })
}

/// A file's name without its folder, which is another one on every machine.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn parse_uuid(name: &str, text: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(text.trim()).map_err(|_| setting(name, "is not a UUID"))
}

fn checked_amount(name: &str, text: &str) -> Result<Amount, Error> {
    cells::amount(text).map_err(|problem| setting(name, problem))
}

fn checked_account_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let usable = !name.is_empty() && display(name, 200) == name;
    let problem = "is the name that customers know you by: one line of at most 200 characters";
    if usable { Ok(name.to_owned()) } else { Err(setting("account_name", problem)) }
}

/// A label that can name a folder.
pub fn checked_label(label: &str) -> Result<String, Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let usable = !label.is_empty() && label.len() <= 64 && !label.starts_with('.') && label.chars().all(allowed);
    let problem = "names a folder: letters, digits, `-`, `_` and `.`, at most 64, and no `.` in front";
    if usable { Ok(label.to_owned()) } else { Err(setting("label", problem)) }
}

#[cfg(test)]
mod tests;
