//! `subledger capture --until-close`: the last moment of the billing period, and the first of the next.
//!
//! What is sent between the last capture and the end of the period goes unseen, so the last capture is taken as late as
//! can be. One is taken at once as well: whatever happens while waiting, that one is safe.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Taken, Waited, outcome};
use crate::billing::period::timestamp;
use crate::commands::Outcome;
use crate::commands::progress::Spinner;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind};
use crate::nightly::{Progress, Signals};
use crate::report::text::duration;

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

/// Takes a capture now, one just before the period ends, and one as soon as the next period shows.
pub async fn run(
    config: &Config,
    waiting: Waiting,
    signals: &Signals,
    show_progress: bool,
) -> Result<Outcome, Failure> {
    let spinner = Spinner::start(show_progress);
    let progress = |message: &str| spinner.tell(message);
    let watch = Watch { config, waiting, signals, progress: &progress };
    let first = watch.take().await?;
    let end = first.period.end;
    if end - watch.now(&first) > waiting.longest {
        let left = duration(end - first.at);
        let remark = format!("waited    not at all: the period ends on {}, in {left}", timestamp(end));
        return Ok(outcome(config, &[], &first, Some(Waited { remark, closed: None })));
    }
    let mut taken = vec![first];
    let closed = watch.close(&mut taken).await;
    drop(spinner);
    let Some(last) = taken.pop() else { return Err(Failure::new(Kind::Bug, "no capture is left to tell of")) };
    if let Err(failure) = closed {
        // what was taken so far is safe, and it is not all that was wanted
        return Err(failure.with_evidence(Evidence::Safe(last.secured.folder)));
    }
    let is_closed = last.period.end > end;
    let remark = if is_closed {
        format!("closed    the period that ended on {}", timestamp(end))
    } else {
        "closed    nothing yet: the API still shows the old period; run again in the morning".to_owned()
    };
    Ok(outcome(config, &taken, &last, Some(Waited { remark, closed: Some(is_closed) })))
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
        let hint = "the end of the period went unseen; the `tail` finding says what is likely to be missing";
        Err(failure.hint(hint).then("hold the tail in `subledger report` against the invoice"))
    }

    async fn take(&self) -> Result<Taken, Failure> {
        Taken::take(self.config, self.signals, self.progress).await
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
                // a request that outlasted the period was answered with the next one
                Ok(last) if last.period.end != end => {
                    taken.push(last);
                    let problem = "the capture of the last moment came too late: it is of the next period";
                    return Ok(Some(Failure::new(Kind::Unreachable, problem)));
                }
                Ok(last) => {
                    taken.push(last);
                    return Ok(None);
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
