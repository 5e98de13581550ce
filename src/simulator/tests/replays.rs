//! Idempotency keys over the socket.

use chrono::TimeDelta;

use super::*;
use crate::simulator::fault::{Fault, Kind};
use crate::simulator::world::Event;

const CREATION: &str = r#"{"name": "Acme", "website": "acme.example.com"}"#;

impl Bench {
    fn keyed<'a>(&self, suffix: &str, key: &str, body: impl Into<Sent>) -> Asking<'a> {
        self.asking("POST", suffix).header("Idempotency-Key", key).body(body)
    }

    fn pass(&self, time: TimeDelta) {
        let to = self.simulator.with_world(World::now) + time;
        self.simulator.apply(Event::Advance(to)).unwrap();
    }

    fn account_count(&self) -> usize {
        self.simulator.with_world(World::account_count)
    }
}

#[test]
fn a_creation_is_replayed_for_a_day_and_then_runs_again() {
    let bench = Bench::new(0);
    let first = bench.ask(&bench.keyed("", "k", CREATION));
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
    bench.pass(TimeDelta::hours(24) - TimeDelta::seconds(1));
    let again = bench.ask(&bench.keyed("", "k", CREATION));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.body, first.body, "byte for byte");
    assert_eq!(bench.account_count(), 1);
    bench.pass(TimeDelta::seconds(1));
    let fresh = bench.ask(&bench.keyed("", "k", CREATION));
    assert_eq!((fresh.status, fresh.header("idempotent-replayed")), (201, None));
    assert_eq!(bench.account_count(), 2);
}

#[test]
fn a_refusal_is_replayed_too() {
    let bench = Bench::new(0);
    let ask = || bench.ask(&bench.keyed("", "k", r#"{"name": ""}"#));
    let (first, again) = (ask(), ask());
    assert_eq!((first.status, first.header("idempotent-replayed")), (400, None));
    assert_eq!((again.status, again.header("idempotent-replayed")), (400, Some("true")));
    assert_eq!(again.body, first.body);
}

#[test]
fn another_payload_is_refused_without_either_header() {
    let bench = Bench::new(0);
    let account = id(&bench.ask(&bench.keyed("", "k", CREATION)).expect(201));
    let spaced = CREATION.replace(": ", ":");
    for asking in [bench.keyed("", "k", spaced), bench.keyed(&format!("/{account}/api-keys"), "k", CREATION)] {
        let answer = bench.ask(&asking);
        assert_refusal(&answer, 422, "idempotency key was already used with a different request payload");
        assert_eq!((answer.header("idempotent-replayed"), answer.header("retry-after")), (None, None));
    }
}

#[test]
fn keys_are_at_most_255_characters_and_an_empty_one_is_none() {
    let bench = Bench::new(0);
    assert_eq!(bench.ask(&bench.keyed("", &"k".repeat(255), CREATION)).status, 201);
    assert_eq!(bench.ask(&bench.keyed("", &"ü".repeat(255), CREATION)).status, 201);
    let long = bench.ask(&bench.keyed("", &"k".repeat(256), CREATION));
    assert_refusal(&long, 400, "idempotency key must be at most 255 characters");
    let count = bench.account_count();
    for _ in 0..2 {
        let mut asking = bench.asking("POST", "").body(CREATION);
        asking.headers.push(("Idempotency-Key", String::new()));
        assert_eq!(bench.ask(&asking).header("idempotent-replayed"), None);
    }
    assert_eq!(bench.account_count(), count + 2);
}

#[test]
fn a_new_keys_secret_is_replayed_for_five_minutes() {
    let bench = Bench::new(0);
    let keys = format!("/{}/api-keys", bench.create("Acme"));
    let body = r#"{"label": "K", "scopes": ["*"]}"#;
    let first = bench.ask(&bench.keyed(&keys, "k", body));
    bench.pass(TimeDelta::seconds(299));
    let again = bench.ask(&bench.keyed(&keys, "k", body));
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &first.body));
    bench.pass(TimeDelta::seconds(1));
    let fresh = bench.ask(&bench.keyed(&keys, "k", body));
    assert_ne!(fresh.expect(201)["secret_key"], first.json()["secret_key"]);
}

#[test]
fn a_refused_key_creation_stays_in_progress_until_its_lease_ends() {
    let bench = Bench::new(0);
    let keys = format!("/{}/api-keys", bench.create("Acme"));
    let ask = || bench.ask(&bench.keyed(&keys, "k", r#"{"label": ""}"#));
    assert_refusal(&ask(), 400, "label is required");
    bench.pass(TimeDelta::seconds(10));
    let busy = ask();
    assert_refusal(&busy, 409, "A request with this idempotency key is already in progress");
    assert_eq!((busy.header("idempotent-replayed"), busy.header("retry-after")), (Some("false"), Some("290")));
    bench.pass(TimeDelta::seconds(290));
    assert_refusal(&ask(), 400, "label is required");
}

#[test]
fn who_hangs_up_leaves_the_key_in_progress() {
    let bench = Bench::new(0);
    bench.simulator.add_fault(Fault { count: Some(1), ..Fault::new(Kind::Stalled) });
    let stalled = bench.open(&bench.keyed("", "k", CREATION));
    while bench.simulator.shared.faults().rules()[0].struck == 0 {
        std::thread::yield_now();
    }
    let ask = || bench.ask(&bench.keyed("", "k", CREATION));
    assert_eq!((ask().status, bench.account_count()), (409, 0));
    drop(stalled);
    assert_eq!(ask().status, 409);
    bench.pass(TimeDelta::minutes(5));
    assert_eq!((ask().status, bench.account_count()), (201, 1));
}

#[test]
fn a_slow_request_holds_its_key_until_it_is_done() {
    let bench = Bench::new(0);
    bench.simulator.add_fault(Fault { millis: 50, ..Fault::new(Kind::Slow) });
    let mut slow = bench.open(&bench.keyed("", "k", CREATION));
    let mut text = String::new();
    slow.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 201"), "{text}");
    assert_eq!(bench.ask(&bench.keyed("", "k", CREATION)).header("idempotent-replayed"), Some("true"));
}

#[test]
fn other_operations_ignore_the_header() {
    let bench = Bench::new(0);
    let account = format!("/{}", bench.create("Acme"));
    for reason in ["one", "another"] {
        let body = json!({ "reason": reason });
        let answer = bench.ask(&bench.keyed(&format!("{account}/suspend"), &"k".repeat(300), body));
        assert_eq!((answer.status, answer.header("idempotent-replayed")), (200, None));
    }
}
