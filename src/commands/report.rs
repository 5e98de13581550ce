//! `subledger report`: reports from the archive, without key and without network.

use chrono::TimeDelta;

use super::run::outcome;
use super::selection::{Selection, open, select};
use super::{FailOn, Outcome};
use crate::archive::{Archive, CaptureKey, CloseKey};
use crate::billing::close::Close;
use crate::billing::ledger::Ledger;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::nightly::{self, Issue, Secured, Signals};

/// Rebuilds the reports of one capture, or puts those of a closed period into their place again, as they were issued.
pub async fn run(
    config: &Config,
    selection: &Selection,
    fail_on: FailOn,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let archive = open(config)?;
    let key = select(&archive, selection).await?;
    let closes = nightly::closes_of(&archive, &key.period).await?;
    if let Some(last) = closes.last() {
        let is_of_its_own =
            selection.capture.is_some() || config.terms.invoice_amount.is_some() || config.has_picked_formats;
        return if is_of_its_own {
            Err(closed(last))
        } else {
            Box::pin(issued(config, &archive, &closes, fail_on, signals)).await
        };
    }
    let ledger = Box::pin(nightly::reconcile(&archive, &key, config.terms.clone(), signals)).await?;
    nightly::derive_usage_table(&archive, &ledger.books, &key).await;
    let issue = nightly::publish(config, &archive, &ledger, signals).await?;
    Box::pin(nightly::mirror(config, archive.account_id(), signals)).await;
    let secured = secured(&archive, key, &ledger).await;
    let outcome = outcome(config, &ledger, &secured, &issue, fail_on);
    // the process ends here: the system takes back at once what would be freed line by line
    std::mem::forget(ledger);
    Ok(outcome)
}

async fn secured(archive: &Archive, key: CaptureKey, ledger: &Ledger) -> Secured {
    let sha256 = ledger.books.capture.sha256.clone();
    Secured { folder: archive.shown_place(&key).await, key, sha256, server_ahead: TimeDelta::zero(), is_waiting: false }
}

/// Every set that was issued for a closed period.
async fn issued(
    config: &Config,
    archive: &Archive,
    closes: &[CloseKey],
    fail_on: FailOn,
    signals: &Signals,
) -> Result<Outcome, Failure> {
    let restored = nightly::restore(config, archive, closes, signals).await?;
    nightly::derive_usage_tables(archive, closes, signals).await?;
    Box::pin(nightly::mirror(config, archive.account_id(), signals)).await;
    let Some((ledger, published, last)) = restored else {
        return Err(Failure::new(Kind::Bug, "a closed period without a close"));
    };
    let key = CaptureKey { id: last.record.capture.id.clone(), period: last.record.billing_period.clone() };
    let secured = secured(archive, key, &ledger).await;
    let mut outcome = outcome(config, &ledger, &secured, &Issue::Published(published), fail_on);
    outcome.closing.push_str("; the period is closed, and this is what was issued");
    Ok(outcome)
}

fn closed(last: &CloseKey) -> Failure {
    let problem = format!(
        "the billing period {} is closed as {}, and `--capture`, `--invoice` and `--formats` are for periods that are open",
        last.period,
        Close::set_name(last.revision)
    );
    Failure::new(Kind::Usage, problem).hint(format!(
        "`subledger report --period {}` puts what was issued into its place again; a correction is made by \
         `subledger close --period {} --reason \"…\"`",
        last.period, last.period
    ))
}
