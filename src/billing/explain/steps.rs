//! How a charge came about: each line's figures from the digits as sent to the cents.

use super::super::books::Tally;
use super::super::charges::{self, Divided, Line, LineKind};
use super::super::invoice::{Class, Policy};
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
    /// What of the pooled invoice is shared: all but what is apart.
    pub shared: Minor,
    /// The classes of it that are not, each kept on a line of its own or left out.
    pub apart: Vec<Apart>,
    /// Its lines, the largest charge first.
    pub steps: Vec<Step>,
    /// What it is charged beyond any usage.
    pub fees: Vec<Fee>,
    /// Its removed sub accounts that no line is for, because of the terms.
    pub uncharged: Vec<Removal>,
}

/// A class of the pooled invoice that is not shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// The class.
    pub class: Class,
    /// Its amount.
    pub amount: Minor,
    /// What becomes of it.
    pub policy: Policy,
}

/// A line of a fee or of what lacks to a minimum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// The line as charged.
    pub line: Line,
    /// What a minimum is held against; nothing on the line of a fee.
    pub lacking: Option<Lacking>,
}

/// What a minimum is held against. The line is charged with what the one lacks to the other, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking {
    /// The minimum in whole minor units.
    pub minimum: Minor,
    /// What all other lines of the statement are charged with.
    pub charged: Minor,
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
    /// The account's share by messages, on the line of one that changed hands.
    pub moved: Option<Piece>,
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
    /// What was seen of it in the subject's own stretches: all, unless the account changed hands.
    pub own: i64,
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
        let divided = charges::divide(charges::bucket_lines(&ledger.books), &ledger.inputs());
        let lines = subject.lines(ledger);
        let used = lines.iter().filter(|line| !line.kind.is_fee());
        let mut steps: Vec<Step> = used.map(|line| step(ledger, subject, &divided, line)).collect();
        steps.sort_by_key(|step| std::cmp::Reverse(step.line.charge()));
        let has_line = |gone: &Gone| lines.iter().any(|line| line.account_id == Some(gone.account_id));
        let uncharged = subject.removed(ledger).filter(|(gone, _)| !has_line(gone));
        Self {
            charge: lines.iter().map(|line| line.charge()).sum(),
            shared: divided.whole,
            apart: apart(ledger),
            steps,
            fees: lines.iter().filter(|line| line.kind.is_fee()).map(|line| fee(ledger, subject, line)).collect(),
            uncharged: uncharged.map(|(gone, part)| removal(ledger, subject, gone, part)).collect(),
        }
    }
}

fn apart(ledger: &Ledger) -> Vec<Apart> {
    let kept = ledger.charges.lines.iter().filter_map(|line| match line.kind {
        LineKind::Class(class) => Some(Apart { class, amount: line.share, policy: Policy::Keep }),
        _ => None,
    });
    let left_out = ledger.charges.left_out.iter();
    let left_out = left_out.map(|(class, amount)| Apart { class: *class, amount: *amount, policy: Policy::LeaveOut });
    let mut apart: Vec<Apart> = kept.chain(left_out).collect();
    apart.sort_by_key(|apart| apart.class);
    apart
}

fn fee(ledger: &Ledger, subject: &Subject, line: &Line) -> Fee {
    let statement = subject.statement(ledger).filter(|_| line.kind == LineKind::Minimum);
    let lacking = statement.map(|statement| Lacking {
        minimum: ledger.charges.currency.round_by(statement.payer.pricing().minimum_charge, ledger.terms.rounding),
        charged: statement.sums.charge - line.fee(),
    });
    Fee { line: line.clone(), lacking }
}

fn step(ledger: &Ledger, subject: &Subject, divided: &Divided, line: &Line) -> Step {
    let (usage, dust) = (&ledger.books.usage, &ledger.dust);
    let is_attributed = line.kind == LineKind::Attributed;
    let source = divided.sources.get(line.place as usize).copied().unwrap_or_default();
    // the buckets are the sub accounts, the parent, and all that was removed
    let own = source.bucket.and_then(|bucket| usage.sub_accounts.get(bucket)).map(|line| line.tally);
    let sent = own.unwrap_or(usage.removed);
    let ideal = usage.total.cost.exact();
    let proportional =
        (usage.total.messages > 0).then(|| ideal.scaled(sent.messages.into(), usage.total.messages.into()));
    let is_dust = |ideal: Exact| {
        let bound = dust.of_line(ideal, sent, usage.total).max(dust.noise);
        (sent.cost.exact() - ideal).abs() <= bound
    };
    let spread = divided.spread.iter().filter_map(|spread| {
        let position = spread.bearers.binary_search(&(line.place as usize)).ok()?;
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
        share: source.bucket.and_then(|bucket| divided.shared.piece(bucket)),
        removal: removal.map(|(gone, part)| self::removal(ledger, subject, gone, part)).next(),
        attributed: divided.attributed.as_ref().zip(source.attributed).and_then(|(parts, part)| parts.piece(part)),
        moved: source.moved.and_then(|(division, part)| divided.moved.get(division)?.piece(part)),
        spread: spread.collect(),
    }
}

fn removal(ledger: &Ledger, subject: &Subject, gone: &Gone, part: &Part) -> Removal {
    // what was not seen of them is on the line of removed usage if the terms or their rates leave it there
    let is_its_rest = |rest: &Part| rest.growth == part.growth && rest.gone_count == part.gone_count;
    let is_kept = ledger.terms.residual == Residual::Keep || ledger.attribution.unnamed().any(is_its_rest);
    let why = match part.gone_count {
        count if !part.bounded => Why::Unbounded(count),
        0 | 1 => Why::Only,
        count if is_kept => Why::Seen(count),
        count => Why::ByRate(count),
    };
    let own = subject.seen_of(ledger, gone).into_iter().fold(0, |sum: i64, (_, seen)| sum.saturating_add(seen));
    Removal { account: gone.clone(), part: part.clone(), growth: part.growth, why, own }
}
