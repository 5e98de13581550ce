//! The runs that are hit: each begins in a folder that is always the same, and is known from an undisturbed run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::trace::{Call, read, telling_everything, traced};
use crate::fixtures::cases::BETA;
use crate::fixtures::nights::night;
use crate::support::look::{files, is_passing};
use crate::support::sound::soundness;
use crate::support::{ACME, Answers, Home, PARENT, Ran, Server, account, home, page, process_at, tree};

const EVE: &str = "2024-01-30T23:45:00Z";
const LAST: &str = "2024-01-31T23:45:00Z";
/// The captures of these two nights.
const CAPTURES: [&str; 2] = ["20240130T234500Z", "20240131T234500Z"];
const CLOSED: &str = "2024-02-02T09:00:00Z";
const CUSTOMERS: &str = "\
sub_account_id,customer_id,customer_name,cost_center,markup_percent
2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a,acme,Acme Ltd,4711,10
3a4d6e3b-0af9-4da2-b6a5-8aaa1d9d2e4b,beta,Beta GmbH,4712,0
";
/// Formats are made by one renderer after another, and written by one function: one beside CSV is as good as all.
const SETTINGS: &str = "
[report]
formats = [\"parquet\"]

[limits]
run_timeout_secs = 20
retry_delay_min_ms = 1
requests_per_second = 99
";

/// Files by their path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Archive and reports of a folder, without locks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) archive: Files,
    pub(crate) reports: Files,
}

impl Left {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { archive: files(&folder.join("archive")), reports: files(&folder.join("reports")) }
    }
}

/// A run to be hit.
pub(crate) struct Scene {
    /// What it is, for people.
    pub(crate) name: &'static str,
    arguments: Vec<&'static str>,
    /// The capture that it takes; nothing if it takes none.
    capture: Option<&'static str>,
    /// Where it begins.
    start: Home,
    /// What is there when it begins.
    pub(crate) before: Left,
    /// What an undisturbed run leaves.
    pub(crate) after: Left,
    /// Its exit code.
    pub(crate) code: i32,
    /// The folder of that run, and every call of it.
    pub(crate) folder: PathBuf,
    pub(crate) log: Vec<Call>,
}

/// What the scenes share: an API, strace, and a place for folders.
pub(crate) struct Stage {
    server: Server,
    pub(crate) strace: PathBuf,
    pub(crate) scratch: TempDir,
}

/// The answers of every night: Beta is not listed, and has to be looked up.
fn answers() -> Answers {
    let both = night(&[(ACME, "Acme", 3_000, 0), (BETA, "Beta", 1_000, 0)], 0);
    let accounts = [(BETA.to_owned(), account(BETA, "Beta", 0))].into();
    Answers { usage: both.usage, pages: vec![page(&[account(ACME, "Acme", 0)], None)], accounts }
}

impl Stage {
    pub(crate) fn new(strace: PathBuf) -> Self {
        Self { server: Server::of(answers()), strace, scratch: tempfile::tempdir().expect("a temporary folder") }
    }

    /// The binary: that of the tests, or another one whose faults are to be found.
    pub(crate) fn process(&self, folder: &Path, arguments: &[&str]) -> Command {
        let plain = process_at(folder, &self.server);
        let program = std::env::var_os("SUBLEDGER_CRASH_BINARY").unwrap_or_else(|| plain.get_program().to_owned());
        let mut command = Command::new(program);
        command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(folder).args(arguments).stdin(std::process::Stdio::null());
        command
    }

    pub(crate) fn run(&self, folder: &Path, arguments: &[&str]) -> Ran {
        self.process(folder, arguments).output().expect("the binary starts").into()
    }

    /// Runs under strace and gives the log of everything.
    pub(crate) fn run_traced(&self, folder: &Path, arguments: &[&str]) -> (Ran, Vec<Call>) {
        let logs = tempfile::tempdir_in(self.scratch.path()).expect("a folder for logs");
        let log = logs.path().join("log");
        let mut command = traced(&self.strace, &telling_everything(), &log, &self.process(folder, arguments));
        let ran = command.output().expect("strace starts").into();
        (ran, read(&log))
    }

    /// The first night, a night after it, and the close of the month.
    pub(crate) fn scenes(&self) -> Vec<Scene> {
        let first = self.first_night();
        let second = self.scene("a night after it", first.end(), &["run", "--now", LAST], Some(CAPTURES[1]));
        let close =
            ["close", "--now", CLOSED, "--period", "2024-01-01", "--invoice-number", "INV-1", "--amount", "41.00"];
        let accepted = ["--accept-gaps", "the first of the month is not looked at here"];
        let close = self.scene("the close", second.end(), &[&close[..], &accepted].concat(), None);
        vec![first, second, close]
    }

    pub(crate) fn first_night(&self) -> Scene {
        let start = home();
        std::fs::write(start.path().join("subledger.toml"), SETTINGS).expect("a configuration");
        std::fs::write(start.path().join("customers.csv"), CUSTOMERS).expect("a customer map");
        self.scene("the first night", start, &["run", "--now", EVE], Some(CAPTURES[0]))
    }

    fn scene(
        &self,
        name: &'static str,
        start: Home,
        arguments: &[&'static str],
        capture: Option<&'static str>,
    ) -> Scene {
        let folder = self.scratch.path().canonicalize().expect("a folder").join(name);
        let before = Left::of(start.path());
        copy(start.path(), &folder);
        let (ran, log) = self.run_traced(&folder, arguments);
        assert!(matches!(ran.code, 0 | 10), "{name}: {}", ran.stderr);
        assert_eq!(soundness(&folder).problems, [""; 0], "{name}");
        let after = Left::of(&folder);
        Scene { name, arguments: arguments.to_vec(), capture, start, before, after, code: ran.code, folder, log }
    }
}

impl Scene {
    /// Where it ends, for another one to begin.
    fn end(&self) -> Home {
        let folder = home();
        copy(&self.folder, folder.path());
        folder
    }

    /// Makes a folder as it is when the run begins.
    pub(crate) fn set_up(&self, folder: &Path) {
        let _ = std::fs::remove_dir_all(folder);
        copy(self.start.path(), folder);
    }

    pub(crate) fn arguments(&self) -> &[&'static str] {
        &self.arguments
    }

    /// Every file and folder as it is when the run begins.
    pub(crate) fn start(&self) -> &Path {
        self.start.path()
    }

    /// The folder of the capture that the run takes, within the archive.
    pub(crate) fn capture_folder(&self) -> Option<String> {
        self.capture.map(|id| format!("parent={PARENT}/period=2024-01-01/capture={id}"))
    }

    /// Where the usage of that capture is until it is complete, within the archive.
    pub(crate) fn inbox(&self) -> Option<String> {
        self.capture.map(|id| format!("parent={PARENT}/inbox/capture={id}/usage.json.zst"))
    }

    /// Whether the capture that the run takes is visible.
    pub(crate) fn has_captured(&self, left: &Left) -> bool {
        self.capture_folder().is_some_and(|folder| left.archive.contains_key(&format!("{folder}/capture.json")))
    }

    /// What to run to carry it through: the same again, and a capture that is there is not taken twice.
    pub(crate) fn rerun(&self, left: &Left) -> Vec<&'static str> {
        if self.has_captured(left) { vec!["report"] } else { self.arguments.clone() }
    }
}

/// Copies files, folders and links.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let (path, name): (PathBuf, OsString) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        if let Ok(target) = std::fs::read_link(&path) {
            std::os::unix::fs::symlink(target, to.join(name)).expect("a link");
        } else if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).expect("a file");
        }
    }
}

/// The files of both, to tell states apart.
pub(crate) fn everything(folder: &Path) -> Files {
    let mut files = tree(folder);
    files.retain(|path, _| !is_passing(path));
    files
}
