//! `subledger capture`: only the evidence.

use serde::Serialize;

use super::progress::Spinner;
use super::run::Begun;
use super::{Outcome, with_waiting};
use crate::billing::period::timestamp;
use crate::billing::tail::Due;
use crate::config::Config;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly::{self, Closing, Ended, Secured, Signals, Taken, Waiting};
use crate::report::text::duration;

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    exit_code: u8,
    #[serde(flatten)]
    last: CaptureEntry<'a>,
    /// Whether the period that was waited for is over; null if none was waited for.
    closed: Option<bool>,
    /// Every capture that was taken, in order; the last one is the one above.
    captures: Vec<CaptureEntry<'a>>,
    next_capture_from: Option<String>,
    next_capture_before: String,
}

#[derive(Serialize)]
struct CaptureEntry<'a> {
    capture: &'a str,
    period: &'a str,
    evidence: &'a str,
    manifest_sha256: &'a str,
}

/// Takes one capture.
pub async fn run(config: &Config, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let begun = Begun::now(config).await;
    let spinner = Spinner::start(show_progress);
    let taken = nightly::take(config, signals, &|message| spinner.tell(message)).await;
    drop(spinner);
    match taken {
        Ok(taken) => Ok(told(config, &begun, outcome(config, &[], &taken, None)).await),
        Err(failure) => Err(begun.failed(config, failure).await),
    }
}

/// Tells of a capture.
async fn told(config: &Config, begun: &Begun, mut outcome: Outcome) -> Outcome {
    let Outcome { exit_code, text, closing, .. } = &outcome;
    outcome.for_runner = begun.ended(config, Ended::Captured { exit_code: *exit_code, text, closing }).await;
    outcome
}

/// Waits for the end of the billing period, and captures before and after it.
pub async fn until_close(
    config: &Config,
    waiting: Waiting,
    signals: &Signals,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    let begun = Begun::now(config).await;
    let spinner = Spinner::start(show_progress);
    let closing = nightly::until_close(config, waiting, signals, &|message| spinner.tell(message)).await;
    drop(spinner);
    let closing = match closing {
        Ok(closing) => closing,
        Err(failure) => return Err(begun.failed(config, failure).await),
    };
    let Closing { before, last, end, is_closed } = closing;
    let remark = match is_closed {
        Some(true) => format!("closed    the period that ended on {}", timestamp(end)),
        Some(false) => "closed    nothing yet: the API still shows the old period; run again in the morning".to_owned(),
        None => format!("waited    not at all: the period ends on {}, in {}", timestamp(end), duration(end - last.at)),
    };
    let outcome = outcome(config, &before, &last, Some(Waited { remark, closed: is_closed }));
    Ok(told(config, &begun, outcome).await)
}

/// What came of waiting: a line of its own, and whether the period is over.
struct Waited {
    remark: String,
    closed: Option<bool>,
}

/// What came of these captures, the last one apart.
fn outcome(config: &Config, before: &[Taken], last: &Taken, waited: Option<Waited>) -> Outcome {
    use std::fmt::Write;
    let due = Due::after(last.at, last.period, config.terms.tail_max);
    let mut text = String::new();
    for taken in before.iter().chain([last]) {
        let Secured { key, folder, .. } = &taken.secured;
        let _ = writeln!(text, "captured {} of period {}\nevidence  safe in {folder}", key.id, key.period);
    }
    if let Some(Waited { remark, .. }) = &waited {
        let _ = writeln!(text, "{remark}");
    }
    let _ = writeln!(text, "next      capture {due}");
    let evidence = Evidence::Safe(last.secured.folder.clone());
    let (exit_code, closing) = with_waiting(&last.secured, (0, closing(&evidence, "nothing to do")));
    let json = Json {
        schema: "subledger/capture-result/v1",
        exit_code,
        last: entry(last),
        closed: waited.and_then(|waited| waited.closed),
        captures: before.iter().chain([last]).map(entry).collect(),
        next_capture_from: due.from.map(timestamp),
        next_capture_before: timestamp(due.before),
    };
    let json = serde_json::to_string(&json).unwrap_or_default();
    Outcome { exit_code, text, json, closing, ..Outcome::default() }
}

fn entry(taken: &Taken) -> CaptureEntry<'_> {
    let Secured { key, folder, sha256, .. } = &taken.secured;
    CaptureEntry { capture: &key.id, period: &key.period, evidence: folder, manifest_sha256: sha256 }
}
