//! Spoiling an answer: cutting it, swelling it, mislabelling it, or changing what it says.
//!
//! Owns what each kind of fault looks like on the wire. An answer that a fault does not fit is left alone.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::iter::{once, repeat_n};

use axum::body::Body;
use axum::http::response::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use tokio::task::yield_now;

use super::edit;
use super::paging::ListQuery;
use crate::simulator::fault::Kind;

/// A huge answer is 300 MiB of padding, in pieces of 256 KiB that are all the same memory.
const PADDING_PIECE_BYTES: usize = 256 << 10;
const PADDING_PIECES: usize = 1_200;

/// The spoiled answer; nothing if the fault does not fit it.
pub(super) fn spoilt(kind: Kind, query: &ListQuery, parts: &Parts, body: &Bytes) -> Option<Response> {
    let mut parts = parts.clone();
    // a cut or swollen answer must not keep the length of the good one
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = match kind {
        Kind::Truncated => {
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            cut_off(half(body)?)
        }
        Kind::Reset => Body::from_stream(stream::once(ready(Err::<Bytes, _>(broken())))),
        Kind::ContentType => {
            parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            Body::from(body.clone())
        }
        Kind::Malformed => Body::from(half(body)?),
        Kind::Huge => swollen(body)?,
        _ if parts.status.is_success() => Body::from(edit::edited(kind, query, body)?),
        _ => return None,
    };
    Some(Response::from_parts(parts, body))
}

fn half(body: &Bytes) -> Option<Bytes> {
    (!body.is_empty()).then(|| body.slice(..body.len() / 2))
}

fn broken() -> io::Error {
    io::Error::other("the connection is broken on purpose")
}

/// Sends what there is, and then breaks the connection.
fn cut_off(start: Bytes) -> Body {
    let end = stream::once(async {
        // an error right away would keep back what is to be sent before it
        yield_now().await;
        Err(broken())
    });
    Body::from_stream(stream::once(ready(Ok(start))).chain(end))
}

/// The same object behind a field that is longer than anybody should read.
fn swollen(body: &Bytes) -> Option<Body> {
    let fields = body.strip_prefix(b"{").map(|fields| body.slice_ref(fields))?;
    let padding = Bytes::from(vec![b'x'; PADDING_PIECE_BYTES]);
    let pieces = once(Bytes::from_static(b"{\"padding\":\""))
        .chain(repeat_n(padding, PADDING_PIECES))
        .chain([Bytes::from_static(b"\","), fields]);
    Some(Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>))))
}
