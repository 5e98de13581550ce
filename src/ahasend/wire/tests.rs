//! Answers that the door must let through, and answers that it must refuse by name.

use super::*;
use crate::billing::books::Status;

const USAGE: &str = r#"{
    "billing_period": {"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T01:00:00+01:00"},
    "currency": "usd", "allocation_method": "proportional", "allocation_note": "a share",
    "parent": {"account_id": "9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1", "reception_count": 1, "allocated_cost": 0.10},
    "sub_accounts": [{"account_id": "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a", "name": "A", "reception_count": 2,
        "allocated_cost": 2e-1}],
    "removed_sub_accounts": {"reception_count": 0, "allocated_cost": 0.0},
    "total": {"reception_count": 3, "allocated_cost": 0.3}
}"#;

fn read(usage: &str) -> Result<Books, Error> {
    let capture = CaptureRef { id: "20240115T020000Z".into(), at: chrono::DateTime::UNIX_EPOCH, sha256: String::new() };
    books(capture, Uuid::nil(), &Bodies { usage: usage.as_bytes(), pages: vec![], lookups: vec![] })
}

/// The error that the usage gives once `from` is replaced by `to`.
fn refused(from: &str, to: &str) -> String {
    assert!(USAGE.contains(from), "{from}");
    let error = read(&USAGE.replace(from, to)).unwrap_err();
    let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}

#[test]
fn digits_times_and_offsets_arrive_exactly() {
    let books = read(USAGE).unwrap();
    assert_eq!(books.usage.period.to_string(), "2024-01-01 to 2024-02-01");
    assert_eq!(books.cost_sum().to_string(), "0.3");
    assert_eq!(books.usage.currency.code(), "USD");
    assert_eq!(books.unknown, Vec::<String>::new());
}

#[test]
fn what_cannot_be_used_is_named_with_its_place() {
    for (from, to, named) in [
        ("\"allocated_cost\": 0.10", "\"allocated_cost\": null", "/parent/allocated_cost` is no usable amount"),
        ("\"allocated_cost\": 0.10", "\"allocated_cost\": \"0.10\"", "/parent/allocated_cost` is no usable amount"),
        ("\"allocated_cost\": 0.10", "\"cost\": 0.10", "/parent/allocated_cost` is missing"),
        (
            "\"allocated_cost\": 0.10",
            "\"allocated_cost\": 1e400",
            "/parent/allocated_cost` is no usable amount: amount out",
        ),
        (
            "\"allocated_cost\": 0.10",
            "\"allocated_cost\": 0.1, \"allocated_cost\": 0.1",
            "/parent/allocated_cost` is there twice",
        ),
        (
            "\"reception_count\": 2",
            "\"reception_count\": 2.0",
            "/sub_accounts/0/reception_count` is not a whole number",
        ),
        ("\"reception_count\": 2", "\"reception_count\": 02", "usage: `/`"),
        ("2f3c5d2a-9ef8", "xyz", "/sub_accounts/0/account_id` is not a UUID"),
        ("\"usd\"", "\"zzz\"", "/currency` is `zzz`, which is no ISO 4217 code"),
        ("2024-01-01T00:00:00Z", "2024-01-01", "/billing_period/start` is not an RFC 3339 time"),
        ("\"sub_accounts\": [{", "\"sub_accounts\": [5, {", "/sub_accounts/0` has the wrong type"),
        ("{\"reception_count\": 0, \"allocated_cost\": 0.0}", "[0, 0.0]", "/removed_sub_accounts` has the wrong type"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(named), "{to}: {error}");
    }
}

#[test]
fn broken_documents_are_refused() {
    for body in ["", "null", "[]", "5", "{", "{}{}", "\u{feff}{}", "<html>"] {
        assert!(usage_head(body.as_bytes()).is_err(), "{body}");
        assert!(page_head(body.as_bytes()).is_err(), "{body}");
    }
    assert!(usage_head(b"{\"a\": \"\xff\"}").unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn unknown_fields_and_values_are_seen_once() {
    let page = br#"{"object":"list","extra":1," = 1":1,"data":[
        {"object":"sub_account","id":"2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a","parent_account_id":"9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1",
         "name":"a\u0000\u202eb","website":"w","status":"paused","monthly_credit":0,"created_at":"2024-01-01T00:00:00.5Z",
         "domain_count":1,"member_count":1,"last_activity_at":null,"plan":"x"},
        {"object":"sub_account","id":"2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3b","parent_account_id":"9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1",
         "name":" ","website":"w","status":"active","monthly_credit":5,"created_at":"2024-01-01T00:00:00Z",
         "domain_count":1,"member_count":1,"last_activity_at":null,"plan":"y"}],
        "pagination":{"has_more":false}}"#;
    let capture = CaptureRef { id: "".into(), at: chrono::DateTime::UNIX_EPOCH, sha256: String::new() };
    let bodies = Bodies { usage: USAGE.as_bytes(), pages: vec![page], lookups: vec![(Uuid::max(), None)] };
    let books = books(capture, Uuid::nil(), &bodies).unwrap();
    assert_eq!(books.unknown, ["/ = 1", "/data/*/plan", "/data/*/status = `paused`", "/extra"]);
    assert_eq!(books.accounts[0].name, "a␀\u{202e}b".into());
    assert_eq!(
        books.accounts[1].name,
        "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3b".into(),
        "a blank name falls back to the id"
    );
    assert_eq!(books.lookups[&Uuid::max()], Lookup::Gone);
    let head = page_head(page).unwrap();
    assert_eq!((head.ids.len(), head.has_more, head.next_cursor), (2, false, None));
}

const ACCOUNT: &str = r#"{"object":"sub_account","id":"2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a",
    "parent_account_id":"9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1","name":"a\u001bb","website":"w\n","status":"paused",
    "monthly_credit":5,"created_at":"2024-01-01T00:00:00Z","domain_count":1,"member_count":2,"last_activity_at":null}"#;

#[test]
fn an_account_is_read_with_what_it_has_and_never_without_what_it_needs() {
    let read = account(ACCOUNT.as_bytes()).unwrap();
    assert_eq!((read.name.as_str(), read.website.as_str()), ("a␛b", "w␊"));
    assert_eq!(
        (read.status.clone(), read.domain_count, read.member_count),
        (Status::Other("paused".to_owned().into()), Some(1), Some(2))
    );
    for (key, optional) in [
        ("id", false),
        ("parent_account_id", false),
        ("name", false),
        ("status", false),
        ("monthly_credit", false),
        ("object", true),
        ("website", true),
        ("created_at", true),
        ("domain_count", true),
        ("member_count", true),
        ("last_activity_at", true),
    ] {
        let read = account(ACCOUNT.replace(&format!("\"{key}\""), "\"renamed\"").as_bytes());
        assert_eq!(read.is_ok(), optional, "{key}");
        if let Err(error) = read {
            assert_eq!(error.to_string(), format!("sub account: `/{key}` is missing"));
        }
    }
    let without_count = account(ACCOUNT.replace("\"domain_count\":1", "\"domain_count\":null").as_bytes()).unwrap();
    assert_eq!(without_count.domain_count, None, "not zero");
    assert!(account(ACCOUNT.replace("\"domain_count\":1", "\"domain_count\":\"1\"").as_bytes()).is_err());
    let page = format!(r#"{{"data":[{ACCOUNT},{ACCOUNT}],"pagination":{{"has_more":false}}}}"#);
    assert_eq!(accounts(page.as_bytes()).unwrap(), [read.clone(), read]);
}

#[test]
fn what_captures_do_not_need_of_an_account_cannot_spoil_their_books() {
    let odd = ACCOUNT.replace("\"domain_count\":1", "\"domain_count\":\"many\"").replace("\"w\\n\"", "[]");
    assert!(account(odd.as_bytes()).is_err());
    let capture = CaptureRef { id: "".into(), at: chrono::DateTime::UNIX_EPOCH, sha256: String::new() };
    let bodies = Bodies { usage: USAGE.as_bytes(), pages: vec![], lookups: vec![(Uuid::max(), Some(odd.as_bytes()))] };
    assert_eq!(books(capture, Uuid::nil(), &bodies).unwrap().unknown, ["/status = `paused`"]);
}

#[test]
fn a_key_is_read_with_its_lists_and_the_door_is_quiet_about_secrets() {
    let key = r#"{"id":"2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a","account_id":"9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1",
        "label":"l","public_key":"p","scopes":[{"scope":"b"},{"scope":"a\u0000"}],"ip_allow_list":["10.0.0.0/8","\t"]}"#;
    let read = api_key(key.as_bytes()).unwrap();
    assert_eq!((read.scopes, read.ip_allow_list.len()), (vec!["b".to_owned(), "a␀".to_owned()], 2));
    for (from, to, problem) in [
        ("{\"scope\":\"b\"}", "\"b\"", "/scopes/0` has the wrong type"),
        ("\"10.0.0.0/8\"", "10", "/ip_allow_list` has the wrong type"),
        ("\"public_key\":\"p\"", "\"seen\":1,\"seen\":2", "`/` has a field twice"),
        ("\"scope\":\"b\"", "\"seen\":1,\"seen\":2", "`/scopes/0` has a field twice"),
    ] {
        let error = api_key(key.replace(from, to).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(problem) && !error.contains("seen"), "{error}");
    }
    assert_eq!(api_key(key.replace("ip_allow_list", "other").as_bytes()).unwrap().ip_allow_list, [""; 0]);
    assert_eq!(message(br#"{"message":"no"}"#).as_deref(), Some("no"));
}
