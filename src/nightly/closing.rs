//! The end of a billing period: its last moment, and the first capture of the next.
//!
//! What is sent between the last capture and the end of the period goes unseen, so the last capture is taken as late as
//! can be. One is taken at once as well: whatever happens while waiting, that one is safe.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Night, Progress, Secured, Signals, derive_usage_table, read_back, secure};
use crate::billing::books::Books;
use crate::billing::period::{Period, timestamp};
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind};

/// The longest nap between two looks at the clock: a machine that slept must not oversleep.
const NAP_MAX: Duration = Duration::from_secs(15);
/// How long after the end the API may go on to show the old period.
const ROLL_OVER_MAX: TimeDelta = TimeDelta::minutes(15);
/// The longest pause before another try, and before the first look at the new period.
const PAUSE_MAX: TimeDelta = TimeDelta::seconds(20);

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// A period that ends later than this is not waited for.
    pub longest: TimeDelta,
    /// How long before the end the last capture begins.
    pub lead: TimeDelta,
}

/// A capture that was taken and can be used.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Where it is.
    pub secured: Secured,
    /// When the usage answer had arrived.
    pub at: DateTime<Utc>,
    /// The billing period that it shows.
    pub period: Period,
}

/// What came of waiting for the end of a period.
#[derive(Debug, Clone)]
pub struct Closing {
    /// Every capture but the last, oldest first.
    pub before: Vec<Taken>,
    /// The last capture.
    pub last: Taken,
    /// The end that was waited for.
    pub end: DateTime<Utc>,
    /// Whether the API shows the next period by now; nothing if the end was too far away to wait for.
    pub is_closed: Option<bool>,
}

/// Captures, and reads the capture back to see that it can be used. Other runs may go on afterwards.
pub async fn take(config: &Config, signals: &Signals, progress: &Progress<'_>) -> Result<Taken, Failure> {
    let Night { archive, secured, .. } = &secure(config, signals, progress).await?;
    let reading = async {
        let books = read_back(archive, &secured.key).await?;
        derive_usage_table(archive, &books, &secured.key).await;
        Ok(books)
    };
    let books = Failure::guard_waiting(reading).await;
    let books = books.map_err(|failure| secured.safe(failure))?;
    let Books { capture, usage, .. } = &books;
    Ok(Taken { secured: secured.clone(), at: capture.at, period: usage.period })
}

/// Takes a capture now, one just before the period ends, and one as soon as the next period shows.
pub async fn until_close(
    config: &Config,
    waiting: Waiting,
    signals: &Signals,
    progress: &Progress<'_>,
) -> Result<Closing, Failure> {
    let watch = Watch { config, waiting, signals, progress };
    let first = watch.take().await?;
    let end = first.period.end;
    // a clock that stands still never comes to the end
    if end - watch.now(&first) > waiting.longest || !config.clock.runs() {
        return Ok(Closing { before: Vec::new(), last: first, end, is_closed: None });
    }
    let mut taken = vec![first];
    let closed = watch.close(&mut taken).await;
    let Some(last) = taken.pop() else { return Err(Failure::new(Kind::Bug, "no capture is left to tell of")) };
    if let Err(failure) = closed {
        // what was taken so far is safe, and it is not all that was wanted
        return Err(failure.with_evidence(Evidence::Safe(last.secured.folder)));
    }
    let is_closed = Some(last.period.end > end);
    Ok(Closing { before: taken, last, end, is_closed })
}

/// Somebody who waits for the end of a period.
struct Watch<'a> {
    config: &'a Config,
    waiting: Waiting,
    signals: &'a Signals,
    progress: &'a Progress<'a>,
}

impl Watch<'_> {
    /// The last moment, and then the next period even if the last moment was missed.
    async fn close(&self, taken: &mut Vec<Taken>) -> Result<(), Failure> {
        let missed = self.last_moment(taken).await;
        let missed = missed.map_err(|failure| failure.then("the end of the period is not captured yet: run again"))?;
        let next = self.next_period(taken).await;
        next.map_err(|failure| failure.then("the next period is not captured yet: run again"))?;
        let Some(failure) = missed else { return Ok(()) };
        let hint =
            "the end of the period went unseen; reports of the next period say what is likely to be missing (`tail`)";
        Err(failure.hint(hint).then("hold the tail in `subledger report` against the invoice"))
    }

    async fn take(&self) -> Result<Taken, Failure> {
        take(self.config, self.signals, self.progress).await
    }

    /// The time, by the server's clock as far as the capture tells: it is the server's period that ends.
    fn now(&self, taken: &Taken) -> DateTime<Utc> {
        self.config.clock.now() + taken.secured.server_ahead
    }

    /// Captures just before the end; a failure is returned as a value if there is nothing left to try.
    async fn last_moment(&self, taken: &mut Vec<Taken>) -> Result<Option<Failure>, Failure> {
        let Some(first) = taken.first() else { return Ok(None) };
        let end = first.period.end;
        let begin = end - self.waiting.lead;
        if first.at >= begin {
            return Ok(None);
        }
        self.sleep_until(begin, first).await?;
        loop {
            match self.take().await {
                Ok(last) => {
                    let missed = too_late(last.period, end);
                    taken.push(last);
                    return Ok(missed);
                }
                Err(failure) if matches!(failure.kind, Kind::Interrupted(_) | Kind::Bug) => return Err(failure),
                Err(failure) => {
                    let Some(first) = taken.first() else { return Ok(Some(failure)) };
                    tracing::warn!(error = %failure, "the capture of the last moment failed");
                    let again = self.now(first) + TimeDelta::seconds(1);
                    if again >= end {
                        return Ok(Some(failure));
                    }
                    self.sleep_until(again, first).await?;
                }
            }
        }
    }

    /// Captures from the end on until the API shows the next period.
    async fn next_period(&self, taken: &mut Vec<Taken>) -> Result<(), Failure> {
        let Some(end) = taken.first().map(|first| first.period.end) else { return Ok(()) };
        let pause = self.waiting.lead.clamp(TimeDelta::seconds(1), PAUSE_MAX);
        let mut at = end + pause;
        while let Some(last) = taken.last().filter(|last| last.period.end <= end && at <= end + ROLL_OVER_MAX) {
            self.sleep_until(at, last).await?;
            let next = self.take().await?;
            at = self.now(&next).max(at) + pause;
            taken.push(next);
        }
        Ok(())
    }

    async fn sleep_until(&self, at: DateTime<Utc>, taken: &Taken) -> Result<(), Failure> {
        while let Some(left) = (at - self.now(taken)).to_std().ok().filter(|left| !left.is_zero()) {
            (self.progress)(&format!("waiting until {}", timestamp(at)));
            let nap = async {
                tokio::time::sleep(left.min(NAP_MAX)).await;
                Ok(())
            };
            self.signals.or(nap, |failure: Failure| failure).await?;
        }
        Ok(())
    }
}

/// Whether a capture that was meant for the last moment shows the next period: the request outlasted the one that ended.
fn too_late(shown: Period, end: DateTime<Utc>) -> Option<Failure> {
    let problem = "the capture of the last moment came too late: it is of the next period";
    (shown.end != end).then(|| Failure::new(Kind::Unreachable, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::period::month_of;

    #[test]
    fn a_last_moment_that_shows_the_next_period_was_missed() {
        let october = month_of("2026-10-31T23:59:30Z".parse().unwrap());
        assert!(too_late(october, october.end).is_none());
        let missed = too_late(month_of(october.end), october.end).unwrap();
        assert_eq!(missed.kind.exit_code(), 20);
    }
}
