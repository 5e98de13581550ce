//! `subledger prune`: takes old provisional report sets away, without key and without network.
//!
//! It never opens the archive, and of the reports it removes nothing but what is certainly a provisional set.

mod show;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::Outcome;
use super::selection::account_id;
use crate::archive::lock::LockError;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, NO_LOCK, closing};
use crate::nightly::{self, Signals};
use crate::publish;
use crate::publish::retention::{Fate, Seen, fates};
use crate::publish::sets::{self, SetFolder};
use crate::report::text::counted;
use crate::report::{MANIFEST_NAME, account_in, files_in, state_in};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruning {
    /// How many provisional sets of each period stay, the newest first.
    pub keep_provisional: usize,
    /// Whether to change nothing, and only say what would go.
    pub is_dry: bool,
}

/// What a pruning comes to, or would.
struct Pruned<'a> {
    asked: Pruning,
    label: &'a str,
    folder: &'a Path,
    periods: Vec<PeriodSets>,
}

/// The folders of a billing period, each with its fate.
struct PeriodSets {
    period: String,
    home: PathBuf,
    kept: Vec<SetFolder>,
    /// The sets that go, each with its bytes.
    going: Vec<(SetFolder, u64)>,
    left_alone: Vec<(SetFolder, &'static str)>,
}

/// Removes what has had its time, in every period of the configured account.
pub fn run(config: &Config, asked: Pruning, signals: &Signals) -> Result<Outcome, Failure> {
    let account_id = account_id(config)?;
    let label = config.label(account_id);
    let folder = config.storage.reports.join(&label);
    let mut periods = sets::periods(&folder).map_err(Failure::of_reports_reading)?;
    let mut lock = None;
    // a dry run, and one that finds nothing, leaves not even a lock behind
    if !asked.is_dry && !periods.is_empty() {
        lock = Some(nightly::lock_reports(config, &label).map_err(not_locked)?);
        periods = sets::periods(&folder).map_err(Failure::of_reports_reading)?;
    }
    let mut pruned = Pruned { asked, label: &label, folder: &folder, periods: Vec::new() };
    // everything is looked at before anything goes
    for period in periods {
        signals.check()?;
        let home = folder.join(&period);
        pruned.periods.push(
            PeriodSets::read(period, home, account_id, asked.keep_provisional).map_err(Failure::of_reports_reading)?,
        );
    }
    if !asked.is_dry {
        pruned.carry_out(signals)?;
    }
    drop(lock);
    let count = counted(pruned.going().count(), "report set");
    let next = match (pruned.going().count(), asked.is_dry) {
        (0, _) => "there is nothing to prune".to_owned(),
        (_, true) => format!("nothing was changed; without `--dry-run` {count} would go"),
        (_, false) => format!("{count} removed, nothing to do"),
    };
    let (text, json) = (show::text(&pruned), show::json(&pruned).to_string());
    Ok(Outcome { text, json, closing: closing(&Evidence::Untouched, &next), ..Outcome::default() })
}

impl PeriodSets {
    /// Looks at every folder of a period and decides what is to become of it.
    fn read(period: String, home: PathBuf, account_id: Uuid, keep: usize) -> Result<Self, publish::Error> {
        let folders = sets::sets(&home)?;
        let states: Vec<Option<String>> = folders.iter().map(state).collect();
        let seen = folders.iter().zip(&states).map(|(set, state)| Seen { name: &set.name, state: state.as_deref() });
        let latest = sets::latest(&home)?;
        let fates = fates(&seen.collect::<Vec<_>>(), latest.as_ref().and_then(sets::Latest::set), keep);
        let (mut kept, mut going, mut left_alone) = (Vec::new(), Vec::new(), Vec::new());
        for (set, fate) in folders.into_iter().zip(fates) {
            match fate {
                Fate::Kept => kept.push(set),
                Fate::Goes => {
                    if let Some(why) = objection(&set, account_id)? {
                        left_alone.push((set, why));
                    } else {
                        let size = set.size()?;
                        going.push((set, size));
                    }
                }
                Fate::LeftAlone(why) => left_alone.push((set, why)),
            }
        }
        Ok(Self { period, home, kept, going, left_alone })
    }

    /// The bytes of the sets that go.
    fn bytes(&self) -> u64 {
        self.going.iter().map(|(_, bytes)| bytes).sum()
    }
}

impl Pruned<'_> {
    /// The sets that go.
    fn going(&self) -> impl Iterator<Item = &SetFolder> {
        self.periods.iter().flat_map(|period| &period.going).map(|(set, _)| set)
    }

    /// Removes them, and what earlier runs that were killed have left half removed.
    fn carry_out(&self, signals: &Signals) -> Result<(), Failure> {
        for period in &self.periods {
            publish::sweep(&period.home).map_err(|error| stopped(0, error))?;
        }
        for (count, set) in self.going().enumerate() {
            signals.check()?;
            sets::remove(set).map_err(|error| stopped(count, error))?;
        }
        Ok(())
    }
}

/// Why a set does not go although it has had its time: it is another account's, or somebody has put files into it.
fn objection(set: &SetFolder, account_id: Uuid) -> Result<Option<&'static str>, publish::Error> {
    let manifest = set.manifest()?.unwrap_or_default();
    if account_in(&manifest) != Some(account_id) {
        return Ok(Some("of another parent account"));
    }
    let listed: BTreeSet<String> = files_in(&manifest).into_iter().flatten().map(|file| file.path).collect();
    let is_foreign = |file: &String| file != MANIFEST_NAME && !listed.contains(file);
    Ok(set.files()?.iter().any(is_foreign).then_some("with files that are not its own"))
}

/// The state that a set's manifest tells of. One that cannot be read tells of none, and then the set stays.
fn state(set: &SetFolder) -> Option<String> {
    set.manifest().ok().flatten().as_deref().and_then(state_in)
}

fn stopped(count: usize, error: publish::Error) -> Failure {
    Failure::new(Kind::NotPublished, format!("pruning stopped after {}", counted(count, "report set")))
        .because(error)
        .hint("make what is named above writable for this user; the sets that are left are whole")
        .then("run again once the cause is mended")
}

fn not_locked(error: LockError) -> Failure {
    let (kind, hint, next) = match &error {
        LockError::Busy { .. } => {
            (Kind::Busy, "its reports are published or pruned just now", "run again when the other run is done")
        }
        LockError::Io { .. } => {
            (Kind::NotPublished, "make the folder writable for this user", "run again once the cause is mended")
        }
        LockError::Unlockable { .. } => (Kind::NotPublished, NO_LOCK, "run again as the hint says"),
    };
    Failure::new(kind, "nothing was pruned").because(error).hint(hint).then(next)
}
