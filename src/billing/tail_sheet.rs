//! The tail by customer: who is likely to send how much of what nobody sees.

use super::books::{Books, Tally};
use super::charges::{Charges, Line, LineKind};
use super::money::Exact;
use super::past::Past;
use super::rate::Band;
use super::tail::{Margin, Tail};

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
}

/// The tail after a capture, divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The tail of all.
    pub tail: Tail,
    /// The pool's price for more messages.
    margin: Margin,
    total: Tally,
    /// The parent account's own messages.
    parent: Band<i64>,
}

impl Sheet {
    /// The tail after these books. `past` has seen them.
    pub fn of(books: &Books, past: &Past) -> Self {
        let tail = past.tail().unwrap_or(Tail::unknown(books.usage.period, books.capture.at));
        Self { tail, margin: *past.margin(), total: books.usage.total, parent: past.parent_likely(&tail) }
    }

    /// The tail of all, and of the parent account's own usage.
    pub fn of_pool(&self) -> [Row; 2] {
        [(Whose::Pool, self.tail.messages), (Whose::Parent, self.parent)]
            .map(|(whose, messages)| Row { whose, messages })
    }

    /// Every row: the pool first, then the parent account, then the customers in the order of their statements.
    pub fn rows(&self, charges: &Charges, past: &Past) -> Vec<Row> {
        let mut rows = self.of_pool().to_vec();
        let likely = likely(charges, past, &self.tail);
        rows.extend(charges.statements().enumerate().map(|(index, statement)| {
            let own = likely.get(statement.lines.clone()).unwrap_or_default();
            Row { whose: Whose::Customer(index), messages: own.iter().copied().fold(Band::default(), sum) }
        }));
        rows
    }

    /// What a row's messages add to the pooled invoice.
    pub fn cost(&self, row: &Row) -> Band<Exact> {
        match row.whose {
            Whose::Pool => self.tail.cost,
            Whose::Parent | Whose::Customer(_) => self.margin.cost(row.messages, self.total),
        }
    }
}

/// What each line's account is likely to send. Lines of usage were made in the order of the trails, so that one walk finds
/// them all.
fn likely(charges: &Charges, past: &Past, tail: &Tail) -> Vec<Band<i64>> {
    let mut likely = vec![Band::default(); charges.lines.len()];
    let is_current = |line: &Line| line.held().is_none_or(|held| held.is_last);
    let asked = charges.lines.iter().enumerate();
    let asked = asked.filter(|(_, line)| line.kind == LineKind::SubAccount && is_current(line));
    let mut by_place = vec![None; charges.lines.iter().map(|line| line.place as usize + 1).max().unwrap_or(0)];
    asked.for_each(|(index, line)| by_place[line.place as usize] = Some((index, line)));
    let mut trails = past.trails().walk();
    for (index, line) in by_place.into_iter().flatten() {
        let seen = line.account_id.and_then(|id| trails.find(id));
        likely[index] = Past::likely(seen, line.status(), tail);
    }
    likely
}

fn sum(a: Band<i64>, b: Band<i64>) -> Band<i64> {
    Band {
        low: a.low.saturating_add(b.low),
        estimate: a.estimate.saturating_add(b.estimate),
        high: a.high.saturating_add(b.high),
    }
}
