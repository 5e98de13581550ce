//! Why a charge moved between two captures: four parts that sum to the change exactly.

use rust_decimal::Decimal;

use super::super::books::CaptureRef;
use super::super::charges::{Line, LineKind};
use super::super::finding::{Code, Finding, Severity};
use super::super::ledger::Ledger;
use super::super::money::{Currency, Exact, Minor};
use super::super::terms::{RemovedUsage, Weights};
use super::price::Price;
use super::subject::Subject;

/// A subject at one of the two captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The capture.
    pub capture: CaptureRef,
    /// What the subject is charged there.
    pub charge: Minor,
    /// Its lines.
    pub line_count: usize,
    /// Messages that captures saw: those of its sub accounts, and what removed ones had when they were last seen.
    pub seen: i128,
    /// Messages beyond those that it is charged with; negative where removed usage is not charged to whose it was.
    pub attributed: i128,
    /// The pool's price.
    pub price: Price,
}

/// The four parts of a change, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// More or fewer messages of its own, at the old price.
    pub own_volume: Minor,
    /// More or fewer messages of removed sub accounts than were seen of them, at the old price.
    pub attribution: Minor,
    /// All its messages at another price.
    pub pool_rate: Minor,
    /// The rest: cents, markups in cents, and what the API rounded.
    pub rounding: Minor,
}

/// Which of the parts a change is mainly due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// [`Parts::own_volume`]
    OwnVolume,
    /// [`Parts::attribution`]
    Attribution,
    /// [`Parts::pool_rate`]
    PoolRate,
    /// [`Parts::rounding`]
    Rounding,
}

impl Cause {
    /// Every cause, in the order of reports.
    pub const ALL: [Self; 4] = [Self::OwnVolume, Self::Attribution, Self::PoolRate, Self::Rounding];

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnVolume => "own volume",
            Self::Attribution => "attribution",
            Self::PoolRate => "pool rate",
            Self::Rounding => "rounding",
        }
    }
}

/// The change of a subject's charge between two captures of one billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The currency of everything here.
    pub currency: Currency,
    /// The earlier capture.
    pub old: Side,
    /// The later capture.
    pub new: Side,
    /// Per cent that are added to every part.
    pub markup_percent: Decimal,
    /// The parts.
    pub parts: Parts,
    /// Who bears removed usage.
    pub removed_usage: RemovedUsage,
    /// Whether every share follows the messages at both captures. If not, `rounding` holds what does not.
    pub proportional: bool,
}

/// Why two captures cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// Counts began again in between.
    #[error("the captures are of different billing periods, and counts begin again with each")]
    Period,
    /// Amounts of two currencies have no difference.
    #[error("the captures show amounts in different currencies")]
    Currency,
    /// The one is not before the other.
    #[error("the capture to compare with is not earlier")]
    NotEarlier,
}

impl Change {
    /// Splits the change of a subject's charge from the old ledger to the new one.
    pub fn between(old: &Ledger, new: &Ledger, subject: &Subject) -> Result<Self, Incomparable> {
        if old.books.usage.period.start != new.books.usage.period.start {
            return Err(Incomparable::Period);
        }
        if old.books.usage.currency != new.books.usage.currency {
            return Err(Incomparable::Currency);
        }
        if old.books.capture.at >= new.books.capture.at {
            return Err(Incomparable::NotEarlier);
        }
        let (currency, percent) = (new.charges.currency, subject.markup_percent());
        let proportional = old.terms.weights == new.terms.weights && is_proportional(old) && is_proportional(new);
        let removed_usage = new.terms.removed_usage;
        let (old, new) = (Side::of(old, subject), Side::of(new, subject));
        let part = |amount: Exact| currency.round(marked_up(amount, percent));
        let own_volume = part(old.price.of_messages(new.seen - old.seen));
        let attribution = part(old.price.of_messages(new.attributed - old.attributed));
        let messages = new.charged();
        let pool_rate = part(new.price.of_messages(messages) - old.price.of_messages(messages));
        let rounding = new.charge - old.charge - own_volume - attribution - pool_rate;
        let parts = Parts { own_volume, attribution, pool_rate, rounding };
        Ok(Self { currency, old, new, markup_percent: percent, parts, removed_usage, proportional })
    }

    /// By how much the charge changed.
    pub fn amount(&self) -> Minor {
        self.new.charge - self.old.charge
    }

    /// How many messages more of it were seen.
    pub fn seen(&self) -> i128 {
        self.new.seen - self.old.seen
    }

    /// How many messages more it is charged with beyond those.
    pub fn attributed(&self) -> i128 {
        self.new.attributed - self.old.attributed
    }

    /// By how much a thousand messages became dearer, in major units.
    pub fn price_per_thousand(&self) -> Exact {
        self.new.price.per_thousand() - self.old.price.per_thousand()
    }

    /// The part that moved the charge most in the direction it went, or most at all if it came back to where it was; the
    /// first of equals, and none if nothing moved.
    pub fn main_cause(&self) -> Option<Cause> {
        let size = |cause: Cause| match self.amount().0.signum() {
            0 => self.parts.of(cause).0.abs(),
            direction => self.parts.of(cause).0 * direction,
        };
        let largest = Cause::ALL.into_iter().rev().max_by_key(|cause| size(*cause))?;
        (size(largest) > 0).then_some(largest)
    }
}

impl Parts {
    /// The part of a cause.
    pub fn of(&self, cause: Cause) -> Minor {
        match cause {
            Cause::OwnVolume => self.own_volume,
            Cause::Attribution => self.attribution,
            Cause::PoolRate => self.pool_rate,
            Cause::Rounding => self.rounding,
        }
    }
}

impl Side {
    fn of(ledger: &Ledger, subject: &Subject) -> Self {
        let lines = subject.lines(ledger);
        let messages = |line: &&Line| i128::from(line.messages.unwrap_or(0));
        let charged: i128 = lines.iter().map(messages).sum();
        let shown: i128 = lines.iter().filter(|line| line.kind == LineKind::SubAccount).map(messages).sum();
        let last_seen: i128 = subject.removed(ledger).map(|(gone, _)| i128::from(gone.seen)).sum();
        let seen = shown + last_seen;
        Self {
            capture: ledger.books.capture.clone(),
            charge: lines.iter().map(|line| line.charge()).sum(),
            line_count: lines.len(),
            seen,
            attributed: charged - seen,
            price: Price::of(ledger),
        }
    }

    /// Messages that the subject is charged with.
    pub fn charged(&self) -> i128 {
        self.seen + self.attributed
    }
}

/// Whether every share follows the messages, as far as rounding tells; shared by messages they always do.
fn is_proportional(ledger: &Ledger) -> bool {
    let is_off = |finding: &Finding| finding.code == Code::Proportional && finding.severity == Severity::Error;
    ledger.terms.weights == Weights::Messages || !ledger.findings.listed.iter().any(is_off)
}

/// An amount with so many per cent more, before it is rounded.
fn marked_up(amount: Exact, percent: Decimal) -> Exact {
    let percent = percent.normalize();
    let hundred = 10_i128.pow(percent.scale() + 2);
    amount.scaled(hundred + percent.mantissa(), hundred)
}
