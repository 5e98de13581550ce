//! The buckets of a capture as lines, before anything is shared.

use std::sync::Arc;

use super::super::books::Books;
use super::super::grade::{Grade, Span};
use super::super::money::Minor;
use super::{Line, LineKind};

/// The sub accounts in the order of the books, then the parent, then what was removed.
pub(crate) fn bucket_lines(books: &Books) -> Vec<Line> {
    let usage = &books.usage;
    let mut lines = Vec::with_capacity(usage.sub_accounts.len() + 4);
    let of_accounts = books.known().flat_map(|known| known.lines.iter().map(move |line| (line, known.account())));
    lines.extend(of_accounts.map(|(usage_line, account)| Line {
        account_id: Some(usage_line.account_id),
        status: account.map(|account| account.status.clone()),
        messages: Some(usage_line.tally.messages),
        allocated_cost: Some(usage_line.tally.cost),
        ..named_line(LineKind::SubAccount, Arc::clone(&usage_line.name))
    }));
    for (kind, name, account_id, tally) in [
        (LineKind::Parent, "Parent account", Some(usage.parent_id), usage.parent),
        (LineKind::Removed, "Removed sub accounts", None, usage.removed),
    ] {
        let (messages, allocated_cost) = (Some(tally.messages), Some(tally.cost));
        lines.push(Line { account_id, messages, allocated_cost, ..amount_line(kind, name) });
    }
    lines
}

/// A line of nothing yet.
pub(super) fn amount_line(kind: LineKind, name: &str) -> Line {
    named_line(kind, name.into())
}

fn named_line(kind: LineKind, name: Arc<str>) -> Line {
    Line {
        kind,
        account_id: None,
        name,
        status: None,
        cap: None,
        messages: None,
        allocated_cost: None,
        share: Minor::ZERO,
        spread: Minor::ZERO,
        markup_percent: None,
        markup: Minor::ZERO,
        fee: Minor::ZERO,
        grade: Grade::Observed,
        span: Span::default(),
        held: None,
        unseen: None,
        place: 0,
    }
}
