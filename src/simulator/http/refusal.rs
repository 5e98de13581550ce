//! Everything the simulated API refuses: the status and the words of each.
//!
//! Words are the vendor's where its documentation gives them and plausible where it does not; nothing may depend
//! on them. An error body is exactly `{"message": "…"}`, and must never gain a second field.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request gets no answer. The text is the body's message.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Missing or malformed bearer token")]
    NoBearerToken,
    #[error("Invalid API key")]
    UnknownKey,
    #[error("API key doesn't belong to the specified account")]
    KeyOfAnotherAccount,
    #[error("invalid {0}")]
    MalformedId(&'static str),
    #[error("invalid query parameters")]
    InvalidQuery,
    #[error("limit must be between 1 and 100")]
    LimitOutOfRange,
    #[error("after and before are mutually exclusive")]
    TwoDirections,
    #[error("invalid cursor")]
    InvalidCursor,
    #[error("Sub account not found")]
    NoSuchSubAccount,
    #[error("Not found")]
    NoSuchPath,
    #[error("Method not allowed")]
    NoSuchMethod,
    #[error("Internal server error")]
    Internal,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NoBearerToken | Self::UnknownKey | Self::KeyOfAnotherAccount => StatusCode::UNAUTHORIZED,
            Self::MalformedId(_)
            | Self::InvalidQuery
            | Self::LimitOutOfRange
            | Self::TwoDirections
            | Self::InvalidCursor => StatusCode::BAD_REQUEST,
            Self::NoSuchSubAccount | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "message": self.to_string() }).to_string();
        (self.status(), [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}
