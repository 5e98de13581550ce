//! The sweep: hits a run at every call on its files, one run for each, and looks at what is left and what comes of a rerun.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Mutex;

use super::points::{Fault, Point, hit};
use super::scene::{Left, Scene, Stage, everything};
use super::trace::traced;
use super::verdict::{converged, is_another_set, said, visible};
use crate::support::Ran;

/// Runs at the same time.
const WORKER_COUNT: usize = 2;
/// Runs until a point is hit: calls on one path may come from another thread than last time.
const TRY_COUNT: usize = 60;

/// What a sweep came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) points: usize,
    pub(crate) runs: usize,
    /// Runs that were hit, by what hit them.
    pub(crate) hits: BTreeMap<&'static str, usize>,
    /// Runs again in states that no point before had left.
    pub(crate) reruns: usize,
    /// Points that were never hit.
    pub(crate) missed: Vec<String>,
    pub(crate) violations: Vec<String>,
}

/// Hits a scene at each of these points.
pub(crate) fn sweep(stage: &Stage, scene: &Scene, points: Vec<Point>) -> Tally {
    let tally = Mutex::new(Tally { points: points.len(), ..Tally::default() });
    let seen = Mutex::new(BTreeSet::new());
    let waiting = Mutex::new(points.into_iter());
    let scratch = stage.scratch.path().canonicalize().expect("a folder");
    std::thread::scope(|scope| {
        for worker in 0..WORKER_COUNT {
            let folder = scratch.join(format!("worker-{worker}"));
            let (tally, seen, waiting) = (&tally, &seen, &waiting);
            scope.spawn(move || {
                let worker = Worker { stage, scene, folder: &folder, tally, seen };
                // the lock is not to be held while a point is looked at
                let next = || waiting.lock().expect("no panic").next();
                while let Some(point) = next() {
                    worker.look_at(&point);
                }
            });
        }
    });
    tally.into_inner().expect("no panic")
}

struct Worker<'a> {
    stage: &'a Stage,
    scene: &'a Scene,
    folder: &'a Path,
    tally: &'a Mutex<Tally>,
    /// States from which a rerun converges.
    seen: &'a Mutex<BTreeSet<u64>>,
}

impl Worker<'_> {
    fn look_at(&self, point: &Point) {
        // mostly one thread makes all of these calls; now and then another one makes some. The first call of any thread comes
        // after the very first one, at which a count of 1 would have hit already
        let others = (2..point.ordinal).rev().flat_map(|number| [point.ordinal, number]);
        let numbers = [point.of_thread, point.ordinal].into_iter().chain(others);
        let numbers: Vec<usize> = numbers.filter(|number| *number > 1 || point.ordinal == 1).collect();
        for number in numbers.into_iter().cycle().take(TRY_COUNT) {
            let (ran, hit) = self.run(point, number);
            self.tally.lock().expect("no panic").runs += 1;
            // another call than was meant to be hit is as good a test, and no reason to stop
            let problems =
                if hit.is_some() || ran.code != self.scene.code { self.check(point, &ran) } else { Vec::new() };
            let mut tally = self.tally.lock().expect("no panic");
            *tally.hits.entry(point.fault.name()).or_default() += usize::from(hit.is_some());
            let show = |problem| format!("{}: {} (hit {hit:?}): {problem}", self.scene.name, point.show());
            tally.violations.extend(problems.into_iter().map(show));
            let is_any = matches!(point.fault, Fault::FullFromHere | Fault::NoLinks(_));
            if hit == Some(point.ordinal) || is_any && hit.is_some() {
                return;
            }
        }
        self.tally.lock().expect("no panic").missed.push(format!("{}: {}", self.scene.name, point.show()));
    }

    /// A run that is hit, and which of the calls it was.
    fn run(&self, point: &Point, of_thread: usize) -> (Ran, Option<usize>) {
        self.scene.set_up(self.folder);
        let log = self.folder.with_extension("log");
        let process = self.stage.process(self.folder, self.scene.arguments());
        let ran = traced(&self.stage.strace, &point.options(self.folder, of_thread), &log, &process).output();
        let log = std::fs::read(log).expect("a log");
        (ran.expect("strace starts").into(), hit(&String::from_utf8_lossy(&log)))
    }

    fn check(&self, point: &Point, ran: &Ran) -> Vec<String> {
        let (scene, folder) = (self.scene, self.folder);
        let mut problems = visible(scene, folder);
        if point.fault != Fault::Kill {
            problems.extend(said(scene, point, folder, ran));
        }
        let another = is_another_set(scene, point, &Left::of(folder));
        // a state that was seen before comes to what it came to before
        if self.seen.lock().expect("no panic").insert(state(folder)) {
            self.tally.lock().expect("no panic").reruns += 1;
            problems.extend(converged(self.stage, scene, folder, another));
        }
        if !problems.is_empty() && point.fault != Fault::Kill {
            problems.push(format!("it had said, with exit {}: {}", ran.code, ran.stderr.trim_end()));
        }
        problems
    }
}

/// A number for everything that is in a folder.
fn state(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    everything(folder).hash(&mut hasher);
    hasher.finish()
}
