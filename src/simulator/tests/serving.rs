//! What every answer has in common, time, the rate limit, and the end.

use chrono::TimeDelta;

use super::*;
use crate::simulator::world::{Effect, Event, Refused};

#[test]
fn every_answer_is_numbered_and_dated_by_the_world() {
    let bench = Bench::new(1);
    for (number, suffix) in ["", "/usage", "/not-an-id", "/no/such/path"].into_iter().enumerate() {
        let answer = bench.get(suffix);
        assert_eq!(answer.header("x-request-id"), Some((number + 1).to_string().as_str()));
        assert_eq!(answer.header("date"), Some("fri, 31 jul 2026 23:59:59 gmt"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert_eq!(bench.simulator.requests(), 4);
}

#[test]
fn time_stands_still_until_it_is_advanced() {
    let bench = Bench::new(1);
    let before = bench.get("/usage").json();
    let to = instant("2026-08-01T06:00:00Z");
    assert_eq!(bench.simulator.apply(Event::Advance(to)), Ok(Effect::Done));
    let answer = bench.get("/usage");
    assert_eq!(answer.header("date"), Some("sat, 01 aug 2026 06:00:00 gmt"));
    assert_eq!(answer.json()["billing_period"]["start"], before["billing_period"]["end"]);
}

#[test]
fn an_accelerated_world_runs_ahead_and_goes_on_from_where_it_is_sent() {
    // fast enough that no test is slow enough not to see it
    let bench = Bench::with(1, |_| {}, |settings| settings.pace = 1_000_000);
    while bench.simulator.with_world(World::now) < instant("2026-08-02T00:00:00Z") {
        std::thread::yield_now();
    }
    let to = bench.simulator.with_world(World::now) + TimeDelta::days(300);
    bench.simulator.apply(Event::Advance(to)).unwrap();
    while bench.simulator.with_world(World::now) < to + TimeDelta::days(1) {
        std::thread::yield_now();
    }
}

#[test]
fn the_process_may_change_the_world_and_sees_what_the_api_shows() {
    let bench = Bench::new(5);
    let account = ids(&bench.get("").json())[0];
    let lines = |bench: &Bench| bench.get("/usage").json()["parent"]["reception_count"].as_u64().unwrap();
    let before = lines(&bench);
    assert_eq!(bench.simulator.apply(Event::Send(None, 7)), Ok(Effect::Done));
    assert_eq!(lines(&bench), before + 7);
    assert_eq!(bench.simulator.apply(Event::Delete(account)), Ok(Effect::Done));
    assert_eq!(bench.simulator.apply(Event::Delete(account)), Err(Refused::NoSuchAccount));
    assert!(bench.simulator.with_world(|world| world.sub_account(account).is_none()));
    bench.assert_refused(&format!("/{account}"), 404, "Sub account not found");
}

#[test]
fn too_many_requests_are_refused_and_the_mood_says_whether_with_advice() {
    for retry_after in [true, false] {
        let mood = |genesis: &mut Genesis| genesis.mood.retry_after = retry_after;
        let bench = Bench::with(0, mood, |settings| settings.rate_limit = true);
        // pipelined, so that no machine is too slow for it; even without a key, because the limit comes first
        let asking = bench.asking("GET", "").header("Authorization", "");
        let one = asking.text().replace("Connection: close\r\n", "");
        let mut stream = TcpStream::connect(bench.simulator.address()).unwrap();
        stream.write_all(format!("{}{}", one.repeat(1_000), asking.text()).as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let refused: Vec<&str> = text.split("HTTP/1.1 ").filter(|answer| answer.starts_with("429")).collect();
        assert!(!refused.is_empty());
        assert!(refused[0].contains(r#"{"message":"Too many requests, rate limited."}"#), "{}", refused[0]);
        assert_eq!(refused[0].to_lowercase().contains("retry-after: 1\r\n"), retry_after);
        assert!(text.contains("HTTP/1.1 401"), "the first 200 are let in");
    }
}

#[test]
fn dropping_the_simulator_closes_its_port() {
    let Bench { simulator, runtime, .. } = Bench::new(1);
    let address = simulator.address;
    drop(simulator);
    let closed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        TcpStream::connect(address).is_err()
    });
    assert!(closed);
    drop(runtime);
}

#[test]
fn stopping_the_simulator_closes_its_port_before_it_returns() {
    let Bench { simulator, runtime, .. } = Bench::new(1);
    let address = simulator.address();
    runtime.block_on(simulator.stop());
    assert!(TcpStream::connect(address).is_err());
}
