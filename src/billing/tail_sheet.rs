//! The tail by customer: who is likely to send how much of what nobody sees.

use super::books::Books;
use super::charges::{Charges, Line, LineKind};
use super::money::Exact;
use super::past::Past;
use super::rate::Band;
use super::tail::Tail;

/// Whose row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All accounts together.
    Pool,
    /// The parent account's own.
    Parent,
    /// A customer's, by the position of its statement.
    Customer(usize),
}

/// One row: an estimate of its own, so that the rows need not sum to the pool's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Whose it is.
    pub whose: Whose,
    /// Messages.
    pub messages: Band<i64>,
    /// What they add to the pooled invoice, at the pool's price for more messages.
    pub cost: Band<Exact>,
}

/// The tail after a capture, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The tail of all.
    pub tail: Tail,
    /// The pool first, then the parent account, then the customers in the order of their statements.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// The tail after these books. `past` has seen them.
    pub fn of(books: &Books, charges: &Charges, past: &Past) -> Self {
        let tail = past.tail().unwrap_or(Tail::unknown(books.usage.period, books.capture.at));
        let row = |whose, messages| Row { whose, messages, cost: past.margin().cost(messages, books.usage.total) };
        let mut rows = vec![
            Row { whose: Whose::Pool, messages: tail.messages, cost: tail.cost },
            row(Whose::Parent, past.parent_likely(&tail)),
        ];
        rows.extend(charges.statements.iter().enumerate().map(|(index, statement)| {
            let is_current = |line: &&Line| line.held.as_ref().is_none_or(|held| held.is_last);
            let own = charges.lines_of(statement).iter().filter(|line| line.kind == LineKind::SubAccount);
            let own = own.filter(is_current);
            let likely = own.filter_map(|line| Some(past.likely(line.account_id?, line.status.as_ref(), &tail)));
            row(Whose::Customer(index), likely.fold(Band::default(), sum))
        }));
        Self { tail, rows }
    }
}

fn sum(a: Band<i64>, b: Band<i64>) -> Band<i64> {
    Band {
        low: a.low.saturating_add(b.low),
        estimate: a.estimate.saturating_add(b.estimate),
        high: a.high.saturating_add(b.high),
    }
}
