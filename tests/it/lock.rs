//! Runs that meet others, and runs that are told to stop.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use subledger::archive::lock::{Lock, Locking};

use crate::support::hold::{Holding, killed, started, told};
use crate::support::look::{self, json};
use crate::support::world::{month, month_with_lookup};
use crate::support::{
    Home, KEY, NIGHT, PARENT, Ran, Server, base, home, ran, run_at, skipped, subledger, subledger_at,
};

const NEXT_SECOND: &str = "2024-01-15T02:00:01Z";

fn ended(child: Child) -> Ran {
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn the_second_run_leaves_at_once_and_names_the_first() {
    let folder = home();
    let mut holding = Holding::start(base(), |asked| asked.what() == "/usage");
    let first = started(folder.path(), &holding.server, NIGHT);
    holding.wait();
    for command in ["run", "capture"] {
        let arguments = [command, "--now", NEXT_SECOND, "--output", "json"];
        let second = ran(subledger_at(folder.path(), &holding.server).args(arguments));
        assert_eq!(second.code, 75, "{}", second.stderr);
        let holder = format!("process {}, since {NIGHT}", first.id());
        assert!(second.stderr.contains(&holder), "{}", second.stderr);
        assert_eq!(second.closing(), "evidence: untouched; the other run does the work");
        assert_eq!(json(&second.stdout)["exit_code"], 75);
    }
    assert_eq!(holding.server.log().len(), 1, "only the first has asked for anything");
    holding.release();
    let first = ended(first);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert_eq!(look::assert_sound(folder.path()), (1, 1));
    assert_eq!(run_at(folder.path(), &holding.server, NEXT_SECOND, &[]).code, 0);
}

#[test]
fn reports_can_be_rebuilt_while_a_capture_is_under_way() {
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    let holding = Holding::start(base(), |asked| asked.what() == "/usage");
    let running = started(folder.path(), &holding.server, NEXT_SECOND);
    holding.wait();
    let report = ran(subledger(folder.path()).arg("report"));
    assert_eq!(report.code, 0, "{}", report.stderr);
    killed(running);
}

/// A run that gets a signal while it waits for the request chosen.
fn signalled(signals: &[&str], wanted: fn(&str) -> bool) -> (Ran, Home) {
    let folder = home();
    let holding = Holding::start(month_with_lookup(102), move |asked| wanted(asked.what()));
    let child = started(folder.path(), &holding.server, NIGHT);
    holding.wait();
    for signal in signals {
        told(&child, signal);
    }
    let night = ended(child);
    assert_eq!(look::assert_sound(folder.path()), (0, 0));
    (night, folder)
}

#[test]
fn a_signal_while_the_usage_is_awaited_leaves_nothing() {
    // some supervisors signal the process and its group, which is the process once more
    for (signals, code) in [(["-TERM"].as_slice(), 143), (&["-INT"], 130), (&["-TERM", "-TERM"], 143)] {
        let (night, _folder) = signalled(signals, |what| what == "/usage");
        assert_eq!(night.code, code, "{}", night.stderr);
        let closing = "evidence: NOT SAFE, nothing of tonight is kept; run again before the billing period closes";
        assert_eq!(night.closing(), closing);
    }
}

#[test]
fn a_signal_while_the_list_is_read_leaves_the_usage_and_the_next_run_succeeds() {
    for (signal, code, wanted) in [
        ("-TERM", 143, (|what| what.ends_with("after=page-2")) as fn(&str) -> bool),
        ("-INT", 130, |what| what.starts_with('/') && what != "/usage"),
    ] {
        let (night, folder) = signalled(&[signal], wanted);
        assert_eq!(night.code, code, "{}", night.stderr);
        let inbox = format!("archive/parent={PARENT}/inbox/capture=20240115T020000Z");
        let closing =
            format!("evidence: NOT SAFE, only a part is kept in {inbox}; run again before the billing period closes");
        assert_eq!(night.closing(), closing);
        assert!(folder.path().join(inbox).join("usage.json.zst").is_file());
        let again = run_at(folder.path(), &Server::of(month(2)), NEXT_SECOND, &[]);
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(look::assert_sound(folder.path()), (1, 1));
    }
}

/// The evidence of such a night is safe, and only its reports are missing.
#[test]
fn reports_that_another_run_publishes_are_not_published() {
    let folder = home();
    let lock = folder.path().join("reports").join(PARENT).join(".lock");
    let held = Lock::acquire(&lock, "process 1, since noon", Locking::Required).expect("the lock");
    let night = run_at(folder.path(), &Server::of(base()), NIGHT, &[]);
    drop(held);
    assert!(night.stderr.contains("process 1, since noon"), "{}", night.stderr);
    assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
    assert!(night.closing().ends_with("; rebuild the reports with `subledger report`"), "{}", night.stderr);
    assert_eq!(night.code, 12);
}

#[test]
fn a_signal_while_reports_are_published_ends_the_run() {
    let folder = home();
    let server = Server::of(base());
    // publishing looks at a set of this name, and waits in a pipe until somebody writes to it
    let set = look::sets(folder.path()).join("20240115T020000Z");
    std::fs::create_dir_all(&set).expect("a folder");
    assert!(Command::new("mkfifo").arg(set.join("manifest.json")).status().expect("mkfifo").success());
    let child = started(folder.path(), &server, NIGHT);
    let pipe = std::fs::File::options().write(true).open(set.join("manifest.json")).expect("a pipe");
    told(&child, "-TERM");
    drop(pipe);
    let night = ended(child);
    assert_eq!(night.code, 143, "{}", night.stderr);
    assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
    assert!(!set.with_file_name("20240115T020000Z-r2").exists(), "nothing is published");
}

#[test]
fn a_second_run_in_the_same_second_does_not_doubt_the_first() {
    let folder = home();
    let server = Server::of(base());
    assert_eq!(run_at(folder.path(), &server, NIGHT, &[]).code, 0);
    let again = run_at(folder.path(), &server, NIGHT, &[]);
    assert_eq!((again.code, again.closing()), (23, "evidence: untouched; run again"), "{}", again.stderr);
}

/// A night on a file system that answers a lock with this error, if this system lets one be made.
fn unlockable(folder: &Path, server: &Server, error: &str, arguments: &[&str]) -> Option<Ran> {
    let inject = format!("inject=flock:{error}");
    let traced = ["-f", "-o", "/dev/null", "-e", "trace=flock", "-e", &inject];
    let mut probe = Command::new("strace");
    if !probe.args(traced).arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        skipped("there is no strace that may trace");
        return None;
    }
    let mut command = Command::new("strace");
    command.args(traced).arg(env!("CARGO_BIN_EXE_subledger")).args(["run", "--now", NIGHT]).args(arguments);
    command.current_dir(folder).env("AHASEND_BASE_URL", server.url());
    command.env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_API_KEY", KEY);
    Some(command.output().expect("strace").into())
}

#[test]
fn a_file_system_without_locks_is_told_and_gone_on_with_only_when_asked_for() {
    for error in ["error=ENOLCK", "error=EOPNOTSUPP"] {
        let (folder, server) = (home(), Server::of(base()));
        let Some(night) = unlockable(folder.path(), &server, error, &[]) else { return };
        assert_eq!((night.code, server.log().len()), (2, 0), "{}", night.stderr);
        assert!(night.stderr.contains("no lock can be had on this file system"), "{}", night.stderr);
        assert!(night.stderr.contains("`--no-lock`"), "{}", night.stderr);
        let night = unlockable(folder.path(), &server, error, &["--no-lock"]).expect("as before");
        assert_eq!(night.code, 0, "{}", night.stderr);
        assert_eq!(night.stderr.matches("nothing keeps another run away").count(), 2, "archive and reports");
        assert_eq!(look::assert_sound(folder.path()), (1, 1));
    }
    // what a signal interrupts is no answer
    let (folder, server) = (home(), Server::of(base()));
    let Some(night) = unlockable(folder.path(), &server, "error=EINTR:when=1..3", &[]) else { return };
    assert_eq!(night.code, 0, "{}", night.stderr);
}

#[test]
fn a_lock_that_works_keeps_others_out_whatever_is_asked_for() {
    let (folder, server) = (home(), Server::of(base()));
    let lock = folder.path().join(format!("archive/parent={PARENT}/.lock"));
    let _held = Lock::acquire(&lock, "process 1, since noon", Locking::Required).expect("the lock");
    assert_eq!(run_at(folder.path(), &server, NIGHT, &["--no-lock"]).code, 75);
}
