//! Statements: one customer's lines, with their sums.
//!
//! A statement is a view of its lines, added up where it is asked for: what is kept of it is where its lines end, and whose
//! they are unless they say so themselves.

use std::borrow::Cow;
use std::ops::Range;

use uuid::Uuid;

use super::super::customers::{Customer, Pricing};
use super::super::grade::{Grade, Span};
use super::super::money::Minor;
use super::{Charges, Line, LineKind};

/// Who is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer<'c> {
    /// A customer of the customer map.
    Customer(&'c Customer),
    /// A sub account that is its own customer.
    Account {
        /// Its id, which is the customer's.
        id: Uuid,
        /// Its name, safe to display.
        name: &'c str,
        /// What everybody is charged beyond its cost.
        pricing: &'c Pricing,
    },
}

impl<'c> Payer<'c> {
    /// The customer's id.
    pub fn id(&self) -> Cow<'c, str> {
        match self {
            Self::Customer(customer) => Cow::Borrowed(&customer.id),
            Self::Account { id, .. } => Cow::Owned(id.to_string()),
        }
    }

    /// Its name, safe to display.
    pub fn name(&self) -> &'c str {
        match self {
            Self::Customer(customer) => &customer.name,
            Self::Account { name, .. } => name,
        }
    }

    /// Where its charge is booked; may be empty.
    pub fn cost_center(&self) -> &'c str {
        match self {
            Self::Customer(customer) => &customer.cost_center,
            Self::Account { .. } => "",
        }
    }

    /// What it is charged beyond its cost.
    pub fn pricing(&self) -> &'c Pricing {
        match self {
            Self::Customer(customer) => &customer.pricing,
            Self::Account { pricing, .. } => pricing,
        }
    }

    /// The same as a customer.
    pub fn to_customer(&self) -> Customer {
        match self {
            Self::Customer(customer) => (*customer).clone(),
            Self::Account { id, name, pricing } => Customer::of_account(*id, &(*name).into(), **pricing),
        }
    }

    /// Whether the customer has this id.
    pub fn has_id(&self, customer_id: &str) -> bool {
        self.id() == customer_id
    }
}

/// One customer's lines, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'c> {
    /// Who is charged.
    pub payer: Payer<'c>,
    /// Where its lines are among all lines.
    pub lines: Range<usize>,
    /// What they come to.
    pub sums: Sums,
}

/// What the lines of a statement come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Σ messages.
    pub messages: i128,
    /// Σ cost.
    pub cost: Minor,
    /// Σ markup.
    pub markup: Minor,
    /// Σ fees and minimums.
    pub fee: Minor,
    /// Σ charge.
    pub charge: Minor,
    /// The worst grade of the lines.
    pub grade: Grade,
    /// What the sum of the charges lies between.
    pub span: Span,
}

impl Sums {
    /// What these lines come to.
    pub(super) fn of<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Self {
        let mut sums = Self::default();
        lines.into_iter().for_each(|line| sums.add(line));
        sums
    }

    /// What of the charge is beyond the cost.
    pub fn margin(&self) -> Minor {
        self.markup + self.fee
    }

    /// Adds the next line of a statement; a minimum is its last.
    pub(super) fn add(&mut self, line: &Line) {
        self.messages += i128::from(line.messages.unwrap_or(0));
        self.cost += line.cost();
        self.markup += line.markup;
        self.fee += line.fee();
        self.charge += line.charge();
        self.grade = self.grade.max(line.grade);
        if line.kind == LineKind::Minimum {
            // the more the usage costs, the less is added to it
            let Span { low, high } = line.span();
            self.span = Span { low: self.span.low + high, high: self.span.high + low };
        } else {
            self.span += line.span();
        }
    }
}

/// Where a statement's lines end, and whose it is: nothing for a sub account that is its own customer, of which its first
/// line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) customer: Option<Box<Customer>>,
    pub(super) end: usize,
}

impl Charges {
    /// One statement per customer, in the order of the lines.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = Statement<'_>> + Clone {
        (0..self.bills.len()).map(|place| self.statement_at(place))
    }

    /// The statement at a place among all.
    pub fn statement(&self, place: usize) -> Option<Statement<'_>> {
        (place < self.bills.len()).then(|| self.statement_at(place))
    }

    /// The statement of the customer with an id.
    pub fn statement_of(&self, customer_id: &str) -> Option<Statement<'_>> {
        let place = (0..self.bills.len()).find(|place| self.payer_at(*place).has_id(customer_id))?;
        self.statement(place)
    }

    /// Where the lines of the statement at a place are.
    fn place_of_lines(&self, place: usize) -> Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.bills[before].end);
        start..self.bills[place].end
    }

    fn payer_at(&self, place: usize) -> Payer<'_> {
        let first = self.lines[self.place_of_lines(place)].first();
        match &self.bills[place].customer {
            Some(customer) => Payer::Customer(customer),
            None => Payer::Account {
                id: first.and_then(|line| line.account_id).unwrap_or_default(),
                name: first.map_or("", |line| &line.name),
                pricing: &self.pricing,
            },
        }
    }

    fn statement_at(&self, place: usize) -> Statement<'_> {
        let lines = self.place_of_lines(place);
        Statement { payer: self.payer_at(place), sums: Sums::of(&self.lines[lines.clone()]), lines }
    }

    /// The lines of one statement.
    pub fn lines_of(&self, statement: &Statement<'_>) -> &[Line] {
        self.lines.get(statement.lines.clone()).unwrap_or_default()
    }

    /// Who is charged for each of these lines; nobody for those that are kept.
    pub fn payers(&self, lines: Range<usize>) -> impl Iterator<Item = Option<Payer<'_>>> {
        let mut place = self.bills.partition_point(|bill| bill.end <= lines.start);
        lines.map(move |line| {
            while self.bills.get(place)?.end <= line {
                place += 1;
            }
            Some(self.payer_at(place))
        })
    }

    /// How many lines are on statements: the first ones.
    pub(super) fn charged_count(&self) -> usize {
        self.bills.last().map_or(0, |bill| bill.end)
    }

    /// The lines on no statement.
    pub fn kept(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().skip(self.charged_count())
    }

    /// The statements with the highest charges, the highest first, and what all others are charged.
    pub fn largest(&self, count: usize) -> (Vec<Statement<'_>>, Others) {
        let mut ordered: Vec<(std::cmp::Reverse<Minor>, usize)> = self
            .statements()
            .enumerate()
            .map(|(place, statement)| (std::cmp::Reverse(statement.sums.charge), place))
            .collect();
        ordered.sort();
        let (largest, rest) = ordered.split_at(count.min(ordered.len()));
        let mut others = Others { count: rest.len(), ..Others::default() };
        for (_, place) in rest {
            let sums = self.statement_at(*place).sums;
            others.messages += sums.messages;
            others.charge += sums.charge;
        }
        (largest.iter().map(|(_, place)| self.statement_at(*place)).collect(), others)
    }
}

/// Statements that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Others {
    /// How many there are.
    pub count: usize,
    /// Σ messages.
    pub messages: i128,
    /// Σ charge.
    pub charge: Minor,
}
