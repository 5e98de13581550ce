//! The chain: who attests whom, and which of two files that do not agree was changed.

use std::fs;

use super::audit::{audited, captured, filled};
use super::*;

const FIRST: &str = "20240115T020001Z";

/// The problems, each as `file: what`, with the file's last two names.
fn problems(audit: &Audit) -> Vec<String> {
    audit.problems.iter().map(|problem| format!("{}: {}", last_names(&problem.path), problem.problem)).collect()
}

fn notes(audit: &Audit) -> Vec<String> {
    audit.notes.iter().map(|note| format!("{}: {}", last_names(&note.path), note.note)).collect()
}

fn last_names(path: &str) -> String {
    let names: Vec<&str> = path.rsplit('/').take(2).collect();
    format!("{}/{}", names[1].trim_start_matches("capture=20240115T0200"), names[0])
}

/// The manifest of a capture by its number.
fn manifest(archive: &Archive, number: usize) -> PathBuf {
    folder_of(archive, &run(archive.captures()).expect("a listing")[number - 1]).join("capture.json")
}

/// Replaces a text of a file; gives the hash of the file as it is then.
fn changed(path: &FilePath, from: &str, to: &str) -> String {
    let text = fs::read_to_string(path).expect("a file");
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).expect("a file");
    sha256(&fs::read(path).expect("a file"))
}

fn seal(path: &FilePath, sha256: &str) {
    fs::write(path.with_extension("json.sha256"), format!("{sha256}  capture.json\n")).expect("a seal");
}

/// Removes the seals of these captures.
fn unseal(archive: &Archive, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        fs::remove_file(manifest(archive, number).with_extension("json.sha256")).expect("a seal");
    }
}

/// Captures without closes.
fn chain(archive: &Archive, length: u32) {
    run(async {
        for second in 1..=length {
            captured(archive, second, 1).await;
        }
    });
}

#[test]
fn captures_without_seals_attest_each_other() {
    let (_folder, archive) = archive();
    chain(&archive, 3);
    unseal(&archive, 1..=3);
    let audit = run(audited(&archive));
    assert_eq!(problems(&audit), [""; 0]);
    let expected = [
        "01Z/capture.json.sha256: there is no seal; capture `20240115T020002Z` attests what it would seal",
        "02Z/capture.json.sha256: there is no seal; capture `20240115T020003Z` attests what it would seal",
        "03Z/capture.json.sha256: there is no seal, and nothing else attests what it would seal",
    ];
    assert_eq!(notes(&audit), expected);

    changed(&manifest(&archive, 2), "localhost", "localhosT");
    let audit = run(audited(&archive));
    let both = [
        "02Z/capture.json: capture `20240115T020003Z` names another hash for it: one of the two was changed",
        "03Z/capture.json: it names another hash for capture `20240115T020002Z` than that has: one of the two was changed",
    ];
    assert_eq!(problems(&audit), both);
    assert_eq!(audit.captures.iter().map(|capture| capture.is_intact).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn a_follower_that_is_attested_itself_is_believed() {
    let (_folder, archive) = archive();
    chain(&archive, 3);
    unseal(&archive, 1..=2);
    changed(&manifest(&archive, 2), "localhost", "localhosT");
    let told = "02Z/capture.json: it is not what capture `20240115T020003Z` says, and nothing else attests capture \
                `20240115T020001Z`";
    assert_eq!(problems(&run(audited(&archive))), [told]);
}

#[test]
fn a_manifest_that_was_changed_with_its_seal_stands_against_its_follower() {
    let (_folder, archive) = archive();
    chain(&archive, 3);
    let path = manifest(&archive, 1);
    seal(&path, &changed(&path, "localhost", "localhosT"));
    let audit = run(audited(&archive));
    let both = [
        "01Z/capture.json: capture `20240115T020002Z` names another hash for it: one of the two was changed",
        "02Z/capture.json: it names another hash for capture `20240115T020001Z` than that has: one of the two was changed",
    ];
    assert_eq!(problems(&audit), both);
    assert_eq!(audit.problems[0].affected, [FIRST, "20240115T020002Z"]);
}

#[test]
fn the_seal_of_other_bytes_is_at_fault_where_a_follower_attests_the_manifest() {
    let (_folder, archive) = archive();
    chain(&archive, 2);
    seal(&manifest(&archive, 1), &sha256(b"other bytes"));
    let told =
        "01Z/capture.json.sha256: it is the seal of other bytes than those that capture `20240115T020002Z` attests";
    assert_eq!(problems(&run(audited(&archive))), [told]);
    // nobody follows the last one: there the seal is believed
    let (_folder, archive) = super::archive();
    chain(&archive, 2);
    seal(&manifest(&archive, 2), &sha256(b"other bytes"));
    assert_eq!(problems(&run(audited(&archive))), ["02Z/capture.json: it is not what its seal says"]);
}

#[test]
fn a_close_attests_its_capture() {
    let (_folder, archive) = archive();
    run(filled(&archive));
    unseal(&archive, [1, 3]);
    changed(&manifest(&archive, 1), "localhost", "localhosT");
    let audit = run(audited(&archive));
    let told = "01Z/capture.json: it is not what capture `20240115T020002Z` says, nor what close r1 of 2024-01-01 says";
    assert_eq!(problems(&audit), [told]);
    assert_eq!(audit.problems[0].affected, [FIRST, "close r1 of 2024-01-01"]);
    assert_eq!(audit.closes.iter().map(|close| close.is_intact).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_capture_that_is_gone_leaves_a_gap() {
    let (_folder, archive) = archive();
    run(filled(&archive));
    fs::remove_dir_all(manifest(&archive, 1).parent().unwrap()).unwrap();
    let audit = run(audited(&archive));
    let told = "01Z/capture.json: it is not there, although capture `20240115T020002Z` follows it and close r1 of \
                2024-01-01 was made of it";
    assert_eq!(problems(&audit), [told]);
    assert_eq!(audit.problems[0].affected, [FIRST, "close r1 of 2024-01-01"]);
}

#[test]
fn a_close_that_is_gone_leaves_a_gap() {
    let (_folder, archive) = archive();
    run(filled(&archive));
    let folder = archive.shown_close(&CloseKey { period: "2024-01-01".to_owned(), revision: 1 });
    fs::remove_dir_all(folder).unwrap();
    let audit = run(audited(&archive));
    assert_eq!(problems(&audit), ["close=r1/close.json: it is not there, although close r2 of 2024-01-01 is"]);
    assert_eq!(audit.problems[0].affected, ["close r1 of 2024-01-01"]);
}

#[test]
fn a_link_without_a_hash_is_a_hole_and_no_damage() {
    let (_folder, archive) = archive();
    chain(&archive, 1);
    let path = manifest(&archive, 1);
    let good = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    // half an archive: the manifest is listed, and cannot be read while the next capture is linked
    let mut draft = run(archive.begin(at(2), &body("/usage", "{}"))).unwrap();
    fs::write(&path, good).unwrap();
    run(draft.link()).unwrap();
    let good = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    run(draft.place(at(0), at(59), 0)).unwrap();
    run(draft.commit("subledger test", "http://localhost")).unwrap();
    fs::write(&path, good).unwrap();
    let audit = run(audited(&archive));
    assert_eq!(problems(&audit), [""; 0]);
    let told =
        "02Z/capture.json: capture `20240115T020001Z` could not be read when this one was taken: no hash links them";
    assert_eq!(notes(&audit), [told]);
}

#[test]
fn two_beginnings_are_a_problem_and_a_fork_is_none() {
    let (_folder, archive) = archive();
    chain(&archive, 2);
    // what another host captured at the same time
    let (_other_folder, other) = super::archive();
    chain(&other, 1);
    run(captured(&other, 5, 1));
    let fork = manifest(&other, 2).parent().unwrap().to_owned();
    let copied = manifest(&archive, 1).parent().unwrap().with_file_name("capture=20240115T020005Z");
    fs::rename(fork, copied).unwrap();
    let audit = run(audited(&archive));
    assert_eq!(problems(&audit), [""; 0]);
    let told =
        "05Z/capture.json: it follows capture `20240115T020001Z`, as capture `20240115T020002Z` does: the chain forks";
    assert_eq!(notes(&audit), [told]);

    let (_other_folder, other) = super::archive();
    run(captured(&other, 9, 1));
    let beginning = manifest(&other, 1).parent().unwrap().to_owned();
    let copied = manifest(&archive, 1).parent().unwrap().with_file_name("capture=20240115T020009Z");
    fs::rename(beginning, copied).unwrap();
    let told =
        "09Z/capture.json: it follows no capture, as the first one, `20240115T020001Z`, does: the chain begins twice";
    assert_eq!(problems(&run(audited(&archive))), [told]);
}

#[test]
fn a_circle_is_told_of_whatever_the_seals_say() {
    let (_folder, archive) = archive();
    chain(&archive, 3);
    let (first, second) = (manifest(&archive, 1), manifest(&archive, 2));
    let link = "\"previous\": {\"period\": \"2024-01-01\", \"capture\": \"20240115T020002Z\", \"sha256\": null}";
    seal(&first, &changed(&first, "\"previous\": null", link));
    let named = fs::read_to_string(&second).unwrap();
    let named = named.lines().find(|line| line.starts_with("    \"sha256\"")).unwrap().to_owned();
    let last = manifest(&archive, 3);
    let (before, after) = (sha256(&fs::read(&second).unwrap()), changed(&second, &named, "    \"sha256\": null"));
    seal(&second, &after);
    seal(&last, &changed(&last, &before, &after));
    let told = ["01Z", "02Z"]
        .map(|name| format!("{name}/capture.json: its links lead back to itself: no captures follow each other so"));
    assert_eq!(problems(&run(audited(&archive))), told);
}

#[test]
fn a_capture_in_the_place_of_another_is_a_problem() {
    let (_folder, archive) = archive();
    chain(&archive, 2);
    let from = manifest(&archive, 2).parent().unwrap().to_owned();
    fs::rename(&from, from.with_file_name("capture=20240115T020008Z")).unwrap();
    assert_eq!(problems(&run(audited(&archive))), ["08Z/capture.json: it is the manifest of another capture"]);
}

#[test]
fn a_schema_of_a_later_version_is_told_as_what_it_is() {
    let (_folder, archive) = archive();
    chain(&archive, 1);
    let path = manifest(&archive, 1);
    seal(&path, &changed(&path, "capture/v1", "capture/v2"));
    let told = "01Z/capture.json: this version does not know its schema `subledger/capture/v2`: what it names was not \
                checked";
    assert_eq!(problems(&run(audited(&archive))), [told]);
}
