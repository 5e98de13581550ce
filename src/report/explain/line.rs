//! One line of a charge, from the digits as sent to the cents.

use crate::billing::charges::LineKind;
use crate::billing::explain::{Removal, Step};
use crate::billing::grade::Grade;
use crate::billing::money::{Amount, Exact, Minor, RoundingRule};
use crate::billing::shares::Piece;
use crate::billing::terms::Weights;
use crate::report::text::{grouped, shown};

use super::charge::{usage_of, why};
use super::layout::{count, ideal, minor, percent, row};
use super::{Page, held};

/// Decimals beyond those of the figures as sent that an ideal share is shown with.
const EXTRA_DECIMALS: u32 = 4;

pub(super) fn text(page: &Page<'_>, step: &Step) -> String {
    let line = &step.line;
    let status = match (line.kind, line.status()) {
        (LineKind::Attributed, _) => "  removed".to_owned(),
        (_, Some(status)) => format!("  {}", shown(status.as_str())),
        (_, None) => String::new(),
    };
    let id = line.account_id.map(|id| format!("  {id}")).unwrap_or_default();
    let mut text = format!("{}{id}{status}\n", shown(&line.name));
    if step.sent.messages == 0 && step.sent.cost == Amount::ZERO && line.charge() == Minor::ZERO {
        text.push_str(&held::text(page, line));
        text.push_str(&row("messages", "0", "and no cost: nothing to share, nothing to charge"));
        return text;
    }
    text.push_str(&held::text(page, line));
    if let Some(removal) = &step.removal {
        text.push_str(&removed(removal));
    }
    sent(&mut text, page, step);
    shares(&mut text, page, step);
    charge(&mut text, page, step);
    text
}

/// What captures tell of an account that is no longer shown.
fn removed(removal: &Removal) -> String {
    let part = &removal.part;
    let last = match &part.from {
        Some(from) => format!("last seen in capture {from}; gone in {}", part.until),
        None => format!("gone before the first capture, {}", part.until),
    };
    let bounds = if part.low == part.high {
        String::new()
    } else {
        format!("between {} and {}: ", count(part.low), count(part.high))
    };
    row("seen", &count(removal.account.seen), &last)
        + &row("attributed", &count(part.messages), &format!("{bounds}{}", why(removal)))
}

/// The figures as sent, beside what the messages give.
fn sent(text: &mut String, page: &Page<'_>, step: &Step) {
    let (books, dust) = (&page.ledger.books, &page.ledger.dust);
    let (total, currency) = (books.usage.total, page.ledger.charges.currency);
    let of = match (&step.removal, step.line.held()) {
        (Some(_), _) => " of all removed sub accounts together",
        (None, Some(_)) => ", whoever had the account",
        (None, None) => "",
    };
    text.push_str(&row("messages", &count(step.sent.messages), &format!("as the API sent them{of}")));
    let cost = grouped(&step.sent.cost.to_string());
    text.push_str(&row("allocated cost", &cost, "as the API sent it, with every digit"));
    let Some((proportional, difference)) = step.proportional.zip(step.difference) else { return };
    let decimals = dust.decimals + EXTRA_DECIMALS;
    let verdict = match (difference.is_zero(), step.is_proportional) {
        (true, _) => "the API's share is exactly that".to_owned(),
        (false, true) => format!("the API's is {}, which rounding explains", off(difference, decimals)),
        (false, false) => format!("the API's is {}, which rounding does NOT explain", off(difference, decimals)),
    };
    let (total_cost, sent, all) = (grouped(&total.cost.to_string()), count(step.sent.messages), count(total.messages));
    let value = grouped(&currency.show(proportional.readable(decimals)));
    text.push_str(&row("in proportion", &value, &format!("{total_cost} × {sent} ÷ {all}; {verdict}")));
}

/// A difference in words: `0.0000004 less`.
fn off(difference: Exact, decimals: u32) -> String {
    let than = if difference.is_negative() { "less" } else { "more" };
    let shown = difference.abs().readable(decimals);
    if shown.is_zero() { format!("a trace {than}") } else { format!("{shown} {than}") }
}

/// The shares that make the cost.
fn shares(text: &mut String, page: &Page<'_>, step: &Step) {
    let currency = page.ledger.charges.currency;
    let by_messages = page.ledger.charges.weights == Weights::Messages;
    let mut push = |label: &str, piece: &Piece| {
        text.push_str(&row(label, &minor(currency, piece.part), &divided(page, piece)));
    };
    if let Some(share) = &step.share {
        push(if step.removal.is_some() { "removed share" } else { "share" }, share);
    }
    if let Some(attributed) = &step.attributed {
        push("share of that", attributed);
    }
    if let Some(moved) = &step.moved {
        push("its part of that", moved);
    }
    for (kind, piece) in &step.spread {
        push(&format!("+ {}", usage_of(*kind)), piece);
    }
    if by_messages && step.share.is_some() {
        text.push_str(&row("", "", "shared by messages; allocated costs are only compared"));
    }
}

/// The division behind a share: the ideal, and what largest remainders made of it.
fn divided(page: &Page<'_>, piece: &Piece) -> String {
    let currency = page.ledger.charges.currency;
    if piece.total.is_zero() {
        return "nothing to share".to_owned();
    }
    let (whole, ideal) = (minor(currency, piece.whole), ideal(currency, piece));
    let (weight, total) = (grouped(&piece.weight.to_string()), grouped(&piece.total.to_string()));
    let largest = match piece.left_over {
        1 => format!("the largest of {}", piece.count),
        several => format!("among the {several} largest of {}", piece.count),
    };
    let rounded = match (piece.raised, piece.is_whole()) {
        (true, _) => format!("rounded up: its remainder is {largest}"),
        (false, true) => "nothing to round".to_owned(),
        (false, false) => format!("rounded down: its remainder is not {largest}"),
    };
    format!("{whole} × {weight} ÷ {total} = {ideal}; {rounded}")
}

/// Cost, markup and charge.
fn charge(text: &mut String, page: &Page<'_>, step: &Step) {
    let (line, currency) = (&step.line, page.ledger.charges.currency);
    let amount = |amount: Minor| minor(currency, amount);
    if !step.spread.is_empty() {
        text.push_str(&row("cost", &amount(line.cost()), "what the line takes from the pooled invoice"));
    }
    if let Some(markup) = line.markup_percent.filter(|markup| !markup.is_zero()) {
        let rounded = match page.ledger.terms.rounding {
            RoundingRule::HalfAwayFromZero => "half away from zero",
            RoundingRule::HalfEven => "half to even",
        };
        let note = format!("{} per cent of {}, rounded {rounded}", percent(markup), amount(line.cost()));
        text.push_str(&row("+ markup", &amount(line.markup), &note));
    }
    let known = match line.grade {
        Grade::Observed => "observed",
        Grade::Tail => "the invoice covers a tail that no capture saw",
        Grade::Attributed => "attributed to this sub account",
        Grade::Residual => "no capture bounds it",
    };
    let span = if line.span().low == line.span().high {
        String::new()
    } else {
        format!(", between {} and {}", amount(line.span().low), amount(line.span().high))
    };
    let note = format!("{}, grade {}: {known}{span}", currency.code(), line.grade.as_str());
    text.push_str(&row("= charge", &amount(line.charge()), &note));
}
