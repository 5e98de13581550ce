//! Reconciliation: the checks of one capture. Each check is a pure function from the books to findings.

mod facts;
mod invoice;
mod sums;
mod unseen;

use std::collections::BTreeMap;

use super::books::Books;
use super::caps;
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

/// Runs the checks of what was charged after those of [`check`], and returns the findings of all in the order of their codes.
/// Those of one code come in the order in which they were taken.
pub fn reconcile<'t>(
    mut found: Found<'t>,
    books: &Books,
    terms: &'t Terms,
    charges: &Charges,
    seen: &Seen<'_>,
) -> Findings {
    found.take(invoice::invoice(books, terms, charges));
    found.take(invoice::unallocated(charges));
    found.take(invoice::unspread(charges, terms));
    found.take(invoice::statements(charges));
    found.take(unseen::attribution(books, seen));
    found.take(facts::unmapped(books, terms, charges));
    found.finish()
}

/// Runs the checks of what was captured, which need not know what is charged.
pub fn check<'t>(books: &Books, terms: &'t Terms, dust: &Dust, seen: &Seen<'_>) -> Found<'t> {
    let mut found = Found::new(terms);
    found.take(sums::count_sum(books));
    found.take(sums::cost_sum(books, dust));
    found.take(sums::proportional(books, dust));
    found.take(facts::method(books));
    found.take(invoice::currency(books, terms));
    found.take(facts::currency(books, terms));
    found.take(facts::period(books));
    found.take(facts::identity(books));
    found.take(sums::negative(books, dust));
    found.take(sums::zero_cost(books, dust));
    found.take(facts::unlisted(books));
    found.take(facts::unbilled(books));
    found.take(caps::findings(books, seen.past));
    found.take(seen.past.changes().iter().cloned());
    found.take(nights::gaps(seen.nights, books, seen.past, terms));
    found.take(unseen::tail(terms, seen));
    found.take(unseen::closed_tail(books, terms, seen));
    found.take(facts::precision(books));
    found.take(facts::fees(books, terms));
    found.take(facts::drift(books));
    found
}

/// Findings as they come: the first of each code are kept, and the others counted.
#[derive(Debug)]
pub struct Found<'t> {
    /// Why errors are accepted, if a close accepted them. They stay errors, and say so. The invoice's rest is accepted on its
    /// own.
    accepted: Option<&'t str>,
    by_code: BTreeMap<Code, OfCode>,
    counts: [usize; 3],
    cap_warnings: usize,
}

/// The findings of one code.
#[derive(Debug, Default)]
struct OfCode {
    listed: Vec<Finding>,
    beyond: usize,
    /// The most serious of those beyond.
    worst: Option<Severity>,
}

impl<'t> Found<'t> {
    fn new(terms: &'t Terms) -> Self {
        let accepted = terms.close.as_ref().and_then(|close| close.accepts(Obstacle::Errors));
        Self { accepted, by_code: BTreeMap::new(), counts: [0; 3], cap_warnings: 0 }
    }

    fn take(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for mut finding in findings {
            let (code, severity) = (finding.code, finding.severity);
            self.counts[place(severity)] += 1;
            self.cap_warnings += usize::from(severity == Severity::Warning && code.is_of_cap_use());
            let of_code = self.by_code.entry(code).or_default();
            if of_code.listed.len() == FINDING_COUNT_MAX_PER_CODE {
                of_code.beyond += 1;
                of_code.worst = of_code.worst.into_iter().chain([severity]).min();
                continue;
            }
            if let Some(reason) = self.accepted.filter(|_| severity == Severity::Error && code != Code::Invoice) {
                finding.message = format!("{}, accepted: {reason}", finding.message);
            }
            of_code.listed.push(finding);
        }
    }

    fn finish(self) -> Findings {
        let of_codes = self.by_code.into_iter().flat_map(|(code, OfCode { listed, beyond, worst })| {
            let rest = worst.map(|worst| Finding::new(code, worst, format!("{beyond} more like the ones before")));
            listed.into_iter().chain(rest)
        });
        Findings { listed: of_codes.collect(), counts: self.counts, cap_warnings: self.cap_warnings }
    }
}

fn place(severity: Severity) -> usize {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
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
        self.counts[place(severity)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_beyond_the_limit_are_counted() {
        let terms = Terms::default();
        let many = vec![Finding::new(Code::Unlisted, Severity::Warning, "no entry"); FINDING_COUNT_MAX_PER_CODE + 5];
        let mut found = Found::new(&terms);
        found.take(many);
        let Findings { listed: kept, counts, .. } = found.finish();
        assert_eq!(counts, [0, FINDING_COUNT_MAX_PER_CODE + 5, 0]);
        assert_eq!(kept.len(), FINDING_COUNT_MAX_PER_CODE + 1);
        assert_eq!(kept.last().unwrap().message, "5 more like the ones before");
    }
}
