//! The ledger: everything that is computed from one capture and those before it, and the only input of reports.

use super::books::{Books, CaptureRef};
use super::caps::{Cap, caps};
use super::charges::{Charges, charges};
use super::dust::Dust;
use super::finding::Severity;
use super::level::Alert;
use super::nights::{Night, nights};
use super::past::{Past, Unreadable};
use super::reconcile::{Findings, Seen, reconcile};
use super::removed::Attribution;
use super::tail::Due;
use super::tail_sheet::Sheet;
use super::terms::Terms;

/// One capture, checked and charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The capture.
    pub books: Books,
    /// The terms it was charged on.
    pub terms: Terms,
    /// The captures of earlier periods that say something about this one, oldest first.
    pub before: Vec<CaptureRef>,
    /// The captures of the period until this one, oldest first.
    pub captures: Vec<CaptureRef>,
    /// Captures that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// On which nights of the period there is a capture.
    pub nights: Vec<Night>,
    /// What rounding may explain.
    pub dust: Dust,
    /// Whose the removed usage was.
    pub attribution: Attribution,
    /// The pooled invoice, divided.
    pub charges: Charges,
    /// What is left of the period.
    pub tail: Sheet,
    /// When the next capture was needed, as seen from this one.
    pub due: Due,
    /// Every cap.
    pub caps: Vec<Cap>,
    /// What is to be told of caps in the period, in the order of the captures that showed it.
    pub alerts: Vec<Alert>,
    /// What is not as it should be.
    pub findings: Findings,
}

impl Ledger {
    /// Checks and charges a capture after what is known of the captures before it. A pure function: same captures and
    /// terms, same ledger.
    pub fn draw_up(mut past: Past, books: Books, terms: Terms) -> Self {
        past.see(&books, &terms);
        let dust = Dust::of(&books, terms.tolerance.exact());
        let attribution = Attribution::of(past.intervals(), terms.residual);
        let charges = charges(&books, &terms, &dust, &past, &attribution);
        let tail = Sheet::of(&books, &charges, &past);
        let caps = caps(&books, &terms, &past);
        let nights = nights(&books, &past);
        let seen = Seen { past: &past, nights: &nights, attribution: &attribution };
        let findings = reconcile(&books, &terms, &dust, &charges, &caps, &seen);
        Self {
            due: Due::after(books.capture.at, books.usage.period, terms.tail_max),
            before: past.before().to_vec(),
            captures: past.captures().to_vec(),
            unreadable: past.unreadable().to_vec(),
            alerts: past.alerts().to_vec(),
            books,
            terms,
            nights,
            dust,
            attribution,
            charges,
            tail,
            caps,
            findings,
        }
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
