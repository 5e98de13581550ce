//! Keys, ids and scopes, and the order in which they are looked at.

use super::*;
use crate::simulator::settings::ParentKey;

/// Every operation, with the scope that it asks for.
const OPERATIONS: [(&str, &str, &str); 13] = [
    ("GET", "", "sub-accounts:read"),
    ("POST", "", "sub-accounts:write"),
    ("GET", "/usage", "sub-accounts:usage"),
    ("GET", "/{id}", "sub-accounts:read"),
    ("PUT", "/{id}", "sub-accounts:write"),
    ("DELETE", "/{id}", "sub-accounts:delete"),
    ("POST", "/{id}/suspend", "sub-accounts:suspend"),
    ("POST", "/{id}/unsuspend", "sub-accounts:suspend"),
    ("GET", "/{id}/api-keys", "sub-account-api-keys:read"),
    ("POST", "/{id}/api-keys", "sub-account-api-keys:write"),
    ("GET", "/{id}/api-keys/{id}", "sub-account-api-keys:read"),
    ("PUT", "/{id}/api-keys/{id}", "sub-account-api-keys:write"),
    ("DELETE", "/{id}/api-keys/{id}", "sub-account-api-keys:delete"),
];

#[test]
fn only_the_parents_key_opens_the_parent() {
    let bench = Bench::new(1);
    for (method, path, _) in OPERATIONS {
        for malformed in ["", KEY, "Basic abc", "Bearer ", "Bearer"] {
            let answer = bench.ask(&bench.asking(method, path).header("Authorization", malformed));
            assert_refusal(&answer, 401, "Missing or malformed bearer token");
        }
        let answer = bench.ask(&bench.asking(method, path).header("Authorization", "Bearer aha-sk-other"));
        assert_refusal(&answer, 401, "Invalid API key");
    }
    let other = "/v2/accounts/9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1/sub-accounts";
    let refused = bench.ask(&Asking::new("GET", other));
    assert_refusal(&refused, 401, "API key doesn't belong to the specified account");
}

#[test]
fn a_sub_accounts_own_key_opens_nothing_here() {
    let bench = Bench::new(1);
    let account = bench.create("Acme");
    let body = json!({"label": "Bootstrap", "scopes": ["messages:send:all"]});
    let made = bench.send("POST", &format!("/{account}/api-keys"), body).expect(201);
    let secret = format!("Bearer {}", made["secret_key"].as_str().unwrap());
    for path in ["", "/usage", "/{id}"] {
        let path = path.replace("{id}", &account.to_string());
        let refused = bench.ask(&bench.asking("GET", &path).header("Authorization", secret.as_str()));
        assert_refusal(&refused, 401, "API key doesn't belong to the specified account");
    }
    bench.send("DELETE", &format!("/{account}"), Value::Null).expect(200);
    let refused = bench.ask(&bench.asking("GET", "").header("Authorization", secret.as_str()));
    assert_refusal(&refused, 401, "Invalid API key");
}

#[test]
fn each_operation_asks_for_its_scope() {
    let keys = |settings: &mut Settings| {
        settings.keys.extend(super::super::settings::SCOPES.iter().map(|scope| ParentKey {
            secret: format!("aha-sk-{scope}"),
            scopes: vec!["sub-accounts:other".to_owned(), (*scope).to_owned()],
        }));
    };
    let bench = Bench::with(1, |_| {}, keys);
    for (method, path, needed) in OPERATIONS {
        let path = path.replace("{id}", &Uuid::nil().to_string());
        for scope in super::super::settings::SCOPES {
            let asking = bench.asking(method, &path).header("Authorization", format!("Bearer aha-sk-{scope}"));
            let answer = bench.ask(&asking);
            if scope == needed || scope == "*" {
                assert_ne!(answer.status, 403, "{method} {path} with {scope}");
            } else {
                assert_refusal(&answer, 403, "Insufficient permissions for the required scope");
            }
        }
    }
}

#[test]
fn the_key_comes_before_the_ids_and_the_ids_before_the_scope() {
    let weak = |settings: &mut Settings| settings.keys[0].scopes = vec!["sub-accounts:usage".to_owned()];
    let bench = Bench::with(1, |_| {}, weak);
    let without_key = Asking::new("GET", "/v2/accounts/x/sub-accounts").header("Authorization", "");
    assert_refusal(&bench.ask(&without_key), 401, "Missing or malformed bearer token");
    for account_id in ["x", "%FF"] {
        let answer = bench.ask(&Asking::new("GET", format!("/v2/accounts/{account_id}/sub-accounts")));
        assert_refusal(&answer, 400, "invalid account_id");
    }
    bench.assert_refused("/not-an-id", 400, "invalid sub_account_id");
    bench.assert_refused("/not-an-id/api-keys/nor-this", 400, "invalid sub_account_id");
    bench.assert_refused(&format!("/{}/api-keys/not-an-id", Uuid::nil()), 400, "invalid key_id");
    bench.assert_refused("?limit=0", 403, "Insufficient permissions for the required scope");
    let keyed = bench.asking("POST", "").header("Idempotency-Key", "k".repeat(256));
    assert_refusal(&bench.ask(&keyed), 403, "Insufficient permissions for the required scope");
}

#[test]
fn what_is_not_there_is_refused_in_the_same_form() {
    let bench = Bench::new(1);
    bench.assert_refused("/usage/more", 404, "Not found");
    for (method, suffix) in [("POST", "/usage"), ("PATCH", ""), ("GET", "/usage/suspend")] {
        assert_refusal(&bench.ask(&bench.asking(method, suffix)), 405, "Method not allowed");
    }
}

#[test]
fn debugging_shows_no_secret() {
    let settings = Settings::with_key(KEY.to_owned());
    let bench = Bench::new(1);
    let text = format!("{settings:?} {:?} {:?}", settings.keys, bench.simulator);
    assert!(!text.contains("0123456789abcdef"), "{text}");
}
