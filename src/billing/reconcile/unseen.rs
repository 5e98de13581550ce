//! Checks of what went unseen: the removed usage as it is attributed, the end of this billing period, and that of the
//! one before.

use chrono::TimeDelta;

use super::super::books::Books;
use super::super::finding::{Code, Finding, Severity};
use super::super::period::timestamp;
use super::super::tail::Tail;
use super::super::terms::Terms;
use super::Seen;

/// The tail of a period that is over is no longer than the terms allow.
///
/// That this period is over is known from a capture of the next one. The tail of the period before is told of once, by
/// the first capture of this one.
pub(super) fn tail(books: &Books, terms: &Terms, seen: &Seen<'_>) -> Vec<Finding> {
    let own = seen.past.successor().map(|_| (seen.tail, books.capture.id.as_str()));
    let is_first = seen.past.captures().len() == 1;
    let before = seen.past.ended().filter(|_| is_first).map(|ended| (&ended.tail, ended.capture.id.as_str()));
    let too_long = |tail: &Tail| tail.length() > terms.tail_max;
    let range = |tail: &Tail| format!(" ({} to {})", tail.messages.low, tail.messages.high);
    let own = own.filter(|(tail, _)| too_long(tail)).map(|(tail, last)| finding(tail, last, &range(tail), terms));
    // of the period before only its last capture was looked at: how much its days differed, its own reports tell
    let before = before.filter(|(tail, _)| too_long(tail)).map(|(tail, last)| finding(tail, last, "", terms));
    own.into_iter().chain(before).collect()
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

fn finding(tail: &Tail, last: &str, range: &str, terms: &Terms) -> Finding {
    let message = format!(
        "nobody saw the end of the period: after `{last}`, its last capture, about {} messages{range} were sent until {}",
        tail.messages.estimate,
        timestamp(tail.until),
    );
    let (allowed, length) = (terms.tail_max.num_minutes(), minutes(tail.length()));
    let finding = Finding::new(Code::Tail, Severity::Warning, message).expected_actual(allowed, length);
    finding.difference(format!("{:+}", length - allowed), "minutes")
}

/// Whole minutes, those begun included.
fn minutes(time: TimeDelta) -> i64 {
    time.num_minutes() + i64::from(time.num_seconds() % 60 > 0)
}
