//! Who hears of a night: each channel with a real listener on loopback, and what watches.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use ring::hmac;

use crate::support::look::json;
use crate::support::world::changed;
use crate::support::{Answers, Home, NIGHT, Ran, Server, base, base_usage, home, subledger_at};

/// The longest that a message is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// What JSON messages are signed with.
const SECRET: &str = "a shared secret";

/// One request as a listener saw it.
#[derive(Debug)]
struct Heard {
    /// Method and path.
    line: String,
    headers: Vec<String>,
    body: String,
}

/// A listener on loopback that takes whatever is sent to it.
struct Listener {
    address: String,
    heard: Receiver<Heard>,
}

impl Listener {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (tell, heard) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = request(&stream) else { continue };
                let _ = write!(&stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                if tell.send(request).is_err() {
                    return;
                }
            }
        });
        Self { address, heard }
    }

    fn next(&self) -> Heard {
        self.heard.recv_timeout(PATIENCE).expect("a message")
    }
}

fn request(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        headers.push(header);
    }
    let length = headers.iter().find_map(|header| header.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { line: line.trim().to_owned(), headers, body: String::from_utf8(body).ok()? })
}

/// A mail server that takes one mail after another, and gives what it was sent.
fn mail_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (tell, heard) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if tell.send(conversation(&stream).unwrap_or_default()).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

fn conversation(mut stream: &TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream);
    let (mut said, mut is_data) = (String::new(), false);
    stream.write_all(b"220 here\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(said);
        }
        said.push_str(&line);
        let answer: &[u8] = match line.trim_end() {
            "." if is_data => {
                is_data = false;
                b"250 taken\r\n"
            }
            _ if is_data => continue,
            "DATA" => {
                is_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(said);
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer)?;
    }
}

/// A night whose books do not balance.
fn unbalanced() -> Answers {
    Answers { usage: changed(&base_usage(), "60.0", "60.01"), ..base() }
}

/// A folder with these settings besides the usual ones.
fn told_by(settings: &str) -> Home {
    let folder = home();
    let path = folder.path().join("subledger.toml");
    let usual = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(path, format!("{usual}\n{settings}")).expect("a file");
    folder
}

fn night(folder: &Path, answers: Answers, now: &str, variables: &[(&str, &str)]) -> Ran {
    let server = Server::of(answers);
    let mut command = subledger_at(folder, &server);
    command.env("HOOK", variables.first().map_or("", |(_, value)| value)).envs(variables.iter().copied());
    command.args(["run", "--formats", "csv", "--now", now]).output().expect("the binary starts").into()
}

#[test]
fn a_crossing_is_told_once_when_it_begins_and_once_when_it_ends() {
    let (slack, signed, (smtp, mails)) = (Listener::start("200 OK"), Listener::start("204 No Content"), mail_server());
    let settings = format!(
        "[[notify]]\nkind = \"slack\"\nurl_env = \"HOOK\"\n\n\
         [[notify]]\nkind = \"json\"\nurl_env = \"SIGNED\"\nsecret_env = \"SECRET\"\n\n\
         [[notify]]\nkind = \"email\"\nsmtp = \"smtp://{smtp}\"\nfrom = \"subledger@example.com\"\nto = [\"ops@example.com\"]\n"
    );
    let folder = told_by(&settings);
    let urls = [format!("http://{}/hook", slack.address), format!("http://{}/signed", signed.address)];
    let variables = [("HOOK", urls[0].as_str()), ("SIGNED", urls[1].as_str()), ("SECRET", SECRET)];
    let ran = night(folder.path(), unbalanced(), NIGHT, &variables);
    assert_eq!(ran.code, 10, "{}", ran.stderr);

    let heard = slack.next();
    assert_eq!(heard.line, "POST /hook HTTP/1.1");
    let text = json(&heard.body)["text"].as_str().expect("a text").to_owned();
    assert!(text.contains("the books do not balance") && text.contains("evidence: safe in"), "{text}");

    let heard = signed.next();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, heard.body.as_bytes());
    let signature: Vec<String> = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = signature.concat();
    assert!(heard.headers.contains(&format!("x-subledger-signature: sha256={signature}")), "{:?}", heard.headers);
    let told = json(&heard.body);
    assert_eq!((&told["schema"], &told["exit_code"]), (&"subledger/notification/v1".into(), &10.into()));
    assert!(told["raised"].as_array().is_some_and(|raised| !raised.is_empty()), "{told}");

    let mail = mails.recv_timeout(PATIENCE).expect("a mail");
    assert!(mail.contains("RCPT TO:<ops@example.com>") && mail.contains("Subject: "), "{mail}");
    assert!(mail.contains("evidence: safe in"), "what to do comes first: {mail}");

    // the same again is no news
    assert_eq!(night(folder.path(), unbalanced(), "2024-01-16T02:00:00Z", &variables).code, 10);
    assert_eq!(night(folder.path(), base(), "2024-01-17T02:00:00Z", &variables).code, 0);
    let told = json(&signed.next().body);
    assert!(told["resolved"].as_array().is_some_and(|resolved| !resolved.is_empty()), "{told}");
    assert!(signed.heard.try_recv().is_err(), "the night in between told nothing");
}

#[test]
fn a_dead_channel_changes_nothing_and_is_tried_again() {
    let folder = told_by("[[notify]]\nkind = \"slack\"\nurl_env = \"HOOK\"\n");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{free}/secret-path");
    let ran = night(folder.path(), unbalanced(), NIGHT, &[("HOOK", &url)]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("a message did not arrive"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("secret-path"), "the address is a secret: {}", ran.stderr);
    let listener = Listener::start("200 OK");
    let url = format!("http://{}/", listener.address);
    night(folder.path(), unbalanced(), "2024-01-16T02:00:00Z", &[("HOOK", &url)]);
    assert!(listener.next().body.contains("do not balance"), "what arrived nowhere is told by the next run");
}

#[test]
fn a_channel_that_is_not_set_up_keeps_nobody_from_evidence_or_reports() {
    let settings = "[[notify]]\nkind = \"slack\"\nurl_env = \"NOT_SET\"\n\n\
                    [[notify]]\nkind = \"json\"\nurl_file = \"missing\"\n\n\
                    [monitoring]\nheartbeat_env = \"NOT_SET\"\n";
    let folder = told_by(settings);
    let ran = night(folder.path(), unbalanced(), NIGHT, &[("HOOK", "")]);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    assert!(ran.stderr.contains("`NOT_SET`, which is not set") && ran.stderr.contains("missing`"), "{}", ran.stderr);
    let history = crate::support::bare(folder.path()).arg("history").output().expect("the binary starts");
    assert!(history.status.success(), "what is asked offline needs no channel");
    let server = Server::of(base());
    let doctor: Ran = subledger_at(folder.path(), &server).arg("doctor").output().expect("the binary starts").into();
    assert!(doctor.stdout.contains("! channels"), "{}", doctor.stdout);
}

#[test]
fn a_night_without_evidence_is_told_of_as_well() {
    let listener = Listener::start("200 OK");
    let folder = told_by("[[notify]]\nkind = \"json\"\nurl_env = \"HOOK\"\n");
    let url = format!("http://{}/", listener.address);
    let answers = Answers { usage: "nothing".to_owned(), ..base() };
    let ran = night(folder.path(), answers, NIGHT, &[("HOOK", &url)]);
    assert_eq!(ran.code, 22, "{}", ran.stderr);
    let told = json(&listener.next().body);
    assert!(
        told["raised"][0]["text"].as_str().is_some_and(|text| text.starts_with("no evidence of tonight")),
        "{told}"
    );
    night(folder.path(), base(), "2024-01-16T02:00:00Z", &[("HOOK", &url)]);
    assert_eq!(json(&listener.next().body)["resolved"][0]["id"], "capture");
}

#[test]
fn what_watches_sees_every_run() {
    let listener = Listener::start("200 OK");
    let folder = told_by("[monitoring]\ntextfile = \"metrics/subledger.prom\"\nheartbeat_env = \"HOOK\"\n");
    let url = format!("http://{}/ping", listener.address);
    assert_eq!(night(folder.path(), unbalanced(), NIGHT, &[("HOOK", &url)]).code, 10);
    let pings: Vec<String> = (0..2).map(|_| listener.next().line).collect();
    assert_eq!(pings, ["GET /ping/start HTTP/1.1", "GET /ping/10 HTTP/1.1"]);
    let metrics = || std::fs::read_to_string(folder.path().join("metrics/subledger.prom")).expect("a file");
    let told = metrics();
    // for `just ops`, which shows it to Prometheus' own checker
    if let Some(path) = std::env::var_os("SUBLEDGER_METRICS") {
        std::fs::write(path, &told).expect("a file");
    }
    for line in ["subledger_run_exit_code{", "subledger_findings{", "subledger_caps{", "subledger_tail_seconds{"] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line} in {told}");
    }
    let answers = Answers { usage: "nothing".to_owned(), ..base() };
    assert_eq!(night(folder.path(), answers, "2024-01-16T02:00:00Z", &[("HOOK", &url)]).code, 22);
    let told = metrics();
    assert!(told.contains("subledger_evidence_safe{") && told.contains("} 0\n"), "{told}");
    let due = told.lines().find(|line| line.starts_with("subledger_next_capture_due_timestamp_seconds{"));
    assert!(due.is_some_and(|due| due.ends_with(" 1705449600")), "2024-01-17, as before: {told}");
    let mode = std::fs::metadata(folder.path().join("metrics/subledger.prom")).expect("a file").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o644, "another user reads it");
    let last = told.lines().find(|line| line.starts_with("subledger_last_capture_timestamp_seconds{")).expect("a line");
    assert!(last.ends_with(" 1705284000"), "the capture of the night before: {last}");
}

#[test]
fn github_shows_the_night_beside_the_run() {
    let folder = home();
    let summary = folder.path().join("summary.md");
    let variables = [("HOOK", ""), ("GITHUB_STEP_SUMMARY", summary.to_str().expect("a path"))];
    let ran = night(folder.path(), unbalanced(), NIGHT, &variables);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
    let annotation =
        ran.stderr.lines().find(|line| line.starts_with("::error title=subledger")).expect("an annotation");
    assert!(annotation.contains("the books do not balance"), "{annotation}");
    let told = std::fs::read_to_string(&summary).expect("a summary");
    assert!(told.starts_with("### subledger ") && told.contains("```text\n"), "{told}");
}
