//! `subledger report`: reports from the archive, without key and without network.

use chrono::{NaiveDate, TimeDelta};

use super::run::outcome;
use super::{FailOn, Outcome};
use crate::archive::{Archive, CaptureKey, parents_in};
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::nightly::{self, Secured, Signals};

/// Which capture to report.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The billing period by its start date; nothing for that of the last capture.
    pub period: Option<String>,
    /// The capture by its name; nothing for the last one.
    pub capture: Option<String>,
}

/// Rebuilds the reports of one capture.
pub async fn run(
    config: &Config,
    selection: &Selection,
    fail_on: FailOn,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let archive = Archive::open(&config.archive, account_id(config)?, &config.store_options.0);
    let archive = archive.map_err(|error| {
        Failure::usage(error).hint("`--archive` says where it is; `subledger run` or `subledger capture` makes one")
    })?;
    let key = select(&archive, selection).await?;
    let ledger = nightly::reconcile(&archive, &key, config.terms.clone(), signals).await?;
    nightly::derive_usage_table(&archive, &ledger.books, &key).await;
    let published = nightly::publish(config, &ledger, signals)?;
    let sha256 = ledger.books.capture.sha256.clone();
    let secured = Secured { folder: archive.shown_path(&key), key, sha256, server_ahead: TimeDelta::zero() };
    Ok(outcome(config, &ledger, &secured, &published, fail_on))
}

/// The configured parent account, or the only one in a local archive.
fn account_id(config: &Config) -> Result<uuid::Uuid, Failure> {
    match config.account_id() {
        Ok(account_id) => Ok(account_id),
        Err(error) => match parents_in(config.archive.as_ref()).as_slice() {
            [only] => Ok(*only),
            [] => {
                let failure = Failure::new(Kind::Usage, format!("there is no capture in `{}`", config.archive));
                Err(failure
                    .hint("`--archive` says where the archive is; `subledger run` or `subledger capture` makes one"))
            }
            _ => Err(Failure::usage(error)),
        },
    }
}

async fn select(archive: &Archive, selection: &Selection) -> Result<CaptureKey, Failure> {
    if selection.period.as_ref().is_some_and(|period| NaiveDate::parse_from_str(period, "%Y-%m-%d").is_err()) {
        return Err(Failure::new(Kind::Usage, "`--period` is no date such as 2024-01-01"));
    }
    let captures = archive.captures().await.map_err(Failure::of_archive)?;
    let wanted = |key: &&CaptureKey| {
        selection.period.as_ref().is_none_or(|period| *period == key.period)
            && selection.capture.as_ref().is_none_or(|capture| *capture == key.id)
    };
    captures.iter().rev().find(wanted).cloned().ok_or_else(|| {
        let there = match (captures.first(), captures.last()) {
            (Some(first), Some(last)) => {
                format!("the archive holds {} from `{}` to `{}`", captures.len(), first.id, last.id)
            }
            _ => "the archive holds none; `subledger run` or `subledger capture` takes one".to_owned(),
        };
        let problem =
            format!("no such capture in `{}` for parent account {}", archive.location(), archive.account_id());
        Failure::new(Kind::Usage, problem).hint(there)
    })
}
