//! `subledger capture`: only the evidence.

mod until_close;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Outcome;
use super::progress::Spinner;
use crate::billing::books::Books;
use crate::billing::period::{Period, timestamp};
use crate::billing::tail::Due;
use crate::config::Config;
use crate::failure::{Evidence, Failure, closing};
use crate::nightly::{self, Night, Progress, Secured, Signals};

pub use self::until_close::{Waiting, run as until_close};

/// A capture that was taken and can be used.
struct Taken {
    secured: Secured,
    at: DateTime<Utc>,
    period: Period,
}

impl Taken {
    /// Captures, and reads the capture back to see that it can be used. Other runs may go on afterwards.
    async fn take(config: &Config, signals: &Signals, progress: &Progress<'_>) -> Result<Self, Failure> {
        let Night { archive, secured, .. } = &nightly::secure(config, signals, progress).await?;
        let books = nightly::read_back(archive, &secured.key).await;
        let books = books.map_err(|failure| failure.with_evidence(Evidence::Safe(secured.folder.clone())))?;
        nightly::derive_usage_table(archive, &books, &secured.key).await;
        let Books { capture, usage, .. } = &books;
        Ok(Self { secured: secured.clone(), at: capture.at, period: usage.period })
    }

    fn evidence(&self) -> Evidence {
        Evidence::Safe(self.secured.folder.clone())
    }
}

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
    let spinner = Spinner::start(show_progress);
    let taken = Taken::take(config, signals, &|message| spinner.tell(message)).await?;
    drop(spinner);
    Ok(outcome(config, &[], &taken, None))
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
    let json = Json {
        schema: "subledger/capture-result/v1",
        exit_code: 0,
        last: entry(last),
        closed: waited.and_then(|waited| waited.closed),
        captures: before.iter().chain([last]).map(entry).collect(),
        next_capture_from: due.from.map(timestamp),
        next_capture_before: timestamp(due.before),
    };
    Outcome {
        text,
        json: serde_json::to_string(&json).unwrap_or_default(),
        closing: closing(&last.evidence(), "nothing to do"),
        ..Outcome::default()
    }
}

fn entry(taken: &Taken) -> CaptureEntry<'_> {
    let Secured { key, folder, sha256, .. } = &taken.secured;
    CaptureEntry { capture: &key.id, period: &key.period, evidence: folder, manifest_sha256: sha256 }
}
