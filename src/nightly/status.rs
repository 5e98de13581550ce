//! What is secured, what is missing, and when the next capture is due: from names and one manifest, so that a probe can ask
//! every minute.

use chrono::{DateTime, NaiveDate, Utc};

use super::past::{ordered, time_of};
use crate::archive::{Archive, CaptureKey};
use crate::billing::nights::missed_between;
use crate::billing::period::Period;
use crate::billing::tail::Due;
use crate::config::Config;
use crate::failure::Failure;
use crate::publish::sets;

/// What there is of an account.
#[derive(Debug, Clone)]
pub struct Status {
    /// Every billing period of which there is a capture, oldest first.
    pub periods: Vec<PeriodStatus>,
    /// The last capture, and when the next one is needed.
    pub last: Option<Last>,
    /// Captures that wait in the spool, because the archive did not take them.
    pub waiting: Vec<String>,
}

/// The last capture.
#[derive(Debug, Clone)]
pub struct Last {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// When the next one is needed.
    pub due: Due,
    /// When its billing period ends.
    pub ends: DateTime<Utc>,
}

/// What there is of a billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodStatus {
    /// Its start date.
    pub period: String,
    /// How many captures there are.
    pub captures: usize,
    /// When the first one was taken, and the last one.
    pub first: DateTime<Utc>,
    /// The same of the last one.
    pub last: DateTime<Utc>,
    /// Days of which there is none: from the period's start on, if there are captures before it, and until its end, or yesterday.
    pub missed: Vec<NaiveDate>,
    /// The last revision of its close, if it is closed.
    pub closed: Option<u32>,
    /// The report set that is current, if there is one.
    pub set: Option<String>,
}

impl Status {
    /// Whether a capture is needed that was not taken, at this time.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.last.as_ref().is_none_or(|last| now >= last.due.before)
    }
}

/// Looks at the archive and at the reports.
pub async fn status(config: &Config, archive: &Archive) -> Result<Status, Failure> {
    let keys = ordered(archive).await?;
    let closes = archive.closes().await.map_err(Failure::of_archive)?;
    let home = config.storage.reports.join(config.label(archive.account_id()));
    let newest = last_of(config, archive, &keys).await?;
    let mut periods: Vec<PeriodStatus> = Vec::new();
    let mut of_periods = keys.chunk_by(|a, b| a.period == b.period).peekable();
    while let Some(keys) = of_periods.next() {
        let times: Vec<DateTime<Utc>> = keys.iter().filter_map(|key| time_of(&key.id)).collect();
        let (Some(first), Some(last), Some(period)) = (times.first(), times.last(), keys.first()) else { continue };
        let period = &period.period;
        // nobody watched before the first capture of all; a period goes on until the next one begins, or until today
        let begun = if periods.is_empty() { None } else { period.parse().ok() };
        let next = of_periods.peek().and_then(|next| next.first()).and_then(|next| next.period.parse().ok());
        let today = config.clock.now().date_naive();
        let ends = newest.as_ref().map_or(today, |newest| newest.ends.date_naive().min(today));
        let missed = missed_between(begun.unwrap_or(first.date_naive()), next.unwrap_or(ends), &times);
        let latest = sets::latest(&home.join(period)).map_err(Failure::of_reports_reading)?;
        periods.push(PeriodStatus {
            period: period.clone(),
            captures: keys.len(),
            first: *first,
            last: *last,
            missed,
            closed: closes.iter().filter(|close| close.period == *period).map(|close| close.revision).max(),
            set: latest.and_then(|latest| latest.set().map(str::to_owned)),
        });
    }
    let waiting = archive.waiting().await.map_err(Failure::of_archive)?.captures;
    Ok(Status { periods, last: newest, waiting: waiting.into_iter().map(|key| key.id).collect() })
}

/// The last capture, and nothing else of the archive.
pub(super) async fn last(config: &Config, archive: &Archive) -> Result<Option<Last>, Failure> {
    last_of(config, archive, &ordered(archive).await?).await
}

/// The last of these captures; nothing if its manifest names no times.
async fn last_of(config: &Config, archive: &Archive, keys: &[CaptureKey]) -> Result<Option<Last>, Failure> {
    let Some(key) = keys.iter().max_by(|a, b| a.id.cmp(&b.id)) else { return Ok(None) };
    let manifest = archive.open_capture(key).await.map_err(Failure::of_archive)?.manifest;
    let instant = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
    let (start, end) = (instant(&manifest.billing_period.start), instant(&manifest.billing_period.end));
    let Some(((at, start), end)) = instant(&manifest.captured_at).zip(start).zip(end) else { return Ok(None) };
    let due = Due::after(at, Period { start, end }, config.terms.tail_max);
    Ok(Some(Last { at, due, ends: end }))
}
