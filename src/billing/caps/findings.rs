//! What caps give to read: levels reached, caps that changed, and mail that is probably being refused.

use super::super::books::{Books, Status};
use super::super::finding::{Code, Finding, NONE, Severity};
use super::super::level::Level;
use super::super::past::Past;
use super::super::period::timestamp;
use super::super::rate::WINDOW;
use super::{Cap, caps};

/// The findings of all caps.
pub fn findings<'l>(books: &'l Books, past: &'l Past) -> impl Iterator<Item = Finding> {
    caps(books, past).flat_map(|cap| [level(&cap), above(&cap), stopped(&cap), changed(&cap)]).flatten()
}

/// The near level or above.
fn level(cap: &Cap<'_>) -> Option<Finding> {
    let message = match cap.level() {
        Level::Exceeded => "usage has reached the monthly cap",
        Level::Critical => "usage is close to the monthly cap (critical level)",
        _ => "usage approaches the monthly cap (near level)",
    };
    Some(against_cap(Finding::new(cap.level().code()?, Severity::Warning, message), cap))
}

/// More was sent than the cap lets through.
fn above(cap: &Cap<'_>) -> Option<Finding> {
    let credit = cap.account.monthly_credit;
    let over = credit > 0 && cap.messages.is_some_and(|messages| messages > credit);
    let was_lowered = cap.first_credit().is_some_and(|first| first == 0 || first > credit);
    let message = if was_lowered {
        "usage is above the cap, which was set or lowered in this period"
    } else {
        "usage is above the cap: nothing stops it there"
    };
    over.then(|| against_cap(Finding::new(Code::CapAbove, Severity::Warning, message), cap))
}

/// The count stands still at the cap or above it.
fn stopped(cap: &Cap<'_>) -> Option<Finding> {
    let (credit, since) = (cap.account.monthly_credit, cap.still_since());
    let at_cap = credit > 0 && cap.messages.is_some_and(|messages| messages >= credit);
    let is_still = cap.books.capture.at - since >= WINDOW;
    (is_still && at_cap && cap.account.status == Status::Active).then(|| {
        let message = "no message has been counted since the cap was reached";
        let finding =
            Finding::new(Code::CapStopped, Severity::Warning, message).about(cap.account.id, &cap.account.name);
        finding.expected_actual(format!("messages after {}", timestamp(since)), NONE)
    })
}

/// The cap is another one than when the period began.
fn changed(cap: &Cap<'_>) -> Option<Finding> {
    let credit = cap.account.monthly_credit;
    let first = cap.first_credit().filter(|first| *first != credit)?;
    if credit == 0 {
        let finding = Finding::new(Code::CapLifted, Severity::Warning, "the cap was lifted in this period");
        return Some(finding.about(cap.account.id, &cap.account.name).expected_actual(first, NONE));
    }
    let finding = Finding::new(Code::CapChanged, Severity::Note, "the cap was changed in this period");
    let finding = finding.about(cap.account.id, &cap.account.name);
    if first == 0 {
        return Some(finding.expected_actual(NONE, credit));
    }
    let difference = i128::from(credit) - i128::from(first);
    Some(finding.expected_actual(first, credit).difference(format!("{difference:+}"), "messages"))
}

fn against_cap(finding: Finding, cap: &Cap<'_>) -> Finding {
    let (used, credit) = (cap.messages.unwrap_or(0), cap.account.monthly_credit);
    let over = i128::from(used) - i128::from(credit);
    let finding = finding.about(cap.account.id, &cap.account.name).expected_actual(credit, used);
    finding.difference(if over == 0 { "0".to_owned() } else { format!("{over:+}") }, "messages")
}
