//! The key is nowhere: not in a file, not in an output, at any log level, in no spelling, whatever the server does.
//!
//! A server that echoes the key into an answer is the one exception: the archive keeps such bytes as they came, because
//! they are the evidence. No report is made of them.

use std::path::Path;

use crate::support::look::{captures, json};
use crate::support::world::month_with_lookup;
use crate::support::{Asked, KEY, NIGHT, Ran, Reply, Server, base, home, ran, subledger, subledger_at, tree};

const NEXT_SECOND: &str = "2024-01-15T02:00:01Z";

/// The key as it could be spelled. The base64 forms are those of the three ways it can lie within other bytes.
fn spellings() -> Vec<String> {
    let hex: Vec<String> = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![KEY.to_owned(), hex.concat(), format!("%{}", hex.join("%"))];
    // whole groups of three bytes do not depend on what is around them
    spellings.extend((0..3).map(|skipped| base64(&KEY.as_bytes()[skipped..])));
    spellings
}

/// Base64 of the whole groups of three bytes.
fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(alphabet[bits >> shift & 63]))
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

/// The spelling that is in these bytes, in lower or upper case.
fn spelling_in(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    spellings().into_iter().find(|spelling| text.contains(&spelling.to_lowercase()))
}

/// What shows the key: a path, or the contents of a file as it is and unpacked.
fn leaks(folder: &Path) -> Vec<String> {
    let mut leaks = Vec::new();
    for (path, bytes) in tree(folder) {
        // what is not compressed has nothing more to show
        let unpacked = zstd::decode_all(&*bytes).unwrap_or_default();
        if [path.as_bytes(), &bytes, &unpacked].into_iter().any(|bytes| spelling_in(bytes).is_some()) {
            leaks.push(path);
        }
    }
    leaks
}

fn assert_silent(ran: &Ran) {
    for output in [&ran.stdout, &ran.stderr] {
        assert_eq!(spelling_in(output.as_bytes()), None, "{output}");
    }
}

/// Runs against a server with everything said, as text and as JSON: the key is nowhere. A panic would be exit code 1.
fn assert_kept_secret(code: i32, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
    let folder = home();
    let server = Server::start(reply);
    for (now, output) in [(NIGHT, "text"), (NEXT_SECOND, "json")] {
        let arguments = ["run", "-vv", "--now", now, "--output", output];
        let night = ran(subledger_at(folder.path(), &server).env("RUST_LOG", "trace").args(arguments));
        assert_eq!(night.code, code, "{}", night.stderr);
        assert_silent(&night);
    }
    assert_eq!(leaks(folder.path()), [""; 0]);
}

#[test]
fn the_search_finds_the_key_in_every_spelling() {
    let folder = home();
    for (index, spelling) in spellings().iter().enumerate() {
        assert!(spelling_in(format!("x{}y", spelling.to_uppercase()).as_bytes()).is_some());
        let packed = zstd::encode_all(spelling.as_bytes(), 1).unwrap();
        std::fs::write(folder.path().join(format!("{index}.zst")), packed).unwrap();
    }
    assert_eq!(leaks(folder.path()).len(), 6);
    assert_eq!(base64(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVh");
    assert!(spelling_in(b"nothing to see").is_none());
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
fn a_key_that_is_set_wrongly_is_not_shown() {
    let server = Server::of(base());
    for (variable, value) in [
        ("AHASEND_API_KEY", format!("Bearer {KEY}")),
        ("AHASEND_API_KEY", format!("\"{KEY}\"")),
        ("AHASEND_API_KEY", format!("{KEY}\n{KEY}")),
        ("AHASEND_API_KEY", KEY.repeat(20)),
        ("AHASEND_ACCOUNT_ID", KEY.to_owned()),
        ("AHASEND_BASE_URL", KEY.to_owned()),
        ("AHASEND_BASE_URL", format!("https://user:{KEY}@127.0.0.1")),
        ("AHASEND_BASE_URL", format!("https://127.0.0.1/?key={KEY}")),
    ] {
        let folder = home();
        for output in ["text", "json"] {
            let arguments = ["run", "-vv", "--now", NIGHT, "--output", output];
            let night = ran(subledger_at(folder.path(), &server).env(variable, &value).args(arguments));
            assert_eq!(night.code, 2, "{variable}: {}", night.stderr);
            assert_silent(&night);
        }
        assert_eq!(leaks(folder.path()), [""; 0]);
    }
    assert_eq!(server.log().len(), 0);
}

#[test]
fn reports_need_no_key_and_show_none() {
    let folder = home();
    let server = Server::of(base());
    assert_eq!(ran(subledger_at(folder.path(), &server).args(["capture", "--now", NIGHT])).code, 0);
    assert_eq!(captures(folder.path()).len(), 1);
    let report = ran(subledger(folder.path()).env("AHASEND_API_KEY", KEY).args(["report", "-vv", "--output", "json"]));
    assert_eq!(json(&report.stdout)["exit_code"], 0);
    assert_silent(&report);
    assert_eq!(leaks(folder.path()), [""; 0]);
}

/// A key has no place in the configuration file, and one that is there is not shown.
#[test]
fn a_key_in_the_configuration_file_is_refused_and_not_shown() {
    for setting in ["api_key = ", "key = ", "[limits]\nrun_timeout_secs = ", "[allocation]\nweights = "] {
        let folder = home();
        std::fs::write(folder.path().join("subledger.toml"), format!("{setting}\"{KEY}\"\n")).expect("a file");
        let refused = ran(subledger(folder.path()).args(["run", "--now", NIGHT, "--output", "json"]));
        assert_eq!(refused.code, 2);
        let said = refused.stderr + &refused.stdout;
        assert!(said.contains("`subledger.toml` cannot be used: line") && !said.contains(KEY), "{said}");
    }
}

#[test]
fn an_answer_that_holds_the_key_is_kept_and_never_reported() {
    let escaped = KEY.bytes().map(|byte| format!("\\u{byte:04X}")).collect::<Vec<_>>().concat();
    for place in ["usage", "list", "escaped"] {
        let folder = home();
        let mut answers = base();
        match place {
            "usage" => answers.usage = answers.usage.replace("Acme Subsidiary", &KEY.to_uppercase()),
            "escaped" => answers.usage = answers.usage.replace("Acme Subsidiary", &escaped),
            _ => answers.pages[0] = answers.pages[0].replace("Acme Subsidiary", KEY),
        }
        let night = ran(subledger_at(folder.path(), &Server::of(answers)).args(["run", "-vv", "--now", NIGHT]));
        assert_eq!(night.code, 22, "{}", night.stderr);
        assert!(night.stderr.contains("hint: find out who put it there, make another key"), "{}", night.stderr);
        let said = (night.stdout + &night.stderr).to_lowercase();
        assert!(!said.contains(KEY) && captures(folder.path()).is_empty(), "{said}");
        assert!(!folder.path().join("reports").exists(), "{place}");
    }
}
