//! HTTP/2, which the client speaks wherever the server does: streams that are reset, and connections that go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use super::case::{ATTEMPTS, Home, Place};
use super::server::Wire;
use super::tls::{Authority, Flaw};
use super::{NEXT_SECOND, assert_usage_kept};
use crate::support::look;
use crate::support::{Asked, NIGHT, base, base_usage};

/// How the server breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    /// Resets the stream instead of an answer.
    Reset(Reason),
    /// Resets it within the body.
    ResetWithin(Reason),
    /// Tells that the connection goes away, and drops it.
    GoAway(Reason),
    /// Ends the stream before the length that it said.
    Short,
}

/// A server of HTTP/2 that breaks off the first so many requests for the list.
struct Server {
    url: String,
    asked: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Server {
    fn start(authority: &Authority, how: Break, times: usize) -> Self {
        let Wire::Tls(acceptor) = authority.speaking("127.0.0.1", Flaw::None, &[b"h2"]) else { unreachable!() };
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(acceptor.clone(), stream, how, times, Arc::clone(&count)));
            }
        });
        Self { url, asked, _runtime: runtime }
    }
}

async fn connection(acceptor: TlsAcceptor, stream: TcpStream, how: Break, times: usize, asked: Arc<AtomicUsize>) {
    let stream = acceptor.accept(stream).await.expect("TLS");
    let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
    while let Some(Ok((request, respond))) = connection.accept().await {
        let target = request.uri().path_and_query().expect("a path").to_string();
        let request = Asked { target, before: 0 };
        let is_broken = Place::List.is_of(request.what()) && asked.fetch_add(1, Ordering::SeqCst) < times;
        match how {
            Break::GoAway(reason) if is_broken => connection.abrupt_shutdown(reason),
            how => answer(respond, &request, is_broken.then_some(how)),
        }
    }
}

fn answer(mut respond: SendResponse<Bytes>, asked: &Asked, broken: Option<Break>) {
    if let Some(Break::Reset(reason)) = broken {
        return respond.send_reset(reason);
    }
    let body = Bytes::from(base().reply(asked).body);
    let length = body.len() + usize::from(broken == Some(Break::Short));
    let head = axum::http::Response::builder().header("content-type", "application/json");
    let head = head.header("content-length", length).body(()).expect("a head");
    let mut stream = respond.send_response(head, false).expect("an open stream");
    match broken {
        Some(Break::ResetWithin(reason)) => {
            stream.send_data(body.slice(..body.len() / 2), false).expect("an open stream");
            stream.send_reset(reason);
        }
        _ => stream.send_data(body, true).expect("an open stream"),
    }
}

const BREAKS: [Break; 7] = [
    Break::Reset(Reason::INTERNAL_ERROR),
    Break::Reset(Reason::REFUSED_STREAM),
    Break::ResetWithin(Reason::CANCEL),
    Break::ResetWithin(Reason::INTERNAL_ERROR),
    Break::GoAway(Reason::NO_ERROR),
    Break::GoAway(Reason::ENHANCE_YOUR_CALM),
    Break::Short,
];

#[test]
fn a_page_whose_stream_or_connection_goes_away_is_fetched_again() {
    let authority = Authority::new();
    for how in BREAKS {
        let server = Server::start(&authority, how, 1);
        let home = Home::new().trusting(&authority);
        let night = home.night(&server.url, NEXT_SECOND);
        assert_eq!((night.code, look::assert_sound(home.path())), (0, (1, 1)), "{how:?}: {}", night.stderr);
        assert_eq!(server.asked.load(Ordering::SeqCst), 2, "{how:?}");
    }
}

#[test]
fn a_server_that_always_breaks_off_is_unreachable() {
    let authority = Authority::new();
    for how in BREAKS {
        let server = Server::start(&authority, how, usize::MAX);
        let home = Home::new().trusting(&authority);
        let night = home.night(&server.url, NIGHT);
        assert_usage_kept(&night, home.path(), 20, &base_usage());
        assert_eq!(server.asked.load(Ordering::SeqCst), ATTEMPTS, "{how:?}: {}", night.stderr);
        let mended = Server::start(&authority, how, 0);
        let night = home.night(&mended.url, NEXT_SECOND);
        assert_eq!((night.code, look::assert_sound(home.path())), (0, (1, 1)), "{how:?}: {}", night.stderr);
    }
}
