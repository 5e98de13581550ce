//! Charges: the pooled invoice divided among the buckets, and the buckets gathered into statements.
//!
//! Whatever the terms say, each cent of the pooled invoice is on exactly one line, and each line is on exactly one
//! statement or is a kept line.

mod bounds;
mod divide;
mod removed;

use uuid::Uuid;

use super::books::{Books, Status};
use super::customers::Customer;
use super::dust::Dust;
use super::grade::{Grade, Span};
use super::money::{Amount, Currency, Exact, Minor};
use super::past::Past;
use super::removed::Attribution;
use super::shares::Unshareable;
use super::terms::{Terms, Weights};

use self::bounds::Pool;

pub(crate) use self::divide::{Divided, divide};

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// One sub account.
    SubAccount,
    /// One sub account that was removed in the period.
    Attributed,
    /// The parent account's own usage.
    Parent,
    /// Sub accounts removed in the period, as far as they have no line of their own.
    Removed,
    /// Tax on the invoice, which is not charged on.
    Tax,
    /// What nobody could be charged with.
    Unallocated,
}

impl LineKind {
    /// Whether a line of this kind is charged to whoever owns its account.
    pub fn has_customer(self) -> bool {
        matches!(self, Self::SubAccount | Self::Attributed)
    }

    /// The `line_type` of reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SubAccount => "sub_account",
            Self::Attributed => "attributed",
            Self::Parent => "parent",
            Self::Removed => "removed",
            Self::Tax => "tax",
            Self::Unallocated => "unallocated",
        }
    }
}

/// What the messages of a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Volume {
    low: i64,
    high: i64,
}

impl Volume {
    /// Messages that were seen.
    fn seen(messages: i64) -> Self {
        Self { low: messages, high: messages }
    }
}

/// One line of the chargeback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it stands for.
    pub kind: LineKind,
    /// The account, for sub accounts and the parent.
    pub account_id: Option<Uuid>,
    /// Its name, safe to display.
    pub name: String,
    /// Its status, where the account list or a lookup tells.
    pub status: Option<Status>,
    /// Its cap in messages per month, where known; 0 means uncapped.
    pub monthly_credit: Option<i64>,
    /// Messages in the period, for buckets of usage.
    pub messages: Option<i64>,
    /// The API's allocated cost, for buckets of usage.
    pub allocated_cost: Option<Amount>,
    /// Its share of the pooled invoice.
    pub share: Minor,
    /// What it bears of usage that was spread; negative on the line that was spread.
    pub spread: Minor,
    /// What the customer's markup adds.
    pub markup: Minor,
    /// How the charge is known.
    pub grade: Grade,
    /// What the charge lies between.
    pub span: Span,
    /// What the messages may be, for buckets of usage.
    volume: Option<Volume>,
}

impl Line {
    /// What the line takes from the pooled invoice.
    pub fn cost(&self) -> Minor {
        self.share + self.spread
    }

    /// What the customer is charged.
    pub fn charge(&self) -> Minor {
        self.cost() + self.markup
    }
}

/// One customer's lines, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Who is charged.
    pub customer: Customer,
    /// Where its lines are among all lines.
    pub lines: std::ops::Range<usize>,
    /// Σ messages.
    pub messages: i128,
    /// Σ cost.
    pub cost: Minor,
    /// Σ markup.
    pub markup: Minor,
    /// Σ charge.
    pub charge: Minor,
    /// The worst grade of its lines.
    pub grade: Grade,
    /// Σ of what the charges lie between.
    pub span: Span,
}

/// The amount that is shared.
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
    /// The amount that is shared.
    pub pooled: Pooled,
    /// What it is shared by.
    pub weights: Weights,
    /// Why it could not be shared, if it could not.
    pub unshareable: Option<Unshareable>,
    /// Every line: customers' lines by customer name and id, then account id; after them the kept lines.
    pub lines: Vec<Line>,
    /// One statement per customer, in the order of the lines.
    pub statements: Vec<Statement>,
}

impl Charges {
    /// The lines on no statement.
    pub fn kept(&self) -> impl Iterator<Item = &Line> {
        let start = self.statements.last().map_or(0, |statement| statement.lines.end);
        self.lines.iter().skip(start)
    }

    /// The lines of one statement.
    pub fn lines_of(&self, statement: &Statement) -> &[Line] {
        self.lines.get(statement.lines.clone()).unwrap_or_default()
    }
}

/// Divides the pooled invoice on the given terms. `past` has seen the books.
pub fn charges(books: &Books, terms: &Terms, dust: &Dust, past: &Past, attribution: &Attribution) -> Charges {
    let divided = divide(books, terms, dust, attribution);
    let pool = Pool::of(books, &divided, past);
    let Divided { pooled, unshareable, mut lines, .. } = divided;
    for line in &mut lines {
        pool.bound(line);
    }
    let (lines, statements) = gather(lines, terms);
    Charges { currency: books.usage.currency, pooled, weights: terms.weights, unshareable, lines, statements }
}

fn bucket_lines(books: &Books) -> Vec<Line> {
    let usage = &books.usage;
    let mut lines = Vec::with_capacity(usage.sub_accounts.len() + 4);
    lines.extend(usage.sub_accounts.iter().map(|usage_line| {
        let account = books.account(usage_line.account_id);
        Line {
            account_id: Some(usage_line.account_id),
            status: account.map(|account| account.status.clone()),
            monthly_credit: account.map(|account| account.monthly_credit),
            messages: Some(usage_line.tally.messages),
            volume: Some(Volume::seen(usage_line.tally.messages)),
            allocated_cost: Some(usage_line.tally.cost),
            ..amount_line(LineKind::SubAccount, &usage_line.name)
        }
    }));
    for (kind, name, account_id, tally) in [
        (LineKind::Parent, "Parent account", Some(usage.parent_id), usage.parent),
        (LineKind::Removed, "Removed sub accounts", None, usage.removed),
    ] {
        let (messages, allocated_cost) = (Some(tally.messages), Some(tally.cost));
        let volume = Some(Volume::seen(tally.messages));
        lines.push(Line { account_id, messages, allocated_cost, volume, ..amount_line(kind, name) });
    }
    lines
}

fn amount_line(kind: LineKind, name: &str) -> Line {
    Line {
        kind,
        account_id: None,
        name: name.to_owned(),
        status: None,
        monthly_credit: None,
        messages: None,
        allocated_cost: None,
        share: Minor::ZERO,
        spread: Minor::ZERO,
        markup: Minor::ZERO,
        grade: Grade::Observed,
        span: Span::default(),
        volume: None,
    }
}

/// Orders the lines, adds markups, and puts each customer's lines onto its statement.
fn gather(lines: Vec<Line>, terms: &Terms) -> (Vec<Line>, Vec<Statement>) {
    let (mut owned, mut kept) = (Vec::with_capacity(lines.len()), Vec::new());
    let mut last: Option<(Uuid, String)> = None;
    for mut line in lines {
        let account = line.account_id.filter(|_| line.kind.has_customer());
        // an account with several usage lines, which come one after the other, is still one customer with one name
        if let Some(id) = account.filter(|id| last.as_ref().is_none_or(|(last, _)| last != id)) {
            last = Some((id, line.name.clone()));
        }
        let name = last.as_ref().map_or("", |(_, name)| name);
        match account.and_then(|id| terms.customer_of(id, name)) {
            Some(customer) => {
                let marked_up = |cost: Minor| cost + cost.percent(customer.markup_percent);
                line.markup = line.cost().percent(customer.markup_percent);
                line.span = Span::around(line.charge(), marked_up(line.span.low), marked_up(line.span.high));
                owned.push((customer, line));
            }
            None => kept.push(line),
        }
    }
    owned.sort_by(|(a, x), (b, y)| (&a.name, &a.id, x.account_id).cmp(&(&b.name, &b.id, y.account_id)));
    kept.sort_by_key(|line| (line.kind, line.account_id));
    let mut statements: Vec<Statement> = Vec::new();
    let mut ordered = Vec::with_capacity(owned.len() + kept.len());
    for (index, (customer, line)) in owned.into_iter().enumerate() {
        if statements.last().is_none_or(|last| last.customer.id != customer.id) {
            let empty = Minor::ZERO;
            let customer = customer.into_owned();
            let lines = index..index;
            let (grade, span) = (Grade::Observed, Span::default());
            let (cost, markup, charge) = (empty, empty, empty);
            statements.push(Statement { customer, lines, messages: 0, cost, markup, charge, grade, span });
        }
        if let Some(statement) = statements.last_mut() {
            statement.lines.end = index + 1;
            statement.messages += i128::from(line.messages.unwrap_or(0));
            statement.cost += line.cost();
            statement.markup += line.markup;
            statement.charge += line.charge();
            statement.grade = statement.grade.max(line.grade);
            statement.span += line.span;
        }
        ordered.push(line);
    }
    ordered.append(&mut kept);
    (ordered, statements)
}

/// The sums of the control sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proof {
    /// Σ messages of all statements and kept lines.
    pub messages: i128,
    /// Σ cost of the statements alone.
    pub statements: Minor,
    /// Σ cost.
    pub cost: Minor,
    /// Σ markup.
    pub markup: Minor,
    /// Σ charge.
    pub charge: Minor,
    /// Σ cost − pooled invoice: zero, or it is our own defect.
    pub difference: Minor,
}

impl Charges {
    /// Adds up every statement and kept line, as a reader of the control sheet would.
    pub fn proof(&self) -> Proof {
        let mut proof = Proof::default();
        let statements = self.statements.iter().map(|s| (s.messages, s.cost, s.markup, s.charge));
        let kept = self.kept().map(|l| (l.messages.unwrap_or(0).into(), l.cost(), l.markup, l.charge()));
        proof.statements = self.statements.iter().map(|statement| statement.cost).sum();
        for (messages, cost, markup, charge) in statements.chain(kept) {
            proof.messages += messages;
            proof.cost += cost;
            proof.markup += markup;
            proof.charge += charge;
        }
        proof.difference = proof.cost - self.pooled.minor;
        proof
    }
}

#[cfg(test)]
mod tests;
