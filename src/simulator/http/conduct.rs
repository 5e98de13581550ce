//! The way of a request through an operation: access, body, idempotency, execution.
//!
//! Owns that order. While a request executes, its idempotency key is in progress, and stays so if the client hangs up,
//! because then nothing comes back here.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, Uri};
use bytes::Bytes;
use chrono::TimeDelta;
use tokio::time::sleep;

use super::access::{Ids, authorise};
use super::answer::{Answer, Outcome};
use super::idempotency::{Begun, Fate, Fingerprint};
use super::refusal::Refusal;
use super::shared::Shared;
use crate::simulator::fault::{Kind, Stage};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest idempotency key, in characters.
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Largest body of a request: far more than any of them needs.
const BODY_BYTES_MAX: usize = 1 << 20;
/// How long the outcome of a creation is kept, unless it holds a secret.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long an answer that holds a secret is kept.
const SECRET_KEPT: TimeDelta = TimeDelta::minutes(5);

/// What an operation is told.
pub(super) struct Call {
    pub(super) ids: Ids,
    pub(super) uri: Uri,
    pub(super) body: Bytes,
}

/// Which outcomes of an operation are kept and given again to the same idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replay {
    /// None: the header is ignored.
    Never,
    /// Successes and refusals, for a day.
    Day,
    /// Only successes, for minutes, because they hold a secret. After a refusal the key stays in progress.
    Secret,
}

/// One operation of the API.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    scope: &'static str,
    run: fn(&Shared, &Call) -> Outcome,
    replay: Replay,
}

impl Operation {
    pub(super) const fn new(scope: &'static str, run: fn(&Shared, &Call) -> Outcome) -> Self {
        Self { scope, run, replay: Replay::Never }
    }

    #[must_use]
    pub(super) const fn replayed(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }
}

/// What a waiting request waits for.
enum Wait {
    Millis(u64),
    Forever,
}

/// Executes an operation, or says why not.
pub(super) async fn conduct(operation: Operation, shared: Arc<Shared>, request: Request) -> Outcome {
    let (mut parts, body) = request.into_parts();
    let ids = authorise(&shared, &mut parts, operation.scope).await?;
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Refusal::LargeBody)?;
    let key = if operation.replay == Replay::Never { None } else { idempotency_key(&parts)? };
    let fingerprint = Fingerprint::of(&parts.method, parts.uri.path(), &body);
    let call = Call { ids, uri: parts.uri, body };
    let Some(key) = key else { return execute(operation, &shared, &parts.method, call).await };
    let ticket = match begin(&shared, &key, fingerprint) {
        Begun::Run(ticket) => ticket,
        Begun::Replay(answer) => return Ok(answer.replayed()),
        Begun::InProgress { left_secs } => return Err(Refusal::InProgress { retry_after_secs: left_secs }),
        Begun::OtherPayload => return Err(Refusal::OtherPayload),
    };
    let outcome = execute(operation, &shared, &parts.method, call).await;
    let answer = outcome.unwrap_or_else(Refusal::into_answer);
    let now = shared.world().now();
    shared.replays().end(&key, ticket, fate(operation.replay, &answer), now);
    Ok(answer)
}

fn begin(shared: &Shared, key: &str, fingerprint: Fingerprint) -> Begun<Answer> {
    let now = shared.world().now();
    shared.replays().begin(key, fingerprint, now)
}

async fn execute(operation: Operation, shared: &Shared, method: &Method, call: Call) -> Outcome {
    let wait =
        shared.faults().strike(Stage::During, method.as_str(), &call.uri.to_string(), |fault| match fault.kind {
            Kind::Slow => Some(Wait::Millis(fault.millis)),
            Kind::Stalled => Some(Wait::Forever),
            _ => None,
        });
    match wait {
        Some(Wait::Millis(millis)) => sleep(Duration::from_millis(millis)).await,
        Some(Wait::Forever) => pending().await,
        None => {}
    }
    (operation.run)(shared, &call)
}

/// The idempotency key of a request, if it has one. An empty header is none.
fn idempotency_key(parts: &Parts) -> Result<Option<String>, Refusal> {
    let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = str::from_utf8(value.as_bytes()).map_err(|_| Refusal::BadIdempotencyKey)?;
    match key.chars().count() {
        0 => Ok(None),
        1..=IDEMPOTENCY_KEY_CHARS_MAX => Ok(Some(key.to_owned())),
        _ => Err(Refusal::BadIdempotencyKey),
    }
}

fn fate(replay: Replay, answer: &Answer) -> Fate<Answer> {
    match replay {
        _ if answer.status.is_server_error() => Fate::Release,
        Replay::Secret if answer.status == StatusCode::CREATED => Fate::Keep(answer.clone(), SECRET_KEPT),
        Replay::Secret => Fate::Leave,
        Replay::Day | Replay::Never => Fate::Keep(answer.clone(), KEPT),
    }
}
