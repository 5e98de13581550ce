//! A cap plan as people and programs read it.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Planned;
use crate::commands::accounts::show::cap;
use crate::report::text::{counted, shown};

/// The plan as a table, with its name.
pub(super) fn plan(planned: &Planned) -> String {
    let mut text = String::new();
    let changes = &planned.plan.changes;
    if !changes.is_empty() {
        let _ = writeln!(text, "{:>13}  {:>13}  {:<36}  name", "live cap", "wanted cap", "id");
    }
    for change in changes {
        let (live, wanted) = (cap(change.live.monthly_credit), cap(change.wanted));
        let _ = writeln!(text, "{live:>13}  {wanted:>13}  {}  {}", change.live.account_id, shown(&change.live.name));
    }
    for id in &planned.plan.missing {
        let _ = writeln!(text, "not there: {id} (in the customer map, but no sub account of this parent)");
    }
    let unchanged = counted(planned.plan.unchanged_count, "cap");
    let _ = writeln!(text, "plan {}: {} to change, {unchanged} as wanted", planned.id, counted(changes.len(), "cap"));
    text
}

pub(super) fn plan_json(planned: &Planned) -> Value {
    let changes = planned.plan.changes.iter().map(|change| {
        json!({
            "account_id": change.live.account_id,
            "name": change.live.name,
            "live": change.live.monthly_credit,
            "wanted": change.wanted,
        })
    });
    json!({
        "schema": "subledger/cap-plan/v1",
        "exit_code": 0,
        "plan": planned.id,
        "changes": changes.collect::<Vec<_>>(),
        "unchanged": planned.plan.unchanged_count,
        "missing": planned.plan.missing,
    })
}
