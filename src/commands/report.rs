//! `subledger report`: reports from the archive, without key and without network.

use chrono::TimeDelta;

use super::run::outcome;
use super::selection::{Selection, open, select};
use super::{FailOn, Outcome};
use crate::config::Config;
use crate::failure::Failure;
use crate::nightly::{self, Secured, Signals};

/// Rebuilds the reports of one capture.
pub async fn run(
    config: &Config,
    selection: &Selection,
    fail_on: FailOn,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let archive = open(config)?;
    let key = select(&archive, selection).await?;
    let ledger = nightly::reconcile(&archive, &key, config.terms.clone(), signals).await?;
    nightly::derive_usage_table(&archive, &ledger.books, &key).await;
    let published = nightly::publish(config, &ledger, signals)?;
    let sha256 = ledger.books.capture.sha256.clone();
    let secured = Secured { folder: archive.shown_path(&key), key, sha256, server_ahead: TimeDelta::zero() };
    Ok(outcome(config, &ledger, &secured, &published, fail_on))
}
