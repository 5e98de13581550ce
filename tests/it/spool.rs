//! Evidence that the archive does not take waits in the spool, and the next run ships it; report sets are mirrored.

use std::collections::BTreeSet;
use std::sync::Mutex;

use axum::http::Method;

use crate::support::look::{files, json};
use crate::support::store::{Bucket, LOST};
use crate::support::{Home, PARENT, Ran, Server, base, home, subledger_at};

/// Three nights of one period.
const NIGHTS: [&str; 3] = ["2024-01-14T02:00:00Z", "2024-01-15T02:00:00Z", "2024-01-16T02:00:00Z"];

/// A folder whose archive is in a bucket.
struct House {
    folder: Home,
    api: Server,
    bucket: Bucket,
}

impl House {
    fn new(settings: &str) -> Self {
        let folder = home();
        let file = folder.path().join("subledger.toml");
        let usual = std::fs::read_to_string(&file).expect("a file");
        let text = format!("{settings}\n{usual}store_timeout_secs = 1\n");
        std::fs::write(&file, text).expect("a file");
        Self { folder, api: Server::of(base()), bucket: Bucket::start() }
    }

    fn run(&self, night: &str, words: &[&str]) -> Ran {
        let mut command = subledger_at(self.folder.path(), &self.api);
        command.envs(self.bucket.variables()).args(words).args(["--now", night]);
        command.output().expect("the binary starts").into()
    }

    #[track_caller]
    fn expect(&self, code: i32, night: &str, words: &[&str]) -> Ran {
        let ran = self.run(night, words);
        assert_eq!(ran.code, code, "{words:?}\n{}{}", ran.stdout, ran.stderr);
        ran
    }

    /// What waits in the spool, without what only keeps the last capture in mind.
    fn spooled(&self) -> Vec<String> {
        let spool = self.folder.path().join("reports/.spool");
        files(&spool).into_keys().filter(|path| !path.ends_with("/.head") && !path.ends_with("/README")).collect()
    }

    /// The manifest of a capture in the bucket.
    fn manifest(&self, night: usize) -> serde_json::Value {
        let path = format!("of/parent={PARENT}/period=2024-01-01/capture=202401{}T020000Z/capture.json", night + 14);
        json(std::str::from_utf8(&self.bucket.bytes_of(&path)).expect("a text"))
    }
}

const AT_STORE: &str = "archive = \"s3://evidence/of\"";
const AT_STORE_URL: &str = "s3://evidence/of";

#[test]
fn what_a_store_does_not_take_waits_and_is_shipped_before_the_next_capture() {
    let house = House::new(AT_STORE);
    house.expect(0, NIGHTS[0], &["run"]);
    assert_eq!(house.spooled(), [""; 0], "nothing waits");
    // it takes the usage into the inbox, and refuses everything else
    house.bucket.fails(|method, path| (*method == Method::PUT && path.contains("/period=")).then_some(403));
    let ran = house.expect(15, NIGHTS[1], &["run"]);
    let place = format!("/parent={PARENT}/period=2024-01-01/capture=20240115T020000Z; ");
    assert!(ran.closing().starts_with("evidence: safe in reports/.spool/"), "{}", ran.closing());
    assert!(ran.closing().contains(&place), "{}", ran.closing());
    assert!(ran.closing().ends_with("then run again, which ships it"), "{}", ran.closing());
    assert!(house.folder.path().join("reports").join(PARENT).join("2024-01-01/20240115T020000Z").is_dir());
    assert!(house.spooled().iter().any(|path| path.ends_with("capture=20240115T020000Z/capture.json")));
    let status = house.expect(15, NIGHTS[1], &["status"]);
    assert!(status.stdout.contains("waiting   20240115T020000Z in reports/.spool"), "{}", status.stdout);
    let doctor = house.run(NIGHTS[1], &["doctor"]);
    assert!(doctor.stdout.contains("run `subledger run`, which gives them to the archive"), "{}", doctor.stdout);
    let close = ["close", "--period", "2024-01-01", "--invoice-number", "1", "--amount", "1.00"];
    let closed = house.expect(15, NIGHTS[1], &close);
    assert!(closed.stderr.contains("capture `20240115T020000Z` waits in the spool"), "{}", closed.stderr);
    // what waits is part of the archive
    house.expect(0, NIGHTS[1], &["verify"]);

    house.bucket.fails(|_, _| None);
    house.expect(0, NIGHTS[2], &["run"]);
    assert_eq!(house.spooled(), [""; 0], "all of it was shipped");
    let named = |night: usize| house.manifest(night)["previous"]["capture"].as_str().map(str::to_owned);
    assert_eq!(named(1).as_deref(), Some("20240114T020000Z"));
    assert_eq!(named(2).as_deref(), Some("20240115T020000Z"));
    let inbox: Vec<String> = house.bucket.paths().into_iter().filter(|path| path.contains("/inbox/")).collect();
    assert_eq!(inbox, [""; 0], "a capture that is whole has no copy in the inbox");
    house.expect(0, NIGHTS[2], &["verify"]);
}

#[test]
fn an_answer_that_a_store_loses_does_no_harm() {
    let house = House::new(AT_STORE);
    let lost = Mutex::new(BTreeSet::new());
    // the first one to each object, the usage and the manifest among them
    house.bucket.fails(move |method, path| {
        (*method == Method::PUT && lost.lock().expect("no panic").insert(path.to_owned())).then_some(LOST)
    });
    let ran = house.expect(0, NIGHTS[0], &["capture"]);
    assert!(!ran.stderr.contains("it goes to the spool"), "a store that lost an answer is there: {}", ran.stderr);
    assert_eq!(house.spooled(), [""; 0]);
    assert!(house.manifest(0)["previous"].is_null());
    house.expect(0, NIGHTS[0], &["verify"]);
}

#[test]
fn a_store_that_is_away_costs_no_evidence_and_breaks_no_chain() {
    let house = House::new(AT_STORE);
    house.expect(0, NIGHTS[0], &["capture"]);
    house.bucket.fails(|_, _| Some(503));
    let ran = house.expect(15, NIGHTS[1], &["capture"]);
    assert!(ran.stdout.contains("evidence  safe in reports/.spool/"), "{}", ran.stdout);
    // there are no reports without the captures before, and the evidence is as safe
    let ran = house.expect(15, NIGHTS[2], &["run"]);
    assert!(ran.closing().starts_with("evidence: safe in reports/.spool/"), "{}", ran.stderr);
    house.bucket.fails(|_, _| None);
    house.expect(0, "2024-01-17T02:00:00Z", &["run"]);
    assert_eq!(house.spooled(), [""; 0]);
    for night in 1..=3 {
        let previous = format!("202401{}T020000Z", night + 13);
        assert_eq!(house.manifest(night)["previous"]["capture"], previous.as_str());
        assert!(house.manifest(night)["previous"]["sha256"].is_string(), "the chain has no hole");
    }
    house.expect(0, NIGHTS[2], &["verify"]);
}

#[test]
fn a_folder_that_fails_has_a_spool_where_one_is_named() {
    for (settings, code) in [("", 23), ("spool = \"other-disk\"", 15)] {
        let house = House::new(settings);
        let parent = house.folder.path().join(format!("archive/parent={PARENT}"));
        std::fs::create_dir_all(&parent).expect("a folder");
        std::fs::write(parent.join("period=2024-01-01"), "in the way").expect("a file");
        let ran = house.expect(code, NIGHTS[0], &["capture"]);
        if code == 15 {
            assert!(ran.closing().starts_with("evidence: safe in other-disk/"), "{}", ran.closing());
            std::fs::remove_file(parent.join("period=2024-01-01")).expect("a file");
            house.expect(0, NIGHTS[1], &["run"]);
            house.expect(0, NIGHTS[1], &["verify"]);
            let manifests = files(&parent).into_keys().filter(|path| path.ends_with("/capture.json")).count();
            assert_eq!(manifests, 2);
        }
    }
}

#[test]
fn report_sets_are_copied_to_the_mirror_and_a_mirror_that_fails_changes_nothing() {
    let house = House::new("mirror = \"s3://evidence/sets\"\nlabel = \"acme\"");
    house.bucket.fails(|_, _| Some(403));
    let ran = house.expect(0, NIGHTS[0], &["run"]);
    assert!(ran.stderr.contains("report sets were not mirrored"), "{}", ran.stderr);
    let doctor = house.run(NIGHTS[0], &["doctor"]);
    assert!(doctor.stdout.contains("the night goes through, and its reports are only here"), "{}", doctor.stdout);
    house.bucket.fails(|_, _| None);
    house.expect(0, NIGHTS[1], &["run"]);
    let reports = house.folder.path().join("reports/acme/2024-01-01");
    let mut there = Vec::new();
    for night in ["20240114T020000Z", "20240115T020000Z"] {
        for (path, bytes) in files(&reports.join(night)) {
            let mirrored = format!("sets/acme/2024-01-01/{night}/{path}");
            assert!(house.bucket.bytes_of(&mirrored) == bytes, "{mirrored} is as it is here");
            there.push(mirrored);
        }
    }
    there.push("sets/acme/2024-01-01/latest".to_owned());
    assert_eq!(house.bucket.bytes_of("sets/acme/2024-01-01/latest"), "20240115T020000Z\n");
    there.sort();
    assert_eq!(house.bucket.paths(), there);
}

#[test]
fn what_waits_for_one_archive_is_given_to_no_other() {
    let house = House::new(AT_STORE);
    house.bucket.fails(|method, path| (*method == Method::PUT && path.contains("/period=")).then_some(403));
    house.expect(15, NIGHTS[0], &["capture"]);
    let waiting = house.spooled();
    house.expect(0, NIGHTS[1], &["capture", "--archive", "elsewhere"]);
    assert_eq!(house.spooled(), waiting, "it waits as before");
    house.bucket.fails(|_, _| None);
    house.expect(0, NIGHTS[2], &["capture"]);
    assert_eq!(house.manifest(2)["previous"]["capture"], "20240114T020000Z");
    assert_eq!(house.spooled(), [""; 0]);
}

#[test]
fn a_spool_in_the_archives_own_folder_takes_nothing_away() {
    let house = House::new("archive = \"archive\"\nspool = \"archive\"");
    for night in NIGHTS {
        house.expect(0, night, &["capture"]);
    }
    let manifests =
        files(&house.folder.path().join("archive")).into_keys().filter(|path| path.ends_with("/capture.json"));
    assert_eq!(manifests.count(), 3);
    house.expect(0, NIGHTS[2], &["verify"]);
}

#[test]
fn a_machine_that_has_nothing_in_mind_says_so_instead_of_beginning_a_second_chain() {
    let house = House::new(AT_STORE);
    house.expect(0, NIGHTS[0], &["capture"]);
    std::fs::remove_dir_all(house.folder.path().join("reports/.spool")).expect("a new disk");
    house.bucket.fails(|_, _| Some(503));
    house.expect(15, NIGHTS[1], &["capture"]);
    house.bucket.fails(|_, _| None);
    house.expect(0, NIGHTS[2], &["capture"]);
    assert_eq!(house.manifest(1)["previous_unknown"], true);
    let verified = house.expect(0, NIGHTS[2], &["verify"]);
    assert!(verified.stdout.contains("which capture it follows is not known"), "{}", verified.stdout);
}

#[test]
fn while_one_capture_waits_none_goes_before_it_and_no_period_is_closed_on_it() {
    let house = House::new(AT_STORE);
    house.expect(0, NIGHTS[0], &["capture"]);
    house.bucket.fails(|method, path| {
        (*method == Method::PUT && path.ends_with("capture=20240115T020000Z/accounts-0001.json.zst")).then_some(403)
    });
    house.expect(15, NIGHTS[1], &["capture"]);
    // the store would take this one
    let ran = house.expect(15, NIGHTS[2], &["run"]);
    assert!(ran.closing().contains("run again, which ships it"), "{}", ran.closing());
    let there = house.bucket.paths();
    assert!(!there.iter().any(|path| path.ends_with("capture=20240116T020000Z/capture.json")), "{there:?}");
    let close = ["close", "--period", "2024-01-01", "--invoice-number", "1", "--amount", "1.00"];
    let closed = house.expect(15, NIGHTS[2], &close);
    assert!(closed.stderr.contains("capture `20240115T020000Z` waits in the spool"), "{}", closed.stderr);
    let report = house.expect(0, NIGHTS[2], &["report"]);
    assert!(report.closing().starts_with("evidence: safe in reports/.spool/"), "{}", report.closing());
    house.bucket.fails(|_, _| None);
    house.expect(0, "2024-01-17T02:00:00Z", &["capture"]);
    assert_eq!(house.spooled(), [""; 0]);
    house.expect(0, NIGHTS[2], &["verify"]);
}

#[test]
fn a_capture_whose_name_another_machine_has_used_stays_and_keeps_no_other_one() {
    let house = House::new(AT_STORE);
    house.bucket.fails(|method, path| (*method == Method::PUT && path.contains("/period=")).then_some(403));
    house.expect(15, NIGHTS[1], &["capture"]);
    house.bucket.fails(|_, _| None);
    let capture = format!("of/parent={PARENT}/period=2024-01-01/capture=20240115T020000Z");
    house.bucket.put(&format!("{capture}/usage.json.zst"), "another machine's");
    house.expect(15, NIGHTS[2], &["capture"]);
    assert_eq!(house.manifest(2)["capture"], "20240116T020000Z", "this one is there");
    assert_eq!(house.bucket.bytes_of(&format!("{capture}/usage.json.zst")), "another machine's");
    let status = house.expect(15, NIGHTS[2], &["status"]);
    assert!(status.stdout.contains("waiting   20240115T020000Z in "), "{}", status.stdout);
}

#[test]
fn a_night_whose_reports_fail_says_that_evidence_waits_as_well() {
    let house = House::new(AT_STORE);
    std::fs::write(house.folder.path().join("customers.csv"), "nonsense\n").expect("a file");
    house.bucket.fails(|method, path| (*method == Method::PUT && path.contains("/period=")).then_some(403));
    let ran = house.expect(2, NIGHTS[0], &["run"]);
    assert!(ran.closing().starts_with("evidence: safe in reports/.spool/"), "{}", ran.closing());
    assert!(ran.closing().contains("correct what is named above"), "{}", ran.closing());
    assert!(ran.closing().ends_with("then run again, which ships it"), "{}", ran.closing());
}

#[test]
fn a_store_is_not_searched_for_a_parent_account_that_nobody_names() {
    let ran = crate::support::bare(home().path()).args(["report", "--archive", AT_STORE_URL]).output();
    let ran: Ran = ran.expect("the binary starts").into();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("AHASEND_ACCOUNT_ID"), "says what is missing: {}", ran.stderr);
}

#[test]
fn copies_are_kept_apart_from_originals_and_secrets_out_of_what_is_said() {
    for (settings, said) in [
        ("mirror = \"reports\"", "`mirror` is among the reports"),
        ("mirror = \"archive/copies\"", "`mirror` is among the reports"),
        ("archive = \"ftp://user:secret@host/x\"", "there is a password in the address"),
        ("archive = \"s3://user:secret@evidence/x\"", "there is a password in the address"),
        ("archive = \"gopher://host/x\"", "there is no such kind of store"),
    ] {
        let house = House::new(settings);
        let ran = house.expect(2, NIGHTS[0], &["run"]);
        assert!(ran.stderr.contains(said) && !ran.stderr.contains("secret@"), "{settings}: {}", ran.stderr);
    }
}
