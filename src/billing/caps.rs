//! Caps: how much of its `monthly_credit` each sub account has used, and at which level that stands.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::books::{Books, Status, SubAccount};
use super::finding::{Code, Finding, Severity};
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

/// One sub account's cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// The sub account.
    pub account_id: Uuid,
    /// Its name, safe to display.
    pub name: String,
    /// Its status.
    pub status: Status,
    /// The customer that owns it, by id; nothing if it is unmapped.
    pub customer_id: Option<String>,
    /// Messages in the billing period so far; none if the API sent no usage for it.
    pub messages: Option<i64>,
    /// The cap in messages per month; 0 means uncapped.
    pub monthly_credit: i64,
    /// Messages ÷ cap in hundredths of a per cent, rounded down; nothing if uncapped.
    pub utilisation: Option<i128>,
    /// Where that stands.
    pub level: Level,
}

/// The caps of every account in the list or looked up, ordered by account id.
pub fn caps(books: &Books, terms: &Terms) -> Vec<Cap> {
    let looked_up = books.lookups.keys().filter(|id| books.listed(**id).is_none()).filter_map(|id| books.account(*id));
    let mut accounts: Vec<&SubAccount> = books.accounts.iter().chain(looked_up).collect();
    accounts.sort_by_key(|account| account.id);
    accounts.dedup_by_key(|account| account.id);
    accounts.into_iter().map(|account| cap(account, books, terms)).collect()
}

fn cap(account: &SubAccount, books: &Books, terms: &Terms) -> Cap {
    let messages = books.usage_line(account.id).map(|line| line.tally.messages);
    let customer_id = terms.customer_of(account.id, &account.name).map(|customer| customer.id.clone());
    let thresholds = customer_id.as_ref().and_then(|id| terms.customer_thresholds.get(id)).unwrap_or(&terms.thresholds);
    let used = i128::from(messages.unwrap_or(0));
    let credit = i128::from(account.monthly_credit);
    Cap {
        account_id: account.id,
        name: account.name.clone(),
        status: account.status.clone(),
        customer_id,
        messages,
        monthly_credit: account.monthly_credit,
        utilisation: (credit > 0).then(|| used * 10_000 / credit),
        level: level(used, credit, thresholds),
    }
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

/// A finding for each cap at the near level or above.
pub fn findings(caps: &[Cap]) -> Vec<Finding> {
    let flagged = |cap: &Cap| {
        let finding = Finding::new(cap.level.code()?, Severity::Warning, message(cap.level))
            .about(cap.account_id, &cap.name)
            .expected_actual(cap.monthly_credit, cap.messages.unwrap_or(0));
        let over = i128::from(cap.messages.unwrap_or(0)) - i128::from(cap.monthly_credit);
        Some(finding.difference(format!("{over:+}"), "messages"))
    };
    caps.iter().filter_map(flagged).collect()
}

fn message(level: Level) -> &'static str {
    match level {
        Level::Exceeded => "usage has reached the monthly cap",
        Level::Critical => "usage is close to the monthly cap (critical level)",
        _ => "usage approaches the monthly cap (near level)",
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
