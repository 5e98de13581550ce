//! One attempt of one call: send, check the head, read the body, every limit applied.
//!
//! It never retries and never waits for anything but the network and its turn.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Position, Url};

use super::{Answer, Call, Client, Failure, retry};

/// The server's id of a request, to be quoted to its support.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest text taken over from a header, in characters: a UUID or a host name fits. A key is longer, and anything
/// longer is left out whole, so that no encoding of a key passes.
const HEADER_TEXT_CHARS_MAX: usize = 64;

impl Client {
    /// Waits until the pace allows one more request; none begins after the deadline.
    pub(super) async fn turn(&self) -> Result<(), Failure> {
        if self.time_left().is_zero() {
            return Err(Failure::Deadline);
        }
        timeout_at(self.deadline, self.pace.until_ready()).await.map_err(|_| Failure::Deadline)
    }

    /// Time until the deadline.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Makes one attempt, within the attempt's timeout or what is left until the deadline.
    pub(super) async fn fetch(&self, call: Call, url: &Url) -> Result<Answer, Failure> {
        let left = self.time_left();
        let limit = self.limits.request_timeout;
        timeout(limit.min(left), self.exchange(call, url)).await.unwrap_or(Err(if left <= limit {
            Failure::Deadline
        } else {
            Failure::Slow { limit }
        }))
    }

    async fn exchange(&self, call: Call, url: &Url) -> Result<Answer, Failure> {
        let response = self.http.get(url.clone()).send().await.map_err(Failure::before_head)?;
        let status = response.status();
        tracing::debug!(status = status.as_u16(), "{call}");
        if !call.operation().is_answered_by(status) {
            return Err(self.refusal(call, url, status, response.headers()));
        }
        self.check_head(&response)?;
        let server_date = server_date(response.headers());
        let request_id = self.request_id(response.headers());
        let body = self.read_body(response).await?;
        Ok(Answer {
            target: url[Position::BeforePath..Position::AfterQuery].to_owned(),
            status: status.as_u16(),
            server_date,
            request_id,
            body,
        })
    }

    /// What a status says that is no answer to the call. The body is not looked at.
    fn refusal(&self, call: Call, url: &Url, status: StatusCode, headers: &HeaderMap) -> Failure {
        let code = status.as_u16();
        let request_id = self.request_id(headers);
        match status {
            StatusCode::UNAUTHORIZED => Failure::Unauthorized { request_id },
            StatusCode::FORBIDDEN => Failure::Forbidden { scope: call.operation().scope(), request_id },
            _ if status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT =>
            {
                Failure::Busy { status: code, retry_after: retry_after(headers), request_id }
            }
            _ if status.is_redirection() => Failure::Redirect { status: code, host: self.redirect_host(url, headers) },
            _ => Failure::Status { status: code, request_id },
        }
    }

    /// Refuses what cannot be read as it stands, before any of the body is taken in.
    fn check_head(&self, response: &Response) -> Result<(), Failure> {
        let headers = response.headers();
        for encoding in headers.get_all(CONTENT_ENCODING) {
            if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
                return Err(Failure::Encoding { encoding: self.shown(encoding) });
            }
        }
        let content_type = headers.get(CONTENT_TYPE);
        if !content_type.is_some_and(is_json) {
            return Err(Failure::ContentType { content_type: content_type.map(|value| self.shown(value)) });
        }
        let limit_bytes = self.limits.body_bytes_max;
        if response.content_length().is_some_and(|length| length > limit_bytes) {
            return Err(Failure::TooLarge { limit_bytes });
        }
        Ok(())
    }

    /// Reads the body to its end, counting: not every body declares its length.
    async fn read_body(&self, mut response: Response) -> Result<Bytes, Failure> {
        let limit_bytes = self.limits.body_bytes_max;
        let mut body = BytesMut::new();
        let mut received_bytes = 0_u64;
        loop {
            let chunk = response.chunk().await.map_err(|error| Failure::within_body(error, received_bytes))?;
            let Some(chunk) = chunk else { break };
            received_bytes = received_bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            if received_bytes > limit_bytes {
                return Err(Failure::TooLarge { limit_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        if body.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) != Some(&b'{') {
            return Err(Failure::NotAnObject);
        }
        Ok(body.freeze())
    }

    fn request_id(&self, headers: &HeaderMap) -> Option<String> {
        headers.get(X_REQUEST_ID).map(|value| self.shown(value)).filter(|id| !id.is_empty())
    }

    /// The host that a redirect points to; a relative `Location` stays with the host asked.
    fn redirect_host(&self, url: &Url, headers: &HeaderMap) -> Option<String> {
        let location = url.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
        location.host_str().map(|host| self.shown_text(host))
    }

    fn shown(&self, value: &HeaderValue) -> String {
        self.shown_text(&String::from_utf8_lossy(value.as_bytes()))
    }

    /// The server's text, fit to be shown: visible ASCII, and nothing at all if it is long or echoes the key.
    fn shown_text(&self, text: &str) -> String {
        let is_plain = |char: &char| char.is_ascii_graphic() && *char != '`';
        let shown: String = text.chars().filter(is_plain).collect();
        let key = self.key.expose_secret().to_ascii_lowercase();
        if shown.len() > HEADER_TEXT_CHARS_MAX || shown.to_ascii_lowercase().contains(&key) {
            return "(withheld)".to_owned();
        }
        shown
    }
}

fn is_json(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn server_date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    retry::http_date(headers.get(DATE)?.to_str().ok()?)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry::retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, server_date(headers))
}
