//! One line of the chargeback.

use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::books::Status;
use super::super::caps::CapUse;
use super::super::customers::{Customer, Effective};
use super::super::grade::{Grade, Span};
use super::super::level::Level;
use super::super::money::{Amount, Minor};
use super::LineKind;

/// One line of the chargeback.
///
/// There may be millions of them: what every line has stands here, and the rest behind a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it stands for.
    pub kind: LineKind,
    /// The account, for sub accounts and the parent.
    pub account_id: Option<Uuid>,
    /// Its name, safe to display.
    pub name: Arc<str>,
    /// Messages in the period, for buckets of usage.
    pub messages: Option<i64>,
    /// The API's allocated cost, for buckets of usage.
    pub allocated_cost: Option<Amount>,
    /// Its share of the pooled invoice.
    pub share: Minor,
    /// The customer's markup, in per cent, where there is a customer.
    pub markup_percent: Option<Decimal>,
    /// What it adds.
    pub markup: Minor,
    /// How the charge is known.
    pub grade: Grade,
    /// Where it is among the lines that the pooled invoice was divided into.
    pub(crate) place: u32,
    /// Whether its status is `active`. This and what follows is visible only for lines that are made from another one.
    pub(super) is_active: bool,
    /// Where the account's usage stands against its cap; nothing if there is no cap to be seen.
    pub(super) cap_level: Option<Level>,
    /// That cap.
    pub(super) cap_credit: i64,
    pub(super) beyond: Option<Box<Beyond>>,
}

/// What a charge has beyond the share: nothing, unless usage is spread, something is charged beyond usage, or an invoice
/// leaves a tail open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Beyond {
    spread: Minor,
    fee: Minor,
    /// How much less the charge may be.
    less: Minor,
    /// How much more.
    more: Minor,
    rare: Option<Box<Rare>>,
}

/// What few lines have, whatever the terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rare {
    /// Where that is not `active`.
    status: Option<Status>,
    /// The messages that count against the cap, where those are not the line's.
    cap_used: Option<i64>,
    held: Option<Box<Held>>,
    /// Where that is not what was seen.
    volume: Option<Volume>,
}

/// What the messages of a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Volume {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Volume {
    /// Messages that were seen.
    pub(super) fn seen(messages: i64) -> Self {
        Self { low: messages, high: messages }
    }
}

/// Whose a line is, where its account changes hands within the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who is charged; nothing if nobody owned the account.
    pub owner: Option<Customer>,
    /// On which days of the period; open towards its start or its end.
    pub days: Effective,
    /// The capture from which the messages are counted; nothing for the start of the period.
    pub from: Option<Arc<str>>,
    /// The capture until which they are counted.
    pub until: Arc<str>,
    /// Whether nobody has had the account since.
    pub is_last: bool,
}

impl Line {
    /// A line of nothing yet.
    pub(super) fn new(kind: LineKind, name: Arc<str>) -> Self {
        Self {
            kind,
            account_id: None,
            name,
            messages: None,
            allocated_cost: None,
            share: Minor::ZERO,
            markup_percent: None,
            markup: Minor::ZERO,
            grade: Grade::Observed,
            place: 0,
            is_active: false,
            cap_level: None,
            cap_credit: 0,
            beyond: None,
        }
    }

    fn rare(&self) -> Option<&Rare> {
        self.beyond.as_ref()?.rare.as_deref()
    }

    /// What it bears of usage that was spread; negative on the line that was spread.
    pub fn spread(&self) -> Minor {
        self.beyond.as_ref().map_or(Minor::ZERO, |beyond| beyond.spread)
    }

    /// What is charged beyond any usage.
    pub fn fee(&self) -> Minor {
        self.beyond.as_ref().map_or(Minor::ZERO, |beyond| beyond.fee)
    }

    /// What the line takes from the pooled invoice.
    pub fn cost(&self) -> Minor {
        self.share + self.spread()
    }

    /// What the customer is charged.
    pub fn charge(&self) -> Minor {
        self.cost() + self.margin()
    }

    /// What of that is beyond the cost.
    pub fn margin(&self) -> Minor {
        self.markup + self.fee()
    }

    /// What the charge lies between.
    pub fn span(&self) -> Span {
        let (charge, beyond) = (self.charge(), self.beyond.as_ref());
        beyond.map_or(Span::exact(charge), |beyond| Span { low: charge - beyond.less, high: charge + beyond.more })
    }

    /// Its status, where the account list or a lookup tells.
    pub fn status(&self) -> Option<&Status> {
        if self.is_active { Some(&Status::Active) } else { self.rare()?.status.as_ref() }
    }

    /// How much of the account's cap is used, where that is known.
    pub fn cap(&self) -> Option<CapUse> {
        let used = self.rare().and_then(|rare| rare.cap_used).or(self.messages).unwrap_or(0);
        Some(CapUse { used, credit: self.cap_credit, level: self.cap_level? })
    }

    /// The account's cap in messages per month, where known; 0 means uncapped. How it is now is nothing to whoever had the
    /// account before.
    pub fn monthly_credit(&self) -> Option<i64> {
        let is_its = self.kind == LineKind::SubAccount && self.held().is_none_or(|held| held.is_last);
        self.cap().filter(|_| is_its).map(|cap| cap.credit)
    }

    /// Whose it is, where its account changes hands within the period.
    pub fn held(&self) -> Option<&Held> {
        self.rare()?.held.as_deref()
    }

    /// What the messages may be, for buckets of usage.
    pub(super) fn volume(&self) -> Option<Volume> {
        let messages = self.messages?;
        Some(self.rare().and_then(|rare| rare.volume).unwrap_or(Volume::seen(messages)))
    }

    pub(super) fn set_spread(&mut self, spread: Minor) {
        self.change(spread == Minor::ZERO, |beyond| beyond.spread = spread);
    }

    pub(super) fn set_fee(&mut self, fee: Minor) {
        self.change(fee == Minor::ZERO, |beyond| beyond.fee = fee);
    }

    /// Sets what the charge as it is now lies between: comes last, because the bounds move with the charge.
    pub(super) fn set_span(&mut self, span: Span) {
        let (less, more) = (self.charge() - span.low, span.high - self.charge());
        self.change(span == Span::exact(self.charge()), |beyond| (beyond.less, beyond.more) = (less, more));
    }

    pub(super) fn set_status(&mut self, status: Option<Status>) {
        self.is_active = status == Some(Status::Active);
        self.set_rare(|rare| &mut rare.status, status.filter(|status| *status != Status::Active));
    }

    /// Sets how much of the account's cap is used, once the messages are there.
    pub(super) fn set_cap(&mut self, cap: Option<CapUse>) {
        self.cap_level = cap.map(|cap| cap.level);
        self.cap_credit = cap.map_or(0, |cap| cap.credit);
        let used = cap.map(|cap| cap.used).filter(|used| Some(*used) != self.messages);
        self.set_rare(|rare| &mut rare.cap_used, used);
    }

    /// Says whose it is.
    pub fn set_held(&mut self, held: Option<Held>) {
        self.set_rare(|rare| &mut rare.held, held.map(Box::new));
    }

    /// Sets what the messages may be, once they are there.
    pub(super) fn set_volume(&mut self, volume: Volume) {
        let volume = Some(volume).filter(|volume| self.messages.map(Volume::seen) != Some(*volume));
        self.set_rare(|rare| &mut rare.volume, volume);
    }

    /// Changes what the charge has beyond its share, and keeps nothing where all of that is nothing.
    fn change(&mut self, is_to_nothing: bool, change: impl FnOnce(&mut Beyond)) {
        if is_to_nothing && self.beyond.is_none() {
            return;
        }
        let mut beyond = self.beyond.take().unwrap_or_default();
        change(&mut beyond);
        self.beyond = Some(beyond).filter(|beyond| **beyond != Beyond::default());
    }

    fn set_rare<T: Default + PartialEq>(&mut self, place: impl Fn(&mut Rare) -> &mut T, value: T) {
        self.change(value == T::default(), |beyond| {
            let mut rare = beyond.rare.take().unwrap_or_default();
            *place(&mut rare) = value;
            beyond.rare = Some(rare).filter(|rare| **rare != Rare::default());
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn held() -> Held {
        Held { owner: None, days: Effective::default(), from: None, until: "x".into(), is_last: false }
    }

    proptest! {
        /// Whatever is set, in whatever order, is there, and what is nothing leaves nothing behind.
        #[test]
        fn what_was_set_last_is_what_a_line_has(steps in prop::collection::vec((0..7_usize, 0..4_i64), 0..20)) {
            let mut line = Line { messages: Some(2), ..Line::new(LineKind::SubAccount, "a".into()) };
            let mut last = [0; 7];
            let minor = |value: i64| Minor(value.into());
            let other = Status::Other(Arc::new("new".to_owned()));
            let statuses = [None, Some(Status::Active), Some(Status::Suspended), Some(other)];
            let status = |value: i64| statuses[usize::try_from(value).unwrap()].clone();
            let cap = |used: i64| (used != 0).then_some(CapUse { used, credit: 9, level: Level::Near });
            let span = |charge: Minor, more: i64| Span { low: charge - minor(2 * more), high: charge + minor(more) };
            for (what, value) in steps {
                last[what] = value;
                match what {
                    0 => line.set_spread(minor(value)),
                    1 => line.set_fee(minor(value)),
                    2 => line.set_span(span(line.charge(), value)),
                    3 => line.set_status(status(value)),
                    4 => line.set_cap(cap(value)),
                    5 => line.set_held((value != 0).then(held)),
                    _ => line.set_volume(Volume { low: 2, high: 2 + value }),
                }
            }
            prop_assert_eq!((line.spread(), line.fee()), (minor(last[0]), minor(last[1])));
            prop_assert_eq!(line.span(), span(minor(last[0] + last[1]), last[2]));
            prop_assert_eq!(line.status().cloned(), status(last[3]));
            prop_assert_eq!(line.cap(), cap(last[4]));
            prop_assert_eq!(line.held().cloned(), (last[5] != 0).then(held));
            prop_assert_eq!(line.volume(), Some(Volume { low: 2, high: 2 + last[6] }));
            let is_common = last[3] <= 1 && matches!(last[4], 0 | 2) && (last[5], last[6]) == (0, 0);
            prop_assert_eq!(line.rare().is_none(), is_common);
            prop_assert_eq!(line.beyond.is_none(), is_common && last[..3] == [0; 3]);
        }
    }

    #[test]
    fn a_line_is_small() {
        assert!(size_of::<Line>() <= 144, "{}", size_of::<Line>());
        assert!(size_of::<Beyond>() <= 80, "{}", size_of::<Beyond>());
    }
}
