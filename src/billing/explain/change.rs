//! Why a charge moved between two captures: five parts that sum to the change exactly.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::super::books::CaptureRef;
use super::super::charges::Line;
use super::super::finding::{Code, Finding, Severity};
use super::super::ledger::Ledger;
use super::super::money::{Currency, Exact, Minor};
use super::super::terms::{RemovedUsage, Weights};
use super::price::Price;
use super::subject::Subject;
use super::volume::{Volume, Volumes};

/// A subject at one of the two captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The capture.
    pub capture: CaptureRef,
    /// What the subject is charged there.
    pub charge: Minor,
    /// What of that is fees and minimums.
    pub fee: Minor,
    /// Its lines of usage.
    pub line_count: usize,
    /// Messages that captures saw: those of its sub accounts, and what removed ones had when they were last seen. Of an
    /// account that changed hands, those of the subject's own stretches.
    pub seen: i128,
    /// Messages beyond those that it is charged with; negative where removed usage is not charged to whose it was.
    pub attributed: i128,
    /// The pool's price.
    pub price: Price,
    /// The messages by markup.
    volumes: Volumes,
}

/// The five parts of a change, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// More or fewer messages of its own, at the old price.
    pub own_volume: Minor,
    /// More or fewer messages of removed sub accounts than were seen of them, at the old price.
    pub attribution: Minor,
    /// All its messages at another price.
    pub pool_rate: Minor,
    /// More or less of fees and minimums.
    pub fees: Minor,
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
    /// [`Parts::fees`]
    Fees,
    /// [`Parts::rounding`]
    Rounding,
}

impl Cause {
    /// Every cause, in the order of reports.
    pub const ALL: [Self; 5] = [Self::OwnVolume, Self::Attribution, Self::PoolRate, Self::Fees, Self::Rounding];

    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnVolume => "own volume",
            Self::Attribution => "attribution",
            Self::PoolRate => "pool rate",
            Self::Fees => "fees and minimums",
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
    /// Per cent that are added to the parts, ascending: one for all messages, or, where the subject is charged otherwise from
    /// some day on, one for those of each time.
    pub markups: Vec<Decimal>,
    /// The parts.
    pub parts: Parts,
    /// Its lines of accounts that changed hands, as they are at the later capture.
    pub moved: Vec<Line>,
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
        let currency = new.charges.currency;
        let proportional = old.terms.weights == new.terms.weights && is_proportional(old) && is_proportional(new);
        let removed_usage = new.terms.removed_usage;
        let moved = subject.lines(new).into_iter().filter(|line| line.held().is_some()).cloned().collect();
        let (old, new) = (Side::of(old, subject), Side::of(new, subject));
        let markups: BTreeSet<Decimal> = old.volumes.markups().chain(new.volumes.markups()).collect();
        // messages never go from one markup to another: whatever changes with a day begins a stretch of its own
        let part = |of: &dyn Fn(Volume, Volume) -> Exact| {
            let under = |markup: Decimal| of(old.volumes.under(markup), new.volumes.under(markup));
            currency.round(markups.iter().map(|markup| marked_up(under(*markup), *markup)).sum())
        };
        let own_volume = part(&|before, after| old.price.of_messages(after.seen - before.seen));
        let attribution = part(&|before, after| old.price.of_messages(after.attributed() - before.attributed()));
        let pool_rate = part(&|_, after| new.price.of_messages(after.charged) - old.price.of_messages(after.charged));
        let fees = new.fee - old.fee;
        let rounding = new.charge - old.charge - own_volume - attribution - pool_rate - fees;
        let parts = Parts { own_volume, attribution, pool_rate, fees, rounding };
        let markups = markups.into_iter().collect();
        Ok(Self { currency, old, new, markups, parts, moved, removed_usage, proportional })
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
            Cause::Fees => self.fees,
            Cause::Rounding => self.rounding,
        }
    }
}

impl Side {
    fn of(ledger: &Ledger, subject: &Subject) -> Self {
        let lines = subject.lines(ledger);
        let volumes = Volumes::of(ledger, subject);
        let sum = volumes.sum();
        Self {
            capture: ledger.books.capture.clone(),
            charge: lines.iter().map(|line| line.charge()).sum(),
            fee: lines.iter().map(|line| line.fee()).sum(),
            line_count: lines.iter().filter(|line| !line.kind.is_fee()).count(),
            seen: sum.seen,
            attributed: sum.attributed(),
            price: Price::of(ledger),
            volumes,
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
