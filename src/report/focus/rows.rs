//! The rows of the dataset: the API's buckets, and what the invoice is more than they come to.

use uuid::Uuid;

use crate::billing::books::Tally;
use crate::billing::invoice::Bridge;
use crate::billing::ledger::Ledger;
use crate::billing::money::Exact;

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The parent account's own usage.
    Parent,
    /// One sub account's.
    SubAccount,
    /// That of all sub accounts removed in the period, together.
    Removed,
    /// What the API's total is more than its parts.
    Difference,
    /// Classes of the invoice, and what else it is more than the API's total.
    Tax,
    Credit,
    AddOn,
    Tail,
    Rounding,
    Rest,
}

impl Kind {
    /// Every kind: a kind's texts are at its place in here.
    pub(super) const ALL: [Self; 10] = [
        Self::Parent,
        Self::SubAccount,
        Self::Removed,
        Self::Difference,
        Self::Tax,
        Self::Credit,
        Self::AddOn,
        Self::Tail,
        Self::Rounding,
        Self::Rest,
    ];

    /// `x_AllocationRowType`
    pub(super) fn row_type(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::SubAccount => "sub_account",
            Self::Removed => "removed_sub_accounts",
            Self::Difference => "difference",
            Self::Tax => "tax",
            Self::Credit => "credit",
            Self::AddOn => "add_on",
            Self::Tail => "tail",
            Self::Rounding => "rounding",
            Self::Rest => "rest",
        }
    }

    /// `ChargeCategory`. The tail is no `Usage`: that would need a quantity, and nobody has counted it.
    pub(super) fn category(self) -> &'static str {
        match self {
            Self::Parent | Self::SubAccount | Self::Removed => "Usage",
            Self::Tax => "Tax",
            Self::Credit => "Credit",
            Self::AddOn => "Purchase",
            Self::Difference | Self::Tail | Self::Rounding | Self::Rest => "Adjustment",
        }
    }

    /// `ChargeFrequency`
    pub(super) fn frequency(self) -> &'static str {
        if self.is_usage() { "Usage-Based" } else { "One-Time" }
    }

    /// `ChargeDescription`
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Parent => "Email sent by the parent account: its allocated share of the pooled invoice",
            Self::SubAccount => "Email sent by a sub account: its allocated share of the pooled invoice",
            Self::Removed => "Email sent by sub accounts that were removed in the period: their allocated share",
            Self::Difference => "What the total is more, or less, than the allocated shares come to",
            Self::Tax => "Tax on the invoice",
            Self::Credit => "Credit on the invoice",
            Self::AddOn => "Add-ons on the invoice, beyond the pooled usage",
            Self::Tail => "Usage after the last reading in the period, as far as the invoice asks for it",
            Self::Rounding => "Rounding of the invoice",
            Self::Rest => "What the invoice is more, or less, than anything explains",
        }
    }

    /// Whether the API has counted messages for it.
    pub(super) fn is_usage(self) -> bool {
        self.category() == "Usage"
    }
}

/// A row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'l> {
    pub(super) kind: Kind,
    /// Id and name of a sub account.
    pub(super) sub_account: Option<(Uuid, &'l str)>,
    /// Messages, on rows of usage.
    pub(super) messages: Option<i64>,
    /// What it adds to the invoice.
    pub(super) cost: Exact,
}

/// The API's buckets, each of them, then what there is beyond them. The costs sum to the pooled invoice exactly.
pub(super) fn rows(ledger: &Ledger) -> Vec<Row<'_>> {
    let books = &ledger.books;
    let usage = &books.usage;
    let bucket = |kind, sub_account, tally: Tally| {
        let (messages, cost) = (Some(tally.messages), tally.cost.exact());
        Row { kind, sub_account, messages, cost }
    };
    let mut rows = Vec::with_capacity(usage.sub_accounts.len() + 2);
    rows.push(bucket(Kind::Parent, None, usage.parent));
    let named = |name, id| Some((id, name));
    rows.extend(
        usage
            .sub_accounts
            .iter()
            .map(|line| bucket(Kind::SubAccount, named(line.name.as_ref(), line.account_id), line.tally)),
    );
    rows.push(bucket(Kind::Removed, None, usage.removed));
    let mut beyond = vec![(Kind::Difference, books.cost_beyond_parts())];
    if let Some(Bridge { tax, credit, add_on, tail, rounding, rest, .. }) = ledger.charges.bridge {
        beyond.extend([
            (Kind::Tax, tax),
            (Kind::Credit, credit),
            (Kind::AddOn, add_on),
            (Kind::Tail, tail),
            (Kind::Rounding, rounding),
            (Kind::Rest, rest),
        ]);
    }
    beyond.retain(|(_, cost)| !cost.is_zero());
    rows.extend(beyond.into_iter().map(|(kind, cost)| Row { kind, sub_account: None, messages: None, cost }));
    rows
}
