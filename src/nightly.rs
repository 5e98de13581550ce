//! The shell of a night: capture, reconcile, publish. It joins the rooms and holds no rule and no format.
//!
//! Capture writes the archive; everything after it starts from what the archive gives back.

mod capture;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::ahasend::wire::{self, Bodies};
use crate::archive::lock::Lock;
use crate::archive::{Archive, Capture, CaptureKey};
use crate::billing::books::CaptureRef;
use crate::billing::ledger::Ledger;
use crate::billing::terms::Terms;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind};
use crate::publish::{Published, Staging};
use crate::report::{self, SetInfo};

pub use self::capture::{Secured, capture};

/// The program and its version, as manifests and reports name it.
pub const TOOL: &str = concat!("subledger ", env!("CARGO_PKG_VERSION"));

/// Told what the night is at, for a progress display.
pub type Progress<'a> = dyn Fn(&str) + Sync + 'a;

/// Opens the archive of a parent account to capture into; a folder that is not there yet is made.
pub fn open_archive(config: &Config, account_id: uuid::Uuid) -> Result<Archive, Failure> {
    Archive::open_or_create(&config.archive, account_id, &config.store_options).map_err(Failure::usage)
}

/// Takes the lock that lets one run at a time capture for a parent account.
pub fn lock_captures(config: &Config, archive: &Archive) -> Result<Lock, Failure> {
    // an object store has no locks: then the reports' folder stands in, which guards this machine only
    let path = match archive.folder() {
        Some(folder) => folder.join(format!("parent={}", archive.account_id())).join(".lock"),
        None => config.reports.join(format!(".captures-{}.lock", archive.account_id())),
    };
    Lock::acquire(&path, &holder(config)).map_err(|error| {
        let failure = Failure::of_lock(error, Kind::Usage);
        // another run is at work on tonight's evidence; without any lock nobody is
        if failure.kind == Kind::Busy { failure } else { failure.with_evidence(Evidence::Missing) }
    })
}

fn holder(config: &Config) -> String {
    let since = config.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!("process {}, since {since}", std::process::id())
}

/// Reads a capture back and turns it into a checked and charged ledger.
pub async fn reconcile(archive: &Archive, key: &CaptureKey, terms: Terms) -> Result<Ledger, Failure> {
    let capture = archive.read(key).await.map_err(Failure::of_archive)?;
    Failure::guard(|| {
        let at = DateTime::parse_from_rfc3339(&capture.manifest.captured_at).map(|at| at.with_timezone(&Utc));
        let at = at.map_err(|error| {
            Failure::new(Kind::ArchiveUnusable, format!("the manifest of `{}` cannot be used", key.id)).because(error)
        })?;
        let reference = CaptureRef { id: key.id.clone(), at, sha256: capture.sha256.clone() };
        let books = wire::books(reference, archive.account_id(), &bodies(&capture));
        Ok(Ledger::draw_up(books.map_err(|error| Failure::of_wire(&key.id, error))?, terms))
    })
}

fn bodies(capture: &Capture) -> Bodies<'_> {
    let lookups = capture.lookups.iter().map(|lookup| (lookup.account_id, lookup.body.as_deref()));
    Bodies {
        usage: &capture.usage,
        pages: capture.pages.iter().map(|page| &page[..]).collect(),
        lookups: lookups.collect(),
    }
}

/// Writes the capture's facts as a table beside its bodies, for SQL engines; what is there already stays.
pub async fn derive_usage_table(archive: &Archive, ledger: &Ledger, key: &CaptureKey) -> Result<(), Failure> {
    let bytes = report::usage_parquet(&ledger.books).map_err(Failure::of_report)?;
    archive.put_derived(key, "usage.parquet", bytes).await.map_err(Failure::of_evidence_table)
}

/// Renders the ledger's report set and publishes it whole, or leaves everything as it was.
pub fn publish(config: &Config, ledger: &Ledger) -> Result<Published, Failure> {
    let label = config.label(ledger.books.account_id);
    let folder = config.reports.join(&label);
    let lock_failed = |error| Failure::of_lock(error, Kind::NotPublished);
    let _lock = Lock::acquire(&folder.join(".lock"), &holder(config)).map_err(lock_failed)?;
    let home: PathBuf = folder.join(ledger.books.usage.period.name());
    let mut staging = Staging::begin(&home, &ledger.books.capture.id).map_err(Failure::of_publish)?;
    let info = SetInfo { label, tool: TOOL.to_owned() };
    Failure::guard(|| {
        let mut sink = |path: &str, bytes: Vec<u8>| Ok(staging.add(path, bytes)?);
        report::render(ledger, &info, &mut sink).map_err(Failure::of_report)
    })?;
    staging.publish().map_err(Failure::of_publish)
}
