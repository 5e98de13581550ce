//! The shell of a night: capture, reconcile, publish. It joins the rooms and holds no rule and no format.
//!
//! Capture writes the archive; everything after it starts from what the archive gives back.

mod capture;
mod close;
mod closing;
mod compact;
mod history;
mod mirroring;
mod past;
mod reading;
mod rebuild;
mod signals;
mod status;
mod telling;
mod verify;

use std::error::Error;
use std::io::{self, Write};

use crate::archive::lock::{Lock, LockError};
use crate::archive::{Archive, CaptureKey, CloseKey};
use crate::billing::books::Books;
use crate::billing::ledger::Ledger;
use crate::billing::terms::Terms;
use crate::config::Config;
use crate::failure::{Evidence, Failure, causes};
use crate::publish::{Begun, Place, Published, Ready, Staging};
use crate::report::{self, Files, SetInfo};

pub use self::capture::Secured;
pub use self::close::{Order, Settled, close, closed_with, closes_of, ledger_of, restore};
pub use self::closing::{Closing, Taken, Waiting, take, until_close};
pub use self::compact::{Compacted, Compaction, compact};
pub use self::history::{Asked, history};
pub use self::mirroring::mirror;
pub use self::rebuild::{Missing, Rebuilder, info};
pub use self::signals::Signals;
pub use self::status::{Last, PeriodStatus, Status, status};
pub use self::telling::{Ended, begin, end};
pub use self::verify::{Broken, CheckedSet, Verdict, Verified, verify};

use self::capture::capture;
use self::reading::Unread;

/// The program and its version, as manifests and reports name it.
pub const TOOL: &str = concat!("subledger ", env!("CARGO_PKG_VERSION"));

/// Told what the night is at, for a progress display.
pub type Progress<'a> = dyn Fn(&str) + Sync + 'a;

/// A capture, with the archive that it is in and the lock that keeps other runs away.
#[derive(Debug)]
pub struct Night {
    /// The archive.
    pub archive: Archive,
    /// The capture.
    pub secured: Secured,
    _lock: Lock,
}

/// Takes tonight's capture for the configured parent account, alone.
pub async fn secure(config: &Config, signals: &Signals, progress: &Progress<'_>) -> Result<Night, Failure> {
    let missing = |failure: Failure| failure.with_evidence(Evidence::Missing);
    let account_id = config.account_id().map_err(|error| missing(Failure::usage(error)))?;
    let api = config.api().map_err(|error| missing(Failure::usage(error)))?;
    let archive = config.open_or_create_archive(account_id);
    let archive = archive.map_err(|error| missing(Failure::usage(error)))?;
    // an object store has no locks: then the reports' folder stands in, which guards this machine only
    let path = match archive.folder() {
        Some(folder) => folder.join(format!("parent={account_id}")).join(".lock"),
        None => config.storage.reports.join(format!(".captures-{account_id}.lock")),
    };
    let lock = Lock::acquire(&path, &holder(config), config.locking).map_err(Failure::of_capture_lock)?;
    let secured = capture(&archive, &api, config.clock, signals, progress).await?;
    Ok(Night { archive, secured, _lock: lock })
}

fn holder(config: &Config) -> String {
    let since = config.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!("process {}, since {since}", std::process::id())
}

/// The same for every capture of closed periods, whose tables nobody else writes any more.
pub async fn derive_usage_tables(archive: &Archive, closes: &[CloseKey], signals: &Signals) -> Result<(), Failure> {
    let (_, compacted) = archive.tables().await.map_err(Failure::of_archive)?;
    for key in archive.captures().await.map_err(Failure::of_archive)? {
        let is_closed = closes.iter().any(|close| close.period == key.period) && !compacted.contains(&key.period);
        if is_closed && matches!(archive.derived(&key, report::USAGE_NAME).await, Ok(None)) {
            signals.check()?;
            if let Ok(books) = read_back(archive, &key).await {
                derive_usage_table(archive, &books, &key).await;
            }
        }
    }
    Ok(())
}

/// Takes the lock that whoever publishes or removes report sets of an account holds; `label` names its folder.
pub fn lock_reports(config: &Config, label: &str) -> Result<Lock, LockError> {
    Lock::acquire(&config.storage.reports.join(label).join(".lock"), &holder(config), config.locking)
}

/// Reads a capture back, with what came before it, and turns it into a checked and charged ledger.
pub async fn reconcile(
    archive: &Archive,
    key: &CaptureKey,
    terms: Terms,
    signals: &Signals,
) -> Result<Ledger, Failure> {
    let books = read_back(archive, key).await?;
    tracing::debug!(capture = key.id, accounts = books.usage.sub_accounts.len(), "read back");
    let past = past::read(archive, key, &terms, signals).await?;
    tracing::debug!("the captures before are seen");
    let ledger = Failure::guard(|| Ok(Ledger::draw_up(past, books, terms)))?;
    tracing::debug!(lines = ledger.charges.lines.len(), "checked and charged");
    Ok(ledger)
}

/// Reads a capture back: to see that it can be used, and what is in it.
pub async fn read_back(archive: &Archive, key: &CaptureKey) -> Result<Books, Failure> {
    Box::pin(reading::read(archive, key)).await.map_err(|unread| match unread {
        Unread::Archive(error) => Failure::of_archive(error),
        Unread::Unusable(failure) => failure,
    })
}

/// Writes the capture's facts as a table beside its bodies, for SQL engines; what is there already stays.
///
/// The archive may be read-only, and nothing depends on the table: that it cannot be written is only logged.
pub async fn derive_usage_table(archive: &Archive, books: &Books, key: &CaptureKey) {
    let written = match archive.has_derived(key, report::USAGE_NAME).await {
        Ok(true) => Ok(()),
        Ok(false) => match Failure::guard(|| report::usage_parquet(books).map_err(Failure::of_report)) {
            Ok(bytes) => archive.put_derived(key, report::USAGE_NAME, bytes).await.map_err(Failure::of_evidence),
            Err(failure) => Err(failure),
        },
        Err(error) => Err(Failure::of_evidence(error)),
    };
    if let Err(failure) = written {
        tracing::warn!(causes = ?causes(&failure), "the capture's usage.parquet was not written");
    }
}

/// What became of a night's report set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issue {
    /// It is in its place.
    Published(Published),
    /// The period is closed: what was issued stays as it is, and so does the folder of reports.
    Closed(CloseKey),
}

impl Issue {
    /// The folder of the set, if it was published.
    pub fn folder(&self) -> Option<&std::path::Path> {
        match self {
            Self::Published(published) => Some(&published.folder),
            Self::Closed(_) => None,
        }
    }
}

/// Renders the ledger's report set and publishes it whole, or leaves everything as it was. A closed period is left alone.
pub async fn publish(config: &Config, archive: &Archive, ledger: &Ledger, signals: &Signals) -> Result<Issue, Failure> {
    let label = config.label(ledger.books.account_id);
    let _lock = lock_reports(config, &label).map_err(Failure::of_reports_lock)?;
    if let Some(last) = closes_of(archive, &ledger.books.usage.period.name()).await?.pop() {
        return Ok(Issue::Closed(last));
    }
    keep_customers(config, archive).await;
    let customers_sha256 = config.customers_csv.as_deref().map(crate::archive::sha256);
    let info = set_info(config, label, customers_sha256);
    let place = Place::Revised(ledger.books.capture.id.to_string());
    let (ready, _) = staged(config, ledger, &info, place, signals)?;
    signals.check()?;
    ready.publish().map(Issue::Published).map_err(Failure::of_publish)
}

/// What a set made on this configuration says about itself.
fn set_info(config: &Config, label: String, customers_sha256: Option<String>) -> SetInfo {
    let (account_name, formats) = (config.account_name.clone(), config.formats.clone());
    SetInfo { label, tool: TOOL.to_owned(), customers_sha256, account_name, formats }
}

/// Archives the customer map, so that the set can be rebuilt. The archive may be read-only: then `verify` will say that it
/// cannot be.
async fn keep_customers(config: &Config, archive: &Archive) {
    let Some(csv) = &config.customers_csv else { return };
    if let Err(error) = archive.put_customers(csv).await {
        tracing::warn!(causes = ?causes(&error), "the customer map was not archived");
    }
}

/// Renders a set and makes it durable, one step before it appears; with its manifest. The caller holds the reports' lock.
fn staged(
    config: &Config,
    ledger: &Ledger,
    info: &SetInfo,
    place: Place,
    signals: &Signals,
) -> Result<(Ready, Vec<u8>), Failure> {
    let home =
        config.storage.reports.join(config.label(ledger.books.account_id)).join(ledger.books.usage.period.name());
    let mut staging = Staging::begin(&home, place).map_err(Failure::of_publish)?;
    let mut manifest = Vec::new();
    Failure::guard(|| {
        let mut staged = Staged { staging: &mut staging, manifest: &mut manifest, signals };
        report::render_into(ledger, info, &mut staged).map_err(Failure::of_report)
    })?;
    tracing::debug!("the set is written");
    signals.check()?;
    let ready = staging.ready().map_err(Failure::of_publish)?;
    tracing::debug!("the set is durable");
    Ok((ready, manifest))
}

/// Puts the files of a set where they gather, until a signal comes.
struct Staged<'s> {
    staging: &'s mut Staging,
    manifest: &'s mut Vec<u8>,
    signals: &'s Signals,
}

impl Files for Staged<'_> {
    fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.signals.check()?;
        if path == report::MANIFEST_NAME {
            self.manifest.clone_from(&bytes);
        }
        Ok(self.staging.add(path, bytes)?)
    }

    fn begin(&mut self, path: &str) -> Result<Option<Box<dyn Write + Send>>, Box<dyn Error + Send + Sync>> {
        self.signals.check()?;
        let file = self.staging.begin_file(path)?;
        Ok(Some(Box::new(Long { file, signals: self.signals.clone() })))
    }
}

/// A long file, which a signal ends as well; an error of it says which it is.
struct Long {
    file: Begun,
    signals: Signals,
}

impl Write for Long {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.signals.check().map_err(io::Error::other)?;
        self.file.write(bytes).map_err(|source| match source.kind() {
            io::ErrorKind::Interrupted => source,
            kind => io::Error::new(kind, self.file.failed(source)),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
