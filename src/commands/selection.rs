//! Which capture a command looks at: the archive, the billing period and the capture, offline.

use chrono::NaiveDate;

use crate::archive::{Archive, CaptureKey, parents_in};
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::publish::store::local_folder;

/// Which capture to look at.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The billing period by its start date; nothing for that of the last capture.
    pub period: Option<String>,
    /// The capture by its name; nothing for the last one.
    pub capture: Option<String>,
}

impl Selection {
    /// What is asked for, in words.
    fn asked(&self) -> String {
        match (&self.capture, &self.period) {
            (Some(capture), Some(period)) => {
                format!("capture `{}` of the period {}", capture.escape_debug(), period.escape_debug())
            }
            (Some(capture), None) => format!("capture `{}`", capture.escape_debug()),
            (None, Some(period)) => format!("capture of the period {}", period.escape_debug()),
            (None, None) => "capture".to_owned(),
        }
    }
}

/// The configured archive, which has to be there.
pub(super) fn open(config: &Config) -> Result<Archive, Failure> {
    let archive = config.open_archive(account_id(config)?);
    archive.map_err(|error| {
        Failure::usage(error).hint("`--archive` says where it is; `subledger run` or `subledger capture` makes one")
    })
}

/// The configured parent account, or the only one in a local archive.
pub(super) fn account_id(config: &Config) -> Result<uuid::Uuid, Failure> {
    match config.account_id() {
        Ok(account_id) => Ok(account_id),
        // only a folder can be looked into without knowing whose captures are wanted
        Err(error) => match local_folder(&config.storage.archive).as_deref().map(parents_in).as_deref() {
            Some([only]) => Ok(*only),
            Some([]) => {
                let failure = Failure::new(Kind::Usage, format!("there is no capture in `{}`", config.storage.archive));
                Err(failure
                    .hint("`--archive` says where the archive is; `subledger run` or `subledger capture` makes one"))
            }
            Some(_) | None => Err(Failure::usage(error)),
        },
    }
}

/// The capture that is meant.
pub(super) async fn select(archive: &Archive, selection: &Selection) -> Result<CaptureKey, Failure> {
    if selection.period.as_ref().is_some_and(|period| NaiveDate::parse_from_str(period, "%Y-%m-%d").is_err()) {
        return Err(Failure::new(Kind::Usage, "`--period` is no date such as 2024-01-01"));
    }
    let captures = archive.captures().await.map_err(Failure::of_archive)?;
    let wanted = |key: &&CaptureKey| {
        selection.period.as_ref().is_none_or(|period| *period == key.period)
            && selection.capture.as_ref().is_none_or(|capture| *capture == key.id)
    };
    captures.iter().rev().find(wanted).cloned().ok_or_else(|| nothing_there(archive, &captures, &selection.asked()))
}

/// The capture before `key` to compare it with, by its name: one of the same billing period.
pub(super) async fn select_since(archive: &Archive, key: &CaptureKey, since: &str) -> Result<CaptureKey, Failure> {
    let captures = archive.captures().await.map_err(Failure::of_archive)?;
    let Some(found) = captures.iter().find(|other| other.id == since) else {
        return Err(nothing_there(archive, &captures, &format!("capture `{}`", since.escape_debug())));
    };
    if found.period == key.period && found.id < key.id {
        return Ok(found.clone());
    }
    let earlier: Vec<&str> = captures
        .iter()
        .filter(|other| other.period == key.period && other.id < key.id)
        .map(|k| k.id.as_str())
        .collect();
    let would_do = match earlier.as_slice() {
        [] => format!("`{}` is the first capture of the period {}", key.id, key.period),
        [only] => format!("`{only}` would do"),
        [first, .., last] => format!("{} captures would do, `{first}` to `{last}`", earlier.len()),
    };
    if found.period == key.period {
        let problem = format!("`--since {since}` is not before the capture that is explained, `{}`", key.id);
        return Err(Failure::new(Kind::Usage, problem).hint(would_do));
    }
    let problem = format!(
        "`{since}` is of the billing period {}, and `{}` of {}: counts begin again with each period",
        found.period, key.id, key.period
    );
    let hint = format!("{would_do}; `--period {}` explains the other period's last capture", found.period);
    Err(Failure::new(Kind::Usage, problem).hint(hint))
}

/// What was asked for is not among the captures.
pub(super) fn nothing_there(archive: &Archive, captures: &[CaptureKey], asked: &str) -> Failure {
    let there = match (captures.first(), captures.last()) {
        (Some(first), Some(last)) => {
            format!("the archive holds {} from `{}` to `{}`", captures.len(), first.id, last.id)
        }
        _ => "the archive holds none; `subledger run` or `subledger capture` takes one".to_owned(),
    };
    let problem = format!("no {asked} in `{}` for parent account {}", archive.location(), archive.account_id());
    Failure::new(Kind::Usage, problem).hint(there)
}
