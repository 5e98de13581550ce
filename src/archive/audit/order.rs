//! The order of things: each capture follows one that is there, each close supersedes the one before it.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{SeenCapture, SeenClose};
use super::told::Told;
use crate::archive::paths::{CLOSE_NAME, MANIFEST_NAME};
use crate::archive::{Archive, CaptureKey, CloseKey};

/// Checks the chain of all captures: one beginning, no gap, no circle. `changed` are the paths of manifests that cannot
/// be believed.
pub(super) fn captures(archive: &Archive, captures: &[SeenCapture], changed: &BTreeSet<String>, told: &mut Told) {
    let present: BTreeSet<&CaptureKey> = captures.iter().map(|seen| &seen.key).collect();
    let credible = || captures.iter().filter(|seen| !changed.contains(&seen.path));
    for seen in credible() {
        let Some((previous, link)) = &seen.previous else { continue };
        if !present.contains(previous) {
            let path = archive.shown(&archive.capture_path(previous).join(MANIFEST_NAME));
            let although = format!("capture `{}` follows it", seen.key.id);
            told.missing(&path, although, None, std::slice::from_ref(&previous.id));
        } else if link.is_none() {
            let note =
                format!("capture `{}` could not be read when this one was taken: no hash links them", previous.id);
            told.note(&seen.path, note);
        }
    }
    beginnings(credible().filter(|seen| seen.is_first), told);
    forks(credible(), told);
    circles(captures, told);
}

/// The first capture follows none, and only that one.
fn beginnings<'s>(mut firsts: impl Iterator<Item = &'s SeenCapture>, told: &mut Told) {
    let Some(first) = firsts.next() else { return };
    for other in firsts {
        let problem =
            format!("it follows no capture, as the first one, `{}`, does: the chain begins twice", first.key.id);
        told.problem(&other.path, problem, &other.affected);
    }
}

/// Two captures that follow the same one. That is no damage: two hosts that capture at once make a fork, and so does a
/// clock that was ahead for longer than a draft looks back for the head of the chain.
fn forks<'s>(captures: impl Iterator<Item = &'s SeenCapture>, told: &mut Told) {
    let mut followers: BTreeMap<&CaptureKey, &CaptureKey> = BTreeMap::new();
    for seen in captures {
        let Some((previous, _)) = &seen.previous else { continue };
        if let Some(other) = followers.get(previous) {
            let note = format!("it follows capture `{}`, as capture `{}` does: the chain forks", previous.id, other.id);
            told.note(&seen.path, note);
        } else {
            followers.insert(previous, &seen.key);
        }
    }
}

/// Links that lead back to where they came from.
fn circles(captures: &[SeenCapture], told: &mut Told) {
    let by_key: BTreeMap<&CaptureKey, &SeenCapture> = captures.iter().map(|seen| (&seen.key, seen)).collect();
    let mut done: BTreeSet<&CaptureKey> = BTreeSet::new();
    for start in captures {
        let mut way: Vec<&SeenCapture> = Vec::new();
        let mut next = Some(start);
        while let Some(seen) = next.filter(|seen| !done.contains(&seen.key)) {
            done.insert(&seen.key);
            way.push(seen);
            next = seen.previous.as_ref().and_then(|(previous, _)| by_key.get(previous).copied());
        }
        // the way ends before one that was seen: on this way, which is a circle, or on an earlier one
        let circle = next.and_then(|next| way.iter().position(|seen| seen.key == next.key));
        for seen in circle.map(|from| &way[from..]).unwrap_or_default() {
            told.problem(&seen.path, "its links lead back to itself: no captures follow each other so", &seen.affected);
        }
    }
}

/// Checks the revisions of each period: from 1, without a gap, each naming the one before it and a capture that is there.
pub(super) fn closes(archive: &Archive, closes: &[SeenClose], captures: &[SeenCapture], told: &mut Told) {
    let present: BTreeSet<&CaptureKey> = captures.iter().map(|seen| &seen.key).collect();
    let mut before: Option<&CloseKey> = None;
    for seen in closes {
        let first = before.filter(|before| before.period == seen.key.period).map_or(0, |before| before.revision) + 1;
        for revision in first..seen.key.revision {
            let missing = CloseKey { period: seen.key.period.clone(), revision };
            let path = archive.shown(&archive.close_path(&missing).join(CLOSE_NAME));
            told.missing(&path, format!("{} is", seen.key), None, &[missing.to_string()]);
        }
        before = Some(&seen.key);
        let Some(record) = &seen.record else { continue };
        let named = record.supersedes.as_ref().map_or(0, |superseded| superseded.revision);
        if named.checked_add(1) != Some(seen.key.revision) {
            let problem = match seen.key.revision {
                1 => "it names a close before it, and is the first".to_owned(),
                revision => format!("it does not name close r{} of {}", revision - 1, seen.key.period),
            };
            told.problem(&seen.path, problem, &[seen.key.to_string()]);
        }
        let capture = record.capture_key();
        if !present.contains(&capture) {
            let path = archive.shown(&archive.capture_path(&capture).join(MANIFEST_NAME));
            let although = format!("{} was made of it", seen.key);
            told.missing(&path, although, Some(&seen.path), &[capture.id, seen.key.to_string()]);
        }
    }
}
