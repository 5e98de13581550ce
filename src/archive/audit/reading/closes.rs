//! Closes: the record with its seal, and the objects in its folder.

use std::collections::BTreeSet;

use super::{Reading, SeenClose};
use crate::archive::audit::attested::Claim;
use crate::archive::close::{CloseRecord, KINDS, own_object};
use crate::archive::paths::{CLOSE_NAME, MANIFEST_NAME};
use crate::archive::seal::seal_name;
use crate::archive::{CloseKey, Error};

impl Reading<'_> {
    /// Reads every close.
    pub(in crate::archive::audit) async fn closes(&mut self) -> Result<(), Error> {
        for (key, names) in std::mem::take(&mut self.files.closes) {
            if names.contains(CLOSE_NAME) {
                (self.progress)(&format!("checking {key}"));
                self.close(key, &names).await?;
            } else if names.contains(&seal_name(CLOSE_NAME)) {
                let path = self.archive.shown(&self.archive.close_path(&key).join(CLOSE_NAME));
                self.told.missing(&path, "its seal is".to_owned(), None, &[key.to_string()]);
            } else {
                let note = format!("an attempt to close the period that was not completed: there is no `{CLOSE_NAME}`");
                self.told.note(&self.archive.shown_close(&key), note);
            }
        }
        Ok(())
    }

    /// Reads a close that has a record.
    async fn close(&mut self, key: CloseKey, names: &BTreeSet<String>) -> Result<(), Error> {
        let folder = self.archive.close_path(&key);
        let (path, affected) = (self.archive.shown(&folder.clone().join(CLOSE_NAME)), [key.to_string()]);
        let sealed = self.sealed(&folder, CLOSE_NAME, &affected).await?;
        let mut seen = SeenClose { key, path, witness: None, record: None };
        if let Some((bytes, mut witness)) = sealed {
            let record = self.parsed(&seen.path, CloseRecord::from_bytes(&seen.path, &bytes), &affected)?;
            if let Some(record) = record {
                self.recorded(&seen, &record, names, &affected).await?;
                witness.claims = self.claims(&record);
                seen.record = Some(record);
            }
            seen.witness = Some(witness);
        }
        self.closes.push(seen);
        Ok(())
    }

    /// What a record says of the close before it and of its capture.
    fn claims(&self, record: &CloseRecord) -> Vec<Claim> {
        let superseded = record.supersedes.iter().map(|superseded| {
            let key = CloseKey { period: record.billing_period.clone(), revision: superseded.revision };
            (self.archive.close_path(&key).join(CLOSE_NAME), &superseded.sha256)
        });
        let capture = self.archive.capture_path(&record.capture_key()).join(MANIFEST_NAME);
        let links = superseded.chain([(capture, &record.capture.manifest_sha256)]);
        links.map(|(path, sha256)| Claim { path: self.archive.shown(&path), sha256: sha256.clone() }).collect()
    }

    /// Checks where the record lies, and the objects in its folder.
    async fn recorded(
        &mut self,
        seen: &SeenClose,
        record: &CloseRecord,
        names: &BTreeSet<String>,
        affected: &[String],
    ) -> Result<(), Error> {
        if record.key() != seen.key || record.parent_account_id != self.archive.account_id {
            self.told.problem(&seen.path, "it is the record of another close", affected);
        }
        let folder = self.archive.close_path(&seen.key);
        let mut expected = BTreeSet::from([CLOSE_NAME.to_owned(), seal_name(CLOSE_NAME)]);
        for kind in KINDS {
            let Some(object) = own_object(record, kind) else {
                self.told.problem(&seen.path, format!("it names no object `{kind}`"), affected);
                continue;
            };
            expected.insert(object.name.clone());
            let path = folder.clone().join(object.name.as_str());
            let checked = match self.read(&path).await? {
                Ok(stored) => object.check(&stored),
                Err(unread) => Err(unread.to_string()),
            };
            if let Err(problem) = checked {
                self.told.problem_by(&seen.path, &self.archive.shown(&path), problem, affected);
            }
        }
        for name in names.difference(&expected) {
            let path = self.archive.shown(&folder.clone().join(name.as_str()));
            self.told.note(&path, "the close does not name it: an attempt that was killed or came second left it");
        }
        Ok(())
    }
}
