//! Several parent accounts in one configuration: which there are, and which of them a run is for.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::file::File;
use super::{Error, Overrides, checked_label, parse_uuid, read_file};
use crate::sha256;

/// One part of several that parent accounts are divided into, so that machines can share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 0.
    index: u32,
    /// How many there are.
    count: u32,
}

impl Shard {
    /// Reads `0/4`: the first of four.
    pub fn parse(text: &str) -> Result<Self, String> {
        let problem = || "is a number from 0 and how many there are, as in `0/4`".to_owned();
        let (index, count) = text.split_once('/').ok_or_else(problem)?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| problem());
        let shard = Self { index: number(index)?, count: number(count)? };
        if shard.index < shard.count { Ok(shard) } else { Err(problem()) }
    }

    /// Whether a parent account is in this part. It depends on the account alone, so that no other one moves when one comes.
    fn has(self, account_id: Uuid) -> bool {
        let digest = sha256::hex(account_id.as_bytes());
        // eight letters of a hash are 32 bits, which always are a number
        let number = digest.get(..8).and_then(|start| u32::from_str_radix(start, 16).ok()).unwrap_or_default();
        number % self.count == self.index
    }
}

/// The labels of the parent accounts that a run is for, where the configuration has several and none is picked; nothing
/// where there is one.
pub fn labels(overrides: &Overrides, shard: Option<Shard>) -> Result<Option<Vec<String>>, Error> {
    let (file, path) = read_file(overrides.config.as_deref())?;
    let labels = known(&file, &path)?;
    if labels.is_empty() && shard.is_some() {
        let problem = "divides several parent accounts, and the configuration has no [[parent]]";
        return Err(super::setting("--shard", problem));
    }
    if labels.is_empty() || overrides.parent.is_some() {
        return Ok(None);
    }
    let mut picked = Vec::with_capacity(labels.len());
    for label in labels {
        let account_id = file.account_of(label).unwrap_or_default();
        // an id that is none is told of by its parent's own run, which must happen somewhere
        let account_id = parse_uuid("account_id", account_id).unwrap_or_default();
        if shard.is_none_or(|shard| shard.has(account_id)) {
            picked.push(label.to_owned());
        }
    }
    Ok(Some(picked))
}

/// What the file says of the parent account that is asked for, and its label where it is one of several.
pub(super) fn pick(file: File, path: &Path, wanted: Option<&str>) -> Result<(File, Option<String>), Error> {
    let labels = known(&file, path)?;
    let listed = labels.join(", ");
    let label = match (wanted, labels.as_slice()) {
        (None, []) => return Ok((file, None)),
        (Some(label), []) if file.label() == Some(label) => return Ok((file, None)),
        (Some(label), []) => {
            let labels = file.label().unwrap_or("none with a label").to_owned();
            return Err(Error::NoSuchParent { label: label.to_owned(), labels });
        }
        (None, [only]) => (*only).to_owned(),
        (None, _) => return Err(Error::Several { labels: listed }),
        (Some(label), labels) if labels.contains(&label) => label.to_owned(),
        (Some(label), _) => return Err(Error::NoSuchParent { label: label.to_owned(), labels: listed }),
    };
    match file.of_parent(&label) {
        Some(file) => Ok((file, Some(label))),
        None => Err(Error::NoSuchParent { label, labels: listed }),
    }
}

/// Where a metrics file lies for one of several parent accounts: each has its own.
pub(super) fn of_parent(path: &Path, label: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{label}{extension}"))
}

/// The labels of the parent accounts, where the file has several.
fn known<'f>(file: &'f File, path: &Path) -> Result<Vec<&'f str>, Error> {
    let labels = file.parents().map_err(|problem| Error::File { path: path.to_owned(), problem })?;
    labels.iter().try_for_each(|label| checked_label(label).map(|_| ()))?;
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_in_one_part_and_stays_there() {
        let parts: Vec<Shard> = (0..3).map(|index| Shard::parse(&format!("{index}/3")).unwrap()).collect();
        let part_of = |number: u128| {
            let of: Vec<usize> = (0..3).filter(|part| parts[*part].has(Uuid::from_u128(number))).collect();
            assert_eq!(of.len(), 1, "{number}");
            of[0]
        };
        let parts: Vec<usize> = (0..12).map(part_of).collect();
        assert_eq!(parts, PARTS, "jobs on several machines have to agree, whatever version they are");
        for wrong in ["3/3", "0/0", "1", "a/2", "-1/2", ""] {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }

    const PARTS: [usize; 12] = [2, 0, 0, 2, 2, 1, 2, 1, 0, 0, 1, 0];
}
