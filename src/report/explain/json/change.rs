//! Why a charge moved, for programs.

use serde::Serialize;

use crate::billing::charges::LineKind;
use crate::billing::explain::{Cause, Change, Side};
use crate::report::explain::Page;
use crate::report::explain::sentence::sentence;

/// The change of a charge and its four parts, which sum to it.
#[derive(Serialize)]
pub(super) struct Moved {
    sentence: String,
    charge: Compared<String>,
    messages_seen: Compared<i128>,
    /// Messages charged beyond those seen, of sub accounts that were removed.
    messages_attributed: Compared<i128>,
    price: Compared<Price>,
    /// Whether every share follows the messages; if not, `rounding` holds what does not.
    proportional: bool,
    /// `own volume`, `attribution`, `pool rate` or `rounding`; null if nothing moved.
    main_cause: Option<&'static str>,
    parts: Parts,
}

#[derive(Serialize)]
struct Compared<T> {
    before: T,
    after: T,
    difference: T,
}

/// What one message bears: `per_thousand` = 1,000 × (`shared` ÷ `messages` + what is spread ÷ `bearing_messages`).
#[derive(Serialize, Default)]
struct Price {
    per_thousand: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<i128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread_parent_usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread_removed_usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bearing_messages: Option<i128>,
}

#[derive(Serialize)]
struct Parts {
    own_volume: String,
    attribution: String,
    pool_rate: String,
    rounding: String,
    sum: String,
}

impl Moved {
    pub(super) fn of(page: &Page<'_>, change: &Change) -> Self {
        let (currency, old, new) = (change.currency, &change.old, &change.new);
        let amount = |amount| currency.format(amount);
        let part = |cause| amount(change.parts.of(cause));
        let difference = change.price_per_thousand().to_string();
        Self {
            sentence: sentence(change, page.subject.name()),
            charge: Compared {
                before: amount(old.charge),
                after: amount(new.charge),
                difference: amount(change.amount()),
            },
            messages_seen: Compared { before: old.seen, after: new.seen, difference: change.seen() },
            messages_attributed: Compared {
                before: old.attributed,
                after: new.attributed,
                difference: change.attributed(),
            },
            price: Compared {
                before: price(change, old),
                after: price(change, new),
                difference: Price { per_thousand: difference, ..Price::default() },
            },
            proportional: change.proportional,
            main_cause: change.main_cause().map(Cause::as_str),
            parts: Parts {
                own_volume: part(Cause::OwnVolume),
                attribution: part(Cause::Attribution),
                pool_rate: part(Cause::PoolRate),
                rounding: part(Cause::Rounding),
                sum: amount(change.amount()),
            },
        }
    }
}

fn price(change: &Change, side: &Side) -> Price {
    let (currency, price) = (change.currency, &side.price);
    let spread = |kind: LineKind| {
        price.spread.iter().find(|spread| spread.kind == kind).map(|spread| currency.format(spread.amount))
    };
    Price {
        per_thousand: price.per_thousand().to_string(),
        shared: Some(currency.format(price.shared)),
        messages: Some(price.messages),
        spread_parent_usage: spread(LineKind::Parent),
        spread_removed_usage: spread(LineKind::Removed),
        bearing_messages: Some(price.bearing).filter(|_| !price.spread.is_empty()),
    }
}
