//! What the tests of the binary share: a clean place to run it in, and a server that answers as told.

pub(crate) mod hold;
mod home;
pub(crate) mod leaks;
pub(crate) mod look;
pub(crate) mod simulated;
pub(crate) mod sound;
pub(crate) mod store;
pub(crate) mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{self, Output, Stdio};
use std::sync::{Arc, Mutex};

use assert_cmd::Command;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};

pub(crate) use self::home::{Home, home};

/// The parent account of every small case.
pub(crate) const PARENT: &str = "9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1";
/// Its only sub account in the base case.
pub(crate) const ACME: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a";
/// A key of the right form; it must never be seen anywhere.
pub(crate) const KEY: &str = "aha-sk-seeded7c1f0e5b9d2a48630f7e1c5b9d3a7f0e4c8b2d6a1f5e9c3b7d0a4f8";
/// The night of every small case.
pub(crate) const NIGHT: &str = "2024-01-15T02:00:00Z";

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A run of the binary that is over.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The last line on stderr: whether the evidence is safe.
    pub(crate) fn closing(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }
}

impl From<Output> for Ran {
    /// Looks at what was said as well: a key, or what a terminal or a log reader would take for something else, fails the
    /// test, whatever it is about.
    #[track_caller]
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8 output");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        leaks::assert_harmless(&stdout, &stderr);
        // killed by a signal: there is no code
        let code = output.status.code().unwrap_or(-1);
        Self { code, stdout, stderr }
    }
}

/// The binary with nothing around it but a key and what a test gives.
pub(crate) fn subledger(folder: &Path) -> Command {
    process(folder).into()
}

/// The same, to be started and left running. It has a key, needed or not, and says all that it can: the key has every chance
/// to show.
pub(crate) fn process(folder: &Path) -> process::Command {
    let mut command = bare(folder);
    command.arg("-vv").env("AHASEND_API_KEY", KEY);
    command
}

/// The same without a key, and with nothing said beyond what it is asked.
pub(crate) fn bare(folder: &Path) -> process::Command {
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_subledger"));
    command.env_clear().current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The binary with account, key and server set.
pub(crate) fn subledger_at(folder: &Path, server: &Server) -> Command {
    process_at(folder, server).into()
}

/// The same, to be started and left running.
pub(crate) fn process_at(folder: &Path, server: &Server) -> process::Command {
    let mut command = process(folder);
    command.env("AHASEND_ACCOUNT_ID", PARENT).env("AHASEND_BASE_URL", server.url());
    command
}

/// The nightly job at one time, with further arguments.
pub(crate) fn run_at(folder: &Path, server: &Server, now: &str, arguments: &[&str]) -> Ran {
    ran(subledger_at(folder, server).args(["run", "--now", now]).args(arguments))
}

/// Runs to the end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    command.output().expect("the binary starts").into()
}

/// Says that a test leaves something out, because this system lacks it.
pub(crate) fn skipped(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// One request as a server saw it.
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    /// How often this very target was asked for before.
    pub(crate) before: usize,
}

impl Asked {
    /// The part behind the parent account: `/usage`, `?limit=100`, `/<id>`.
    pub(crate) fn what(&self) -> &str {
        self.target.split_once("/sub-accounts").map_or("", |(_, what)| what)
    }
}

/// One answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// JSON with status 200.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: vec![("content-type", "application/json".to_owned())], body: body.into() }
    }

    /// An error as the API writes them.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self { status, ..Self::json(format!("{{\"message\":\"{message}\"}}")) }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A server on loopback whose answers a test decides. It ends with the test.
pub(crate) struct Server {
    address: std::net::SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// Answers every request by `reply`.
    pub(crate) fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (reply, shared_log) = (Arc::new(reply), Arc::clone(&log));
        let router = axum::Router::new().fallback(move |request: Request| {
            let (reply, log) = (Arc::clone(&reply), Arc::clone(&shared_log));
            async move { answer(&request, &log, reply.as_ref()) }
        });
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, log, _runtime: runtime }
    }

    /// Answers with the same usage, pages and accounts for ever.
    pub(crate) fn of(answers: Answers) -> Self {
        Self::start(move |asked| answers.reply(asked))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far: path and query.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic").clone()
    }
}

fn answer(request: &Request, log: &Mutex<Vec<String>>, reply: &(dyn Fn(&Asked) -> Reply + Sync)) -> Response<Body> {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str()).to_owned();
    let before = {
        let mut log = log.lock().expect("no panic");
        log.push(target.clone());
        log.iter().filter(|seen| **seen == target).count() - 1
    };
    let reply = reply(&Asked { target, before });
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).expect("a status"));
    // always the same, so that captures of the same answers are the same
    if !reply.headers.iter().any(|(name, _)| *name == "date") {
        response = response.header("date", "Mon, 15 Jan 2024 02:00:00 GMT");
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).expect("a response")
}

/// What an API has to say: usage, pages of the list, single accounts.
#[derive(Clone)]
pub(crate) struct Answers {
    pub(crate) usage: String,
    pub(crate) pages: Vec<String>,
    /// Answers for single accounts; 404 for all others.
    pub(crate) accounts: BTreeMap<String, String>,
}

impl Answers {
    /// The answer to one request. Pages are told apart by the cursors `page-2`, `page-3` and so on.
    pub(crate) fn reply(&self, asked: &Asked) -> Reply {
        match asked.what() {
            "/usage" => Reply::json(&*self.usage),
            list if list.starts_with('?') => {
                let page = list.split_once("after=page-").map_or("1", |(_, page)| page);
                let page: usize = page.parse().expect("a cursor of ours");
                Reply::json(&*self.pages[page - 1])
            }
            account => match self.accounts.get(account.trim_start_matches('/')) {
                Some(body) => Reply::json(&**body),
                None => Reply::error(404, "Sub account not found under the parent account"),
            },
        }
    }
}

/// The base case: one sub account with three quarters of the messages.
pub(crate) fn base_usage() -> String {
    format!(
        r#"{{
  "billing_period": {{"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T00:00:00Z"}},
  "currency": "usd",
  "allocation_method": "proportional",
  "allocation_note": "a share of the pooled invoice by message volume",
  "parent": {{"account_id": "{PARENT}", "reception_count": 1000000, "allocated_cost": 20.0}},
  "sub_accounts": [
    {{"account_id": "{ACME}", "name": "Acme Subsidiary", "reception_count": 3000000, "allocated_cost": 60.0}}
  ],
  "removed_sub_accounts": {{"reception_count": 0, "allocated_cost": 0.0}},
  "total": {{"reception_count": 4000000, "allocated_cost": 80.0}}
}}
"#
    )
}

/// An entry of the account list.
pub(crate) fn account(id: &str, name: &str, monthly_credit: u64) -> String {
    format!(
        r#"{{"object": "sub_account", "id": "{id}", "parent_account_id": "{PARENT}", "name": "{name}", "website": "{}.example.com", "status": "active", "monthly_credit": {monthly_credit}, "created_at": "2023-06-01T00:00:00Z", "domain_count": 2, "member_count": 3, "last_activity_at": "2024-01-15T01:00:00Z"}}"#,
        name.split(' ').next().unwrap_or_default().to_lowercase()
    )
}

/// A page of the account list; `next` is the number of the page that follows.
pub(crate) fn page(accounts: &[String], next: Option<usize>) -> String {
    let pagination = match next {
        Some(number) => format!(r#"{{"has_more": true, "next_cursor": "page-{number}"}}"#),
        None => r#"{"has_more": false}"#.to_owned(),
    };
    format!("{{\"object\": \"list\", \"data\": [{}], \"pagination\": {pagination}}}\n", accounts.join(", "))
}

/// The base case's answers.
pub(crate) fn base() -> Answers {
    let pages = vec![page(&[account(ACME, "Acme Subsidiary", 0)], None)];
    Answers { usage: base_usage(), pages, accounts: BTreeMap::new() }
}

/// Every file below a folder by its path from there; links are given by where they point, and pipes by nothing.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten() {
            let path: PathBuf = entry.expect("an entry").path();
            let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
            if let Ok(target) = std::fs::read_link(&path) {
                files.insert(name, format!("-> {}", target.display()).into_bytes());
            } else if path.is_dir() {
                waiting.push(path);
            } else {
                // whoever reads a pipe waits for somebody to write
                let bytes = if path.is_file() { std::fs::read(&path).expect("a file") } else { Vec::new() };
                files.insert(name, bytes);
            }
        }
    }
    files
}
