//! A key in the wrong place or form: refused before anything is asked, and not shown.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::simulated::Simulated;
use crate::support::{KEY, NIGHT, Ran, Server, bare, base, home, ran, run_at, subledger, subledger_at, tree};

/// What a night says of these variables; it must not begin, and nothing may come of it.
#[track_caller]
fn assert_refused(variable: &str, value: Option<&OsStr>, says: &str) {
    let server = Server::of(base());
    let folder = home();
    for output in ["text", "json"] {
        let mut command = subledger_at(folder.path(), &server);
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
        let night = ran(command.args(["run", "--now", NIGHT, "--output", output]));
        assert_eq!(night.code, 2, "{variable}: {}", night.stderr);
        assert!(night.stderr.contains(says), "{says}: {}", night.stderr);
        assert!(night.closing().starts_with("evidence: NOT SAFE, nothing of tonight is kept"), "{}", night.stderr);
    }
    assert_eq!(server.log().len(), 0);
    assert!(tree(folder.path()).into_keys().all(|path| path == "subledger.toml" || path.ends_with("/.lock")));
}

#[test]
fn a_key_that_cannot_be_one_is_refused_by_its_rule() {
    let not_set = "the API key is not set; set the environment variable AHASEND_API_KEY";
    assert_refused("AHASEND_API_KEY", None, not_set);
    assert_refused("AHASEND_API_KEY", Some(OsStr::new("")), not_set);
    assert_refused("AHASEND_API_KEY", Some(OsStr::from_bytes(&[KEY.as_bytes(), b"\xff"].concat())), not_set);
    for (value, rule) in [
        ("\n".to_owned(), "must not be empty"),
        (format!("{KEY}\n\n"), "visible ASCII"),
        (format!("{KEY}\r\n"), "visible ASCII"),
        (format!("\n{KEY}"), "visible ASCII"),
        (format!("{KEY}\n{KEY}"), "visible ASCII"),
        (format!("{KEY} "), "visible ASCII"),
        (format!("{KEY}\u{e9}"), "visible ASCII"),
        (format!("{KEY}\u{1b}[2J"), "visible ASCII"),
        (format!("Bearer {KEY}"), "`Bearer `"),
        (format!("bearer {KEY}"), "`Bearer `"),
        (format!("\"{KEY}\""), "quotes"),
        (format!("'{KEY}'"), "quotes"),
        // as long as the system lets a variable be
        (KEY.repeat(1_800), "at most 512 bytes"),
    ] {
        assert_refused("AHASEND_API_KEY", Some(OsStr::new(&value)), rule);
    }
}

#[test]
fn a_key_in_place_of_something_else_is_refused_and_not_shown() {
    for (variable, value, rule) in [
        ("AHASEND_ACCOUNT_ID", KEY.to_owned(), "is not a UUID"),
        ("AHASEND_BASE_URL", KEY.to_owned(), "is no URL"),
        ("AHASEND_BASE_URL", format!("https://user:{KEY}@127.0.0.1"), "must not hold a user name or password"),
        ("AHASEND_BASE_URL", format!("https://{KEY}@127.0.0.1"), "must not hold a user name or password"),
        ("AHASEND_BASE_URL", format!("https://127.0.0.1/?key={KEY}"), "must not hold a query or fragment"),
        ("AHASEND_BASE_URL", format!("https://127.0.0.1/#{KEY}"), "must not hold a query or fragment"),
    ] {
        assert_refused(variable, Some(OsStr::new(&value)), rule);
    }
}

/// A file that is read into a variable ends with a line break, which is no part of the key.
#[test]
fn one_line_break_at_the_end_is_not_the_keys() {
    let simulated = Simulated::new(1);
    for (value, code) in
        [(KEY.to_owned(), 0), (format!("{KEY}\n"), 0), (format!("{KEY}\n\n"), 2), (format!("{KEY}x"), 21)]
    {
        let mut command = simulated.process(&["accounts", "list"]);
        let listed: Ran = command.env("AHASEND_API_KEY", &value).output().expect("the binary starts").into();
        assert_eq!(listed.code, code, "{value:?}: {}", listed.stderr);
    }
}

/// A key is never an argument; whoever tries is told so without seeing it again in a log.
#[test]
fn a_key_on_the_command_line_is_refused_and_not_shown() {
    let equals = format!("--api-key={KEY}");
    let folder = home();
    assert_eq!(run_at(folder.path(), &Server::of(base()), NIGHT, &[]).code, 0);
    for arguments in [
        &["run", "--api-key", KEY][..],
        &["run", &equals],
        &["run", KEY],
        &[KEY],
        &["--key", KEY, "run"],
        &["run", "--now", KEY],
        &["run", "--config", KEY],
        &["run", "--customers", KEY],
        &["run", "--invoice", KEY],
        &["run", "--formats", KEY],
        &["report", "--period", KEY],
        &["report", "--capture", KEY],
        &["explain", KEY],
        &["history", "--account", KEY],
        &["accounts", "show", KEY],
        &["caps", "apply", "--plan", KEY],
    ] {
        for output in ["text", "json"] {
            let mut command = bare(folder.path());
            command.args(["-vv", "--output", output]).args(arguments);
            let refused: Ran = command.output().expect("the binary starts").into();
            assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        }
    }
}

/// A key has no place in the configuration file, and one that is there is not shown.
#[test]
fn a_key_in_the_configuration_file_is_refused_and_not_shown() {
    for setting in [
        "api_key = ",
        "key = ",
        "label = ",
        "account_id = ",
        "[limits]\nrun_timeout_secs = ",
        "[allocation]\nweights = ",
    ] {
        let folder = home();
        folder.may_hold_the_key(|path| path == "subledger.toml");
        std::fs::write(folder.path().join("subledger.toml"), format!("{setting}\"{KEY}\"\n")).expect("a file");
        let refused = ran(subledger(folder.path()).args(["run", "--now", NIGHT, "--output", "json"]));
        assert_eq!(refused.code, 2, "{setting}: {}", refused.stderr);
    }
}
