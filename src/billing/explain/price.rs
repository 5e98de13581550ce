//! The pool's price: what one message bears, exactly, before anything is rounded to cents.

use super::super::charges::{Line, LineKind};
use super::super::ledger::Ledger;
use super::super::money::{Currency, Exact, Minor};

/// What one message bears of the pooled invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    currency: Currency,
    /// What of the pooled invoice is shared: all but the classes that are kept or left out.
    pub shared: Minor,
    /// The classes that are not.
    pub apart: Minor,
    /// The messages of all buckets, over which that is shared.
    pub messages: i128,
    /// What is moved from lines that no customer has.
    pub spread: Vec<Spread>,
    /// The messages of the lines that it is moved to.
    pub bearing: i128,
}

/// The cost of usage that is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The parent account's usage, or removed usage.
    pub kind: LineKind,
    /// What is moved.
    pub amount: Minor,
}

impl Price {
    /// The price at a capture.
    pub fn of(ledger: &Ledger) -> Self {
        let charges = &ledger.charges;
        let is_class = |line: &&Line| matches!(line.kind, LineKind::Class(_));
        let kept: Minor = charges.lines.iter().filter(is_class).map(|line| line.share).sum();
        let left_out: Minor = charges.left_out.iter().map(|(_, amount)| *amount).sum();
        // an amount that could not be shared is on no line that anybody bears
        let apart = kept + left_out;
        let whole = charges.pooled.minor - apart;
        let shared = if charges.unshareable.is_some() { Minor::ZERO } else { whole };
        let moved = |line: &&Line| !line.kind.has_customer() && line.spread() != Minor::ZERO;
        let spread = charges.lines.iter().filter(moved);
        let bearing = charges.lines.iter().filter(|line| line.kind.has_customer());
        Self {
            currency: charges.currency,
            shared,
            apart,
            messages: ledger.books.messages_sum(),
            spread: spread.map(|line| Spread { kind: line.kind, amount: -line.spread() }).collect(),
            bearing: bearing.map(|line| i128::from(line.messages.unwrap_or(0))).sum(),
        }
    }

    /// What so many messages bear, in major units.
    pub fn of_messages(&self, messages: i128) -> Exact {
        let at = |amount: Minor, of: i128| {
            if of > 0 { self.currency.exact(amount).scaled(messages, of) } else { Exact::ZERO }
        };
        let spread: Minor = self.spread.iter().map(|spread| spread.amount).sum();
        at(self.shared, self.messages) + at(spread, self.bearing)
    }

    /// What a thousand messages bear, in major units: the price as people read it.
    pub fn per_thousand(&self) -> Exact {
        self.of_messages(1_000)
    }
}
