//! Performing a cap plan: one change after the other, and an account of each when one fails.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Planned;
use crate::ahasend::AccountChange;
use crate::billing::cap_plan::CapChange;
use crate::commands::Outcome;
use crate::commands::accounts::Office;
use crate::commands::accounts::show::cap;
use crate::failure::{Evidence, Failure, causes, closing};
use crate::report::text::{counted, shown};

/// What became of one change.
enum Done {
    Changed,
    Failed,
    NotTried,
}

impl Done {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Failed => "failed",
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
                    failure = Some(error);
                    Done::Failed
                }
            },
        };
        results.push((change, done));
    }
    outcome(planned, &results, failure)
}

async fn set(office: &Office<'_>, change: &CapChange) -> Result<(), Failure> {
    office.signals.check()?;
    let doing = format!("the cap of sub account {} was not changed", change.live.account_id);
    let change_of = AccountChange { monthly_credit: u64::try_from(change.wanted).ok(), ..AccountChange::default() };
    office.write(&doing, office.client.update_account(change.live.account_id, &change_of)).await.map(drop)
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
            let closing = closing(&Evidence::Untouched, "the caps are as the customer map wants them");
            Outcome { exit_code: 0, text, json: json.to_string(), closing }
        }
        Some(failure) => {
            json["error"] = json!(failure.doing);
            json["causes"] = json!(causes(&failure));
            let failure = failure.then("`subledger caps plan` shows what is left to do");
            Outcome { exit_code: failure.kind.exit_code(), text, json: json.to_string(), closing: failure.report() }
        }
    }
}

fn result_json(change: &CapChange, done: &Done) -> Value {
    json!({
        "account_id": change.live.account_id,
        "name": change.live.name,
        "before": change.live.monthly_credit,
        "wanted": change.wanted,
        "result": done.as_str(),
    })
}
