//! Findings: what is not as it should be, errors first, each kind with what to do about it.

use maud::{Markup, html};

use crate::billing::finding::{Finding, Severity};
use crate::billing::ledger::Ledger;

use super::super::text::{figures, grouped};
use super::parts::{coded, more, name};

/// Findings that the page shows.
const FINDING_COUNT_MAX: usize = 200;

/// The findings by severity and code.
pub(super) fn section(ledger: &Ledger) -> Markup {
    let findings = ledger.findings.by_severity();
    let shown = &findings[..findings.len().min(FINDING_COUNT_MAX)];
    let kinds = shown.chunk_by(|a, b| (a.severity, a.code) == (b.severity, b.code));
    html! {
        section id="findings" {
            h2 { "Findings" }
            @if shown.is_empty() { p { "None: everything is as it should be." } }
            @else {
                ul class="findings" { @for kind in kinds { li { (of_kind(kind)) } } }
                (more(findings.len() - shown.len(), "reconciliation.json"))
            }
        }
    }
}

fn of_kind(kind: &[&Finding]) -> Markup {
    let Some(first) = kind.first() else { return html! {} };
    let pill = match first.severity {
        Severity::Error => "pill bad",
        Severity::Warning => "pill warn",
        Severity::Note => "pill plain",
    };
    html! {
        h3 { span class=(pill) { (first.severity.as_str()) } code { (first.code.as_str()) } }
        ul { @for finding in kind { li { (sentence(finding)) } } }
        @if first.severity != Severity::Note { p class="small soft" { "Tip: " (coded(first.code.tip())) } }
    }
}

/// One finding in one line. All of it may hold words from outside.
pub(super) fn sentence(finding: &Finding) -> Markup {
    html! {
        (name(&finding.message))
        @if let Some(subject) = &finding.subject {
            ": " (name(&subject.name)) " (" span class="id" { (subject.account_id) } ")"
        }
        @let figures = figures(finding, &in_groups);
        @if !figures.is_empty() { (name(&figures)) }
    }
}

/// A figure with its digits in groups; anything else as it is.
fn in_groups(figure: &str) -> String {
    let digits = figure.trim_start_matches(['-', '+']);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.matches('.').count() <= 1;
    if is_number { grouped(figure) } else { figure.to_owned() }
}
