//! Where a run talks to: full disks and closed pipes change nothing about the night, and what it says can be read.

use std::fs::File;
use std::process::Stdio;

use crate::support::look::{self, json};
use crate::support::world::changed;
use crate::support::{
    Answers, KEY, NIGHT, PARENT, Ran, Reply, Server, base, base_usage, home, process, process_at, ran, run_at,
    subledger, subledger_at,
};

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("/dev/full").into()
}

fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Answers whose night ends with this exit code.
fn answers(code: i32) -> Answers {
    let usage = if code == 0 { base_usage() } else { changed(&base_usage(), "60.0", "60.01") };
    Answers { usage, ..base() }
}

/// A night that talks to these streams: exit code and files are those of any other.
fn assert_unimpressed(streams: impl Fn() -> [Stdio; 2]) {
    for code in [0, 10] {
        let (folder, usual) = (home(), home());
        let server = Server::of(answers(code));
        let [stdout, stderr] = streams();
        let mut command = process_at(folder.path(), &server);
        command.args(["run", "-vv", "--now", NIGHT]).stdout(stdout).stderr(stderr);
        assert_eq!(command.status().expect("it starts").code(), Some(code));
        assert_eq!(run_at(usual.path(), &server, NIGHT, &[]).code, code);
        assert_eq!(look::assert_sound(folder.path()), (1, 1));
        assert!(look::files(folder.path()) == look::files(usual.path()));
    }
}

#[test]
fn full_streams_change_nothing() {
    assert_unimpressed(|| [full(), Stdio::null()]);
    assert_unimpressed(|| [Stdio::null(), full()]);
    assert_unimpressed(|| [full(), full()]);
}

#[test]
fn closed_streams_change_nothing() {
    assert_unimpressed(|| [closed(), Stdio::null()]);
    assert_unimpressed(|| [closed(), closed()]);
}

#[test]
fn full_streams_leave_failures_their_exit_codes() {
    for (status, code) in [(401, 21), (500, 20), (302, 22)] {
        let folder = home();
        let server = Server::start(move |_| Reply::error(status, "no"));
        let mut command = process_at(folder.path(), &server);
        command.args(["run", "--output", "json"]).stdout(full()).stderr(full());
        assert_eq!(command.status().expect("it starts").code(), Some(code));
    }
    for (arguments, code) in [(&["--help"][..], 0), (&["--version"], 0), (&["--no-such-flag"], 2), (&["report"], 2)] {
        let folder = home();
        let mut command = process(folder.path());
        assert_eq!(command.args(arguments).stdout(full()).stderr(full()).status().unwrap().code(), Some(code));
    }
}

#[test]
fn json_results_are_one_document_with_the_exit_code() {
    let folder = home();
    let server = Server::of(answers(0));
    let unbalanced = Server::of(answers(10));
    let refusing = Server::start(|_| Reply::error(401, "no"));
    for (server, arguments, code, schema) in [
        (&server, &["run", "--now", NIGHT][..], 0, "subledger/run/v1"),
        (&unbalanced, &["run", "--now", "2024-01-15T02:00:01Z"], 10, "subledger/run/v1"),
        (&server, &["capture", "--now", "2024-01-15T02:00:02Z"], 0, "subledger/capture-result/v1"),
        (&server, &["report"], 0, "subledger/run/v1"),
        (&refusing, &["run"], 21, "subledger/failure/v1"),
        (&server, &["report", "--period", "1999-01-01"], 2, "subledger/failure/v1"),
        (&server, &["run", "--invoice", "x"], 2, "subledger/failure/v1"),
    ] {
        let ran = ran(subledger_at(folder.path(), server).args(arguments).args(["--output", "json"]));
        assert_eq!(ran.code, code, "{}", ran.stderr);
        let result = json(&ran.stdout);
        assert_eq!((&result["schema"], &result["exit_code"]), (&schema.into(), &code.into()));
        assert!(ran.closing().starts_with("evidence: "), "{}", ran.stderr);
    }
    for path in ["reconciliation.json", "manifest.json"] {
        json(&std::fs::read_to_string(look::latest(folder.path()).join(path)).unwrap());
    }
}

#[test]
fn quiet_leaves_errors_and_the_last_line() {
    let busy_once = || {
        Server::start(|asked| match asked.before {
            0 => Reply::error(503, "later"),
            _ => base().reply(asked),
        })
    };
    let folder = home();
    let usual = run_at(folder.path(), &busy_once(), NIGHT, &[]);
    assert!(usual.code == 0 && usual.stderr.contains("is tried again"), "{}", usual.stderr);
    let quiet = run_at(folder.path(), &busy_once(), "2024-01-15T02:00:01Z", &["--quiet"]);
    assert_eq!((quiet.code, quiet.stderr.lines().count()), (0, 1), "{}", quiet.stderr);
    assert!(quiet.stdout.contains("balanced"), "the result is not noise: {}", quiet.stdout);
    let failing = Server::start(|_| Reply::error(401, "no"));
    let failed = run_at(folder.path(), &failing, "2024-01-15T02:00:02Z", &["--quiet"]);
    assert!(failed.stderr.starts_with("error: ") && failed.closing().starts_with("evidence: NOT SAFE"));
}

#[test]
fn help_explains_every_exit_code() {
    let folder = home();
    let help = ran(subledger(folder.path()).arg("--help"));
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    let (_, exit_codes) = help.stdout.split_once("Exit codes:").expect("a paragraph on exit codes");
    let words: Vec<&str> = exit_codes.split(|c: char| !c.is_ascii_alphanumeric() && c != '+').collect();
    for code in ["0", "1", "2", "10", "11", "12", "13", "20", "21", "22", "23", "75", "128+N"] {
        assert!(words.contains(&code), "{code} is not in: {exit_codes}");
    }
}

/// The system would kill the process at such a write if it were not told otherwise.
#[test]
fn a_file_size_limit_is_a_failure_and_no_death() {
    let folder = home();
    let server = Server::of(base());
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -f 0; exec \"$0\" run", env!("CARGO_BIN_EXE_subledger")]);
    command.env_clear().current_dir(folder.path()).env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_API_KEY", KEY);
    let night: Ran = command.env("AHASEND_BASE_URL", server.url()).output().expect("sh").into();
    assert_eq!(night.code, 23, "{}", night.stderr);
    assert!(night.closing().starts_with("evidence: NOT SAFE, nothing"), "{}", night.stderr);
}
