//! The one sentence that says why a charge moved.

use crate::billing::explain::{Cause, Change};
use crate::billing::money::Minor;
use crate::billing::terms::RemovedUsage;

use super::layout::{messages, minor, price, price_decimals};

/// What the charge is and was, and what moved it most; `whose` is the subject.
pub(super) fn sentence(change: &Change, whose: &str) -> String {
    let (currency, code) = (change.currency, change.currency.code());
    let at = change.old.capture.at.format("%Y-%m-%d %H:%M UTC");
    let (is, was) = (minor(currency, change.new.charge), minor(currency, change.old.charge));
    let moved = change.amount();
    if moved == Minor::ZERO {
        let rest = if change.main_cause().is_some() { ": what moved it, below, cancels out" } else { "" };
        return format!("{whose} is charged {is} {code}, the same as at {at}{rest}.");
    }
    let than = if moved > Minor::ZERO { "more" } else { "less" };
    let by = minor(currency, if moved > Minor::ZERO { moved } else { -moved });
    let because = change.main_cause().map(|cause| because(change, cause)).unwrap_or_default();
    format!("{whose} is charged {is} {code}, {by} {than} than the {was} at {at}, mainly because of {because}.")
}

fn because(change: &Change, cause: Cause) -> String {
    let name = cause.as_str();
    match cause {
        Cause::OwnVolume => format!("its {name}: {}{}", volume(change), beside(change, Cause::PoolRate, &rate(change))),
        Cause::Attribution => format!("{name}: {}", attribution(change)),
        Cause::PoolRate => {
            format!("the {name}: {}{}", rate(change), beside(change, Cause::OwnVolume, &volume(change)))
        }
        Cause::Fees => {
            let amount = |amount| minor(change.currency, amount);
            format!("{name}, which come to {} after {}", amount(change.new.fee), amount(change.old.fee))
        }
        Cause::Rounding if change.proportional => format!("{name}: {}; {}", rate(change), volume(change)),
        Cause::Rounding => format!("{name}, which here holds shares that do not follow the messages"),
    }
}

/// What else happened, and whether it worked against the change.
fn beside(change: &Change, cause: Cause, said: &str) -> String {
    let is_against = change.parts.of(cause).0.signum() == -change.amount().0.signum();
    if is_against { format!(", although {said}") } else { format!("; {said}") }
}

/// What became of its own volume.
fn volume(change: &Change) -> String {
    match change.seen() {
        0 => "its own volume did not change".to_owned(),
        more if more > 0 => format!("it sent {} more", messages(more)),
        fewer => format!("it is shown with {} fewer than before", messages(-fewer)),
    }
}

/// What became of the price.
fn rate(change: &Change) -> String {
    let (old, new) = (change.old.price.per_thousand(), change.new.price.per_thousand());
    let decimals = price_decimals(&[old, new]);
    let code = change.currency.code();
    match new.cmp(&old) {
        std::cmp::Ordering::Equal => "the price per message did not change".to_owned(),
        order => {
            let verb = if order.is_gt() { "rose" } else { "fell" };
            let (old, new) = (price(old, decimals), price(new, decimals));
            format!("the price per 1,000 messages {verb} from {old} to {new} {code}")
        }
    }
}

/// Why it is charged with more or less than was seen of it.
fn attribution(change: &Change) -> String {
    let more = change.attributed();
    if more > 0 {
        return format!("{} of its removed sub accounts that no capture saw charged to it", messages(more));
    }
    let fewer = messages(-more);
    match change.removed_usage {
        RemovedUsage::Keep => {
            format!("{fewer} of its removed sub accounts kept on the line of removed usage")
        }
        RemovedUsage::Spread => {
            format!("{fewer} of its removed sub accounts spread over all sub accounts")
        }
        RemovedUsage::Attribute => {
            format!("{fewer} seen of its removed sub accounts that cannot be attributed to it")
        }
    }
}
