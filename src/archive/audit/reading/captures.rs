//! Captures: the manifest with its seal, every object that it names with every body, and what it does not name.

use std::collections::BTreeSet;

use super::{Reading, SeenCapture};
use crate::archive::audit::attested::Claim;
use crate::archive::manifest::{Manifest, ObjectEntry};
use crate::archive::paths::{MANIFEST_NAME, TABLE_NAME};
use crate::archive::read::{kind, stored_lookups, unpack};
use crate::archive::seal::seal_name;
use crate::archive::{CaptureKey, Error};

impl Reading<'_> {
    /// Reads every capture. The closes have been read before.
    pub(in crate::archive::audit) async fn captures(&mut self) -> Result<(), Error> {
        let folders = std::mem::take(&mut self.files.captures);
        let complete = folders.values().filter(|names| names.contains(MANIFEST_NAME)).count();
        for (key, names) in folders {
            let made_of_it = self
                .closes
                .iter()
                .filter(|seen| seen.record.as_ref().is_some_and(|record| record.capture_key() == key));
            let affected: Vec<String> =
                [key.id.clone()].into_iter().chain(made_of_it.map(|seen| seen.key.to_string())).collect();
            if names.contains(MANIFEST_NAME) {
                (self.progress)(&format!("checking capture {} of {complete}", self.captures.len() + 1));
                self.capture(key, &names, affected).await?;
            } else {
                self.incomplete_capture(&key, &names, &affected);
            }
        }
        Ok(())
    }

    /// Reads a capture that has a manifest.
    async fn capture(&mut self, key: CaptureKey, names: &BTreeSet<String>, affected: Vec<String>) -> Result<(), Error> {
        let folder = self.archive.capture_path(&key);
        let path = self.archive.shown(&folder.clone().join(MANIFEST_NAME));
        let sealed = self.sealed(&folder, MANIFEST_NAME, &affected).await?;
        let mut seen = SeenCapture { key, path, affected, witness: None, previous: None, is_first: false };
        if let Some((bytes, mut witness)) = sealed {
            let manifest = self.parsed(&seen.path, Manifest::from_bytes(&seen.path, &bytes), &seen.affected)?;
            if let Some(manifest) = manifest {
                self.named(&seen, &manifest, names).await?;
                seen.is_first = manifest.previous.is_none() && !manifest.previous_unknown;
                if manifest.previous_unknown {
                    let note = "the archive was away when it was taken: which capture it follows is not known";
                    self.told.note(&seen.path, note.to_owned());
                }
                seen.previous = manifest
                    .previous
                    .map(|previous| (CaptureKey { id: previous.capture, period: previous.period }, previous.sha256));
                let link = seen.previous.as_ref().and_then(|(previous, sha256)| {
                    let path = self.archive.capture_path(previous).join(MANIFEST_NAME);
                    Some(Claim { path: self.archive.shown(&path), sha256: sha256.clone()? })
                });
                witness.claims.extend(link);
            }
            seen.witness = Some(witness);
        }
        self.captures.push(seen);
        Ok(())
    }

    /// Checks where the manifest lies, and everything that it names.
    async fn named(&mut self, seen: &SeenCapture, manifest: &Manifest, names: &BTreeSet<String>) -> Result<(), Error> {
        if manifest.key() != seen.key || manifest.parent_account_id != self.archive.account_id {
            self.told.problem(&seen.path, "it is the manifest of another capture", &seen.affected);
        }
        if !manifest.objects.iter().any(|object| kind(object) == "usage") {
            self.told.problem(&seen.path, "it names no usage answer", &seen.affected);
        }
        for object in &manifest.objects {
            self.object(seen, object).await?;
        }
        let folder = self.archive.shown_path(&seen.key);
        for name in names {
            let is_named = manifest.objects.iter().any(|object| object.name == *name);
            if !is_named && !is_beside_objects(name) {
                let note = "its manifest does not name it: a killed run left it, or a list that was read once more";
                self.told.note(&format!("{folder}/{name}"), note);
            }
        }
        Ok(())
    }

    /// Reads an object with all its bodies.
    async fn object(&mut self, seen: &SeenCapture, object: &ObjectEntry) -> Result<(), Error> {
        let path = self.archive.capture_path(&seen.key).join(object.name.as_str());
        let shown = self.archive.shown(&path);
        let problem = match self.read(&path).await? {
            Err(unread) => Some(unread.to_string()),
            Ok(stored) => {
                let bodies = unpack(&shown, object, &stored);
                self.bodies += bodies.as_ref().map_or(0, Vec::len);
                let understood = bodies.and_then(|bodies| match kind(object) {
                    "lookups" => stored_lookups(&shown, object, bodies).map(|_| ()),
                    _ => Ok(()),
                });
                match understood {
                    Ok(()) => None,
                    Err(Error::Damaged { problem, .. }) => Some(problem),
                    Err(error) => return Err(error),
                }
            }
        };
        if let Some(problem) = problem {
            self.told.problem_by(&seen.path, &shown, problem, &seen.affected);
        }
        Ok(())
    }

    /// A folder without a manifest: a run was killed, unless something is there that is written only after the manifest.
    fn incomplete_capture(&mut self, key: &CaptureKey, names: &BTreeSet<String>, affected: &[String]) {
        let path = self.archive.shown(&self.archive.capture_path(key).join(MANIFEST_NAME));
        if names.contains(&seal_name(MANIFEST_NAME)) {
            self.told.missing(&path, "its seal is".to_owned(), None, affected);
        } else if names.contains(TABLE_NAME) {
            self.told.missing(&path, format!("`{TABLE_NAME}`, which comes after it, is"), None, affected);
        } else {
            let note = format!("a capture that was not completed: there is no `{MANIFEST_NAME}`");
            self.told.note(&self.archive.shown_path(key), note);
        }
    }
}

/// Whether a file of this name lies beside the objects of any capture.
fn is_beside_objects(name: &str) -> bool {
    name == MANIFEST_NAME || name == seal_name(MANIFEST_NAME) || name == TABLE_NAME
}
