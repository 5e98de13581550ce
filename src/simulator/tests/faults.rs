//! What each fault looks like to a client, and that it strikes only whom it should.

use super::*;

impl Bench {
    fn fault(&self, text: &str) {
        self.simulator.clear_faults();
        self.simulator.add_fault(text.parse().unwrap());
    }

    fn struck(&self) -> u64 {
        self.simulator.shared.faults().rules().iter().map(|rule| rule.struck).sum()
    }
}

const CREATION: &str = r#"{"name": "Acme", "website": "acme.example.com"}"#;

fn length(answer: &Answer) -> usize {
    answer.header("content-length").unwrap().parse().unwrap()
}

#[test]
fn what_strikes_before_execution_has_no_effect() {
    let bench = Bench::new(0);
    for (fault, status, message) in [
        ("429", 429, "Too many requests, rate limited."),
        ("500", 500, "Internal server error"),
        ("503", 503, "Service unavailable"),
        ("redirect", 307, "Temporary redirect"),
    ] {
        bench.fault(&format!("{fault},count=1,method=POST"));
        let keyed = || bench.ask(&bench.asking("POST", "").header("Idempotency-Key", fault).body(CREATION));
        let before = bench.simulator.with_world(World::account_count);
        let struck = keyed();
        assert_refusal(&struck, status, message);
        assert_eq!(struck.header("location"), (status == 307).then_some("https://elsewhere.example/"));
        assert_eq!(struck.header("retry-after"), (status == 429).then_some("1"));
        assert_eq!(bench.simulator.with_world(World::account_count), before);
        let fresh = keyed();
        assert_eq!((fresh.status, fresh.header("idempotent-replayed")), (201, None), "the key was not taken");
    }
    let bench = Bench::with(0, |genesis| genesis.mood.retry_after = false, |_| {});
    bench.fault("429");
    assert_eq!(bench.get("").header("retry-after"), None);
}

#[test]
fn a_slow_answer_is_a_good_one() {
    let bench = Bench::new(3);
    let good = bench.get("/usage").body;
    bench.fault("slow,millis=1,path=/usage");
    assert_eq!((bench.get("/usage").body, bench.get("").status), (good, 200));
    assert_eq!(bench.struck(), 1);
}

#[test]
fn a_truncated_answer_breaks_off_within_its_length() {
    let bench = Bench::new(100);
    for suffix in ["", "/usage", "/not-an-id"] {
        let good = bench.get(suffix);
        bench.fault("truncated,count=1");
        let cut = bench.get(suffix);
        assert_eq!((cut.status, length(&cut)), (good.status, good.body.len()), "{}", cut.head);
        assert_eq!(cut.body, good.body[..good.body.len() / 2]);
    }
}

#[test]
fn a_reset_connection_ends_without_an_answer_and_the_request_took_effect() {
    let bench = Bench::new(0);
    bench.fault("reset,count=1");
    let keyed = bench.asking("POST", "").header("Idempotency-Key", "k").body(CREATION);
    assert_eq!(bench.raw(&keyed), "");
    assert_eq!(bench.simulator.with_world(World::account_count), 1);
    let again = bench.ask(&keyed);
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")), "what was lost is replayed");
    assert_eq!(bench.simulator.with_world(World::account_count), 1);
}

#[test]
fn a_mislabelled_answer_says_that_it_is_html() {
    let bench = Bench::new(3);
    let good = bench.get("");
    bench.fault("content-type");
    let bad = bench.get("");
    assert_eq!((bad.header("content-type"), &bad.body), (Some("text/html; charset=utf-8"), &good.body));
}

#[test]
fn a_malformed_answer_is_complete_and_no_json() {
    let bench = Bench::new(3);
    bench.fault("malformed");
    let bad = bench.get("/usage");
    assert_eq!((bad.status, length(&bad)), (200, bad.body.len()));
    assert!(serde_json::from_str::<Value>(&bad.body).is_err());
}

#[test]
fn extra_fields_are_added_and_nothing_else_changes() {
    let bench = Bench::new(3);
    let one = format!("/{}", ids(&bench.get("").json())[0]);
    for suffix in ["", "/usage", one.as_str()] {
        let good = bench.get(suffix).json();
        bench.fault("extra-field,count=1");
        let mut odd = bench.get(suffix).json();
        assert!(odd.as_object_mut().unwrap().remove("surprise").is_some());
        for rows in ["data", "sub_accounts"] {
            if let Some(row) = odd.get_mut(rows).map(|rows| &mut rows[0]) {
                assert!(row.as_object_mut().unwrap().remove("surprise").is_some());
            }
        }
        assert_eq!(odd, good);
    }
}

#[test]
fn a_missing_field_is_one_that_is_required() {
    let bench = Bench::new(3);
    let account = bench.create("Acme");
    let keys = format!("/{account}/api-keys");
    bench.send("POST", &keys, json!({"label": "K", "scopes": ["*"]})).expect(201);
    for (suffix, row, field) in [
        ("", "/data/0", "monthly_credit"),
        ("/usage", "/sub_accounts/0", "allocated_cost"),
        (format!("/{account}").as_str(), "", "monthly_credit"),
        (keys.as_str(), "/data/0", "scopes"),
    ] {
        let good = bench.get(suffix).json();
        bench.fault("missing-field,count=1");
        let bad = bench.get(suffix).json();
        assert!(good.pointer(row).unwrap().get(field).is_some());
        assert!(bad.pointer(row).unwrap().get(field).is_none(), "{bad}");
    }
    bench.fault("missing-field");
    assert_eq!(bench.send("DELETE", &format!("/{account}"), Value::Null).json(), json!({}));
}

#[test]
fn a_huge_answer_is_valid_and_never_whole_in_memory() {
    let bench = Bench::new(3);
    bench.fault("huge");
    let mut stream = bench.open(&bench.asking("GET", "/usage"));
    let mut start = [0; 4_096];
    stream.read_exact(&mut start).unwrap();
    let text = String::from_utf8_lossy(&start);
    assert!(text.contains("transfer-encoding: chunked\r\n"), "{text}");
    assert!(text.contains("{\"padding\":\""), "{text}");
    let mut piece = vec![0; 1 << 20];
    let mut count = start.len();
    let mut end = Vec::new();
    loop {
        let read = stream.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        count += read;
        end.extend_from_slice(&piece[..read]);
        end.drain(..end.len().saturating_sub(64));
    }
    assert!(count > 300 << 20, "{count}");
    let end = String::from_utf8(end).unwrap();
    assert!(end.contains("}}") && end.ends_with("\r\n0\r\n\r\n"), "{end}");
}

#[test]
fn a_repeated_cursor_leads_back_to_the_page_that_it_is_on() {
    let bench = Bench::new(5);
    let next = |page: &Value| page["pagination"]["next_cursor"].as_str().unwrap().to_owned();
    let good = bench.get("?limit=2").json();
    bench.fault("repeated-cursor");
    let first = bench.get("?limit=2").json();
    assert_eq!(ids(&first), ids(&good));
    let same = bench.get(&format!("?limit=2&after={}", encoded(&next(&first)))).json();
    assert_eq!((ids(&same), next(&same)), (ids(&first), next(&first)), "round and round");
    let sent = next(&good);
    let last = bench.get(&format!("?limit=100&after={}", encoded(&sent))).json();
    assert_eq!(
        last["pagination"],
        json!({"has_more": true, "next_cursor": sent, "previous_cursor": last["pagination"]["previous_cursor"]})
    );
    let back = bench.get(&format!("?before={}", encoded(&sent))).json();
    assert_eq!((&back["pagination"]["has_more"], &back["pagination"]["previous_cursor"]), (&true.into(), &sent.into()));
    assert_eq!(bench.struck(), 4);
    assert_eq!((bench.get("/usage").status, bench.struck()), (200, 4), "no list, no fault");
}

#[test]
fn a_repeated_cursor_of_keys_is_a_cursor_of_keys() {
    let bench = Bench::new(0);
    let keys = format!("/{}/api-keys", bench.create("Acme"));
    bench.send("POST", &keys, json!({"label": "K", "scopes": ["*"]})).expect(201);
    bench.fault("repeated-cursor,count=1");
    let page = bench.get(&keys).json();
    let cursor = encoded(page["pagination"]["next_cursor"].as_str().unwrap());
    assert_eq!(ids(&bench.get(&format!("{keys}?after={cursor}")).json()), ids(&page));
}

#[test]
fn a_wrong_total_is_one_too_many() {
    let bench = Bench::new(3);
    let good = bench.get("/usage").json();
    bench.fault("wrong-total,count=1");
    assert_eq!((bench.get("").status, bench.struck()), (200, 0), "a list has no total, and nothing is used up");
    let mut bad = bench.get("/usage").json();
    let count = bad["total"]["reception_count"].as_u64().unwrap();
    bad["total"]["reception_count"] = (count - 1).into();
    assert_eq!(bad, good);
    assert_eq!(bench.get("/usage").json(), good, "once is once");
}

#[test]
fn rows_are_repeated_or_foreign() {
    let bench = Bench::new(3);
    let good = ids(&bench.get("").json());
    bench.fault("repeated-row,path=sub-accounts?,count=1");
    assert_eq!(ids(&bench.get("?limit=100").json()), [good.as_slice(), &good[..1]].concat());
    bench.fault("repeated-row");
    let usage = bench.get("/usage").json();
    let rows = usage["sub_accounts"].as_array().unwrap();
    assert_eq!((rows.len(), rows.first()), (good.len() + 1, rows.last()));
    bench.fault("foreign-row");
    let page = bench.get("").json();
    let row = page["data"].as_array().unwrap().last().unwrap();
    assert_ne!(row["parent_account_id"], json!(bench.world.parent_account_id()));
    assert!(!good.contains(&id(row)));
    let empty = Bench::new(0);
    empty.fault("repeated-row,count=1");
    assert_eq!((empty.get("").status, empty.get("/usage").status, empty.struck()), (200, 200, 0));
}

#[test]
fn the_answers_of_a_request_that_was_refused_keep_what_they_say() {
    let bench = Bench::new(0);
    bench.fault("missing-field,count=1");
    bench.assert_refused("/not-an-id", 400, "invalid sub_account_id");
    assert_eq!(bench.struck(), 0);
}

#[test]
fn faults_from_the_start_are_in_the_settings() {
    let bench = Bench::with(0, |_| {}, |settings| settings.faults = vec!["503,skip=1,count=1".parse().unwrap()]);
    assert_eq!([0; 3].map(|_| bench.get("").status), [200, 503, 200]);
}
