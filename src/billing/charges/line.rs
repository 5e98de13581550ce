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
/// There may be millions of them: what most lines have stands here, and what few have is behind a pointer.
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
    // these are only for the methods, and seen by the others so that a line can be made from another one
    pub(super) is_active: bool,
    pub(super) cap_level: Option<Level>,
    pub(super) monthly_credit: i64,
    pub(super) rare: Option<Box<Rare>>,
}

/// What most lines have nothing of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rare {
    spread: Minor,
    fee: Minor,
    /// Where that is not the charge alone.
    span: Option<Span>,
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
            monthly_credit: 0,
            rare: None,
        }
    }

    /// What it bears of usage that was spread; negative on the line that was spread.
    pub fn spread(&self) -> Minor {
        self.rare.as_ref().map_or(Minor::ZERO, |rare| rare.spread)
    }

    /// What is charged beyond any usage.
    pub fn fee(&self) -> Minor {
        self.rare.as_ref().map_or(Minor::ZERO, |rare| rare.fee)
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
        self.rare.as_ref().and_then(|rare| rare.span).unwrap_or_else(|| Span::exact(self.charge()))
    }

    /// Its status, where the account list or a lookup tells.
    pub fn status(&self) -> Option<&Status> {
        let other = self.rare.as_ref().and_then(|rare| rare.status.as_ref());
        if self.is_active { Some(&Status::Active) } else { other }
    }

    /// How much of the account's cap is used, where that is known.
    pub fn cap(&self) -> Option<CapUse> {
        let used = self.rare.as_ref().and_then(|rare| rare.cap_used).or(self.messages).unwrap_or(0);
        Some(CapUse { used, credit: self.monthly_credit, level: self.cap_level? })
    }

    /// The account's cap in messages per month, where known; 0 means uncapped. How it is now is nothing to whoever had the
    /// account before.
    pub fn monthly_credit(&self) -> Option<i64> {
        let is_its = self.kind == LineKind::SubAccount && self.held().is_none_or(|held| held.is_last);
        self.cap().filter(|_| is_its).map(|cap| cap.credit)
    }

    /// Whose it is, where its account changes hands within the period.
    pub fn held(&self) -> Option<&Held> {
        self.rare.as_ref()?.held.as_deref()
    }

    /// What the messages may be, for buckets of usage.
    pub(super) fn volume(&self) -> Option<Volume> {
        let messages = self.messages?;
        Some(self.rare.as_ref().and_then(|rare| rare.volume).unwrap_or(Volume::seen(messages)))
    }

    pub(super) fn set_spread(&mut self, spread: Minor) {
        self.set(|rare| &mut rare.spread, spread);
    }

    pub(super) fn set_fee(&mut self, fee: Minor) {
        self.set(|rare| &mut rare.fee, fee);
    }

    /// Sets what the charge as it is now lies between. A charge that is exactly known stays so when it changes.
    pub(super) fn set_span(&mut self, span: Span) {
        let span = Some(span).filter(|span| *span != Span::exact(self.charge()));
        self.set(|rare| &mut rare.span, span);
    }

    pub(super) fn set_status(&mut self, status: Option<Status>) {
        self.is_active = status == Some(Status::Active);
        self.set(|rare| &mut rare.status, status.filter(|status| *status != Status::Active));
    }

    pub(super) fn set_cap(&mut self, cap: Option<CapUse>) {
        self.cap_level = cap.map(|cap| cap.level);
        self.monthly_credit = cap.map_or(0, |cap| cap.credit);
        let used = cap.map(|cap| cap.used).filter(|used| Some(*used) != self.messages);
        self.set(|rare| &mut rare.cap_used, used);
    }

    /// Says whose it is.
    pub fn set_held(&mut self, held: Option<Held>) {
        self.set(|rare| &mut rare.held, held.map(Box::new));
    }

    /// Sets what the messages as they are now may be.
    pub(super) fn set_volume(&mut self, volume: Volume) {
        let volume = Some(volume).filter(|volume| self.messages.map(Volume::seen) != Some(*volume));
        self.set(|rare| &mut rare.volume, volume);
    }

    /// Sets something that is rare, and keeps nothing where all of that is nothing.
    fn set<T: Default + PartialEq>(&mut self, place: impl Fn(&mut Rare) -> &mut T, value: T) {
        if self.rare.is_none() && value == T::default() {
            return;
        }
        let mut rare = self.rare.take().unwrap_or_default();
        *place(&mut rare) = value;
        self.rare = Some(rare).filter(|rare| **rare != Rare::default());
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
            let (minor, span) = (|value: i64| Minor(value.into()), |value: i64| Span { low: Minor(-9), high: Minor(value.into()) });
            let statuses = [None, Some(Status::Active), Some(Status::Suspended), Some(Status::Other(std::sync::Arc::new("new".to_owned())))];
            let cap = |used: i64| (used != 0).then_some(CapUse { used, credit: 9, level: Level::Near });
            for (what, value) in steps {
                last[what] = value;
                match what {
                    0 => line.set_spread(minor(value)),
                    1 => line.set_fee(minor(value)),
                    2 => line.set_span(if value == 0 { Span::exact(line.charge()) } else { span(value) }),
                    3 => line.set_status(statuses[usize::try_from(value).unwrap()].clone()),
                    4 => line.set_cap(cap(value)),
                    5 => line.set_held((value != 0).then(held)),
                    _ => line.set_volume(Volume { low: 2, high: 2 + value }),
                }
            }
            let exact = Span::exact(minor(last[0] + last[1]));
            prop_assert_eq!((line.spread(), line.fee()), (minor(last[0]), minor(last[1])));
            prop_assert_eq!(line.span(), if last[2] == 0 { exact } else { span(last[2]) });
            prop_assert_eq!(line.status(), statuses[usize::try_from(last[3]).unwrap()].as_ref());
            prop_assert_eq!(line.cap(), cap(last[4]));
            prop_assert_eq!(line.held().cloned(), (last[5] != 0).then(held));
            prop_assert_eq!(line.volume(), Some(Volume { low: 2, high: 2 + last[6] }));
            let has_common = last[3] <= 1 && matches!(last[4], 0 | 2);
            let is_common = has_common && [0, 1, 2, 5, 6].into_iter().all(|what| last[what] == 0);
            prop_assert_eq!(line.rare.is_none(), is_common);
        }
    }

    #[test]
    fn a_line_is_small() {
        assert!(size_of::<Line>() <= 144, "{}", size_of::<Line>());
    }
}
