//! What the control endpoints show: the state of the simulation, and what the API never tells.

use serde::Serialize;
use uuid::Uuid;

use super::answer::{Answer, Outcome};
use super::body::{BillingPeriod, Instant};
use super::shared::Shared;
use crate::simulator::fault::Rule;
use crate::simulator::moods::rounding_name;
use crate::simulator::world;

#[derive(Serialize)]
struct State<'a> {
    parent_account_id: Uuid,
    now: Instant,
    period: BillingPeriod,
    accounts: usize,
    requests: u64,
    faults: Vec<Fault<'a>>,
    mood: serde_json::Value,
}

#[derive(Serialize)]
struct Fault<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    skip: u64,
    percent: u64,
    millis: u64,
    struck: u64,
}

pub(super) fn state(shared: &Shared) -> Outcome {
    let rules = shared.faults().rules().to_vec();
    let world = shared.world();
    Answer::ok(&State {
        parent_account_id: world.parent_account_id(),
        now: Instant(world.now()),
        period: BillingPeriod::of(world.period()),
        accounts: world.account_count(),
        requests: shared.request_count(),
        faults: rules.iter().map(fault).collect(),
        mood: mood(&world.mood()),
    })
}

fn fault(rule: &Rule) -> Fault<'_> {
    Fault {
        kind: rule.fault.kind.name(),
        path: rule.fault.path.as_deref(),
        method: rule.fault.method.as_deref(),
        count: rule.fault.count,
        skip: rule.fault.skip,
        percent: rule.fault.percent,
        millis: rule.fault.millis,
        struck: rule.struck,
    }
}

fn mood(mood: &world::Mood) -> serde_json::Value {
    serde_json::json!({
        "rounding": rounding_name(mood.rounding),
        "billing_day": mood.billing_day.day(),
        "list_suspended": mood.list_suspended,
        "suspended_usage": mood.suspended_usage,
        "zero_usage": mood.zero_usage,
        "retry_after": mood.retry_after,
    })
}

#[derive(Serialize)]
struct Truth<'w> {
    removed_sub_accounts: Vec<Removed<'w>>,
}

#[derive(Serialize)]
struct Removed<'w> {
    id: Uuid,
    name: &'w str,
    messages: u64,
    #[serde(rename = "removed_at")]
    at: Instant,
}

/// Whose usage the anonymous aggregate is, as far as they were deleted.
pub(super) fn truth(shared: &Shared) -> Outcome {
    let world = shared.world();
    Answer::ok(&Truth { removed_sub_accounts: world.removed_sub_accounts().iter().map(removed).collect() })
}

fn removed(removed: &world::Removed) -> Removed<'_> {
    let world::Removed { account, at } = removed;
    Removed { id: account.id, name: &account.name, messages: account.messages(*at), at: Instant(*at) }
}
