//! Findings: checked facts that are not as they should be. A finding is data, never an error.

use std::fmt;

use uuid::Uuid;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The books do not balance, or cannot be trusted: exit 10.
    Error,
    /// Someone should look at it.
    Warning,
    /// Worth knowing; explained, or without effect on money.
    Note,
}

impl Severity {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident $text:literal $tip:literal)+) => {
        /// The stable codes of findings, in the order in which reports list them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as outputs spell it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// What to do about it.
            pub fn tip(self) -> &'static str {
                match self { $(Self::$variant => $tip,)+ }
            }
        }
    };
}

codes! {
    /// parent + sub accounts + removed differs from the total, in messages
    CountSum "count-sum" "ask AhaSend which bucket is wrong before paying; the archived capture is the evidence"
    /// parent + sub accounts + removed differs from the total, in cost
    CostSum "cost-sum" "compare with the `proportional` findings; if none names a line, a bucket is missing or the total is wrong"
    /// an allocated cost is not total cost × messages ÷ total messages
    Proportional "proportional" "quote this line and the capture to AhaSend; the charge follows the cost as sent"
    /// the invoice that finance entered differs from the API's total
    Invoice "invoice" "declare tax, credits and add-ons with the invoice; query any rest with AhaSend"
    /// there is an amount to share but nothing to share it by
    Unallocated "unallocated" "the amount is kept on a line of its own; decide by hand who bears it"
    /// the statements and kept lines do not sum to the pooled invoice
    Statements "statements" "this is a defect of subledger: do not send the statements, and report it"
    /// the allocation method is not `proportional`
    Method "method" "check AhaSend's release notes: shares may no longer follow message volume"
    /// the currency is not the expected one
    Currency "currency" "correct `currency` in the configuration, or ask AhaSend why it changed"
    /// the billing period is impossible, or the capture was taken outside it
    Period "period" "check this machine's clock; right after a roll-over, capture again"
    /// an account is listed twice, or does not belong to the parent account
    Identity "identity" "check the account id and the key in the configuration"
    /// a count or cost is below zero
    Negative "negative" "ask AhaSend about the line; nothing negative can be shared by volume"
    /// a figure went down that only ever grows within a period
    Restated "restated" "ask AhaSend what was corrected; both captures are in the archive, and bounds of removed usage are wider now"
    /// nights, captures or periods that are missing
    Gap "gap" "totals go on, so no message is lost; see why no run secured a capture, and run several times a night"
    /// the end of a billing period that went unseen for longer than is allowed
    Tail "tail" "compare with the real invoice before closing; `subledger capture --until-close` takes the last moment next time"
    /// cost without messages, or messages without cost
    ZeroCost "zero-cost" "check the plan: an account without messages should cost nothing, and the reverse"
    /// usage without an entry in the account list
    Unlisted "unlisted" "the account appeared or vanished during the capture; the next capture should settle it"
    /// an entry in the account list without usage
    Unbilled "unbilled" "usual for idle accounts if AhaSend leaves out rows without usage; otherwise ask why it is not billed"
    /// a sub account that no customer in the customer map owns
    Unmapped "unmapped" "add the sub account to the customer map; until then its charge stays on a line of its own"
    /// usage has reached the near level of the cap
    CapNear "cap-near" "tell the customer, or raise `monthly_credit`"
    /// usage has reached the critical level of the cap
    CapCritical "cap-critical" "raise `monthly_credit` now, or warn the customer that mail will stop"
    /// usage has reached the cap
    CapExceeded "cap-exceeded" "mail of this sub account is probably being refused: raise `monthly_credit` or agree on the stop"
    /// usage is above the cap
    CapAbove "cap-above" "raise `monthly_credit`, or ask AhaSend whether the cap stops anything"
    /// the count stands still at the cap
    CapStopped "cap-stopped" "mail is probably being refused: raise `monthly_credit`, or tell the customer"
    /// the cap was taken away
    CapLifted "cap-lifted" "nothing limits this sub account any more: set `monthly_credit` again unless that was intended"
    /// the cap was changed
    CapChanged "cap-changed" "nothing to do if somebody meant it"
    /// amounts with more decimals than the Parquet files carry
    Precision "precision" "read the CSV where the last decimals matter; write fees with the decimals of the currency"
    /// fields or values that this version does not know
    Drift "drift" "look for a newer version of subledger; the archive keeps the whole answer"
}

impl Code {
    /// Whether it is about how much of a cap is used, of which reports have a table.
    pub fn is_of_cap_use(self) -> bool {
        matches!(self, Self::CapNear | Self::CapCritical | Self::CapExceeded | Self::CapAbove | Self::CapStopped)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The sub account that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub account_id: Uuid,
    /// Its name, safe to display.
    pub name: String,
}

/// What a finding says is there where nothing is.
pub const NONE: &str = "none";

/// One finding. Numbers are exact digits; `unit` says of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The sub account, where it is about one.
    pub subject: Option<Subject>,
    /// What happened, in one sentence without names or numbers that other fields carry.
    pub message: String,
    /// What should be there.
    pub expected: Option<String>,
    /// What is there.
    pub actual: Option<String>,
    /// actual − expected, with sign, where both are numbers.
    pub difference: Option<String>,
    /// What the numbers count: `messages`, `amounts`, or a currency by its code.
    pub unit: Option<String>,
}

impl Finding {
    /// A finding with nothing but a message.
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, severity, subject: None, message, expected: None, actual: None, difference: None, unit: None }
    }

    /// Adds the sub account it is about.
    #[must_use]
    pub fn about(mut self, account_id: Uuid, name: &str) -> Self {
        self.subject = Some(Subject { account_id, name: name.to_owned() });
        self
    }

    /// Adds what should be and what is, as texts.
    #[must_use]
    pub fn expected_actual(mut self, expected: impl fmt::Display, actual: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self.actual = Some(actual.to_string());
        self
    }

    /// Adds the signed difference and the unit of all three.
    #[must_use]
    pub fn difference(mut self, difference: impl fmt::Display, unit: &str) -> Self {
        self.difference = Some(difference.to_string());
        self.unit = Some(unit.to_owned());
        self
    }
}
