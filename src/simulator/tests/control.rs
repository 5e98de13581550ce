//! The control endpoints: what they do, and to whom they answer.

use super::*;

impl Bench {
    fn control(&self, method: &str, name: &str, body: Value) -> Answer {
        let asking = Asking::new(method, format!("/_simulator/{name}")).header("Authorization", "");
        self.ask(&if body.is_null() { asking } else { asking.body(body) })
    }
}

#[test]
fn the_state_is_shown_without_a_key() {
    let bench = Bench::new(5);
    let state = bench.control("GET", "state", Value::Null);
    assert_eq!(state.header("date"), Some("fri, 31 jul 2026 23:59:59 gmt"));
    assert_eq!(state.header("x-request-id"), Some("control"));
    let mut expected = json!({
        "parent_account_id": bench.world.parent_account_id(),
        "now": "2026-07-31T23:59:59Z",
        "period": {"start": "2026-07-01T00:00:00Z", "end": "2026-08-01T00:00:00Z"},
        "accounts": bench.world.account_count(),
        "requests": 0,
        "faults": [],
        "mood": {
            "rounding": "4",
            "billing_day": 1,
            "list_suspended": true,
            "suspended_usage": true,
            "zero_usage": true,
            "retry_after": true,
        },
    });
    assert_eq!(state.json(), expected);
    bench.get("");
    expected["requests"] = 1.into();
    assert_eq!(bench.control("GET", "state", Value::Null).json(), expected, "only requests to the API count");
}

#[test]
fn time_is_advanced_in_each_of_three_ways() {
    let bench = Bench::new(3);
    for (body, now) in [
        (json!({"seconds": 1}), "2026-08-01T00:00:00Z"),
        (json!({"days": 31}), "2026-09-01T00:00:00Z"),
        (json!({"to": "2026-10-01T02:00:00+02:00"}), "2026-10-01T00:00:00Z"),
    ] {
        assert_eq!(bench.control("POST", "advance", body).expect(200)["now"], now);
    }
    assert_eq!(bench.get("/usage").json()["billing_period"]["start"], "2026-10-01T00:00:00Z");
    for (body, message) in [
        (json!({}), "exactly one of seconds, days and to is expected"),
        (json!({"seconds": 1, "days": 1}), "exactly one of seconds, days and to is expected"),
        (json!({"to": "2026-09-30T23:59:59Z"}), "time does not go backwards"),
        (json!({"to": "tomorrow"}), "`tomorrow` is no instant such as 2026-10-01T00:00:00Z"),
        (json!({"days": 3_661}), "at most 3660 days at once"),
        (json!({"seconds": u64::MAX}), "at most 3660 days at once"),
    ] {
        assert_refusal(&bench.control("POST", "advance", body), 400, message);
    }
}

#[test]
fn messages_are_sent_and_accounts_deleted_and_only_the_truth_tells() {
    let bench = Bench::new(0);
    let account = bench.create("Acme");
    let before = bench.get("/usage").json()["total"]["reception_count"].as_u64().unwrap();
    bench.control("POST", "send", json!({"account_id": account, "messages": 7})).expect(200);
    bench.control("POST", "send", json!({"messages": 5})).expect(200);
    let usage = bench.get("/usage").json();
    assert_eq!(usage["sub_accounts"][0]["reception_count"], 7);
    assert_eq!(usage["total"]["reception_count"], before + 12);
    assert_eq!(bench.control("GET", "truth", Value::Null).expect(200), json!({"removed_sub_accounts": []}));

    let state = bench.control("POST", "delete", json!({ "account_id": account })).expect(200);
    assert_eq!(state["accounts"], 0);
    let truth = json!({"removed_sub_accounts": [
        {"id": account, "name": "Acme", "messages": 7, "removed_at": "2026-07-31T23:59:59Z"}
    ]});
    assert_eq!(bench.control("GET", "truth", Value::Null).expect(200), truth);
    assert_eq!(bench.get("/usage").json()["removed_sub_accounts"]["reception_count"], 7);
    for (name, body) in
        [("delete", json!({ "account_id": account })), ("send", json!({"account_id": account, "messages": 1}))]
    {
        assert_refusal(&bench.control("POST", name, body), 400, "Sub account not found");
    }
}

#[test]
fn faults_come_and_go_and_their_strikes_are_counted() {
    let bench = Bench::new(1);
    let state = bench.control("POST", "faults", json!({"kind": "503", "path": "/usage", "count": 2})).expect(200);
    let mut expected = json!([
        {"kind": "503", "path": "/usage", "count": 2, "skip": 0, "percent": 100, "millis": 1000, "struck": 0}
    ]);
    assert_eq!(state["faults"], expected);
    assert_eq!([0; 3].map(|_| bench.get("/usage").status), [503, 503, 200]);
    expected[0]["struck"] = 2.into();
    assert_eq!(bench.control("GET", "state", Value::Null).json()["faults"], expected);
    bench.control("POST", "faults", json!({"kind": "500"})).expect(200);
    assert_eq!((bench.get("").status, bench.control("GET", "state", Value::Null).status), (500, 200));
    assert_eq!(bench.control("DELETE", "faults", Value::Null).expect(200)["faults"], json!([]));
    assert_eq!(bench.get("").status, 200);
}

#[test]
fn keys_are_added_with_their_scopes() {
    let bench = Bench::new(1);
    let added = bench.control("POST", "keys", json!({"scopes": ["sub-accounts:usage"]})).expect(200);
    let secret = added["secret_key"].as_str().unwrap();
    assert_eq!((secret.len(), secret.starts_with("aha-sk-")), (71, true));
    let ask =
        |suffix| bench.ask(&bench.asking("GET", suffix).header("Authorization", format!("Bearer {secret}"))).status;
    assert_eq!((ask("/usage"), ask("")), (200, 403));
    let refused = bench.control("POST", "keys", json!({"scopes": ["sub-accounts:everything"]}));
    assert!(refused.expect(400)["message"].as_str().unwrap().starts_with("`sub-accounts:everything` is none of"));
}

#[test]
fn the_mood_changes_in_part() {
    let bench = Bench::new(3);
    let state = bench.control("POST", "mood", json!({"rounding": "2", "zero_usage": false})).expect(200);
    assert_eq!((&state["mood"]["rounding"], &state["mood"]["zero_usage"]), (&"2".into(), &false.into()));
    assert_eq!(state["mood"]["list_suspended"], true);
    let refused = bench.control("POST", "mood", json!({"billing_day": 15}));
    assert_refusal(&refused, 400, "`billing_day` stays as it was at the start");
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let bench = Bench::new(0);
    for (name, body, message) in [
        ("advance", json!([1]), "a JSON object is expected"),
        ("advance", Value::Null, "a JSON object is expected"),
        ("advance", json!({"weeks": 1}), "unknown field `weeks`, expected one of `seconds`, `days`, `to`"),
        ("send", json!({"messages": -1}), "invalid value: integer `-1`, expected u64"),
        ("send", json!({}), "missing field `messages`"),
        ("delete", json!({"account_id": "x"}), "UUID parsing failed"),
        ("faults", json!({"kind": "504"}), "the kind `504` is none of"),
        ("mood", json!({"rounding": "3"}), "`rounding` is none of 2, 4, full"),
    ] {
        let refused = bench.control("POST", name, body).expect(400);
        let text = refused["message"].as_str().unwrap();
        assert!(text.starts_with(message), "{name}: {text}");
    }
    assert_refusal(&bench.control("GET", "nothing", Value::Null), 404, "Not found");
    assert_refusal(&bench.control("GET", "advance", Value::Null), 405, "Method not allowed");
}

#[test]
fn no_web_page_and_no_other_machine_is_answered() {
    let bench = Bench::new(0);
    for (name, value) in [("Origin", "https://page.example"), ("Origin", "null"), ("Sec-Fetch-Site", "same-origin")] {
        for (method, path) in [("GET", "state"), ("POST", "advance"), ("OPTIONS", "faults"), ("GET", "nothing")] {
            let asking = Asking::new(method, format!("/_simulator/{path}")).header(name, value);
            assert_refusal(&bench.ask(&asking), 403, "the control endpoints do not answer to web pages");
        }
    }
    // the API itself is no concern of this
    assert_eq!(bench.ask(&bench.asking("GET", "").header("Origin", "https://page.example")).status, 200);
}

#[test]
fn they_are_not_rate_limited() {
    let bench = Bench::with(0, |_| {}, |settings| settings.rate_limit = true);
    let asking = Asking::new("GET", "/_simulator/state");
    let mut stream = TcpStream::connect(bench.simulator.address()).unwrap();
    let one = asking.text().replace("Connection: close\r\n", "");
    stream.write_all(format!("{}{}", one.repeat(300), asking.text()).as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200").count(), 301);
}
