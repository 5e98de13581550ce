//! Where faults strike: before a request is looked at, and after it was answered.
//!
//! The third place, during execution, is in `conduct`, because a request that waits holds its idempotency key.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Answer;
use super::paging::ListQuery;
use super::refusal::Refusal;
use super::shared::Shared;
use super::spoil::spoilt;
use crate::simulator::fault::{Kind, Stage};

/// Where a redirect leads: a host that no client may give the key to.
const ELSEWHERE: HeaderValue = HeaderValue::from_static("https://elsewhere.example/");

/// The layer around the API in which things go wrong.
pub(super) async fn mishaps(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let uri = request.uri().clone();
    let target = uri.to_string();
    let struck = shared.faults().strike(Stage::Before, method.as_str(), &target, |fault| Some(fault.kind));
    if let Some(kind) = struck {
        return instead(&shared, kind);
    }
    let response = next.run(request).await;
    if !shared.faults().is_any_left(Stage::After) {
        return response;
    }
    let (parts, body) = response.into_parts();
    // it was made here, and is complete
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Refusal::Internal.into_response() };
    let query = ListQuery::of(&uri).unwrap_or_default();
    let spoil = |kind| spoilt(kind, &query, &parts, &body);
    let spoiled = shared.faults().strike(Stage::After, method.as_str(), &target, |fault| spoil(fault.kind));
    spoiled.unwrap_or_else(|| Response::from_parts(parts, Body::from(body)))
}

/// What is answered instead of looking at the request.
fn instead(shared: &Shared, kind: Kind) -> Response {
    match kind {
        Kind::TooManyRequests => {
            Refusal::RateLimited { retry_after: shared.world().mood().retry_after }.into_response()
        }
        Kind::Unavailable => Refusal::Unavailable.into_response(),
        Kind::Redirect => Answer::message(StatusCode::TEMPORARY_REDIRECT, "Temporary redirect")
            .with(header::LOCATION, ELSEWHERE)
            .into_response(),
        _ => Refusal::Internal.into_response(),
    }
}
