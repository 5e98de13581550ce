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

    /// A success whose body breaks off.
    pub(super) fn cut(status: u16) -> Self {
        Self::raw(format!("HTTP/1.1 {status} X\r\n{}Content-Length: 99\r\n\r\n{{", super::JSON))
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
    requests: Arc<Mutex<Vec<(String, String)>>>,
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
                let Ok(request) = read_request(&stream).await else { continue };
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
        self.requests.lock().unwrap().iter().map(|(head, _)| head.clone()).collect()
    }

    /// The bodies of all requests so far.
    pub(super) fn bodies(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// Method and path of all requests so far, the path without what all have in common.
    pub(super) fn calls(&self) -> Vec<String> {
        let call = |head: &String| head.split(" HTTP/").next().unwrap().replace(&super::sub_accounts(), "");
        self.requests().iter().map(call).collect()
    }

    /// Path and query of all requests so far.
    pub(super) fn targets(&self) -> Vec<String> {
        self.requests().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

/// Head and body of a request.
async fn read_request(stream: &TcpStream) -> io::Result<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end + 4].to_vec()).unwrap();
            if bytes.len() >= end + 4 + super::header(&head, "content-length").map_or(0, |value| value.parse().unwrap())
            {
                return Ok((head, String::from_utf8(bytes.split_off(end + 4)).unwrap()));
            }
        }
        stream.readable().await?;
        let mut buffer = [0; 4096];
        match stream.try_read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
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
