//! `subledger run`: the nightly job.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::progress::Spinner;
use super::{FailOn, Outcome, verdict, with_waiting};
use crate::billing::close::Close;
use crate::billing::ledger::Ledger;
use crate::config::{Config, time_since_boot};
use crate::failure::{Evidence, Failure, Kind};
use crate::nightly::{self, Ended, Issue, Night, Progress, Secured, Signals};
use crate::report::text::{Places, summary};

/// Captures, reconciles, publishes and tells.
pub async fn run(config: &Config, fail_on: FailOn, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let begun = Begun::now(config).await;
    let spinner = Spinner::start(show_progress);
    let done = night(config, signals, &|message| spinner.tell(message)).await;
    drop(spinner);
    let done = match done {
        Ok(done) => done,
        Err(failure) => return Err(begun.failed(config, failure).await),
    };
    // whatever may be wrong with telling of it, the night is safe
    let safe = |failure: Failure| failure.with_evidence(Evidence::Safe(done.secured.folder.clone()));
    let mut outcome =
        Failure::guard(|| Ok(outcome(config, &done.ledger, &done.secured, &done.issue, fail_on))).map_err(safe)?;
    let Outcome { exit_code, text, closing, .. } = &outcome;
    let ended = Ended::Through { ledger: &done.ledger, exit_code: *exit_code, text, closing };
    outcome.for_runner = begun.ended(config, ended).await;
    Ok(outcome)
}

/// Takes tonight's evidence although there can be no reports, and then says why not: it cannot be had again, and reports can.
pub async fn without_reports(
    config: &Config,
    why: Failure,
    signals: &Signals,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    let begun = Begun::now(config).await;
    let spinner = Spinner::start(show_progress);
    let night = nightly::secure(config, signals, &|message| spinner.tell(message)).await;
    drop(spinner);
    let failure = match night {
        Ok(Night { secured, .. }) => secured.safe(why.then("correct what is named above, then run `subledger report`")),
        Err(failure) => failure,
    };
    Err(begun.failed(config, failure).await)
}

/// When a run began, on the clock and in the time that the machine has been up.
pub(super) struct Begun {
    at: DateTime<Utc>,
    up: Duration,
}

impl Begun {
    /// A run begins now, and those who listen hear of it.
    pub(super) async fn now(config: &Config) -> Self {
        let begun = Self { at: config.clock.now(), up: time_since_boot() };
        nightly::begin(config).await;
        begun
    }

    /// It has ended. Gives lines for the log.
    pub(super) async fn ended(&self, config: &Config, ended: Ended<'_>) -> Vec<String> {
        let took = time_since_boot().saturating_sub(self.up);
        // whoever is told, the night is what it is
        let told = Failure::guard_waiting(async { Ok(nightly::end(config, ended, self.at, took).await) }).await;
        told.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "nobody was told of the night");
            Vec::new()
        })
    }

    /// It could not go on.
    pub(super) async fn failed(&self, config: &Config, failure: Failure) -> Failure {
        let for_runner = self.ended(config, Ended::Failed(&failure)).await;
        failure.telling(for_runner)
    }
}

/// What a night leaves: its evidence, its ledger and its reports.
pub(super) struct Done {
    pub(super) secured: Secured,
    pub(super) ledger: Ledger,
    pub(super) issue: Issue,
}

/// One night, from the first request to the published set.
pub(super) async fn night(config: &Config, signals: &Signals, progress: &Progress<'_>) -> Result<Done, Failure> {
    let Night { archive, secured, .. } = &nightly::secure(config, signals, progress).await?;
    let safe = |failure: Failure| secured.safe(failure);
    let reporting = async {
        progress("reconciling");
        let ledger = nightly::reconcile(archive, &secured.key, config.terms.clone(), signals).await?;
        nightly::derive_usage_table(archive, &ledger.books, &secured.key).await;
        progress("publishing");
        let issue =
            nightly::publish(config, archive, &ledger, signals).await.map_err(|failure| match failure.kind {
                // to a run, reports that another one is at are reports that were not published
                Kind::Busy => failure.of_kind(Kind::NotPublished),
                _ => failure,
            })?;
        progress("mirroring");
        Box::pin(nightly::mirror(config, archive.account_id(), signals)).await;
        Ok(Done { secured: secured.clone(), ledger, issue })
    };
    // whatever a defect does from here on, the evidence is safe
    Failure::guard_waiting(reporting).await.map_err(safe)
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
    /// The close that keeps the period as it is, if it is closed.
    closed: Option<u32>,
    reconciliation: &'a serde_json::value::RawValue,
}

/// What a night that went through has to say.
pub(super) fn outcome(config: &Config, ledger: &Ledger, secured: &Secured, issue: &Issue, fail_on: FailOn) -> Outcome {
    let evidence = Evidence::Safe(secured.folder.clone());
    let verdict = verdict(ledger, fail_on, config.formats.file_of_caps(), &evidence);
    let (exit_code, mut closing) = with_waiting(secured, verdict);
    let label = config.label(ledger.books.account_id);
    let (reports, unchanged, is_latest, note) = match issue {
        Issue::Published(set) if set.is_latest => (set.folder.display().to_string(), set.unchanged, true, None),
        Issue::Published(set) => {
            let note = Some("`latest` stays with a later set".to_owned());
            (set.folder.display().to_string(), set.unchanged, false, note)
        }
        Issue::Closed(last) => {
            let folder = config.storage.reports.join(&label).join(&last.period).join(Close::set_name(last.revision));
            closing.push_str("; the period is closed, and its reports stay as they were issued");
            (folder.display().to_string(), true, false, Some("closed, left as issued".to_owned()))
        }
    };
    let closed = match issue {
        Issue::Closed(last) => Some(last.revision),
        Issue::Published(_) => ledger.terms.close.as_ref().map(|close| close.revision),
    };
    let (evidence, caps) = (secured.folder.clone(), config.formats.file_of_caps());
    let places = Places { evidence, reports: reports.clone(), note, is_latest, caps };
    let reconciliation = crate::report::reconciliation_json(ledger, &label, nightly::TOOL);
    let json = Json {
        schema: "subledger/run/v1",
        exit_code,
        balanced: ledger.balanced(),
        capture: &secured.key.id,
        evidence: &secured.folder,
        manifest_sha256: &secured.sha256,
        reports,
        reports_unchanged: unchanged,
        is_latest,
        closed,
        reconciliation: &reconciliation,
    };
    let json = serde_json::to_string(&json).unwrap_or_default();
    Outcome { exit_code, text: summary(ledger, &label, &places), json, closing, ..Outcome::default() }
}
