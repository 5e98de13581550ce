//! Proving that everything is as it was: the archive as it was written, and each report set as the archive gives it.
//!
//! Nothing is changed, moved or mended, and nothing is asked of the API.

mod closes;
mod pointers;
mod sets;

use super::past::time_of;
use super::reading::{self, Unread};
use super::{Signals, TOOL, read_back};
use crate::archive::{Archive, Audit, CaptureKey};
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::report::{self, UsageOfSeveral};

pub use self::sets::{CheckedSet, Verdict};

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The very file, for people.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

/// What became of each thing that was looked at.
#[derive(Debug)]
pub struct Verified {
    /// The archive's own hashes, and its chain.
    pub audit: Audit,
    /// How many captures have a table that is what their answers give.
    pub tables: usize,
    /// What is not as it was beside archive and sets: tables, and pointers to the current set.
    pub broken: Vec<Broken>,
    /// Every report set of the account, by period and name.
    pub sets: Vec<CheckedSet>,
    /// What is worth knowing, and no harm.
    pub notes: Vec<String>,
}

impl Verified {
    /// Whether anything is not as it was.
    pub fn is_broken(&self) -> bool {
        let is_broken = |set: &CheckedSet| set.verdict == Verdict::Broken;
        !self.audit.problems.is_empty() || !self.broken.is_empty() || self.sets.iter().any(is_broken)
    }
}

/// Looks at the archive and at every report set of its account.
pub async fn verify(
    config: &Config,
    archive: &Archive,
    signals: &Signals,
    progress: &super::Progress<'_>,
) -> Result<Verified, Failure> {
    let mut audit = archive.audit(progress).await.map_err(Failure::of_archive)?;
    let intact = closes::intact(archive, &audit).await?;
    closes::spread_doubt(&mut audit, &intact);
    signals.check()?;
    let mut notes = Vec::new();
    let (mut tables, mut broken) = (0, Vec::new());
    for capture in audit.captures.iter().filter(|capture| capture.is_intact) {
        signals.check()?;
        progress(&format!("table of {}", capture.key.id));
        match table(archive, &capture.key).await? {
            Table::Same => tables += 1,
            Table::Absent => {}
            Table::Unknown(note) => notes.push(note),
            Table::Broken(table) => broken.push(table),
        }
    }
    for period in archive.tables().await.map_err(Failure::of_archive)?.1 {
        signals.check()?;
        progress(&format!("table of {period}"));
        let of_period = || audit.captures.iter().filter(|capture| capture.key.period == period);
        if of_period().any(|capture| !capture.is_intact) {
            notes.push(format!("`{}` was not compared: a capture of it is damaged", archive.shown_compacted(&period)));
            continue;
        }
        let keys: Vec<&CaptureKey> = of_period().map(|capture| &capture.key).collect();
        match compacted(archive, &period, &keys, signals).await? {
            Table::Same => tables += 1,
            Table::Absent => {}
            Table::Unknown(note) => notes.push(note),
            Table::Broken(table) => broken.push(table),
        }
    }
    broken.extend(closes::contradictions(archive, &intact));
    let sets = sets::check(config, archive, &audit, &intact, &mut notes, signals, progress).await?;
    broken.extend(pointers::pointers(config, archive)?);
    Ok(Verified { audit, tables, broken, sets, notes })
}

/// What there is of a capture's table.
enum Table {
    Same,
    Absent,
    Unknown(String),
    Broken(Broken),
}

/// Holds the table of a period against what the answers of its captures give, row by row: another version may have packed
/// the same rows in another way, and a capture may have come after it was made.
async fn compacted(archive: &Archive, period: &str, keys: &[&CaptureKey], signals: &Signals) -> Result<Table, Failure> {
    let path = archive.shown_compacted(period);
    let broken = |problem: &str| {
        let problem = format!("{problem}; delete it, and `subledger archive compact` makes it again");
        Ok(Table::Broken(Broken { path: path.clone(), problem }))
    };
    let Some(bytes) = archive.compacted(period).await.map_err(Failure::of_archive)? else { return Ok(Table::Absent) };
    let of = || UsageOfSeveral::of(report::USAGE_NAME, bytes).map_err(Failure::of_usage_table);
    let Ok(there) = Failure::guard(of) else { return broken("it cannot be read") };
    let (mut held, mut late) = (0, Vec::new());
    for key in keys {
        signals.check()?;
        let Some(rows) = time_of(&key.id).and_then(|at| there.rows_of(at)) else {
            late.push(format!("`{}`", key.id));
            continue;
        };
        let books = match read_back(archive, key).await {
            Ok(books) => books,
            Err(failure) if failure.kind != Kind::AnswerUnusable => return Err(failure),
            Err(failure) => {
                let causes = crate::failure::causes(&failure).join(": ");
                return Ok(Table::Unknown(format!("`{path}` was not compared: {causes}")));
            }
        };
        match Failure::guard(|| rows.are_of(&books).map_err(Failure::of_usage_table)) {
            Ok(true) => held += 1,
            Ok(false) | Err(_) => return broken(&format!("its rows of `{}` are not what the answers give", key.id)),
        }
    }
    if held < there.capture_count() {
        return broken("it has rows of a capture that is not there");
    }
    if late.is_empty() {
        return Ok(Table::Same);
    }
    let late = late.join(", ");
    let told = format!("`{path}` has no rows of {late}: delete it, and `subledger archive compact` makes it again");
    Ok(Table::Unknown(told))
}

/// Holds a capture's table against what its answers give.
async fn table(archive: &Archive, key: &CaptureKey) -> Result<Table, Failure> {
    let books = match Box::pin(reading::read(archive, key)).await {
        Ok(books) => books,
        Err(Unread::Archive(error)) => return Err(Failure::of_archive(error)),
        Err(Unread::Unusable(failure)) if failure.kind == crate::failure::Kind::Bug => return Err(failure),
        Err(Unread::Unusable(failure)) => {
            let causes = crate::failure::causes(&failure).join(": ");
            return Ok(Table::Unknown(format!("the answers of capture `{}` cannot be used: {causes}", key.id)));
        }
    };
    let Some(there) = archive.derived(key, report::USAGE_NAME).await.map_err(Failure::of_archive)? else {
        return Ok(Table::Absent);
    };
    let expected = report::usage_parquet(&books).map_err(Failure::of_report)?;
    let tool = archive.open_capture(key).await.map_err(Failure::of_archive)?.manifest.tool;
    let path = format!("{}/{}", archive.shown_path(key), report::USAGE_NAME);
    Ok(match expected == there {
        true => Table::Same,
        // another version may write the same facts in other bytes
        false if tool != TOOL => Table::Unknown(format!("`{path}` was made by {tool} and not compared")),
        false => Table::Broken(Broken {
            path,
            problem: "it is not what the answers give; delete it, and `subledger report` of its period makes it again"
                .to_owned(),
        }),
    })
}
