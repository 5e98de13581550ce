//! `subledger status`: what is secured, what is missing, and when the next capture is due; without key and without network.

use std::fmt::Write;

use serde_json::json;

use super::Outcome;
use super::selection::open;
use crate::billing::period::timestamp;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, SHIP, closing};
use crate::nightly::{self, PeriodStatus, Status, TOOL};
use crate::report::text::{duration, shown};

/// The exit code of an account of which a capture is overdue.
const OVERDUE: u8 = 14;
/// Missed nights written out for a period; the rest is counted.
const MISSED_COUNT_MAX: usize = 4;

/// Looks at the account's archive and reports.
pub async fn run(config: &Config) -> Result<Outcome, Failure> {
    let archive = open(config)?;
    let status = nightly::status(config, &archive).await?;
    let now = config.clock.now();
    let label = config.label(archive.account_id());
    let is_overdue = status.is_overdue(now);
    let mut text = format!("{}: parent account {}\n", shown(&label), archive.account_id());
    periods(&mut text, &status.periods);
    let next = match &status.last {
        None => "no capture yet: run `subledger run`".to_owned(),
        Some(last) if is_overdue => {
            let late = duration(now - last.due.before);
            // writing into a String cannot fail
            let _ = writeln!(text, "next      OVERDUE since {}, {late}", timestamp(last.due.before));
            let unseen = if now >= last.ends { "the end of the billing period went unseen; " } else { "" };
            format!("{unseen}a capture is overdue: run `subledger run` now, and see why it did not")
        }
        Some(last) if last.due.from.is_some_and(|from| now >= from) => {
            let left = duration(last.due.before - now);
            let _ = writeln!(text, "next      DUE NOW, before {}: {left} are left", timestamp(last.due.before));
            "the billing period ends soon: run `subledger run`, or let the schedule do it".to_owned()
        }
        Some(last) => {
            let _ =
                writeln!(text, "next      capture {}, in {} at the latest", last.due, duration(last.due.before - now));
            "nothing to do".to_owned()
        }
    };
    let is_waiting = !status.waiting.is_empty();
    if is_waiting {
        let spool = archive.spool_location().unwrap_or_default();
        let _ = writeln!(text, "waiting   {} in {spool}", status.waiting.join(", "));
    }
    let (exit_code, next) = match is_overdue {
        true => (OVERDUE, next),
        false if is_waiting => (Kind::Waiting.exit_code(), SHIP.to_owned()),
        false => (0, next),
    };
    let json = json(&status, &label, exit_code);
    Ok(Outcome { exit_code, text, json, closing: closing(&Evidence::Untouched, &next), ..Outcome::default() })
}

fn periods(text: &mut String, periods: &[PeriodStatus]) {
    let mut lines = vec![["period", "captures", "last capture", "reports", "nights missed"].map(str::to_owned)];
    for period in periods {
        let reports = match (&period.set, period.closed) {
            (Some(set), Some(revision)) => format!("{set}, closed as r{revision}"),
            (Some(set), None) => set.clone(),
            (None, Some(revision)) => format!("none, closed as r{revision}"),
            (None, None) => "none".to_owned(),
        };
        let mut missed: Vec<String> = period.missed.iter().take(MISSED_COUNT_MAX).map(ToString::to_string).collect();
        if period.missed.len() > MISSED_COUNT_MAX {
            missed.push(format!("and {} more", period.missed.len() - MISSED_COUNT_MAX));
        }
        let missed = if missed.is_empty() { "none".to_owned() } else { missed.join(", ") };
        lines.push([period.period.clone(), period.captures.to_string(), timestamp(period.last), reports, missed]);
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let (first, second, third, fourth) = (width(0), width(1), width(2), width(3));
    for [period, captures, last, reports, missed] in &lines {
        let line = format!("{period:<first$}  {captures:>second$}  {last:<third$}  {reports:<fourth$}  {missed}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn json(status: &Status, label: &str, exit_code: u8) -> String {
    let period = |period: &PeriodStatus| {
        json!({
            "period": period.period,
            "captures": period.captures,
            "first_capture_at": timestamp(period.first),
            "last_capture_at": timestamp(period.last),
            "missed_days": period.missed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "closed": period.closed,
            "report_set": period.set,
        })
    };
    let last = status.last.as_ref();
    let json = json!({
        "schema": "subledger/status/v1",
        "exit_code": exit_code,
        "tool": TOOL,
        "label": label,
        "periods": status.periods.iter().map(period).collect::<Vec<_>>(),
        "last_capture_at": last.map(|last| timestamp(last.at)),
        "next_capture_from": last.and_then(|last| last.due.from).map(timestamp),
        "next_capture_before": last.map(|last| timestamp(last.due.before)),
        "is_overdue": exit_code == OVERDUE,
        "waiting": status.waiting,
    });
    json.to_string()
}
