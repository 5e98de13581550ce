//! The operations on sub accounts, and what they refuse.

use super::*;
use crate::simulator::world::Status;

#[test]
fn a_new_sub_account_is_shown_as_it_was_made() {
    let bench = Bench::new(1);
    let body = json!({"name": " Acme ", "website": "https://acme.example.com/x", "monthly_credit": 5, "colour": "red"});
    let created = bench.send("POST", "", body).expect(201);
    let expected = json!({
        "object": "sub_account",
        "id": created["id"],
        "parent_account_id": bench.world.parent_account_id(),
        "name": "Acme",
        "website": "acme.example.com",
        "status": "active",
        "monthly_credit": 5,
        "created_at": "2026-07-31T23:59:59Z",
        "domain_count": 0,
        "member_count": 0,
        "last_activity_at": null,
    });
    assert_eq!(created, expected);
    assert_eq!(bench.get(&format!("/{}", id(&created))).json(), created);
    let minimal = bench.send("POST", "", json!({"name": "B", "website": "b.example.com", "monthly_credit": null}));
    assert_eq!(minimal.expect(201)["monthly_credit"], 0);
}

#[test]
fn a_body_of_the_wrong_form_is_refused_everywhere() {
    let bench = Bench::new(1);
    let account = bench.create("Acme");
    let one = format!("/{account}");
    let [suspend, keys] = ["suspend", "api-keys"].map(|part| format!("{one}/{part}"));
    let key = json!({"label": "Key", "scopes": ["*"]});
    let key = format!("{keys}/{}", id(&bench.send("POST", &keys, key).expect(201)));
    let operations = [
        ("POST", ""),
        ("PUT", one.as_str()),
        ("POST", suspend.as_str()),
        ("POST", keys.as_str()),
        ("PUT", key.as_str()),
    ];
    for (method, suffix) in operations {
        for body in ["", "{", "[]", "null", "7", "\"\"", "{} {}", "[\"A\", \"a.example.com\", 0]"] {
            let answer = bench.ask(&bench.asking(method, suffix).body(body));
            assert_refusal(&answer, 400, "invalid request body");
        }
    }
    for body in [
        r#"{"name": 5}"#,
        r#"{"name": "A", "website": "a.example.com", "monthly_credit": 5.0}"#,
        r#"{"name": "A", "website": "a.example.com", "monthly_credit": "5"}"#,
        r#"{"name": "A", "website": "a.example.com", "monthly_credit": 9223372036854775808}"#,
    ] {
        assert_refusal(&bench.ask(&bench.asking("POST", "").body(body)), 400, "invalid request body");
    }
    for body in [json!({"label": "K", "scopes": "*"}), json!({"label": "K", "scopes": [null]})] {
        assert_refusal(&bench.send("POST", &keys, body), 400, "invalid request body");
    }
    let large = bench.asking("POST", "").body(format!("{{\"name\": \"{}\"}}", "a".repeat(1 << 20)));
    assert_refusal(&bench.ask(&large), 413, "Request body too large");
}

#[test]
fn what_a_creation_lacks_is_named() {
    let bench = Bench::new(1);
    for (body, message) in [
        (json!({}), "name is required"),
        (json!({"name": null, "website": "a.example.com"}), "name is required"),
        (json!({"name": "A"}), "website is required"),
        (json!({"name": "A", "website": "not a domain"}), "website must be a valid domain or http(s) URL"),
        (
            json!({"name": "A", "website": "a.example.com", "monthly_credit": -1}),
            "monthly_credit must be between 0 and 1000000000",
        ),
    ] {
        assert_refusal(&bench.send("POST", "", body), 400, message);
    }
}

#[test]
fn a_change_names_what_changes() {
    let bench = Bench::new(1);
    let account = format!("/{}", bench.create("Acme"));
    let before = bench.get(&account).json();
    for (body, message) in [
        (json!({}), "at least one field must be provided"),
        (json!({"name": null, "colour": "red"}), "at least one field must be provided"),
        (json!({"name": "Acme", "monthly_credit": 0}), "at least one value must differ from the current value"),
        (json!({"name": ""}), "name is required"),
    ] {
        assert_refusal(&bench.send("PUT", &account, body), 400, message);
    }
    let after = bench.send("PUT", &account, json!({"monthly_credit": 7, "name": null})).expect(200);
    let mut expected = before;
    expected["monthly_credit"] = 7.into();
    assert_eq!(after, expected);
    assert_eq!(bench.get(&account).json(), after);
}

#[test]
fn a_pause_begins_and_ends_as_often_as_asked() {
    let bench = Bench::new(1);
    let account = format!("/{}", bench.create("Acme"));
    let [suspend, unsuspend] = ["suspend", "unsuspend"].map(|action| format!("{account}/{action}"));
    assert_refusal(&bench.send("POST", &suspend, json!({})), 400, "reason is required");
    assert_refusal(
        &bench.send("POST", &suspend, json!({"reason": "x".repeat(501)})),
        400,
        "reason must be at most 500 characters",
    );
    for _ in 0..2 {
        let paused = bench.send("POST", &suspend, json!({"reason": "asked for"})).expect(200);
        assert_eq!((&paused["status"], &bench.get(&account).json()), (&"suspended".into(), &paused));
    }
    for body in ["", "not even JSON"] {
        let active = bench.ask(&bench.asking("POST", &unsuspend).body(body)).expect(200);
        assert_eq!((&active["status"], &bench.get(&account).json()), (&"active".into(), &active));
    }
}

#[test]
fn the_parents_pause_is_not_the_sub_accounts_to_end() {
    let bench = Bench::new(100);
    let listed = bench.get("").json();
    let paused = listed["data"].as_array().unwrap().iter().find(|account| account["status"] == "parent-suspended");
    let account = id(paused.unwrap());
    assert_eq!(bench.world.sub_account(account).unwrap().status, Status::ParentSuspended);
    for action in ["suspend", "unsuspend"] {
        let answer = bench.send("POST", &format!("/{account}/{action}"), json!({"reason": "asked for"}));
        assert_refusal(&answer, 403, "Sub account is suspended because its parent account is");
    }
}

#[test]
fn a_deleted_sub_account_is_gone_but_for_its_usage() {
    let bench = Bench::new(50);
    let listed = ids(&bench.get("").json());
    let before = bench.get("/usage").json();
    let deleted = bench.send("DELETE", &format!("/{}", listed[0]), Value::Null).expect(200);
    assert_eq!(deleted, json!({"message": "sub account deleted"}));
    let account = format!("/{}", listed[0]);
    bench.assert_refused(&account, 404, "Sub account not found");
    for (method, suffix) in
        [("DELETE", ""), ("PUT", ""), ("POST", "/suspend"), ("POST", "/unsuspend"), ("GET", "/api-keys")]
    {
        let answer = bench.send(method, &format!("{account}{suffix}"), json!({"reason": "r", "name": "n"}));
        assert_refusal(&answer, 404, "Sub account not found");
    }
    assert_eq!(ids(&bench.get("").json()), listed[1..]);
    let after = bench.get("/usage").json();
    assert_eq!(after["total"], before["total"]);
    let line = before["sub_accounts"].as_array().unwrap().iter().find(|line| line["account_id"] == json!(listed[0]));
    let moved = line.unwrap()["reception_count"].as_u64().unwrap();
    let removed = |usage: &Value| usage["removed_sub_accounts"]["reception_count"].as_u64().unwrap();
    assert_eq!(removed(&after), removed(&before) + moved);
}

#[test]
fn a_listed_sub_account_can_be_read_and_a_removed_one_cannot() {
    let bench = Bench::new(50);
    for listed in bench.get("").json()["data"].as_array().unwrap() {
        assert_eq!(&bench.get(&format!("/{}", id(listed))).json(), listed);
    }
    let removed = &bench.world.removed_sub_accounts()[0];
    bench.assert_refused(&format!("/{}", removed.account.id), 404, "Sub account not found");
}
