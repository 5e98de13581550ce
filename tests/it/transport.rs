//! What stops a night: each cause with its exit code, its closing line, and what is left of the evidence.
//!
//! Here is what the machine and the answers' meaning can do. What a server and the way to it can do is below: tables of
//! cases with one runner (`case`), played by a server that misbehaves byte by byte (`server`).

mod bodies;
mod case;
mod clock;
mod encrypted;
mod heads;
mod lists;
mod server;
mod statuses;
mod streams;
mod tls;
mod way;

use std::path::Path;

use crate::support::look::{self, json, unpacked};
use crate::support::world::{changed, month};
use crate::support::{
    ACME, Answers, Home, NIGHT, PARENT, Ran, Reply, Server, account, base, base_usage, home, page, ran, run_at,
    subledger, subledger_at,
};

const NEXT_SECOND: &str = "2024-01-15T02:00:01Z";
const NOTHING_KEPT: &str = "evidence: NOT SAFE, nothing of tonight is kept; ";

/// The end of a night that kept nothing: no capture, no inbox, no reports.
fn assert_nothing_kept(night: &Ran, folder: &Path, code: i32, next: &str) {
    assert_eq!(night.code, code, "{}", night.stderr);
    assert_eq!(night.closing(), format!("{NOTHING_KEPT}{next} before the billing period closes"));
    assert_eq!(night.stdout, "");
    let left: Vec<String> = look::files(folder).into_keys().filter(|path| path.contains('/')).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The end of a night that kept the usage in the inbox, byte for byte, and made neither a capture nor reports.
fn assert_usage_kept(night: &Ran, folder: &Path, code: i32, usage: &str) {
    assert_eq!(night.code, code, "{}", night.stderr);
    let inbox = format!("archive/parent={PARENT}/inbox/capture=20240115T020000Z");
    let closing = format!("evidence: NOT SAFE, only a part is kept in {inbox}; ");
    assert!(night.closing().starts_with(&closing), "{}", night.stderr);
    assert!(night.closing().ends_with(" before the billing period closes"), "{}", night.stderr);
    assert_eq!(night.stdout, "");
    let files = look::files(folder);
    assert_eq!(unpacked(&files[&format!("{inbox}/usage.json.zst")]), usage.as_bytes());
    assert!(look::captures(folder).is_empty() && !folder.join("reports").exists());
}

/// A night whose usage call gets this answer, for ever; gives the number of requests as well.
fn with_usage_answer(reply: Reply, code: i32, next: &str) -> (Ran, usize) {
    let folder = home();
    let server = Server::start(move |_| reply.clone());
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_nothing_kept(&night, folder.path(), code, next);
    (night, server.log().len())
}

/// A night whose list answers as told after a usable usage answer.
fn with_pages(pages: Vec<String>) -> (Ran, Home) {
    let folder = home();
    let server = Server::of(Answers { pages, ..base() });
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_usage_kept(&night, folder.path(), 22, &base_usage());
    (night, folder)
}

/// A run that is refused before the first request.
fn assert_refused_early(night: &Ran, folder: &Path, cause: &str) {
    assert_nothing_kept(night, folder, 2, "correct what is named above and run again");
    assert!(night.stderr.contains(cause), "{}", night.stderr);
}

#[test]
fn a_scope_that_is_missing_is_named_and_the_usage_is_kept() {
    let folder = home();
    let server = Server::start(|asked| match asked.what() {
        "/usage" => Reply::json(base_usage()),
        _ => Reply::error(403, "forbidden"),
    });
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_usage_kept(&night, folder.path(), 21, &base_usage());
    assert!(night.stderr.contains("scope `sub-accounts:read`"), "{}", night.stderr);
    assert_eq!(server.log().len(), 2);
    let (night, _) = with_usage_answer(Reply::error(403, "forbidden"), 21, "mend the key and run again");
    assert!(night.stderr.contains("scope `sub-accounts:usage`"), "{}", night.stderr);
}

#[test]
fn usage_that_cannot_be_read_is_kept_as_it_came() {
    for usage in ["{\"billing_period\": oops", "{}", "{\"currency\": \"usd\"}\n\n"] {
        let folder = home();
        let server = Server::of(Answers { usage: usage.to_owned(), ..base() });
        let night = run_at(folder.path(), &server, NIGHT, &[]);
        assert_usage_kept(&night, folder.path(), 22, usage);
        assert_eq!(server.log().len(), 1);
    }
}

#[test]
fn a_list_that_is_no_list_is_refused() {
    let acme = || account(ACME, "Acme Subsidiary", 0);
    let (night, _) = with_pages(vec![page(&[acme()], Some(2)), page(&[acme()], None)]);
    let twice = format!("sub account `{ACME}` is on page 1 and again on page 2");
    assert!(night.stderr.contains(&twice), "{}", night.stderr);
    let (night, _) = with_pages(vec![page(&[], Some(2))]);
    assert!(night.stderr.contains("page 1 of the sub-account list is empty"), "{}", night.stderr);
    let (night, _) = with_pages(vec![r#"{"data": 7}"#.to_owned()]);
    assert!(night.stderr.contains("page 1 of the sub-account list cannot be read"), "{}", night.stderr);
}

#[test]
fn after_a_failed_night_the_next_one_succeeds() {
    let folder = home();
    let answers = month(2);
    let failing = Server::start(move |asked| match asked.what() {
        "/usage" => answers.reply(asked),
        _ => Reply::error(500, "oops"),
    });
    assert_eq!(run_at(folder.path(), &failing, NIGHT, &[]).code, 20);
    assert_eq!(look::assert_sound(folder.path()), (0, 0));
    let night = run_at(folder.path(), &Server::of(month(2)), NEXT_SECOND, &[]);
    assert_eq!(night.code, 0, "{}", night.stderr);
    assert_eq!(look::assert_sound(folder.path()), (1, 1));
}

#[test]
fn addresses_and_keys_that_are_unsafe_are_refused_before_any_request() {
    for (variable, value, cause) in [
        ("AHASEND_BASE_URL", "http://192.0.2.1", "`http` is for loopback hosts only"),
        ("AHASEND_BASE_URL", "http://localhost.example", "`http` is for loopback hosts only"),
        ("AHASEND_BASE_URL", "ftp://127.0.0.1", "must begin with `https://`"),
        ("AHASEND_API_KEY", "", "AHASEND_API_KEY"),
        ("AHASEND_API_KEY", "Bearer abc", "must not begin with `Bearer `"),
        ("AHASEND_ACCOUNT_ID", "", "AHASEND_ACCOUNT_ID"),
        ("AHASEND_ACCOUNT_ID", "acme", "is not a UUID"),
    ] {
        let folder = home();
        let server = Server::of(base());
        let night = ran(subledger_at(folder.path(), &server).env(variable, value).args(["run", "--now", NIGHT]));
        assert_refused_early(&night, folder.path(), cause);
        assert_eq!(server.log().len(), 0);
    }
}

#[test]
fn configuration_that_cannot_be_used_is_named_with_its_place() {
    let server = Server::of(base());
    for (file, text, arguments, causes) in [
        (
            "subledger.toml",
            "[limits]\nretires = 3\n",
            &[][..],
            &["`subledger.toml`", "line 2, column 1", "retires"][..],
        ),
        ("subledger.toml", "[[", &[], &["`subledger.toml`", "line 1"]),
        ("x", "", &["--config", "not-there.toml"], &["not-there.toml"]),
        ("x", "", &["--invoice", "eighty"], &["`--invoice`", "write it like 80.00"]),
    ] {
        let folder = home();
        std::fs::write(folder.path().join(file), text).unwrap();
        let night = run_at(folder.path(), &server, NIGHT, arguments);
        for cause in causes {
            assert_refused_early(&night, folder.path(), cause);
        }
    }
    assert_eq!(server.log().len(), 0);
}

#[test]
fn an_archive_that_is_a_file_is_refused_and_left_alone() {
    let folder = home();
    let place = folder.path().join("archive");
    std::fs::write(&place, "mine").unwrap();
    let server = Server::of(base());
    let night = run_at(folder.path(), &server, NIGHT, &[]);
    assert_refused_early(&night, folder.path(), "opening the archive `archive`");
    assert_eq!((server.log().len(), std::fs::read_to_string(&place).unwrap().as_str()), (0, "mine"));
}

#[test]
fn answers_that_make_no_books_are_archived_whole() {
    for (from, to, cause) in
        [("usd", "xxy", "is `xxy`, which is no ISO 4217 code"), ("60.0", "\"sixty\"", "allocated_cost")]
    {
        let folder = home();
        let server = Server::of(Answers { usage: changed(&base_usage(), from, to), ..base() });
        let night = run_at(folder.path(), &server, NIGHT, &["--output", "json"]);
        assert_eq!(night.code, 13, "{}", night.stderr);
        assert!(night.stderr.contains(cause), "{}", night.stderr);
        assert!(night.closing().starts_with("evidence: safe in archive/parent="), "{}", night.stderr);
        assert_eq!(json(&night.stdout)["exit_code"], 13);
        assert_eq!(look::assert_sound(folder.path()), (1, 0));
        assert!(!look::files(folder.path()).keys().any(|path| path.contains("/inbox/")));
    }
}

#[test]
fn reports_that_cannot_be_published_leave_the_capture_and_can_be_made_later() {
    let folder = home();
    let place = folder.path().join("reports");
    std::fs::write(&place, "mine").unwrap();
    let night = run_at(folder.path(), &Server::of(base()), NIGHT, &[]);
    assert_eq!(night.code, 12, "{}", night.stderr);
    assert!(night.closing().starts_with("evidence: safe in archive/parent="), "{}", night.stderr);
    assert!(night.closing().ends_with("; rebuild the reports with `subledger report`"), "{}", night.stderr);
    std::fs::remove_file(&place).unwrap();
    assert_eq!(ran(subledger(folder.path()).arg("report")).code, 0);
    assert_eq!(look::assert_sound(folder.path()), (1, 1));
}
