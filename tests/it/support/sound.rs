//! Whether what a run has left is sound: every visible capture, close and report set is whole, and `latest` leads to one.
//!
//! Complaints are gathered instead of asserted, so that a sweep over many faults can count them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use subledger::archive::sha256;

use super::look::{audit, files, sets};

/// What is visible in a folder that runs were in, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Soundness {
    /// The captures, by the path of their folders within the archive.
    pub(crate) captures: Vec<String>,
    /// The report sets of the tests' billing period, by name.
    pub(crate) sets: Vec<String>,
    /// What is not as it should be.
    pub(crate) problems: Vec<String>,
}

type Files = BTreeMap<String, Vec<u8>>;

/// Looks at everything that is visible in a folder, whatever happened in it.
pub(crate) fn soundness(folder: &Path) -> Soundness {
    let mut seen = Soundness::default();
    let archive = folder.join("archive");
    if archive.is_dir() {
        seen.problems.extend(audit(&archive).problems.iter().map(|problem| format!("the audit found {problem:?}")));
        look_at_captures(&files(&archive), &mut seen);
    }
    for home in periods(&folder.join("reports")) {
        let names = look_at_sets(&home, &mut seen.problems);
        if home == sets(folder) {
            seen.sets = names;
        }
    }
    seen
}

fn look_at_captures(files: &Files, seen: &mut Soundness) {
    let manifests: Vec<_> = files.iter().filter(|(path, _)| path.ends_with("/capture.json")).collect();
    let hashes: Vec<String> = manifests.iter().map(|(_, bytes)| sha256(bytes)).collect();
    for ((path, bytes), hash) in manifests.iter().zip(&hashes) {
        let folder = path.trim_end_matches("/capture.json");
        seen.captures.push(folder.to_owned());
        // a run that is killed right after its manifest leaves no seal, and never a wrong one
        let seal = files.get(&format!("{path}.sha256"));
        if seal.is_some_and(|seal| *seal != format!("{hash}  capture.json\n").as_bytes()) {
            seen.problems.push(format!("the seal of {path} is that of something else"));
        }
        let Ok(manifest) = serde_json::from_slice::<Value>(bytes) else {
            seen.problems.push(format!("{path} is no JSON"));
            continue;
        };
        let objects = manifest["objects"].as_array().map_or(&[][..], Vec::as_slice);
        if !objects.iter().any(|object| object["name"] == "usage.json.zst") {
            seen.problems.push(format!("{path} names no usage"));
        }
        for object in objects {
            let object_path = format!("{folder}/{}", object["name"].as_str().unwrap_or_default());
            seen.problems.extend(differs(files, &object_path, object));
        }
        if let Some(previous) = manifest["previous"]["sha256"].as_str()
            && !hashes.iter().any(|hash| hash == previous)
        {
            seen.problems.push(format!("{path} follows a capture that is not there"));
        }
    }
}

/// The folders of all billing periods of all accounts.
fn periods(reports: &Path) -> Vec<PathBuf> {
    let folders = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink())
    };
    let mut periods: Vec<PathBuf> = folders(reports.to_owned()).flat_map(folders).collect();
    periods.sort();
    periods
}

/// Looks at the sets of a period and at the pointer to the current one. Gives their names.
fn look_at_sets(home: &Path, problems: &mut Vec<String>) -> Vec<String> {
    let entries = std::fs::read_dir(home).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with(".tmp-") && name != "latest");
    names.sort();
    for name in &names {
        let mut files = files(&home.join(name));
        let manifest = files.remove("manifest.json").and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(manifest) = manifest else {
            problems.push(format!("the set {name} has no manifest that can be read"));
            continue;
        };
        let listed = manifest["files"].as_array().map_or(&[][..], Vec::as_slice);
        for file in listed {
            let problem = differs(&files, file["path"].as_str().unwrap_or_default(), file);
            problems.extend(problem.map(|problem| format!("the set {name}: {problem}")));
        }
        if files.len() != listed.len() {
            problems.push(format!("the set {name} has {} files, and its manifest {}", files.len(), listed.len()));
        }
    }
    match std::fs::read_link(home.join("latest")) {
        Ok(current) if names.iter().any(|name| Path::new(name) == current) => {}
        Ok(current) => problems.push(format!("latest leads to {}, which is not there", current.display())),
        Err(_) if home.join("latest").exists() => problems.push("latest is no link".to_owned()),
        Err(_) => {}
    }
    names
}

/// How a file is not what its entry in a manifest says: size and SHA-256.
fn differs(files: &Files, path: &str, entry: &Value) -> Option<String> {
    let Some(bytes) = files.get(path) else { return Some(format!("{path} is named by a manifest and not there")) };
    let is_as_listed = entry["bytes"].as_u64() == u64::try_from(bytes.len()).ok() && entry["sha256"] == sha256(bytes);
    (!is_as_listed).then(|| format!("{path} is not what its manifest says"))
}
