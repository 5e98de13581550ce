//! The simulator as a program on the other side of a socket sees it.

mod access;
mod accounts;
mod api_keys;
mod control;
mod faults;
mod lists;
mod replays;
mod serving;
mod usage;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::Simulator;
use super::settings::Settings;
use super::world::{Genesis, Mood, Plan, World};

const KEY: &str = "aha-sk-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Answer {
    status: u16,
    /// In lower case.
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header's value, in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.json()
    }
}

/// A request, with the right key unless told otherwise.
struct Asking<'a> {
    method: &'a str,
    path: String,
    headers: Vec<(&'a str, String)>,
    body: Sent,
}

/// What a request brings along.
enum Sent {
    Json(Value),
    Text(String),
}

impl From<Value> for Sent {
    fn from(json: Value) -> Self {
        Self::Json(json)
    }
}

impl From<&str> for Sent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Sent {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<'a> Asking<'a> {
    fn new(method: &'a str, path: impl Into<String>) -> Self {
        let headers = vec![("Authorization", format!("Bearer {KEY}"))];
        Self { method, path: path.into(), headers, body: Sent::Text(String::new()) }
    }

    /// Sets a header, or takes it away if it is empty.
    fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.headers.push((name, value));
        }
        self
    }

    fn body(mut self, body: impl Into<Sent>) -> Self {
        self.body = body.into();
        self
    }

    fn text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        let body = match &self.body {
            Sent::Json(json) => json.to_string(),
            Sent::Text(text) => text.clone(),
        };
        write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        text
    }
}

/// A simulator with a runtime of its own, asked over plain HTTP/1.1.
struct Bench {
    simulator: Simulator,
    sub_accounts: String,
    /// As it was at the start.
    world: World,
    runtime: Runtime,
}

impl Bench {
    /// At the last second of July 2026, with the settings of most tests.
    fn new(account_count: usize) -> Self {
        Self::with(account_count, |_| {}, |_| {})
    }

    fn with(account_count: usize, genesis: impl FnOnce(&mut Genesis), settings: impl FnOnce(&mut Settings)) -> Self {
        let mut origin = Genesis {
            seed: 1,
            account_count,
            at: instant("2026-07-31T23:59:59Z"),
            plan: Plan::default(),
            mood: Mood::default(),
        };
        genesis(&mut origin);
        let world = World::new(&origin);
        let mut served = Settings::with_key(KEY.to_owned());
        settings(&mut served);
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::serve(world.clone(), served)).unwrap();
        let sub_accounts = format!("/v2/accounts/{}/sub-accounts", world.parent_account_id());
        Self { simulator, sub_accounts, world, runtime }
    }

    /// Sends a request and leaves the connection open.
    fn open(&self, asking: &Asking<'_>) -> TcpStream {
        let mut stream = TcpStream::connect(self.simulator.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(asking.text().as_bytes()).unwrap();
        stream
    }

    /// Everything that comes back until the connection ends, however it ends.
    fn raw(&self, asking: &Asking<'_>) -> String {
        let mut bytes = Vec::new();
        let _ = self.open(asking).read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    fn ask(&self, asking: &Asking<'_>) -> Answer {
        let text = self.raw(asking);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in `{text}`"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// A request with the right key; `suffix` follows the list's own path.
    fn asking<'a>(&self, method: &'a str, suffix: &str) -> Asking<'a> {
        Asking::new(method, format!("{}{suffix}", self.sub_accounts))
    }

    fn get(&self, suffix: &str) -> Answer {
        self.ask(&self.asking("GET", suffix))
    }

    fn send(&self, method: &str, suffix: &str, body: Value) -> Answer {
        self.ask(&self.asking(method, suffix).body(body))
    }

    #[track_caller]
    fn assert_refused(&self, suffix: &str, status: u16, message: &str) {
        assert_refusal(&self.get(suffix), status, message);
    }

    /// A new sub account of this name; its id.
    fn create(&self, name: &str) -> Uuid {
        let created = self.send("POST", "", json!({"name": name, "website": "acme.example.com"})).expect(201);
        id(&created)
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn id(object: &Value) -> Uuid {
    object["id"].as_str().unwrap().parse().unwrap()
}

#[track_caller]
fn assert_refusal(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, answer.json()), (status, json!({ "message": message })));
}

fn encoded(cursor: &str) -> String {
    cursor.replace('+', "%2B").replace('&', "%26").replace('=', "%3D")
}

fn ids(page: &Value) -> Vec<Uuid> {
    page["data"].as_array().unwrap().iter().map(id).collect()
}
