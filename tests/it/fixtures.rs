//! The core from real bytes: each case is a capture as the archive stores it, and what is made of it.
//!
//! `fixtures/<case>/archive` was written by `subledger capture` against the answers in [`cases`]; the first test
//! captures them again and compares. `SUBLEDGER_UPDATE=1` writes them anew instead (`just fixtures`).

pub(crate) mod cases;
pub(crate) mod nights;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::look::is_passing;
use crate::support::{Answers, NIGHT, Ran, Server, project, ran, subledger, subledger_at, tree};
use cases::{Case, Source};
use subledger::archive::sha256;
use subledger::simulator::Simulator;

/// Where a case is kept.
fn folder(case: &Case) -> PathBuf {
    project().join("fixtures").join(case.name)
}

fn updating() -> bool {
    std::env::var_os("SUBLEDGER_UPDATE").is_some()
}

/// Captures a case's answers into `archive` with the real binary.
fn capture(case: &Case, archive: &Path) {
    let scratch = tempfile::tempdir().expect("a folder");
    let archive = archive.to_str().expect("UTF-8");
    let night = case.night.unwrap_or(NIGHT);
    let answered = |night: &str, answers: &Answers| {
        let server = Server::of(answers.clone());
        let ran = ran(subledger_at(scratch.path(), &server).args(["capture", "--now", night, "--archive", archive]));
        assert_eq!(ran.code, 0, "{} at {night}: {}", case.name, ran.stderr);
    };
    match &case.source {
        Source::Answers(answers) => answered(night, answers),
        Source::Nights(nights) => nights.iter().for_each(|(night, answers)| answered(night, answers)),
        Source::World(world) => {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let account = world.parent_account_id().to_string();
            let simulator = runtime.block_on(Simulator::start((**world).clone(), "aha-sk-fixture".to_owned()));
            let simulator = simulator.expect("a simulator");
            let mut command = subledger(scratch.path());
            command.env("AHASEND_ACCOUNT_ID", account).env("AHASEND_API_KEY", "aha-sk-fixture");
            let arguments = ["capture", "--now", night, "--archive", archive];
            let ran = ran(command.env("AHASEND_BASE_URL", simulator.base_url()).args(arguments));
            assert_eq!(ran.code, 0, "{}: {}", case.name, ran.stderr);
        }
    }
}

/// A captured tree without what differs between two captures of the same answers: the port, the version, the lock and the reserve, and
/// in the chain and in a seal that holds the hash of a manifest that has them.
fn comparable(archive: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = tree(archive);
    files.retain(|name, _| !is_passing(name));
    let manifests = files.iter().filter(|(name, _)| name.ends_with("capture.json"));
    let seals: Vec<_> = manifests.map(|(name, bytes)| (format!("{name}.sha256"), sha256(bytes))).collect();
    for (name, sha256) in seals {
        if let Some(seal) = files.get_mut(&name).filter(|seal| **seal == format!("{sha256}  capture.json\n").as_bytes())
        {
            *seal = b"it holds".to_vec();
        }
    }
    for bytes in files.iter_mut().filter(|(name, _)| name.ends_with("capture.json")).map(|(_, bytes)| bytes) {
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let differs = ["  \"base_url\"", "  \"tool\"", "    \"sha256\""];
        let lasting = text.lines().filter(|line| !differs.iter().any(|start| line.starts_with(start)));
        *bytes = lasting.collect::<Vec<_>>().join("\n").into_bytes();
    }
    files.into_iter().collect()
}

#[test]
fn fixtures_are_what_capture_writes() {
    for case in cases::all() {
        let kept = folder(&case).join("archive");
        let scratch = tempfile::tempdir().expect("a folder");
        capture(&case, scratch.path());
        let (fresh, before) = (comparable(scratch.path()), comparable(&kept));
        if updating() {
            // another port alone is no reason to write a fixture anew
            if fresh != before {
                let _ = std::fs::remove_dir_all(&kept);
                capture(&case, &kept);
                for passing in tree(&kept).into_keys().filter(|name| is_passing(name)) {
                    std::fs::remove_file(kept.join(passing)).expect("a lock or a reserve");
                }
            }
            continue;
        }
        let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&fresh), names(&before), "{}", case.name);
        for ((name, fresh), (_, before)) in fresh.iter().zip(&before) {
            assert!(fresh == before, "{}: {name} differs from the fixture; see `just fixtures`", case.name);
        }
    }
}

#[test]
fn the_audit_has_nothing_to_tell_of_fixtures() {
    for case in cases::all() {
        let audit = crate::support::look::audit(&folder(&case).join("archive"));
        assert_eq!((audit.problems, audit.notes), (Vec::new(), Vec::new()), "{}", case.name);
        assert!(!audit.captures.is_empty(), "{}", case.name);
    }
}

/// Rebuilds a case's reports, offline, into `reports`: of one capture, or of the last.
///
/// The archive is copied: a report keeps the customer map in it.
fn report(case: &Case, capture: Option<&str>, reports: &Path) -> Ran {
    let (folder, scratch) = (folder(case), tempfile::tempdir().expect("a folder"));
    let archive = scratch.path().join("archive");
    let copied = std::process::Command::new("cp").arg("-R").arg(folder.join("archive")).arg(&archive).status();
    assert!(copied.expect("cp").success());
    let mut command = subledger(reports);
    command.arg("report").arg("--archive").arg(&archive).arg("--reports").arg(reports);
    command.args(capture.map(|capture| ["--capture", capture]).into_iter().flatten());
    if folder.join("subledger.toml").is_file() {
        command.arg("--config").arg(folder.join("subledger.toml"));
    }
    let ran = ran(&mut command);
    let shown = |text: String| text.replace(&*scratch.path().to_string_lossy(), &folder.to_string_lossy());
    Ran { stdout: shown(ran.stdout), stderr: shown(ran.stderr), ..ran }
}

/// Everything that a case comes to, as one text.
fn story(case: &Case) -> String {
    let last = told(case, None);
    match case.also {
        Some(capture) => format!("{last}\n\n=== {capture}\n{}", told(case, Some(capture))),
        None => last,
    }
}

/// What one of its captures comes to.
fn told(case: &Case, capture: Option<&str>) -> String {
    let scratch = tempfile::tempdir().expect("a folder");
    let ran = report(case, capture, scratch.path());
    let files = tree(scratch.path());
    let file = |wanted: &str| {
        let found = files.iter().find(|(name, _)| !name.contains("customers/") && name.ends_with(wanted));
        let (_, bytes) = found.unwrap_or_else(|| panic!("{}: no {wanted}: {}", case.name, ran.stderr));
        String::from_utf8(bytes.clone()).expect("UTF-8")
    };
    let mut story = format!("exit code: {}\nclosing: {}\n\n--- summary\n{}", ran.code, ran.closing(), ran.stdout);
    for name in ["chargeback.csv", "control.csv", "caps.csv", "reconciliation.json"] {
        let text = file(name);
        assert!(name == "reconciliation.json" || text.ends_with("\r\n"), "{name} is RFC 4180");
        story = [story, format!("--- {name}"), text.replace("\r\n", "\n")].join("\n");
    }
    let version = format!("subledger {}", env!("CARGO_PKG_VERSION"));
    story
        .replace(scratch.path().to_str().expect("UTF-8"), "[REPORTS]")
        .replace(project().to_str().expect("UTF-8"), "[PROJECT]")
        .replace(&version, "subledger [VERSION]")
}

macro_rules! stories {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                let case = cases::$name();
                insta::assert_snapshot!(case.name, story(&case));
            }
        )+

        #[test]
        fn every_case_has_a_story() {
            assert_eq!(cases::all().len(), [$(stringify!($name)),+].len());
        }
    };
}

stories! {
    vendor_example month count_sum cost_sum dust doubles proportional invoice unallocated method currency period
    identity negative zero_cost unlisted unbilled unmapped caps precision drift spread yen dinar
    roll_over missing_week recreated cap_changes several_gone residual_keep restated calendar tail_invoice moved
}

/// Every finding code but `statements`, which only a defect of ours could raise, occurs in some story.
#[test]
fn every_finding_code_has_a_case() {
    use subledger::billing::finding::Code;
    let snapshots = tree(&project().join("tests/it/snapshots"));
    let text: String = snapshots.into_values().map(|bytes| String::from_utf8(bytes).expect("UTF-8")).collect();
    let missing = Code::ALL.iter().filter(|code| !text.contains(&format!("\"code\": \"{code}\"")));
    assert_eq!(missing.collect::<Vec<_>>(), [&Code::Statements]);
}

/// The example under `reports/` is what this version makes of a small case, byte for byte.
#[test]
fn example_reports_are_rebuilt_byte_for_byte() {
    let example = project().join("reports/example");
    let scratch = tempfile::tempdir().expect("a folder");
    let ran = report(&cases::spread(), None, scratch.path());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let rebuilt = scratch.path().join("example");
    std::fs::remove_file(rebuilt.join(".lock")).expect("a lock file");
    if updating() {
        let _ = std::fs::remove_dir_all(&example);
        let moved = std::process::Command::new("cp").arg("-a").arg(&rebuilt).arg(&example).status();
        assert!(moved.expect("cp").success());
    }
    let (rebuilt, kept) = (tree(&rebuilt), tree(&example));
    let names: BTreeSet<&String> = rebuilt.keys().chain(kept.keys()).collect();
    let stale: Vec<_> = names.into_iter().filter(|name| rebuilt.get(*name) != kept.get(*name)).collect();
    assert!(stale.is_empty(), "out of date below reports/example, see `just example`: {stale:?}");
}
