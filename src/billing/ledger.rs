//! The ledger: everything that is computed from one capture and those before it, and the only input of reports.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::beside::beside;
use super::books::Books;
use super::caps::{Cap, caps};
use super::charges::{Charges, Inputs, bucket_lines, charges};
use super::close::{Close, Issued, State, Superseded};
use super::customers::Customer;
use super::dust::Dust;
use super::finding::Severity;
use super::invoice::Bridge;
use super::journal::{JournalLine, journal};
use super::level::Level;
use super::moves::Moves;
use super::nights::{Night, nights};
use super::past::Past;
use super::reconcile::{Findings, Seen, check, reconcile};
use super::removed::Attribution;
use super::tail::Due;
use super::tail_sheet::{Row, Sheet};
use super::terms::Terms;

/// One capture, checked and charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The capture.
    pub books: Books,
    /// The terms it was charged on.
    pub terms: Terms,
    /// What the captures until this one tell.
    pub past: Past,
    /// On which nights of the period there is a capture.
    pub nights: Vec<Night>,
    /// What rounding may explain.
    pub dust: Dust,
    /// Whose the removed usage was.
    pub attribution: Attribution,
    /// Whose the sub accounts were that changed hands.
    pub moves: Moves,
    /// The pooled invoice, divided.
    pub charges: Charges,
    /// What a correction changes; nothing unless the set is one.
    pub journal: Vec<JournalLine>,
    /// What is left of the period.
    pub tail: Sheet,
    /// When the next capture was needed, as seen from this one.
    pub due: Due,
    /// How many caps are at each level.
    cap_counts: BTreeMap<Level, usize>,
    /// What is not as it should be.
    pub findings: Findings,
}

impl Ledger {
    /// Checks and charges a capture after what is known of the captures before it. A pure function: same captures and
    /// terms, same ledger.
    pub fn draw_up(mut past: Past, books: Books, terms: Terms) -> Self {
        let count = books.usage.sub_accounts.len();
        let see = || {
            let dust = Dust::of(&books, terms.tolerance.exact());
            past.see_with(&books, &terms, &dust);
            dust
        };
        let (lines, dust) = beside(count, || bucket_lines(&books), see);
        let attribution = Attribution::of(past.intervals(), terms.residual);
        let (moves, tail) = (past.moves(&books, &terms), past.tail());
        let entry = terms.invoice(books.usage.period);
        let bridge = entry.map(|entry| Bridge::of(&books, &entry, tail.as_ref()));
        let (attribution_of, bridge) = (&attribution, bridge.as_ref());
        let inputs =
            Inputs { books: &books, terms: &terms, dust: &dust, attribution: attribution_of, moves: &moves, bridge };
        let nights = nights(&books, &past);
        let seen = Seen { past: &past, nights: &nights, attribution: &attribution };
        let checks = || (check(&books, &terms, &dust, &seen), count_levels(caps(&books, &past)));
        let (charges, (found, cap_counts)) = beside(count, || charges(lines, &inputs, &past), checks);
        let superseded = terms.close.as_ref().and_then(|close| close.supersedes.as_ref());
        let journal = superseded.map_or_else(Vec::new, |old| journal(&old.issued, &Issued::of(&charges)));
        let findings = reconcile(found, &books, &terms, &charges, &seen);
        Self {
            due: Due::after(books.capture.at, books.usage.period, terms.tail_max),
            tail: Sheet::of(&books, &past),
            cap_counts,
            books,
            terms,
            past,
            nights,
            dust,
            attribution,
            moves,
            charges,
            journal,
            findings,
        }
    }

    /// What the set is.
    pub fn state(&self) -> State {
        match &self.terms.close {
            None => State::Provisional,
            Some(Close { revision: 1, .. }) => State::Final,
            Some(_) => State::Restated,
        }
    }

    /// What a correction takes the place of.
    pub fn superseded(&self) -> Option<&Superseded> {
        self.terms.close.as_ref()?.supersedes.as_ref()
    }

    /// What the pooled invoice was divided by.
    pub(super) fn inputs(&self) -> Inputs<'_> {
        let Self { books, terms, dust, attribution, moves, charges, .. } = self;
        Inputs { books, terms, dust, attribution, moves, bridge: charges.bridge.as_ref() }
    }

    /// Whose a sub account is, or was last; nothing if nobody owns it.
    pub fn owner_of(&self, account_id: Uuid, name: &Arc<str>) -> Option<Cow<'_, Customer>> {
        match self.moves.get(&account_id).and_then(|stretches| stretches.last()) {
            Some(last) => last.owner.as_ref().map(Cow::Borrowed),
            None => self.terms.customer_of(account_id, name, self.books.as_of()),
        }
    }

    /// Whether no finding is an error.
    pub fn balanced(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// Every cap, ordered by account id.
    pub fn caps(&self) -> impl Iterator<Item = Cap<'_>> {
        caps(&self.books, &self.past)
    }

    /// How many caps are at this level.
    pub fn caps_at(&self, level: Level) -> usize {
        self.cap_counts.get(&level).copied().unwrap_or(0)
    }

    /// How many caps are at a level that is told of.
    pub fn flagged_caps(&self) -> usize {
        self.cap_counts.iter().filter(|(level, _)| level.code().is_some()).map(|(_, count)| count).sum()
    }

    /// Every cap, the most used first.
    pub fn caps_by_use(&self) -> Vec<Cap<'_>> {
        let mut caps: Vec<Cap<'_>> = self.caps().collect();
        caps.sort_by_key(|cap| (Reverse(cap.level()), Reverse(cap.utilisation()), cap.account.id));
        caps
    }

    /// The tail by customer.
    pub fn tails(&self) -> Vec<Row> {
        self.tail.rows(&self.charges, &self.past)
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.count(severity)
    }
}

fn count_levels<'l>(caps: impl Iterator<Item = Cap<'l>>) -> BTreeMap<Level, usize> {
    let mut counts = BTreeMap::new();
    for cap in caps {
        *counts.entry(cap.level()).or_default() += 1;
    }
    counts
}
