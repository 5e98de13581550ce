//! The simulated API as a process: what it prints, that it can be reached, and how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};

use serde_json::Value;

use crate::support::{Home, Ran, home, process, ran, subledger};

/// A simulation that runs; killed when a test is over before it.
struct Simulated {
    child: Child,
    lines: Vec<String>,
    _folder: Home,
}

impl Simulated {
    fn start(line_count: usize, arguments: &[&str]) -> Self {
        let folder = home();
        let mut child = process(folder.path())
            .args(["simulate", "--port", "0", "--accounts", "3"])
            .args(arguments)
            .spawn()
            .expect("the binary starts");
        let stdout = child.stdout.take().expect("a pipe");
        let lines = BufReader::new(stdout).lines().take(line_count).map(|line| line.expect("a line")).collect();
        Self { child, lines, _folder: folder }
    }

    fn variable(&self, name: &str) -> &str {
        let line = |line: &'_ String| line.starts_with(&format!("export {name}="));
        let line = self.lines.iter().find(|text| line(text)).expect("a variable");
        line.split_once('=').expect("a value").1
    }

    /// The whole answer to a request with the key.
    fn get(&self, path: &str) -> String {
        let address = self.variable("AHASEND_BASE_URL").strip_prefix("http://").expect("an address").to_owned();
        let mut stream = TcpStream::connect(&address).expect("a port that is open");
        let key = self.variable("AHASEND_API_KEY");
        let head = format!("Host: {address}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n");
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n").expect("a request");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    }

    fn end(mut self, signal: &str) -> Ran {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let mut stderr = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
        let status = self.child.wait().expect("it is ours");
        Ran { code: status.code().unwrap_or(-1), stdout: String::new(), stderr }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_printed_lets_a_client_in_and_a_signal_is_the_normal_end() {
    for signal in ["-TERM", "-INT"] {
        let simulated = Simulated::start(3, &["--clock", "frozen", "--start", "2026-10-28T02:00:00Z"]);
        let usage = format!("/v2/accounts/{}/sub-accounts/usage", simulated.variable("AHASEND_ACCOUNT_ID"));
        let answer = simulated.get(&usage);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("date: Wed, 28 Oct 2026 02:00:00 GMT"), "{answer}");
        let ran = simulated.end(signal);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("/_simulator/advance"), "{}", ran.stderr);
        assert_eq!(ran.closing(), "evidence: untouched; the simulation is over, requests: 1");
    }
}

#[test]
fn the_seed_decides_account_and_key_and_json_is_one_line() {
    let json = |seed: &str| {
        let simulated = Simulated::start(1, &["--output", "json", "--seed", seed]);
        serde_json::from_str::<Value>(&simulated.lines[0]).expect("JSON")
    };
    let [one, same, other] = ["7", "7", "8"].map(json);
    assert_eq!((&one["account_id"], &one["api_key"]), (&same["account_id"], &same["api_key"]));
    assert_ne!(one["api_key"], other["api_key"]);
    assert_eq!(one["schema"], "subledger/simulation/v1");
    assert_eq!(one["api_key"].as_str().expect("a key").len(), 71);
}

#[test]
fn flags_say_what_goes_wrong_and_what_the_key_may_do() {
    let simulated = Simulated::start(3, &["--fault", "503,path=/usage", "--scopes", "sub-accounts:usage", "--quiet"]);
    let list = format!("/v2/accounts/{}/sub-accounts", simulated.variable("AHASEND_ACCOUNT_ID"));
    assert!(simulated.get(&format!("{list}/usage")).starts_with("HTTP/1.1 503"));
    assert!(simulated.get(&list).starts_with("HTTP/1.1 403"));
    assert_eq!(simulated.end("-TERM").stderr.lines().count(), 1, "quiet");
}

#[test]
fn the_file_says_the_same_as_flags() {
    let folder = home();
    let file = folder.path().join("simulation.toml");
    std::fs::write(&file, "pace = \"frozen\"\nstart = \"2026-10-28T02:00:00Z\"\n[plan]\ncurrency = \"usd\"\n")
        .expect("a file");
    let simulated = Simulated::start(3, &["--file", file.to_str().expect("UTF-8"), "--start", "2026-10-29T02:00:00Z"]);
    let usage = format!("/v2/accounts/{}/sub-accounts/usage", simulated.variable("AHASEND_ACCOUNT_ID"));
    let answer = simulated.get(&usage);
    assert!(answer.contains("\"currency\":\"usd\"") && answer.contains("29 Oct 2026"), "{answer}");
}

#[test]
fn what_cannot_be_simulated_is_refused_with_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let folder = home();
    std::fs::write(folder.path().join("bad.toml"), "seed = 1\ncolour = 2\n").expect("a file");
    for (arguments, said) in [
        (vec!["--port", port.as_str()], "hint: choose another port with `--port`; `--port 0` takes any that is free"),
        (vec!["--file", "none.toml"], "reading `none.toml`"),
        (vec!["--file", "bad.toml"], "`bad.toml` cannot be used: line 2, column 1: unknown field `colour`"),
        (vec!["--fault", "504"], "the kind `504` is none of 429, 500, 503"),
        (vec!["--mood", "rounding=3"], "`rounding` is none of 2, 4, full"),
        (vec!["--clock", "fast"], "`fast` is none of real, frozen, and 1x to 86400x"),
        (vec!["--scopes", "sub-accounts:usage,everything"], "`everything` is none of sub-accounts:read"),
        (vec!["--start", "today"], "--start"),
    ] {
        let ran = ran(subledger(folder.path()).arg("simulate").args(&arguments));
        assert_eq!((ran.code, ran.stderr.contains(said)), (2, true), "{arguments:?}: {}", ran.stderr);
    }
}
