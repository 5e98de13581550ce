//! Single calls: what is sent, what is an answer, what is retried, and how each failure reads.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use super::server::{Reply, Server};
use super::{ACCOUNT, JSON, KEY, PARENT, chain, client, client_with, failure, limits, usage_error};
use crate::ahasend::{AccountChange, Call, Class, Client, Error, Failure, GiveUp, Limits, Operation};

#[tokio::test]
async fn a_call_sends_its_headers_and_hands_back_the_bytes_as_received() {
    let headers = format!("{JSON}Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Request-Id: req-`1`\r\n");
    let server = Server::play([Reply::full(200, &headers, " {\"a\" : 1.10}\n")]).await;
    let answer = client(&server).usage().await.unwrap();
    assert_eq!(answer.body, " {\"a\" : 1.10}\n");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.target, format!("/v2/accounts/{PARENT}/sub-accounts/usage"));
    assert_eq!(answer.server_date.unwrap().timestamp(), 784_111_777);
    assert_eq!(answer.request_id.as_deref(), Some("req-1"));

    let request = server.requests().remove(0).to_lowercase();
    assert!(request.starts_with(&format!("get {} http/1.1\r\n", answer.target)), "{request}");
    for header in ["accept: application/json", "accept-encoding: identity", "user-agent: subledger/"] {
        assert!(request.contains(header), "{request}");
    }
    assert!(request.contains(&format!("authorization: bearer {KEY}\r\n")), "{request}");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_until_it_answers() {
    let wait = Reply::full(429, "Retry-After: 0\r\n", "");
    let server = Server::play([Reply::json(503, "{}"), wait, Reply::json(200, "{}")]).await;
    assert_eq!(client(&server).usage().await.unwrap().status, 200);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_left_alone_after_the_last_attempt() {
    let (error, requests) = usage_error((0..5).map(|_| Reply::full(500, "X-Request-Id: r7\r\n", "no"))).await;
    assert_eq!(requests, 3);
    assert_eq!(error.class(), Class::Unreachable);
    assert_eq!(
        chain(&error),
        "reading the usage failed after 3 attempts, the most allowed: \
         the server answered with status 500, request id `r7`"
    );
}

#[tokio::test]
async fn a_wait_longer_than_allowed_fails_at_once_and_says_so() {
    let (error, requests) = usage_error([Reply::full(429, "Retry-After: 10800\r\n", "")]).await;
    assert_eq!((requests, error.class()), (1, Class::Unreachable));
    assert_eq!(
        error.to_string(),
        "reading the usage failed after 1 attempt, because the server asks to wait 10800 seconds \
         and at most 120 are allowed"
    );
}

#[tokio::test]
async fn the_deadline_ends_waiting_reading_and_starting() {
    let before = |milliseconds, limits| {
        let deadline = Instant::now() + Duration::from_millis(milliseconds);
        move |url: &Url| Client::new(url.clone(), PARENT, SecretString::from(KEY), limits, deadline).unwrap()
    };
    let slow_retry = Limits { retry_delay_min: Duration::MAX, retry_delay_max: Duration::MAX, ..limits() };
    let server = Server::play([Reply::json(503, "{}")]).await;
    let error = before(30_000, slow_retry)(&server.base_url).usage().await.unwrap_err();
    assert!(matches!(error, Error::Call { attempts: 1, end: GiveUp::Deadline, .. }), "{error:?}");

    let head = format!("HTTP/1.1 200 X\r\n{JSON}\r\n{{");
    let server = Server::play([Reply::drip(&head, Duration::from_millis(10))]).await;
    let error = before(150, limits())(&server.base_url).usage().await.unwrap_err();
    assert!(matches!(error, Error::Call { attempts: 1, .. }), "{error:?}");
    assert!(matches!(error.failure(), Some(Failure::Deadline)), "{error:?}");
    assert_eq!(error.class(), Class::Unreachable);

    let error = before(0, limits())(&server.base_url).usage().await.unwrap_err();
    assert_eq!(chain(&error), "reading the usage failed after 0 attempts: the deadline of the run has passed");
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again_and_a_403_names_the_scope() {
    let (error, requests) = usage_error([Reply::json(401, r#"{"message":"Invalid API key"}"#)]).await;
    assert_eq!((requests, error.class()), (1, Class::Refused));
    assert!(chain(&error).contains("status 401"), "{error:?}");

    let (error, requests) = usage_error([Reply::json(403, "{}")]).await;
    assert_eq!((requests, error.class()), (1, Class::Refused));
    assert!(chain(&error).contains("`sub-accounts:usage`"), "{error:?}");

    let server = Server::play([Reply::json(403, "{}")]).await;
    let error = client(&server).account(ACCOUNT).await.unwrap_err();
    assert!(chain(&error).contains("`sub-accounts:read`"), "{error:?}");
    assert!(error.to_string().contains(&format!("sub account `{ACCOUNT}`")), "{error}");
    assert_eq!(Call::Page(1).operation(), Operation::ListAccounts);
    assert_eq!(Operation::ListAccounts.scope(), "sub-accounts:read");
}

#[tokio::test]
async fn a_404_answers_a_lookup_and_nothing_else() {
    let server = Server::play([Reply::json(404, r#"{"message":"Sub account not found"}"#)]).await;
    let answer = client(&server).account(ACCOUNT).await.unwrap();
    assert_eq!((answer.status, answer.target), (404, format!("/v2/accounts/{PARENT}/sub-accounts/{ACCOUNT}")));

    let (error, requests) = usage_error([Reply::json(404, "{}")]).await;
    assert_eq!((requests, error.class()), (1, Class::Unusable));

    let server = Server::play([Reply::full(404, "Content-Type: text/html\r\n", "<p>wrong server</p>")]).await;
    let error = client(&server).account(ACCOUNT).await.unwrap_err();
    assert!(matches!(failure(error), Failure::ContentType { .. }), "a proxy's 404 deletes nobody");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_names_the_host_only() {
    let (error, requests) = usage_error([Reply::full(302, "Location: https://evil.test/p?q=1\r\n", "")]).await;
    assert_eq!((requests, error.class()), (1, Class::Unusable));
    let text = chain(&error);
    assert!(text.ends_with("the server redirects (status 302) to `evil.test`, which is not followed"), "{text}");
}

#[tokio::test]
async fn answers_that_cannot_be_used_are_refused_without_a_second_attempt() {
    let large = format!("HTTP/1.1 200 X\r\n{JSON}Content-Length: 65537\r\n\r\n{{");
    let endless = format!("HTTP/1.1 200 X\r\nConnection: close\r\n{JSON}\r\n{{{}", " ".repeat(65536));
    let gzip = format!("{JSON}Content-Encoding: gzip\r\n");
    let cases = [
        (Reply::full(204, "", ""), "status 204"),
        (Reply::full(203, JSON, "{}"), "status 203"),
        (Reply::full(200, "Content-Type: text/html\r\n", "<p>"), "content type, `text/html`"),
        (Reply::full(200, "", "{}"), "content type, which is missing"),
        (Reply::full(200, &gzip, "{}"), "encoded as `gzip`"),
        (Reply::json(200, ""), "not a JSON object"),
        (Reply::json(200, "null"), "not a JSON object"),
        (Reply::raw(large), "larger than the 65536 bytes allowed"),
        (Reply::raw(endless), "larger than the 65536 bytes allowed"),
    ];
    for (reply, expected) in cases {
        let (error, requests) = usage_error([reply]).await;
        assert_eq!((requests, error.class()), (1, Class::Unusable), "{expected}");
        assert!(chain(&error).contains(expected), "{}", chain(&error));
    }
}

#[tokio::test]
async fn other_json_types_and_a_body_at_the_limit_are_fine() {
    let body = format!("{{}}{}", " ".repeat(64 * 1024 - 2));
    let server = Server::play([Reply::full(200, "Content-Type: application/vnd.x+JSON\r\n", &body)]).await;
    assert_eq!(client(&server).usage().await.unwrap().body.len(), 64 * 1024);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_fetched_again_whole() {
    let declared = Reply::raw(format!("HTTP/1.1 200 X\r\n{JSON}Content-Length: 99\r\n\r\n{{\"a\":"));
    let chunked = Reply::raw(format!("HTTP/1.1 200 X\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n3\r\n{{\"a\r\n"));
    let server = Server::play([declared, chunked, Reply::json(200, "{\"a\":1}")]).await;
    assert_eq!(client(&server).usage().await.unwrap().body, "{\"a\":1}");

    let (error, requests) =
        usage_error((0..3).map(|_| Reply::raw(format!("HTTP/1.1 200 X\r\n{JSON}Content-Length: 9\r\n\r\n{{")))).await;
    assert_eq!((requests, error.class()), (3, Class::Unreachable));
    assert!(matches!(failure(error), Failure::Truncated { received_bytes: 1, .. }));
}

#[tokio::test]
async fn a_dripping_body_hits_the_request_timeout_and_a_silent_one_the_read_timeout() {
    let head = format!("HTTP/1.1 200 X\r\n{JSON}\r\n{{");
    let limits = Limits { request_timeout: Duration::from_millis(60), attempt_count_max: 1, ..limits() };
    let server = Server::play([Reply::drip(&head, Duration::from_millis(5))]).await;
    let error = client_with(&server.base_url, limits).usage().await.unwrap_err();
    assert!(matches!(failure(error), Failure::Slow { .. }));

    let limits = Limits { request_timeout: Duration::from_secs(9), read_timeout: Duration::from_millis(30), ..limits };
    for start in ["", head.as_str()] {
        let server = Server::play([Reply::drip(start, Duration::from_secs(9))]).await;
        let error = client_with(&server.base_url, limits).usage().await.unwrap_err();
        assert!(matches!(failure(error), Failure::Silent { .. }));
    }
}

#[tokio::test]
async fn every_request_of_a_client_waits_for_its_turn() {
    let server = Server::play([Reply::json(200, "{}"), Reply::json(503, "{}"), Reply::json(200, "{}")]).await;
    let limits = Limits { requests_per_second: NonZeroU32::new(20).unwrap(), ..limits() };
    let client = client_with(&server.base_url, limits);
    let start = Instant::now();
    client.usage().await.unwrap();
    client.account(ACCOUNT).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(95), "three requests are two intervals of 50 ms apart");
}

#[tokio::test]
async fn a_call_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let server = Server::play([]).await;
    let client = client(&server);
    assert_send(&client.usage());
    assert_send(&client.pages().next());
    assert_send(&client.accounts());
    assert_send(&client.update_account(ACCOUNT, &AccountChange::default()));
    assert_send(&client.delete_key(ACCOUNT, ACCOUNT));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let (error, requests) = usage_error([]).await;
    assert_eq!((requests, error.class()), (3, Class::Unreachable));
    assert!(matches!(failure(error), Failure::Network { .. }));
}
