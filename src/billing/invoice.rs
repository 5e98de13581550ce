//! The invoice as finance has it, and the bridge to it from the API's total: declared classes, the tail, rounding, and
//! what nobody has explained.

use super::books::Books;
use super::money::{Amount, Currency, Exact, Minor};
use super::tail::Tail;

/// The invoice as finance entered it. All amounts are in major units and signed as printed on the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceEntry {
    /// The invoice's number; may be empty while the period is open.
    pub number: String,
    /// The amount to pay, everything included.
    pub amount: Amount,
    /// Tax in the amount.
    pub tax: Amount,
    /// Credits in the amount: zero or negative.
    pub credit: Amount,
    /// Add-ons in the amount that the API's total does not know.
    pub add_on: Amount,
    /// The currency, where it was entered.
    pub currency: Option<Currency>,
}

impl InvoiceEntry {
    /// An invoice without number, tax, credits and add-ons.
    pub fn of(amount: Amount) -> Self {
        let zero = Amount::ZERO;
        Self { number: String::new(), amount, tax: zero, credit: zero, add_on: zero, currency: None }
    }
}

/// A class of what an invoice is more, or less, than the API's total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Tax, as declared.
    Tax,
    /// Credits, as declared.
    Credit,
    /// Add-ons, as declared.
    AddOn,
    /// What nothing explains.
    Rest,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Tax, Self::Credit, Self::AddOn, Self::Rest];

    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tax => "tax",
            Self::Credit => "credit",
            Self::AddOn => "add_on",
            Self::Rest => "rest",
        }
    }

    /// The name on a line of its own.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tax => "Tax",
            Self::Credit => "Credit",
            Self::AddOn => "Add-on",
            Self::Rest => "Unexplained rest",
        }
    }
}

/// What becomes of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It is shared together with the usage, by volume.
    Spread,
    /// It stays on a line of its own, which nobody is charged with.
    Keep,
    /// It is no cost: the control sheet has it, and no line of the chargeback.
    LeaveOut,
}

impl Policy {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spread => "spread",
            Self::Keep => "keep",
            Self::LeaveOut => "leave-out",
        }
    }
}

/// The policy of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// Of tax.
    pub tax: Policy,
    /// Of credits.
    pub credit: Policy,
    /// Of add-ons.
    pub add_on: Policy,
    /// Of what nothing explains.
    pub rest: Policy,
}

impl Default for Policies {
    /// Tax can mostly be reclaimed, and nobody is charged with what nobody can explain.
    fn default() -> Self {
        Self { tax: Policy::LeaveOut, credit: Policy::Spread, add_on: Policy::Spread, rest: Policy::Keep }
    }
}

impl Policies {
    /// The policy of one class.
    pub fn of(&self, class: Class) -> Policy {
        match class {
            Class::Tax => self.tax,
            Class::Credit => self.credit,
            Class::AddOn => self.add_on,
            Class::Rest => self.rest,
        }
    }
}

/// From the API's total to the invoice. The parts sum to the invoice exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bridge {
    /// The API's total.
    pub api_total: Exact,
    /// Tax, as declared.
    pub tax: Exact,
    /// Credits, as declared.
    pub credit: Exact,
    /// Add-ons, as declared.
    pub add_on: Exact,
    /// What the unseen tail is likely to have brought, as far as the invoice asks for it.
    pub tail: Exact,
    /// Less than a minor unit, by which totals and invoices are rounded.
    pub rounding: Exact,
    /// What nothing explains.
    pub rest: Exact,
    /// The invoice.
    pub invoice: Exact,
}

impl Bridge {
    /// Explains an invoice: what the declared classes leave is rounding if it vanishes in minor units, else it is the
    /// tail's as far as the tail can have brought it, and the rest has no explanation.
    pub fn of(books: &Books, entry: &InvoiceEntry, tail: Option<&Tail>) -> Self {
        let currency = books.usage.currency;
        let api_total = books.usage.total.cost.exact();
        let [tax, credit, add_on, invoice] = [entry.tax, entry.credit, entry.add_on, entry.amount].map(Amount::exact);
        let declared = api_total + tax + credit + add_on;
        let left = invoice - declared;
        let bridge = Self {
            api_total,
            tax,
            credit,
            add_on,
            tail: Exact::ZERO,
            rounding: Exact::ZERO,
            rest: Exact::ZERO,
            invoice,
        };
        if currency.round(declared) == currency.round(invoice) {
            return Self { rounding: left, ..bridge };
        }
        let cost = tail.filter(|tail| !tail.length().is_zero()).map(|tail| tail.cost);
        // an estimate in whole minor units: more digits would feign what nobody knows
        let seen = cost.map_or(Exact::ZERO, |cost| left.clamp(Exact::ZERO, currency.rounded_up(cost.high)));
        let rest = left - seen;
        // beside a tail, less than a minor unit is no question to anybody
        if currency.round(rest) == Minor::ZERO {
            return Self { tail: seen, rounding: rest, ..bridge };
        }
        Self { tail: seen, rest, ..bridge }
    }

    /// A class in whole minor units.
    pub fn of_class(&self, class: Class, currency: Currency) -> Minor {
        currency.round(match class {
            Class::Tax => self.tax,
            Class::Credit => self.credit,
            Class::AddOn => self.add_on,
            Class::Rest => self.rest,
        })
    }

    /// What the declared classes, the tail and rounding explain.
    pub fn explained(&self) -> Exact {
        self.invoice - self.rest
    }
}
