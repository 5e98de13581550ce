//! Looking at what a run has left: tables, captures, report sets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use subledger::archive::{Archive, Audit, StoreOptions};

use super::sound::soundness;
use super::{PARENT, tree};

/// A table: each row by the names of the columns.
pub(crate) type Rows = Vec<BTreeMap<String, String>>;

/// A CSV file's rows.
pub(crate) fn rows(path: &Path) -> Rows {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    reader.deserialize().collect::<Result<_, _>>().expect("rows of the header's length")
}

/// The one row with this value in this column.
pub(crate) fn row<'a>(rows: &'a Rows, column: &str, value: &str) -> &'a BTreeMap<String, String> {
    let found: Vec<_> = rows.iter().filter(|row| row[column] == value).collect();
    assert_eq!(found.len(), 1, "rows whose {column} is {value}");
    found[0]
}

/// A text that must be JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

/// Code, severity and signed difference of every finding in the JSON of a run.
pub(crate) fn findings(stdout: &str) -> Vec<(String, String, String)> {
    let result = json(stdout);
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = result["reconciliation"]["findings"].as_array().expect("findings").iter();
    findings.map(|one| (text(one, "code"), text(one, "severity"), text(one, "difference"))).collect()
}

/// Where the report sets of the tests' billing period are.
pub(crate) fn sets(folder: &Path) -> PathBuf {
    folder.join("reports").join(PARENT).join("2024-01-01")
}

/// The current report set.
pub(crate) fn latest(folder: &Path) -> PathBuf {
    sets(folder).join("latest")
}

/// Whether a file is neither evidence nor report: a lock names a process, and the reserve only keeps room.
pub(crate) fn is_passing(path: &str) -> bool {
    path.ends_with("/.lock") || path.ends_with("/.reserve")
}

/// The files of the archive or of the reports, without locks, which name processes, and without the reserve.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(folder);
    files.retain(|path, _| !is_passing(path));
    files
}

/// The manifests of all captures that are visible, by path.
pub(crate) fn captures(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(&folder.join("archive"));
    files.retain(|path, _| path.ends_with("/capture.json"));
    files
}

/// An archived object without its compression.
pub(crate) fn unpacked(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).expect("zstd")
}

/// Whatever happened: each visible capture is whole, and each visible report set is whole. Gives their numbers.
#[track_caller]
pub(crate) fn assert_sound(folder: &Path) -> (usize, usize) {
    let seen = soundness(folder);
    assert_eq!(seen.problems, [""; 0]);
    (seen.captures.len(), seen.sets.len())
}

/// What the audit says of the only parent account's archive.
pub(crate) fn audit(archive: &Path) -> Audit {
    let parents = subledger::archive::parents_in(archive);
    let parent = parents.first().copied().unwrap_or_default();
    let archive =
        Archive::open(archive.to_str().expect("UTF-8"), parent, &StoreOptions::default()).expect("an archive");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(archive.audit(&|_| {})).expect("an archive that can be listed")
}
