//! A client that hides nothing: HTTP/1.1 on a bare socket, and no library to put anything right on either side.
//!
//! Owns the bytes of requests and the reading of answers. It must never retry, redirect, or guess.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::schema;

/// Longest wait for an answer: a test that hangs says nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    /// Path and query.
    pub(crate) target: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Request {
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        let (method, target) = (method.to_owned(), target.into());
        Self { method, target, version: "HTTP/1.1", headers: Vec::new(), body: None }
    }

    /// The same, asked by another method.
    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// The same, asked of another place.
    pub(crate) fn at(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// The same with a query.
    pub(crate) fn query(self, query: &str) -> Self {
        let target = format!("{}?{query}", self.target);
        self.at(target)
    }

    pub(crate) fn without_body(mut self) -> Self {
        self.body = None;
        self
    }

    /// Sets a header, in the place of one of the same name.
    pub(crate) fn header(self, name: &str, value: impl Into<String>) -> Self {
        let mut request = self.without(name);
        request.headers.push((name.to_owned(), value.into()));
        request
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Presents a key.
    pub(crate) fn key(self, secret: &str) -> Self {
        self.header("Authorization", format!("Bearer {secret}"))
    }

    pub(crate) fn idempotency_key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// JSON, or something that is to be taken for it.
    pub(crate) fn json(self, body: impl Into<String>) -> Self {
        let mut request = self.header("Content-Type", "application/json");
        request.body = Some(body.into());
        request
    }

    pub(crate) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The head as it is sent; the length of the body is added unless the request says another way.
    fn head(&self) -> String {
        let mut head = format!("{} {} {}\r\n", self.method, self.target, self.version);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !self.has("Host") {
            head.push_str("Host: simulator\r\n");
        }
        if let Some(body) = self.body.as_ref().filter(|_| !self.has("Transfer-Encoding")) {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        head + "\r\n"
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters, in the order in which they came.
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// A header that is there once or not at all.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let first = found.next();
        assert_eq!(found.next(), None, "`{name}` is there twice");
        first
    }

    pub(crate) fn json(&self) -> Value {
        schema::parse(&self.body).unwrap_or_else(|error| panic!("status {}: {error}", self.status))
    }

    /// A field of the body that is a text.
    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no text `{field}` in {}", self.body)).to_owned()
    }
}

/// A connection that lasts as long as both sides want.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a server that listens");
        stream.set_nodelay(true).expect("an option of the socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option of the socket");
        Self { stream: BufReader::new(stream) }
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Answer {
        self.write(request);
        self.read(request.method != "HEAD")
    }

    pub(crate) fn write(&mut self, request: &Request) {
        let body = request.body.as_deref().unwrap_or_default();
        self.write_text(&(request.head() + body));
    }

    /// The request without its body, which is to follow.
    pub(crate) fn write_head(&mut self, request: &Request) {
        self.write_text(&request.head());
    }

    pub(crate) fn write_text(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).expect("a server that reads");
    }

    /// The next answer, or the interim one that says to go on.
    pub(crate) fn read(&mut self, has_body: bool) -> Answer {
        let status = self.line();
        let code = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer = Answer {
            status: code.unwrap_or_else(|| panic!("no status in {status:?}")),
            headers: vec![],
            body: String::new(),
        };
        loop {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header in {line:?}"));
            answer.headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        if has_body && answer.status >= 200 {
            answer.body = String::from_utf8(self.body(&answer)).expect("UTF-8");
        }
        answer
    }

    fn body(&mut self, answer: &Answer) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(length) = answer.header("content-length") {
            body.resize(length.parse().expect("a length"), 0);
            self.stream.read_exact(&mut body).expect("as many bytes as announced");
        } else if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let length = usize::from_str_radix(&self.line(), 16).expect("a chunk's length");
                let mut chunk = vec![0; length];
                self.stream.read_exact(&mut chunk).expect("as many bytes as announced");
                assert_eq!(self.line(), "", "a chunk ends with its line");
                if length == 0 {
                    break;
                }
                body.append(&mut chunk);
            }
        } else {
            self.stream.read_to_end(&mut body).expect("the rest");
        }
        body
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line in time");
        assert!(line.ends_with("\r\n"), "a line that breaks off: {line:?}");
        line.trim_end_matches("\r\n").to_owned()
    }

    /// Whether something is there to be read within so long.
    pub(crate) fn is_answered_within(&mut self, wait: Duration) -> bool {
        let stream = self.stream.get_mut();
        stream.set_read_timeout(Some(wait)).expect("an option of the socket");
        let seen = stream.peek(&mut [0]);
        stream.set_read_timeout(Some(PATIENCE)).expect("an option of the socket");
        match seen {
            Ok(_) => true,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether the server has closed its side, and sent nothing more before that.
    pub(crate) fn is_over(&mut self) -> bool {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("an orderly end");
        rest.is_empty()
    }
}
