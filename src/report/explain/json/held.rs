//! Whose a line is, where its account changed hands within the period, for programs.

use chrono::NaiveDate;
use serde::Serialize;

use crate::billing::charges::Held;

/// A part of an account's time in the period.
#[derive(Serialize)]
pub(super) struct HeldEntry<'a> {
    /// Null if nobody owned it.
    customer_id: Option<&'a str>,
    /// The first day; null if it is not within the period.
    owned_from: Option<String>,
    /// The last day; null if it is not within the period.
    owned_until: Option<String>,
    /// A capture; null for the start of the period.
    counted_from: Option<&'a str>,
    counted_until: &'a str,
}

impl<'a> HeldEntry<'a> {
    pub(super) fn of(held: &'a Held) -> Self {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        Self {
            customer_id: held.owner.as_ref().map(|owner| owner.id.as_ref()),
            owned_from: day(held.days.from),
            owned_until: day(held.days.to),
            counted_from: held.from.as_deref(),
            counted_until: &held.until,
        }
    }
}
