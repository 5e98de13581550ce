//! What changed between two captures of one period: running totals only ever grow, and some facts stay as they are.

use super::super::books::Books;
use super::super::dust::Dust;
use super::super::finding::{Code, Finding, Severity};
use super::{Last, Past};

/// Holds a capture against the one before it.
///
/// The cost of a single account is not compared: its share of a pooled fee falls while others send.
pub(super) fn changes(last: &Last, past: &Past, books: &Books, dust: &Dust) -> Vec<Finding> {
    let usage = &books.usage;
    let between = format!("between `{}` and `{}`", last.capture.id, books.capture.id);
    let finding = |what: &str| Finding::new(Code::Restated, Severity::Warning, format!("{what}, {between}"));
    let fall = |what: &str, before: i64, now: i64| {
        let difference = format!("{:+}", i128::from(now) - i128::from(before));
        (now < before).then(|| finding(what).expected_actual(before, now).difference(difference, "messages"))
    };
    let mut findings = facts(last, books);
    findings.extend(fall("the total went down", last.total.messages, usage.total.messages));
    findings.extend(fall("the parent account's own count went down", last.parent, usage.parent.messages));
    findings.extend(fall("the removed usage went down", last.removed, usage.removed.messages));
    let mut trails = past.trails().walk();
    for same in usage.sub_accounts.chunk_by(|a, b| a.account_id == b.account_id) {
        let (id, now) =
            (same[0].account_id, same.iter().fold(0, |sum: i64, line| sum.saturating_add(line.tally.messages)));
        let before = trails.find(id).map_or(0, |trail| trail.messages);
        let fall = fall("the count of a sub account went down", before, now);
        findings.extend(fall.map(|finding| finding.about(id, &same[0].name)));
    }
    let vanished = past.intervals().last().filter(|interval| interval.until == books.capture.id);
    if let Some(interval) = vanished.filter(|interval| interval.seen() > i128::from(interval.growth)) {
        let (seen, growth) = (interval.seen(), i128::from(interval.growth));
        let what = "usage lines vanished, and the removed usage did not grow by what they had";
        let difference = format!("{:+}", growth - seen);
        findings.push(finding(what).expected_actual(seen, growth).difference(difference, "messages"));
    }
    findings.extend(cost(last, books, dust, &finding));
    findings
}

/// The pooled invoice only grows, but for what rounding makes of it.
fn cost(last: &Last, books: &Books, dust: &Dust, finding: &impl Fn(&str) -> Finding) -> Option<Finding> {
    let (currency, now) = (books.usage.currency, books.usage.total.cost.exact());
    if last.currency != currency {
        return None;
    }
    let before = last.total.cost.exact();
    // what somebody tolerates is no rounding
    let own = if dust.tolerance.is_zero() { *dust } else { Dust::of(books, super::Exact::ZERO) };
    let dust = last.dust + own.of_sum(books);
    (before - now > dust).then(|| {
        let finding = finding("the pooled invoice went down");
        let finding = finding.expected_actual(currency.show(before), currency.show(now));
        finding.difference(currency.show_signed(now - before), currency.code())
    })
}

/// The period and the currency stay what they are until the next period begins.
fn facts(last: &Last, books: &Books) -> Vec<Finding> {
    let usage = &books.usage;
    let mut findings = Vec::new();
    if last.currency != usage.currency {
        let finding = Finding::new(Code::Currency, Severity::Error, "the currency changed within the billing period");
        findings.push(finding.expected_actual(last.currency.code(), usage.currency.code()));
    }
    if last.period != usage.period {
        let finding = Finding::new(Code::Period, Severity::Error, "the billing period changed while it ran");
        findings.push(finding.expected_actual(last.period, usage.period));
    }
    findings
}
