//! Reconciliation: the checks of one capture. Each check is a pure function from the books to findings.

mod facts;
mod invoice;
mod sums;
mod unseen;

use super::books::Books;
use super::caps::{self, Cap};
use super::charges::Charges;
use super::close::Obstacle;
use super::dust::Dust;
use super::finding::{Code, Finding, Severity};
use super::nights::{self, Night};
use super::past::Past;
use super::removed::Attribution;
use super::terms::Terms;

/// Findings listed per code; what is beyond is counted in one more finding, so that a broken answer about a million
/// accounts still makes a report that opens.
const FINDING_COUNT_MAX_PER_CODE: usize = 200;

/// What more than one capture tells.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The captures before, and this one.
    pub past: &'a Past,
    /// The calendar.
    pub nights: &'a [Night],
    /// Whose the removed usage was.
    pub attribution: &'a Attribution,
}

/// Runs every check and returns the findings in the order of their codes.
pub fn reconcile(
    books: &Books,
    terms: &Terms,
    dust: &Dust,
    charges: &Charges,
    caps: &[Cap],
    seen: &Seen<'_>,
) -> Findings {
    let checks = [
        sums::count_sum(books),
        sums::cost_sum(books, dust),
        sums::proportional(books, dust),
        invoice::invoice(books, terms, charges),
        invoice::unallocated(charges),
        invoice::unspread(charges, terms),
        invoice::statements(charges),
        unseen::attribution(books, seen),
        facts::method(books),
        facts::currency(books, terms),
        facts::period(books),
        facts::identity(books),
        sums::negative(books, dust),
        sums::zero_cost(books, dust),
        facts::unlisted(books),
        facts::unbilled(books),
        facts::unmapped(books, terms, charges),
        caps::findings(books, caps),
        seen.past.changes().to_vec(),
        nights::gaps(seen.nights, books, seen.past, terms),
        unseen::tail(terms, seen),
        unseen::closed_tail(books, terms, seen),
        facts::precision(books),
        facts::fees(books, terms),
        facts::drift(books),
    ];
    let mut findings: Vec<Finding> = checks.into_iter().flatten().collect();
    accept(&mut findings, terms);
    findings.sort_by_key(|finding| finding.code);
    let counts = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| findings.iter().filter(|finding| finding.severity == severity).count());
    let is_of_caps = |finding: &&Finding| finding.severity == Severity::Warning && finding.code.is_of_cap_use();
    let cap_warnings = findings.iter().filter(is_of_caps).count();
    Findings { listed: limited(&findings), counts, cap_warnings }
}

/// Errors that a close accepted stay errors, and say why they were accepted. The invoice's rest is accepted on its own.
fn accept(findings: &mut [Finding], terms: &Terms) {
    let Some(reason) = terms.close.as_ref().and_then(|close| close.accepts(Obstacle::Errors)) else { return };
    let is_accepted = |finding: &&mut Finding| finding.severity == Severity::Error && finding.code != Code::Invoice;
    for finding in findings.iter_mut().filter(is_accepted) {
        finding.message = format!("{}, accepted: {reason}", finding.message);
    }
}

/// The findings of one capture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Those that are listed, in the order of their codes.
    pub listed: Vec<Finding>,
    /// How many there are, listed or not: errors, warnings, notes.
    counts: [usize; 3],
    /// Warnings about how much of a cap is used.
    cap_warnings: usize,
}

impl Findings {
    /// How many warnings there are beside those that the table of caps tells of, listed or not.
    pub fn warnings_beside_caps(&self) -> usize {
        self.count(Severity::Warning).saturating_sub(self.cap_warnings)
    }

    /// Those that are listed, the most serious first, each kind together.
    pub fn by_severity(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.listed.iter().collect();
        findings.sort_by_key(|finding| (finding.severity, finding.code));
        findings
    }

    /// Those that are listed and are errors, by code.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.by_severity().into_iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// How many findings have this severity, listed or not.
    pub fn count(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.counts[0],
            Severity::Warning => self.counts[1],
            Severity::Note => self.counts[2],
        }
    }
}

fn limited(findings: &[Finding]) -> Vec<Finding> {
    let mut kept = Vec::with_capacity(findings.len());
    for of_code in findings.chunk_by(|a, b| a.code == b.code) {
        let (listed, beyond) = of_code.split_at(of_code.len().min(FINDING_COUNT_MAX_PER_CODE));
        kept.extend_from_slice(listed);
        if let Some(worst) = beyond.iter().map(|finding| finding.severity).min() {
            kept.push(Finding::new(of_code[0].code, worst, format!("{} more like the ones before", beyond.len())));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_beyond_the_limit_are_counted() {
        let many = vec![Finding::new(Code::Unlisted, Severity::Warning, "no entry"); FINDING_COUNT_MAX_PER_CODE + 5];
        let kept = limited(&many);
        assert_eq!(kept.len(), FINDING_COUNT_MAX_PER_CODE + 1);
        assert_eq!(kept.last().unwrap().message, "5 more like the ones before");
    }
}
