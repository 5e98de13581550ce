//! What a run that was hit has to have left, and what has to come of it when it is run again.

use std::path::Path;

use super::points::{Fault, Point};
use super::scene::{Files, Left, Scene, Stage};
use crate::support::Ran;
use crate::support::sound::soundness;

/// Every documented exit code but that of a defect.
const CODES: [i32; 11] = [0, 2, 10, 12, 13, 20, 21, 22, 23, 75, 11];
/// The exit code after SIGTERM, whatever is safe by then.
const TERMINATED: i32 = 143;
/// Files of the archive that a run can do without, if it says so: seals, tables for SQL engines, and customer maps.
const DISPENSABLE: [&str; 3] = ["capture.json.sha256", "close.json.sha256", "usage.parquet"];

/// What is wrong with what is visible, whatever has happened.
pub(crate) fn visible(scene: &Scene, folder: &Path) -> Vec<String> {
    let mut problems = soundness(folder).problems;
    let left = Left::of(folder);
    problems.extend(lost("archive", &scene.before.archive, &left.archive));
    problems.extend(lost("reports", &scene.before.reports, &left.reports));
    problems
}

/// What was there before and is not any more, or not as it was; only pointers move.
fn lost(place: &str, before: &Files, now: &Files) -> Vec<String> {
    let kept = |path: &str, bytes: &[u8]| match now.get(path) {
        Some(_) if path.ends_with("/latest") => true,
        Some(now) => now == bytes,
        None => false,
    };
    let lost = before.iter().filter(|(path, bytes)| !kept(path, bytes));
    lost.map(|(path, _)| format!("{place}/{path} was there before the run, and is not as it was")).collect()
}

/// What is wrong with what a run says that was hit and lived on: its exit code and its last line.
pub(crate) fn said(scene: &Scene, point: &Point, folder: &Path, ran: &Ran) -> Vec<String> {
    let left = Left::of(folder);
    let mut problems = Vec::new();
    let mut complain = |is_wrong: bool, what: &str| problems.extend(is_wrong.then(|| what.to_owned()));
    let is_told_to_end = point.fault == Fault::Terminate && ran.code == TERMINATED;
    complain(
        !CODES.contains(&ran.code) && !is_told_to_end,
        &format!("the exit code {} is none of those documented", ran.code),
    );
    complain(ran.stderr.contains("panicked"), "it panicked");
    let closing = ran.closing();
    let place = |from: &str| closing.split_once(from).and_then(|(_, rest)| rest.split(';').next()).unwrap_or_default();
    if let Some(capture) = scene.capture_folder() {
        let is_safe = closing.starts_with("evidence: safe in ");
        let named = place("evidence: safe in ") == format!("archive/{capture}");
        complain(is_safe && !(named && scene.has_captured(&left)), "evidence is said to be safe that is not there");
        // tens: tonight's evidence is safe; twenties: it is not; 2 is for a configuration that may concern charges only
        let is_expected = ran.code == 2 || is_told_to_end || is_safe == matches!(ran.code, 0 | 10..=13);
        complain(!is_expected, "the exit code and the last line differ on the evidence");
        complain(!is_safe && !closing.contains("NOT SAFE"), "the last line does not say that evidence is missing");
        let kept = place("only a part is kept in ");
        let has_kept = kept.is_empty() || folder.join(kept).join("usage.json.zst").is_file();
        complain(!has_kept, "a part is said to be kept that is not there");
    } else {
        complain(!closing.starts_with("evidence: "), "the last line says nothing of evidence");
    }
    if ran.code == scene.code {
        let is_warned = ran.stderr.contains("WARN") || ran.code == 10 && scene.code != 10;
        let missing = differences(scene, &left, &|path| is_warned && is_dispensable(path));
        // a look that failed at what was there before is told of in the set itself, and the set is another one
        if !(point.only_looks && is_warned) {
            problems.extend(missing.into_iter().map(|problem| format!("exit {} although {problem}", ran.code)));
        }
    } else if ran.code == 0 {
        problems.push("exit 0 where an undisturbed run has another".to_owned());
    }
    // an interrupted look may end the run, as one that fails; an interrupted change is made again
    if point.fault == Fault::Interrupted && !point.only_looks && ran.code != scene.code {
        problems.push(format!("a call that was interrupted was not made again: exit {}", ran.code));
    }
    problems
}

fn is_dispensable(path: &str) -> bool {
    DISPENSABLE.iter().any(|name| path.ends_with(name)) || path.contains("/customers/")
}

/// How what is left differs from what an undisturbed run leaves; `may_miss` says what of the archive need not be there.
pub(crate) fn differences(scene: &Scene, left: &Left, may_miss: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, bytes) in &scene.after.archive {
        match left.archive.get(path) {
            Some(there) if there == bytes => {}
            None if may_miss(path) => {}
            None => problems.push(format!("archive/{path} is missing")),
            Some(_) => problems.push(format!("archive/{path} is another")),
        }
    }
    // the usage of tonight may still be in the inbox, or half written beside what it was to be
    let inbox = scene.inbox().unwrap_or_default();
    let is_leftover = |path: &str| path.ends_with("#1") || path.ends_with("#2") || path == inbox;
    let more = left.archive.keys().filter(|path| !scene.after.archive.contains_key(*path) && !is_leftover(path));
    problems.extend(more.map(|path| format!("archive/{path} is one too many")));
    if left.reports != scene.after.reports {
        let differs = |path: &&String| left.reports.get(*path) != scene.after.reports.get(*path);
        let paths: Vec<&String> =
            scene.after.reports.keys().chain(left.reports.keys()).filter(differs).take(3).collect();
        problems.push(format!("the reports are others: {paths:?}"));
    }
    problems
}

/// Runs again, and says what is wrong with what comes of it.
pub(crate) fn converged(stage: &Stage, scene: &Scene, folder: &Path, is_another_set: bool) -> Vec<String> {
    let left = Left::of(folder);
    let had_captured = scene.has_captured(&left);
    let again = stage.run(folder, &scene.rerun(&left));
    if again.code != scene.code && !(is_another_set && again.code == 10) {
        return vec![format!("the rerun exits with {}: {}", again.code, again.stderr)];
    }
    let mut problems = visible(scene, folder);
    // a report takes no capture, and so writes no seal for one
    let may_miss = |path: &str| had_captured && path.ends_with("capture.json.sha256");
    if !is_another_set {
        problems.extend(differences(scene, &Left::of(folder), &may_miss));
    }
    problems.into_iter().map(|problem| format!("after the rerun: {problem}")).collect()
}

/// Whether a look that failed has made another capture or another set than an undisturbed run makes, both of them whole.
pub(crate) fn is_another_set(scene: &Scene, point: &Point, left: &Left) -> bool {
    let differs = |there: &Files, after: &Files, name: &str| {
        there.iter().any(|(path, bytes)| path.ends_with(name) && after.get(path) != Some(bytes))
    };
    point.only_looks
        && (differs(&left.archive, &scene.after.archive, "/capture.json")
            || differs(&left.reports, &scene.after.reports, "/manifest.json"))
}

#[test]
fn what_was_there_before_is_missed_and_only_pointers_move() {
    let files = |files: &[(&str, &str)]| -> Files {
        files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.as_bytes().to_vec())).collect()
    };
    let before = files(&[("a/set/control.csv", "1"), ("a/latest", "-> set")]);
    assert_eq!(lost("reports", &before, &before), [""; 0]);
    assert_eq!(lost("reports", &before, &files(&[("a/set/control.csv", "1"), ("a/latest", "-> r2")])), [""; 0]);
    assert_eq!(lost("reports", &before, &files(&[("a/set/control.csv", "1")])).len(), 1, "a pointer is never without");
    assert_eq!(lost("reports", &before, &files(&[("a/set/control.csv", "2"), ("a/latest", "-> set")])).len(), 1);
    assert_eq!(lost("reports", &before, &Files::new()).len(), 2);
}
