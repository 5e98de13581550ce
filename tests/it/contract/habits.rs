//! What real clients do, and servers have to bear: spellings, connections, and requests that ask for nothing.

use chrono::TimeDelta;

use super::bench::{Bench, NOBODY, key_without};
use super::operations::{ACME, OPERATIONS, Operation};
use super::wire::{Answer, Request};
use crate::support::KEY;

/// A refusal is JSON with a message, whoever gave it.
#[track_caller]
fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let fields: Vec<_> = body.as_object().into_iter().flatten().collect();
    assert!(matches!(&fields[..], [(name, message)] if *name == "message" && message.is_string()), "{body}");
    assert!(answer.header("x-request-id").is_some());
}

#[test]
fn every_post_may_carry_an_idempotency_key() {
    for operation in OPERATIONS.iter().filter(|operation| operation.method == "POST") {
        let bench = Bench::new();
        let answer = bench.ask(&bench.request(operation.name).idempotency_key("6f2a0f7e-1b0e-4d3b-9a55-3a8f1f6d2c10"));
        assert_eq!(answer.status, operation.success, "{}: {}", operation.name, answer.body);
        assert_eq!(answer.header("idempotent-replayed"), None, "{}", operation.name);
    }
}

#[test]
fn a_body_is_json_whatever_its_content_type_says() {
    let bench = Bench::new();
    for content_type in ["application/json; charset=utf-8", "application/json;charset=UTF-8", "APPLICATION/JSON"] {
        for operation in OPERATIONS.iter().filter(|operation| operation.body.is_some()) {
            let answer = bench.ask(&bench.request(operation.name).header("Content-Type", content_type));
            // a change that was made before changes nothing any more
            let is_done = answer.status == operation.success || (operation.method == "PUT" && answer.status == 400);
            assert!(is_done, "{} as {content_type}: {}", operation.name, answer.body);
        }
    }
    assert_eq!(bench.shown()["name"], "Acme Renamed");
}

#[test]
fn a_website_may_be_an_address_and_is_shown_as_a_host() {
    let bench = Bench::new();
    for (number, sent) in [
        "https://www.acme.example.com",
        "http://www.acme.example.com/about?us#team",
        "https://WWW.Acme.example.com:8443/",
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!(r#"{{"name":"Acme {number}","website":"{sent}"}}"#);
        let created = bench.ask(&bench.request("createSubAccount").json(body));
        assert_eq!(created.text("website"), "www.acme.example.com", "{sent}");
    }
    let body = r#"{"website":"https://renamed.example.com/path"}"#;
    let changed = bench.ask(&bench.request("updateSubAccount").json(body));
    assert_eq!(changed.text("website"), "renamed.example.com");
}

#[test]
fn a_null_in_a_change_leaves_things_as_they_are() {
    let bench = Bench::new();
    let before = bench.shown();
    let body = r#"{"name":null,"website":null,"monthly_credit":7}"#;
    let changed = bench.ask(&bench.request("updateSubAccount").json(body)).json();
    assert_eq!((&changed["name"], &changed["website"]), (&before["name"], &before["website"]));
    assert_eq!(changed["monthly_credit"], 7);
    let body = r#"{"name":"Another","website":null,"monthly_credit":null}"#;
    assert_eq!(bench.ask(&bench.request("updateSubAccount").json(body)).json()["monthly_credit"], 7);

    let key = bench.ask(&bench.request("getSubAccountAPIKey")).json();
    let body = r#"{"label":"Another","scopes":null,"ip_allow_list":null}"#;
    let changed = bench.ask(&bench.request("updateSubAccountAPIKey").json(body)).json();
    assert_eq!([&changed["scopes"], &changed["ip_allow_list"]], [&key["scopes"], &key["ip_allow_list"]]);
    let body = r#"{"ip_allow_list":[]}"#;
    let changed = bench.ask(&bench.request("updateSubAccountAPIKey").json(body)).json();
    assert_eq!(changed["ip_allow_list"], serde_json::json!([]), "an empty list is no null");
}

#[test]
fn a_change_of_a_key_is_dated_and_a_look_at_it_is_not() {
    let bench = Bench::new();
    let created = bench.ask(&bench.request("getSubAccountAPIKey")).json();
    bench.pass(TimeDelta::seconds(90));
    assert_eq!(bench.ask(&bench.request("getSubAccountAPIKey")).json(), created);
    let changed = bench.ask(&bench.request("updateSubAccountAPIKey")).json();
    assert_eq!((&changed["created_at"], &created["updated_at"]), (&created["created_at"], &created["created_at"]));
    assert_eq!(changed["updated_at"], "2026-07-20T12:01:30Z");
    assert_eq!(bench.ask(&bench.request("getSubAccountAPIKey")).json(), changed);
}

#[test]
fn a_refused_change_changes_nothing() {
    let bench = Bench::new();
    let before = bench.shown();
    for body in [
        r#"{"name":"Another","monthly_credit":-1}"#,
        r#"{"website":"another.example.com","name":" "}"#,
        r#"{"monthly_credit":9,"website":"no host"}"#,
    ] {
        assert_refused(&bench.ask(&bench.request("updateSubAccount").json(body)), 400);
        assert_eq!(bench.shown(), before, "{body}");
    }
}

#[test]
fn unsuspending_takes_no_body_an_empty_one_or_an_empty_object() {
    let bench = Bench::new();
    let unsuspend = bench.request("unsuspendSubAccount");
    for request in [
        unsuspend.clone(),
        unsuspend.clone().header("Content-Length", "0"),
        unsuspend.clone().json(""),
        unsuspend.clone().json("{}"),
        unsuspend.json(r#"{"reason":"none"}"#),
    ] {
        assert_eq!(bench.ask(&bench.request("suspendSubAccount")).text("status"), "suspended");
        assert_eq!(bench.ask(&request).text("status"), "active", "{request:?}");
        assert_eq!(bench.shown()["status"], "active");
    }
}

#[test]
fn what_is_deleted_is_gone_for_every_operation() {
    let bench = Bench::new();
    assert_eq!(bench.ask(&bench.request("deleteSubAccount")).text("message"), "sub account deleted");
    for operation in OPERATIONS.iter().filter(|operation| operation.names("sub_account_id")) {
        assert_refused(&bench.ask(&bench.request(operation.name)), 404);
    }
    let list = bench.get("?limit=100").body;
    assert!(!list.contains(&bench.ids.sub_account), "and not listed either");
    assert_refused(&bench.ask(&bench.request("getSubAccountsUsage").key(&bench.secret)), 401);
}

#[test]
fn a_deleted_key_is_named_in_the_farewell() {
    let bench = Bench::new();
    let expected = format!("api key {} (Bootstrap key) deleted successfully", bench.ids.key);
    assert_eq!(bench.ask(&bench.request("deleteSubAccountAPIKey")).text("message"), expected);
}

#[test]
fn other_methods_are_refused_with_a_message() {
    let bench = Bench::new();
    for operation in &OPERATIONS {
        let request = bench.request(operation.name);
        let known: Vec<_> =
            OPERATIONS.iter().filter(|other| bench.request(other.name).target == request.target).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if known.iter().all(|other| other.method != method) {
                let answer = bench.ask(&request.clone().method(method));
                assert_refused(&answer, 405);
            }
        }
    }
    assert_eq!(bench.shown()["name"], "Acme Subsidiary", "nothing came of it");
}

#[test]
fn asking_for_heads_is_refused_as_well() {
    let bench = Bench::new();
    for operation in &OPERATIONS {
        // the message is in a body that an answer to HEAD does not have
        let head = bench.ask(&bench.request(operation.name).method("HEAD"));
        assert_eq!(head.status, 405, "HEAD as {}", operation.name);
    }
}

#[test]
fn other_paths_are_refused_with_a_message() {
    let bench = Bench::new();
    for operation in &OPERATIONS {
        let request = bench.request(operation.name);
        for target in
            [format!("{}/", request.target), request.target.replace("/v2/", "/v3/"), format!("/{}", request.target)]
        {
            assert_refused(&bench.ask(&request.clone().at(target)), 404);
        }
    }
    for path in ["/", "/v2", "/v2/accounts", "/favicon.ico", "/v2/accounts//sub-accounts"] {
        let answer = bench.ask(&Request::new("GET", path).key(KEY));
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert_refused(&answer, answer.status);
    }
}

#[test]
fn an_id_is_the_same_in_capitals_and_percent_encoded() {
    let bench = Bench::new();
    let request = bench.request("getSubAccount");
    let id = &bench.ids.sub_account;
    for spelling in [id.to_uppercase(), super::paging::encoded(id)] {
        let target = request.target.replace(id.as_str(), &spelling);
        let answer = bench.ask(&request.clone().at(target));
        assert_eq!(answer.text("id"), *id, "{spelling}");
    }
}

#[test]
fn the_first_thing_that_is_wrong_is_the_one_that_is_told() {
    let bench = Bench::new();
    for operation in &OPERATIONS {
        let mut ids = bench.ids.clone();
        let poor = key_without(operation.scope);
        // everything is wrong at first, and then less and less
        let wrong = |ids: &_| operation.request(ids).json("[").idempotency_key(&"k".repeat(256));
        "x".clone_into(&mut ids.parent);
        assert_refused(&bench.ask(&wrong(&ids)), 401);
        assert_refused(&bench.ask(&wrong(&ids).key(&poor)), 400);
        ids.parent.clone_from(&bench.ids.parent);
        assert_refused(&bench.ask(&wrong(&ids).key(&poor)), 403);
        if operation.is_idempotent {
            assert_refused(&bench.ask(&wrong(&ids).key(KEY)), 400);
            let used = operation.request(&ids).key(KEY).idempotency_key(operation.name);
            assert_eq!(bench.ask(&used).status, 201);
            assert_refused(&bench.ask(&used.json("[")), 422);
        }
    }
    bench.fault("429,count=1");
    let anonymous = bench.request("getSubAccount").without("Authorization");
    assert_refused(&bench.ask(&anonymous), 429);
    assert_refused(&bench.ask(&anonymous), 401);
}

#[test]
fn a_parent_that_is_not_the_keys_own_is_refused_alike_for_every_operation() {
    let bench = Bench::new();
    for operation in &OPERATIONS {
        let ids = super::operations::Ids { parent: NOBODY.to_owned(), ..bench.ids.clone() };
        assert_refused(&bench.ask(&operation.request(&ids).key(KEY)), 401);
        // the sub account's own path and secret open its own account, and nothing of the parent's operations
        let ids = super::operations::Ids { parent: bench.ids.sub_account.clone(), ..bench.ids.clone() };
        let answer = bench.ask(&operation.request(&ids).key(&bench.secret));
        assert!([401, 403, 404].contains(&answer.status), "{}: {}", operation.name, answer.status);
        assert_refused(&answer, answer.status);
    }
}

#[test]
fn a_connection_is_kept_for_the_next_request_and_the_one_after() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let mut request_ids = Vec::new();
    for name in ["getSubAccount", "createSubAccount", "getSubAccountsUsage", "getSubAccount"] {
        let answer = connection.ask(&bench.request(name));
        assert_eq!(answer.status, Operation::named(name).success);
        request_ids.push(answer.header("x-request-id").expect("an id").to_owned());
    }
    // a refusal does not end it
    assert_refused(&connection.ask(&bench.request("getSubAccount").without("Authorization")), 401);
    assert_refused(&connection.ask(&bench.request("createSubAccount").json("[")), 400);
    assert_refused(&connection.ask(&bench.request("createSubAccount").key("x")), 401);
    assert_eq!(connection.ask(&bench.request("getSubAccount").header("Connection", "close")).status, 200);
    assert!(connection.is_over());
    let count = request_ids.len();
    request_ids.sort();
    request_ids.dedup();
    assert_eq!(request_ids.len(), count, "each request has an id of its own");
}

#[test]
fn requests_that_do_not_wait_for_each_other_are_answered_in_their_order() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let names = ["suspendSubAccount", "getSubAccount", "unsuspendSubAccount", "getSubAccount"];
    for name in names {
        connection.write(&bench.request(name));
    }
    let statuses = names.map(|_| connection.read(true).text("status"));
    assert_eq!(statuses, ["suspended", "suspended", "active", "active"]);
}

#[test]
fn an_older_client_is_answered_and_hung_up_on() {
    let bench = Bench::new();
    for name in ["getSubAccount", "getSubAccountsUsage", "createSubAccount"] {
        let mut connection = bench.connect();
        let answer = connection.ask(&bench.request(name).version("HTTP/1.0"));
        assert_eq!(answer.status, Operation::named(name).success);
        assert_ne!(answer.header("transfer-encoding"), Some("chunked"), "it would not understand that");
        answer.json();
        assert!(connection.is_over());
    }
}

#[test]
fn who_asks_first_whether_to_send_the_body_is_told_to_go_on() {
    let bench = Bench::new();
    let request = bench.request("createSubAccount").header("Expect", "100-continue");
    let mut connection = bench.connect();
    connection.write_head(&request);
    assert_eq!(connection.read(true).status, 100);
    connection.write_text(ACME);
    assert_eq!(connection.read(true).status, 201);

    // and where the body would change nothing, the refusal comes at once
    let mut connection = bench.connect();
    connection.write_head(&request.key("aha-sk-nobody"));
    assert_refused(&connection.read(true), 401);
}

#[test]
fn a_body_may_come_in_chunks() {
    let bench = Bench::new();
    let (first, second) = ACME.split_at(20);
    let chunks = format!("14\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", second.len());
    let request = bench.request("createSubAccount").header("Transfer-Encoding", "chunked").json(chunks);
    let created = bench.ask(&request);
    assert_eq!((created.status, created.text("name")), (201, "Acme Subsidiary".to_owned()));
}

#[test]
fn a_body_of_more_than_a_mebibyte_is_refused() {
    let bench = Bench::new();
    let padded = |length: usize| format!("{ACME}{}", " ".repeat(length - ACME.len()));
    let request = bench.request("createSubAccount");
    assert_eq!(bench.ask(&request.clone().json(padded(1 << 20))).status, 201);
    assert_refused(&bench.ask(&request.json(padded((1 << 20) + 1))), 413);
}

#[test]
fn header_names_are_the_same_in_any_spelling() {
    let bench = Bench::new();
    let request = bench.request("createSubAccount").without("Authorization").without("Content-Type");
    let request = request.header("AUTHORIZATION", format!("Bearer {KEY}")).header("content-TYPE", "application/json");
    let request = request.header("IDEMPOTENCY-KEY", "k-1").header("accept", "*/*").header("User-Agent", "x/1");
    let replayed = |request: &Request| bench.ask(request).header("idempotent-replayed").map(str::to_owned);
    assert_eq!([replayed(&request), replayed(&request)], [None, Some("true".to_owned())]);
}
