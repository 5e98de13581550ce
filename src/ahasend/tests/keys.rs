//! API keys: the list, the values shown, and the secret that is shown to nobody by accident.

use secrecy::ExposeSecret;
use uuid::Uuid;

use super::server::{Reply, Server};
use super::{ACCOUNT, JSON, KEY_ID, assert_keeps_secret, chain, client, key_json};
use crate::ahasend::{Class, Error, IdempotencyKey, NewKey, PageProblem};

/// The secret of a new key; [`assert_keeps_secret`] looks for it.
const SECRET: &str = super::secrets::BODY_MARK;

fn page(ids: &[u128], pagination: &str) -> Reply {
    let rows: Vec<String> = ids.iter().map(|id| key_json(Uuid::from_u128(*id), "Boot", "")).collect();
    Reply::json(200, &format!(r#"{{"object":"list","data":[{}],"pagination":{pagination}}}"#, rows.join(",")))
}

fn new_key() -> NewKey {
    NewKey { label: "Boot".to_owned(), scopes: vec!["domains:read".to_owned()], ip_allow_list: vec![] }
}

/// The error of a create that is answered with `reply`; nothing of the answer is in it.
async fn create_error(reply: Reply) -> Error {
    let server = Server::play([reply]).await;
    let error = client(&server).create_key(ACCOUNT, &new_key(), &IdempotencyKey::random()).await.unwrap_err();
    assert_keeps_secret(&error);
    error
}

#[tokio::test]
async fn the_keys_of_an_account_are_read_page_by_page() {
    let script = [
        page(&[1, 2], r#"{"has_more":true,"next_cursor":"a&b"}"#),
        Reply::json(429, "{}"),
        page(&[3], r#"{"has_more":false}"#),
    ];
    let server = Server::play(script).await;
    let keys = client(&server).keys(ACCOUNT).await.unwrap();
    let ids: Vec<u128> = keys.iter().map(|key| key.id.as_u128()).collect();
    assert_eq!(ids, [1, 2, 3]);
    let first = format!("GET /{ACCOUNT}/api-keys?limit=100");
    let second = format!("{first}&after=a%26b");
    assert_eq!(server.calls(), [first, second.clone(), second]);
}

#[tokio::test]
async fn the_guards_hold_for_keys_and_name_their_list() {
    let list = format!("the API keys of sub account `{ACCOUNT}`");
    let more = r#"{"has_more":true,"next_cursor":"A"}"#;
    let server = Server::play([page(&[1], more), page(&[1], r#"{"has_more":false}"#)]).await;
    let error = client(&server).keys(ACCOUNT).await.unwrap_err();
    let Error::Paging(fault) = &error else { panic!("{error:?}") };
    assert_eq!(fault.problem, PageProblem::Repeated { id: Uuid::from_u128(1), first: 1 });
    let id = Uuid::from_u128(1);
    assert_eq!(error.to_string(), format!("API key `{id}` is on page 1 and again on page 2 of {list}"));

    let server = Server::play([page(&[1], more), Reply::json(404, r#"{"message":"gone"}"#)]).await;
    let error = client(&server).keys(ACCOUNT).await.unwrap_err();
    assert_eq!((error.class(), error.outcome_unknown()), (Class::Rejected, false));
    assert!(chain(&error).starts_with(&format!("reading page 2 of {list} failed after 1 attempt: ")), "{error}");

    let row = format!(r#"{{"data":[{{"id":"{KEY_ID}"}}],"pagination":{{"has_more":false}}}}"#);
    for (body, cause) in [("{}", "`/data` is missing"), (row.as_str(), "`/data/0/scopes` is missing")] {
        let server = Server::play([Reply::json(200, body)]).await;
        let error = client(&server).keys(ACCOUNT).await.unwrap_err();
        assert_eq!(chain(&error), format!("page 1 of {list} cannot be read: API key list: {cause}"));
    }
}

#[tokio::test]
async fn a_new_key_comes_with_its_secret_and_no_debug_output_shows_it() {
    let body = key_json(KEY_ID, "Boot", &format!(r#","secret_key":"{SECRET}""#));
    let replayed = Reply::full(201, &format!("{JSON}Idempotent-Replayed: true\r\n"), &body);
    let server = Server::play([Reply::cut(201), replayed, Reply::json(200, &body)]).await;
    let client = client(&server);
    let made = client.create_key(ACCOUNT, &new_key(), &IdempotencyKey::random()).await.unwrap();
    let shown = client.show_key(ACCOUNT, KEY_ID).await.unwrap();
    let text = format!("{made:?} {made:#?} {shown:?} {client:?}");
    assert!(!text.contains(SECRET), "{text}");
    let (key, secret) = made.made;
    assert_eq!((secret.expose_secret(), made.replayed), (SECRET, true));
    assert_eq!(server.bodies()[0], server.bodies()[1]);
    assert_eq!(key, shown);
    assert_eq!((key.id, key.account_id, key.label.as_str()), (KEY_ID, ACCOUNT, "Boot"));
    assert_eq!((key.public_key.as_str(), key.last_used_at), ("aha-pk-1", None));
    assert_eq!((key.scopes, key.ip_allow_list), (vec!["domains:read".to_owned()], vec!["203.0.113.7/32".to_owned()]));
    assert!(key.created_at < key.updated_at);
}

#[tokio::test]
async fn an_answer_with_a_secret_that_cannot_be_read_shows_none_of_it() {
    let secret = format!(r#","secret_key":"{SECRET}""#);
    let whole = key_json(KEY_ID, "Boot", &secret);
    for (body, cause) in [
        (key_json(KEY_ID, "Boot", ""), "`/secret_key` is missing"),
        (key_json(KEY_ID, "Boot", r#","secret_key":"""#), "`/secret_key` is empty"),
        (key_json(KEY_ID, "Boot", &secret.replace("secret_key", SECRET).repeat(2)), "`/` has a field twice"),
        (key_json(KEY_ID, "Boot", &format!(r#","secret_key":["{SECRET}"]"#)), "`/secret_key` has the wrong type"),
        (whole.replace(&ACCOUNT.to_string(), SECRET), "`/account_id` is not a UUID"),
        (whole.replace("2024-01-02", SECRET), "`/updated_at` is not an RFC 3339 time"),
        (whole.replace(&format!("\"{SECRET}\""), SECRET), "is not well-formed JSON: expected value at line 4 column"),
    ] {
        let error = create_error(Reply::json(201, &body)).await;
        assert_eq!((error.class(), error.outcome_unknown()), (Class::Unusable, false));
        let expected = format!(
            "creating an API key of sub account `{ACCOUNT}` was answered with success, but the answer cannot be read: "
        );
        let text = chain(&error);
        assert!(text.starts_with(&expected) && text.contains(cause), "{text}");
    }
    for reply in [Reply::full(201, "", &whole), Reply::json(200, &whole), Reply::json(201, &format!("[{whole}]"))] {
        assert!(create_error(reply).await.outcome_unknown());
    }
}
