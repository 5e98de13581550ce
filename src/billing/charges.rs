//! Charges: the pooled invoice divided among the buckets, and the buckets gathered into statements.
//!
//! Whatever the terms say, each cent of the pooled invoice is on exactly one line or in a class that is left out, and each
//! line is on exactly one statement or is a kept line.

mod bounds;
mod buckets;
mod divide;
mod gather;
mod line;
mod moved;
mod proof;
mod removed;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::caps::{Cap, CapUse, caps};
use super::customers::{Effective, Pricing};
use super::invoice::{Bridge, Class};
use super::money::{Currency, Exact, Minor};
use super::past::Past;
use super::shares::Unshareable;
use super::terms::Weights;

use self::bounds::Pool;
use self::line::Volume;
use self::statement::Bill;

pub use self::line::{Held, Line};
pub use self::proof::Proof;
pub use self::statement::{Others, Payer, Statement, Sums};

pub(crate) use self::buckets::bucket_lines;
pub(crate) use self::divide::{Divided, Inputs, Source, divide};

/// The name of a line of a fixed fee.
pub const FEE_NAME: &str = "Monthly fee";
/// The name of a line that tops a customer's charges up to its minimum.
pub const MINIMUM_NAME: &str = "Minimum charge";

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// One sub account.
    SubAccount,
    /// One sub account that was removed in the period.
    Attributed,
    /// A customer's fixed fee.
    Fee,
    /// What a customer's charges lack to its minimum.
    Minimum,
    /// The parent account's own usage.
    Parent,
    /// Sub accounts removed in the period, as far as they have no line of their own.
    Removed,
    /// A class of what the invoice is more than the API's total.
    Class(Class),
    /// What nobody could be charged with.
    Unallocated,
}

impl LineKind {
    /// Whether a line of this kind is of usage that is charged to whoever owns its account.
    pub fn has_customer(self) -> bool {
        matches!(self, Self::SubAccount | Self::Attributed)
    }

    /// Whether a line of this kind is charged beyond any usage.
    pub fn is_fee(self) -> bool {
        matches!(self, Self::Fee | Self::Minimum)
    }

    /// The `line_type` of reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SubAccount => "sub_account",
            Self::Attributed => "attributed",
            Self::Fee => "fee",
            Self::Minimum => "minimum",
            Self::Parent => "parent",
            Self::Removed => "removed",
            Self::Class(class) => class.as_str(),
            Self::Unallocated => "unallocated",
        }
    }
}

/// What the parent account owes for the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooled {
    /// As entered by finance, else the API's total; in major units.
    pub exact: Exact,
    /// The same in whole minor units.
    pub minor: Minor,
    /// Whether finance entered it.
    pub entered: bool,
}

/// The charges of one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charges {
    /// The currency of everything here.
    pub currency: Currency,
    /// The pooled invoice.
    pub pooled: Pooled,
    /// How it comes from the API's total; nothing if nobody entered an invoice.
    pub bridge: Option<Bridge>,
    /// Classes of it that no line is made of.
    pub left_out: Vec<(Class, Minor)>,
    /// What it is shared by.
    pub weights: Weights,
    /// Why it could not be shared, if it could not.
    pub unshareable: Option<Unshareable>,
    /// Every line: customers' lines by customer name and id, then account id; after them the kept lines.
    pub lines: Vec<Line>,
    /// Which of them are whose.
    bills: Vec<Bill>,
    /// What accounts that are their own customers are charged beyond their cost.
    pricing: Pricing,
}

impl Charges {
    /// Lines of accounts that nobody owned on some days of the period, though somebody did on others, with those days: what
    /// was used then, and what nobody owns by now.
    pub fn unheld(&self) -> impl Iterator<Item = (&Line, Effective)> {
        self.kept().filter_map(|line| {
            let held = line.held()?;
            let is_used = line.messages != Some(0) || line.cost() != Minor::ZERO;
            (is_used || (held.is_last && line.kind == LineKind::SubAccount)).then_some((line, held.days))
        })
    }

    /// Σ of the magnitudes of all charges: no sum over lines, of whatever column and in whatever order, is larger.
    pub fn magnitude(&self) -> i128 {
        let largest = |line: &Line| {
            let parts = [line.share, line.spread(), line.cost(), line.markup, line.fee(), line.charge(), line.margin()];
            parts.iter().map(|part| part.0.abs()).max().unwrap_or(0)
        };
        self.lines.iter().map(largest).sum()
    }

    /// What is charged for each sub account that was removed, by whomever.
    pub fn of_removed(&self) -> BTreeMap<Uuid, Minor> {
        let mut charges = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.kind == LineKind::Attributed) {
            if let Some(id) = line.account_id {
                *charges.entry(id).or_default() += line.charge();
            }
        }
        charges
    }

    /// How many sub accounts are on statements, each once.
    pub fn charged_accounts(&self) -> usize {
        let owned = self.lines.iter().take(self.charged_count());
        let owned = owned.filter(|line| line.kind.has_customer());
        let held = owned.clone().filter(|line| line.held().is_some()).filter_map(|line| line.account_id);
        owned.filter(|line| line.held().is_none()).count() + held.collect::<BTreeSet<Uuid>>().len()
    }
}

/// Divides the pooled invoice among the lines of [`bucket_lines`] on the given terms. `past` has seen the books.
pub(super) fn charges(lines: Vec<Line>, inputs: &Inputs<'_>, past: &Past) -> Charges {
    let Inputs { books, terms, bridge, .. } = *inputs;
    let divided = divide(lines, inputs);
    let pool = Pool::of(books, &divided, past);
    let Divided { pooled, left_out, unshareable, mut lines, sources, shared, .. } = divided;
    // how it was divided is for explanations, which divide again
    drop((sources, shared));
    let mut caps = caps(books, past).peekable();
    for line in &mut lines {
        let cap = line.account_id.and_then(|id| match line.kind {
            // these are in the order of the accounts
            LineKind::SubAccount => {
                while caps.next_if(|cap| cap.account.id < id).is_some() {}
                caps.peek().filter(|cap| cap.account.id == id).map(Cap::usage)
            }
            _ => CapUse::of_account(id, books, past),
        });
        line.set_cap(cap);
        pool.bound(line);
    }
    let (lines, bills) = gather::gather(lines, inputs);
    let (currency, weights, pricing) = (books.usage.currency, terms.weights, terms.pricing);
    Charges { currency, pooled, bridge: bridge.copied(), left_out, weights, unshareable, lines, bills, pricing }
}

#[cfg(test)]
mod tests;
