//! What lies in the archive and is no part of a capture or a close: no damage, and worth a note.

use std::collections::BTreeSet;

use super::told::Told;
use crate::archive::Archive;
use crate::archive::listing::Listing;
use crate::archive::paths::Place;

/// Notes everything that belongs to no capture, close or map.
pub(super) fn note(archive: &Archive, listing: &Listing, told: &mut Told) {
    let complete: BTreeSet<String> = listing.captures().into_iter().map(|key| key.id).collect();
    for found in &listing.found {
        match &found.place {
            Place::Staged => {
                told.note(&found.shown, "a killed run left it half written; the next capture sweeps it away");
            }
            Place::Unknown => told.note(&found.shown, "it is nothing that subledger writes"),
            Place::Inbox(id) if complete.contains(id) => {
                told.note(&archive.shown(&archive.inbox_path(id)), "a copy of usage whose capture is complete");
            }
            Place::Inbox(id) => {
                told.note(&archive.shown(&archive.inbox_path(id)), "the usage of a capture that was not completed");
            }
            Place::Capture(..)
            | Place::Compacted(_)
            | Place::Close(..)
            | Place::Customers(_)
            | Place::Lock
            | Place::Reserve
            | Place::Probe => {}
        }
    }
    for odd in &listing.odd {
        told.note(odd, "no object can have this name, or it is a link that leads nowhere");
    }
}
