//! What a subject has used, apart for each markup that it is charged with.
//!
//! Of an account that changed hands these are its own stretches alone; where it has other pricing from some day on, each
//! stretch has the markup of its time.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::super::charges::LineKind;
use super::super::ledger::Ledger;
use super::subject::Subject;

/// Messages under one markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Volume {
    /// Those that captures saw: on usage lines, and of removed sub accounts when they were last seen.
    pub(super) seen: i128,
    /// Those that are charged for.
    pub(super) charged: i128,
}

impl Volume {
    /// Messages beyond those seen; negative where removed usage is not charged to whose it was.
    pub(super) fn attributed(self) -> i128 {
        self.charged - self.seen
    }
}

/// Messages by markup in per cent; without an owner it is 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Volumes(BTreeMap<Decimal, Volume>);

impl Volumes {
    pub(super) fn of(ledger: &Ledger, subject: &Subject) -> Self {
        let mut volumes: BTreeMap<Decimal, Volume> = BTreeMap::new();
        for line in subject.lines(ledger).into_iter().filter(|line| line.kind.has_customer()) {
            let messages = i128::from(line.messages.unwrap_or(0));
            let volume = volumes.entry(line.markup_percent.unwrap_or_default()).or_default();
            volume.charged += messages;
            volume.seen += if line.kind == LineKind::SubAccount { messages } else { 0 };
        }
        for (gone, _) in subject.removed(ledger) {
            for (owner, seen) in subject.seen_of(ledger, gone) {
                let markup = owner.map(|owner| owner.pricing.markup_percent).unwrap_or_default();
                volumes.entry(markup).or_default().seen += i128::from(seen);
            }
        }
        Self(volumes)
    }

    /// What there is under a markup.
    pub(super) fn under(&self, markup: Decimal) -> Volume {
        self.0.get(&markup).copied().unwrap_or_default()
    }

    /// The markups that there is anything under.
    pub(super) fn markups(&self) -> impl Iterator<Item = Decimal> {
        self.0.keys().copied()
    }

    /// All of them together.
    pub(super) fn sum(&self) -> Volume {
        self.0.values().fold(Volume::default(), |sum, volume| Volume {
            seen: sum.seen + volume.seen,
            charged: sum.charged + volume.charged,
        })
    }
}
