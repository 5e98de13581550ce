//! Checks of what went unseen: the removed usage as it is attributed, and the end of the billing period
//! before.

use chrono::TimeDelta;

use super::super::books::Books;
use super::super::close::Obstacle;
use super::super::finding::{Code, Finding, Severity};
use super::super::period::timestamp;
use super::super::tail::Tail;
use super::super::terms::Terms;
use super::Seen;

/// The tail of the period before was no longer than the terms allow.
///
/// Its own reports cannot tell: that no capture came after theirs is known only from those of the next period.
pub(super) fn tail(terms: &Terms, seen: &Seen<'_>) -> Vec<Finding> {
    let ended = seen.past.ended().filter(|ended| ended.tail.length() > terms.tail_max);
    ended.map(|ended| finding(&ended.tail, &ended.capture.id, terms)).into_iter().collect()
}

/// The end of a period that is being closed went unseen for no longer than the terms allow: now it is known that no capture
/// came after.
pub(super) fn closed_tail(books: &Books, terms: &Terms, seen: &Seen<'_>) -> Vec<Finding> {
    let tail = seen.past.tail().filter(|tail| terms.close.is_some() && tail.length() > terms.tail_max);
    let accepted = terms.close.as_ref().and_then(|close| close.accepts(Obstacle::Tail));
    let accepted = accepted.map_or(String::new(), |reason| format!(", accepted: {reason}"));
    let message = |tail: &Tail| {
        format!(
            "nobody saw the end of the period: after `{}` about {} messages were sent until {}{accepted}",
            books.capture.id,
            tail.messages.estimate,
            timestamp(tail.until),
        )
    };
    tail.map(|tail| overlong(&tail, message(&tail), terms)).into_iter().collect()
}

/// The parts of the removed usage sum to it, and their lower bounds to no more. Anything else would be our own defect.
pub(super) fn attribution(books: &Books, seen: &Seen<'_>) -> Vec<Finding> {
    let removed = i128::from(books.usage.removed.messages);
    let lows: i128 = seen.attribution.parts.iter().map(|part| i128::from(part.low)).sum();
    let error = |what: &str, sum: i128| {
        let finding = Finding::new(Code::Statements, Severity::Error, what).expected_actual(removed, sum);
        finding.difference(format!("{:+}", sum - removed), "messages")
    };
    let mut findings = Vec::new();
    if seen.attribution.messages() != removed {
        findings.push(error("the parts of the removed usage do not sum to it", seen.attribution.messages()));
    }
    if lows > removed {
        findings.push(error("the lower bounds of the removed usage sum to more than it", lows));
    }
    findings
}

fn finding(tail: &Tail, last: &str, terms: &Terms) -> Finding {
    // only the last capture of that period was looked at: how much its days differed, its own reports tell
    let message = format!(
        "nobody saw the end of the period before: after `{last}`, its last capture, about {} messages were sent until {}",
        tail.messages.estimate,
        timestamp(tail.until),
    );
    overlong(tail, message, terms)
}

fn overlong(tail: &Tail, message: String, terms: &Terms) -> Finding {
    let (allowed, length) = (terms.tail_max.num_minutes(), minutes(tail.length()));
    let finding = Finding::new(Code::Tail, Severity::Warning, message).expected_actual(allowed, length);
    finding.difference(format!("{:+}", length - allowed), "minutes")
}

/// Whole minutes, those begun included.
fn minutes(time: TimeDelta) -> i64 {
    time.num_minutes() + i64::from(time.num_seconds() % 60 > 0)
}
