//! After the night: who is told, what is measured, and who expects to hear that it has run.
//!
//! Nothing here changes what came of the night; what cannot be told is logged.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::status::{Last, last};
use crate::billing::ledger::Ledger;
use crate::billing::level::Level;
use crate::billing::nights::NightState;
use crate::billing::period::timestamp;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, causes};
use crate::notify::metrics::{self, Books, Metrics};
use crate::notify::{self, Beat, Message, Topics, github};
use crate::publish::told;

/// What people were told last, among the reports of the account.
const TOLD_NAME: &str = ".told.json";
/// The longest that a night waits for those who listen.
const START_TIMEOUT: Duration = Duration::from_secs(3);
/// The topic of a night that took no evidence, and of one that published no reports.
const CAPTURE_TOPIC: &str = "capture";
const REPORTS_TOPIC: &str = "reports";
/// The topic of a night whose evidence waits in the spool.
const SPOOL_TOPIC: &str = "spool";

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'n> {
    /// It went through.
    Through {
        /// What it found.
        ledger: &'n Ledger,
        /// Its exit code.
        exit_code: u8,
        /// What stdout shows.
        text: &'n str,
        /// The last line on stderr.
        closing: &'n str,
    },
    /// It took the evidence, and was asked for nothing more.
    Captured {
        /// Its exit code.
        exit_code: u8,
        /// What stdout shows.
        text: &'n str,
        /// The last line on stderr.
        closing: &'n str,
    },
    /// It could not go on.
    Failed(&'n Failure),
}

/// What people were told last.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    open: Topics,
}

/// Lets it be heard that a run begins.
pub async fn begin(config: &Config) {
    let Some(Ok(url)) = &config.monitoring.heartbeat else { return };
    // the night does not wait for whoever is to hear of it, whatever becomes of that
    let told = Failure::guard_waiting(async {
        let _ = tokio::time::timeout(START_TIMEOUT, notify::beat(url, Beat::Start)).await;
        Ok(())
    });
    if let Err(failure) = told.await {
        tracing::warn!(%failure, "the heartbeat was not sent");
    }
}

/// Tells of a run that began at `begun` and took so long. Gives what has to stand in the log as it is, for whoever runs us.
pub async fn end(config: &Config, ended: Ended<'_>, begun: DateTime<Utc>, took: Duration) -> Vec<String> {
    let exit_code = ended.exit_code();
    if let Some(path) = &config.monitoring.textfile {
        let text = metrics::render(&measured(config, &ended, begun, took).await);
        if let Err(error) = told::put_for_all(path, &text) {
            tracing::warn!(path = %path.display(), %error, "the metrics were not written");
        }
    }
    let said = spread(config, &ended, begun).await;
    match &config.monitoring.heartbeat {
        Some(Ok(url)) => notify::beat(url, Beat::End(exit_code)).await,
        Some(Err(problem)) => tracing::warn!(problem, "the heartbeat was not sent"),
        None => {}
    }
    said
}

impl Ended<'_> {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Through { exit_code, .. } | Self::Captured { exit_code, .. } => *exit_code,
            Self::Failed(failure) => failure.kind.exit_code(),
        }
    }

    fn is_safe(&self) -> bool {
        match self {
            Self::Through { .. } | Self::Captured { .. } => true,
            Self::Failed(failure) => matches!(failure.evidence, Evidence::Safe(_)),
        }
    }

    fn closing(&self) -> String {
        match self {
            Self::Through { closing, .. } | Self::Captured { closing, .. } => (*closing).to_owned(),
            Self::Failed(failure) => failure.closing(),
        }
    }

    /// With the topic of evidence that the archive did not take.
    fn with_waiting(&self, mut topics: Topics) -> Topics {
        if self.exit_code() == Kind::Waiting.exit_code() {
            topics.insert(
                SPOOL_TOPIC.to_owned(),
                "the archive does not take the evidence, which waits in the spool".to_owned(),
            );
        }
        topics
    }

    /// What is the matter now. A night without books does not know whether what was wrong with them still is.
    fn topics(&self, before: &Topics) -> Topics {
        let mut topics = before.clone();
        let failure = match self {
            Self::Through { ledger, .. } => return self.with_waiting(notify::of_ledger(ledger)),
            Self::Captured { .. } => {
                topics.remove(CAPTURE_TOPIC);
                topics.remove(SPOOL_TOPIC);
                return self.with_waiting(topics);
            }
            Self::Failed(failure) => failure,
        };
        // another run does the work, and tells of it
        if failure.kind == Kind::Busy {
            return topics;
        }
        topics.remove(CAPTURE_TOPIC);
        topics.remove(REPORTS_TOPIC);
        let (topic, what) =
            if self.is_safe() { (REPORTS_TOPIC, "no reports") } else { (CAPTURE_TOPIC, "no evidence of tonight") };
        // the last cause is the plainest one
        let why = causes(*failure).pop().map_or_else(String::new, |cause| format!(": {cause}"));
        topics.insert(topic.to_owned(), format!("{what}: {}{why}", failure.doing));
        self.with_waiting(topics)
    }
}

/// Tells people what is new.
async fn spread(config: &Config, ended: &Ended<'_>, begun: DateTime<Utc>) -> Vec<String> {
    let label = label(config);
    let path = config.storage.reports.join(&label).join(TOLD_NAME);
    // without a channel nobody was told anything, and there is nothing to keep
    let before = if config.channels.is_empty() { Told::default() } else { told_last(&path) };
    let now = ended.topics(&before.open);
    let news = notify::news(&before.open, &now);
    let (exit_code, closing, at) = (ended.exit_code(), ended.closing(), timestamp(begun));
    let message = Message { label, news, exit_code, closing, at };
    let said = on_github(config, ended, &message);
    if config.channels.is_empty() || message.news.is_empty() {
        return said;
    }
    let mut channels = Vec::with_capacity(config.channels.len());
    for channel in &config.channels {
        match channel {
            Ok(channel) => channels.push(channel),
            Err(problem) => tracing::warn!(problem, "a channel cannot be used; the night is as it is"),
        }
    }
    // what arrived nowhere is told by the next run
    if notify::tell(&channels, &message).await
        && let Ok(text) = serde_json::to_string_pretty(&Told { open: now })
        && let Err(error) = told::put(&path, &text)
    {
        tracing::warn!(path = %path.display(), %error, "what people were told was not kept: they are told again");
    }
    said
}

/// What people were told last. What cannot be read is as good as nothing: then they are told once more.
fn told_last(path: &Path) -> Told {
    match told::get(path) {
        Ok(text) => text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "what people were told last cannot be read");
            Told::default()
        }
    }
}

/// In GitHub Actions: a summary of the step, and what is new beside it.
fn on_github(config: &Config, ended: &Ended<'_>, message: &Message) -> Vec<String> {
    let Some(path) = &config.monitoring.step_summary else { return Vec::new() };
    let text = match ended {
        Ended::Through { text, .. } | Ended::Captured { text, .. } => (*text).to_owned(),
        Ended::Failed(failure) => failure.report(),
    };
    let summary = github::summary(&format!("subledger {}", message.label), &message.closing, &text);
    if let Err(error) = told::append(path, &summary) {
        tracing::warn!(%error, "the summary of the step was not written");
    }
    github::annotations(message)
}

async fn measured(config: &Config, ended: &Ended<'_>, begun: DateTime<Utc>, took: Duration) -> Metrics {
    let books = match ended {
        Ended::Through { ledger, .. } => Some(of_books(ledger, begun)),
        Ended::Captured { .. } | Ended::Failed(_) => None,
    };
    let last = last_capture(config).await;
    Metrics {
        label: label(config),
        begun_at: begun.timestamp(),
        millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        exit_code: ended.exit_code(),
        is_safe: ended.is_safe(),
        last_capture_at: last.as_ref().map(|last| last.at.timestamp()),
        due_before: last.as_ref().map(|last| last.due.before.timestamp()),
        books,
    }
}

/// The last capture, if the archive tells.
async fn last_capture(config: &Config) -> Option<Last> {
    let archive = config.open_archive(config.account_id?).ok()?;
    last(config, &archive).await.ok()?
}

fn of_books(ledger: &Ledger, begun: DateTime<Utc>) -> Books {
    let (books, currency) = (&ledger.books, ledger.charges.currency);
    let mut findings = std::collections::BTreeMap::new();
    for finding in &ledger.findings.listed {
        let key = (finding.severity.as_str().to_owned(), finding.code.as_str().to_owned());
        *findings.entry(key).or_default() += 1;
    }
    let caps = Level::ALL.iter().map(|level| (level.as_str().to_owned(), ledger.caps_at(*level)));
    let is_missed = |state: &NightState| *state == NightState::Missed;
    Books {
        published_at: begun.timestamp(),
        currency: currency.code().to_owned(),
        findings,
        unexplained: currency.show(books.cost_beyond_parts()),
        messages: books.usage.total.messages,
        pooled: currency.format(ledger.charges.pooled.minor),
        tail_seconds: ledger.tail.tail.length().num_seconds(),
        missed_nights: ledger.nights.iter().filter(|night| is_missed(&night.state)).count(),
        caps: caps.collect(),
        utilisation_max: ledger.caps().filter_map(|cap| cap.utilisation()).max(),
    }
}

/// The label, where the account may not be known.
fn label(config: &Config) -> String {
    config.account_id.map_or_else(|| "unknown".to_owned(), |id| config.label(id))
}
