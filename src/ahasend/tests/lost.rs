//! Writes whose answer is lost: what is asked again, what a second answer means, and what remains unknown.

use std::time::Duration;

use tokio::time::Instant;

use super::server::{Reply, Server};
use super::{ACCOUNT, KEY_ID, PARENT, account_json, assert_keeps_secret, chain, client, key_json, limits};
use crate::ahasend::{AccountChange, Class, Client, Deleted, Error, Failure, GiveUp, KeyChange};

const NOTHING_CHANGES: &str = r#"{"message":"nothing changes"}"#;

fn name_and_website(name: &str, website: &str) -> AccountChange {
    AccountChange { name: Some(name.to_owned()), website: Some(website.to_owned()), monthly_credit: Some(5) }
}

/// The error of a suspension from a server that plays `reply`, with the number of requests.
async fn suspend_error(reply: Reply) -> (Error, usize) {
    let server = Server::play([reply]).await;
    let error = client(&server).suspend_account(ACCOUNT, "unpaid").await.unwrap_err();
    assert_keeps_secret(&error);
    (error, server.requests().len())
}

#[tokio::test]
async fn a_suspension_is_asked_once_and_its_outcome_may_be_unknown() {
    let wait = Reply::full(503, "Retry-After: 0\r\n", "");
    let html = Reply::full(200, "Content-Type: text/html\r\n", "<p>");
    let moved = Reply::full(302, "Location: /login\r\n", "");
    for lost in [Reply::json(500, "{}"), wait, Reply::json(408, "{}"), Reply::cut(200), Reply::raw(""), html, moved] {
        let (error, requests) = suspend_error(lost).await;
        assert_eq!((requests, error.outcome_unknown()), (1, true), "{error:?}");
        assert!(error.to_string().ends_with("; it is unknown whether it took effect"), "{error}");
    }
    for status in [400, 401, 403, 404, 409, 413, 422, 429] {
        let (error, requests) = suspend_error(Reply::json(status, "{}")).await;
        assert_eq!((requests, error.outcome_unknown()), (1, false), "{error:?}");
        assert!(!error.to_string().contains("unknown"), "{error}");
    }
    let (error, _) = suspend_error(Reply::cut(200)).await;
    assert!(matches!(error, Error::Call { attempts: 1, end: GiveUp::NeverRepeated, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!(
            "suspending sub account `{ACCOUNT}` failed after 1 attempt, and is never repeated by itself; \
             it is unknown whether it took effect"
        )
    );
    let (error, _) = suspend_error(Reply::json(429, "{}")).await;
    assert!(error.to_string().ends_with("1 attempt, and is never repeated by itself"), "{error}");
}

#[tokio::test]
async fn what_was_never_sent_took_no_effect() {
    let deadline = |after| Instant::now() + Duration::from_millis(after);
    let silent = Server::play([Reply::drip("", Duration::from_secs(9))]).await;
    for (after, attempts, unknown) in [(0, 0, false), (100, 1, true)] {
        let key = secrecy::SecretString::from(super::KEY);
        let client = Client::new(silent.base_url.clone(), PARENT, key, limits(), deadline(after)).unwrap();
        let error = client.unsuspend_account(ACCOUNT).await.unwrap_err();
        assert!(matches!(error, Error::Call { attempts: made, .. } if made == attempts), "{error:?}");
        assert!(matches!(error.failure(), Some(Failure::Deadline)), "{error:?}");
        assert_eq!(error.outcome_unknown(), unknown);
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let base_url = url::Url::parse(&format!("http://{nobody}")).unwrap();
    let error = super::client_with(&base_url, limits()).suspend_account(ACCOUNT, "unpaid").await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unknown()), (Class::Unreachable, false), "{error:?}");
}

#[tokio::test]
async fn a_deletion_that_finds_nothing_left_is_done_only_if_it_may_have_been_ours() {
    let gone = || Reply::json(404, r#"{"message":"not found"}"#);
    let deleted = || Reply::json(200, r#"{"message":"deleted"}"#);
    for (script, expected) in [
        (vec![deleted()], Deleted::Now),
        (vec![Reply::json(503, "{}"), deleted()], Deleted::Now),
        (vec![Reply::json(503, "{}"), gone()], Deleted::AlreadyGone),
        (vec![Reply::cut(200), Reply::json(429, "{}"), gone()], Deleted::AlreadyGone),
    ] {
        let server = Server::play(script).await;
        assert_eq!(client(&server).delete_account(ACCOUNT).await.unwrap(), expected);
    }
    for script in [vec![gone()], vec![Reply::json(429, "{}"), gone()]] {
        let server = Server::play(script).await;
        let error = client(&server).delete_key(ACCOUNT, KEY_ID).await.unwrap_err();
        assert_eq!((error.class(), error.outcome_unknown()), (Class::Rejected, false), "{error:?}");
    }
    let server = Server::play([Reply::cut(200), gone()]).await;
    assert_eq!(client(&server).delete_key(ACCOUNT, KEY_ID).await.unwrap(), Deleted::AlreadyGone);
}

#[tokio::test]
async fn a_change_that_was_carried_out_is_recognised() {
    let shown = account_json("Acme Ltd", "acme.test", "active", 5);
    let script = [Reply::cut(200), Reply::json(400, NOTHING_CHANGES), Reply::json(200, &shown)];
    let server = Server::play(script).await;
    let change = name_and_website(" Acme Ltd ", "https://ACME.test/about");
    let account = client(&server).update_account(ACCOUNT, &change).await.unwrap();
    assert_eq!((account.name.as_str(), account.monthly_credit), ("Acme Ltd", 5));
    assert_eq!(
        server.calls(),
        [format!("PUT /{ACCOUNT}"), format!("PUT /{ACCOUNT}"), format!("GET /{ACCOUNT}")],
        "the same bytes again, then a look"
    );
    assert_eq!(server.bodies()[0], server.bodies()[1]);

    let script = [
        Reply::json(503, "{}"),
        Reply::json(400, NOTHING_CHANGES),
        Reply::json(503, "{}"),
        Reply::json(200, &key_json(KEY_ID, "Boot", "")),
    ];
    let server = Server::play(script).await;
    let change = KeyChange {
        label: Some("Boot".to_owned()),
        scopes: Some(vec!["domains:read".to_owned()]),
        ip_allow_list: Some(vec!["203.0.113.7".to_owned()]),
    };
    assert_eq!(client(&server).update_key(ACCOUNT, KEY_ID, &change).await.unwrap().label, "Boot");
    assert_eq!(server.calls()[3], format!("GET /{ACCOUNT}/api-keys/{KEY_ID}"));
}

#[tokio::test]
async fn a_change_that_is_not_in_effect_stays_rejected() {
    let change = name_and_website("Acme", "acme.test");
    for (name, website, credit) in
        [("acme", "acme.test", 5), ("Acme", "www.acme.test", 5), ("Acme", "acme.test", 6), ("", "", 0)]
    {
        let shown = Reply::json(200, &account_json(name, website, "active", credit));
        let server = Server::play([Reply::cut(200), Reply::json(400, NOTHING_CHANGES), shown]).await;
        let error = client(&server).update_account(ACCOUNT, &change).await.unwrap_err();
        assert!(matches!(error, Error::Call { attempts: 2, .. }), "{error:?}");
        assert!(matches!(error.failure(), Some(Failure::Rejected { status: 400, .. })), "{error:?}");
        assert!(!error.outcome_unknown(), "the look has settled it");
        assert!(chain(&error).ends_with("rejects this (status 400), saying: nothing changes"), "{error:?}");
    }
    let server = Server::play([Reply::json(400, NOTHING_CHANGES)]).await;
    let error = client(&server).update_account(ACCOUNT, &change).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unknown(), server.requests().len()), (Class::Rejected, false, 1));

    let script = [Reply::cut(200), Reply::json(400, NOTHING_CHANGES), Reply::json(401, "{}")];
    let server = Server::play(script).await;
    let error = client(&server).update_account(ACCOUNT, &change).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unknown()), (Class::Rejected, true), "nobody could look");
}
