//! What an operation answers: a status, a few headers and JSON.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use super::refusal::Refusal;

/// An answer, small enough to be stored and given again. It may hold a secret, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What came of a request.
pub(super) type Outcome = Result<Answer, Refusal>;

impl Answer {
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Outcome {
        Ok(Self::new(status, serde_json::to_vec(body).map_err(|_| Refusal::Internal)?))
    }

    /// An answer that only says something.
    pub(super) fn message(status: StatusCode, message: &str) -> Self {
        Self::new(status, serde_json::json!({ "message": message }).to_string())
    }

    fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { status, headers, body: body.into() }
    }

    /// A 200.
    pub(super) fn ok(body: &impl Serialize) -> Outcome {
        Self::json(StatusCode::OK, body)
    }

    #[must_use]
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}
