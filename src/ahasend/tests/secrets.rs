//! What is refused before anything is sent, and what is never shown whatever the server sends.

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use super::server::{Reply, Server};
use super::{ACCOUNT, JSON, KEY, PARENT, assert_keeps_secret, client, usage_error};
use crate::ahasend::{Class, Client, Error, IdempotencyKey, NewAccount, access};

/// A text that only bodies hold.
pub(super) const BODY_MARK: &str = "body-not-to-be-seen";

fn new(base_url: &str, key: &str) -> Result<Client, Error> {
    let deadline = Instant::now() + Duration::from_hours(1);
    let base_url = Url::parse(base_url).unwrap();
    Client::new(base_url, PARENT, SecretString::from(key), super::limits(), deadline)
}

#[tokio::test]
async fn a_server_that_echoes_the_key_everywhere_does_not_get_it_shown() {
    let echo = format!("X-Request-Id: x{KEY}\r\nRetry-After: {KEY}\r\n");
    let body = format!("{{\"message\":\"{BODY_MARK} {KEY}\"}}");
    for status in [204, 302, 400, 401, 403, 404, 408, 422, 429, 500, 503] {
        let headers = format!("{echo}{JSON}Location: https://{KEY}.test/{KEY}\r\n");
        let answer = || Reply::full(status, &headers, if status == 204 { "" } else { &body });
        usage_error((0..3).map(|_| answer())).await;
    }
    let heads = [
        format!("{echo}Content-Type: {KEY}\r\n"),
        format!("{echo}{JSON}Content-Encoding: {KEY}\r\n"),
        format!("{echo}{JSON}Content-Length: 9{KEY}\r\n"),
    ];
    for head in heads {
        usage_error((0..3).map(|_| Reply::full(200, &head, &body))).await;
    }
    usage_error((0..3).map(|_| Reply::raw(format!("{BODY_MARK} {KEY}")))).await;
    usage_error([Reply::json(200, &format!("[{body}]"))]).await;
}

#[tokio::test]
async fn a_server_that_echoes_the_key_to_a_write_does_not_get_it_shown() {
    let body = format!("{{\"message\":\"{BODY_MARK} {KEY}\",\"{BODY_MARK}\":1}}");
    let headers = format!("X-Request-Id: x{KEY}\r\nRetry-After: {KEY}\r\nIdempotent-Replayed: {KEY}\r\n{JSON}");
    let new = NewAccount { name: "Acme".to_owned(), website: "acme.test".to_owned(), monthly_credit: None };
    for status in [200, 201, 302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503] {
        let script = (0..7).map(|_| Reply::full(status, &headers, &body));
        let server = Server::play(script).await;
        let client = client(&server);
        assert_keeps_secret(&client.create_account(&new, &IdempotencyKey::random()).await.unwrap_err());
        assert_keeps_secret(&client.suspend_account(ACCOUNT, "unpaid").await.unwrap_err());
        assert_keeps_secret(&client.show_account(ACCOUNT).await.unwrap_err());
    }
}

#[tokio::test]
async fn debug_output_shows_neither_key_nor_body() {
    let body = format!("{{\"{BODY_MARK}\":1}}");
    let server = Server::play([Reply::full(200, &format!("{JSON}X-Request-Id: {KEY}\r\n"), &body)]).await;
    let client = client(&server);
    let answer = client.usage().await.unwrap();
    let text = format!("{client:?} {client:#?} {answer:?} {:?}", client.http);
    assert!(!text.contains(KEY) && !text.contains(BODY_MARK), "{text}");
    assert!(text.contains("withheld"), "{text}");
}

#[test]
fn a_key_that_cannot_be_one_is_refused_by_rule_and_not_shown() {
    let long = "k".repeat(513);
    let cases = [
        ("", "empty"),
        (long.as_str(), "512 bytes"),
        ("Bearer seen-key", "`Bearer `"),
        ("bearer seen-key", "`Bearer `"),
        ("\"seen-key\"", "quotes"),
        ("seen key", "visible ASCII"),
        ("seen-key\n", "visible ASCII"),
        ("seen-kéy", "visible ASCII"),
    ];
    for (key, rule) in cases {
        let error = new("http://localhost:1", key).unwrap_err();
        assert_eq!(error.class(), Class::Config);
        assert!(error.to_string().contains(rule), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("seen") && !shown.contains("kkkk"), "{shown}");
    }
    assert!(new("http://localhost:1", &"k".repeat(512)).is_ok());
}

#[test]
fn a_base_url_must_be_https_or_loopback_and_hold_nothing_else() {
    let refused = [
        ("http://api.ahasend.com", "loopback"),
        ("http://127.0.0.1.evil.test", "loopback"),
        ("http://[::2]", "loopback"),
        ("ftp://localhost", "https://"),
        ("mailto:a@b.c", "https://"),
        ("https://user@api.ahasend.com", "user name"),
        ("https://:word@api.ahasend.com", "user name"),
        ("https://api.ahasend.com/?a", "query"),
        ("https://api.ahasend.com/#a", "query"),
    ];
    for (base_url, rule) in refused {
        let error = new(base_url, KEY).unwrap_err();
        assert_eq!(error.class(), Class::Config);
        assert!(error.to_string().contains(rule), "{base_url}: {error}");
    }
}

#[test]
fn a_base_url_keeps_its_path_and_loses_a_trailing_slash_or_version() {
    let cases = [
        ("https://api.ahasend.com", "https://api.ahasend.com"),
        ("https://api.ahasend.com/", "https://api.ahasend.com"),
        ("https://api.ahasend.com/v2", "https://api.ahasend.com"),
        ("https://api.ahasend.com/v2/", "https://api.ahasend.com"),
        ("https://gate.test/aha%20send/v2", "https://gate.test/aha%20send"),
        ("https://gate.test/notv2", "https://gate.test/notv2"),
        ("http://127.8.8.8:80/x", "http://127.8.8.8/x"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://LOCALHOST:8080", "http://localhost:8080"),
    ];
    for (base_url, prefix) in cases {
        let url = access::sub_accounts_url(Url::parse(base_url).unwrap(), PARENT).unwrap();
        assert_eq!(url.as_str(), format!("{prefix}/v2/accounts/{PARENT}/sub-accounts"));
    }
}
