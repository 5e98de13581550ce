//! A server that misbehaves as told: it writes bytes, not HTTP, and is free to stop, stall or slam the door anywhere.
//!
//! It listens on loopback, speaks plain TCP or TLS, and ends with the test.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::{Asked, Reply};

/// Longest pause between two bytes of a drip: often enough that a client's read timeout of one second never fires.
const DRIP_PAUSE: Duration = Duration::from_millis(100);
/// Longest request head that is read; whatever is longer is no request of ours.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// One thing that the server does on a connection once it has a request.
#[derive(Clone)]
pub(super) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes again and again until the client has gone.
    Repeat(Vec<u8>),
    /// Sends one of these bytes after another, slowly, until the client has gone.
    Drip(u8),
    /// Waits until the client has gone.
    Stall,
    /// Breaks the connection off, so that the client gets a reset.
    Reset,
    /// Closes TCP without the farewell that TLS wants.
    Cut,
    /// Passes on whatever comes and goes to a port of this machine, as a proxy does.
    Tunnel(u16),
    /// Waits for the next request on the same connection.
    Next,
    /// Closes the connection in all form, which is what happens at the end of the steps anyway.
    Close,
}

/// What the server does with one request, step by step.
pub(super) type Steps = Vec<Step>;

/// A text as it is, and then the end of the connection.
pub(super) fn sent(text: impl Into<Vec<u8>>) -> Steps {
    vec![Step::Send(text.into())]
}

/// A text, and then something else.
pub(super) fn sent_then(text: impl Into<Vec<u8>>, then: Step) -> Steps {
    vec![Step::Send(text.into()), then]
}

/// A well-behaved answer on a connection that stays open.
pub(super) fn whole(reply: &Reply) -> Steps {
    sent_then(http(reply), Step::Next)
}

/// The bytes of a well-behaved answer.
pub(super) fn http(reply: &Reply) -> String {
    let mut head = format!("HTTP/1.1 {} Status\r\nDate: Mon, 15 Jan 2024 02:00:00 GMT\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([*name, ": ", value, "\r\n"]);
    }
    // these have no body, and may not say how long it is
    if matches!(reply.status, 204 | 205 | 304) {
        return format!("{head}\r\n");
    }
    format!("{head}Content-Length: {}\r\n\r\n{}", reply.body.len(), String::from_utf8_lossy(&reply.body))
}

/// How a server is reached.
pub(super) enum Wire {
    /// Plain HTTP.
    Plain,
    /// HTTP over TLS.
    Tls(TlsAcceptor),
    /// Takes connections and never says a word.
    Mute,
}

type Handler = dyn Fn(&Asked) -> Steps + Send + Sync;

/// The server.
pub(super) struct RawServer {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Seen>,
    _runtime: Runtime,
}

/// What the server has seen so far.
#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    /// The head of each request.
    heads: Mutex<Vec<String>>,
}

impl RawServer {
    /// Does with each request what `steps` says.
    pub(super) fn start(wire: Wire, steps: impl Fn(&Asked) -> Steps + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        let scheme = if matches!(wire, Wire::Plain) { "http" } else { "https" };
        let seen = Arc::new(Seen::default());
        runtime.spawn(accept(listener, Arc::new(wire), Arc::clone(&seen), Arc::new(steps)));
        Self { address, scheme, seen, _runtime: runtime }
    }

    /// Its address as a base URL.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections it has taken.
    pub(super) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Path and query of every request so far.
    pub(super) fn targets(&self) -> Vec<String> {
        self.heads().iter().map(|head| target(head).to_owned()).collect()
    }

    /// The head of every request so far.
    pub(super) fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().expect("no panic").clone()
    }
}

impl Seen {
    /// Takes note of a request.
    fn asked(&self, head: String) -> Asked {
        let mut heads = self.heads.lock().expect("no panic");
        let target = target(&head).to_owned();
        let before = heads.iter().filter(|seen| self::target(seen) == target).count();
        heads.push(head);
        Asked { target, before }
    }
}

async fn accept(listener: TcpListener, wire: Arc<Wire>, seen: Arc<Seen>, steps: Arc<Handler>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        let (wire, seen, steps) = (Arc::clone(&wire), Arc::clone(&seen), Arc::clone(&steps));
        tokio::spawn(async move {
            // that a client hangs up in the middle is often the point of a test
            match &*wire {
                Wire::Plain => serve(stream, &seen, &*steps).await,
                Wire::Mute => until_gone(stream).await,
                Wire::Tls(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &seen, &*steps).await;
                    }
                }
            }
        });
    }
}

/// A connection whose socket can be had, whatever is spoken on it.
trait Connection: AsyncRead + AsyncWrite + Unpin {
    fn socket(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Connection for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn serve(mut stream: impl Connection, seen: &Seen, steps: &Handler) {
    while let Some(head) = request(&mut stream).await {
        let mut stays = false;
        for step in steps(&seen.asked(head)) {
            match step {
                Step::Send(bytes) => drop(stream.write_all(&bytes).await),
                Step::Repeat(bytes) => while stream.write_all(&bytes).await.is_ok() {},
                Step::Drip(byte) => {
                    while stream.write_all(&[byte]).await.is_ok() {
                        drop(stream.flush().await);
                        tokio::time::sleep(DRIP_PAUSE).await;
                    }
                }
                Step::Stall => {
                    drop(stream.flush().await);
                    return until_gone(stream).await;
                }
                Step::Reset => {
                    drop(stream.flush().await);
                    return stream.socket().set_zero_linger().expect("an open socket");
                }
                Step::Tunnel(port) => {
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.expect("a server");
                    drop(tokio::io::copy_bidirectional(&mut stream, &mut server).await);
                }
                Step::Cut => return drop(stream.flush().await),
                Step::Next => stays = true,
                Step::Close => {}
            }
        }
        drop(stream.flush().await);
        if !stays {
            break;
        }
    }
    drop(stream.shutdown().await);
}

/// The head of the next request; nothing if none comes any more. What is no request at all, such as the hello
/// of TLS, is one for nothing, as it is for the servers that there are.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = vec![stream.read_u8().await.ok()?];
    if !head[0].is_ascii_alphabetic() {
        return Some(String::new());
    }
    while !head.ends_with(b"\r\n\r\n") && head.len() < REQUEST_BYTES_MAX {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).expect("a request in ASCII"))
}

/// What is asked for, by the head of a request.
fn target(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

/// Takes whatever comes and says nothing, until the client has gone.
async fn until_gone(mut stream: impl AsyncRead + Unpin) {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}
