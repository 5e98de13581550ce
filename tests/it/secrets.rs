//! The key is nowhere: not in a file, not in an output, at any log level, in no spelling, whatever the server does.
//!
//! Every test of this program searches for it, in what runs say and in the folders that they leave; here is what is about
//! nothing else. A server that echoes the key into an answer is the one exception: the archive keeps such bytes as they
//! came, because they are the evidence. No report is made of them.

mod search;
mod set_wrongly;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use subledger::simulator::fault::Kind;

use crate::support::hold::{Holding, killed, started};
use crate::support::look::{captures, json};
use crate::support::simulated::Simulated;
use crate::support::world::month_with_lookup;
use crate::support::{Asked, KEY, NIGHT, Reply, Server, base, home, leaks, ran, run_at, subledger, subledger_at, tree};

const NEXT_SECOND: &str = "2024-01-15T02:00:01Z";

/// Runs against a server, as text and as JSON, with everything that a library could log: the key is nowhere. A panic would
/// be exit code 1.
fn assert_kept_secret(code: i32, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
    let folder = home();
    let server = Server::start(reply);
    for (now, output) in [(NIGHT, "text"), (NEXT_SECOND, "json")] {
        let arguments = ["run", "--now", now, "--output", output];
        let night = ran(subledger_at(folder.path(), &server).env("RUST_LOG", "trace").args(arguments));
        assert_eq!(night.code, code, "{}", night.stderr);
    }
}

#[test]
fn a_night_that_goes_well_keeps_the_key_secret() {
    let answers = month_with_lookup(3);
    let echo = |reply: Reply| reply.header("x-request-id", format!("id-{KEY}")).header("x-echo", KEY);
    assert_kept_secret(0, move |asked| echo(answers.reply(asked)));
}

#[test]
fn refusals_keep_the_key_secret() {
    for (status, code) in [(401, 21), (403, 21), (500, 20), (404, 22)] {
        let message = format!("the key {KEY} is not accepted");
        let refusal = move |_: &Asked| Reply::error(status, &message).header("x-request-id", KEY);
        assert_kept_secret(code, refusal.clone());
        let list_refused = move |asked: &Asked| match asked.what() {
            "/usage" => base().reply(asked),
            _ => refusal(asked),
        };
        assert_kept_secret(code, list_refused);
    }
}

#[test]
fn redirects_keep_the_key_secret() {
    for location in ["https://elsewhere.example/?key=KEY", "https://KEY.example/", "/KEY", "https://KEY@example.com/"] {
        let location = location.replace("KEY", KEY);
        assert_kept_secret(22, move |_| Reply::error(302, "moved").header("location", location.clone()));
    }
}

#[test]
fn answers_that_are_no_answers_keep_the_key_secret() {
    let page = format!("<html><body>you sent Authorization: Bearer {KEY}</body></html>");
    let html =
        |page: &str, content_type: String| Reply { headers: vec![("content-type", content_type)], ..Reply::json(page) };
    let plain = page.clone();
    assert_kept_secret(22, move |_| html(&plain, "text/html".to_owned()));
    assert_kept_secret(22, move |_| html(&page, format!("text/{KEY}")));
    assert_kept_secret(22, |_| Reply::json(format!("\"{KEY}\"")));
    assert_kept_secret(22, |_| Reply::json("{}").header("content-encoding", KEY));
}

#[test]
fn reports_need_no_key_and_show_none() {
    let folder = home();
    let server = Server::of(base());
    assert_eq!(ran(subledger_at(folder.path(), &server).args(["capture", "--now", NIGHT])).code, 0);
    assert_eq!(captures(folder.path()).len(), 1);
    let report = ran(subledger(folder.path()).env("AHASEND_API_KEY", KEY).args(["report", "--output", "json"]));
    assert_eq!(json(&report.stdout)["exit_code"], 0);
}

/// Whoever writes of a key in a gateway's log, or in a name, writes it in one of these ways.
#[test]
fn an_answer_that_holds_the_key_is_kept_and_never_reported() {
    let escaped = KEY.bytes().map(|byte| format!("\\u{byte:04X}")).collect::<Vec<_>>().concat();
    let hex = KEY.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let percent = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let base64 = BASE64_STANDARD.encode(format!("Authorization: Bearer {KEY}"));
    for name in [KEY, &KEY.to_uppercase(), &escaped, &hex, &percent, &base64] {
        for is_in_usage in [true, false] {
            let folder = home();
            folder.may_hold_the_key(|path| path.starts_with("archive/") && path.ends_with(".json.zst"));
            let mut answers = base();
            let body = if is_in_usage { &mut answers.usage } else { &mut answers.pages[0] };
            *body = body.replace("Acme Subsidiary", name);
            let night = run_at(folder.path(), &Server::of(answers), NIGHT, &[]);
            assert_eq!(night.code, 22, "{name}: {}", night.stderr);
            assert!(night.stderr.contains("hint: find out who put it there, make another key"), "{}", night.stderr);
            assert!(captures(folder.path()).is_empty() && !folder.path().join("reports").exists(), "{name}");
            let kept = leaks::below(folder.path(), |_| false).leaks;
            assert_eq!(kept.len(), 1, "the evidence is kept as it came: {kept:?}");
        }
    }
}

/// The most talkative level is ours to set: what libraries would log of requests is nobody's to turn on.
#[test]
fn no_variable_makes_libraries_talk() {
    let said = |variables: &[(&str, &str)]| {
        let folder = home();
        let server = Server::of(month_with_lookup(3));
        let mut command = subledger_at(folder.path(), &server);
        let night = ran(command.envs(variables.iter().copied()).args(["run", "--now", NIGHT]));
        assert_eq!(night.code, 0, "{}", night.stderr);
        // each line of the log begins with when it was
        let lines =
            night.stderr.lines().map(|line| line.split_once("Z ").map_or(line, |(_, said)| said).trim().to_owned());
        lines.collect::<Vec<_>>()
    };
    let usual = said(&[]);
    assert!(usual.len() > 3, "{usual:?}");
    let loud =
        [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("RUST_LIB_BACKTRACE", "1"), ("SSLKEYLOGFILE", "keys")];
    assert_eq!(said(&loud), usual);
}

/// Threads with stacks larger than any memory cannot be started, and the runtime panics over that.
#[test]
fn a_panic_is_a_defect_that_shows_no_key_and_publishes_nothing() {
    let server = Server::of(base());
    for (arguments, closing) in [
        (&["run", "--now", NIGHT][..], "evidence: NOT SAFE, nothing of tonight is kept; please report this defect"),
        (&["capture"], "evidence: NOT SAFE, nothing of tonight is kept; please report this defect"),
        (&["accounts", "list"], "evidence: untouched; please report this defect"),
    ] {
        for output in ["text", "json"] {
            let folder = home();
            let mut command = subledger_at(folder.path(), &server);
            command.env("RUST_MIN_STACK", (1_u64 << 47).to_string()).env("RUST_BACKTRACE", "full");
            let panicked = ran(command.args(arguments).args(["--output", output]));
            assert_eq!(panicked.code, 1, "{}", panicked.stderr);
            assert!(panicked.stderr.contains("error: a defect of subledger: "), "{}", panicked.stderr);
            assert!(panicked.stderr.contains("panicked file="), "{}", panicked.stderr);
            assert!(panicked.closing().starts_with(closing), "{}", panicked.stderr);
            assert!(!panicked.stderr.contains("stack backtrace"), "{}", panicked.stderr);
            assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), ["subledger.toml"]);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_process_that_dies_leaves_no_core() {
    let folder = home();
    let holding = Holding::start(base(), |_| true);
    let child = started(folder.path(), &holding.server, NIGHT);
    holding.wait();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
    killed(child);
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit on cores");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{limits}");
}

/// A key that was exchanged in the middle of the night: what was read is kept, and it is said what to do.
#[test]
fn a_key_that_is_refused_half_way_leaves_what_was_read() {
    let answers = month_with_lookup(250);
    assert_kept_secret(21, move |asked| {
        if asked.what().ends_with("page-2") {
            Reply::error(401, &format!("{KEY} was exchanged"))
        } else {
            answers.reply(asked)
        }
    });
}

/// What the simulated API can do to a client, done to each kind of command.
#[test]
fn whatever_goes_wrong_the_key_is_not_told() {
    for (name, _) in Kind::ALL.iter().filter(|(name, _)| !["slow", "stalled", "huge"].contains(name)) {
        let simulated = Simulated::new(3);
        let account = simulated.account("Acme", 1_000, 900).to_string();
        simulated.fault(name);
        for arguments in [
            &["run"][..],
            &["accounts", "list"],
            &["accounts", "show", &account],
            &["accounts", "suspend", &account, "--reason", "unpaid", "--yes"],
            &["accounts", "create", "--name", "New", "--website", "new.example.com"],
            &["accounts", "keys", "list", &account],
            &["caps", "plan"],
        ] {
            let done = simulated.run(arguments);
            assert_ne!(done.code, 1, "{name}, {arguments:?}: {}", done.stderr);
        }
        let done = simulated.run(&["run", "--output", "json"]);
        assert_ne!(done.code, 1, "{name}: {}", done.stderr);
    }
}
