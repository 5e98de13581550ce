//! Answers that the door must let through, and answers that it must refuse by name.

use super::*;

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
    let capture =
        CaptureRef { id: "20240115T020000Z".to_owned(), at: chrono::DateTime::UNIX_EPOCH, sha256: String::new() };
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
    let page = br#"{"object":"list","extra":1,"data":[
        {"object":"sub_account","id":"2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a","parent_account_id":"9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1",
         "name":"a\u0000\u202eb","website":"w","status":"paused","monthly_credit":0,"created_at":"2024-01-01T00:00:00.5Z",
         "domain_count":1,"member_count":1,"last_activity_at":null,"plan":"x"},
        {"object":"sub_account","id":"2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3b","parent_account_id":"9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1",
         "name":" ","website":"w","status":"active","monthly_credit":5,"created_at":"2024-01-01T00:00:00Z",
         "domain_count":1,"member_count":1,"last_activity_at":null,"plan":"y"}],
        "pagination":{"has_more":false}}"#;
    let capture = CaptureRef { id: String::new(), at: chrono::DateTime::UNIX_EPOCH, sha256: String::new() };
    let bodies = Bodies { usage: USAGE.as_bytes(), pages: vec![page], lookups: vec![(Uuid::max(), None)] };
    let books = books(capture, Uuid::nil(), &bodies).unwrap();
    assert_eq!(books.unknown, ["/data/*/plan", "/data/*/status = `paused`", "/extra"]);
    assert_eq!(books.accounts[0].name, "a␀\u{202e}b");
    assert_eq!(books.accounts[1].name, "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3b", "a blank name falls back to the id");
    assert_eq!(books.lookups[&Uuid::max()], Lookup::Gone);
    let head = page_head(page).unwrap();
    assert_eq!((head.account_ids.len(), head.has_more, head.next_cursor), (2, false, None));
}
