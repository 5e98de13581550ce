//! The parts of `reconciliation.json` that more than one capture tells.

use serde::Serialize;

use crate::billing::ledger::Ledger;
use crate::billing::level;
use crate::billing::money::Exact;
use crate::billing::nights::Night;
use crate::billing::period::timestamp;
use crate::billing::rate::Band;

use super::removed::RemovedAccount;

/// The captures behind the set, and what lies between and after them.
#[derive(Serialize)]
pub(super) struct Past<'a> {
    /// The captures of the period until this one, oldest first.
    captures: Vec<&'a str>,
    /// The calendar of the period.
    nights: Vec<Nights>,
    /// When the next capture was needed, as seen from this one.
    next_capture: Due,
    removed: Removed<'a>,
    tail: Tail,
    /// Cap levels reached or left in the period, with the capture that was the first to show it.
    cap_alerts: Vec<Alert<'a>>,
}

/// Nights of one state, one after the other.
#[derive(Serialize)]
struct Nights {
    from: String,
    to: String,
    state: &'static str,
}

#[derive(Serialize)]
struct Due {
    /// Earlier captures leave too long a tail; null if there is no such limit.
    from: Option<String>,
    before: String,
}

/// Removed usage in messages: `attributed` has a name, `unattributed` has none.
#[derive(Serialize)]
struct Removed<'a> {
    messages: i64,
    attributed: i64,
    unattributed: i64,
    accounts: Vec<RemovedAccount<'a>>,
}

#[derive(Serialize)]
struct Tail {
    start: String,
    end: String,
    seconds: i64,
    messages: Range<i64>,
    /// Its estimate is null until two days were seen.
    cost: Range<String, Option<String>>,
}

#[derive(Serialize)]
struct Range<T, E = T> {
    low: T,
    estimate: E,
    high: T,
}

#[derive(Serialize)]
struct Alert<'a> {
    account_id: String,
    account_name: &'a str,
    capture: &'a str,
    event: &'static str,
    level: &'static str,
}

impl<'a> Past<'a> {
    pub(super) fn of(ledger: &'a Ledger) -> Self {
        Self {
            captures: ledger.past.captures().iter().map(|capture| capture.id.as_ref()).collect(),
            nights: nights(&ledger.nights),
            next_capture: Due { from: ledger.due.from.map(timestamp), before: timestamp(ledger.due.before) },
            removed: removed(ledger),
            tail: tail(ledger),
            cap_alerts: ledger.past.alerts().iter().map(alert).collect(),
        }
    }
}

fn nights(nights: &[Night]) -> Vec<Nights> {
    let runs = nights.chunk_by(|a, b| a.state.as_str() == b.state.as_str());
    let run = |run: &[Night]| {
        let (first, last) = (run.first()?, run.last()?);
        Some(Nights { from: first.date.to_string(), to: last.date.to_string(), state: first.state.as_str() })
    };
    runs.filter_map(run).collect()
}

fn removed(ledger: &Ledger) -> Removed<'_> {
    let (attributed, unattributed) = ledger.attribution.split();
    Removed {
        messages: ledger.books.usage.removed.messages,
        attributed,
        unattributed,
        accounts: ledger.attribution.named().map(|(gone, part)| RemovedAccount::of(gone, part)).collect(),
    }
}

fn tail(ledger: &Ledger) -> Tail {
    let (tail, currency) = (&ledger.tail.tail, ledger.charges.currency);
    let cost = |cost: Exact| currency.show(cost.readable(currency.decimals));
    let Band { low, estimate, high } = tail.messages;
    Tail {
        start: timestamp(tail.from),
        end: timestamp(tail.until),
        seconds: tail.length().num_seconds(),
        messages: Range { low, estimate, high },
        cost: Range {
            low: cost(tail.cost.low),
            estimate: tail.is_priced.then(|| cost(tail.cost.estimate)),
            high: cost(tail.cost.high),
        },
    }
}

fn alert(alert: &level::Alert) -> Alert<'_> {
    Alert {
        account_id: alert.account_id.to_string(),
        account_name: &alert.name,
        capture: &alert.capture,
        event: alert.kind.as_str(),
        level: alert.level.as_str(),
    }
}
