//! One call as it goes out: made once, and the same bytes at every attempt.
//!
//! It has no `Debug`: what a body says of a customer is nobody's business but the server's.

use bytes::Bytes;
use serde::Serialize;
use url::Url;

use super::{Call, IdempotencyKey};

/// What is sent for one call.
pub(super) struct Request {
    pub(super) call: Call,
    pub(super) url: Url,
    /// JSON. Never made anew for a repeat: the server compares the bytes, not what they mean.
    pub(super) body: Option<Bytes>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

impl Request {
    /// A request without a body.
    pub(super) const fn new(call: Call, url: Url) -> Self {
        Self { call, url, body: None, idempotency_key: None }
    }

    /// The same, with these values as its body.
    pub(super) fn with(self, values: &impl Serialize) -> Self {
        // Structs of texts and numbers always become JSON.
        let body = serde_json::to_vec(values).unwrap_or_default();
        Self { body: Some(body.into()), ..self }
    }

    /// The same, to be carried out at most once.
    pub(super) fn once(self, key: &IdempotencyKey) -> Self {
        Self { idempotency_key: Some(key.clone()), ..self }
    }
}
