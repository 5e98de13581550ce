//! The simulator as a program on the other side of a socket sees it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use super::Simulator;
use super::world::{Period, World};

const KEY: &str = "aha-sk-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A simulator with a runtime of its own, asked over plain HTTP/1.1.
struct Bench {
    simulator: Simulator,
    sub_accounts: String,
    world: World,
    _runtime: Runtime,
}

impl Bench {
    fn new(account_count: usize) -> Self {
        let period = Period::july_2026();
        let world = World::seeded(1, account_count, period, period.end - TimeDelta::seconds(1));
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(Simulator::start(world.clone(), KEY.to_owned())).unwrap();
        let sub_accounts = format!("/v2/accounts/{}/sub-accounts", world.parent_account_id());
        Self { simulator, sub_accounts, world, _runtime: runtime }
    }

    fn send(&self, method: &str, path: &str, authorization: Option<&str>) -> Answer {
        let mut stream = TcpStream::connect(self.simulator.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let authorization = authorization.map_or(String::new(), |value| format!("Authorization: {value}\r\n"));
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: simulator\r\n{authorization}Connection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// A `GET` with the right key; `suffix` follows the list's own path.
    fn get(&self, suffix: &str) -> Answer {
        self.send("GET", &format!("{}{suffix}", self.sub_accounts), Some(&format!("Bearer {KEY}")))
    }

    fn assert_refused(&self, suffix: &str, status: u16, message: &str) {
        assert_refusal(&self.get(suffix), status, message);
    }
}

#[track_caller]
fn assert_refusal(answer: &Answer, status: u16, message: &str) {
    assert_eq!((answer.status, answer.json()), (status, serde_json::json!({ "message": message })));
}

fn encoded(cursor: &str) -> String {
    cursor.replace('+', "%2B").replace('&', "%26").replace('=', "%3D")
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|account| account["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_list_is_walked_forward_and_back_in_three_pages() {
    let bench = Bench::new(250);
    for name in ["after", "cursor"] {
        let first = bench.get("?limit=100").json();
        assert_eq!(first, bench.get("").json(), "100 is the default");
        assert_eq!(first["object"], "list");
        assert!(first["pagination"].get("previous_cursor").is_none());
        let next = |page: &Value| encoded(page["pagination"]["next_cursor"].as_str().unwrap());
        let second = bench.get(&format!("?limit=100&{name}={}", next(&first))).json();
        let third = bench.get(&format!("?limit=100&{name}={}", next(&second))).json();
        assert_eq!(third["pagination"]["has_more"], false);
        assert!(third["pagination"].get("next_cursor").is_none());
        let all = [ids(&first), ids(&second), ids(&third)].concat();
        assert_eq!(all.len(), 250);
        assert!(all.iter().all(|id| bench.world.sub_account(id.parse().unwrap()).is_some()));

        let previous = |page: &Value| encoded(page["pagination"]["previous_cursor"].as_str().unwrap());
        let back = bench.get(&format!("?before={}", previous(&third))).json();
        assert_eq!(ids(&back), ids(&second));
        assert_eq!(back["pagination"]["has_more"], true, "looks forward on the way back too");
        let start = bench.get(&format!("?before={}", previous(&back))).json();
        assert_eq!(start, first);
    }
}

#[test]
fn a_cursor_that_is_not_percent_encoded_is_refused() {
    let bench = Bench::new(3);
    let page = bench.get("?limit=1").json();
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    bench.assert_refused(&format!("?limit=1&after={cursor}"), 400, "invalid cursor");
    assert_eq!(bench.get(&format!("?limit=1&after={}", encoded(cursor))).status, 200);
}

#[test]
fn bad_questions_are_refused_with_a_message() {
    let bench = Bench::new(3);
    for limit in ["0", "101", "-1", "ten", "", "1.0"] {
        bench.assert_refused(&format!("?limit={limit}"), 400, "limit must be between 1 and 100");
    }
    bench.assert_refused("?after=a&before=b", 400, "after and before are mutually exclusive");
    bench.assert_refused("?cursor=a&before=b", 400, "after and before are mutually exclusive");
    bench.assert_refused("?before=", 400, "invalid cursor");
    bench.assert_refused("?after=a&after=b", 400, "invalid query parameters");
    bench.assert_refused("/not-an-id", 400, "invalid sub_account_id");
    bench.assert_refused("/usage/more", 404, "Not found");
    let key = format!("Bearer {KEY}");
    assert_refusal(&bench.send("GET", "/v2/accounts/%FF/sub-accounts", Some(&key)), 400, "invalid account_id");
    assert_refusal(
        &bench.send("POST", &format!("{}/usage", bench.sub_accounts), Some(&key)),
        405,
        "Method not allowed",
    );
}

#[test]
fn only_the_parents_key_opens_the_parent() {
    let bench = Bench::new(1);
    let path = format!("{}/usage", bench.sub_accounts);
    for malformed in [None, Some(KEY), Some("Basic abc"), Some("Bearer "), Some("Bearer")] {
        assert_refusal(&bench.send("GET", &path, malformed), 401, "Missing or malformed bearer token");
    }
    assert_refusal(&bench.send("GET", &path, Some("Bearer aha-sk-other")), 401, "Invalid API key");
    assert_refusal(&bench.send("GET", "/v2/accounts/x/sub-accounts", None), 401, "Missing or malformed bearer token");
    let other = "/v2/accounts/9d0cf9d0-4f5e-4674-bcf1-8ec39968b6e1/sub-accounts";
    let refused = bench.send("GET", other, Some(&format!("Bearer {KEY}")));
    assert_refusal(&refused, 401, "API key doesn't belong to the specified account");
}

#[test]
fn a_listed_sub_account_can_be_read_and_a_removed_one_cannot() {
    let bench = Bench::new(50);
    for listed in bench.get("").json()["data"].as_array().unwrap() {
        let id = listed["id"].as_str().unwrap();
        assert_eq!(&bench.get(&format!("/{id}")).json(), listed);
    }
    let removed = &bench.world.removed_sub_accounts()[0];
    bench.assert_refused(&format!("/{}", removed.id), 404, "Sub account not found");
}

#[test]
fn usage_adds_up_in_the_digits_as_sent() {
    #[derive(Deserialize)]
    struct Line<'a> {
        reception_count: u64,
        #[serde(borrow)]
        allocated_cost: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Usage<'a> {
        #[serde(borrow)]
        parent: Line<'a>,
        sub_accounts: Vec<Line<'a>>,
        removed_sub_accounts: Line<'a>,
        total: Line<'a>,
    }
    let bench = Bench::new(250);
    let answer = bench.get("/usage");
    let mut usage: Usage<'_> = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(usage.sub_accounts.len(), 250);
    usage.sub_accounts.extend([usage.parent, usage.removed_sub_accounts]);
    let cost = |line: &Line<'_>| Decimal::from_str_exact(line.allocated_cost.get()).unwrap();
    assert_eq!(usage.sub_accounts.iter().map(cost).sum::<Decimal>(), cost(&usage.total));
    assert_eq!(usage.sub_accounts.iter().map(|line| line.reception_count).sum::<u64>(), usage.total.reception_count);

    let json = answer.json();
    assert_eq!(
        json["billing_period"],
        serde_json::json!({"start": "2026-07-01T00:00:00Z", "end": "2026-08-01T00:00:00Z"})
    );
    assert_eq!((&json["currency"], &json["allocation_method"]), (&"eur".into(), &"proportional".into()));
    assert!(json["removed_sub_accounts"].get("account_id").is_none());
}

#[test]
fn every_answer_is_numbered_and_dated_by_the_world() {
    let bench = Bench::new(1);
    for (number, suffix) in ["", "/usage", "/not-an-id", "/no/such/path"].into_iter().enumerate() {
        let answer = bench.get(suffix);
        let has = |line: &str| answer.head.lines().any(|found| found == line);
        assert!(has(&format!("x-request-id: {}", number + 1)), "{}", answer.head);
        assert!(has("date: fri, 31 jul 2026 23:59:59 gmt"), "{}", answer.head);
        assert!(has("content-type: application/json"), "{}", answer.head);
    }
}

#[test]
fn dropping_the_simulator_closes_its_port() {
    let Bench { simulator, _runtime: runtime, .. } = Bench::new(1);
    let address = simulator.address;
    drop(simulator);
    let closed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        TcpStream::connect(address).is_err()
    });
    assert!(closed);
    drop(runtime);
}
