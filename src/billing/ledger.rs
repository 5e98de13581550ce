//! The ledger: everything that is computed from one capture, and the only input of reports.

use super::books::Books;
use super::caps::{Cap, caps};
use super::charges::{Charges, charges};
use super::dust::Dust;
use super::finding::Severity;
use super::reconcile::{Findings, reconcile};
use super::terms::Terms;

/// One capture, checked and charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The capture.
    pub books: Books,
    /// The terms it was charged on.
    pub terms: Terms,
    /// What rounding may explain.
    pub dust: Dust,
    /// The pooled invoice, divided.
    pub charges: Charges,
    /// Every cap.
    pub caps: Vec<Cap>,
    /// What is not as it should be.
    pub findings: Findings,
}

impl Ledger {
    /// Checks and charges a capture. A pure function: same books and terms, same ledger.
    pub fn draw_up(books: Books, terms: Terms) -> Self {
        let dust = Dust::of(&books, terms.tolerance.exact());
        let charges = charges(&books, &terms, &dust);
        let caps = caps(&books, &terms);
        let findings = reconcile(&books, &terms, &dust, &charges, &caps);
        Self { books, terms, dust, charges, caps, findings }
    }

    /// Whether no finding is an error.
    pub fn balanced(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.count(severity)
    }
}
