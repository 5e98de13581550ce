//! How a charge came about, for programs.

use serde::Serialize;

use crate::billing::charges::LineKind;
use crate::billing::explain::{Explained, Removal, Step, Why};
use crate::billing::money::{Currency, Exact, format_units};
use crate::billing::shares;
use crate::report::explain::Page;
use crate::report::explain::charge::usage_of;
use crate::report::json::RemovedAccount;

/// A charge with its lines, and the proof that all charges add up.
#[derive(Serialize)]
pub(super) struct Explanation<'a> {
    charge: String,
    /// Tax on the pooled invoice, which is not shared.
    tax: String,
    lines: Vec<Entry<'a>>,
    /// Removed sub accounts that the terms leave without a line.
    uncharged: Vec<Removed<'a>>,
    /// The costs of all statements and kept lines − the pooled invoice.
    control_difference: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    line_type: &'static str,
    account_id: Option<String>,
    account_name: &'a str,
    messages: Option<i64>,
    /// The bucket as sent; of an attributed line, all that was removed.
    sent_messages: i64,
    sent_allocated_cost: String,
    /// Total cost × messages ÷ total messages, and what the cost as sent is more than that.
    proportional_cost: Option<String>,
    difference: Option<String>,
    is_proportional: bool,
    removed: Option<Removed<'a>>,
    share: Option<Piece>,
    share_of_removed: Option<Piece>,
    spread: Vec<Spread>,
    cost: String,
    markup: String,
    charge: String,
    grade: &'static str,
    charge_low: String,
    charge_high: String,
}

#[derive(Serialize)]
struct Removed<'a> {
    #[serde(flatten)]
    account: RemovedAccount<'a>,
    /// By how much removed usage grew meanwhile.
    growth: i64,
    /// `only`, `by rate`, `as seen` or `unbounded`.
    why: &'static str,
}

/// `whole × weight ÷ total` = `ideal`, cut after some digits; `part` is it in minor units by largest remainder.
#[derive(Serialize)]
struct Piece {
    whole: String,
    weight: String,
    total: String,
    ideal: String,
    ideal_is_exact: bool,
    rounded_up: bool,
    parts_rounded_up: usize,
    parts: usize,
    part: String,
}

#[derive(Serialize)]
struct Spread {
    of: &'static str,
    #[serde(flatten)]
    piece: Piece,
}

impl<'a> Explanation<'a> {
    pub(super) fn of(page: &Page<'a>, explained: &'a Explained) -> Self {
        let currency = page.ledger.charges.currency;
        Self {
            charge: currency.format(explained.charge),
            tax: currency.format(explained.tax),
            lines: explained.steps.iter().map(|step| line(currency, step)).collect(),
            uncharged: explained.uncharged.iter().map(removed).collect(),
            control_difference: currency.format(page.ledger.charges.proof().difference),
        }
    }
}

fn line(currency: Currency, step: &Step) -> Entry<'_> {
    let (line, amount) = (&step.line, |amount| currency.format(amount));
    let piece = |share: &shares::Piece| piece(currency, share);
    let spread = |(kind, share): &(LineKind, shares::Piece)| Spread { of: usage_of(*kind), piece: piece(share) };
    let exact = |amount: Exact| currency.show(amount);
    Entry {
        line_type: line.kind.as_str(),
        account_id: line.account_id.map(|id| id.to_string()),
        account_name: &line.name,
        messages: line.messages,
        sent_messages: step.sent.messages,
        sent_allocated_cost: step.sent.cost.to_string(),
        proportional_cost: step.proportional.map(exact),
        difference: step.difference.map(exact),
        is_proportional: step.is_proportional,
        removed: step.removal.as_ref().map(removed),
        share: step.share.as_ref().map(piece),
        share_of_removed: step.attributed.as_ref().map(piece),
        spread: step.spread.iter().map(spread).collect(),
        cost: amount(line.cost()),
        markup: amount(line.markup),
        charge: amount(line.charge()),
        grade: line.grade.as_str(),
        charge_low: amount(line.span.low),
        charge_high: amount(line.span.high),
    }
}

fn piece(currency: Currency, piece: &shares::Piece) -> Piece {
    Piece {
        whole: currency.format(piece.whole),
        weight: piece.weight.to_string(),
        total: piece.total.to_string(),
        ideal: format_units(piece.ideal, currency.decimals + shares::IDEAL_DECIMALS),
        ideal_is_exact: piece.exact,
        rounded_up: piece.raised,
        parts_rounded_up: piece.left_over,
        parts: piece.count,
        part: currency.format(piece.part),
    }
}

fn removed(removal: &Removal) -> Removed<'_> {
    let why = match removal.why {
        Why::Only => "only",
        Why::ByRate(_) => "by rate",
        Why::Seen(_) => "as seen",
        Why::Unbounded(_) => "unbounded",
    };
    Removed { account: RemovedAccount::of(&removal.account, &removal.part), growth: removal.growth, why }
}
