//! `subledger run`: the nightly job.

use serde::Serialize;

use super::progress::Spinner;
use super::{FailOn, Outcome, verdict};
use crate::billing::ledger::Ledger;
use crate::config::Config;
use crate::failure::{Evidence, Failure};
use crate::nightly::{self, Secured};
use crate::publish::Published;
use crate::report::text::{Places, summary};

/// Captures, reconciles and publishes.
pub async fn run(config: &Config, fail_on: FailOn, show_progress: bool) -> Result<Outcome, Failure> {
    let missing = |failure: Failure| failure.with_evidence(Evidence::Missing);
    let account_id = config.account_id().map_err(|error| missing(Failure::usage(error)))?;
    let api = config.api().map_err(|error| missing(Failure::usage(error)))?;
    let spinner = Spinner::start(show_progress);
    let archive = nightly::open_archive(config, account_id).map_err(missing)?;
    let _lock = nightly::lock_captures(config, &archive)?;
    let secured = nightly::capture(&archive, &api, config.clock, &|message| spinner.tell(message)).await?;
    let evidence = Evidence::Safe(secured.folder.clone());
    let safe = |failure: Failure| failure.with_evidence(evidence.clone());
    spinner.tell("reconciling");
    let terms = config.terms(&secured.key.period);
    let ledger = nightly::reconcile(&archive, &secured.key, terms).await.map_err(safe)?;
    spinner.tell("publishing");
    nightly::derive_usage_table(&archive, &ledger, &secured.key).await.map_err(safe)?;
    let published = nightly::publish(config, &ledger).map_err(safe)?;
    drop(spinner);
    Ok(outcome(config, &ledger, &secured, &published, fail_on))
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    exit_code: u8,
    balanced: bool,
    capture: &'a str,
    evidence: &'a str,
    manifest_sha256: &'a str,
    reports: String,
    reports_unchanged: bool,
    is_latest: bool,
    reconciliation: &'a serde_json::value::RawValue,
}

/// What a night that went through has to say.
pub(super) fn outcome(
    config: &Config,
    ledger: &Ledger,
    secured: &Secured,
    published: &Published,
    fail_on: FailOn,
) -> Outcome {
    let evidence = Evidence::Safe(secured.folder.clone());
    let (exit_code, closing) = verdict(ledger, fail_on, &evidence);
    let label = config.label(ledger.books.account_id);
    let reports = published.folder.display().to_string();
    let places = Places { evidence: secured.folder.clone(), reports: Some(reports.clone()) };
    let reconciliation = crate::report::reconciliation_json(ledger, &label, nightly::TOOL);
    let json = Json {
        schema: "subledger/run/v1",
        exit_code,
        balanced: ledger.balanced(),
        capture: &secured.key.id,
        evidence: &secured.folder,
        manifest_sha256: &secured.sha256,
        reports,
        reports_unchanged: published.unchanged,
        is_latest: published.is_latest,
        reconciliation: &reconciliation,
    };
    let json = serde_json::to_string(&json).unwrap_or_default();
    Outcome { exit_code, text: summary(ledger, &label, &places), json, closing }
}
