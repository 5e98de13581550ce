//! One attempt of one call: send, check the head, read the body, every limit applied.
//!
//! It never retries and never waits for anything but the network and its turn.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use tokio::time::{Instant, timeout_at};
use url::Position;

use super::request::Request;
use super::{Answer, Client, Failure, retry};

/// The name of a request that is to be carried out at most once.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// `true` on an answer that was given before, `false` where the request is still being carried out.
pub(super) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

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
    pub(super) async fn fetch(&self, request: &Request) -> Result<Answer, Failure> {
        let left = self.time_left();
        let limit = self.limits.request_timeout;
        let until = Instant::now() + limit.min(left);
        let late = |_| if left <= limit { Failure::Deadline } else { Failure::Slow { limit } };

        let response = timeout_at(until, self.send(request)).await.map_err(late)?;
        let response = response.map_err(|error| Failure::before_head(error, self.proxy.as_deref()))?;
        let status = response.status();
        tracing::debug!(status = status.as_u16(), "{}", request.call);
        if !request.call.operation().is_answered_by(status) {
            return Err(self.refusal(request, response, until).await);
        }
        self.check_head(&response)?;
        let server_date = server_date(response.headers());
        let request_id = self.request_id(response.headers());
        let replayed = is_replayed(response.headers());
        let body = timeout_at(until, self.read_body(response)).await.map_err(late)??;
        Ok(Answer {
            target: request.url[Position::BeforePath..Position::AfterQuery].to_owned(),
            status: status.as_u16(),
            server_date,
            request_id,
            replayed,
            attempts: 1,
            body,
        })
    }

    /// Sends the request and waits for the head of the answer.
    async fn send(&self, request: &Request) -> Result<Response, reqwest::Error> {
        let method = request.call.operation().method();
        let mut sending = self.http.request(method.clone(), request.url.clone());
        if let Some(key) = &request.idempotency_key {
            sending = sending.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if let Some(body) = &request.body {
            sending = sending.header(CONTENT_TYPE, "application/json").body(body.clone());
        } else if method == Method::POST {
            // The HTTP library leaves it out where there is no body, and some gateways refuse a POST without it.
            sending = sending.header(CONTENT_LENGTH, "0");
        }
        sending.send().await
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
            let broken = |error| Failure::within_body(error, received_bytes, self.proxy.as_deref());
            let chunk = response.chunk().await.map_err(broken)?;
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
}

/// Whether the server says that it gave this answer before.
pub(super) fn is_replayed(headers: &HeaderMap) -> bool {
    headers.get(IDEMPOTENT_REPLAYED).is_some_and(|value| value == "true")
}

fn is_json(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// The server's `Date`, if it can be read.
pub(super) fn server_date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    retry::http_date(headers.get(DATE)?.to_str().ok()?)
}
