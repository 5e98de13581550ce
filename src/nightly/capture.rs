//! Capturing: usage first and durable, then the list, then what the list lacks, the manifest last.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{Progress, TOOL};
use crate::ahasend::wire::{self, UsageHead};
use crate::ahasend::{Answer, Client};
use crate::archive::{self, Archive, Body, CaptureKey, Draft};
use crate::config::{Api, Clock};
use crate::failure::{Evidence, Failure, Kind};

/// Accounts looked up one by one. More missing from the list than this is no race any more, and the `unlisted`
/// findings tell of it.
const LOOKUP_COUNT_MAX: usize = 10_000;
/// Tries to find a second that no capture has yet.
const SECOND_COUNT_MAX: u32 = 5;
/// A server's clock this far from ours is worth a warning: captures are ordered by our clock.
const CLOCK_SKEW_WARN: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// A capture that is complete and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    /// Its place in the archive.
    pub key: CaptureKey,
    /// Its folder, for people.
    pub folder: String,
    /// SHA-256 of its manifest.
    pub sha256: String,
}

/// Takes one capture, or says what of it was kept.
///
/// The caller holds the capture lock. A signal ends it between two steps; what is durable by then stays.
pub async fn capture(archive: &Archive, api: &Api, clock: Clock, progress: &Progress<'_>) -> Result<Secured, Failure> {
    let kept = RefCell::new(Evidence::Missing);
    let done = tokio::select! {
        done = take(archive, api, clock, progress, &kept) => done,
        signal = interrupted() => Err(Failure::new(Kind::Interrupted(signal), format!("interrupted by signal {signal}"))),
    };
    done.map_err(|failure| failure.with_evidence(kept.into_inner()))
}

async fn take(
    archive: &Archive,
    api: &Api,
    clock: Clock,
    progress: &Progress<'_>,
    kept: &RefCell<Evidence>,
) -> Result<Secured, Failure> {
    let deadline = Instant::now() + api.run_timeout;
    let client = Client::new(api.base_url.clone(), archive.account_id(), api.key.clone(), api.limits, deadline);
    let client = client.map_err(Failure::of_client)?;
    progress("reading usage");
    let usage = client.usage().await.map_err(Failure::of_client)?;
    warn_of_skew(&usage, clock);
    let mut draft = begin(archive, clock, &body(&usage)).await?;
    kept.replace(Evidence::Partial(draft.shown_inbox()));
    let head = wire::usage_head(&usage.body).map_err(|error| {
        let failure = Failure::new(Kind::AnswerUnusable, "the usage answer cannot be used").because(error);
        failure.hint("the answer is kept as it came; ask AhaSend what changed")
    })?;
    if let Err(failure) = fill(&mut draft, &client, &head, progress).await {
        draft.keep().await;
        return Err(failure);
    }
    progress("sealing the capture");
    let committed = draft.commit(TOOL, api.base_url.as_str()).await.map_err(Failure::of_evidence)?;
    Ok(Secured { folder: archive.shown_path(&committed.key), key: committed.key, sha256: committed.sha256 })
}

/// Makes the usage durable under the first second that is free.
async fn begin<'a>(archive: &'a Archive, clock: Clock, usage: &Body) -> Result<Draft<'a>, Failure> {
    let mut tries = 1;
    loop {
        match archive.begin(clock.now(), usage).await {
            Err(archive::Error::Taken { .. }) if clock == Clock::System && tries < SECOND_COUNT_MAX => {
                tries += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            begun => return begun.map_err(Failure::of_evidence),
        }
    }
}

/// Puts everything after the usage into the draft.
async fn fill(
    draft: &mut Draft<'_>,
    client: &Client,
    head: &UsageHead,
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    let (start, end) = (head.period.start, head.period.end);
    draft.place(start, end, head.account_ids.len()).await.map_err(Failure::of_evidence)?;
    let mut listed: BTreeSet<Uuid> = BTreeSet::new();
    let mut pages = client.pages();
    let mut page_count = 0;
    while let Some(page) = pages.next().await.map_err(Failure::of_client)? {
        page_count += 1;
        progress(&format!("reading the account list: page {page_count}, {} sub accounts", listed.len()));
        let account_count = page.head.account_ids.len();
        listed.extend(&page.head.account_ids);
        draft.page(body(&page.answer), account_count).await.map_err(Failure::of_evidence)?;
    }
    let missing: BTreeSet<Uuid> = head.account_ids.iter().copied().filter(|id| !listed.contains(id)).collect();
    if missing.len() > LOOKUP_COUNT_MAX {
        tracing::warn!(missing = missing.len(), looked_up = LOOKUP_COUNT_MAX, "too many accounts are not in the list");
    }
    for (index, id) in missing.iter().take(LOOKUP_COUNT_MAX).enumerate() {
        progress(&format!("looking up accounts that are not in the list: {} of {}", index + 1, missing.len()));
        let answer = client.account(*id).await.map_err(Failure::of_client)?;
        draft.lookup(body(&answer));
    }
    Ok(())
}

fn body(answer: &Answer) -> Body {
    Body {
        request: answer.target.clone(),
        status: answer.status,
        server_date: answer.server_date,
        request_id: answer.request_id.clone(),
        bytes: answer.body.clone(),
    }
}

fn warn_of_skew(usage: &Answer, clock: Clock) {
    let Some(server) = usage.server_date.filter(|_| clock == Clock::System) else { return };
    let skew = clock.now() - server;
    if skew.abs() > CLOCK_SKEW_WARN {
        tracing::warn!(seconds = skew.num_seconds(), "this machine's clock and the server's are apart");
    }
}

/// Waits for SIGINT or SIGTERM and gives its number.
async fn interrupted() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // without handlers the signals keep their default: the process ends, and what is durable stays
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => 2,
        _ = terminate.recv() => 15,
    }
}
