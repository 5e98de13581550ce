//! Why a charge moved: a sentence, the figures of both captures, and the parts.

use std::fmt::Write;

use crate::billing::charges::LineKind;
use crate::billing::explain::{Cause, Change, Side};
use crate::billing::money::{Exact, Minor};
use crate::report::text::{counted, difference};

use super::charge::{LINE_COUNT_MAX, usage_of};
use super::layout::{self, count, messages, minor, price, price_decimals, signed, wrapped};
use super::sentence::sentence;
use super::{Page, cited, held};

pub(super) fn text(page: &Page<'_>, change: &Change, evidence: &str) -> String {
    let mut text = wrapped("", &sentence(change, &page.title()), 0);
    text.push('\n');
    figures(&mut text, page, change);
    text.push('\n');
    parts(&mut text, change);
    if !change.moved.is_empty() {
        text.push('\n');
    }
    for line in change.moved.iter().take(LINE_COUNT_MAX) {
        text.push_str(&held::sentence(page, line));
    }
    // writing into a String cannot fail
    if change.moved.len() > LINE_COUNT_MAX {
        let rest = counted(change.moved.len() - LINE_COUNT_MAX, "line");
        let _ = writeln!(text, "moved     and {rest} more, see --output json");
    }
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
    push("", &|side| side.capture.id.to_string(), "change");
    push("messages seen of it", &|side| count(side.seen), &difference(change.seen()));
    if old.attributed != 0 || new.attributed != 0 {
        push("messages attributed beyond those", &|side| difference(side.attributed), &difference(change.attributed()));
    }
    let shared = |side: &Side| minor(currency, side.price.shared);
    let invoice = if page.ledger.charges.pooled.entered { "invoice entered" } else { "pooled invoice" };
    push(&format!("{invoice}, as shared, {code}"), &shared, "");
    if old.price.apart != Minor::ZERO || new.price.apart != Minor::ZERO {
        push(&format!("kept or left out of it, {code}"), &|side| minor(currency, side.price.apart), "");
    }
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
    if old.fee != Minor::ZERO || new.fee != Minor::ZERO {
        let fee = |side: &Side| minor(currency, side.fee);
        push(&format!("fees and minimums, {code}"), &fee, &signed(currency, change.parts.fees));
    }
    push(&format!("charge, {code}"), &|side| minor(currency, side.charge), &signed(currency, change.amount()));
}

/// The parts, each with what it is made of, and their sum. Fees are a part where there are any.
fn parts(text: &mut String, change: &Change) {
    let currency = change.currency;
    let decimals = decimals(change);
    let old_price = price(change.old.price.per_thousand(), decimals);
    let has_fees = (change.old.fee, change.new.fee) != (Minor::ZERO, Minor::ZERO);
    for cause in Cause::ALL.into_iter().filter(|cause| has_fees || *cause != Cause::Fees) {
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
            Cause::Fees => {
                format!("{} after {}", minor(currency, change.new.fee), minor(currency, change.old.fee))
            }
            Cause::Rounding if change.proportional => "the rest: prices are exact, and charges are rounded".to_owned(),
            Cause::Rounding => "the rest, with shares in it that do not follow the messages".to_owned(),
        };
        push_part(text, cause.as_str(), &signed(currency, change.parts.of(cause)), &note);
    }
    let count = if has_fees { "five" } else { "four" };
    push_part(text, "= change", &signed(currency, change.amount()), &format!("the {count} parts{}", markup(change)));
}

/// What is added to the parts of usage.
fn markup(change: &Change) -> String {
    let markups: Vec<String> = change.markups.iter().map(|markup| layout::percent(*markup)).collect();
    match markups.as_slice() {
        [] => " exactly".to_owned(),
        [only] if only == "0" => " exactly".to_owned(),
        [only] => format!(", those of usage with a markup of {only} per cent"),
        several => format!(
            ", those of usage with the markup of the time that each message is counted in, {} per cent",
            several.join(" or ")
        ),
    }
}

fn push_part(text: &mut String, label: &str, amount: &str, note: &str) {
    text.push_str(&wrapped(&format!("{label:<18}{amount:>14}  "), note, 34));
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
