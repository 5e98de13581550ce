//! `subledger run`: the nightly job.

use serde::Serialize;

use super::progress::Spinner;
use super::{FailOn, Outcome, verdict};
use crate::billing::ledger::Ledger;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind};
use crate::nightly::{self, Night, Progress, Secured, Signals};
use crate::publish::Published;
use crate::report::text::{Places, summary};

/// Captures, reconciles and publishes.
pub async fn run(config: &Config, fail_on: FailOn, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let spinner = Spinner::start(show_progress);
    let done = night(config, signals, &|message| spinner.tell(message)).await?;
    drop(spinner);
    Ok(outcome(config, &done.ledger, &done.secured, &done.published, fail_on))
}

/// What a night leaves: its evidence, its ledger and its reports.
pub(super) struct Done {
    pub(super) secured: Secured,
    pub(super) ledger: Ledger,
    pub(super) published: Published,
}

/// One night, from the first request to the published set.
pub(super) async fn night(config: &Config, signals: &Signals, progress: &Progress<'_>) -> Result<Done, Failure> {
    let Night { archive, secured, .. } = &nightly::secure(config, signals, progress).await?;
    let safe = |failure: Failure| failure.with_evidence(Evidence::Safe(secured.folder.clone()));
    progress("reconciling");
    let ledger = nightly::reconcile(archive, &secured.key, config.terms.clone(), signals).await.map_err(safe)?;
    nightly::derive_usage_table(archive, &ledger.books, &secured.key).await;
    progress("publishing");
    let published = nightly::publish(config, &ledger, signals).map_err(|failure| match failure.kind {
        // to a run, reports that another one is at are reports that were not published
        Kind::Busy => safe(failure.of_kind(Kind::NotPublished)),
        _ => safe(failure),
    })?;
    Ok(Done { secured: secured.clone(), ledger, published })
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
    let places = Places { evidence: secured.folder.clone(), reports: reports.clone(), is_latest: published.is_latest };
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
    Outcome { exit_code, text: summary(ledger, &label, &places), json, closing, ..Outcome::default() }
}
