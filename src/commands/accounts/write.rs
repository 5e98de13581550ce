//! Writes, and what is known of them when they fail: nothing happened, it may have, or it did.

use crate::ahasend;
use crate::commands::accounts::Office;
use crate::failure::{Effect, Failure, Kind};

/// One write, in words.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Write<'a> {
    /// What it does: "deleting the sub account".
    pub(in crate::commands) what: &'a str,
    /// The command that shows what came of it.
    pub(in crate::commands) look: &'a str,
}

impl Office<'_> {
    /// Makes a call that changes something. Whoever interrupts it gives up knowing what came of it.
    pub(in crate::commands) async fn write<T>(
        &self,
        write: Write<'_>,
        call: impl Future<Output = Result<T, ahasend::Error>>,
    ) -> Result<T, Failure> {
        // once it is under way, a signal leaves a doubt; before that it must leave none
        self.signals.check().map_err(|failure| failure.came_to(Effect::NotDone))?;
        let done = self.signals.or(call, |error| failed(write, error)).await;
        done.map_err(|failure| match failure.kind {
            Kind::Interrupted(_) => in_doubt(write, failure),
            _ => failure,
        })
    }
}

fn failed(write: Write<'_>, error: ahasend::Error) -> Failure {
    let Write { what, look } = write;
    if matches!(error, ahasend::Error::Answer { .. }) {
        let failure = Failure::new(Kind::AnswerUnusable, format!("{what} worked, but the answer cannot be used"));
        let failure = failure.because(error).came_to(Effect::Done).hint(format!("`subledger {look}` shows it"));
        return failure.then("look at it; do not run the command again");
    }
    let is_in_doubt = error.outcome_unknown();
    let is_of_used_key = error.is_of_used_key();
    let kind = error.class().into();
    let failure = Failure::new(kind, format!("{what} failed")).because(error).came_to(Effect::NotDone);
    if is_in_doubt {
        return in_doubt(write, failure);
    }
    if is_of_used_key {
        let hint = format!(
            "this was asked for before, with these or other values, and the API remembers: `subledger {look}` shows what is \
             there, and another `--idempotency-key` begins anew"
        );
        return failure.hint(hint);
    }
    failure
}

fn in_doubt(write: Write<'_>, mut failure: Failure) -> Failure {
    let Write { what, look } = write;
    failure.doing = match failure.kind {
        Kind::Interrupted(_) => format!("{what} was {}", failure.doing),
        _ => format!("{what} has failed, or its answer was lost"),
    };
    let hint = format!("whether it took effect is not known; `subledger {look}` tells");
    failure.hint(hint).came_to(Effect::Unknown).then("look before you run it again")
}
