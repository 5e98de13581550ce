//! Why a charge moved, for programs.

use serde::Serialize;

use crate::billing::charges::{Line, LineKind};
use crate::billing::explain::{Cause, Change, Side};
use crate::report::explain::sentence::sentence;
use crate::report::explain::{Page, layout};

use super::held::HeldEntry;

/// The change of a charge and its five parts, which sum to it.
#[derive(Serialize)]
pub(super) struct Moved<'a> {
    sentence: String,
    charge: Compared<String>,
    messages_seen: Compared<i128>,
    /// Messages charged beyond those seen, of sub accounts that were removed.
    messages_attributed: Compared<i128>,
    price: Compared<Price>,
    fees_and_minimums: Compared<String>,
    /// Added to the parts of usage; several where not all messages have the same.
    markup_percents: Vec<String>,
    /// Whether every share follows the messages; if not, `rounding` holds what does not.
    proportional: bool,
    /// `own volume`, `attribution`, `pool rate`, `fees and minimums` or `rounding`; null if nothing moved.
    main_cause: Option<&'static str>,
    parts: Parts,
    /// Its parts of accounts that changed hands, at the later capture.
    changed_hands: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    account_id: Option<String>,
    account_name: &'a str,
    messages: Option<i64>,
    held: Option<HeldEntry<'a>>,
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
    /// Classes of the invoice that are kept on lines of their own or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_shared: Option<String>,
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
    fees_and_minimums: String,
    rounding: String,
    sum: String,
}

impl<'a> Moved<'a> {
    pub(super) fn of(page: &Page<'_>, change: &'a Change) -> Self {
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
            fees_and_minimums: Compared {
                before: amount(old.fee),
                after: amount(new.fee),
                difference: part(Cause::Fees),
            },
            markup_percents: change.markups.iter().map(|markup| layout::percent(*markup)).collect(),
            proportional: change.proportional,
            main_cause: change.main_cause().map(Cause::as_str),
            parts: Parts {
                own_volume: part(Cause::OwnVolume),
                attribution: part(Cause::Attribution),
                pool_rate: part(Cause::PoolRate),
                fees_and_minimums: part(Cause::Fees),
                rounding: part(Cause::Rounding),
                sum: amount(change.amount()),
            },
            changed_hands: change.moved.iter().map(changed_hands).collect(),
        }
    }
}

fn changed_hands(line: &Line) -> Part<'_> {
    Part {
        account_id: line.account_id.map(|id| id.to_string()),
        account_name: &line.name,
        messages: line.messages,
        held: line.held().map(HeldEntry::of),
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
        not_shared: Some(currency.format(price.apart)),
        messages: Some(price.messages),
        spread_parent_usage: spread(LineKind::Parent),
        spread_removed_usage: spread(LineKind::Removed),
        bearing_messages: Some(price.bearing).filter(|_| !price.spread.is_empty()),
    }
}
