//! What has to change for the caps of sub accounts to become those of the customer map.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::customers::Effective;

/// The cap that each sub account is to have, in messages a month; 0 means uncapped. Accounts without one are left alone.
pub type WantedCaps = BTreeMap<Uuid, i64>;

/// The caps of a customer map, each for the days of its row. The days of one sub account do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatedCaps {
    rows: Vec<(Uuid, Effective, i64)>,
}

impl DatedCaps {
    /// Adds the cap that a sub account is to have on these days, in messages a month; 0 means uncapped.
    pub fn add(&mut self, account_id: Uuid, days: Effective, monthly_credit: i64) {
        self.rows.push((account_id, days, monthly_credit));
    }

    /// Whether no row has a cap, whatever its days.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The caps that sub accounts are to have at an instant.
    pub fn at(&self, at: DateTime<Utc>) -> WantedCaps {
        let rows = self.rows.iter().filter(|(_, days, _)| days.contains(at));
        rows.map(|(account_id, _, monthly_credit)| (*account_id, *monthly_credit)).collect()
    }
}

/// A cap as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCap {
    /// The sub account.
    pub account_id: Uuid,
    /// Its name, safe to display.
    pub name: String,
    /// Its cap in messages a month; 0 means uncapped.
    pub monthly_credit: i64,
}

/// A cap that has to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapChange {
    /// The cap as it is.
    pub live: LiveCap,
    /// As it is to be; 0 means uncapped.
    pub wanted: i64,
}

/// The difference between the caps as they are and as they are to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CapPlan {
    /// Caps that have to change, by account id.
    pub changes: Vec<CapChange>,
    /// How many caps are as they are to be.
    pub unchanged_count: usize,
    /// Accounts with a wanted cap that are not there: deleted, or never the parent's.
    pub missing: Vec<Uuid>,
}

impl CapPlan {
    /// Compares; the order of `live` does not matter.
    pub fn new(wanted: &WantedCaps, live: impl IntoIterator<Item = LiveCap>) -> Self {
        let live: BTreeMap<Uuid, LiveCap> = live.into_iter().map(|cap| (cap.account_id, cap)).collect();
        let mut plan = Self::default();
        for (account_id, &wanted) in wanted {
            match live.get(account_id) {
                None => plan.missing.push(*account_id),
                Some(live) if live.monthly_credit == wanted => plan.unchanged_count += 1,
                Some(live) => plan.changes.push(CapChange { live: live.clone(), wanted }),
            }
        }
        plan
    }

    /// The plan in one text, a line for each change. Two plans are the same if and only if their texts are: whoever agreed
    /// to one has not agreed to another.
    pub fn canonical(&self) -> String {
        let line = |change: &CapChange| {
            let CapChange { live, wanted } = change;
            format!("{} {} {wanted}\n", live.account_id, live.monthly_credit)
        };
        self.changes.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(number: u128, monthly_credit: i64) -> LiveCap {
        LiveCap { account_id: Uuid::from_u128(number), name: format!("Account {number}"), monthly_credit }
    }

    #[test]
    fn only_caps_that_differ_change_and_accounts_without_a_wish_are_left_alone() {
        let wanted = WantedCaps::from([1, 2, 4].map(|number| (Uuid::from_u128(number), 1_000)));
        let plan = CapPlan::new(&wanted, [live(3, 7), live(2, 0), live(1, 1_000)]);
        assert_eq!(plan.changes, [CapChange { live: live(2, 0), wanted: 1_000 }]);
        assert_eq!((plan.unchanged_count, plan.missing.as_slice()), (1, [Uuid::from_u128(4)].as_slice()));
        assert_eq!(plan.canonical(), "00000000-0000-0000-0000-000000000002 0 1000\n");
    }

    #[test]
    fn a_cap_counts_on_the_days_of_its_row() {
        let day = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let mut caps = DatedCaps::default();
        for (number, from, to, cap) in
            [(1, "", "2026-10-14", 5), (1, "2026-10-15", "", 7), (2, "", "", 9), (3, "2026-11-01", "", 1)]
        {
            caps.add(Uuid::from_u128(number), Effective { from: day(from), to: day(to) }, cap);
        }
        let at = |text: &str| caps.at(text.parse().unwrap()).into_values().collect::<Vec<_>>();
        assert_eq!(at("2026-10-14T23:59:59Z"), [5, 9]);
        assert_eq!(at("2026-10-15T00:00:00Z"), [7, 9]);
        assert_eq!(at("2026-11-01T00:00:00Z"), [7, 9, 1]);
    }

    #[test]
    fn a_live_cap_that_moves_makes_another_plan_and_a_name_does_not() {
        let wanted = WantedCaps::from([(Uuid::from_u128(1), 1_000)]);
        let plan = |cap: LiveCap| CapPlan::new(&wanted, [cap]).canonical();
        assert_ne!(plan(live(1, 0)), plan(live(1, 1)));
        assert_eq!(plan(live(1, 0)), plan(LiveCap { name: "Renamed".to_owned(), ..live(1, 0) }));
    }
}
