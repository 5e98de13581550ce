//! What an audit has to tell: one problem for each path, with everything that is known of it.

use std::collections::{BTreeMap, BTreeSet};

/// A file that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, for people.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// What it puts in doubt: the names of captures, and closes as `close r2 of 2026-10-01`.
    pub affected: Vec<String>,
}

/// Something that is no damage and worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file or folder, for people.
    pub path: String,
    /// What is to be known.
    pub note: String,
}

/// Everything that is wrong with one file.
#[derive(Debug, Default)]
struct Entry {
    texts: Vec<String>,
    /// Why it should be there, each with the path of the file that says so, if that can be wrong.
    missed: Vec<(String, Option<String>)>,
    /// The manifests or records that say so.
    by: BTreeSet<String>,
    affected: BTreeSet<String>,
}

/// What an audit has to tell so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    entries: BTreeMap<String, Entry>,
    notes: BTreeSet<Note>,
}

impl Told {
    /// A file that is not as it was written.
    pub(super) fn problem(&mut self, path: &str, problem: impl Into<String>, affected: &[String]) {
        let (entry, problem) = (self.entry(path, affected), problem.into());
        if !entry.texts.contains(&problem) {
            entry.texts.push(problem);
        }
    }

    /// The same of an object, by what the manifest or record at `by` says of it.
    pub(super) fn problem_by(&mut self, by: &str, path: &str, problem: impl Into<String>, affected: &[String]) {
        self.problem(path, problem, affected);
        self.entry(path, &[]).by.insert(by.to_owned());
    }

    /// A manifest, record or map that is not there; `although` says why it should be. If `by` says so and was changed
    /// itself, there may never have been one.
    pub(super) fn missing(&mut self, path: &str, although: String, by: Option<&str>, affected: &[String]) {
        self.entry(path, affected).missed.push((although, by.map(str::to_owned)));
    }

    /// Something that is no damage.
    pub(super) fn note(&mut self, path: &str, note: impl Into<String>) {
        self.notes.insert(Note { path: path.to_owned(), note: note.into() });
    }

    fn entry(&mut self, path: &str, affected: &[String]) -> &mut Entry {
        let entry = self.entries.entry(path.to_owned()).or_default();
        entry.affected.extend(affected.iter().cloned());
        entry
    }

    /// Everything, by path; `changed` are the paths of the manifests and records that were changed themselves.
    pub(super) fn finish(self, changed: &BTreeSet<String>) -> (Vec<Problem>, Vec<Note>) {
        let problems = self.entries.into_iter().filter_map(|(path, entry)| {
            let mut texts = entry.texts;
            let trusted = entry.missed.iter().filter(|(_, by)| by.as_ref().is_none_or(|by| !changed.contains(by)));
            let missed: Vec<&str> = trusted.map(|(although, _)| although.as_str()).collect();
            if !missed.is_empty() {
                texts.push(format!("it is not there, although {}", missed.join(" and ")));
            }
            texts.extend(
                entry.by.intersection(changed).map(|by| format!("but `{by}`, which says so, was changed itself")),
            );
            let affected = entry.affected.into_iter().collect();
            (!texts.is_empty()).then(|| Problem { path, problem: texts.join("; "), affected })
        });
        (problems.collect(), self.notes.into_iter().collect())
    }
}
