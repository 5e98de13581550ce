//! Why a charge moved: a sentence, the figures of both captures, and the four parts.

use std::fmt::Write;

use crate::billing::charges::LineKind;
use crate::billing::explain::{Cause, Change, Side};
use crate::billing::money::Exact;
use crate::report::text::difference;

use super::charge::usage_of;
use super::layout::{self, count, messages, minor, price, price_decimals, signed, wrapped};
use super::sentence::sentence;
use super::{Page, cited};

pub(super) fn text(page: &Page<'_>, change: &Change, evidence: &str) -> String {
    let mut text = wrapped("", &sentence(change, &page.title()), 0);
    text.push('\n');
    figures(&mut text, page, change);
    text.push('\n');
    parts(&mut text, change);
    // writing into a String cannot fail
    let _ = writeln!(text, "\nbefore    {}", cited(&change.old.capture));
    let _ = writeln!(text, "          {evidence}");
    let _ = writeln!(text, "after     {}", cited(&change.new.capture));
    let _ = writeln!(text, "          {}", page.evidence);
    text
}

/// What the parts are computed from, side by side.
fn figures(text: &mut String, page: &Page<'_>, change: &Change) {
    let (currency, code) = (change.currency, change.currency.code());
    let (old, new) = (&change.old, &change.new);
    let mut push = |label: &str, of: &dyn Fn(&Side) -> String, difference: &str| {
        let row = format!("{label:<34}{:>20}{:>20}{difference:>20}", of(old), of(new));
        let _ = writeln!(text, "{}", row.trim_end());
    };
    push("", &|side| side.capture.id.clone(), "change");
    push("messages seen of it", &|side| count(side.seen), &difference(change.seen()));
    if old.attributed != 0 || new.attributed != 0 {
        push("messages attributed beyond those", &|side| difference(side.attributed), &difference(change.attributed()));
    }
    let shared = |side: &Side| minor(currency, side.price.shared);
    let invoice = if page.ledger.charges.pooled.entered { "invoice entered" } else { "pooled invoice" };
    push(&format!("{invoice} less tax, {code}"), &shared, "");
    push("messages of the pool", &|side| count(side.price.messages), "");
    for kind in [LineKind::Parent, LineKind::Removed] {
        let spread =
            |side: &Side| side.price.spread.iter().find(|spread| spread.kind == kind).map(|spread| spread.amount);
        if spread(old).or(spread(new)).is_some() {
            let amount = |side: &Side| minor(currency, spread(side).unwrap_or_default());
            push(&format!("spread {}, {code}", usage_of(kind)), &amount, "");
        }
    }
    if !new.price.spread.is_empty() || !old.price.spread.is_empty() {
        push("messages that bear what is spread", &|side| count(side.price.bearing), "");
    }
    let decimals = decimals(change);
    let per_thousand = |side: &Side| price(side.price.per_thousand(), decimals);
    let dearer = difference_of_prices(change, decimals);
    push(&format!("price per 1,000 messages, {code}"), &per_thousand, &dearer);
    push(&format!("charge, {code}"), &|side| minor(currency, side.charge), &signed(currency, change.amount()));
}

/// The four parts, each with what it is made of, and their sum.
fn parts(text: &mut String, change: &Change) {
    let currency = change.currency;
    let decimals = decimals(change);
    let old_price = price(change.old.price.per_thousand(), decimals);
    let markup = match change.markup_percent {
        percent if percent.is_zero() => String::new(),
        percent => format!(", each with a markup of {} per cent", layout::percent(percent)),
    };
    for cause in Cause::ALL {
        let note = match cause {
            Cause::OwnVolume => {
                format!("{} messages seen × {old_price} per 1,000, the old price", difference(change.seen()))
            }
            Cause::Attribution => {
                format!("{} messages attributed × {old_price} per 1,000", difference(change.attributed()))
            }
            Cause::PoolRate => {
                let charged = messages(change.new.charged());
                let dearer = difference_of_prices(change, decimals);
                format!("{charged} × {dearer} per 1,000, the change of the price")
            }
            Cause::Rounding if change.proportional => "the rest: prices are exact, and charges are rounded".to_owned(),
            Cause::Rounding => "the rest, with shares in it that do not follow the messages".to_owned(),
        };
        push_part(text, cause.as_str(), &signed(currency, change.parts.of(cause)), &note);
    }
    push_part(text, "= change", &signed(currency, change.amount()), &format!("the four parts exactly{markup}"));
}

fn push_part(text: &mut String, label: &str, amount: &str, note: &str) {
    text.push_str(&wrapped(&format!("{label:<14}{amount:>14}  "), note, 30));
}

/// Decimals for every price on the page.
fn decimals(change: &Change) -> u32 {
    price_decimals(&[change.old.price.per_thousand(), change.new.price.per_thousand()])
}

fn difference_of_prices(change: &Change, decimals: u32) -> String {
    let difference = change.price_per_thousand();
    let sign = if difference > Exact::ZERO { "+" } else { "" };
    format!("{sign}{}", price(difference, decimals))
}
