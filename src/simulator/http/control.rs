//! The control endpoints: whoever runs a simulation moves its world and looks behind the API.
//!
//! They need no key, so they answer only to this machine, and never to a web page that somebody on it has open. They
//! must never be what a client of the API depends on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, FromRequest, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::REQUEST_ID;
use super::answer::{Answer, Outcome};
use super::refusal::Refusal;
use super::shared::Shared;
use super::truth;
use crate::simulator::fault::Fault;
use crate::simulator::moods::MoodChange;
use crate::simulator::script::parse_instant;
use crate::simulator::settings::parse_scope;
use crate::simulator::world::Event;

/// The longest advance at once: every billing period on the way is lived through, and that takes its time.
const ADVANCE_MAX: TimeDelta = TimeDelta::days(3_660);
/// Largest body: a request here is a line.
const BODY_BYTES_MAX: usize = 1 << 16;
/// What a browser adds to the requests of a page, and nobody else.
const OF_PAGES: [HeaderName; 2] = [header::ORIGIN, HeaderName::from_static("sec-fetch-site")];

pub(super) fn router(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/state", get(async |State(shared): State<Arc<Shared>>| truth::state(&shared)))
        .route("/truth", get(async |State(shared): State<Arc<Shared>>| truth::truth(&shared)))
        .route("/advance", post(advance))
        .route("/send", post(send))
        .route("/delete", post(delete))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/keys", post(add_key))
        .route("/mood", post(change_mood))
        .fallback(async || Refusal::NoSuchPath)
        .method_not_allowed_fallback(async || Refusal::NoSuchMethod)
        .layer(middleware::from_fn_with_state(shared, guard))
}

/// Lets in who may control the simulation.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let headers = request.headers();
    let is_of_page = OF_PAGES.iter().any(|name| headers.contains_key(name));
    // a page can give its own name this machine's address, but it cannot hide the name
    let is_for_here = headers.get(header::HOST).is_none_or(|host| host.to_str().is_ok_and(is_name_of_this_machine));
    let mut response = if is_of_page || !(shared.control_from_anywhere || is_for_here) {
        Refusal::OfWebPage.into_response()
    } else if shared.control_from_anywhere || peer.is_some_and(is_this_machine) {
        next.run(request).await
    } else {
        Refusal::FromElsewhere.into_response()
    };
    // numbers are for requests to the API
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from_static("control"));
    response
}

/// Also where an IPv4 address comes in the clothes of IPv6.
fn is_this_machine(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}

/// Whether a `Host` is this machine's own name or address, whatever the port.
fn is_name_of_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_this_machine)
}

/// A JSON object in a request; what is wrong with it is said.
struct Given<T>(T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Given<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Arc<Shared>) -> Result<Self, Refusal> {
        let body = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|_| Refusal::LargeBody)?;
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(wrong("a JSON object is expected"));
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| wrong(error.to_string()))
    }
}

fn wrong(problem: impl Into<String>) -> Refusal {
    Refusal::Control(problem.into())
}

/// Lets something happen, and shows what came of it.
fn happen(shared: &Shared, event: Event) -> Outcome {
    shared.apply(event).map_err(|refused| wrong(refused.to_string()))?;
    truth::state(shared)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: Option<u64>,
    days: Option<u64>,
    to: Option<String>,
}

async fn advance(State(shared): State<Arc<Shared>>, Given(advance): Given<Advance>) -> Outcome {
    let now = shared.world().now();
    let length = |count: u64, unit: fn(i64) -> Option<TimeDelta>| i64::try_from(count).ok().and_then(unit);
    let by = match (advance.seconds, advance.days, advance.to) {
        (Some(seconds), None, None) => length(seconds, TimeDelta::try_seconds),
        (None, Some(days), None) => length(days, TimeDelta::try_days),
        (None, None, Some(to)) => Some(parse_instant(&to).map_err(wrong)? - now),
        _ => return Err(wrong("exactly one of seconds, days and to is expected")),
    };
    match by {
        Some(by) if by < TimeDelta::zero() => Err(wrong("time does not go backwards")),
        Some(by) if by <= ADVANCE_MAX => happen(&shared, Event::Advance(now + by)),
        _ => Err(wrong(format!("at most {} days at once", ADVANCE_MAX.num_days()))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    account_id: Option<Uuid>,
    messages: u64,
}

async fn send(State(shared): State<Arc<Shared>>, Given(send): Given<Send>) -> Outcome {
    happen(&shared, Event::Send(send.account_id, send.messages))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    account_id: Uuid,
}

async fn delete(State(shared): State<Arc<Shared>>, Given(delete): Given<Delete>) -> Outcome {
    happen(&shared, Event::Delete(delete.account_id))
}

async fn add_fault(State(shared): State<Arc<Shared>>, Given(fault): Given<Fault>) -> Outcome {
    shared.faults().add(fault);
    truth::state(&shared)
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> Outcome {
    shared.faults().clear();
    truth::state(&shared)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    scopes: Vec<String>,
}

async fn add_key(State(shared): State<Arc<Shared>>, Given(key): Given<Key>) -> Outcome {
    let scopes: Result<Vec<String>, String> = key.scopes.iter().map(|scope| parse_scope(scope)).collect();
    let scopes = scopes.map_err(wrong)?;
    if scopes.is_empty() {
        return Err(wrong("at least one scope is required"));
    }
    Answer::ok(&serde_json::json!({ "secret_key": shared.add_parent_key(scopes) }))
}

async fn change_mood(State(shared): State<Arc<Shared>>, Given(change): Given<MoodChange>) -> Outcome {
    if change.billing_day.is_some() {
        return Err(wrong("`billing_day` stays as it was at the start"));
    }
    let mood = change.over(shared.world().mood());
    happen(&shared, Event::Mood(mood))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_this_machine_by_its_own_name_or_address_only() {
        for host in ["localhost", "LocalHost:8790", "127.0.0.1", "127.0.0.1:8790", "[::1]:8790", "[::1]"] {
            assert!(is_name_of_this_machine(host), "{host}");
        }
        for host in ["", "example.com", "localhost.example.com:80", "127.0.0.1.example.com", "192.168.1.7:8790"] {
            assert!(!is_name_of_this_machine(host), "{host}");
        }
    }

    #[test]
    fn this_machine_is_what_cannot_be_reached_from_another() {
        for (peer, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.168.1.7", false),
            ("::ffff:192.168.1.7", false),
            ("0.0.0.0", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_this_machine(peer.parse().unwrap()), expected, "{peer}");
        }
    }
}
