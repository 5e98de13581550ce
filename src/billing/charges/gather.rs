//! Lines gathered into statements, with what each customer is charged beyond its cost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::customers::{Customer, Pricing};
use super::super::grade::{Grade, Span};
use super::super::money::{Currency, Exact, Minor, RoundingRule};
use super::super::removed::{Gone, Part};
use super::{FEE_NAME, Inputs, Line, LineKind, MINIMUM_NAME, Statement, amount_line};

/// Orders the lines, adds markups, fees and minimums, and puts each customer's lines onto its statement.
pub(super) fn gather(lines: Vec<Line>, inputs: &Inputs<'_>) -> (Vec<Line>, Vec<Statement>) {
    let rule = inputs.terms.rounding;
    let (mut owned, mut kept) = (Vec::with_capacity(lines.len()), Vec::new());
    let mut last = None;
    for mut line in lines {
        match owner(&line, inputs, &mut last) {
            Some(customer) => {
                mark_up(&mut line, customer.pricing.markup_percent, rule);
                owned.push((inputs.billed_as(customer), line));
            }
            None => kept.push(line),
        }
    }
    add_fees(&mut owned, inputs);
    owned.sort_by(|(a, x), (b, y)| {
        let order = |line: &Line| (line.kind.is_fee(), line.kind.is_fee().then_some(line.kind), line.account_id);
        (&a.name, &a.id, order(x)).cmp(&(&b.name, &b.id, order(y)))
    });
    kept.sort_by_key(|line| (line.kind, line.account_id));
    let (mut ordered, statements) = statements(owned, inputs.books.usage.currency, rule);
    ordered.append(&mut kept);
    (ordered, statements)
}

/// Who is charged for a line. An account with several usage lines, which come one after the other, is still one customer
/// with one name.
fn owner<'i>(line: &Line, inputs: &Inputs<'i>, last: &mut Option<(Uuid, String)>) -> Option<Cow<'i, Customer>> {
    let id = line.account_id.filter(|_| line.kind.has_customer())?;
    if let Some(held) = &line.held {
        return held.owner.clone().map(Cow::Owned);
    }
    if last.as_ref().is_none_or(|(last, _)| *last != id) {
        *last = Some((id, line.name.clone()));
    }
    let name = last.as_ref().map_or("", |(_, name)| name);
    inputs.terms.customer_of(id, name, inputs.books.as_of())
}

fn mark_up(line: &mut Line, percent: rust_decimal::Decimal, rule: RoundingRule) {
    let marked_up = |cost: Minor| cost + cost.percent(percent, rule);
    line.markup_percent = Some(percent);
    line.markup = line.cost().percent(percent, rule);
    line.span = Span::around(line.charge(), marked_up(line.span.low), marked_up(line.span.high));
}

impl<'i> Inputs<'i> {
    /// A customer as its statement names it: as the customer map has it last in the period so far.
    fn billed_as(&self, customer: Cow<'i, Customer>) -> Cow<'i, Customer> {
        let map = self.terms.customers.as_ref();
        map.and_then(|map| map.customer_in(&customer.id, self.terms.judged(self.books))).map_or(customer, Cow::Borrowed)
    }
}

/// Adds the lines of fixed fees and minimums: for each customer that has a sub account in the period, used or not, removed
/// or not.
fn add_fees<'i>(owned: &mut Vec<(Cow<'i, Customer>, Line)>, inputs: &Inputs<'i>) {
    let Inputs { books, terms, moves, attribution, .. } = *inputs;
    let has_fee = |pricing: &Pricing| !pricing.monthly_fee.is_zero() || pricing.minimum_charge > Exact::ZERO;
    let is_any = match &terms.customers {
        Some(map) => map.customers().any(|customer| has_fee(&customer.pricing)),
        None => has_fee(&terms.pricing),
    };
    if !is_any {
        return;
    }
    let used = owned.iter().map(|(customer, _)| customer.clone());
    // whoever had an account for a part of the period has had it in the period
    let owners = |id: Uuid, name: &str| -> Vec<Cow<'i, Customer>> {
        match moves.get(&id) {
            Some(stretches) => stretches.iter().filter_map(|stretch| stretch.owner.clone().map(Cow::Owned)).collect(),
            None => terms.customer_of(id, name, books.as_of()).into_iter().collect(),
        }
    };
    let existing = books.existing().into_iter().flat_map(|account| owners(account.id, &account.name));
    // whoever was gone at the first capture of the period may have gone before the period
    let was_there = |gone: &Gone, part: &Part| part.high != 0 || gone.was_seen_in_period;
    let removed = attribution
        .named()
        .filter(|(gone, part)| was_there(gone, part))
        .flat_map(|(gone, _)| owners(gone.account_id, &gone.name));
    let existing = existing.chain(removed);
    let payers = existing.map(|customer| inputs.billed_as(customer)).chain(used);
    let payers: BTreeMap<String, Cow<'i, Customer>> =
        payers.filter(|customer| has_fee(&customer.pricing)).map(|customer| (customer.id.clone(), customer)).collect();
    for customer in payers.into_values() {
        let Pricing { monthly_fee, minimum_charge, .. } = customer.pricing;
        let fee = books.usage.currency.round_by(monthly_fee, terms.rounding);
        if fee != Minor::ZERO {
            let line = Line { fee, span: Span::exact(fee), ..amount_line(LineKind::Fee, FEE_NAME) };
            owned.push((customer.clone(), line));
        }
        if minimum_charge > Exact::ZERO {
            owned.push((customer, amount_line(LineKind::Minimum, MINIMUM_NAME)));
        }
    }
}

fn statements(
    owned: Vec<(Cow<'_, Customer>, Line)>,
    currency: Currency,
    rule: RoundingRule,
) -> (Vec<Line>, Vec<Statement>) {
    let mut statements: Vec<Statement> = Vec::new();
    let mut ordered: Vec<Line> = Vec::with_capacity(owned.len());
    for (customer, mut line) in owned {
        if statements.last().is_none_or(|last| last.customer.id != customer.id) {
            statements.push(empty(customer.into_owned(), ordered.len()));
        }
        let Some(statement) = statements.last_mut() else { continue };
        if line.kind == LineKind::Minimum {
            let minimum = currency.round_by(statement.customer.pricing.minimum_charge, rule);
            let lacking = |charge: Minor| (minimum - charge).max(Minor::ZERO);
            line.fee = lacking(statement.charge);
            line.span = Span { low: lacking(statement.span.high), high: lacking(statement.span.low) };
            line.grade = if line.span.low == line.span.high { Grade::Observed } else { statement.grade };
            // a minimum that is reached, whatever is still open, has nothing to say
            if line.span == Span::default() && line.fee == Minor::ZERO {
                continue;
            }
        }
        statement.add(&line);
        ordered.push(line);
    }
    (ordered, statements)
}

fn empty(customer: Customer, start: usize) -> Statement {
    let zero = Minor::ZERO;
    let (grade, span, lines) = (Grade::Observed, Span::default(), start..start);
    Statement { customer, lines, messages: 0, cost: zero, markup: zero, fee: zero, charge: zero, grade, span }
}

impl Statement {
    fn add(&mut self, line: &Line) {
        self.lines.end += 1;
        self.messages += i128::from(line.messages.unwrap_or(0));
        self.cost += line.cost();
        self.markup += line.markup;
        self.fee += line.fee;
        self.charge += line.charge();
        self.grade = self.grade.max(line.grade);
        if line.kind == LineKind::Minimum {
            // the more the usage costs, the less is added to it
            self.span = Span { low: self.span.low + line.span.high, high: self.span.high + line.span.low };
        } else {
            self.span += line.span;
        }
    }
}
