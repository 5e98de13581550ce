//! Idempotency keys in time: what is kept and for how long, what is released, and what never counts.

use chrono::TimeDelta;

use super::bench::{Bench, NOBODY, key_without};
use super::operations::{ACME, Ids, Operation};
use super::wire::{Answer, Request};
use crate::support::KEY;

/// The two operations that replay.
const CREATIONS: [&str; 2] = ["createSubAccount", "createSubAccountAPIKey"];

/// Status, and whether it is a replay.
fn seen(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("idempotent-replayed"))
}

const REPLAY: Option<&str> = Some("true");
const IN_PROGRESS: (u16, Option<&str>) = (409, Some("false"));

#[test]
fn a_creation_is_kept_for_a_day_and_a_secret_for_five_minutes() {
    for (name, kept) in [("createSubAccount", TimeDelta::hours(24)), ("createSubAccountAPIKey", TimeDelta::minutes(5))]
    {
        let bench = Bench::new();
        let request = bench.request(name).idempotency_key("k-1");
        let first = bench.ask(&request);
        bench.pass(kept - TimeDelta::seconds(1));
        let again = bench.ask(&request);
        assert_eq!((seen(&again), &again.body), ((201, REPLAY), &first.body), "{name}");
        bench.pass(TimeDelta::seconds(1));
        let anew = bench.ask(&request);
        assert_eq!(seen(&anew), (201, None), "{name}");
        assert_ne!(anew.text("id"), first.text("id"), "{name}");
    }
}

#[test]
fn a_replay_shows_what_was_and_not_what_is() {
    let bench = Bench::new();
    let request = bench.request("createSubAccount").idempotency_key("k-1");
    let first = bench.ask(&request);
    let ids = Ids { sub_account: first.text("id"), ..bench.ids.clone() };
    assert_eq!(bench.ask(&Operation::named("deleteSubAccount").request(&ids).key(KEY)).status, 200);
    let again = bench.ask(&request);
    assert_eq!((seen(&again), &again.body), ((201, REPLAY), &first.body));
    assert_eq!(bench.ask(&Operation::named("getSubAccount").request(&ids).key(KEY)).status, 404);
}

#[test]
fn a_refused_account_is_kept_and_a_refused_key_stays_in_progress() {
    let bench = Bench::new();
    let refused = bench.request("createSubAccount").json("{}").idempotency_key("k-1");
    let first = bench.ask(&refused);
    let again = bench.ask(&refused);
    assert_eq!((seen(&first), seen(&again), &again.body), ((400, None), (400, REPLAY), &first.body));
    assert_eq!(bench.ask(&refused.json(ACME)).status, 422, "mended, it is another request");

    let refused = bench.request("createSubAccountAPIKey").json("{}").idempotency_key("k-2");
    assert_eq!(seen(&bench.ask(&refused)), (400, None));
    let again = bench.ask(&refused);
    assert_eq!((seen(&again), again.header("retry-after")), (IN_PROGRESS, Some("300")));
    bench.pass(TimeDelta::seconds(299));
    let again = bench.ask(&refused);
    assert_eq!((seen(&again), again.header("retry-after")), (IN_PROGRESS, Some("1")));
    bench.pass(TimeDelta::seconds(1));
    assert_eq!(seen(&bench.ask(&refused)), (400, None), "the lease is over, so it runs once more");

    let ids = Ids { sub_account: NOBODY.to_owned(), ..bench.ids.clone() };
    let nowhere = Operation::named("createSubAccountAPIKey").request(&ids).key(KEY).idempotency_key("k-3");
    assert_eq!([seen(&bench.ask(&nowhere)), seen(&bench.ask(&nowhere))], [(404, None), IN_PROGRESS]);
}

#[test]
fn a_server_error_releases_the_key() {
    for name in CREATIONS {
        for kind in ["500", "503", "429"] {
            let bench = Bench::new();
            let request = bench.request(name).idempotency_key("k-1");
            bench.fault(&format!("{kind},count=1"));
            assert_eq!(seen(&bench.ask(&request)), (kind.parse().unwrap(), None), "{name}");
            assert_eq!(seen(&bench.ask(&request)), (201, None), "{name} after {kind}");
        }
    }
}

#[test]
fn what_comes_before_idempotency_is_not_kept() {
    for name in CREATIONS {
        let bench = Bench::new();
        let request = bench.request(name).idempotency_key("k-1");
        assert_eq!(seen(&bench.ask(&request.clone().without("Authorization"))), (401, None));
        let scope = Operation::named(name).scope;
        assert_eq!(seen(&bench.ask(&request.clone().key(&key_without(scope)))), (403, None));
        assert_eq!(seen(&bench.ask(&request)), (201, None), "{name}");
        assert_eq!(seen(&bench.ask(&request.without("Authorization"))), (401, None), "nor is anything replayed to it");
    }
}

#[test]
fn whoever_hung_up_leaves_the_key_in_progress_until_the_lease_ends() {
    for name in CREATIONS {
        let bench = Bench::new();
        let request = bench.request(name).idempotency_key("k-1");
        // both hang up in the end, the one that was told off and the one that was held
        assert_eq!(seen(&bench.ask_twice_at_once(&request)), IN_PROGRESS);
        assert_eq!(seen(&bench.ask(&request)), IN_PROGRESS, "{name}");
        bench.pass(TimeDelta::minutes(5));
        assert_eq!(seen(&bench.ask(&request)), (201, None), "{name}");
        assert_eq!(seen(&bench.ask(&request)), (201, REPLAY), "{name}");
    }
}

#[test]
fn bytes_make_a_request_and_not_their_meaning() {
    let bench = Bench::new();
    let body = |text: &str| bench.request("createSubAccount").json(text).idempotency_key("k-1");
    assert_eq!(bench.ask(&body(r#"{"name":"Acme","website":"acme.example.com"}"#)).status, 201);
    for other in [
        r#"{"website":"acme.example.com","name":"Acme"}"#,
        r#"{"name": "Acme", "website": "acme.example.com"}"#,
        r#"{"name":"Acme","website":"acme.example.com","monthly_credit":0}"#,
        r#"{"name":"\u0041cme","website":"acme.example.com"}"#,
        "",
    ] {
        assert_eq!(seen(&bench.ask(&body(other))), (422, None), "{other}");
    }
    let same = body(r#"{"name":"Acme","website":"acme.example.com"}"#);
    assert_eq!(seen(&bench.ask(&same)), (201, REPLAY), "a refusal changes nothing about what is kept");
}

#[test]
fn every_key_counts_for_itself_and_an_empty_one_not_at_all() {
    let bench = Bench::new();
    let ask = |key: &str| bench.ask(&bench.request("createSubAccount").idempotency_key(key)).text("id");
    let ids = [ask("k-1"), ask("K-1"), ask("k-2"), ask(""), ask(""), ask(&"k".repeat(255))];
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id), "{ids:?}");
    }
    assert_eq!([ask("k-1"), ask("K-1"), ask(&"k".repeat(255))], [ids[0].clone(), ids[1].clone(), ids[5].clone()]);
}

#[test]
fn only_creations_know_the_header() {
    let bench = Bench::new();
    let create = bench.request("createSubAccount").idempotency_key("k-1");
    let id = bench.ask(&create).text("id");
    let ids = Ids { sub_account: id, ..bench.ids.clone() };
    let about = |name: &str| Operation::named(name).request(&ids).key(KEY).idempotency_key("k-1");
    let status = |name: &str| {
        let answer = bench.ask(&about(name));
        assert_eq!(seen(&answer), (200, None), "{name}");
        answer.text("status")
    };
    // the same key each time, and each time something happens
    for _ in 0..2 {
        assert_eq!([status("suspendSubAccount"), status("getSubAccount")], ["suspended", "suspended"]);
        assert_eq!([status("unsuspendSubAccount"), status("getSubAccount")], ["active", "active"]);
    }
    assert_eq!(status("updateSubAccount"), "active");
    assert_eq!(seen(&bench.ask(&about("updateSubAccount"))), (400, None), "nothing differs any more");
    assert_eq!(seen(&bench.ask(&about("deleteSubAccount"))), (200, None));
    assert_eq!(seen(&bench.ask(&about("deleteSubAccount"))), (404, None));
    assert_eq!(seen(&bench.ask(&create)), (201, REPLAY));
    let long = Request::idempotency_key(bench.request("getSubAccountsUsage"), &"k".repeat(300));
    assert_eq!(seen(&bench.ask(&long)), (200, None), "and where it is not known, its length is nothing");
}
