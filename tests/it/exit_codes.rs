//! How a run ends: for each exit code, the last line on stderr says whether the evidence is safe and what to do next.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use subledger::archive::lock::{Lock, Locking};
use subledger::failure::{Evidence, Failure};

use crate::support::hold::{Holding, started, told};
use crate::support::look;
use crate::support::world::{changed, month_with_lookup};
use crate::support::{
    ACME, Answers, KEY, NIGHT, PARENT, Ran, Reply, Server, account, bare, base, base_usage, home, page, ran, run_at,
    subledger,
};

/// What a scenario leaves: its name, the exit code and the last line.
type Ending = (&'static str, i32, String);

fn ending(name: &'static str, ran: &Ran) -> Ending {
    (name, ran.code, ran.closing().to_owned())
}

/// A night in a new folder against these answers.
fn night(name: &'static str, answers: Answers, prepare: impl FnOnce(&Path), arguments: &[&str]) -> Ending {
    let folder = home();
    prepare(folder.path());
    ending(name, &run_at(folder.path(), &Server::of(answers), NIGHT, arguments))
}

/// A night whose calls other than the usage get this answer.
fn refused(name: &'static str, usage: Option<String>, reply: Reply) -> Ending {
    let server = Server::start(move |asked| match (asked.what(), &usage) {
        ("/usage", Some(usage)) => Reply::json(usage.clone()),
        _ => reply.clone(),
    });
    ending(name, &run_at(home().path(), &server, NIGHT, &[]))
}

/// A night that is told to end while it waits for the request chosen.
fn signalled(name: &'static str, signal: &str, wanted: fn(&str) -> bool) -> Ending {
    let folder = home();
    let holding = Holding::start(month_with_lookup(5), move |asked| wanted(asked.what()));
    let child = started(folder.path(), &holding.server, NIGHT);
    holding.wait();
    told(&child, signal);
    ending(name, &child.wait_with_output().expect("it ends").into())
}

fn file_in_place_of(name: &'static str) -> impl FnOnce(&Path) {
    move |folder| std::fs::write(folder.join(name), "").expect("a file")
}

fn nights_that_publish() -> Vec<Ending> {
    let cost = |cost: &str| Answers { usage: changed(&base_usage(), "60.0", cost), ..base() };
    let capped = Answers { pages: vec![page(&[account(ACME, "Acme Subsidiary", 1_000)], None)], ..base() };
    let map = |folder: &Path| std::fs::write(folder.join("customers.csv"), "nonsense\n").expect("a file");
    vec![
        night("balanced", base(), |_| {}, &[]),
        night("does not balance", cost("60.01"), |_| {}, &[]),
        night("caps, as asked for", capped, |_| {}, &["--fail-on", "caps"]),
        night("reports cannot be written", base(), file_in_place_of("reports"), &[]),
        night("an amount that is none", cost("\"sixty\""), |_| {}, &[]),
        night("a customer map that is none", base(), map, &[]),
    ]
}

fn nights_without_evidence() -> Vec<Ending> {
    let (server, folder) = (Server::of(base()), home());
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 0; exec \"$0\" run", env!("CARGO_BIN_EXE_subledger")]);
    limited.env_clear().current_dir(folder.path()).env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_API_KEY", KEY);
    let limited: Ran = limited.env("AHASEND_BASE_URL", server.url()).output().expect("sh").into();
    let html = Reply { headers: vec![("content-type", "text/html".to_owned())], ..Reply::json("<p>Log in</p>") };
    let usage = || Some(base_usage());
    vec![
        night("an archive that is a file", base(), file_in_place_of("archive"), &[]),
        ending(
            "no key",
            &Ran::from(bare(home().path()).env("AHASEND_ACCOUNT_ID", PARENT).arg("run").output().expect("it starts")),
        ),
        ending("a flag that is none", &ran(subledger(home().path()).args(["run", "--api-key", "x"]))),
        refused("API down", None, Reply::error(500, "oops")),
        refused("API down after the usage", usage(), Reply::error(500, "oops")),
        refused("key refused", None, Reply::error(401, "no")),
        refused("scope missing for the list", usage(), Reply::error(403, "no")),
        refused("a page to log in", None, html),
        refused("a list that is none", usage(), Reply::json("{\"data\": 7}")),
        ending("nothing can be written", &limited),
        signalled("SIGTERM before the usage", "-TERM", |what| what == "/usage"),
        signalled("SIGINT after the usage", "-INT", |what| what == "?limit=100"),
        signalled("SIGHUP before the usage", "-HUP", |what| what == "/usage"),
    ]
}

fn others() -> Vec<Ending> {
    let (folder, server) = (home(), Server::of(base()));
    assert_eq!(run_at(folder.path(), &server, NIGHT, &[]).code, 0);
    let offline = |name, arguments: &[&str]| ending(name, &ran(subledger(folder.path()).args(arguments)));
    let mut endings = vec![
        offline("reports rebuilt", &["report"]),
        offline("a period that is not there", &["report", "--period", "1999-01-01"]),
        offline("everything as it was written", &["verify"]),
    ];
    let lock = folder.path().join(format!("archive/parent={PARENT}/.lock"));
    let held = Lock::acquire(&lock, "process 1, since noon", Locking::Required).expect("the lock");
    endings.push(ending("another run is at it", &run_at(folder.path(), &server, "2024-01-16T02:00:00Z", &[])));
    drop(held);
    let manifest = look::captures(folder.path()).into_keys().next().expect("a capture");
    let body = folder.path().join("archive").join(manifest).with_file_name("usage.json.zst");
    std::fs::write(&body, "bad sector").expect("a file");
    for (name, command) in [("a damaged body", "report"), ("a damaged body, looked for", "verify")] {
        endings.push(ending(name, &ran(subledger(folder.path()).arg(command))));
    }
    let defect = Failure::guard(|| -> Result<(), Failure> { panic!("a rule was broken") }).expect_err("a panic");
    let defect = defect.with_evidence(Evidence::Safe("archive/…".to_owned()));
    endings.push(("a defect after the capture", defect.kind.exit_code().into(), defect.closing()));
    endings
}

#[test]
fn the_last_line_says_whether_the_evidence_is_safe_and_what_to_do_next() {
    let mut endings = [nights_that_publish(), nights_without_evidence(), others()].concat();
    endings.sort_by_key(|(_, code, _)| *code);
    let codes: BTreeSet<i32> = endings.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(Vec::from_iter(codes), [0, 1, 2, 10, 11, 12, 13, 20, 21, 22, 23, 75, 129, 130, 143]);
    let mut told = String::new();
    for (name, code, closing) in &endings {
        let (evidence, next) = closing.split_once("; ").expect("the state, then what to do");
        assert!(evidence.starts_with("evidence: ") && !next.is_empty(), "{name}: {closing}");
        let _ = writeln!(told, "{code:3}  {name}\n     {evidence}\n     {next}");
    }
    insta::assert_snapshot!(told);
}
