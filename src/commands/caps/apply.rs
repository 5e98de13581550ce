//! Performing a cap plan: one change after the other, and an account of each when one fails.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Planned;
use crate::ahasend::AccountChange;
use crate::billing::cap_plan::CapChange;
use crate::commands::Outcome;
use crate::commands::accounts::Office;
use crate::commands::accounts::show::cap;
use crate::commands::accounts::write::Write;
use crate::failure::{Effect, Evidence, Failure, Kind, causes, closing};
use crate::report::text::{counted, shown};

/// What became of one change.
enum Done {
    Changed,
    Failed,
    Unknown,
    NotTried,
}

impl Done {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotTried => "not tried",
        }
    }
}

/// Performs the plan, and stops at the first change that fails: what stopped one would stop the others.
pub(super) async fn perform(office: &Office<'_>, planned: &Planned) -> Outcome {
    let mut failure = None;
    let mut results = Vec::with_capacity(planned.plan.changes.len());
    for change in &planned.plan.changes {
        let done = match &failure {
            Some(_) => Done::NotTried,
            None => match set(office, change).await {
                Ok(()) => Done::Changed,
                Err(error) => {
                    let done = what_came(&error);
                    failure = Some(error);
                    done
                }
            },
        };
        results.push((change, done));
    }
    outcome(planned, &results, failure)
}

async fn set(office: &Office<'_>, change: &CapChange) -> Result<(), Failure> {
    let id = change.live.account_id;
    let (what, look) = (format!("changing the cap of sub account {id}"), format!("accounts show {id}"));
    let wanted = AccountChange { monthly_credit: u64::try_from(change.wanted).ok(), ..AccountChange::default() };
    let write = Write { what: &what, look: &look };
    office.write(write, office.client.update_account(id, &wanted)).await.map(drop)
}

/// What became of the change that stopped the others.
fn what_came(failure: &Failure) -> Done {
    match (failure.effect, failure.kind) {
        (Some(Effect::Done), _) => Done::Changed,
        (Some(Effect::NotDone), Kind::Interrupted(_)) => Done::NotTried,
        (Some(Effect::NotDone), _) => Done::Failed,
        (Some(Effect::Unknown) | None, _) => Done::Unknown,
    }
}

fn outcome(planned: &Planned, results: &[(&CapChange, Done)], failure: Option<Failure>) -> Outcome {
    let mut text = String::new();
    for (change, done) in results {
        let (id, live, wanted) = (change.live.account_id, cap(change.live.monthly_credit), cap(change.wanted));
        let _ = writeln!(text, "{:<9}  {live:>13} -> {wanted:<13}  {id}  {}", done.as_str(), shown(&change.live.name));
    }
    let changed = results.iter().filter(|(_, done)| matches!(done, Done::Changed)).count();
    let all = counted(results.len(), "cap");
    let _ = writeln!(text, "plan {}: {changed} of {all} changed", planned.id);
    let mut json = json!({
        "schema": "subledger/caps-applied/v1",
        "plan": planned.id,
        "exit_code": failure.as_ref().map_or(0, |failure| failure.kind.exit_code()),
        "results": results.iter().map(|(change, done)| result_json(change, done)).collect::<Vec<_>>(),
        "missing": planned.plan.missing,
    });
    match failure {
        None => {
            let closing = closing(&Evidence::Untouched, planned.nothing_to_do());
            Outcome { text, json: json.to_string(), closing, ..Outcome::default() }
        }
        Some(failure) => {
            json["error"] = json!(failure.doing);
            json["causes"] = json!(causes(&failure));
            json["hint"] = json!(failure.hint);
            let failure = failure.then("`subledger caps plan` shows what is left to do");
            let (exit_code, closing) = (failure.kind.exit_code(), failure.report());
            Outcome { exit_code, text, json: json.to_string(), closing, ..Outcome::default() }
        }
    }
}

fn result_json(change: &CapChange, done: &Done) -> Value {
    json!({
        "account_id": change.live.account_id,
        "name": change.live.name,
        "live": change.live.monthly_credit,
        "wanted": change.wanted,
        "result": done.as_str(),
    })
}
