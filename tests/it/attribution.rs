//! Whose the removed usage was, proved: in simulated worlds the truth is known, and it always lies in the bounds.
//!
//! Captures are made from the world directly, without a server, so that there can be many. `just fuzz` makes more.

mod hostile;
mod moves;
mod story;
mod sums;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use subledger::billing::books::Books;
use subledger::billing::charges::{Line, LineKind};
use subledger::billing::invoice::InvoiceEntry;
use subledger::billing::ledger::Ledger;
use subledger::billing::money::Amount;
use subledger::billing::past::Past;
use subledger::billing::period::Period;
use subledger::billing::removed::Part;
use subledger::billing::terms::{Bearer, RemovedUsage, Residual, Terms, Weights};
use uuid::Uuid;

use story::{Night, any_story};

/// Worlds and archives looked at, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 96;

fn config() -> Config {
    let is_told = std::env::var_os("PROPTEST_CASES").is_some();
    let config = Config { failure_persistence: None, ..Config::default() };
    if is_told { config } else { Config { cases: CASES, ..config } }
}

fn any_terms() -> impl Strategy<Value = Terms> {
    (any::<[bool; 3]>()).prop_map(|[by_messages, spread, invoiced]| {
        let entry = InvoiceEntry::of(Amount::parse("512.34").expect("an amount"));
        Terms {
            weights: if by_messages { Weights::Messages } else { Weights::AllocatedCost },
            parent_usage: if spread { Bearer::Spread } else { Bearer::Keep },
            invoice_amount: invoiced.then_some(entry.amount),
            ..Terms::default()
        }
    })
}

/// What is known from the captures so far, kept in another way than the program does.
#[derive(Default)]
struct Witness {
    period: Option<Period>,
    last_at: Option<DateTime<Utc>>,
    /// Accounts that any capture showed.
    ever: BTreeSet<Uuid>,
    /// Accounts that the last capture showed.
    shown: BTreeSet<Uuid>,
    /// Accounts that might send at the last capture.
    active: BTreeSet<Uuid>,
    /// Accounts with a usage line in this period.
    lined: BTreeSet<Uuid>,
    /// What was in the removed bucket at the last capture of this period.
    removed: BTreeMap<Uuid, i64>,
    /// Whom the captures must be able to name.
    named: BTreeSet<Uuid>,
    /// Accounts of which no capture can tell what they did: their pause ended between two captures, and they were paused
    /// again or removed before the second.
    resumed: BTreeSet<Uuid>,
    /// The one account that went since the last capture, if it is one.
    only: Option<Uuid>,
}

impl Witness {
    fn see(&mut self, night: &Night) {
        let period = night.books.usage.period;
        if self.period != Some(period) {
            let [ever, shown, active] = [&mut self.ever, &mut self.shown, &mut self.active].map(std::mem::take);
            *self = Self { period: Some(period), last_at: self.last_at, ever, shown, active, ..Self::default() };
        }
        let is_back = |id: &Uuid| !night.removed.contains_key(id);
        let resumed =
            night.removed.iter().filter(|(id, now)| self.removed.get(id).is_some_and(|before| before != *now));
        // and whoever was hidden, paused and without a line, woke, and was removed before any capture saw it again
        let was_hidden =
            |id: &Uuid| self.ever.contains(id) && !self.shown.contains(id) && !self.removed.contains_key(id);
        let woke = night.removed.iter().filter(|(id, messages)| **messages > 0 && was_hidden(id));
        let resumed: BTreeSet<Uuid> = resumed.chain(woke).map(|(id, _)| *id).collect();
        // whoever sends after a pause in which no line was shown may have been in the removed bucket until now
        let is_old = |id: &Uuid| night.books.account(*id).is_some_and(|account| account.created_at <= self.last_at);
        let is_awake = |id: &&Uuid| !self.lined.contains(id) && !self.active.contains(id) && is_old(id);
        let is_there_again = |id: &&Uuid| self.ever.contains(id) && !self.shown.contains(id);
        let came_back = self.removed.keys().any(is_back)
            || night.lined.iter().any(|id| is_awake(&id))
            || night.shown.iter().any(|id| is_there_again(&id));
        let went: BTreeSet<Uuid> = {
            let is_new = |id: &Uuid| !self.removed.contains_key(id);
            let left = self.shown.iter().filter(|id| !night.shown.contains(id) && is_new(id));
            let newly =
                night.removed.iter().filter(|(id, messages)| is_new(id) && (**messages > 0 || self.lined.contains(id)));
            left.chain(newly.map(|(id, _)| id)).copied().collect()
        };
        self.named.retain(|id| !is_back(id));
        self.resumed.retain(|id| !is_back(id));
        for (id, _) in night.removed.iter().filter(|(_, messages)| **messages > 0) {
            let had_line = self.lined.contains(id);
            let has_left = self.shown.contains(id) && !night.shown.contains(id);
            // whoever was paused without a line is as likely to have sent nothing at all
            if (self.shown.contains(id) && had_line) || (has_left && self.active.contains(id)) {
                self.named.insert(*id);
            }
        }
        self.only = went
            .first()
            .copied()
            .filter(|id| went.len() == 1 && self.named.contains(id) && !came_back && resumed.is_empty());
        self.resumed.extend(resumed);
        self.ever.extend(&night.shown);
        self.lined.extend(&night.lined);
        self.last_at = Some(night.books.capture.at);
        self.shown.clone_from(&night.shown);
        self.active.clone_from(&night.active);
        self.removed.clone_from(&night.removed);
    }
}

/// Holds what the ledger says of removed usage against the truth.
fn check_truth(ledger: &Ledger, past: &Past, night: &Night, witness: &Witness) -> Result<(), TestCaseError> {
    let parts: Vec<(Uuid, &Part)> = ledger.attribution.named().map(|(gone, part)| (gone.account_id, part)).collect();
    let ids: BTreeSet<Uuid> = parts.iter().map(|(id, _)| *id).collect();
    prop_assert_eq!(ids.len(), parts.len(), "an account has one part");
    prop_assert!(ids.is_subset(&witness.ever), "whom no capture saw, none can name");
    prop_assert!(witness.named.is_subset(&ids), "{:?} are not named", witness.named.difference(&ids));
    prop_assert!(past.intervals().iter().all(|interval| !interval.restated));
    let low: i128 = ledger.attribution.parts.iter().map(|part| i128::from(part.low)).sum();
    prop_assert!(low <= i128::from(ledger.books.usage.removed.messages));
    let whole = i128::from(ledger.books.usage.removed.messages);
    let share = sums::share_of_removed(ledger).0;
    for (id, part) in parts.iter().filter(|(id, _)| !witness.resumed.contains(id)) {
        let truth = night.removed.get(id).copied().unwrap_or(0);
        prop_assert!(part.low <= truth && truth <= part.high, "{truth} is not in {part:?}");
        prop_assert!(part.bounded);
        if witness.only == Some(*id) {
            prop_assert_eq!(part.messages, truth, "the only one that went has it all: {:?}", part);
        }
        let is_its = |line: &&Line| line.kind == LineKind::Attributed && line.account_id == Some(*id);
        let line = ledger.charges.lines.iter().find(is_its);
        if let Some(line) = line.filter(|line| line.spread().0 == 0 && !ledger.charges.pooled.entered) {
            let fair = share * i128::from(truth);
            // to the cent: what is known exactly is a share of whole cents like any other
            let (low, high) = (line.span().low.0 - 1, line.span().high.0 + 1);
            prop_assert!(low * whole < fair && fair < high * whole, "{truth}: {line:?}");
        }
    }
    Ok(())
}

fn draw_up(past: &Past, books: &Books, terms: &Terms) -> Ledger {
    Ledger::draw_up(past.clone(), books.clone(), terms.clone())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_truth_lies_within_the_bounds(story in any_story(), terms in any_terms()) {
        let nights = story.nights();
        let (mut past, mut witness) = (Past::default(), Witness::default());
        for night in &nights {
            witness.see(night);
            let mut seen = past.clone();
            seen.see(&night.books, &terms);
            let kept = Terms { removed_usage: RemovedUsage::Keep, ..terms.clone() };
            let share = sums::share_of_removed(&draw_up(&past, &night.books, &kept));
            for residual in [Residual::Rate, Residual::Keep] {
                let terms = Terms { residual, ..terms.clone() };
                let ledger = draw_up(&past, &night.books, &terms);
                sums::add_up(&ledger)?;
                prop_assert_eq!(sums::share_of_removed(&ledger), share);
                check_truth(&ledger, &seen, night, &witness)?;
                if !ledger.charges.pooled.entered {
                    sums::grades(&ledger)?;
                }
            }
            past = seen;
        }
        // the same captures once more, and what comes of them is the same
        if let Some((last, before)) = nights.split_last() {
            let (mut again, mut until) = (Past::default(), Past::default());
            for night in before {
                again.see(&night.books, &terms);
                until.see(&night.books, &terms);
            }
            prop_assert_eq!(draw_up(&again, &last.books, &terms), draw_up(&until, &last.books, &terms));
            again.see(&last.books, &terms);
            prop_assert_eq!(again, past);
        }
    }

    #[test]
    fn accounts_that_change_hands_are_parted_and_whole(
        story in any_story(),
        terms in any_terms(),
        rows in moves::any_rows(),
    ) {
        let nights = story.nights();
        let accounts = nights.iter().flat_map(|night| night.shown.iter().copied()).collect();
        let map = moves::map(&accounts, &rows);
        let dated = Terms { customers: Some(map.clone()), ..terms.clone() };
        let (mut parted, mut whole, mut witness) = (Past::default(), Past::default(), moves::Witness::default());
        for night in &nights {
            witness.see(night, &map);
            for removed_usage in [RemovedUsage::Attribute, RemovedUsage::Spread] {
                let ledger = draw_up(&parted, &night.books, &Terms { removed_usage, ..dated.clone() });
                sums::add_up(&ledger)?;
                let unparted = draw_up(&whole, &night.books, &Terms { removed_usage, ..terms.clone() });
                moves::parts_are_the_whole(&ledger, &unparted)?;
                witness.check(&ledger)?;
            }
            parted.see(&night.books, &dated);
            whole.see(&night.books, &terms);
        }
    }

    #[test]
    fn nothing_that_the_api_says_breaks_the_sums(
        captures in hostile::any_captures(),
        terms in any_terms(),
        rows in prop::option::of(moves::any_rows()),
    ) {
        let accounts = captures.iter().flat_map(hostile::accounts).collect();
        let terms = Terms { customers: rows.map(|rows| moves::map(&accounts, &rows)), ..terms };
        let mut past = Past::default();
        for books in &captures {
            for residual in [Residual::Rate, Residual::Keep] {
                for removed_usage in [RemovedUsage::Attribute, RemovedUsage::Spread] {
                    let ledger = draw_up(&past, books, &Terms { residual, removed_usage, ..terms.clone() });
                    if books.usage.removed.messages >= 0 {
                        sums::add_up(&ledger)?;
                    }
                }
            }
            past.see(books, &terms);
        }
    }
}
