//! The simulated API over HTTP: the table of its operations, and what every answer has in common.
//!
//! Owns the way of a request through the layers. The answers come from the world; nothing below here may compute an
//! amount, hold a lock across an await, or show a key.

mod access;
mod accounts;
mod answer;
mod api_keys;
mod body;
mod conduct;
mod control;
mod cursor;
mod edit;
mod idempotency;
mod input;
mod mishaps;
mod paging;
mod refusal;
mod shared;
mod spoil;
mod truth;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};

use conduct::{Operation, Replay};
use refusal::Refusal;

pub(super) use shared::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const ALL: &str = "/v2/accounts/{account_id}/sub-accounts";
const USAGE: &str = "/v2/accounts/{account_id}/sub-accounts/usage";
const ONE: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}";
const SUSPEND: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/suspend";
const UNSUSPEND: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/unsuspend";
const KEYS: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/api-keys";
const KEY: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/api-keys/{key_id}";

/// Every operation: how it is asked for, what the key must grant, and what does it.
const OPERATIONS: [(MethodFilter, &str, Operation); 13] = [
    (MethodFilter::GET, ALL, Operation::new("sub-accounts:read", accounts::list)),
    (MethodFilter::POST, ALL, Operation::new("sub-accounts:write", accounts::create).replayed(Replay::Day)),
    (MethodFilter::GET, USAGE, Operation::new("sub-accounts:usage", accounts::usage)),
    (MethodFilter::GET, ONE, Operation::new("sub-accounts:read", accounts::show)),
    (MethodFilter::PUT, ONE, Operation::new("sub-accounts:write", accounts::update)),
    (MethodFilter::DELETE, ONE, Operation::new("sub-accounts:delete", accounts::delete)),
    (MethodFilter::POST, SUSPEND, Operation::new("sub-accounts:suspend", accounts::suspend)),
    (MethodFilter::POST, UNSUSPEND, Operation::new("sub-accounts:suspend", accounts::unsuspend)),
    (MethodFilter::GET, KEYS, Operation::new("sub-account-api-keys:read", api_keys::list)),
    (MethodFilter::POST, KEYS, Operation::new("sub-account-api-keys:write", api_keys::create).replayed(Replay::Secret)),
    (MethodFilter::GET, KEY, Operation::new("sub-account-api-keys:read", api_keys::show)),
    (MethodFilter::PUT, KEY, Operation::new("sub-account-api-keys:write", api_keys::update)),
    (MethodFilter::DELETE, KEY, Operation::new("sub-account-api-keys:delete", api_keys::delete)),
];

/// All routes. Whatever is asked, the answer is JSON and carries the headers of [`stamp`].
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let mut api = Router::new();
    for (method, path, operation) in OPERATIONS {
        let run = move |State(shared), request| conduct::conduct(operation, shared, request);
        api = api.route(path, on(method, run));
        if method == MethodFilter::GET {
            // else the router would answer it like GET
            api = api.route(path, on(MethodFilter::HEAD, async || Refusal::NoSuchMethod));
        }
    }
    api.fallback(async || Refusal::NoSuchPath)
        .method_not_allowed_fallback(async || Refusal::NoSuchMethod)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), limit))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), mishaps::mishaps))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), number))
        // not numbered, limited or struck by faults
        .nest("/_simulator", control::router(Arc::clone(&shared)))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), stamp))
        .with_state(shared)
}

/// Lets the world catch up with the real time, and dates the answer with the world's now, so that what a demo records
/// is the same each time.
async fn stamp(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    shared.catch_up();
    let mut response = next.run(request).await;
    let date = shared.world().now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Numbers the request; the number is its id.
async fn number(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let number = shared.count_request();
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from(number));
    response
}

/// The rate limit, which comes before everything that looks at the request.
async fn limit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.admit() {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}
