//! A server that plays a script: one reply per connection, byte for byte, then it hangs up.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use url::Url;

/// Bytes to send, each part followed by a pause.
pub(super) struct Reply(Vec<(Vec<u8>, Duration)>);

impl Reply {
    /// Exactly these bytes.
    pub(super) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![(bytes.into(), Duration::ZERO)])
    }

    /// An answer with more header lines (each ending in CRLF) and a body of declared length.
    pub(super) fn full(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::raw(format!(
            "HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// A JSON answer.
    pub(super) fn json(status: u16, body: &str) -> Self {
        Self::full(status, "Content-Type: application/json; charset=utf-8\r\n", body)
    }

    /// These bytes, and then one space after another, each after a `pause`.
    pub(super) fn drip(bytes: &str, pause: Duration) -> Self {
        let mut parts = vec![(bytes.as_bytes().to_vec(), pause)];
        parts.extend((0..1000).map(|_| (b" ".to_vec(), pause)));
        Self(parts)
    }
}

/// The server, alive as long as the test's runtime.
pub(super) struct Server {
    pub(super) base_url: Url,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts to play `script`; connections beyond it are closed unanswered.
    pub(super) async fn play(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let mut script: Vec<Reply> = script.into_iter().collect();
        script.reverse();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(request) = read_head(&stream).await else { continue };
                seen.lock().unwrap().push(request);
                if let Some(reply) = script.pop() {
                    // A client that hangs up early is often the point of the test.
                    let _ = send(&stream, reply).await;
                }
            }
        });
        Self { base_url, requests }
    }

    /// The heads of all requests so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Path and query of all requests so far.
    pub(super) fn targets(&self) -> Vec<String> {
        self.requests().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

async fn read_head(stream: &TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        stream.readable().await?;
        let mut buffer = [0; 4096];
        match stream.try_read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => head.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8(head).unwrap())
}

async fn send(stream: &TcpStream, reply: Reply) -> io::Result<()> {
    for (bytes, pause) in reply.0 {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            stream.writable().await?;
            match stream.try_write(rest) {
                Ok(length) => rest = &rest[length..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        sleep(pause).await;
    }
    Ok(())
}
