//! Capturing until the billing period closes: the last moment of one, and the first of the next.

use std::time::Duration;

use serde_json::Value;
use subledger::simulator::world::Event;

use crate::support::simulated::Simulated;
use crate::support::{Ran, ran, tree};

/// Seconds before the end of the simulated worlds' period.
const LATE: &str = "2026-10-31T23:59:57Z";

fn at(time: &str) -> Event {
    Event::Advance(time.parse().expect("a time"))
}

/// The periods of the captures in the archive, oldest first.
fn periods(simulated: &Simulated) -> Vec<String> {
    let archive = simulated.home.path().join("archive");
    let names = tree(&archive).into_keys().filter(|name| name.ends_with("capture.json"));
    let part = |name: &str, key: &str| {
        let found = name.split('/').find_map(|part| part.strip_prefix(key));
        found.expect("a part of the path").to_owned()
    };
    let mut captures: Vec<_> = names.map(|name| (part(&name, "capture="), part(&name, "period="))).collect();
    captures.sort();
    captures.into_iter().map(|(_, period)| period).collect()
}

/// Waits for the end with the binary; the simulated world stands still until so many captures are there, and then is in
/// the next period.
fn until_close(simulated: &Simulated, capture_count: usize) -> Ran {
    simulated.simulator.apply(at(LATE)).expect("time passes");
    let arguments = ["--now-runs", "capture", "--until-close", "--lead", "1", "--output", "json"];
    let mut command = assert_cmd::Command::from(simulated.process_at(LATE, &arguments));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || ran(&mut command));
        while periods(simulated).len() < capture_count && !waiting.is_finished() {
            std::thread::sleep(Duration::from_millis(10));
        }
        simulated.simulator.apply(at("2026-11-01T00:00:05Z")).expect("time passes");
        waiting.join().expect("a result")
    })
}

#[test]
fn the_last_moment_of_a_period_and_the_first_of_the_next_are_captured() {
    let simulated = Simulated::new(3);
    let done = until_close(&simulated, 2);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let periods = periods(&simulated);
    let (last, before) = periods.split_last().expect("captures");
    assert!(before.len() >= 2 && before.iter().all(|period| period == "2026-10-01"), "{periods:?}");
    assert_eq!(last, "2026-11-01");
    let json: Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(json["period"], "2026-11-01");
    assert_eq!(json["captures"].as_array().expect("a list").len(), periods.len());
}

#[test]
fn a_period_that_ends_much_later_is_not_waited_for() {
    let simulated = Simulated::new(1);
    let done = simulated.run(&["capture", "--until-close"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(periods(&simulated).len(), 1);
    assert!(
        done.stdout.contains("not at all: the period ends on 2026-11-01T00:00:00Z, in 16 d 12 h"),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains("next      capture before 2026-10-17T00:00:00Z"), "{}", done.stdout);
}

#[test]
fn a_last_moment_that_fails_is_told_and_the_next_period_is_captured_all_the_same() {
    let simulated = Simulated::new(1);
    std::fs::write(simulated.home.path().join("subledger.toml"), "[limits]\nattempt_count_max = 1\n").expect("a file");
    // the capture of the last moment is the second one, and a second before the end there is no third try
    simulated.fault("503,path=/usage,skip=1,count=1");
    let done = until_close(&simulated, 1);
    assert_eq!(done.code, 20, "{}", done.stderr);
    assert!(done.stderr.contains("the end of the period went unseen"), "{}", done.stderr);
    assert!(done.closing().starts_with("evidence: safe in "), "{}", done.stderr);
    assert!(done.closing().ends_with("hold the tail in `subledger report` against the invoice"), "{}", done.stderr);
    assert_eq!(periods(&simulated).last().map(String::as_str), Some("2026-11-01"), "{}", done.stderr);
}
