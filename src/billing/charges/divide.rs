//! The pooled invoice on lines, and how it came there: what charges are made of, and what explains them.

use uuid::Uuid;

use super::super::books::Books;
use super::super::dust::Dust;
use super::super::money::{Amount, Exact, Minor};
use super::super::removed::Attribution;
use super::super::shares::{Division, Unshareable};
use super::super::terms::{Bearer, RemovedUsage, Terms, Weights};
use super::removed::attribute;
use super::{Line, LineKind, Pooled, amount_line, bucket_lines};

/// The pooled invoice on lines, before they are gathered, with the divisions that made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Divided {
    pub(crate) pooled: Pooled,
    /// What of it is tax, and is not shared.
    pub(crate) tax: Minor,
    pub(crate) unshareable: Option<Unshareable>,
    /// The sub accounts in the order of the books, then the parent, then what was removed.
    pub(crate) lines: Vec<Line>,
    /// What is shared, by bucket: as the lines, but for the removed bucket, which is one part.
    pub(crate) shared: Division,
    /// The removed bucket by account, if it was taken apart.
    pub(crate) attributed: Option<Division>,
    /// What was moved to the lines of sub accounts.
    pub(crate) spread: Vec<Spread>,
}

/// The cost of one kind of line, moved to the sub accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) kind: LineKind,
    /// Where the lines are that bear it, ascending.
    pub(crate) bearers: Vec<usize>,
    pub(crate) division: Division,
}

/// Divides the pooled invoice, and keeps how.
pub(crate) fn divide(books: &Books, terms: &Terms, dust: &Dust, attribution: &Attribution) -> Divided {
    let currency = books.usage.currency;
    let invoice = terms.invoice(books.usage.period);
    let exact = invoice.map_or(books.usage.total.cost, |entry| entry.amount).exact();
    let pooled = Pooled { exact, minor: currency.round(exact), entered: invoice.is_some() };
    let tax = invoice.map_or(Minor::ZERO, |entry| currency.round(entry.tax.exact()));
    let mut lines = bucket_lines(books);
    let shared = share(&mut lines, pooled.minor - tax, terms.weights, dust);
    if shared.is_err() {
        let share = pooled.minor - tax;
        lines.push(Line { share, ..amount_line(LineKind::Unallocated, "Unallocated") });
    }
    if tax != Minor::ZERO {
        lines.push(Line { share: tax, ..amount_line(LineKind::Tax, "Tax") });
    }
    let is_attributed = terms.removed_usage == RemovedUsage::Attribute;
    let attributed = if is_attributed { attribute(&mut lines, attribution) } else { None };
    let is_spread = [terms.parent_usage == Bearer::Spread, terms.removed_usage == RemovedUsage::Spread];
    let kinds = [LineKind::Parent, LineKind::Removed].into_iter().zip(is_spread).filter(|(_, is_spread)| *is_spread);
    let spread = kinds.filter_map(|(kind, _)| spread(&mut lines, kind)).collect();
    let unshareable = shared.as_ref().err().copied();
    Divided { pooled, tax, unshareable, lines, shared: shared.unwrap_or_default(), attributed, spread }
}

/// The order that settles equal remainders: by account id, parent and removed after the sub accounts.
type LineKey = (LineKind, Option<Uuid>, usize);

fn share(lines: &mut [Line], whole: Minor, weights: Weights, dust: &Dust) -> Result<Division, Unshareable> {
    // less than nothing by dust is nothing: a residue of double arithmetic must not keep anybody from being charged
    let cost = |cost: Exact| if cost.is_negative() && dust.covers(cost) { Exact::ZERO } else { cost };
    let weight = |line: &Line| match weights {
        Weights::AllocatedCost => cost(line.allocated_cost.map_or(Exact::ZERO, Amount::exact)),
        Weights::Messages => Exact::whole(line.messages.unwrap_or(0)),
    };
    let entries: Vec<(LineKey, Exact)> =
        lines.iter().enumerate().map(|(index, line)| ((line.kind, line.account_id, index), weight(line))).collect();
    let division = Division::of(whole, &entries)?;
    for (line, part) in lines.iter_mut().zip(&division.parts) {
        line.share = *part;
    }
    Ok(division)
}

/// Moves the cost of the lines of one kind to the sub accounts, by messages; leaves it where there are none.
fn spread(lines: &mut [Line], kind: LineKind) -> Option<Spread> {
    let whole: Minor = lines.iter().filter(|line| line.kind == kind).map(Line::cost).sum();
    let is_sub = |line: &Line| line.kind.has_customer();
    let entries: Vec<((Option<Uuid>, usize), Exact)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_sub(line))
        .map(|(index, line)| ((line.account_id, index), Exact::whole(line.messages.unwrap_or(0))))
        .collect();
    let division = Division::of(whole, &entries).ok()?;
    let bearers: Vec<usize> = entries.iter().map(|((_, index), _)| *index).collect();
    for (index, part) in bearers.iter().zip(&division.parts) {
        lines[*index].spread += *part;
    }
    for line in lines.iter_mut().filter(|line| line.kind == kind) {
        line.spread += -line.cost();
    }
    Some(Spread { kind, bearers, division })
}
