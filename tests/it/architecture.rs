//! Holds the rules of the house as tests: which room may name which, who may touch the world, and
//! how big a file may grow.
//!
//! It reads the source as text. That is blind to a name smuggled in by a re-export or a macro, and
//! good enough to stop an honest mistake; `clippy.toml` guards the same doors from the other side.
#![expect(clippy::disallowed_methods, reason = "it reads the source tree, and writes nothing")]

mod rust_text;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the highest to the lowest: a room may name itself and the rooms below it.
/// `lib` is the map and names all.
const ROOMS: &str =
    "main cli commands nightly config failure notify simulator ahasend archive publish report billing sha256";

/// What has no place in a room, beyond that order: evidence is bytes, and bytes have no amounts;
/// the core takes values and returns values.
const NEVER_IN: [(&str, &str); 4] = [
    ("archive", "billing::money"),
    ("publish", "billing::money"),
    ("billing", "async await tokio reqwest serde serde_json f32 f64"),
    ("billing", "std::fs std::env std::io println Utc::now Instant"),
];

/// The doors to the outside, and the rooms that may use them.
const ONLY_IN: [(&str, &str); 4] = [
    ("std::fs", "archive publish config"),
    ("std::env", "config main"),
    ("Utc::now", "config"),
    ("SystemTime::now", "config"),
];

const UNFINISHED: [&str; 5] = ["todo!", "unimplemented!", "dbg!", "FIXME", "TODO"];

const FILE_LINES_MAX: usize = 400;
const FILE_LINES_MEDIAN_MAX: usize = 160;
const FUNCTION_LINES_MAX: usize = 70;

/// One file under `src`.
struct Source {
    /// Relative to `src`, with `/`.
    path: String,
    text: String,
    /// `text` without comments, literals and test-only items, with every line in its place.
    code: String,
}

/// What breaks a rule, and the line where it does.
type Complaint = (usize, String);

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let path = path.to_owned();
        // a file of its own that holds tests is as exempt as a `#[cfg(test)]` module
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let code = if is_test { String::new() } else { rust_text::code_only(text) };
        let text = text.to_owned();
        Self { path, text, code }
    }

    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        collect_rust_files(&root, &mut files);
        let read = |file: &PathBuf| {
            let inside = file.strip_prefix(&root).expect("it was found in the root");
            let path = inside.to_str().expect("a UTF-8 path").replace('\\', "/");
            Self::new(&path, &fs::read_to_string(file).expect("a UTF-8 file"))
        };
        files.iter().map(read).collect()
    }

    fn room(&self) -> &str {
        let end = self.path.find(['/', '.']).unwrap_or(self.path.len());
        &self.path[..end]
    }

    /// How many `super::` lead from this file's module to the crate's root.
    fn depth(&self) -> usize {
        match self.path.trim_end_matches(".rs").trim_end_matches("/mod") {
            "lib" | "main" => 0,
            module => module.split('/').count(),
        }
    }

    /// The room that a path leads to, if it goes through the crate's root.
    fn target<'a>(&self, path: &'a str) -> Option<&'a str> {
        let segments: Vec<&str> = path.split("::").collect();
        let supers = segments.iter().take_while(|name| **name == "super").count();
        let target = match segments[0] {
            "crate" | "subledger" => segments.get(1),
            "super" if supers == self.depth() => segments.get(supers),
            _ => None,
        };
        target.copied()
    }
}

fn collect_rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder that can be listed") {
        let path = entry.expect("an entry that can be read").path();
        if path.is_dir() {
            collect_rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Puts a rule to every file and fails with all complaints, each once.
fn hold(rule: &str, check: impl Fn(&Source) -> Vec<Complaint>) {
    let mut report = BTreeSet::new();
    for source in Source::all() {
        for (line, complaint) in check(&source) {
            report.insert((source.path.clone(), line, complaint));
        }
    }
    let write = |(path, line, complaint)| format!("src/{path}:{line}: {complaint}");
    let report: Vec<String> = report.into_iter().map(write).collect();
    assert!(report.is_empty(), "{rule}\n{}\n", report.join("\n"));
}

fn rank(room: &str) -> Option<usize> {
    ROOMS.split(' ').position(|known| known == room)
}

/// Whether a path contains a run of segments: `std::fs::read` mentions `std::fs`, but `serde_json`
/// does not mention `serde`.
fn mentions(path: &str, run: &str) -> bool {
    format!("::{path}::").contains(&format!("::{run}::"))
}

fn mentions_of(source: &Source, run: &str, why: &str) -> Vec<Complaint> {
    let mut names = rust_text::names(&source.code);
    names.retain(|(_, path)| mentions(path, run));
    let complain = |(line, _)| (line, format!("`{run}` {why}"));
    names.into_iter().map(complain).collect()
}

fn arrows_up(source: &Source) -> Vec<Complaint> {
    let room = source.room();
    let Some(own) = rank(room) else {
        let unknown = format!("`{room}` has no place in the order of the rooms");
        return if room == "lib" { Vec::new() } else { vec![(1, unknown)] };
    };
    let mut complaints = Vec::new();
    for (line, path) in rust_text::names(&source.code) {
        match source.target(&path) {
            Some(target) if rank(target).is_some_and(|other| other < own) => {
                complaints.push((line, format!("`{room}` may not name `{target}`")));
            }
            _ => {}
        }
    }
    complaints
}

fn misplaced(source: &Source) -> Vec<Complaint> {
    let room = source.room();
    let mut complaints = Vec::new();
    for (_, runs) in NEVER_IN.iter().filter(|(guarded, _)| *guarded == room) {
        for run in runs.split(' ') {
            complaints.extend(mentions_of(source, run, &format!("has no place in `{room}`")));
        }
    }
    complaints
}

fn wrong_doors(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (door, rooms) in ONLY_IN {
        if !rooms.split(' ').any(|room| room == source.room()) {
            complaints.extend(mentions_of(source, door, &format!("is only for: {rooms}")));
        }
    }
    complaints
}

fn too_long(source: &Source) -> Vec<Complaint> {
    let lines = source.text.lines().count();
    let mut sizes = vec![(1, "file", lines, FILE_LINES_MAX)];
    for (line, lines) in rust_text::functions(&source.code) {
        sizes.push((line, "function", lines, FUNCTION_LINES_MAX));
    }
    sizes.retain(|(_, _, lines, max)| lines > max);
    let complain = |(line, what, lines, max)| (line, format!("a {what} of {lines} lines, at most {max}"));
    sizes.into_iter().map(complain).collect()
}

fn unfinished(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for mark in UNFINISHED.iter().filter(|mark| line.contains(**mark)) {
            complaints.push((index + 1, format!("`{mark}`")));
        }
    }
    complaints
}

#[test]
fn arrows_point_down() {
    hold("A room may use only the rooms below it:", arrows_up);
}

#[test]
fn rooms_keep_out_what_is_not_theirs() {
    hold("Billing is pure; archive and publish move bytes:", misplaced);
}

/// Whatever else a store can do would replace what is there, some of it without a word.
#[test]
fn evidence_is_only_ever_created() {
    let replacing = ["put_multipart", "PutMode::Overwrite", "PutMode::Update", ".copy(", "fs::rename", "fs::copy"];
    hold("Evidence goes through create-if-absent:", |source| {
        let lines = source.code.lines().enumerate().filter(|_| source.room() == "archive");
        let found = lines.flat_map(|(index, line)| replacing.map(|call| (index + 1, line.contains(call), call)));
        found.filter(|(_, is_there, _)| *is_there).map(|(line, _, call)| (line, format!("`{call}`"))).collect()
    });
    let creating = Source::all().iter().filter(|source| source.code.contains("PutMode::Create")).count();
    assert_eq!(creating, 1, "one place that writes");
}

#[test]
fn the_outside_has_one_door_each() {
    hold("Files, clock and environment have their rooms:", wrong_doors);
}

#[test]
fn files_and_functions_stay_small() {
    hold("What grows beyond this is two things:", too_long);
}

#[test]
fn the_median_file_is_small() {
    let line_count = |source: &Source| source.text.lines().count();
    let mut sizes: Vec<usize> = Source::all().iter().map(line_count).collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    assert!(median <= FILE_LINES_MEDIAN_MAX, "{median} lines, at most {FILE_LINES_MEDIAN_MAX}");
}

#[test]
fn nothing_is_left_for_later() {
    hold("Finish it, or open an issue:", unfinished);
}

#[test]
fn every_file_says_what_it_owns() {
    hold("A file starts with a `//!` comment:", |source| {
        let silent = !source.text.starts_with("//!");
        Vec::from_iter(silent.then(|| (1, "no `//!` at its head".to_owned())))
    });
}

#[test]
fn an_arrow_up_is_seen_in_every_spelling() {
    let text = "\
use crate::{billing::Books, archive::{self, Store}};
use super::super::publish;
fn run() {
    subledger::nightly::run(crate::report::Format::Csv);
}
#[cfg(test)]
mod tests { use crate::config; }
";
    let mut complaints = arrows_up(&Source::new("report/csv.rs", text));
    complaints.sort();
    complaints.dedup();
    let expected = [(1, "archive"), (2, "publish"), (4, "nightly")];
    assert_eq!(complaints, expected.map(|(line, room)| (line, format!("`report` may not name `{room}`"))));
}
