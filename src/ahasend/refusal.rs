//! What a status means that is no answer to the call, and what of the server's texts may be shown.
//!
//! It must never draw a conclusion from a text, and never show one that holds the key in any spelling.

use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::fetch::{IDEMPOTENT_REPLAYED, is_replayed, server_date};
use super::request::Request;
use super::{Client, Failure, Repeats, retry, wire};

/// The server's id of a request, to be quoted to its support.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest text taken over from a header, in characters: a UUID or a host name fits. A key is longer, and anything
/// longer is left out whole, so that no encoding of a key passes.
const HEADER_TEXT_CHARS_MAX: usize = 64;
/// Longest body in bytes that is searched for a message: it is one sentence in a small object.
const MESSAGE_BODY_BYTES_MAX: usize = 16 * 1024;
/// Longest wait for such a body. The status is known by then, and a message is not worth a stalled call.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest message shown, in characters.
const MESSAGE_CHARS_MAX: usize = 200;
/// Longest word of a message that is shown, in characters: a UUID in quotes fits. Any encoding of a key is longer.
const MESSAGE_WORD_CHARS_MAX: usize = 40;
/// Stands for a text that may not be shown.
const WITHHELD: &str = "(withheld)";

impl Client {
    /// What a status says that is no answer to the call. Only where it speaks of the values sent is the body looked at.
    pub(super) async fn refusal(&self, request: &Request, response: Response, until: Instant) -> Failure {
        let (status, headers) = (response.status(), response.headers());
        let code = status.as_u16();
        let operation = request.call.operation();
        let request_id = self.request_id(headers);
        match status {
            StatusCode::UNAUTHORIZED => Failure::Unauthorized { request_id },
            StatusCode::FORBIDDEN => Failure::Forbidden { scope: operation.scope(), request_id },
            _ if status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT =>
            {
                Failure::Busy { status: code, retry_after: retry_after(headers), request_id }
            }
            _ if status.is_redirection() => {
                Failure::Redirect { status: code, host: self.redirect_host(&request.url, headers) }
            }
            StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::CONFLICT
            | StatusCode::UNPROCESSABLE_ENTITY
                if !operation.is_of_captures() =>
            {
                let has_key = operation.repeats() == Repeats::WithKey;
                if has_key && status == StatusCode::UNPROCESSABLE_ENTITY {
                    return Failure::KeyReused { request_id };
                }
                if has_key && let Some(retry_after) = in_progress(status, headers) {
                    return Failure::InProgress { retry_after, request_id };
                }
                let replayed = is_replayed(headers);
                Failure::Rejected { status: code, message: self.message(response, until).await, replayed, request_id }
            }
            _ => Failure::Status { status: code, request_id },
        }
    }

    /// Reads the body of a refusal, as far as there is time and sense in it, for its message.
    async fn message(&self, mut response: Response, until: Instant) -> Option<String> {
        let read = async {
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await.ok()? {
                if body.len().saturating_add(chunk.len()) > MESSAGE_BODY_BYTES_MAX {
                    return None;
                }
                body.extend_from_slice(&chunk);
            }
            Some(body)
        };
        let until = until.min(Instant::now() + MESSAGE_TIMEOUT);
        self.message_in(&timeout_at(until, read).await.ok()??)
    }

    /// The message of a refusal, fit to be shown to people: withheld whole where it could hold a key.
    pub(super) fn message_in(&self, body: &[u8]) -> Option<String> {
        let message = wire::message(body).filter(|_| body.len() <= MESSAGE_BODY_BYTES_MAX)?;
        let is_long = |word: &str| word.chars().nth(MESSAGE_WORD_CHARS_MAX).is_some();
        if self.is_in(message.as_bytes()) || message.split_whitespace().any(is_long) {
            return Some(WITHHELD.to_owned());
        }
        Some(wire::display(&message, MESSAGE_CHARS_MAX))
    }

    pub(super) fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        headers.get(X_REQUEST_ID).map(|value| self.shown(value)).filter(|id| !id.is_empty())
    }

    /// The host that a redirect points to; a relative `Location` stays with the host asked.
    fn redirect_host(&self, url: &Url, headers: &HeaderMap) -> Option<String> {
        let location = url.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
        location.host_str().map(|host| self.shown_text(host))
    }

    pub(super) fn shown(&self, value: &HeaderValue) -> String {
        self.shown_text(&String::from_utf8_lossy(value.as_bytes()))
    }

    /// The server's text, fit to be shown: visible ASCII, and nothing at all if it is long or echoes the key.
    fn shown_text(&self, text: &str) -> String {
        let is_plain = |char: &char| char.is_ascii_graphic() && *char != '`';
        let shown: String = text.chars().filter(is_plain).collect();
        if shown.len() > HEADER_TEXT_CHARS_MAX || self.is_in(shown.as_bytes()) {
            return WITHHELD.to_owned();
        }
        shown
    }
}

/// How long to wait for a request that is being carried out. Only the two headers together say that it is; any other
/// 409 is final.
fn in_progress(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let is_running = status == StatusCode::CONFLICT && headers.get(IDEMPOTENT_REPLAYED)? == "false";
    let wait = retry::whole_seconds(headers.get(RETRY_AFTER)?.to_str().ok()?)?;
    (is_running && !wait.is_zero()).then_some(wait)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry::retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, server_date(headers))
}
