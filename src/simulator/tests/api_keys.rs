//! The operations on the keys of a sub account.

use super::*;

#[test]
fn a_key_is_made_shown_without_its_secret_changed_and_deleted() {
    let bench = Bench::new(1);
    let account = bench.create("Acme");
    let keys = format!("/{account}/api-keys");
    assert_eq!(bench.get(&keys).json(), json!({"object": "list", "data": [], "pagination": {"has_more": false}}));
    let body = json!({"label": "Bootstrap", "scopes": ["messages:send:all"], "ip_allow_list": ["203.0.113.9/24"]});
    let made = bench.send("POST", &keys, body).expect(201);
    assert!(made["secret_key"].as_str().unwrap().starts_with("aha-sk-"));
    let mut expected = json!({
        "object": "api_key",
        "id": made["id"],
        "created_at": "2026-07-31T23:59:59Z",
        "updated_at": "2026-07-31T23:59:59Z",
        "last_used_at": null,
        "account_id": account,
        "label": "Bootstrap",
        "public_key": made["public_key"],
        "secret_key": made["secret_key"],
        "scopes": [{
            "id": made["scopes"][0]["id"],
            "created_at": "2026-07-31T23:59:59Z",
            "updated_at": "2026-07-31T23:59:59Z",
            "api_key_id": made["id"],
            "scope": "messages:send:all",
            "domain_id": null,
        }],
        "ip_allow_list": ["203.0.113.0/24"],
    });
    assert_eq!(made, expected);

    expected.as_object_mut().unwrap().remove("secret_key");
    let key = format!("{keys}/{}", id(&made));
    assert_eq!(bench.get(&key).json(), expected);
    assert_eq!(bench.get(&keys).json()["data"], json!([expected]));

    let changed = bench.send("PUT", &key, json!({"label": "Sending", "scopes": null, "ip_allow_list": []})).expect(200);
    expected["label"] = "Sending".into();
    expected["ip_allow_list"] = json!([]);
    assert_eq!(changed, expected);
    let deleted = bench.send("DELETE", &key, Value::Null).expect(200);
    assert_eq!(deleted, json!({"message": format!("api key {} (Sending) deleted successfully", id(&made))}));
    for method in ["GET", "PUT", "DELETE"] {
        assert_refusal(&bench.send(method, &key, json!({"label": "x"})), 404, "API key not found");
    }
}

#[test]
fn what_cannot_be_a_key_is_refused() {
    let bench = Bench::new(1);
    let account = bench.create("Acme");
    let keys = format!("/{account}/api-keys");
    for (body, message) in [
        (json!({}), "label is required"),
        (json!({"label": "K"}), "at least one scope is required"),
        (json!({"label": "K", "scopes": []}), "at least one scope is required"),
        (json!({"label": "K", "scopes": ["sub-accounts:read"]}), "invalid scope: sub-accounts:read"),
        (
            json!({"label": "K", "scopes": ["*"], "ip_allow_list": ["::/0"]}),
            "ip_allow_list must not allow all addresses",
        ),
    ] {
        assert_refusal(&bench.send("POST", &keys, body), 400, message);
    }
    let key = id(&bench.send("POST", &keys, json!({"label": "K", "scopes": ["*"]})).expect(201));
    for (body, message) in [
        (json!({}), "at least one field must be provided"),
        (json!({"label": "K"}), "at least one value must differ from the current value"),
    ] {
        assert_refusal(&bench.send("PUT", &format!("{keys}/{key}"), body), 400, message);
    }
    let other = bench.create("Other");
    bench.assert_refused(&format!("/{other}/api-keys/{key}"), 404, "API key not found");
    bench.assert_refused(&format!("/{}/api-keys/{key}", Uuid::nil()), 404, "Sub account not found");
}
