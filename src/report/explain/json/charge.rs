//! How a charge came about, for programs.

use serde::Serialize;

use crate::billing::charges::LineKind;
use crate::billing::explain::{Apart, Explained, Fee, Removal, Step, Why};
use crate::billing::invoice::Class;
use crate::billing::money::{Currency, Exact, format_units};
use crate::billing::shares;
use crate::report::explain::charge::usage_of;
use crate::report::explain::{Page, layout};
use crate::report::json::RemovedAccount;

use super::held::HeldEntry;

/// A charge with its lines, and the proof that all charges add up.
#[derive(Serialize)]
pub(super) struct Explanation<'a> {
    charge: String,
    /// Tax on the pooled invoice that is not shared.
    tax: String,
    /// Every class of the pooled invoice that is not shared.
    not_shared: Vec<NotShared>,
    lines: Vec<Entry<'a>>,
    fees: Vec<FeeEntry<'a>>,
    /// Removed sub accounts that the terms leave without a line.
    uncharged: Vec<Removed<'a>>,
    /// The costs of all statements and kept lines − the pooled invoice.
    control_difference: String,
}

#[derive(Serialize)]
struct NotShared {
    class: &'static str,
    amount: String,
    /// `keep` or `leave-out`.
    policy: &'static str,
}

/// What is charged beyond any usage.
#[derive(Serialize)]
struct FeeEntry<'a> {
    line_type: &'static str,
    name: &'a str,
    charge: String,
    /// The minimum, and what all other lines are charged with; null on a fee.
    minimum: Option<String>,
    charged_beside: Option<String>,
    grade: &'static str,
    charge_low: String,
    charge_high: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    line_type: &'static str,
    account_id: Option<String>,
    account_name: &'a str,
    messages: Option<i64>,
    /// Null unless the account changed hands: then all but the figures as sent are of this part.
    held: Option<HeldEntry<'a>>,
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
    share_of_account: Option<Piece>,
    spread: Vec<Spread>,
    cost: String,
    markup_percent: Option<String>,
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
    /// What was seen of it while it was the subject's.
    messages_seen_own: i64,
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
        let tax = explained.apart.iter().find(|apart| apart.class == Class::Tax);
        Self {
            charge: currency.format(explained.charge),
            tax: currency.format(tax.map(|tax| tax.amount).unwrap_or_default()),
            not_shared: explained.apart.iter().map(|apart| not_shared(currency, apart)).collect(),
            lines: explained.steps.iter().map(|step| line(currency, step)).collect(),
            fees: explained.fees.iter().map(|fee| self::fee(currency, fee)).collect(),
            uncharged: explained.uncharged.iter().map(removed).collect(),
            control_difference: currency.format(page.ledger.charges.proof().difference),
        }
    }
}

fn not_shared(currency: Currency, apart: &Apart) -> NotShared {
    NotShared { class: apart.class.as_str(), amount: currency.format(apart.amount), policy: apart.policy.as_str() }
}

fn fee(currency: Currency, fee: &Fee) -> FeeEntry<'_> {
    let line = &fee.line;
    FeeEntry {
        line_type: line.kind.as_str(),
        name: &line.name,
        charge: currency.format(line.charge()),
        minimum: fee.lacking.map(|lacking| currency.format(lacking.minimum)),
        charged_beside: fee.lacking.map(|lacking| currency.format(lacking.charged)),
        grade: line.grade.as_str(),
        charge_low: currency.format(line.span().low),
        charge_high: currency.format(line.span().high),
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
        held: line.held().map(HeldEntry::of),
        sent_messages: step.sent.messages,
        sent_allocated_cost: step.sent.cost.to_string(),
        proportional_cost: step.proportional.map(exact),
        difference: step.difference.map(exact),
        is_proportional: step.is_proportional,
        removed: step.removal.as_ref().map(removed),
        share: step.share.as_ref().map(piece),
        share_of_removed: step.attributed.as_ref().map(piece),
        share_of_account: step.moved.as_ref().map(piece),
        spread: step.spread.iter().map(spread).collect(),
        cost: amount(line.cost()),
        markup_percent: line.markup_percent.map(layout::percent),
        markup: amount(line.markup),
        charge: amount(line.charge()),
        grade: line.grade.as_str(),
        charge_low: amount(line.span().low),
        charge_high: amount(line.span().high),
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
    let account = RemovedAccount::of(&removal.account, &removal.part);
    Removed { account, messages_seen_own: removal.own, growth: removal.growth, why }
}
