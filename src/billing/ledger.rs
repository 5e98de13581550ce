//! The ledger: everything that is computed from one capture and those before it, and the only input of reports.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use uuid::Uuid;

use super::books::{Books, CaptureRef};
use super::caps::{Cap, caps};
use super::charges::{Charges, Inputs, charges};
use super::close::{Close, Issued, State, Superseded};
use super::customers::Customer;
use super::days::Daily;
use super::dust::Dust;
use super::finding::Severity;
use super::invoice::Bridge;
use super::journal::{JournalLine, journal};
use super::level::{Alert, Level};
use super::moves::Moves;
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
    /// What all accounts sent, by days, oldest first.
    pub daily: Vec<Daily>,
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
        let dust = Dust::of(&books, terms.tolerance.exact());
        past.see_with(&books, &terms, &dust);
        let attribution = Attribution::of(past.intervals(), terms.residual);
        let (moves, tail) = (past.moves(&books, &terms), past.tail());
        let entry = terms.invoice(books.usage.period);
        let bridge = entry.map(|entry| Bridge::of(&books, &entry, tail.as_ref()));
        let (attribution_of, bridge) = (&attribution, bridge.as_ref());
        let inputs =
            Inputs { books: &books, terms: &terms, dust: &dust, attribution: attribution_of, moves: &moves, bridge };
        // neither knows of the other
        let is_large = books.usage.sub_accounts.len() >= THREADED_ACCOUNT_COUNT;
        let (charges, caps) = beside(is_large, || charges(&inputs, &past), || caps(&books, &terms, &past));
        let superseded = terms.close.as_ref().and_then(|close| close.supersedes.as_ref());
        let journal = superseded.map_or_else(Vec::new, |old| journal(&old.issued, &Issued::of(&charges)));
        let nights = nights(&books, &past);
        let seen = Seen { past: &past, nights: &nights, attribution: &attribution };
        let checks = || reconcile(&books, &terms, &dust, &charges, &caps, &seen);
        let (tail, findings) = beside(is_large, || Sheet::of(&books, &charges, &past), checks);
        Self {
            due: Due::after(books.capture.at, books.usage.period, terms.tail_max),
            before: past.before().to_vec(),
            captures: past.captures().to_vec(),
            unreadable: past.unreadable().to_vec(),
            alerts: past.alerts().to_vec(),
            daily: past.daily().to_vec(),
            books,
            terms,
            nights,
            dust,
            attribution,
            moves,
            charges,
            journal,
            tail,
            caps,
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

    /// How many caps are at this level.
    pub fn caps_at(&self, level: Level) -> usize {
        self.caps.iter().filter(|cap| cap.level == level).count()
    }

    /// Every cap, the most used first.
    pub fn caps_by_use(&self) -> Vec<&Cap> {
        let mut caps: Vec<&Cap> = self.caps.iter().collect();
        caps.sort_by_key(|cap| (Reverse(cap.level), Reverse(cap.utilisation), cap.account_id));
        caps
    }

    /// The cap of each line's account, in the order of the lines.
    ///
    /// Lines of usage were made in the order of the accounts, so that one walk finds the caps of nearly all.
    pub fn caps_of_lines(&self) -> Vec<Option<&Cap>> {
        let lines = &self.charges.lines;
        let mut by_place = vec![None; lines.iter().map(|line| line.place + 1).max().unwrap_or(0)];
        for (index, line) in lines.iter().enumerate() {
            // places of lines of accounts are their own
            by_place[line.place] = line.account_id.map(|id| (index, id)).or(by_place[line.place]);
        }
        let mut found = vec![None; lines.len()];
        let mut ahead = 0;
        for (index, id) in by_place.into_iter().flatten() {
            let is_ahead = |place: usize| self.caps.get(place).is_some_and(|cap| cap.account_id < id);
            if self.caps.get(ahead).is_none_or(|cap| cap.account_id > id) {
                // the parent account, and whoever was removed, come after all others
                ahead = self.caps.partition_point(|cap| cap.account_id < id);
            }
            while is_ahead(ahead) {
                ahead += 1;
            }
            found[index] = self.caps.get(ahead).filter(|cap| cap.account_id == id);
        }
        found
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.count(severity)
    }
}

/// Sub accounts from which on a thread more is worth its while.
const THREADED_ACCOUNT_COUNT: usize = 10_000;

/// Two results, made side by side where there is enough to do.
fn beside<A: Send, B>(is_large: bool, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if !is_large {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}
