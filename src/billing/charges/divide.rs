//! The pooled invoice on lines, and how it came there: what charges are made of, and what explains them.

use uuid::Uuid;

use super::super::books::Books;
use super::super::dust::Dust;
use super::super::invoice::{Bridge, Class, Policy};
use super::super::money::{Amount, Exact, Minor};
use super::super::moves::Moves;
use super::super::removed::Attribution;
use super::super::shares::{Division, Unshareable};
use super::super::terms::{Bearer, RemovedUsage, Terms, Weights};
use super::moved::part_by_owner;
use super::removed::attribute;
use super::{Line, LineKind, Pooled};

/// What the pooled invoice is divided by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'i> {
    pub(crate) books: &'i Books,
    pub(crate) terms: &'i Terms,
    pub(crate) dust: &'i Dust,
    pub(crate) attribution: &'i Attribution,
    pub(crate) moves: &'i Moves,
    /// How the invoice comes from the API's total; nothing if nobody entered one.
    pub(crate) bridge: Option<&'i Bridge>,
}

/// The pooled invoice on lines, before they are gathered, with the divisions that made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Divided {
    pub(crate) pooled: Pooled,
    /// What of it is shared by weight: all but the classes that are kept or left out.
    pub(crate) whole: Minor,
    pub(crate) left_out: Vec<(Class, Minor)>,
    pub(crate) unshareable: Option<Unshareable>,
    /// The sub accounts in the order of the books, then the parent, then what was removed.
    pub(crate) lines: Vec<Line>,
    /// Where each of the lines comes from.
    pub(crate) sources: Vec<Source>,
    /// What is shared, by bucket.
    pub(crate) shared: Division,
    /// The removed bucket by account, if it was taken apart.
    pub(crate) attributed: Option<Division>,
    /// Lines of accounts that changed hands, by owner.
    pub(crate) moved: Vec<Division>,
    /// What was moved to the lines of sub accounts.
    pub(crate) spread: Vec<Spread>,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Source {
    /// The part of what is shared; nothing for classes of the invoice.
    pub(crate) bucket: Option<usize>,
    /// The part of the removed bucket.
    pub(crate) attributed: Option<usize>,
    /// The division of an account that changed hands, and the part of it.
    pub(crate) moved: Option<(usize, usize)>,
}

/// The cost of one kind of line, moved to the sub accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) kind: LineKind,
    /// Where the lines are that bear it, ascending.
    pub(crate) bearers: Vec<usize>,
    pub(crate) division: Division,
}

/// Divides the pooled invoice among the buckets' lines, and keeps how.
pub(crate) fn divide(mut lines: Vec<Line>, inputs: &Inputs<'_>) -> Divided {
    let Inputs { books, terms, dust, attribution, .. } = *inputs;
    let currency = books.usage.currency;
    let exact = inputs.bridge.map_or(books.usage.total.cost.exact(), |bridge| bridge.invoice);
    let pooled = Pooled { exact, minor: currency.round(exact), entered: inputs.bridge.is_some() };
    let Apart { kept, left_out } = apart(inputs);
    let apart: Minor = kept.iter().chain(&left_out).map(|(_, amount)| *amount).sum();
    let whole = pooled.minor - apart;
    let shared = share(&mut lines, whole, terms.weights, dust);
    let mut sources: Vec<Source> =
        (0..lines.len()).map(|bucket| Source { bucket: Some(bucket), ..Source::default() }).collect();
    let is_attributed = terms.removed_usage == RemovedUsage::Attribute;
    let attributed = if is_attributed { attribute(&mut lines, &mut sources, attribution) } else { None };
    let moved = part_by_owner(&mut lines, &mut sources, inputs.moves);
    if shared.is_err() {
        lines.push(Line { share: whole, ..Line::new(LineKind::Unallocated, "Unallocated".into()) });
    }
    let of_class = |class: Class| Line::new(LineKind::Class(class), class.title().into());
    lines.extend(kept.into_iter().map(|(class, share)| Line { share, ..of_class(class) }));
    sources.resize(lines.len(), Source::default());
    for (place, line) in (0..).zip(&mut lines) {
        line.place = place;
    }
    let is_spread = [terms.parent_usage == Bearer::Spread, terms.removed_usage == RemovedUsage::Spread];
    let kinds = [LineKind::Parent, LineKind::Removed].into_iter().zip(is_spread).filter(|(_, is_spread)| *is_spread);
    let spread = kinds.filter_map(|(kind, _)| spread(&mut lines, kind)).collect();
    let unshareable = shared.as_ref().err().copied();
    let shared = shared.unwrap_or_default();
    Divided { pooled, whole, left_out, unshareable, lines, sources, shared, attributed, moved, spread }
}

/// The classes of the invoice that are not shared.
struct Apart {
    kept: Vec<(Class, Minor)>,
    left_out: Vec<(Class, Minor)>,
}

fn apart(inputs: &Inputs<'_>) -> Apart {
    let amount =
        |class: Class| inputs.bridge.map_or(Minor::ZERO, |bridge| bridge.of_class(class, inputs.books.usage.currency));
    let of = |policy: Policy| {
        let classes = Class::ALL.into_iter().filter(move |class| inputs.terms.policies.of(*class) == policy);
        classes.map(|class| (class, amount(class))).filter(|(_, amount)| *amount != Minor::ZERO).collect()
    };
    Apart { kept: of(Policy::Keep), left_out: of(Policy::LeaveOut) }
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
    let key = |index: usize| -> LineKey { (lines[index].kind, lines[index].account_id, index) };
    let weights = lines.iter().map(weight).collect();
    let division = Division::by(whole, weights, |a, b| key(a).cmp(&key(b)))?;
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
        let line = &mut lines[*index];
        line.set_spread(line.spread() + *part);
    }
    for line in lines.iter_mut().filter(|line| line.kind == kind) {
        line.set_spread(-line.share);
    }
    Some(Spread { kind, bearers, division })
}
