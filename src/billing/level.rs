//! Levels of caps: how close usage is to a cap, and what somebody should hear of it, once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::SubAccount;
use super::finding::Code;
use super::terms::{Terms, Thresholds};

/// How close usage is to the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// No cap is set.
    Uncapped,
    /// Below the near level.
    Clear,
    /// At or above the near level.
    Near,
    /// At or above the critical level.
    Critical,
    /// At or above the cap itself.
    Exceeded,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 5] = [Self::Uncapped, Self::Clear, Self::Near, Self::Critical, Self::Exceeded];

    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uncapped => "uncapped",
            Self::Clear => "clear",
            Self::Near => "near",
            Self::Critical => "critical",
            Self::Exceeded => "exceeded",
        }
    }

    /// The finding of the level, where it deserves one.
    pub fn code(self) -> Option<Code> {
        match self {
            Self::Uncapped | Self::Clear => None,
            Self::Near => Some(Code::CapNear),
            Self::Critical => Some(Code::CapCritical),
            Self::Exceeded => Some(Code::CapExceeded),
        }
    }
}

/// What happened to a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertKind {
    /// A level was reached for the first time in the period.
    Reached,
    /// The level that was told of is left: the cap was raised or lifted, the account is gone, or a new period began.
    Resolved,
}

impl AlertKind {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Resolved => "resolved",
        }
    }
}

/// One thing to tell. The state behind it comes from the captures: the same captures, the same alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The sub account.
    pub account_id: Uuid,
    /// Its name, safe to display.
    pub name: Arc<str>,
    /// What happened.
    pub kind: AlertKind,
    /// The level that it was at then.
    pub level: Level,
    /// The capture that was the first to show it.
    pub capture: Arc<str>,
}

/// Where an account's messages stand against its cap, at an instant.
pub fn level_of(account: &SubAccount, messages: i64, terms: &Terms, at: DateTime<Utc>) -> Level {
    level(messages.into(), account.monthly_credit.into(), terms.thresholds_of(account.id, at))
}

fn level(used: i128, credit: i128, thresholds: &Thresholds) -> Level {
    // used ÷ credit ≥ percent ÷ 100, in integers
    let reached = |percent: Decimal| used * 100 * 10_i128.pow(percent.scale()) >= credit * percent.mantissa();
    match () {
        () if credit <= 0 => Level::Uncapped,
        () if reached(thresholds.exceeded) => Level::Exceeded,
        () if reached(thresholds.critical) => Level::Critical,
        () if reached(thresholds.near) => Level::Near,
        () => Level::Clear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_exactly_at_their_thresholds() {
        let at = |used, credit| level(used, credit, &Thresholds::default());
        assert_eq!(at(5, 0), Level::Uncapped);
        assert_eq!(at(799, 1_000), Level::Clear);
        assert_eq!(at(800, 1_000), Level::Near);
        assert_eq!(at(949, 1_000), Level::Near);
        assert_eq!(at(950, 1_000), Level::Critical);
        assert_eq!(at(999, 1_000), Level::Critical);
        assert_eq!(at(1_000, 1_000), Level::Exceeded);
        assert_eq!(at(0, 1_000), Level::Clear);
    }

    #[test]
    fn thresholds_may_have_decimals() {
        let thresholds = Thresholds { near: Decimal::new(6_667, 2), ..Thresholds::default() };
        assert_eq!(level(666_699, 1_000_000, &thresholds), Level::Clear);
        assert_eq!(level(666_700, 1_000_000, &thresholds), Level::Near);
    }
}
