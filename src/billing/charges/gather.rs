//! Lines gathered into statements, with what each customer is charged beyond its cost.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::beside::beside;
use super::super::customers::{Customer, Pricing};
use super::super::grade::{Grade, Span};
use super::super::money::{Currency, Exact, Minor, RoundingRule};
use super::super::removed::{Gone, Part};
use super::statement::Bill;
use super::{FEE_NAME, Inputs, Line, LineKind, MINIMUM_NAME, Sums};

/// Orders the lines, adds markups, fees and minimums, and puts each customer's lines onto its statement.
pub(super) fn gather(lines: Vec<Line>, inputs: &Inputs<'_>) -> (Vec<Line>, Vec<Bill>) {
    let rule = inputs.terms.rounding;
    let mut owned = Owned { owners: Vec::with_capacity(lines.len()), lines, inputs };
    // an account with several usage lines, which come one after the other, is still one customer with one name
    let mut first = 0;
    for place in 0..owned.lines.len() {
        let line = &owned.lines[place];
        if owned.lines[first].account_id != line.account_id || !owned.lines[first].kind.has_customer() {
            first = place;
        }
        let (bearer, percent) = bearer(line, first, inputs);
        if let Some(percent) = percent {
            mark_up(&mut owned.lines[place], percent, rule);
        }
        owned.owners.push(bearer);
    }
    add_fees(&mut owned);
    owned.put_in_order();
    owned.into_bills(inputs.books.usage.currency, rule)
}

/// Who is charged for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner<'i> {
    /// A customer of the map.
    Customer(&'i Customer),
    /// One of another time, or one that is an account.
    Other(Box<Customer>),
    /// The account itself, by the name of its first line, which is at this place until lines are put in order. It is the
    /// first then as well: lines of one account keep the order of their places.
    Itself(usize),
    /// Nobody: the line is kept.
    Nobody,
}

/// Lines, each with who is charged for it.
struct Owned<'a, 'i> {
    lines: Vec<Line>,
    owners: Vec<Owner<'i>>,
    inputs: &'a Inputs<'i>,
}

/// What lines are ordered by: whether they are kept, the customer's name and id, then fees last, by kind and account.
type Order<'o> = (bool, &'o str, &'o str, bool, LineKind, Option<Uuid>, usize);

impl<'i> Owner<'i> {
    fn of(customer: Cow<'i, Customer>) -> Self {
        match customer {
            Cow::Borrowed(customer) => Self::Customer(customer),
            Cow::Owned(customer) => Self::Other(Box::new(customer)),
        }
    }

    /// The customer, where it is at hand.
    fn customer(&self) -> Option<&Customer> {
        match self {
            Self::Customer(customer) => Some(customer),
            Self::Other(customer) => Some(customer),
            Self::Itself(_) | Self::Nobody => None,
        }
    }

    fn into_customer(self) -> Option<Box<Customer>> {
        match self {
            Self::Customer(customer) => Some(Box::new(customer.clone())),
            Self::Other(customer) => Some(customer),
            Self::Itself(_) | Self::Nobody => None,
        }
    }
}

impl<'i> Owned<'_, 'i> {
    fn push(&mut self, customer: Cow<'i, Customer>, line: Line) {
        self.owners.push(Owner::of(customer));
        self.lines.push(line);
    }

    /// Gives every account that is its own customer the customer's name and id, as the lines of its fees have them.
    fn name_all(&mut self) {
        for place in 0..self.owners.len() {
            if let Owner::Itself(first) = self.owners[place]
                && let Some(id) = self.lines[place].account_id
                && let Some(customer) = self.inputs.owner(id, &self.lines[first].name)
            {
                self.owners[place] = Owner::of(customer);
            }
        }
    }

    fn name(&self, place: usize) -> &str {
        match &self.owners[place] {
            Owner::Itself(first) => &self.lines[*first].name,
            owner => owner.customer().map_or("", |customer| &customer.name),
        }
    }

    /// The letters of the name after the first ones.
    fn more_letters(&self, place: usize) -> u128 {
        letters(self.name(place).as_bytes().get(LETTER_COUNT..).unwrap_or_default())
    }

    fn order(&self, place: usize) -> Order<'_> {
        let line = &self.lines[place];
        // ids of accounts have the order of their texts
        let id = self.owners[place].customer().map_or("", |customer| &customer.id);
        let is_kept = self.owners[place] == Owner::Nobody;
        // of what is no fee the kind does not matter on a statement, and comes first beside it
        let is_last = line.kind.is_fee();
        let kind = if is_last || is_kept { line.kind } else { LineKind::SubAccount };
        (is_kept, self.name(place), id, is_last, kind, line.account_id, place)
    }

    /// Orders the lines and their owners. Lines are large: places are sorted by the first letters of the name, then those
    /// that have them in common, and then each line is moved to its place within the same memory.
    fn put_in_order(&mut self) {
        let (charged, mut kept): (Vec<u32>, Vec<u32>) =
            (0..).take(self.lines.len()).partition(|place| self.owners[*place as usize] != Owner::Nobody);
        let charged = charged.into_iter().map(|place| (letters(self.name(place as usize).as_bytes()), place));
        let mut charged: Vec<(u128, u32)> = charged.collect();
        let count = charged.len();
        let (one, other) = charged.split_at_mut(count / 2);
        let sort = |half: &mut [(u128, u32)]| half.sort_unstable_by_key(|(letters, _)| *letters);
        beside(count, || sort(one), || sort(other));
        // halves that are in order are only joined by this
        charged.sort_by_key(|(letters, _)| *letters);
        let middle =
            charged.get(count / 2).map_or(0, |(middle, _)| charged.partition_point(|(letters, _)| letters < middle));
        let (one, other) = charged.split_at_mut(middle);
        beside(count, || self.settle(one), || self.settle(other));
        kept.sort_unstable_by_key(|place| self.order(*place as usize));
        let mut places: Vec<u32> = charged.into_iter().map(|(_, place)| place).chain(kept).collect();
        for start in 0..places.len() {
            let mut to = start;
            // each cycle of the permutation, once
            while places[to] != SETTLED {
                let from = places[to] as usize;
                places[to] = SETTLED;
                if from != start {
                    self.lines.swap(to, from);
                    self.owners.swap(to, from);
                }
                to = from;
            }
        }
    }

    /// Orders those that have the first letters in common.
    fn settle(&self, charged: &mut [(u128, u32)]) {
        for alike in charged.chunk_by_mut(|a, b| a.0 == b.0).filter(|alike| alike.len() > 1) {
            // what they are ordered by is fetched once for each, and not for each comparison
            let order = |place: u32| (self.more_letters(place as usize), self.order(place as usize), place);
            let mut orders: Vec<(u128, Order<'_>, u32)> = alike.iter().map(|(_, place)| order(*place)).collect();
            orders.sort_unstable();
            alike.iter_mut().zip(orders).for_each(|(to, (.., place))| to.1 = place);
        }
    }

    /// The lines of statements in their order and after them those that are kept, with where each statement ends.
    fn into_bills(self, currency: Currency, rule: RoundingRule) -> (Vec<Line>, Vec<Bill>) {
        let Self { mut lines, owners, inputs } = self;
        let mut bills: Vec<Bill> = Vec::with_capacity(lines.len());
        let (mut kept, mut payer, mut sums) = (0, None, Sums::default());
        for (place, owner) in owners.into_iter().enumerate() {
            let line = &mut lines[place];
            let whose = match &owner {
                Owner::Itself(_) => line.account_id.map(Whose::Account),
                owner => owner.customer().map(|customer| Whose::Customer(Arc::clone(&customer.id))),
            };
            let has_payer = whose.is_some();
            if has_payer && whose != payer {
                bills.push(Bill { customer: owner.into_customer(), end: kept });
                (payer, sums) = (whose, Sums::default());
            }
            if line.kind == LineKind::Minimum {
                let pricing = bills.last().and_then(|bill| bill.customer.as_ref()).map(|customer| customer.pricing);
                let minimum = pricing.unwrap_or(inputs.terms.pricing).minimum_charge;
                top_up(line, &sums, currency.round_by(minimum, rule));
                // a minimum that is reached, whatever is still open, has nothing to say
                if line.span() == Span::default() && line.fee() == Minor::ZERO {
                    continue;
                }
            }
            if let Some(bill) = bills.last_mut().filter(|_| has_payer) {
                sums.add(line);
                bill.end = kept + 1;
            }
            if kept != place {
                lines.swap(kept, place);
            }
            kept += 1;
        }
        lines.truncate(kept);
        bills.shrink_to_fit();
        (lines, bills)
    }
}

/// Whose a statement is.
#[derive(Debug, PartialEq, Eq)]
enum Whose {
    Customer(Arc<str>),
    Account(Uuid),
}

/// Makes a line of what a statement's charges lack to the minimum.
fn top_up(line: &mut Line, sums: &Sums, minimum: Minor) {
    let lacking = |charge: Minor| (minimum - charge).max(Minor::ZERO);
    let span = Span { low: lacking(sums.span.high), high: lacking(sums.span.low) };
    line.set_fee(lacking(sums.charge));
    line.set_span(span);
    line.grade = if span.low == span.high { Grade::Observed } else { sums.grade };
}

/// A place whose line is where it belongs.
const SETTLED: u32 = u32::MAX;

/// Letters that fit a number.
const LETTER_COUNT: usize = size_of::<u128>();

/// The first letters of a text as a number of the same order.
fn letters(text: &[u8]) -> u128 {
    let mut letters = [0; LETTER_COUNT];
    letters.iter_mut().zip(text).for_each(|(to, byte)| *to = *byte);
    u128::from_be_bytes(letters)
}

/// Who is charged for a line, and the markup; `first` is where the first line of its account is.
fn bearer<'i>(line: &Line, first: usize, inputs: &Inputs<'i>) -> (Owner<'i>, Option<Decimal>) {
    let Some(id) = line.account_id.filter(|_| line.kind.has_customer()) else { return (Owner::Nobody, None) };
    let customer = match line.held() {
        Some(held) => held.owner.clone().map(Cow::Owned),
        None if inputs.terms.customers.is_none() => {
            return (Owner::Itself(first), Some(inputs.terms.pricing.markup_percent));
        }
        None => inputs.terms.customer_of(id, &line.name, inputs.books.as_of()),
    };
    customer.map_or((Owner::Nobody, None), |customer| {
        let percent = customer.pricing.markup_percent;
        (Owner::of(inputs.billed_as(customer)), Some(percent))
    })
}

fn mark_up(line: &mut Line, percent: Decimal, rule: RoundingRule) {
    let Span { low, high } = line.span();
    let markup = |cost: Minor| if percent.is_zero() { Minor::ZERO } else { cost.percent(percent, rule) };
    line.markup_percent = Some(percent);
    line.markup = markup(line.cost());
    line.set_span(Span::around(line.charge(), low + markup(low), high + markup(high)));
}

impl<'i> Inputs<'i> {
    /// Whose an account of this name is at the instant of the books.
    fn owner(&self, id: Uuid, name: &Arc<str>) -> Option<Cow<'i, Customer>> {
        self.terms.customer_of(id, name, self.books.as_of())
    }

    /// A customer as its statement names it: as the customer map has it last in the period so far.
    fn billed_as(&self, customer: Cow<'i, Customer>) -> Cow<'i, Customer> {
        let map = self.terms.customers.as_ref();
        map.and_then(|map| map.customer_in(&customer.id, self.terms.judged(self.books))).map_or(customer, Cow::Borrowed)
    }
}

/// Adds the lines of fixed fees and minimums: for each customer that has a sub account in the period, used or not, removed
/// or not.
fn add_fees<'i>(owned: &mut Owned<'_, 'i>) {
    let inputs = owned.inputs;
    let Inputs { books, terms, moves, attribution, .. } = *inputs;
    let has_fee = |pricing: &Pricing| !pricing.monthly_fee.is_zero() || pricing.minimum_charge > Exact::ZERO;
    let is_any = match &terms.customers {
        Some(map) => map.customers().any(|customer| has_fee(&customer.pricing)),
        None => has_fee(&terms.pricing),
    };
    if !is_any {
        return;
    }
    owned.name_all();
    let used = owned.owners.iter().filter_map(|owner| match owner {
        Owner::Customer(customer) => Some(Cow::Borrowed(*customer)),
        other => other.customer().cloned().map(Cow::Owned),
    });
    // whoever had an account for a part of the period has had it in the period
    let owners = |id: Uuid, name: &Arc<str>| -> Vec<Cow<'i, Customer>> {
        match moves.get(&id) {
            Some(stretches) => stretches.iter().filter_map(|stretch| stretch.owner.clone().map(Cow::Owned)).collect(),
            None => terms.customer_of(id, name, books.as_of()).into_iter().collect(),
        }
    };
    let existing = books.existing().flat_map(|account| owners(account.id, &account.name));
    // whoever was gone at the first capture of the period may have gone before the period
    let was_there = |gone: &Gone, part: &Part| part.high != 0 || gone.was_seen_in_period;
    let removed = attribution
        .named()
        .filter(|(gone, part)| was_there(gone, part))
        .flat_map(|(gone, _)| owners(gone.account_id, &gone.name));
    let existing = existing.chain(removed);
    let payers = existing.map(|customer| inputs.billed_as(customer)).chain(used);
    let payers: BTreeMap<Arc<str>, Cow<'i, Customer>> =
        payers.filter(|customer| has_fee(&customer.pricing)).map(|customer| (customer.id.clone(), customer)).collect();
    for customer in payers.into_values() {
        let Pricing { monthly_fee, minimum_charge, .. } = customer.pricing;
        let fee = books.usage.currency.round_by(monthly_fee, terms.rounding);
        if fee != Minor::ZERO {
            let mut line = Line::new(LineKind::Fee, FEE_NAME.into());
            line.set_fee(fee);
            owned.push(customer.clone(), line);
        }
        if minimum_charge > Exact::ZERO {
            owned.push(customer, Line::new(LineKind::Minimum, MINIMUM_NAME.into()));
        }
    }
}
