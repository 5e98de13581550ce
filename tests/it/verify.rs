//! `subledger verify`: what is as it was written is proved, and one changed byte is named wherever it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use subledger::archive::{Archive, StoreOptions};
use subledger::config::{Clock, Config, Overrides, Surroundings};
use subledger::nightly::{Signals, Verdict, Verified, verify};

use crate::close::Desk;
use crate::support::look::{self, json};
use crate::support::{PARENT, Ran};

/// A month with two provisional sets, a close and a correction of it.
fn corrected() -> Desk {
    let desk = Desk::usual();
    desk.closed("INV-1", "41.00", &["--accept-gaps", "the job began late"]);
    desk.closed(
        "INV-1b",
        "43.50",
        &["--accept-gaps", "the job began late", "--add-on", "2.50", "--reason", "an add-on"],
    );
    desk
}

/// The verification as the binary does it, without the binary.
fn verified(desk: &Desk) -> Verified {
    let variables = [("AHASEND_ACCOUNT_ID".to_owned(), PARENT.to_owned())];
    let surroundings = Surroundings::made_of(variables, Clock::System);
    let overrides = Overrides {
        config: Some(desk.path().join("subledger.toml")),
        archive: Some(desk.path().join("archive").display().to_string()),
        reports: Some(desk.path().join("reports")),
        without_customers: true,
        ..Overrides::default()
    };
    let config = Config::load(&overrides, &surroundings).expect("a configuration");
    let archive = Archive::open(&config.storage.archive, PARENT.parse().expect("an id"), &StoreOptions::default())
        .expect("an archive");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(verify(&config, &archive, &Signals::default(), &|_| {})).expect("a verification")
}

/// Every path that is not as it was.
fn broken(verified: &Verified) -> Vec<String> {
    let of_archive = verified.audit.problems.iter().map(|problem| problem.path.clone());
    let of_sets = verified.sets.iter().flat_map(|set| &set.broken).chain(&verified.broken);
    of_archive.chain(of_sets.map(|broken| broken.path.clone())).collect()
}

fn everything(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let below = |folder: &str, files: BTreeMap<String, Vec<u8>>| {
        let folder = folder.to_owned();
        files.into_iter().map(move |(path, bytes)| (format!("{folder}/{path}"), bytes))
    };
    below("archive", desk.archive()).chain(below("reports", desk.reports())).collect()
}

fn line<'a>(ran: &'a Ran, start: &str) -> Vec<&'a str> {
    ran.stdout.lines().filter(|line| line.starts_with(start)).collect()
}

#[test]
fn a_corrected_month_is_proved_set_by_set() {
    let desk = corrected();
    let before = everything(&desk);
    let ran = desk.offline(&["verify"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.closing().ends_with("everything is as it was written, nothing to do"), "{}", ran.closing());
    let sets = line(&ran, "sets");
    assert_eq!(sets.len(), 3, "{sets:?}");
    assert!(sets.iter().all(|set| set.contains("proved, ")), "{sets:?}");
    assert_eq!(line(&ran, "note"), Vec::<&str>::new());
    assert_eq!(everything(&desk), before, "nothing is changed");
    let result = json(&desk.offline(&["verify", "--output", "json"]).stdout);
    assert_eq!((&result["captures"], &result["closes"], &result["tables"]), (&2.into(), &2.into(), &2.into()));
    assert!(result["sets"].as_array().expect("sets").iter().all(|set| set["verdict"] == "proved"), "{result}");
}

#[test]
fn one_changed_byte_is_named_wherever_it_is() {
    let desk = corrected();
    for (path, bytes) in everything(&desk) {
        let file = desk.path().join(&path);
        if file.is_symlink() {
            continue;
        }
        let mut changed = bytes.clone();
        // in the middle of a text or of packed data, whatever it is
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        rewrite(&file, &changed);
        let found = broken(&verified(&desk));
        assert!(found.contains(&file.display().to_string()), "{path} was changed, and this was found: {found:?}");
        rewrite(&file, &bytes);
    }
    assert_eq!(broken(&verified(&desk)), Vec::<String>::new());
}

/// Evidence may be read-only.
fn rewrite(file: &Path, bytes: &[u8]) {
    std::fs::remove_file(file).expect("a file");
    std::fs::write(file, bytes).expect("a file");
}

#[test]
fn what_a_damaged_body_puts_in_doubt_is_said() {
    let desk = corrected();
    let usage =
        look::captures(desk.path()).keys().next_back().expect("captures").replace("capture.json", "usage.json.zst");
    let file = desk.path().join("archive").join(&usage);
    let mut bytes = std::fs::read(&file).expect("a body");
    bytes[10] ^= 0x40;
    rewrite(&file, &bytes);
    let ran = desk.offline(&["verify"]);
    assert_eq!(ran.code, 13, "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("BROKEN    archive/{usage}")), "{}", ran.stdout);
    assert!(ran.stdout.contains("in doubt: 20240131T234500Z"), "{}", ran.stdout);
    let closes = ["close r1 of 2024-01-01", "close r2 of 2024-01-01"];
    assert!(closes.iter().all(|close| ran.stdout.contains(close)), "{}", ran.stdout);
    assert!(ran.stdout.contains("cannot be made again"), "the sets that are made from it are named: {}", ran.stdout);
    assert!(ran.closing().contains("restore"), "{}", ran.closing());
}

#[test]
fn a_file_that_is_gone_is_broken_and_one_too_many_is_noted() {
    let desk = corrected();
    let set = desk.set("final-r1");
    std::fs::remove_file(set.join("control.csv")).expect("a file");
    std::fs::write(set.join("customers/readme.txt"), "mine").expect("a file");
    let found = verified(&desk);
    assert_eq!(broken(&found), [set.join("control.csv").display().to_string()]);
    assert!(found.notes.iter().any(|note| note.contains("readme.txt")), "{:?}", found.notes);
    let others = found.sets.iter().filter(|set| set.name != "final-r1");
    assert!(others.clone().all(|set| set.verdict == Verdict::Proved), "{:?}", others.collect::<Vec<_>>());
}

#[test]
fn a_pointer_that_leads_nowhere_is_broken() {
    let desk = Desk::usual();
    let latest = desk.set("latest");
    std::fs::remove_file(&latest).expect("the pointer");
    std::os::unix::fs::symlink("20240101T000000Z", &latest).expect("a link");
    assert_eq!(broken(&verified(&desk)), [latest.display().to_string()]);
    std::fs::remove_file(&latest).expect("the pointer");
    std::os::unix::fs::symlink("20240130T234500Z", &latest).expect("a link");
    assert_eq!(broken(&verified(&desk)), [latest.display().to_string()], "an older set is not the current one");
    std::fs::remove_file(&latest).expect("the pointer");
    assert_eq!(broken(&verified(&desk)), [latest.display().to_string()]);
    std::os::unix::fs::symlink("20240131T234500Z", &latest).expect("a link");
    assert_eq!(broken(&verified(&desk)), Vec::<String>::new());
    rewrite(&latest, b"20240131T234500Z");
    assert_eq!(broken(&verified(&desk)), [latest.display().to_string()]);
}

/// The archive's folder of the usual period.
fn period(desk: &Desk) -> PathBuf {
    desk.path().join(format!("archive/parent={PARENT}/period=2024-01-01"))
}

#[test]
fn a_record_that_says_something_else_than_its_own_manifest_is_broken_whatever_its_seal_says() {
    let desk = corrected();
    let record = period(&desk).join("close=r2/close.json");
    let text = std::fs::read_to_string(&record).expect("a record");
    for (from, to) in [("43.50", "44.50"), ("T09:00:00Z", "T10:00:00Z"), ("an add-on", "no reason"), ("INV-1b", "X")] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        rewrite(&record, changed.as_bytes());
        let seal = format!("{}  close.json\n", subledger::archive::sha256(changed.as_bytes()));
        rewrite(&record.with_file_name("close.json.sha256"), seal.as_bytes());
        assert_eq!(broken(&verified(&desk)), [record.display().to_string()], "{from}");
        let again = desk.offline(&["report", "--period", "2024-01-01"]);
        assert_eq!(again.code, 13, "{}", again.stderr);
    }
}

#[test]
fn a_seal_that_a_killed_close_did_not_write_is_written_by_the_same_close() {
    let desk = Desk::usual();
    let close = || desk.closed("INV-1", "41.00", &["--accept-gaps", "the job began late"]);
    close();
    let seal = period(&desk).join("close=r1/close.json.sha256");
    let before = std::fs::read(&seal).expect("a seal");
    std::fs::remove_file(&seal).expect("a seal");
    close();
    assert_eq!(std::fs::read(&seal).expect("a seal"), before);
}

#[test]
fn what_a_set_was_made_from_and_is_gone_is_broken() {
    let desk = Desk::usual();
    let capture = period(&desk).join("capture=20240131T234500Z");
    std::fs::remove_dir_all(&capture).expect("the newest capture");
    assert_eq!(broken(&verified(&desk)), [capture.join("capture.json").display().to_string()]);
    let desk = corrected();
    let close = period(&desk).join("close=r2");
    std::fs::remove_dir_all(&close).expect("the last close");
    assert_eq!(broken(&verified(&desk)), [close.join("close.json").display().to_string()]);
}

#[test]
fn a_set_in_another_place_or_of_another_account_is_broken() {
    let desk = Desk::usual();
    let (set, other) = (set_of(&desk), desk.set("20240129T234500Z"));
    std::fs::rename(&set, &other).expect("another name");
    let latest = desk.set("latest").display().to_string();
    let manifest = other.join("manifest.json").display().to_string();
    assert_eq!(broken(&verified(&desk)), [manifest, latest]);
    std::fs::rename(&other, &set).expect("its own name");
    let text = std::fs::read_to_string(set.join("manifest.json")).expect("a manifest");
    let account = |id: &str| format!("\"parent_account_id\": \"{id}");
    let changes = [
        (account("9"), account("8")),
        (account("9").replace("parent_account_id", "label"), account("8").replace("parent_account_id", "label")),
        ("report-set/v2".to_owned(), "report-set/v3".to_owned()),
        ("subledger 0.".to_owned(), "subledger 9.".to_owned()),
    ];
    for (from, to) in changes {
        assert!(text.contains(&from), "{from}");
        rewrite(&set.join("manifest.json"), text.replacen(&from, &to, 1).as_bytes());
        assert_eq!(broken(&verified(&desk)), [set.join("manifest.json").display().to_string()], "{from}");
    }
    rewrite(&set.join("manifest.json"), text.as_bytes());
    // a link is no set, whatever it leads to
    let elsewhere = desk.path().join("elsewhere");
    std::fs::rename(&set, &elsewhere).expect("another place");
    std::os::unix::fs::symlink(&elsewhere, &set).expect("a link");
    assert!(broken(&verified(&desk)).contains(&set.display().to_string()));
}

#[test]
fn a_changed_manifest_of_the_newest_capture_is_named_by_its_set_if_nothing_seals_it() {
    let desk = Desk::usual();
    let manifest = period(&desk).join("capture=20240131T234500Z/capture.json");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    rewrite(&manifest, text.replace("http://", "xttp://").as_bytes());
    std::fs::remove_file(manifest.with_file_name("capture.json.sha256")).expect("a seal");
    assert_eq!(broken(&verified(&desk)), [manifest.display().to_string()]);
}

#[test]
fn a_slip_in_the_invoices_is_part_of_what_a_set_was_made_from() {
    let desk = Desk::usual();
    std::fs::write(desk.path().join("invoices.csv"), "period,invoice_number,amount\n2024-01-15,A,41.00\n")
        .expect("a file");
    assert_eq!(desk.offline(&["report"]).code, 10, "the date lies within the period");
    std::fs::remove_file(desk.path().join("invoices.csv")).expect("a file");
    let found = verified(&desk);
    assert_eq!(broken(&found), Vec::<String>::new());
    assert!(found.sets.iter().all(|set| set.verdict == Verdict::Proved), "{:?}", found.sets);
}

#[test]
fn an_empty_archive_proves_nothing() {
    let desk = Desk::usual();
    std::fs::remove_dir_all(desk.path().join("archive")).expect("the archive");
    std::fs::create_dir_all(period(&desk)).expect("an empty one");
    let ran = desk.offline(&["verify"]);
    assert_eq!(ran.code, 2, "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn what_was_issued_is_proved_without_its_folder() {
    let desk = corrected();
    std::fs::remove_dir_all(desk.path().join("reports")).expect("the reports");
    let ran = desk.offline(&["verify"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(line(&ran, "sets").len(), 2, "{}", ran.stdout);
    assert!(line(&ran, "note").iter().all(|note| note.contains("`subledger report --period 2024-01-01` puts it")));
}

#[test]
fn a_set_of_another_version_is_said_to_be_one() {
    let desk = Desk::usual();
    let set = set_of(&desk);
    // another version has another name in both of its files, and other hashes; whatever else it does is its own
    for file in ["reconciliation.json", "manifest.json"] {
        let text = std::fs::read_to_string(set.join(file)).expect("a file");
        rewrite(&set.join(file), text.replace("subledger 0.", "subledger 9.").as_bytes());
    }
    let other = std::fs::read(set.join("reconciliation.json")).expect("a file");
    let mut other_way = other.clone();
    other_way.push(b'\n');
    rewrite(&set.join("reconciliation.json"), &other_way);
    let manifest = std::fs::read_to_string(set.join("manifest.json")).expect("a manifest");
    let listed = json(&manifest)["files"].as_array().expect("files").clone();
    let entry = listed.iter().find(|file| file["path"] == "reconciliation.json").expect("the file");
    let manifest = manifest
        .replace(entry["sha256"].as_str().expect("a hash"), &subledger::archive::sha256(&other_way))
        .replace(&format!("\"bytes\": {},", entry["bytes"]), &format!("\"bytes\": {},", other_way.len()));
    rewrite(&set.join("manifest.json"), manifest.as_bytes());
    let found = verified(&desk);
    assert_eq!(broken(&found), Vec::<String>::new());
    let verdicts: Vec<&Verdict> = found.sets.iter().map(|set| &set.verdict).collect();
    assert!(matches!(verdicts.as_slice(), [Verdict::Proved, Verdict::OtherVersion(_)]), "{verdicts:?}");
    // one letter alone is no other version
    rewrite(&set.join("reconciliation.json"), &other);
    assert!(!broken(&verified(&desk)).is_empty());
}

#[test]
fn a_set_of_which_something_is_missing_is_said_to_be_one() {
    let desk = Desk::usual();
    let customers = desk.path().join("archive").join(format!("parent={PARENT}/customers"));
    std::fs::remove_dir_all(customers).expect("the archived maps");
    let found = verified(&desk);
    assert_eq!(broken(&found), Vec::<String>::new());
    for set in &found.sets {
        let Verdict::NotRebuilt(why) = &set.verdict else { panic!("{set:?}") };
        assert!(why.starts_with("the customer map of the hash"), "{why}");
    }
}

#[test]
fn nothing_but_the_archive_is_needed() {
    let desk = corrected();
    std::fs::remove_file(desk.path().join("customers.csv")).expect("the map");
    std::fs::write(desk.path().join("subledger.toml"), "[charges]\nmarkup_percent = 50\n").expect("a file");
    let ran = desk.offline(&["verify"]);
    assert_eq!(ran.code, 0, "today's configuration makes no difference: {}\n{}", ran.stdout, ran.stderr);
}

/// The set of the last capture.
fn set_of(desk: &Desk) -> PathBuf {
    desk.set("20240131T234500Z")
}
