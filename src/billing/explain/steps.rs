//! How a charge came about: each line's figures from the digits as sent to the cents.

use super::super::books::Tally;
use super::super::charges::{self, Divided, Line, LineKind};
use super::super::ledger::Ledger;
use super::super::money::{Exact, Minor};
use super::super::removed::{Gone, Part};
use super::super::shares::Piece;
use super::super::terms::Residual;
use super::subject::Subject;

/// A subject's charge at one capture, retraced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What the subject is charged.
    pub charge: Minor,
    /// Tax on the pooled invoice, which is not shared.
    pub tax: Minor,
    /// Its lines, the largest charge first.
    pub steps: Vec<Step>,
    /// Its removed sub accounts that no line is for, because of the terms.
    pub uncharged: Vec<Removal>,
}

/// One line, retraced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line as charged.
    pub line: Line,
    /// The figures of its bucket as sent: its own, or those of everything that was removed.
    pub sent: Tally,
    /// Total cost × the bucket's messages ÷ total messages; nothing without any message.
    pub proportional: Option<Exact>,
    /// What the cost as sent is more than that.
    pub difference: Option<Exact>,
    /// Whether rounding explains what the cost as sent differs from that.
    pub is_proportional: bool,
    /// The bucket's share of the pooled invoice; nothing if the invoice could not be shared.
    pub share: Option<Piece>,
    /// Whose the removed usage was, on a line that was attributed.
    pub removal: Option<Removal>,
    /// The removed bucket's share by messages, on such a line.
    pub attributed: Option<Piece>,
    /// What the line bears of usage that was spread.
    pub spread: Vec<(LineKind, Piece)>,
}

/// What captures tell of a removed sub account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The account, with what it had when it was last seen.
    pub account: Gone,
    /// Its part of what was removed.
    pub part: Part,
    /// By how much `removed` grew between the two captures.
    pub growth: i64,
    /// Why that part.
    pub why: Why,
}

/// Why a removed sub account has its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is the only one that went between the two captures.
    Only,
    /// So many went: what was not seen is divided by their last rates.
    ByRate(usize),
    /// So many went: what was not seen is nobody's.
    Seen(usize),
    /// Figures contradict each other: the growth goes by what was last seen.
    Unbounded(usize),
}

impl Explained {
    /// Retraces a subject's charge.
    pub fn of(ledger: &Ledger, subject: &Subject) -> Self {
        let divided = charges::divide(&ledger.books, &ledger.terms, &ledger.dust, &ledger.attribution);
        // before they were gathered the lines had other places; by account both have the same order
        let mut places: Vec<(usize, &Line)> =
            divided.lines.iter().enumerate().filter(|(_, line)| subject.bears(&ledger.terms, line)).collect();
        places.sort_by_key(|(_, line)| line.account_id);
        let lines = subject.lines(ledger);
        let retraced = places.iter().zip(&lines).map(|((place, _), line)| step(ledger, &divided, *place, line));
        let mut steps: Vec<Step> = retraced.collect();
        steps.sort_by_key(|step| std::cmp::Reverse(step.line.charge()));
        let has_line = |gone: &Gone| lines.iter().any(|line| line.account_id == Some(gone.account_id));
        let uncharged = subject.removed(ledger).filter(|(gone, _)| !has_line(gone));
        Self {
            charge: lines.iter().map(|line| line.charge()).sum(),
            tax: divided.tax,
            steps,
            uncharged: uncharged.map(|(gone, part)| removal(ledger, gone, part)).collect(),
        }
    }
}

fn step(ledger: &Ledger, divided: &Divided, place: usize, line: &Line) -> Step {
    let (usage, dust) = (&ledger.books.usage, &ledger.dust);
    let is_attributed = line.kind == LineKind::Attributed;
    // the buckets are the sub accounts, the parent, and all that was removed
    let removed_bucket = usage.sub_accounts.len() + 1;
    let own = || usage.sub_accounts.get(place).map(|line| line.tally);
    let sent = if is_attributed { None } else { own() }.unwrap_or(usage.removed);
    let ideal = usage.total.cost.exact();
    let proportional =
        (usage.total.messages > 0).then(|| ideal.scaled(sent.messages.into(), usage.total.messages.into()));
    let is_dust = |ideal: Exact| {
        let bound = dust.of_line(ideal, sent, usage.total).max(dust.noise);
        (sent.cost.exact() - ideal).abs() <= bound
    };
    let spread = divided.spread.iter().filter_map(|spread| {
        let position = spread.bearers.binary_search(&place).ok()?;
        Some((spread.kind, spread.division.piece(position)?))
    });
    let named = ledger.attribution.named();
    let removal = named.filter(|(gone, _)| is_attributed && Some(gone.account_id) == line.account_id);
    Step {
        line: line.clone(),
        sent,
        proportional,
        difference: proportional.map(|proportional| sent.cost.exact() - proportional),
        is_proportional: dust.rounding.is_some() || proportional.is_some_and(is_dust),
        share: divided.shared.piece(if is_attributed { removed_bucket } else { place }),
        removal: removal.map(|(gone, part)| self::removal(ledger, gone, part)).next(),
        attributed: divided.attributed.as_ref().filter(|_| is_attributed).and_then(|parts| {
            let position = place.checked_sub(removed_bucket)?;
            parts.piece(position)
        }),
        spread: spread.collect(),
    }
}

fn removal(ledger: &Ledger, gone: &Gone, part: &Part) -> Removal {
    // what was not seen of them is on the line of removed usage if the terms or their rates leave it there
    let is_its_rest = |rest: &Part| rest.growth == part.growth && rest.gone_count == part.gone_count;
    let is_kept = ledger.terms.residual == Residual::Keep || ledger.attribution.unnamed().any(is_its_rest);
    let why = match part.gone_count {
        count if !part.bounded => Why::Unbounded(count),
        0 | 1 => Why::Only,
        count if is_kept => Why::Seen(count),
        count => Why::ByRate(count),
    };
    Removal { account: gone.clone(), part: part.clone(), growth: part.growth, why }
}
