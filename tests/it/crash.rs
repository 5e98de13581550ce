//! Killed at any moment, on a disk that fails, or without power: nothing half is ever visible, and the next run succeeds.

mod controls;
mod extent;
mod model;
mod points;
mod replay;
mod scene;
mod sweep;
mod trace;
mod verdict;

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread::sleep;
use std::time::Instant;

use self::extent::{Extent, conclude, extent, only, stage, tell, tell_of};
use self::points::{Fault, Point};
use self::replay::{Share, cut};
use self::sweep::sweep;
use crate::support::hold::{Holding, killed, started};
use crate::support::look::{self, unpacked};
use crate::support::world::{id, month_with_lookup};
use crate::support::{NIGHT, PARENT, Server, base, home, ran, run_at, subledger};

/// Kills of a sweep, spread over the time that a whole run takes.
const KILL_COUNT: u32 = 25;
/// Kills in one folder, each after a run that succeeded: looking at more of them takes longer than it teaches.
const KILLS_PER_FOLDER: u32 = 5;
/// Points of the sample: of all scenes and faults together.
const SAMPLE_COUNT: usize = 40;
const NEXT_SECOND: &str = "2024-01-15T02:00:01Z";

/// Kills a run while it waits for the request chosen, and runs again.
fn killed_while_asking(wanted: impl Fn(&str) -> bool + Send + Sync + 'static, keeps_usage: bool) {
    let folder = home();
    let answers = month_with_lookup(102);
    let usage = answers.usage.clone();
    let mut holding = Holding::start(answers, move |asked| wanted(asked.what()));
    let child = started(folder.path(), &holding.server, NIGHT);
    holding.wait();
    killed(child);
    assert_eq!(look::assert_sound(folder.path()), (0, 0));
    let inbox = format!("archive/parent={PARENT}/inbox/capture=20240115T020000Z/usage.json.zst");
    let kept = look::files(folder.path()).get(&inbox).map(|bytes| unpacked(bytes));
    assert_eq!(kept, keeps_usage.then(|| usage.into_bytes()));
    holding.release();
    let again = run_at(folder.path(), &holding.server, NEXT_SECOND, &[]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(look::assert_sound(folder.path()), (1, 1));
}

#[test]
fn killed_while_the_usage_is_awaited() {
    killed_while_asking(|what| what == "/usage", false);
}

#[test]
fn killed_while_the_first_page_is_awaited() {
    killed_while_asking(|what| what == "?limit=100", true);
}

#[test]
fn killed_while_the_second_page_is_awaited() {
    killed_while_asking(|what| what.ends_with("after=page-2"), true);
}

#[test]
fn killed_while_a_lookup_is_awaited() {
    killed_while_asking(|what| what.ends_with(&id(102)), true);
}

#[test]
fn killed_at_any_moment() {
    let server = Server::of(month_with_lookup(5));
    let start = Instant::now();
    assert_eq!(run_at(home().path(), &server, NIGHT, &[]).code, 0);
    let whole = start.elapsed();
    let mut random = fastrand::Rng::with_seed(7);
    let mut folder = home();
    for kill in 0..KILL_COUNT {
        if kill % KILLS_PER_FOLDER == 0 {
            folder = home();
        }
        let now = [2 * kill, 2 * kill + 1].map(|second| format!("2024-01-15T02:00:{second:02}Z"));
        let child = started(folder.path(), &server, &now[0]);
        // nothing below depends on how far the run has come by then
        sleep(whole * (kill * 1_000 + random.u32(..1_000)) / (KILL_COUNT * 1_000));
        killed(child);
        let (captures, sets) = look::assert_sound(folder.path());
        let again = run_at(folder.path(), &server, &now[1], &[]);
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(look::assert_sound(folder.path()), (captures + 1, sets + 1));
    }
}

/// What a kill between two steps of publishing leaves is seen by nobody and swept by the next run.
#[test]
fn killed_between_the_steps_of_publishing() {
    let folder = home();
    let server = Server::of(base());
    assert_eq!(run_at(folder.path(), &server, NIGHT, &[]).code, 0);
    let sets = look::sets(folder.path());
    // half a set, and a pointer that was made and not put into its place
    std::fs::create_dir_all(sets.join(".tmp-20240115T020001Z/customers")).unwrap();
    std::fs::write(sets.join(".tmp-20240115T020001Z/chargeback.csv"), "half").unwrap();
    symlink("20240115T020000Z", sets.join(".tmp-latest")).unwrap();
    // a set that is in its place while the pointer is still the old one
    assert_eq!(ran(subledger(folder.path()).args(["report", "--invoice", "80.00"])).code, 0);
    std::fs::remove_file(sets.join("latest")).unwrap();
    symlink("20240115T020000Z", sets.join("latest")).unwrap();
    assert_eq!(ran(subledger(folder.path()).args(["report", "--invoice", "80.00"])).code, 0);
    assert_eq!(std::fs::read_link(sets.join("latest")).unwrap(), Path::new("20240115T020000Z-r2"));
    assert_eq!(look::assert_sound(folder.path()), (1, 2));
    let mut left: Vec<_> = std::fs::read_dir(&sets).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["20240115T020000Z", "20240115T020000Z-r2", "latest"]);
}

/// A few points, of every fault as many.
fn sample(mut points: Vec<(usize, Point)>) -> Vec<(usize, Point)> {
    fastrand::Rng::with_seed(7).shuffle(&mut points);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    points.sort_by_cached_key(|(_, point)| {
        let count = counts.entry(point.fault.name()).or_default();
        *count += usize::from(!has_told(point));
        if has_told(point) { 0 } else { *count }
    });
    points.truncate(SAMPLE_COUNT);
    points
}

/// Points that every sample has: where there was once something to be mended (a customer map passed over, a period listed in
/// part), and a manifest where there are no hard links.
fn has_told(point: &Point) -> bool {
    let handle = &*point.handle;
    match (point.fault, &*point.name) {
        (Fault::Io, "statx") => handle == "customers.csv",
        (Fault::Io, "getdents64") => point.ordinal == 1 && handle.ends_with("/period=2024-01-01"),
        (Fault::NoLinks(_), _) => handle.ends_with("capture.json#1"),
        _ => false,
    }
}

#[test]
fn whatever_call_fails_or_is_the_last_the_evidence_is_whole_and_a_rerun_converges() {
    let Some(stage) = stage("the crash sweep") else { return };
    let scenes = stage.scenes();
    let mut points: Vec<(usize, Point)> = Vec::new();
    for (number, scene) in scenes.iter().enumerate() {
        points.extend(points::points(&scene.log, &scene.folder).into_iter().map(|point| (number, point)));
    }
    match extent() {
        Extent::Full => points.retain(|(_, point)| only().is_none_or(|only| point.show().contains(&only))),
        Extent::Control => points.retain(|(_, point)| point.fault == Fault::Kill),
        Extent::Sample => points = sample(points),
    }
    let (mut violations, mut missed) = (0, 0);
    for (number, scene) in scenes.iter().enumerate() {
        let here = points.iter().filter(|(of, _)| *of == number).map(|(_, point)| point.clone()).collect();
        let tally = sweep(&stage, scene, here);
        let hits: Vec<String> = tally.hits.iter().map(|(fault, count)| format!("{count} {fault}")).collect();
        tell(&format!(
            "crash sweep: {}: {} points, {} runs, hit by {}; {} reruns, {} points missed, {} violations",
            scene.name,
            tally.points,
            tally.runs,
            hits.join(", "),
            tally.reruns,
            tally.missed.len(),
            tally.violations.len(),
        ));
        for missed in &tally.missed {
            tell(&format!("missed: {missed}"));
        }
        tell_of(&tally.violations);
        violations += tally.violations.len();
        missed += tally.missed.len();
    }
    conclude("the sweep", violations);
    assert_eq!(missed, 0, "points that are never hit are holes in the sweep");
}

#[test]
fn whatever_a_power_cut_takes_what_was_acknowledged_stays() {
    let Some(stage) = stage("the power cut") else { return };
    let share = match extent() {
        Extent::Sample => Share { looks: 4, reruns: 100, kills: usize::MAX, names: true },
        Extent::Full => Share { looks: 1, reruns: 5, kills: 1, names: false },
        Extent::Control => Share { looks: 1, reruns: 100, kills: 50, names: false },
    };
    let mut violations = 0;
    for scene in stage.scenes() {
        let cuts = cut(&stage, &scene, share);
        tell(&format!(
            "power cut: {}: {} moments, {} states, {} reruns, {} runs after a kill; {} violations",
            scene.name,
            cuts.moments,
            cuts.states,
            cuts.reruns,
            cuts.after_kills,
            cuts.violations.len(),
        ));
        tell_of(&cuts.violations);
        violations += cuts.violations.len();
    }
    conclude("the power cut", violations);
}

/// Charges without the customer map would be everybody's own, and nobody would see it.
#[test]
fn a_customer_map_that_cannot_be_looked_at_keeps_back_the_reports_and_not_the_evidence() {
    // one leads to itself, so that nobody can say what is there; one to a share that is not mounted
    for target in ["customers.csv", "share/customers.csv"] {
        let folder = home();
        let map = folder.path().join("customers.csv");
        symlink(target, &map).expect("a link");
        let night = run_at(folder.path(), &Server::of(base()), NIGHT, &[]);
        assert_eq!(night.code, 2, "{}", night.stderr);
        assert!(night.stderr.contains("reading `customers.csv`"), "{}", night.stderr);
        assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
        assert_eq!(look::assert_sound(folder.path()), (1, 0));
        std::fs::remove_file(&map).expect("a link");
        assert_eq!(ran(subledger(folder.path()).arg("report")).code, 0);
        assert_eq!(look::assert_sound(folder.path()), (1, 1));
    }
}
