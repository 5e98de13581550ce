//! Creating: at most once, whatever becomes of the answers.

use std::time::Duration;

use super::server::{Reply, Server};
use super::{
    ACCOUNT, JSON, KEY_ID, account_json, assert_keeps_secret, chain, client, client_with, failure, header, key_json,
    limits,
};
use crate::ahasend::{Class, Error, Failure, Fresh, GiveUp, IdempotencyKey, Limits, NewAccount, NewKey, wire};

const RUNNING: &str = "Idempotent-Replayed: false\r\n";

/// Creates a sub account from a server that plays `script`.
async fn create(script: impl IntoIterator<Item = Reply>) -> (Result<Fresh<wire::Account>, Error>, Server) {
    let server = Server::play(script).await;
    let new = NewAccount { name: "Acme".to_owned(), website: "acme.test".to_owned(), monthly_credit: None };
    let made = client(&server).create_account(&new, &IdempotencyKey::parse("acme-1").unwrap()).await;
    (made, server)
}

async fn create_error(script: impl IntoIterator<Item = Reply>) -> (Error, Server) {
    let (made, server) = create(script).await;
    let error = made.unwrap_err();
    assert_keeps_secret(&error);
    (error, server)
}

fn created(headers: &str) -> Reply {
    Reply::full(201, &format!("{JSON}{headers}"), &account_json("Acme", "acme.test", "active", 0))
}

/// A 409 of the API with these headers.
fn conflict(headers: &str) -> Reply {
    Reply::full(409, &format!("{JSON}{headers}"), r#"{"message":"A request with this key is in progress"}"#)
}

fn is_rejected(error: Error) -> bool {
    matches!(failure(error), Failure::Rejected { status: 409, .. })
}

#[tokio::test]
async fn a_create_is_repeated_with_the_same_key_and_bytes() {
    for lost in [Reply::json(503, "{}"), Reply::cut(201), Reply::raw("")] {
        let (made, server) = create([lost, created("Idempotent-Replayed: true\r\n")]).await;
        let made = made.unwrap();
        assert_eq!((made.made.id, made.replayed), (ACCOUNT, true));
        assert_eq!(server.bodies(), [r#"{"name":"Acme","website":"acme.test"}"#; 2]);
        assert!(server.requests().iter().all(|head| header(head, "idempotency-key") == Some("acme-1")));
    }
    let (made, _) = create([created("Idempotent-Replayed: false\r\n")]).await;
    assert!(!made.unwrap().replayed);
}

#[tokio::test]
async fn a_request_in_progress_is_asked_for_again() {
    let (made, server) =
        create([conflict(&format!("{RUNNING}Retry-After: 1\r\n")), created("Idempotent-Replayed: true\r\n")]).await;
    assert!(made.unwrap().replayed);
    assert_eq!(server.requests().len(), 2);

    let (error, server) = create_error([conflict(&format!("{RUNNING}Retry-After: 121\r\nX-Request-Id: r1\r\n"))]).await;
    assert!(matches!(error, Error::Call { end: GiveUp::AskedToWait { .. }, .. }), "{error:?}");
    assert_eq!((error.class(), error.outcome_unknown()), (Class::Unreachable, true));
    assert_eq!(server.requests().len(), 1);
    assert!(chain(&error).contains("still carrying out the same request (status 409, request id `r1`)"), "{error:?}");
}

#[tokio::test]
async fn a_409_without_exactly_both_headers_is_final() {
    let finals = [
        String::new(),
        RUNNING.to_owned(),
        "Retry-After: 1\r\n".to_owned(),
        "Idempotent-Replayed: true\r\nRetry-After: 1\r\n".to_owned(),
        "Idempotent-Replayed: False\r\nRetry-After: 1\r\n".to_owned(),
        format!("{RUNNING}Retry-After: 1.5\r\n"),
        format!("{RUNNING}Retry-After: 0\r\n"),
        format!("{RUNNING}Retry-After: -1\r\n"),
        format!("{RUNNING}Retry-After: soon\r\n"),
        format!("{RUNNING}Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n"),
    ];
    for headers in finals {
        let (error, server) = create_error([conflict(&headers)]).await;
        assert_eq!((error.class(), error.outcome_unknown()), (Class::Rejected, false), "{headers}");
        assert_eq!(server.requests().len(), 1, "{headers}");
        assert!(is_rejected(error), "{headers}");
    }
}

#[tokio::test]
async fn an_update_sends_no_key_and_waits_for_nobody() {
    let server = Server::play([conflict(&format!("{RUNNING}Retry-After: 1\r\n"))]).await;
    let error = client(&server).delete_account(ACCOUNT).await.unwrap_err();
    assert_eq!(server.requests().len(), 1);
    assert!(is_rejected(error));
}

#[tokio::test]
async fn a_key_used_for_something_else_is_told_at_once() {
    let (error, server) = create_error([Reply::full(422, &format!("{JSON}X-Request-Id: r2\r\n"), "{}")]).await;
    assert_eq!((error.class(), error.outcome_unknown(), server.requests().len()), (Class::Rejected, false, 1));
    assert_eq!(
        chain(&error),
        "creating a sub account failed after 1 attempt: the idempotency key was used before with other values \
         (status 422, request id `r2`): something else needs another key"
    );
}

#[tokio::test]
async fn what_a_create_came_to_is_unknown_until_the_server_says_so() {
    let (error, _) = create_error((0..3).map(|_| Reply::cut(201))).await;
    assert!(error.outcome_unknown());
    assert_eq!(
        error.to_string(),
        "creating a sub account failed after 3 attempts, the most allowed; it is unknown whether it took effect"
    );
    let (error, _) = create_error([Reply::json(503, "{}"), Reply::json(401, "{}")]).await;
    assert!(error.outcome_unknown(), "a key that is refused says nothing of the attempt before");
    let (error, _) = create_error([Reply::json(503, "{}"), Reply::json(400, "{}")]).await;
    assert!(!error.outcome_unknown(), "under the same key, the first attempt's success would have come again");
    let (error, server) = create_error((0..3).map(|_| Reply::json(429, "{}"))).await;
    assert_eq!((error.outcome_unknown(), server.requests().len()), (false, 3));
    let (error, server) = create_error([]).await;
    assert_eq!((error.outcome_unknown(), server.requests().len()), (true, 3), "it was sent, and never answered");
    assert!(matches!(failure(error), Failure::Network { .. }));
}

/// The server keeps the answer with a new key for 5 minutes: a repeat after that would make a second one.
#[tokio::test]
async fn a_create_is_not_repeated_once_the_server_may_have_forgotten_it() {
    let patient = Limits { retry_after_max: Duration::from_hours(9), ..limits() };
    let server = Server::play([Reply::full(503, "Retry-After: 241\r\n", "")]).await;
    let new = NewKey { label: "Boot".to_owned(), scopes: vec!["domains:read".to_owned()], ip_allow_list: vec![] };
    let client = client_with(&server.base_url, patient);
    let error = client.create_key(ACCOUNT, &new, &IdempotencyKey::random()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "creating an API key of sub account `{ACCOUNT}` failed after 1 attempt, because the server may forget the \
             idempotency key before another; it is unknown whether it took effect"
        )
    );
    assert_eq!(server.bodies(), [r#"{"label":"Boot","scopes":["domains:read"]}"#]);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_told_apart() {
    let mark = super::secrets::BODY_MARK;
    let (error, server) = create_error([Reply::json(201, &format!(r#"{{"{mark}":1,"{mark}":2}}"#))]).await;
    assert_eq!((error.class(), error.outcome_unknown(), server.requests().len()), (Class::Unusable, false, 1));
    assert_eq!(
        chain(&error),
        "creating a sub account was answered with success, but the answer cannot be read: \
         sub account: `/` has a field twice"
    );
    let (error, _) = create_error([Reply::json(201, &key_json(KEY_ID, mark, ""))]).await;
    assert!(chain(&error).ends_with("sub account: `/status` is missing"), "{error:?}");
}
