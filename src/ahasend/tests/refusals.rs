//! What the server says of a refusal: shown to people, bounded, and never with a key in it.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

use super::server::{Reply, Server};
use super::{ACCOUNT, JSON, KEY_ID, PARENT, chain, client, client_with, failure, limits};
use crate::ahasend::{Class, Client, Failure, Limits};

/// As long as the API's own: the shorter encodings of a key are what is to be kept out.
const LONG_KEY: &str = "aha-sk-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4";

/// The message taken from the body of a 400, by a client with [`LONG_KEY`].
async fn message(body: &str) -> Option<String> {
    let server = Server::play([Reply::full(400, "", body)]).await;
    let deadline = Instant::now() + Duration::from_hours(1);
    let key = SecretString::from(LONG_KEY);
    let client = Client::new(server.base_url.clone(), PARENT, key, limits(), deadline).unwrap();
    let error = client.suspend_account(ACCOUNT, "").await.unwrap_err();
    let shown = format!("{} {error:?} {error:#?}", chain(&error));
    assert!(!shown.to_lowercase().contains(&LONG_KEY.to_lowercase()), "{shown}");
    match failure(error) {
        Failure::Rejected { status: 400, message, .. } => message,
        other => panic!("not rejected: {other:?}"),
    }
}

#[tokio::test]
async fn each_refusal_of_values_is_rejected_with_the_servers_words() {
    for status in [400, 404, 409, 422] {
        let headers = format!("{JSON}X-Request-Id: r3\r\n");
        let server = Server::play([Reply::full(status, &headers, r#"{"message":"reason is `too` long"}"#)]).await;
        let error = client(&server).suspend_account(ACCOUNT, "").await.unwrap_err();
        assert_eq!((error.class(), server.requests().len()), (Class::Rejected, 1));
        let expected = format!(
            "suspending sub account `{ACCOUNT}` failed after 1 attempt: the server rejects this \
             (status {status}, request id `r3`), saying: reason is `too` long"
        );
        assert_eq!(chain(&error), expected);
    }
}

#[tokio::test]
async fn a_look_at_what_is_not_there_is_rejected_and_captures_fail_as_ever() {
    let not_found = || Reply::json(404, r#"{"message":"not here"}"#);
    let server = Server::play([Reply::json(503, "{}"), not_found()]).await;
    let error = client(&server).show_account(ACCOUNT).await.unwrap_err();
    assert_eq!((error.class(), error.is_not_found()), (Class::Rejected, false));
    assert_eq!(
        chain(&error),
        format!(
            "reading sub account `{ACCOUNT}` failed after 2 attempts: the server rejects this (status 404), saying: not here"
        )
    );
    let server = Server::play([not_found(), not_found(), not_found()]).await;
    let client = client(&server);
    assert_eq!(client.show_key(ACCOUNT, KEY_ID).await.unwrap_err().class(), Class::Rejected);
    for error in [client.usage().await.unwrap_err(), client.accounts().await.unwrap_err()] {
        assert_eq!((error.class(), error.is_not_found()), (Class::Unusable, true), "{error:?}");
        assert!(!chain(&error).contains("not here"));
    }
}

#[tokio::test]
async fn a_message_is_a_text_in_an_object_and_nothing_else() {
    let nothing = ["", "null", "[\"x\"]", "{}", r#"{"message":5}"#, r#"{"message":" "}"#, "{\"message\":\"x", "<p>"];
    for body in nothing {
        assert_eq!(message(body).await, None, "{body}");
    }
    assert_eq!(message(r#"{"message":"a\u0000b\nc"}"#).await.unwrap(), "a␀b␊c");
    let long = message(&format!(r#"{{"message":"{}"}}"#, "no ".repeat(200))).await.unwrap();
    assert_eq!((long.chars().count(), long.chars().last()), (200, Some('…')));
    let padded = |bytes: usize| format!("{{\"message\":\"x\"{}}}", " ".repeat(bytes - 15));
    assert_eq!(message(&padded(16 * 1024)).await.as_deref(), Some("x"));
    assert_eq!(message(&padded(16 * 1024 + 1)).await, None);
}

#[tokio::test]
async fn a_message_that_holds_the_key_in_any_spelling_is_withheld_whole() {
    let hex: Vec<String> = LONG_KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let spellings = [
        LONG_KEY.to_owned(),
        LONG_KEY.to_uppercase(),
        format!("x{LONG_KEY}y"),
        format!("\\u00{}", hex.join("\\u00")),
        hex.concat(),
        format!("%{}", hex.join("%")),
        "YWhhLXNrLVptOXZZbUZ5WW1GNmNYVjRabTl2WW1GeVltRjZjWFY0".to_owned(),
    ];
    for spelling in spellings {
        let body = format!(r#"{{"message":"the key {spelling} may not do this"}}"#);
        assert_eq!(message(&body).await.as_deref(), Some("(withheld)"), "{spelling}");
    }
    let uuid = r#"{"message":"there is no 'aaaaaaaa-aaaa-4aaa-aaaa-aaaaaaaaaaaa'."}"#;
    assert!(message(uuid).await.unwrap().starts_with("there is"));
    let server = Server::play([Reply::json(400, &format!(r#"{{"message":"{}"}}"#, super::KEY))]).await;
    let error = client(&server).delete_account(ACCOUNT).await.unwrap_err();
    super::assert_keeps_secret(&error);
    assert!(chain(&error).ends_with("saying: (withheld)"), "{error:?}");
}

/// The status is known by then: a body that stalls or breaks off takes the message away and nothing else.
#[tokio::test]
async fn a_refusal_whose_body_never_comes_is_still_a_refusal() {
    let impatient = Limits { request_timeout: Duration::from_secs(1), ..limits() };
    let head = format!("HTTP/1.1 400 X\r\n{JSON}Content-Length: 999\r\n\r\n{{");
    for reply in [Reply::drip(&head, Duration::from_millis(10)), Reply::raw(head)] {
        let server = Server::play([reply]).await;
        let error = client_with(&server.base_url, impatient).delete_account(ACCOUNT).await.unwrap_err();
        assert_eq!((error.outcome_unknown(), server.requests().len()), (false, 1));
        assert!(matches!(failure(error), Failure::Rejected { status: 400, message: None, .. }));
    }
}
