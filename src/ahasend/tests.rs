//! The client against a scripted server on loopback. No test takes more than a fraction of a second, but the one that
//! has to wait for a whole one.

mod calls;
mod idempotency;
mod keys;
mod lost;
mod operations;
mod paging;
mod refusals;
mod secrets;
mod server;

use std::error::Error as StdError;
use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;
use uuid::{Uuid, uuid};

use self::server::{Reply, Server};
use super::{Client, Error, Failure, Limits};

const KEY: &str = "aha-sk-not-to-be-seen";
const PARENT: Uuid = uuid!("00000000-0000-4000-8000-000000000001");
const ACCOUNT: Uuid = uuid!("00000000-0000-4000-8000-000000000002");
const KEY_ID: Uuid = uuid!("00000000-0000-4000-8000-000000000003");
const JSON: &str = "Content-Type: application/json\r\n";

/// The defaults, but with retries after milliseconds and bodies of kilobytes.
fn limits() -> Limits {
    Limits {
        attempt_count_max: 3,
        retry_delay_min: Duration::from_millis(1),
        retry_delay_max: Duration::from_millis(2),
        requests_per_second: NonZeroU32::new(1000).unwrap(),
        body_bytes_max: 64 * 1024,
        ..Limits::default()
    }
}

fn client_with(base_url: &Url, limits: Limits) -> Client {
    let deadline = Instant::now() + Duration::from_hours(1);
    Client::new(base_url.clone(), PARENT, SecretString::from(KEY), limits, deadline).unwrap()
}

fn client(server: &Server) -> Client {
    client_with(&server.base_url, limits())
}

/// The error of a usage call that meets `script`, with the number of requests it took.
async fn usage_error(script: impl IntoIterator<Item = Reply>) -> (Error, usize) {
    let server = Server::play(script).await;
    let error = client(&server).usage().await.unwrap_err();
    assert_keeps_secret(&error);
    (error, server.requests().len())
}

/// The path that all calls have in common.
fn sub_accounts() -> String {
    format!("/v2/accounts/{PARENT}/sub-accounts")
}

/// The value of a header of a request.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// [`ACCOUNT`] with all the fields that the API promises.
fn account_json(name: &str, website: &str, status: &str, monthly_credit: u64) -> String {
    format!(
        r#"{{"object":"sub_account","id":"{ACCOUNT}","parent_account_id":"{PARENT}","name":"{name}",
        "website":"{website}","status":"{status}","monthly_credit":{monthly_credit},
        "created_at":"2024-01-01T00:00:00Z","domain_count":2,"member_count":3,"last_activity_at":null}}"#
    )
}

/// An API key of [`ACCOUNT`] with all the fields that the API promises, and more as told.
fn key_json(id: Uuid, label: &str, more: &str) -> String {
    format!(
        r#"{{"object":"api_key","id":"{id}","created_at":"2024-01-01T00:05:00Z","updated_at":"2024-01-02T00:05:00Z",
        "last_used_at":null,"account_id":"{ACCOUNT}","label":"{label}","public_key":"aha-pk-1",
        "scopes":[{{"id":"{id}","created_at":"2024-01-01T00:05:00Z","updated_at":"2024-01-01T00:05:00Z",
        "api_key_id":"{id}","scope":"domains:read","domain_id":null}}],"ip_allow_list":["203.0.113.7/32"]{more}}}"#
    )
}

/// The failure of the last attempt.
fn failure(error: Error) -> Failure {
    match error {
        Error::Call { failure, .. } => *failure,
        other => panic!("not a failed call: {other:?}"),
    }
}

/// The error and its causes as a person reads them.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// No way of printing `error` shows the key, or a body with [`secrets::BODY_MARK`] in it.
fn assert_keeps_secret(error: &Error) {
    let text = format!("{} {error:?} {error:#?}", chain(error)).to_lowercase();
    assert!(!text.contains(KEY), "{text}");
    assert!(!text.contains(secrets::BODY_MARK), "{text}");
}
