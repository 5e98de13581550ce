//! A removed sub account in JSON, wherever it is told of.

use serde::Serialize;

use crate::billing::removed::{Gone, Part};

/// What captures tell of a removed sub account; all counts are messages.
#[derive(Serialize)]
pub(in crate::report) struct RemovedAccount<'a> {
    account_id: String,
    account_name: &'a str,
    seen_until: Option<&'a str>,
    gone_at: &'a str,
    messages_seen: i64,
    messages_low: i64,
    messages: i64,
    messages_high: i64,
}

impl<'a> RemovedAccount<'a> {
    pub(in crate::report) fn of(gone: &'a Gone, part: &'a Part) -> Self {
        Self {
            account_id: gone.account_id.to_string(),
            account_name: &gone.name,
            seen_until: part.from.as_deref(),
            gone_at: &part.until,
            messages_seen: gone.seen,
            messages_low: part.low,
            messages: part.messages,
            messages_high: part.high,
        }
    }
}
