//! What `verify` has to say: what was proved, set by set, and the very file of whatever is not as it was.

mod json;

use std::fmt::Write;

use super::text::{counted, grouped, shown};

/// A file that is not as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenFile<'a> {
    /// Which.
    pub path: &'a str,
    /// What is wrong.
    pub problem: &'a str,
    /// What it puts in doubt: captures by their names, or closes.
    pub affected: &'a [String],
}

/// What was proved of one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLine<'a> {
    /// Its billing period.
    pub period: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its state, if its manifest tells.
    pub state: Option<&'a str>,
    /// How many files it has.
    pub files: usize,
    /// What was proved.
    pub proof: Proof<'a>,
}

/// What was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'a> {
    /// It was made again to the same bytes.
    Proved,
    /// Its hashes hold; another version made it.
    OtherVersion(&'a str),
    /// Its hashes hold; it cannot be made again.
    NotRebuilt(&'a str),
    /// Something is not as it was.
    Broken,
}

/// Everything that was looked at.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// Where the archive is.
    pub archive: &'a str,
    /// The parent account.
    pub account_id: uuid::Uuid,
    /// Captures, and how many of them are intact.
    pub captures: (usize, usize),
    /// Closes, and how many of them are intact.
    pub closes: (usize, usize),
    /// Objects that were read.
    pub objects: usize,
    /// Bodies in them.
    pub bodies: usize,
    /// Their bytes as stored.
    pub bytes: u64,
    /// Tables that are what the answers give.
    pub tables: usize,
    /// The sets, by period and name.
    pub sets: Vec<SetLine<'a>>,
    /// What is not as it was.
    pub broken: Vec<BrokenFile<'a>>,
    /// What is worth knowing, and no harm.
    pub notes: Vec<String>,
}

/// Notes that are written out; all of them are in the JSON.
const NOTE_COUNT_MAX: usize = 20;

impl Sheet<'_> {
    /// The result for people, with a final line break.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let verdict = match (self.broken.len(), self.unproved()) {
            (0, 0) => "everything is as it was written".to_owned(),
            (0, sets) => {
                format!("as it was written, as far as it can be proved ({} cannot)", counted(sets, "report set"))
            }
            _ => "NOT AS IT WAS WRITTEN".to_owned(),
        };
        let _ = writeln!(text, "{verdict}: parent account {}", self.account_id);
        let intact = |(all, intact): (usize, usize), what: &str| match all - intact {
            0 => counted(all, what),
            damaged => format!("{} ({} not intact)", counted(all, what), grouped(&damaged.to_string())),
        };
        let _ = writeln!(
            text,
            "archive   {}: {}, {}; {} with {} read",
            self.archive,
            intact(self.captures, "capture"),
            intact(self.closes, "close"),
            counted(self.objects, "object"),
            if self.bodies == 1 {
                "1 body".to_owned()
            } else {
                format!("{} bodies", grouped(&self.bodies.to_string()))
            },
        );
        let _ = writeln!(text, "tables    {} as their answers give them", grouped(&self.tables.to_string()));
        self.sets(&mut text);
        for broken in &self.broken {
            let _ = writeln!(text, "BROKEN    {}\n          {}", shown(broken.path), shown(broken.problem));
            if !broken.affected.is_empty() {
                let _ = writeln!(text, "          in doubt: {}", broken.affected.join(", "));
            }
        }
        for note in self.notes.iter().take(NOTE_COUNT_MAX) {
            let _ = writeln!(text, "note      {}", shown(note));
        }
        if self.notes.len() > NOTE_COUNT_MAX {
            let _ = writeln!(text, "note      and {} more, see `--output json`", self.notes.len() - NOTE_COUNT_MAX);
        }
        text
    }

    /// How many sets have the files that they list, and cannot be made again.
    pub fn unproved(&self) -> usize {
        let is_unproved = |set: &&SetLine<'_>| matches!(set.proof, Proof::OtherVersion(_) | Proof::NotRebuilt(_));
        self.sets.iter().filter(is_unproved).count()
    }

    /// A line for each run of sets of which the same was proved.
    fn sets(&self, text: &mut String) {
        if self.sets.is_empty() {
            let _ = writeln!(text, "sets      none");
        }
        let is_alike = |a: &SetLine<'_>, b: &SetLine<'_>| {
            (a.period, a.state, a.proof) == (b.period, b.state, b.proof) && a.state == Some("provisional")
        };
        for run in self.sets.chunk_by(is_alike) {
            let ([first, ..], [.., last]) = (run, run) else { continue };
            let name = match run.len() {
                1 => first.name.to_owned(),
                count => format!("{} to {}, {}", first.name, last.name, counted(count, "set")),
            };
            let state = first.state.unwrap_or("unknown");
            let files: usize = run.iter().map(|set| set.files).sum();
            let files = counted(files, "file");
            let proof = match first.proof {
                Proof::Proved => format!("proved, {files} made again to the same bytes"),
                Proof::OtherVersion(why) => format!("intact, {files} as listed; not made again: {why}"),
                Proof::NotRebuilt(why) => format!("intact, {files} as listed; cannot be made again: {why}"),
                Proof::Broken => "BROKEN, see below".to_owned(),
            };
            let _ = writeln!(text, "sets      {} {name} ({state}): {proof}", first.period);
        }
    }
}
