//! Moves: sub accounts that change hands within a billing period, and which of their messages are whose.
//!
//! What is sent between two captures is whoever's the account was halfway between them, so that a change of hands falls on
//! the capture nearest to its date. The start of the period counts as a capture of nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::customers::{Customer, Effective};
use super::period::{Period, timestamp};

/// A part of a billing period in which a sub account was one customer's, or nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Whose it was; nothing if nobody owned it.
    pub owner: Option<Customer>,
    /// The account's name at its last capture, safe to display: whoever has it next may call it otherwise.
    pub name: Arc<str>,
    /// On which days of the period, as the customer map has them; open towards the start or the end of the period.
    pub days: Effective,
    /// The capture from which its messages are counted; nothing for the start of the period.
    pub from: Option<Arc<str>>,
    /// The capture until which they are counted.
    pub until: Arc<str>,
    /// The messages that were seen in between; negative where a count fell.
    pub messages: i64,
}

/// The stretches of every sub account that changes hands within the period, in their order.
pub type Moves = BTreeMap<Uuid, Vec<Stretch>>;

/// Halfway between a capture, or the start of the period, and the next capture: whose an account is then has what was sent
/// in between.
pub fn halfway(from: DateTime<Utc>, until: DateTime<Utc>, period: Period) -> DateTime<Utc> {
    from + (until.min(period.end) - from) / 2
}

/// Adds a stretch of nothing for an owner whose days fell between two captures, or have only begun, in its place.
pub fn add_unseen(stretches: &mut Vec<Stretch>, owner: &Customer, days: Effective, name: &Arc<str>, period: Period) {
    let is_there = |stretch: &Stretch| stretch.days == days && stretch.owner.as_ref() == Some(owner);
    if stretches.iter().any(is_there) {
        return;
    }
    let place = stretches.partition_point(|stretch| stretch.days.from <= days.from);
    let before = place.checked_sub(1).and_then(|before| stretches.get(before));
    let from = before.map(|before| before.until.clone());
    let until = from.clone().unwrap_or_else(|| timestamp(period.start).into());
    let (owner, name) = (Some(owner.clone()), Arc::clone(name));
    stretches.insert(place, Stretch { owner, name, days, from, until, messages: 0 });
}

/// What was seen in each of the stretches.
pub fn seen(stretches: &[Stretch]) -> Vec<i64> {
    stretches.iter().map(|stretch| stretch.messages).collect()
}

/// Divides the messages of an account among its stretches: each has what was seen in it, and the last one whatever more
/// there is. The parts sum to the messages exactly, none has another sign than they, and more messages make no part smaller.
pub fn divide(messages: i64, seen: &[i64]) -> Vec<i64> {
    let mut parts = Vec::with_capacity(seen.len());
    let (mut sum, mut given) = (0_i64, 0_i64);
    let (least, most) = (messages.min(0), messages.max(0));
    for (index, seen_in_it) in seen.iter().enumerate() {
        sum = sum.saturating_add(*seen_in_it);
        let is_last = index + 1 == seen.len();
        let until = if is_last { messages } else { sum.clamp(least, most) };
        // a count that fell takes back nothing from those before
        let part = if is_last || (until >= given) == (messages >= 0) { until - given } else { 0 };
        given += part;
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_has_what_was_seen_and_the_last_the_rest() {
        assert_eq!(divide(100, &[60, 40]), [60, 40]);
        assert_eq!(divide(110, &[60, 40]), [60, 50]);
        assert_eq!(divide(50, &[60, 40]), [50, 0]);
        assert_eq!(divide(50, &[60, -20, 10]), [50, 0, 0]);
        assert_eq!(divide(-5, &[60, 40]), [0, -5]);
    }

    #[test]
    fn counts_at_the_ends_of_their_range_overflow_nothing() {
        for messages in [i64::MIN, i64::MAX, 0] {
            for seen in [[i64::MAX, i64::MAX, i64::MIN], [i64::MIN, i64::MIN, i64::MAX], [i64::MAX, i64::MIN, 0]] {
                assert_eq!(divide(messages, &seen).iter().sum::<i64>(), messages);
            }
        }
    }

    proptest! {
        #[test]
        fn the_parts_sum_to_the_messages(messages in -1_000_i64..1_000, seen in proptest::collection::vec(-500_i64..500, 1..6)) {
            let parts = divide(messages, &seen);
            prop_assert_eq!(parts.iter().sum::<i64>(), messages);
            prop_assert!(parts.iter().all(|part| part.signum() * messages.signum() >= 0), "{:?}", parts);
        }

        #[test]
        fn more_messages_make_no_part_smaller(messages in -1_000_i64..1_000, more in 0_i64..1_000, seen in proptest::collection::vec(-500_i64..500, 1..6)) {
            let (fewer, more) = (divide(messages, &seen), divide(messages + more, &seen));
            prop_assert!(fewer.iter().zip(&more).all(|(fewer, more)| fewer <= more), "{:?} {:?}", fewer, more);
        }
    }
}
