//! Looking at what a run has left: tables, captures, report sets, and whether they are sound.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use subledger::archive::{Archive, Audit, sha256};

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

/// The files of the archive or of the reports, without locks, which name processes, and without the reserve.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(folder);
    files.retain(|path, _| !path.ends_with("/.lock") && !path.ends_with("/.reserve"));
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
pub(crate) fn assert_sound(folder: &Path) -> (usize, usize) {
    (sound_captures(&folder.join("archive")), sound_sets(&sets(folder)))
}

fn sound_captures(archive: &Path) -> usize {
    let files = files(archive);
    if archive.is_dir() {
        assert_eq!(audit(archive).problems, []);
    }
    let manifests: Vec<_> = files.iter().filter(|(path, _)| path.ends_with("/capture.json")).collect();
    for (path, manifest) in &manifests {
        let folder = path.trim_end_matches("/capture.json");
        // a run that is killed right after its manifest leaves no seal, and never a wrong one
        if let Some(seal) = files.get(&format!("{path}.sha256")) {
            assert_eq!(*seal, format!("{}  capture.json\n", sha256(manifest)).as_bytes(), "the seal of {path}");
        }
        let manifest = json(std::str::from_utf8(manifest).expect("UTF-8"));
        let objects = manifest["objects"].as_array().expect("objects");
        assert!(objects.iter().any(|object| object["name"] == "usage.json.zst"), "{path} names no usage");
        for object in objects {
            assert_file(&files, &format!("{folder}/{}", object["name"].as_str().expect("a name")), object);
        }
        if let Some(previous) = manifest["previous"].as_object() {
            let linked = manifests.iter().any(|(_, bytes)| *sha256(bytes) == previous["sha256"]);
            assert!(linked, "{path} follows a capture that is not there");
        }
    }
    manifests.len()
}

/// What the audit says of the only parent account's archive.
pub(crate) fn audit(archive: &Path) -> Audit {
    let parents = subledger::archive::parents_in(archive);
    let parent = parents.first().copied().unwrap_or_default();
    let archive = Archive::open(archive.to_str().expect("UTF-8"), parent, &[]).expect("an archive");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(archive.audit(&|_| {})).expect("an archive that can be listed")
}

fn sound_sets(home: &Path) -> usize {
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(home).into_iter().flatten() {
        names.push(entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    }
    names.retain(|name| !name.starts_with(".tmp-") && name != "latest");
    for name in &names {
        let mut files = files(&home.join(name));
        let manifest = files.remove("manifest.json").unwrap_or_else(|| panic!("set {name} has no manifest"));
        let manifest = json(std::str::from_utf8(&manifest).expect("UTF-8"));
        let listed = manifest["files"].as_array().expect("files");
        for file in listed {
            assert_file(&files, file["path"].as_str().expect("a path"), file);
        }
        assert_eq!(files.len(), listed.len(), "set {name} has files that its manifest does not name");
    }
    if let Ok(current) = std::fs::read_link(home.join("latest")) {
        assert!(names.iter().any(|name| Path::new(name) == current), "latest points to {}", current.display());
    }
    names.len()
}

/// A file is there with the size and the SHA-256 of its entry in a manifest.
fn assert_file(files: &BTreeMap<String, Vec<u8>>, path: &str, entry: &Value) {
    let bytes = files.get(path).unwrap_or_else(|| panic!("{path} is named by a manifest and not there"));
    assert_eq!((entry["bytes"].as_u64(), &entry["sha256"]), (u64::try_from(bytes.len()).ok(), &sha256(bytes).into()));
}
