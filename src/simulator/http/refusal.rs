//! Everything the simulated API refuses: the status and the words of each.
//!
//! Words are the vendor's where its documentation gives them and plausible where it does not; nothing may depend
//! on them. An error body is exactly `{"message": "…"}`, and must never gain a second field.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::Answer;
use crate::simulator::world::Refused;

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Why a request gets no answer. The text is the body's message.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Too many requests, rate limited.")]
    RateLimited { retry_after: bool },
    #[error("Missing or malformed bearer token")]
    NoBearerToken,
    #[error("Invalid API key")]
    UnknownKey,
    #[error("API key doesn't belong to the specified account")]
    KeyOfAnotherAccount,
    #[error("invalid {0}")]
    MalformedId(&'static str),
    #[error("Insufficient permissions for the required scope")]
    MissingScope,
    #[error("idempotency key must be at most 255 characters")]
    BadIdempotencyKey,
    #[error("A request with this idempotency key is already in progress")]
    InProgress { retry_after_secs: u64 },
    #[error("idempotency key was already used with a different request payload")]
    OtherPayload,
    #[error("invalid request body")]
    InvalidBody,
    #[error("Request body too large")]
    LargeBody,
    #[error("invalid query parameters")]
    InvalidQuery,
    #[error("limit must be between 1 and 100")]
    LimitOutOfRange,
    #[error("after and before are mutually exclusive")]
    TwoDirections,
    #[error("invalid cursor")]
    InvalidCursor,
    #[error(transparent)]
    World(#[from] Refused),
    #[error("{0}")]
    Control(String),
    #[error("the control endpoints do not answer to web pages")]
    OfWebPage,
    #[error("the control endpoints answer to this machine only")]
    FromElsewhere,
    #[error("Not found")]
    NoSuchPath,
    #[error("Method not allowed")]
    NoSuchMethod,
    #[error("Internal server error")]
    Internal,
    #[error("Service unavailable")]
    Unavailable,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoBearerToken | Self::UnknownKey | Self::KeyOfAnotherAccount => StatusCode::UNAUTHORIZED,
            Self::MissingScope | Self::World(Refused::ParentSuspended) | Self::OfWebPage | Self::FromElsewhere => {
                StatusCode::FORBIDDEN
            }
            Self::InProgress { .. } => StatusCode::CONFLICT,
            Self::OtherPayload => StatusCode::UNPROCESSABLE_ENTITY,
            Self::LargeBody => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MalformedId(_)
            | Self::BadIdempotencyKey
            | Self::InvalidBody
            | Self::InvalidQuery
            | Self::LimitOutOfRange
            | Self::TwoDirections
            | Self::InvalidCursor
            | Self::Control(_)
            | Self::World(Refused::Invalid(_) | Refused::NothingGiven | Refused::NothingChanges) => {
                StatusCode::BAD_REQUEST
            }
            Self::World(Refused::NoSuchAccount | Refused::NoSuchKey) | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The refusal as an answer, which is what may be stored and replayed.
    pub(super) fn into_answer(self) -> Answer {
        let answer = Answer::message(self.status(), &self.to_string());
        match self {
            Self::RateLimited { retry_after: true } => answer.with(header::RETRY_AFTER, HeaderValue::from(1)),
            // only both headers together tell a client that this 409 is not final
            Self::InProgress { retry_after_secs } => answer
                .with(IDEMPOTENT_REPLAYED, HeaderValue::from_static("false"))
                .with(header::RETRY_AFTER, HeaderValue::from(retry_after_secs)),
            _ => answer,
        }
    }
}

impl Answer {
    /// The same answer, marked as given before.
    pub(super) fn replayed(self) -> Self {
        self.with(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.into_answer().into_response()
    }
}
