//! The simulated API over HTTP: routes, keys, query parameters, and the headers on every answer.
//!
//! Owns what a request may ask and how it is refused. The answers themselves come from the world; this file must
//! never compute an amount, hold a lock across an await, or show the key.

mod body;
mod cursor;
mod refusal;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use axum::Router;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::world::{Seek, World};
use refusal::Refusal;

/// The most items a page may have, and how many it has unless told otherwise.
const PAGE_LIMIT_MAX: usize = 100;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type Answer = Result<Response, Refusal>;

/// What all requests share.
pub(super) struct Shared {
    world: RwLock<World>,
    key: String,
    /// Requests so far; the number of a request is its id.
    request_count: AtomicU64,
}

impl Shared {
    pub(super) fn new(world: World, key: String) -> Self {
        Self { world: RwLock::new(world), key, request_count: AtomicU64::new(0) }
    }

    fn world(&self) -> RwLockReadGuard<'_, World> {
        // A world is replaced whole or not at all, so one whose writer panicked is still consistent.
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All routes. Whatever is asked, the answer is JSON and carries the headers of [`stamp`].
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v2/accounts/{account_id}/sub-accounts", get(list))
        .route("/v2/accounts/{account_id}/sub-accounts/usage", get(usage))
        .route("/v2/accounts/{account_id}/sub-accounts/{sub_account_id}", get(show))
        .fallback(async || Refusal::NoSuchPath)
        .method_not_allowed_fallback(async || Refusal::NoSuchMethod)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), stamp))
        .with_state(shared)
}

/// Numbers the request and dates the answer with the world's now, so that what a demo records is the same each time.
async fn stamp(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let number = shared.request_count.fetch_add(1, Ordering::Relaxed) + 1;
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from(number));
    let date = shared.world().as_of().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Proof that the request carries the parent account's key and asks about the parent account.
///
/// An extractor and the first argument of each handler, because the real API checks the key before anything else.
struct Authorised;

impl FromRequestParts<Arc<Shared>> for Authorised {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Refusal> {
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match authorization.and_then(|value| value.strip_prefix("Bearer ")) {
            None | Some("") => return Err(Refusal::NoBearerToken),
            Some(key) if key != shared.key => return Err(Refusal::UnknownKey),
            Some(_) => {}
        }
        let params = RawPathParams::from_request_parts(parts, shared).await.ok();
        let account_id = params.iter().flatten().find(|(name, _)| *name == "account_id").map(|(_, value)| value);
        let account_id =
            account_id.and_then(|value| Uuid::try_parse(value).ok()).ok_or(Refusal::MalformedId("account_id"))?;
        if account_id != shared.world().parent_account_id() {
            return Err(Refusal::KeyOfAnotherAccount);
        }
        Ok(Self)
    }
}

/// The query as text: the API's own messages for bad values are better than a deserializer's.
#[derive(Deserialize)]
struct ListQuery {
    limit: Option<String>,
    after: Option<String>,
    before: Option<String>,
    /// The name of `after` in an older contract, still sent by the vendor's command-line tool.
    cursor: Option<String>,
}

impl ListQuery {
    fn limit(&self) -> Result<usize, Refusal> {
        match self.limit.as_deref().map(str::parse) {
            None => Ok(PAGE_LIMIT_MAX),
            Some(Ok(limit)) if (1..=PAGE_LIMIT_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(Refusal::LimitOutOfRange),
        }
    }

    fn seek(&self) -> Result<Seek, Refusal> {
        let place = |cursor: &str| cursor::decode(cursor).ok_or(Refusal::InvalidCursor);
        match (self.after.as_deref().or(self.cursor.as_deref()), self.before.as_deref()) {
            (Some(_), Some(_)) => Err(Refusal::TwoDirections),
            (Some(after), None) => place(after).map(Seek::After),
            (None, Some(before)) => place(before).map(Seek::Before),
            (None, None) => Ok(Seek::Start),
        }
    }
}

async fn list(
    _: Authorised,
    State(shared): State<Arc<Shared>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Answer {
    let Query(query) = query.map_err(|_| Refusal::InvalidQuery)?;
    let (limit, seek) = (query.limit()?, query.seek()?);
    let world = shared.world();
    json(&body::page(&world, &world.page(seek, limit)))
}

async fn usage(_: Authorised, State(shared): State<Arc<Shared>>) -> Answer {
    json(&body::usage(&shared.world()))
}

async fn show(
    _: Authorised,
    State(shared): State<Arc<Shared>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Answer {
    let id = path.ok().and_then(|Path((_, id))| Uuid::try_parse(&id).ok());
    let id = id.ok_or(Refusal::MalformedId("sub_account_id"))?;
    let world = shared.world();
    let account = world.sub_account(id).ok_or(Refusal::NoSuchSubAccount)?;
    json(&body::sub_account(&world, account))
}

fn json(body: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(body).map_err(|_| Refusal::Internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}
