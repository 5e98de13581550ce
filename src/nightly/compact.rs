//! Compaction: the tables of the captures of each closed period become one file, made from the evidence.
//!
//! The order makes a run that dies anywhere harmless: the file of the period is durable and read back before a table of
//! a single capture goes, and a reader who finds both takes the capture's own.

use super::{Signals, read_back};
use crate::archive::{Archive, CaptureKey, Error};
use crate::failure::{Failure, Kind, causes};
use crate::report::UsageOfPeriod;

/// What became of a closed period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// Its start date.
    pub period: String,
    /// Its captures.
    pub captures: usize,
    /// Tables of single captures that are gone.
    pub removed: usize,
    /// The file of the period.
    pub path: String,
    /// Its bytes.
    pub bytes: usize,
    /// What became of it.
    pub outcome: Compaction,
}

/// What became of the file of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compaction {
    /// It was made.
    Made,
    /// It was there.
    Unchanged,
    /// The captures keep their own tables, and why.
    LeftAlone(String),
}

/// Makes one file of the tables of each closed period.
pub async fn compact(
    archive: &Archive,
    signals: &Signals,
    progress: &super::Progress<'_>,
) -> Result<Vec<Compacted>, Failure> {
    let mut periods: Vec<String> =
        archive.closes().await.map_err(Failure::of_archive)?.into_iter().map(|close| close.period).collect();
    periods.dedup();
    let captures = archive.captures().await.map_err(Failure::of_archive)?;
    let (single, whole) = archive.tables().await.map_err(Failure::of_archive)?;
    let mut done = Vec::with_capacity(periods.len());
    for period in periods {
        let is_of = |key: &&CaptureKey| key.period == period;
        let keys: Vec<&CaptureKey> = captures.iter().filter(is_of).collect();
        let tables: Vec<&CaptureKey> = single.iter().filter(is_of).collect();
        progress(&format!("compacting {period}"));
        done.push(compact_period(archive, &period, &keys, &tables, whole.contains(&period), signals).await?);
    }
    Ok(done)
}

async fn compact_period(
    archive: &Archive,
    period: &str,
    keys: &[&CaptureKey],
    tables: &[&CaptureKey],
    is_there: bool,
    signals: &Signals,
) -> Result<Compacted, Failure> {
    let path = archive.shown_compacted(period);
    let mut compacted = Compacted {
        period: period.to_owned(),
        captures: keys.len(),
        removed: 0,
        path,
        bytes: 0,
        outcome: Compaction::Unchanged,
    };
    if is_there && tables.is_empty() {
        let there = archive.compacted(period).await.map_err(Failure::of_archive)?;
        compacted.bytes = there.map_or(0, |bytes| bytes.len());
        return Ok(compacted);
    }
    if let Some(key) = tables.iter().find(|key| !keys.contains(key)) {
        // its table tells that a manifest is missing, and its rows would be in no file any more
        compacted.outcome = Compaction::LeftAlone(format!("capture `{}` has a table and no manifest", key.id));
        return Ok(compacted);
    }
    if keys.is_empty() {
        compacted.outcome = Compaction::LeftAlone("none of its captures is there".to_owned());
        return Ok(compacted);
    }
    let bytes = match usage_of(archive, keys, signals).await {
        Ok(bytes) => bytes,
        Err(failure) if failure.kind == Kind::ArchiveUnusable || failure.kind == Kind::AnswerUnusable => {
            compacted.outcome = Compaction::LeftAlone(causes(&failure).join(": "));
            return Ok(compacted);
        }
        Err(failure) => return Err(failure),
    };
    compacted.bytes = bytes.len();
    match archive.put_compacted(period, bytes).await {
        Ok(()) => {}
        Err(Error::Conflict { .. }) => {
            let why = "the file that is there is not what its captures give; move it away, and run again";
            compacted.outcome = Compaction::LeftAlone(why.to_owned());
            return Ok(compacted);
        }
        Err(error) => return Err(Failure::of_evidence(error)),
    }
    if !is_there {
        compacted.outcome = Compaction::Made;
    }
    for key in tables {
        signals.check()?;
        archive.remove_table(key).await.map_err(Failure::of_evidence)?;
        compacted.removed += 1;
    }
    Ok(compacted)
}

/// The usage of all captures of a period as one file, a row group each, one capture in memory at a time.
async fn usage_of(archive: &Archive, keys: &[&CaptureKey], signals: &Signals) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut file = UsageOfPeriod::new(&mut bytes);
    for key in keys {
        signals.check()?;
        let books = read_back(archive, key).await?;
        Failure::guard(|| file.add(&books).map_err(Failure::of_report))?;
    }
    file.finish().map_err(Failure::of_report)?;
    Ok(bytes)
}
