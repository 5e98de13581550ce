//! Where nobody knows what the real API does, a mood says what the simulated one does.

use super::Rounding;

/// The last day of a month on which every month can begin a billing period.
const BILLING_DAY_MAX: u32 = 28;

/// One answer to each open question about the API. The default is what its documentation makes most likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and their names are the answers")]
pub struct Mood {
    /// Digits of allocated costs.
    pub rounding: Rounding,
    /// The day of the month on which a billing period begins.
    pub billing_day: BillingDay,
    /// Whether sub accounts that are suspended on their own are in the list.
    pub list_suspended: bool,
    /// Whether sub accounts that are suspended on their own keep a usage line; else their usage is in
    /// `removed_sub_accounts` until the suspension ends, which the documented sum leaves as its only place.
    pub suspended_usage: bool,
    /// Whether sub accounts without messages have a usage line.
    pub zero_usage: bool,
    /// Whether a 429 says when to come back.
    pub retry_after: bool,
}

impl Default for Mood {
    fn default() -> Self {
        Self {
            rounding: Rounding::default(),
            billing_day: BillingDay::FIRST,
            list_suspended: true,
            suspended_usage: true,
            zero_usage: true,
            retry_after: true,
        }
    }
}

/// A day of the month, from 1 to 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BillingDay(u32);

impl BillingDay {
    /// The calendar month.
    pub const FIRST: Self = Self(1);

    /// This day; `None` for one that not every month has.
    pub fn new(day: u32) -> Option<Self> {
        (1..=BILLING_DAY_MAX).contains(&day).then_some(Self(day))
    }

    /// The day.
    pub fn day(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_billing_day_is_one_that_every_month_has() {
        assert_eq!([1, 28].map(|day| BillingDay::new(day).map(BillingDay::day)), [Some(1), Some(28)]);
        assert_eq!([0, 29, u32::MAX].map(BillingDay::new), [None; 3]);
    }
}
