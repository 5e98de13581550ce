//! Capturing: usage first and durable, then the list, then what the list lacks, the manifest last.
//!
//! Only waiting for the network is ever given up; a write that has begun is carried through.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;

use super::signals::Signals;
use super::{Progress, TOOL};
use crate::ahasend::wire::{self, UsageHead};
use crate::ahasend::{Answer, Client, Error};
use crate::archive::{self, Archive, Body, CaptureKey, Draft};
use crate::config::{Api, Clock, time_since_boot};
use crate::failure::{Evidence, Failure, Kind, SHIP, causes};

/// Accounts looked up one by one. More missing from the list than this is no race any more, and the `unlisted`
/// findings tell of it.
const LOOKUP_COUNT_MAX: usize = 10_000;
/// Tries to find a second that no capture has yet.
const SECOND_COUNT_MAX: u32 = 5;
/// A server's clock this far from ours is worth a warning: captures are ordered by our clock.
const CLOCK_SKEW_WARN: TimeDelta = TimeDelta::minutes(5);
/// A server's clock farther from ours than this leaves no capture: it would be put among the wrong nights for good.
const CLOCK_SKEW_MAX: TimeDelta = TimeDelta::hours(24);

/// A capture that is complete and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    /// Its place in the archive.
    pub key: CaptureKey,
    /// Its folder, for people.
    pub folder: String,
    /// SHA-256 of its manifest.
    pub sha256: String,
    /// How far the server's clock is ahead of ours, as far as it told.
    pub server_ahead: TimeDelta,
    /// Whether a capture waits in the spool, because the archive did not take it: this one or an earlier one.
    pub is_waiting: bool,
}

impl Secured {
    /// What stopped a run after this capture was taken: its evidence is safe, if perhaps only in the spool.
    #[must_use]
    pub fn safe(&self, failure: Failure) -> Failure {
        let failure = failure.with_evidence(Evidence::Safe(self.folder.clone()));
        match failure.kind {
            _ if !self.is_waiting => failure,
            // what is away gives nothing to read either
            Kind::ArchiveUnusable => failure.of_kind(Kind::Waiting),
            _ => failure.also(SHIP),
        }
    }
}

/// Takes one capture, or says what of it was kept. The caller holds the capture lock.
pub(super) async fn capture(
    archive: &Archive,
    api: &Api,
    clock: Clock,
    signals: &Signals,
    progress: &Progress<'_>,
) -> Result<Secured, Failure> {
    let kept = RefCell::new(Evidence::Missing);
    let taking = Capturing { archive, api, clock, signals, progress, kept: &kept, begun: time_since_boot() };
    Failure::guard_waiting(Box::pin(taking.take())).await.map_err(|failure| failure.with_evidence(kept.into_inner()))
}

/// A capture under way, with all that it needs.
struct Capturing<'a> {
    archive: &'a Archive,
    api: &'a Api,
    clock: Clock,
    signals: &'a Signals,
    progress: &'a Progress<'a>,
    kept: &'a RefCell<Evidence>,
    /// Time since boot.
    begun: Duration,
}

impl Capturing<'_> {
    /// Fails once the capture has taken longer than it may, sleep included. The client's own deadline does not pass while a
    /// machine sleeps, and hours later the list would be that of another day.
    fn in_time(&self) -> Result<(), Failure> {
        if !is_overdue(self.begun, time_since_boot(), self.api.run_timeout) {
            return Ok(());
        }
        let doing = format!("the capture took longer than the {} seconds allowed", self.api.run_timeout.as_secs());
        let failure = Failure::new(Kind::Unreachable, doing);
        Err(failure.hint("did this machine sleep meanwhile? run again; `limits.run_timeout_secs` is what is allowed"))
    }

    async fn take(&self) -> Result<Secured, Failure> {
        let client = self.api.client(self.archive.account_id()).map_err(Failure::of_client)?;
        self.archive.sweep();
        self.archive.warn_of_its_place();
        (self.progress)("reading usage");
        let usage = match self.signals.or(client.usage(), Failure::of_client).await {
            Err(failure) => {
                // what waits from other nights needs no API
                self.ship().await;
                return Err(failure);
            }
            usage => usage?,
        };
        let server_ahead = server_ahead(&usage, self.clock);
        let mut draft = self.begin(&body(&usage)).await?;
        refuse_key(&client, &usage)?;
        refuse_skew(server_ahead)?;
        let head = wire::usage_head(&usage.body).map_err(|error| {
            let failure = Failure::new(Kind::AnswerUnusable, "the usage answer cannot be used").because(error);
            failure.hint("the answer is kept as it came; ask AhaSend what changed")
        })?;
        if let Err(failure) = self.fill(&mut draft, &client, &head).await {
            draft.keep().await;
            return Err(failure);
        }
        (self.progress)("sealing the capture");
        let committed = draft.commit(TOOL, self.api.base_url.as_str()).await.map_err(Failure::of_evidence)?;
        self.archive.keep_reserve(committed.stored_bytes);
        self.ship().await;
        let is_waiting = match self.archive.waiting().await {
            Ok(waiting) => !waiting.captures.is_empty(),
            Err(error) => {
                tracing::warn!(causes = ?causes(&error), "what waits in the spool cannot be seen");
                committed.is_spooled
            }
        };
        let folder = self.archive.shown_place(&committed.key).await;
        Ok(Secured { folder, key: committed.key, sha256: committed.sha256, server_ahead, is_waiting })
    }

    /// Gives the archive what waits in the spool. What it still does not take is tried again by the next run.
    async fn ship(&self) {
        match self.archive.waiting().await {
            Ok(waiting) if waiting.objects == 0 => return,
            _ => (self.progress)("shipping what the archive did not take"),
        }
        let failed = |error| Failure::new(Kind::NotDurable, "the archive does not take what waits").because(error);
        match self.signals.or(Box::pin(self.archive.ship()), failed).await {
            Ok(objects) => tracing::info!(objects, "the archive has what waited in the spool"),
            Err(failure) => tracing::warn!(causes = ?causes(&failure), "evidence waits in the spool"),
        }
    }

    /// Makes the usage durable under the first second that is free.
    async fn begin(&self, usage: &Body) -> Result<Draft<'_>, Failure> {
        let mut tries = 1;
        loop {
            let begun = match self.archive.begin(self.clock.now(), usage).await {
                Ok(mut draft) => {
                    // from here on the usage is kept, whatever the archive does
                    self.kept.replace(Evidence::Partial(draft.shown_inbox()));
                    draft.link().await.map(|()| draft)
                }
                Err(error) => Err(error),
            };
            match begun {
                Err(archive::Error::Taken { .. }) if self.clock.runs() && tries < SECOND_COUNT_MAX => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error @ archive::Error::Taken { .. }) => {
                    self.kept.replace(Evidence::Untouched);
                    let failure = Failure::new(Kind::NotDurable, "the capture has no name of its own").because(error);
                    return Err(failure.hint("captures are named by the second; run again").then("run again"));
                }
                begun => return begun.map_err(Failure::of_evidence),
            }
        }
    }

    /// Puts everything after the usage into the draft.
    async fn fill(&self, draft: &mut Draft<'_>, client: &Client, head: &UsageHead) -> Result<(), Failure> {
        let (start, end) = (head.period.start, head.period.end);
        draft.place(start, end, head.account_ids.len()).await.map_err(Failure::of_evidence)?;
        let listed = match self.fill_list(draft, client).await {
            // the list may have changed under way; if it is really broken it is so again
            Err((_, true)) => {
                tracing::warn!("the pages do not make one list, and are read once more");
                draft.forget_list();
                self.fill_list(draft, client).await
            }
            filled => filled,
        };
        let listed = listed.map_err(|(failure, _)| failure)?;
        let missing: BTreeSet<Uuid> = head.account_ids.iter().copied().filter(|id| !listed.contains(id)).collect();
        if missing.len() > LOOKUP_COUNT_MAX {
            tracing::warn!(missing = missing.len(), looked_up = LOOKUP_COUNT_MAX, "too many accounts are not listed");
        }
        let mut gathered_bytes = 0;
        for (index, id) in missing.iter().take(LOOKUP_COUNT_MAX).enumerate() {
            self.in_time()?;
            (self.progress)(&format!("looking up accounts that are not listed: {} of {}", index + 1, missing.len()));
            let answer = self.signals.or(client.account(*id), Failure::of_client).await?;
            gathered_bytes += u64::try_from(answer.body.len()).unwrap_or(u64::MAX);
            draft.lookup(body(&answer));
            refuse_key(client, &answer)?;
            // they wait in memory for the one object that they make; whose are not there change no amount
            if gathered_bytes > self.api.limits.body_bytes_max {
                let problem = "the answers about single accounts take more together than one answer may";
                tracing::warn!(missing = missing.len(), looked_up = index + 1, "{problem}");
                break;
            }
        }
        Ok(())
    }

    /// Puts the account list into the draft; a page that cannot be read is kept before it fails the capture.
    ///
    /// The failure comes with whether the pages did not make one list.
    async fn fill_list(&self, draft: &mut Draft<'_>, client: &Client) -> Result<BTreeSet<Uuid>, (Failure, bool)> {
        let mut listed = BTreeSet::new();
        let mut pages = client.pages();
        // the last page is hashed and written while the server makes the next one
        let mut last: Option<(Body, usize)> = None;
        loop {
            let of_evidence = |error| (Failure::of_evidence(error), false);
            if let Err(failure) = self.in_time() {
                if let Some((page, account_count)) = last.take() {
                    draft.page(page, account_count).await.map_err(of_evidence)?;
                }
                return Err((failure, false));
            }
            let (mut unreadable, mut torn) = (None, false);
            let failed = |error: Error| {
                torn = matches!(error, Error::Paging(_));
                if let Error::Page { answer, .. } = &error {
                    unreadable = Some(body(answer));
                }
                Failure::of_client(error)
            };
            let keeping = async {
                match last.take() {
                    Some((page, account_count)) => draft.page(page, account_count).await,
                    None => Ok(()),
                }
            };
            let (next, kept) = tokio::join!(self.signals.or(pages.next(), failed), keeping);
            kept.map_err(of_evidence)?;
            if let Some(page) = unreadable {
                draft.page(page, 0).await.map_err(of_evidence)?;
            }
            let Some(page) = next.map_err(|failure| (failure, torn))? else { return Ok(listed) };
            listed.extend(&page.head.ids);
            if let Err(failure) = refuse_key(client, &page.answer) {
                draft.page(body(&page.answer), page.head.ids.len()).await.map_err(of_evidence)?;
                return Err((failure, false));
            }
            last = Some((body(&page.answer), page.head.ids.len()));
            (self.progress)(&format!("reading the account list: {} sub accounts", listed.len()));
        }
    }
}

fn is_overdue(begun: Duration, now: Duration, limit: Duration) -> bool {
    now.saturating_sub(begun) > limit
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

/// An answer that holds the key is kept as it came, but no report is made of it: names of accounts go to customers.
fn refuse_key(client: &Client, answer: &Answer) -> Result<(), Failure> {
    if !client.is_in(&answer.body) {
        return Ok(());
    }
    let failure = Failure::new(Kind::AnswerUnusable, "the answer of the API holds the API key");
    Err(failure.hint("find out who put it there, make another key, and treat this one and the archive as exposed"))
}

/// A day apart, one of the two clocks is plainly wrong. The usage is kept; in which night it belongs is for a person to say.
fn refuse_skew(server_ahead: TimeDelta) -> Result<(), Failure> {
    if server_ahead.abs() <= CLOCK_SKEW_MAX {
        return Ok(());
    }
    let (hours, way) =
        (server_ahead.num_hours().abs(), if server_ahead < TimeDelta::zero() { "ahead of" } else { "behind" });
    let doing = format!("this machine's clock is {hours} hours {way} the server's");
    let failure = Failure::new(Kind::AnswerUnusable, doing);
    Err(failure.hint(
        "captures are named and ordered by this machine's clock: set it right, or find out who answers with a wrong \
         `Date`",
    ))
}

/// How far the server's clock is ahead; one that is far off is worth a warning.
fn server_ahead(usage: &Answer, clock: Clock) -> TimeDelta {
    let Some(server) = usage.server_date.filter(|_| clock == Clock::System) else { return TimeDelta::zero() };
    let ahead = server - clock.now();
    if ahead.abs() > CLOCK_SKEW_WARN {
        tracing::warn!(seconds = -ahead.num_seconds(), "this machine's clock and the server's are apart: set it right");
    }
    ahead
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_that_a_machine_slept_through_is_overdue() {
        let (begun, limit) = (Duration::from_hours(5), Duration::from_hours(2));
        let is_overdue = |now: Duration| is_overdue(begun, now, limit);
        assert!(is_overdue(begun + limit + Duration::from_secs(1)) && is_overdue(Duration::from_hours(29)));
        assert!(!is_overdue(begun + limit) && !is_overdue(begun) && !is_overdue(Duration::ZERO));
        assert!(time_since_boot() > Duration::ZERO);
    }
}
