//! The buckets of a capture as lines, before anything is shared.

use std::sync::Arc;

use super::super::books::Books;
use super::{Line, LineKind};

/// The sub accounts in the order of the books, then the parent, then what was removed.
pub(crate) fn bucket_lines(books: &Books) -> Vec<Line> {
    let usage = &books.usage;
    let mut lines = Vec::with_capacity(usage.sub_accounts.len() + 4);
    let of_accounts = books.known().flat_map(|known| known.lines.iter().map(move |line| (line, known.account())));
    lines.extend(of_accounts.map(|(usage_line, account)| {
        let mut line = Line {
            account_id: Some(usage_line.account_id),
            messages: Some(usage_line.tally.messages),
            allocated_cost: Some(usage_line.tally.cost),
            ..Line::new(LineKind::SubAccount, Arc::clone(&usage_line.name))
        };
        line.set_status(account.map(|account| account.status.clone()));
        line
    }));
    for (kind, name, account_id, tally) in [
        (LineKind::Parent, "Parent account", Some(usage.parent_id), usage.parent),
        (LineKind::Removed, "Removed sub accounts", None, usage.removed),
    ] {
        let (messages, allocated_cost) = (Some(tally.messages), Some(tally.cost));
        lines.push(Line { account_id, messages, allocated_cost, ..Line::new(kind, name.into()) });
    }
    lines
}
