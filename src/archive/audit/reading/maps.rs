//! Customer maps: each holds what it is named by, and those of closes are there as they were recorded.

use bytes::Bytes;

use super::{Reading, SeenClose};
use crate::archive::Error;
use crate::archive::close::{ClosedObject, customers_name};
use crate::archive::customers::unpack_customers;

impl Reading<'_> {
    /// Reads every customer map. The closes have been read before.
    pub(in crate::archive::audit) async fn maps(&mut self) -> Result<(), Error> {
        (self.progress)("checking customer maps");
        let maps = std::mem::take(&mut self.files.maps);
        for sha256 in &maps {
            let path = self.archive.customers_path(sha256);
            match self.read(&path).await? {
                Ok(stored) => self.map(sha256, &stored),
                Err(unread) => {
                    let (path, affected) = (self.archive.shown(&path), self.made_with(sha256));
                    self.told.problem(&path, unread.to_string(), &affected);
                }
            }
        }
        for seen in &self.closes {
            let Some(sha256) = seen.map().filter(|sha256| !maps.contains(*sha256)) else { continue };
            let path = self.archive.shown(&self.archive.customers_path(sha256));
            let label = seen.key.to_string();
            self.told.missing(&path, format!("{label} was made with it"), Some(&seen.path), &[label]);
        }
        Ok(())
    }

    /// Checks a map against its name, and against the records of the closes that were made with it.
    fn map(&mut self, sha256: &str, stored: &Bytes) {
        let path = self.archive.shown(&self.archive.customers_path(sha256));
        if let Err(problem) = unpack_customers(sha256, stored) {
            let affected = self.made_with(sha256);
            return self.told.problem(&path, problem, &affected);
        }
        // bits that unfold to the same are told of by those who know what was stored
        for seen in &self.closes {
            let Some(Err(problem)) = seen.map_object(sha256).map(|object| object.check(stored)) else { continue };
            self.told.problem_by(&seen.path, &path, problem, &[seen.key.to_string()]);
        }
    }

    /// The closes that were made with a map.
    fn made_with(&self, sha256: &str) -> Vec<String> {
        let closes = self.closes.iter().filter(|seen| seen.map() == Some(sha256));
        closes.map(|seen| seen.key.to_string()).collect()
    }
}

impl SeenClose {
    /// The SHA-256 of the customer map that the close was made with.
    fn map(&self) -> Option<&str> {
        self.record.as_ref()?.customers_sha256.as_deref()
    }

    /// That map as it was stored.
    fn map_object(&self, sha256: &str) -> Option<&ClosedObject> {
        let name = customers_name(sha256);
        self.record.as_ref()?.objects.iter().find(|object| object.name == name)
    }
}
