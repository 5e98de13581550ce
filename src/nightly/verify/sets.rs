//! The report sets: every file as its manifest has it, and every set as the archive gives it once more.

use std::collections::{BTreeMap, BTreeSet};

use super::super::close::ledger_of;
use super::super::rebuild::{Rebuilder, info};
use super::super::{Signals, TOOL};
use super::Broken;
use super::closes::Closes;
use crate::archive::{Archive, Audit, CaptureKey, CloseKey, Closed, sha256};
use crate::billing::close::{Close, State};
use crate::config::Config;
use crate::failure::Failure;
use crate::publish::name::SetName;
use crate::publish::sets::{self, SetFolder};
use crate::report::{self, MANIFEST_NAME, SetFile, StoredSet, Unreadable};

/// What was proved of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Made again from the archive, it has the same bytes.
    Proved,
    /// Every file is as its manifest has it; another version made it, and this one cannot make the same.
    OtherVersion(String),
    /// Every file is as its manifest has it; it cannot be made again, and why.
    NotRebuilt(String),
    /// Something is not as it was.
    Broken,
}

/// A set that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSet {
    /// Its billing period.
    pub period: String,
    /// Its name.
    pub name: String,
    /// `provisional`, `final` or `restated`, where its manifest tells.
    pub state: Option<String>,
    /// How many files it has.
    pub files: usize,
    /// What was proved.
    pub verdict: Verdict,
    /// What is not as it was.
    pub broken: Vec<Broken>,
}

/// Looks at every set among the account's reports, and at every close in the archive.
pub(super) async fn check(
    config: &Config,
    archive: &Archive,
    audit: &Audit,
    closes: &Closes,
    notes: &mut Vec<String>,
    signals: &Signals,
    progress: &super::super::Progress<'_>,
) -> Result<Vec<CheckedSet>, Failure> {
    let folder = config.storage.reports.join(config.label(archive.account_id()));
    let mut checker = Checker { archive, audit, rebuilder: Rebuilder::of(archive).await? };
    let mut found = Vec::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for period in sets::periods(&folder).map_err(Failure::of_reports_reading)? {
        let home = folder.join(&period);
        for set in sets::sets(&home).map_err(Failure::of_reports_reading)? {
            signals.check()?;
            progress(&format!("report set {period}/{}", set.name));
            if SetName::parse(&set.name).is_none() {
                notes.push(format!("`{}` is no report set of subledger", set.path.display()));
                continue;
            }
            seen.insert((period.clone(), set.name.clone()));
            found.push(checker.set(&period, &set, closes, notes).await?);
        }
    }
    for (key, closed) in closes {
        let name = Close::set_name(key.revision);
        if !seen.contains(&(key.period.clone(), name.clone())) {
            found.push(unpublished(archive, key, closed).await?);
            notes.push(format!(
                "`{}` is not among the reports; `subledger report --period {}` puts it into its place",
                folder.join(&key.period).join(&name).display(),
                key.period
            ));
        }
    }
    found.sort_by(|a, b| (&a.period, &a.name).cmp(&(&b.period, &b.name)));
    Ok(found)
}

struct Checker<'a> {
    archive: &'a Archive,
    audit: &'a Audit,
    rebuilder: Rebuilder<'a>,
}

impl Checker<'_> {
    async fn set(
        &mut self,
        period: &str,
        set: &SetFolder,
        closes: &BTreeMap<CloseKey, Closed>,
        notes: &mut Vec<String>,
    ) -> Result<CheckedSet, Failure> {
        let mut found = CheckedSet {
            period: period.to_owned(),
            name: set.name.clone(),
            state: None,
            files: 0,
            verdict: Verdict::Broken,
            broken: Vec::new(),
        };
        let Some(manifest) = set.manifest().map_err(Failure::of_reports_reading)? else {
            found.broke(set, MANIFEST_NAME, "it is not there");
            return Ok(found);
        };
        found.state = report::state_in(&manifest);
        let there: BTreeSet<String> = set
            .files()
            .map_err(Failure::of_reports_reading)?
            .into_iter()
            .filter(|file| file != MANIFEST_NAME)
            .collect();
        found.files = there.len() + 1;
        let stored = StoredSet::read(&manifest);
        let listed = match &stored {
            Ok(stored) => Some(stored.files.clone()),
            Err(_) => report::files_in(&manifest),
        };
        let Some(listed) = listed else {
            let problem = stored.err().map_or_else(String::new, |error| error.to_string());
            found.broke(set, MANIFEST_NAME, &problem);
            return Ok(found);
        };
        found.hold_files(set, &listed, &there, notes);
        found.hold_close(set, &manifest, closes, (self.audit, self.archive));
        let stored = match stored {
            Ok(stored) => stored,
            Err(Unreadable::Damaged(problem)) => {
                found.broke(set, MANIFEST_NAME, &problem);
                return Ok(found);
            }
            // this version writes no other schema: then it is a changed letter, and no other version
            Err(Unreadable::Version(schema)) if CheckedSet::is_of_this_tool(set)? => {
                found.broke(set, MANIFEST_NAME, &format!("its schema `{schema}` is none that its version writes"));
                return Ok(found);
            }
            Err(Unreadable::Version(schema)) => {
                found.conclude(Verdict::OtherVersion(format!("its manifest has the schema `{schema}`")));
                return Ok(found);
            }
        };
        found.hold_place(set, &stored, self.archive);
        found.hold_captures(set, &stored, self.audit, self.archive);
        let verdict = self.rebuilt(set, &stored, closes, &mut found).await?;
        found.conclude(verdict);
        Ok(found)
    }

    /// Makes the set again and holds each file against the one that is there.
    async fn rebuilt(
        &mut self,
        set: &SetFolder,
        stored: &StoredSet,
        closes: &BTreeMap<CloseKey, Closed>,
        found: &mut CheckedSet,
    ) -> Result<Verdict, Failure> {
        // a changed letter of its name must not pass for another version, nor put every other file in the wrong
        let checks = shown(set, report::RECONCILIATION_NAME);
        if !found.broken.iter().any(|broken| broken.path == checks) && !found.is_of_one_tool(set, stored)? {
            return Ok(Verdict::Broken);
        }
        let ledger = match self.rebuilder.ledger(stored).await? {
            Ok(ledger) => ledger,
            Err(missing) => return Ok(Verdict::NotRebuilt(missing)),
        };
        let mut other: Vec<String> = Vec::new();
        let mut sink = |path: &str, bytes: Vec<u8>| {
            if set.read(path).ok().flatten().as_ref() != Some(&bytes) {
                other.push(path.to_owned());
            }
            Ok(())
        };
        Failure::guard(|| report::render(&ledger, &info(stored), &mut sink).map_err(Failure::of_report))?;
        // what is named already is not named twice
        let named: BTreeSet<String> = found.broken.iter().map(|broken| broken.path.clone()).collect();
        other.retain(|path| !named.contains(&shown(set, path)));
        if other.is_empty() {
            let revision = ledger.terms.close.as_ref().map(|close| close.revision);
            let key = revision.map(|revision| CloseKey { period: stored.period.clone(), revision });
            let record =
                key.as_ref().and_then(|key| closes.get(key)).filter(|closed| stored.tool == closed.record.tool);
            if record.is_some_and(|closed| report::issued_json(&ledger) != closed.issued) {
                let path = key.map(|key| self.archive.shown_close(&key)).unwrap_or_default();
                let problem = "what it noted as issued is not what its report set has".to_owned();
                found.broken.push(Broken { path, problem });
            }
            return Ok(Verdict::Proved);
        }
        if stored.tool != TOOL {
            return Ok(Verdict::OtherVersion(format!("{} made it", stored.tool)));
        }
        for path in other {
            found.broke(set, &path, "it is not what the archive gives");
        }
        Ok(Verdict::Broken)
    }
}

impl CheckedSet {
    fn broke(&mut self, set: &SetFolder, file: &str, problem: &str) {
        self.broken.push(Broken { path: shown(set, file), problem: problem.to_owned() });
    }

    fn conclude(&mut self, verdict: Verdict) {
        self.verdict = if self.broken.is_empty() { verdict } else { Verdict::Broken };
    }

    /// Every file is there with its hash, and no other.
    fn hold_files(&mut self, set: &SetFolder, listed: &[SetFile], there: &BTreeSet<String>, notes: &mut Vec<String>) {
        for file in listed {
            if !there.contains(&file.path) {
                self.broke(set, &file.path, "it is not there");
                continue;
            }
            match set.read(&file.path) {
                Ok(Some(bytes)) if bytes.len() == file.bytes && sha256(&bytes) == file.sha256 => {}
                Ok(_) => self.broke(set, &file.path, "its bytes are not those that were published"),
                Err(error) => self.broke(set, &file.path, &format!("it cannot be read: {error}")),
            }
        }
        let known: BTreeSet<&str> = listed.iter().map(|file| file.path.as_str()).collect();
        for file in there.iter().filter(|file| !known.contains(file.as_str())) {
            notes.push(format!("`{}` is no file of the set", shown(set, file)));
        }
    }

    /// A final set is what the archive's record of the close has.
    fn hold_close(
        &mut self,
        set: &SetFolder,
        manifest: &[u8],
        closes: &BTreeMap<CloseKey, Closed>,
        (audit, archive): (&Audit, &Archive),
    ) {
        let Some(SetName::Final { revision }) = SetName::parse(&set.name) else {
            let is_provisional = self.state.as_deref().is_none_or(|state| state == State::Provisional.as_str());
            if !is_provisional {
                self.broke(set, MANIFEST_NAME, "it says that it is final, and its name that it is not");
            }
            return;
        };
        let key = CloseKey { period: self.period.clone(), revision };
        match closes.get(&key) {
            Some(record) if record.manifest == manifest => {}
            Some(_) => self.broke(set, MANIFEST_NAME, "it is not the one that the archive's record of the close has"),
            // what is wrong with the record, the audit tells
            None if audit.closes.iter().any(|close| close.key == key) => {}
            None => {
                let path = format!("{}/close.json", archive.shown_close(&key));
                let problem = format!("it is not there, although its report set `{}` is", set.name);
                self.broken.push(Broken { path, problem });
            }
        }
    }

    /// The set is this account's, and lies under its own period and name.
    fn hold_place(&mut self, set: &SetFolder, stored: &StoredSet, archive: &Archive) {
        if stored.account_id != archive.account_id() {
            self.broke(set, MANIFEST_NAME, "it is of another parent account");
        }
        if stored.period != self.period {
            self.broke(set, MANIFEST_NAME, &format!("it is of the billing period {}", stored.period));
        }
        let capture = stored.captures.last().map(|(id, _)| id.as_str());
        let is_own = match SetName::parse(&set.name) {
            Some(SetName::Provisional { capture: named, .. }) => capture == Some(named),
            _ => true,
        };
        if !is_own {
            let capture = capture.unwrap_or("no capture");
            self.broke(set, MANIFEST_NAME, &format!("it is of `{capture}`, and lies under another name"));
        }
    }

    /// Whether the set's own checks say that this version made it.
    fn is_of_this_tool(set: &SetFolder) -> Result<bool, Failure> {
        let file = set.read(report::RECONCILIATION_NAME).map_err(Failure::of_reports_reading)?;
        Ok(file.is_some_and(|bytes| report::made_by(&bytes).as_deref() == Some(TOOL)))
    }

    /// Every capture that the set names is in the archive, and is the one that it names.
    fn hold_captures(&mut self, set: &SetFolder, stored: &StoredSet, audit: &Audit, archive: &Archive) {
        let there: BTreeSet<&str> = audit.captures.iter().map(|capture| capture.key.id.as_str()).collect();
        for (id, _) in stored.captures.iter().filter(|(id, _)| !there.contains(id.as_str())) {
            let key = CaptureKey { id: id.clone(), period: stored.period.clone() };
            let path = format!("{}/capture.json", archive.shown_path(&key));
            let problem = format!("it is not there, although the report set `{}` was made from it", set.name);
            self.broken.push(Broken { path, problem });
        }
        let known: BTreeMap<&str, &str> = audit
            .captures
            .iter()
            .filter(|capture| capture.is_intact)
            .filter_map(|capture| Some((capture.key.id.as_str(), capture.sha256.as_deref()?)))
            .collect();
        // the set says twice of which manifest its capture has: then the one in the archive is the one that was changed
        let checks = set.read(report::RECONCILIATION_NAME).ok().flatten().and_then(|bytes| report::made_of(&bytes));
        for (id, sha256) in stored.captures_before.iter().chain(&stored.captures) {
            if known.get(id.as_str()).is_none_or(|known| known == sha256) {
                continue;
            }
            if checks.as_ref() == Some(sha256) {
                let key = CaptureKey { id: id.clone(), period: stored.period.clone() };
                let path = format!("{}/capture.json", archive.shown_path(&key));
                let problem = format!("it is not the manifest that the report set `{}` was made from", set.name);
                self.broken.push(Broken { path, problem });
            } else {
                let problem =
                    format!("its hash of capture `{id}` is not that of the capture's manifest in the archive");
                self.broke(set, MANIFEST_NAME, &problem);
            }
        }
    }

    /// Whether the set's own files agree on what made it, and for whom.
    fn is_of_one_tool(&mut self, set: &SetFolder, stored: &StoredSet) -> Result<bool, Failure> {
        let file = set.read(report::RECONCILIATION_NAME).map_err(Failure::of_reports_reading)?;
        let is_one = file.is_some_and(|bytes| report::is_made_by(&bytes, &stored.tool, &stored.label));
        if !is_one {
            self.broke(set, MANIFEST_NAME, "it and `reconciliation.json` name different versions or labels");
        }
        Ok(is_one)
    }
}

/// A close whose set is not among the reports: whether the archive gives what was issued.
async fn unpublished(archive: &Archive, key: &CloseKey, closed: &Closed) -> Result<CheckedSet, Failure> {
    let mut found = CheckedSet {
        period: key.period.clone(),
        name: Close::set_name(key.revision),
        state: report::state_in(&closed.manifest),
        files: 0,
        verdict: Verdict::Broken,
        broken: Vec::new(),
    };
    found.verdict = match ledger_of(archive, closed).await {
        Err(failure) if failure.kind == crate::failure::Kind::Bug => return Err(failure),
        Err(failure) => Verdict::NotRebuilt(failure.doing),
        Ok((stored, ledger)) => {
            let mut manifest = Vec::new();
            let mut sink = |path: &str, bytes: Vec<u8>| {
                found.files += 1;
                if path == MANIFEST_NAME {
                    manifest = bytes;
                }
                Ok(())
            };
            Failure::guard(|| report::render(&ledger, &info(&stored), &mut sink).map_err(Failure::of_report))?;
            match manifest == closed.manifest && report::issued_json(&ledger) == closed.issued {
                true => Verdict::Proved,
                false if stored.tool != TOOL => Verdict::OtherVersion(format!("{} made it", stored.tool)),
                false => Verdict::Broken,
            }
        }
    };
    if found.verdict == Verdict::Broken {
        let problem = "what it issued is not what the archive gives".to_owned();
        found.broken.push(Broken { path: archive.shown_close(key), problem });
    }
    Ok(found)
}

fn shown(set: &SetFolder, file: &str) -> String {
    set.path.join(file).display().to_string()
}
