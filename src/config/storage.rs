//! Where evidence and report sets are kept: the archive, the spool beside it, and the mirror of the sets.

use std::path::{Path, PathBuf};

use url::Url;
use uuid::Uuid;

use super::file::File;
use super::{Config, Error, Overrides, Surroundings};
use crate::archive::{self, Archive, StoreOptions};
use crate::publish::store::local_folder;

/// The folder among the reports that takes evidence when an object store does not, unless another one is named.
const SPOOL_NAME: &str = ".spool";

/// Where evidence and report sets are kept.
#[derive(Debug, Clone)]
pub struct Storage {
    /// Folder or object-store URL of the archive.
    pub archive: String,
    /// The folder that takes evidence when the archive does not; nothing for none.
    pub spool: Option<PathBuf>,
    /// Folder or object-store URL to which report sets are copied; nothing for nowhere.
    pub mirror: Option<String>,
    /// How to reach object stores; credentials are from the environment.
    pub options: StoreOptions,
    /// The folder that report sets are published in.
    pub reports: PathBuf,
}

impl Storage {
    pub(super) fn find(
        overrides: &Overrides,
        file: &File,
        folder: &Path,
        surroundings: &Surroundings,
    ) -> Result<Self, Error> {
        let located = |place: &String| {
            if place.contains("://") { place.clone() } else { folder.join(place).to_string_lossy().into_owned() }
        };
        let archive = overrides.archive.clone().or_else(|| file.archive.as_ref().map(located));
        let archive = archive.unwrap_or_else(|| "archive".to_owned());
        let reports = overrides.reports.clone().or_else(|| file.reports.as_ref().map(|path| folder.join(path)));
        let reports = reports.unwrap_or_else(|| PathBuf::from("reports"));
        // a disk beside the archive's own is for whoever has one; a store may be away on any night
        let usual = local_folder(&archive).is_none().then(|| reports.join(SPOOL_NAME));
        let spool = file.spool.as_ref().map(|path| folder.join(path)).or(usual);
        let settings = surroundings.store_settings();
        for (name, value) in &settings {
            // requests that fail show the whole address
            if Url::parse(value).is_ok_and(|url| url.password().is_some()) {
                return Err(super::setting(
                    &name.to_ascii_uppercase(),
                    "has a password in its address: put it elsewhere",
                ));
            }
        }
        let options = StoreOptions { settings, patience: file.store_patience()? };
        let mirror = file.mirror.as_ref().map(located);
        if let Some(mirror) = mirror.as_deref().and_then(local_folder) {
            // a copy among the originals would be taken for one
            let of_ours = [Some(reports.clone()), local_folder(&archive), spool.clone()];
            if of_ours.into_iter().flatten().any(|place| is_within(&mirror, &place)) {
                return Err(super::setting(
                    "mirror",
                    "is among the reports, the archive or the spool: choose another place",
                ));
            }
        }
        Ok(Self { archive, spool, mirror, options, reports })
    }
}

impl Config {
    /// The archive of a parent account, which has to be there.
    pub fn open_archive(&self, account_id: Uuid) -> Result<Archive, archive::Error> {
        let mut archive = Archive::open(&self.storage.archive, account_id, &self.storage.options)?;
        // what waits in the spool is part of it; where nothing was ever spooled there is no folder
        if let Some(spool) = self.storage.spool.as_deref().filter(|spool| archive.has_spool_in(spool)) {
            archive.add_spool(spool)?;
        }
        Ok(archive)
    }

    /// The archive of a parent account, whose folder is made if it is a local one, with its spool.
    pub fn open_or_create_archive(&self, account_id: Uuid) -> Result<Archive, archive::Error> {
        let mut archive = Archive::open_or_create(&self.storage.archive, account_id, &self.storage.options)?;
        if let Some(spool) = &self.storage.spool
            && let Err(error) = archive.add_spool(spool)
        {
            tracing::warn!(%error, "there is no spool: evidence that the archive does not take is lost");
        }
        Ok(archive)
    }
}

/// Whether a folder is another one or below it, or the other way round; links are followed as far as there is something.
fn is_within(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
        there.map_or_else(|| path.to_owned(), |(above, real)| real.join(path.strip_prefix(above).unwrap_or(path)))
    };
    let (one, other) = (real(one), real(other));
    one.starts_with(&other) || other.starts_with(&one)
}
