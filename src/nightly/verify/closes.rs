//! The closes: each record against the manifest that is archived with it, and what a damaged capture puts in doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::super::close::contradiction;
use super::Broken;
use crate::archive::{Archive, Audit, CloseKey, Closed};
use crate::failure::Failure;
use crate::report::StoredSet;

/// Closes by their places.
pub(super) type Closes = BTreeMap<CloseKey, Closed>;

/// The closes that are intact.
pub(super) async fn intact(archive: &Archive, audit: &Audit) -> Result<Closes, Failure> {
    let mut closes = Closes::new();
    for close in audit.closes.iter().filter(|close| close.is_intact) {
        closes.insert(close.key.clone(), archive.close(&close.key).await.map_err(Failure::of_archive)?);
    }
    Ok(closes)
}

/// Records that say something else than the manifests that are archived with them.
pub(super) fn contradictions(archive: &Archive, closes: &Closes) -> Vec<Broken> {
    let broken = closes.iter().filter_map(|(key, closed)| {
        let stored = StoredSet::read(&closed.manifest).ok()?;
        let problem = format!("it {}", contradiction(closed, &stored)?);
        Some(Broken { path: format!("{}/close.json", archive.shown_close(key)), problem })
    });
    broken.collect()
}

/// Puts the closes in doubt that were made of captures that are.
pub(super) fn spread_doubt(audit: &mut Audit, closes: &Closes) {
    for (key, closed) in closes {
        let Ok(stored) = StoredSet::read(&closed.manifest) else { continue };
        let of_it: BTreeSet<&String> =
            stored.captures.iter().chain(&stored.captures_before).map(|(id, _)| id).collect();
        let close = key.to_string();
        for problem in &mut audit.problems {
            if problem.affected.iter().any(|id| of_it.contains(id)) && !problem.affected.contains(&close) {
                problem.affected.push(close.clone());
            }
        }
    }
}
