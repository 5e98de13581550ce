//! Random closes of random months: what is issued comes to the invoice, and a journal to the change of it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::super::close::{Close, Issued, IssuedKind, State, Superseded};
use super::super::journal::{Account, JournalLine, Sum};
use super::super::past::Past;
use super::sample::Night;
use super::*;

/// A sub account: its messages from night to night, and how many nights it is there.
type Life = (Vec<i64>, usize);

/// Accounts that send, pause and go over several nights of January 1970, a cent a message.
#[derive(Debug, Clone)]
struct Month {
    lives: Vec<Life>,
    nights: usize,
    parent: i64,
}

fn any_month() -> impl Strategy<Value = Month> {
    let life = (prop::collection::vec(prop_oneof![1 => Just(0), 4 => 0_i64..50_000], 4), 1_usize..9);
    (prop::collection::vec(life, 0..9), 1_usize..5, 0_i64..20_000).prop_map(|(lives, nights, parent)| Month {
        lives,
        nights,
        parent,
    })
}

impl Month {
    /// The last capture, and what those before it tell.
    fn captured(&self, terms: &Terms) -> (Past, Books) {
        let mut past = Past::default();
        for night in 0..self.nights - 1 {
            past.see(&self.night(night), terms);
        }
        (past, self.night(self.nights - 1))
    }

    fn night(&self, night: usize) -> Books {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(7 * i64::try_from(night).unwrap()) + TimeDelta::hours(47);
        let mut captured = Night::at(&at.to_rfc3339()).parent(self.parent);
        let mut removed = 0;
        for (number, (sent, nights)) in (1..).zip(&self.lives) {
            let until = |nights: usize| sent[..nights].iter().sum::<i64>();
            if night < *nights {
                captured = captured.account(number, until(night + 1));
            } else {
                removed += until(*nights);
            }
        }
        captured.removed(removed).books()
    }

    fn closed(&self, terms: &Terms, revision: u32, supersedes: Option<Superseded>) -> Ledger {
        let (past, books) = self.captured(terms);
        let closed_at = DateTime::UNIX_EPOCH + TimeDelta::days(40);
        let reason = supersedes.as_ref().map(|_| "a correction".to_owned());
        let close = Close { revision, closed_at, accepted: Vec::new(), reason, supersedes };
        Ledger::draw_up(past, books, Terms { close: Some(close), ..terms.clone() })
    }
}

/// What a later close takes the place of.
fn superseded(ledger: &Ledger) -> Superseded {
    Superseded {
        revision: 1,
        invoice_number: "INV-1".to_owned(),
        sha256: String::new(),
        invoice: ledger.charges.pooled.minor,
        issued: Issued::of(&ledger.charges),
    }
}

/// Statements, kept lines and what is left out come to the invoice, and every line is in exactly one of them.
fn add_up(ledger: &Ledger) -> Result<(), TestCaseError> {
    let charges = &ledger.charges;
    let statements: Minor = charges.statements().map(|statement| statement.sums.cost).sum();
    let kept: Minor = charges.kept().map(Line::cost).sum();
    let left_out: Minor = charges.left_out.iter().map(|(_, amount)| *amount).sum();
    prop_assert_eq!(statements + kept + left_out, charges.pooled.minor);
    // and that is the amount as it was entered, wherever it came from
    let entered = ledger.terms.invoice(ledger.books.usage.period).map(|entry| entry.amount.exact());
    let entered = entered.unwrap_or(ledger.books.usage.total.cost.exact());
    prop_assert_eq!(charges.pooled.minor, charges.currency.round(entered));
    let mut next = 0;
    for statement in charges.statements() {
        prop_assert_eq!(statement.lines.start, next, "statements follow one another");
        next = statement.lines.end;
        let lines = charges.lines_of(&statement);
        prop_assert_eq!(lines.iter().map(Line::cost).sum::<Minor>(), statement.sums.cost);
        prop_assert_eq!(lines.iter().map(Line::charge).sum::<Minor>(), statement.sums.charge);
        prop_assert_eq!(statement.sums.charge, statement.sums.cost + statement.sums.margin());
    }
    prop_assert_eq!(charges.kept().count(), charges.lines.len() - next);
    prop_assert!(charges.kept().all(|line| line.margin() == Minor::ZERO), "nobody pays for kept lines");
    Ok(())
}

/// What is issued is the charges, entry by entry.
fn is_issued(ledger: &Ledger) -> Result<(), TestCaseError> {
    let issued = Issued::of(&ledger.charges);
    let keys: BTreeSet<(IssuedKind, &str)> =
        issued.entries.iter().map(|entry| (entry.kind, entry.id.as_str())).collect();
    prop_assert_eq!(keys.len(), issued.entries.len(), "each is there once");
    prop_assert_eq!(issued.entries.iter().map(|entry| entry.cost).sum::<Minor>(), ledger.charges.pooled.minor);
    let margin = issued.entries.iter().map(|entry| entry.margin).sum::<Minor>();
    prop_assert_eq!(margin, ledger.charges.proof().margin());
    Ok(())
}

proptest! {
    #[test]
    fn a_close_comes_to_its_invoice(month in any_month(), terms in any_terms()) {
        let ledger = month.closed(&terms, 1, None);
        add_up(&ledger)?;
        is_issued(&ledger)?;
        prop_assert_eq!(ledger.state(), State::Final);
        prop_assert!(ledger.journal.is_empty());
        if let Some(bridge) = &ledger.charges.bridge {
            let parts = bridge.api_total + bridge.tax + bridge.credit + bridge.add_on + bridge.tail + bridge.rounding;
            prop_assert_eq!(parts + bridge.rest, bridge.invoice);
        }
    }

    #[test]
    fn a_journal_comes_to_the_change_of_the_invoice(month in any_month(), old in any_terms(), new in any_terms()) {
        let old = month.closed(&old, 1, None);
        let new = month.closed(&new, 2, Some(superseded(&old)));
        add_up(&new)?;
        prop_assert_eq!(new.state(), State::Restated);
        let [cost, margin] = [Account::Cost, Account::Margin].map(|account| Sum::of(&new.journal, account));
        prop_assert_eq!((cost.old, cost.new), (old.charges.pooled.minor, new.charges.pooled.minor));
        let margins = [&old, &new].map(|ledger| ledger.charges.proof().margin());
        prop_assert_eq!((margin.old, margin.new), (margins[0], margins[1]));
        prop_assert_eq!(cost.debit - cost.credit, cost.new - cost.old);
        let costs = new.journal.iter().filter(|line| line.account == Account::Cost);
        let change: Minor = costs.map(JournalLine::difference).sum();
        prop_assert_eq!(change, new.charges.pooled.minor - old.charges.pooled.minor);
        // the same close once more changes nothing
        let same = month.closed(&Terms { close: None, ..new.terms.clone() }, 3, Some(superseded(&new)));
        prop_assert!(same.journal.iter().all(|line| line.difference() == Minor::ZERO), "{:?}", same.journal);
    }
}
