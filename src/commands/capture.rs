//! `subledger capture`: only the evidence.

use serde::Serialize;

use super::Outcome;
use super::progress::Spinner;
use crate::config::Config;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly::{self, Night, Signals};

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    exit_code: u8,
    capture: &'a str,
    period: &'a str,
    evidence: &'a str,
    manifest_sha256: &'a str,
}

/// Captures, and reads the capture back to see that it can be used.
pub async fn run(config: &Config, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let spinner = Spinner::start(show_progress);
    let Night { archive, secured, .. } = &nightly::secure(config, signals, &|message| spinner.tell(message)).await?;
    let evidence = Evidence::Safe(secured.folder.clone());
    let ledger = nightly::reconcile(archive, &secured.key, config.terms.clone()).await;
    let ledger = ledger.map_err(|failure| failure.with_evidence(evidence.clone()))?;
    nightly::derive_usage_table(archive, &ledger, &secured.key).await;
    drop(spinner);
    let json = Json {
        schema: "subledger/capture-result/v1",
        exit_code: 0,
        capture: &secured.key.id,
        period: &secured.key.period,
        evidence: &secured.folder,
        manifest_sha256: &secured.sha256,
    };
    Ok(Outcome {
        text: format!(
            "captured {} of period {}\nevidence  safe in {}\n",
            secured.key.id, secured.key.period, secured.folder
        ),
        json: serde_json::to_string(&json).unwrap_or_default(),
        closing: closing(&evidence, "nothing to do"),
        ..Outcome::default()
    })
}
