//! Every operation: what is sent for it, what answers it, and the scope that it needs.

use reqwest::Method;

use super::server::{Reply, Server};
use super::{ACCOUNT, KEY, KEY_ID, account_json, chain, client, header, key_json};
use crate::ahasend::{
    AccountChange, Class, Client, Error, IdempotencyKey, KeyChange, NewAccount, NewKey, Operation, Repeats,
};
use crate::billing::books::Status;

/// One operation: status and body that answer it, method and address, body sent, scope.
type Row = (Operation, u16, Method, String, &'static str, &'static str);

fn table() -> [Row; 13] {
    use Operation as Op;
    let account = format!("/{ACCOUNT}");
    let keys = format!("/{ACCOUNT}/api-keys");
    let key = format!("{keys}/{KEY_ID}");
    let (read, key_read) = ("sub-accounts:read", "sub-account-api-keys:read");
    let (write, key_write) = ("sub-accounts:write", "sub-account-api-keys:write");
    let suspend = "sub-accounts:suspend";
    let new_account = r#"{"name":"Acme","website":"https://acme.test","monthly_credit":7}"#;
    let new_key = r#"{"label":"Boot","scopes":["domains:read"],"ip_allow_list":["203.0.113.7"]}"#;
    [
        (Op::Usage, 200, Method::GET, "/usage".to_owned(), "", "sub-accounts:usage"),
        (Op::ListAccounts, 200, Method::GET, "?limit=100".to_owned(), "", read),
        (Op::GetAccount, 200, Method::GET, account.clone(), "", read),
        (Op::CreateAccount, 201, Method::POST, String::new(), new_account, write),
        (Op::UpdateAccount, 200, Method::PUT, account.clone(), r#"{"name":"A\"b\nü"}"#, write),
        (Op::DeleteAccount, 200, Method::DELETE, account.clone(), "", "sub-accounts:delete"),
        (Op::SuspendAccount, 200, Method::POST, format!("{account}/suspend"), r#"{"reason":"unpaid"}"#, suspend),
        (Op::UnsuspendAccount, 200, Method::POST, format!("{account}/unsuspend"), "", suspend),
        (Op::ListKeys, 200, Method::GET, format!("{keys}?limit=100"), "", key_read),
        (Op::GetKey, 200, Method::GET, key.clone(), "", key_read),
        (Op::CreateKey, 201, Method::POST, keys, new_key, key_write),
        (Op::UpdateKey, 200, Method::PUT, key.clone(), r#"{"ip_allow_list":[]}"#, key_write),
        (Op::DeleteKey, 200, Method::DELETE, key, "", "sub-account-api-keys:delete"),
    ]
}

fn answer(operation: Operation) -> String {
    use Operation as Op;
    match operation {
        Op::Usage => "{}".to_owned(),
        Op::ListAccounts | Op::ListKeys => r#"{"data":[],"pagination":{"has_more":false}}"#.to_owned(),
        Op::DeleteAccount | Op::DeleteKey => r#"{"message":"deleted"}"#.to_owned(),
        Op::GetKey | Op::CreateKey | Op::UpdateKey => key_json(KEY_ID, "Boot", r#","secret_key":"s""#),
        _ => account_json("Acme", "acme.test", "active", 0),
    }
}

/// Makes the call of an operation, with the values of the table.
async fn make(client: &Client, operation: Operation) -> Result<(), Error> {
    use Operation as Op;
    let key = IdempotencyKey::parse("once-1").unwrap();
    let text = str::to_owned;
    let new_account = NewAccount { name: text("Acme"), website: text("https://acme.test"), monthly_credit: Some(7) };
    let change = AccountChange { name: Some(text("A\"b\nü")), ..AccountChange::default() };
    let new_key =
        NewKey { label: text("Boot"), scopes: vec![text("domains:read")], ip_allow_list: vec![text("203.0.113.7")] };
    let key_change = KeyChange { ip_allow_list: Some(vec![]), ..KeyChange::default() };
    match operation {
        Op::Usage => client.usage().await.map(drop),
        Op::ListAccounts => client.accounts().await.map(drop),
        Op::GetAccount => client.show_account(ACCOUNT).await.map(drop),
        Op::CreateAccount => client.create_account(&new_account, &key).await.map(drop),
        Op::UpdateAccount => client.update_account(ACCOUNT, &change).await.map(drop),
        Op::DeleteAccount => client.delete_account(ACCOUNT).await.map(drop),
        Op::SuspendAccount => client.suspend_account(ACCOUNT, "unpaid").await.map(drop),
        Op::UnsuspendAccount => client.unsuspend_account(ACCOUNT).await.map(drop),
        Op::ListKeys => client.keys(ACCOUNT).await.map(drop),
        Op::GetKey => client.show_key(ACCOUNT, KEY_ID).await.map(drop),
        Op::CreateKey => client.create_key(ACCOUNT, &new_key, &key).await.map(drop),
        Op::UpdateKey => client.update_key(ACCOUNT, KEY_ID, &key_change).await.map(drop),
        Op::DeleteKey => client.delete_key(ACCOUNT, KEY_ID).await.map(drop),
    }
}

#[tokio::test]
async fn every_operation_sends_exactly_what_the_api_expects() {
    for (operation, status, method, path, body, _) in table() {
        let server = Server::play([Reply::json(status, &answer(operation))]).await;
        make(&client(&server), operation).await.unwrap();
        assert_eq!(server.calls(), [format!("{method} {path}")], "{operation:?}");
        assert_eq!(server.bodies(), [body], "{operation:?}");
        let head = server.requests().remove(0);
        assert_eq!(header(&head, "authorization").unwrap(), format!("Bearer {KEY}"));
        assert_eq!(header(&head, "accept").unwrap(), "application/json");
        let content_type = (!body.is_empty()).then_some("application/json");
        assert_eq!(header(&head, "content-type"), content_type, "{operation:?}");
        let once = (operation.repeats() == Repeats::WithKey).then_some("once-1");
        assert_eq!(header(&head, "idempotency-key"), once, "{operation:?}");
        let length = (method == Method::POST || !body.is_empty()).then(|| body.len().to_string());
        assert_eq!(header(&head, "content-length"), length.as_deref(), "{operation:?}");
    }
}

#[tokio::test]
async fn a_403_names_the_scope_of_the_operation() {
    for (operation, .., scope) in table() {
        let server = Server::play([Reply::json(403, r#"{"message":"no"}"#)]).await;
        let error = make(&client(&server), operation).await.unwrap_err();
        assert_eq!((error.class(), error.outcome_unknown()), (Class::Refused, false), "{operation:?}");
        assert!(chain(&error).contains(&format!("the scope `{scope}`")), "{error:?}");
        assert_eq!(operation.scope(), scope);
    }
}

/// A created thing is a 201 and nothing else, and whatever else comes of a write may be its success.
#[tokio::test]
async fn another_success_is_no_answer() {
    for (operation, status, ..) in table() {
        let is_write = operation.repeats() != Repeats::Freely;
        for other in [200, 201, 202, 203].into_iter().filter(|other| *other != status) {
            let server = Server::play([Reply::json(other, &answer(operation))]).await;
            let error = make(&client(&server), operation).await.unwrap_err();
            assert_eq!((error.class(), error.outcome_unknown()), (Class::Unusable, is_write), "{operation:?} {other}");
            assert_eq!(server.requests().len(), 1, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn values_left_out_are_not_sent() {
    let account = account_json("Acme", "acme.test", "parent-suspended", 9);
    let replies = [(201, &account), (200, &account), (200, &account)];
    let server = Server::play(replies.map(|(status, body)| Reply::json(status, body))).await;
    let client = client(&server);
    let new = NewAccount { name: "Acme".to_owned(), website: "acme.test".to_owned(), monthly_credit: None };
    let made = client.create_account(&new, &IdempotencyKey::random()).await.unwrap();
    assert!(!made.replayed);
    let change = AccountChange { monthly_credit: Some(9), ..AccountChange::default() };
    let changed = client.update_account(ACCOUNT, &change).await.unwrap();
    let shown = client.show_account(ACCOUNT).await.unwrap();
    assert_eq!(server.bodies(), [r#"{"name":"Acme","website":"acme.test"}"#, r#"{"monthly_credit":9}"#, ""]);
    assert!(made.made == changed && changed == shown);
    assert_eq!((shown.id, shown.name.as_str(), shown.website.as_str()), (ACCOUNT, "Acme", "acme.test"));
    assert_eq!((shown.status, shown.monthly_credit), (Status::ParentSuspended, 9));
    assert_eq!((shown.domain_count, shown.member_count, shown.last_activity_at), (Some(2), Some(3), None));
}
