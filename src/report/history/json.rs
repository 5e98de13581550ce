//! A history for programs. Its own types, so that the core can change behind them; amounts are texts with exact digits.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::billing::history::{History, Key, Slice};
use crate::billing::past::Unreadable;
use crate::billing::period::timestamp;

/// The schema; it changes when a field changes its meaning or goes away.
const SCHEMA: &str = "subledger/history/v1";

#[derive(Serialize)]
struct Json<'h> {
    schema: &'static str,
    exit_code: u8,
    tool: &'h str,
    label: &'h str,
    by: &'static str,
    currency: &'static str,
    keys: Vec<KeyEntry<'h>>,
    slices: Vec<SliceEntry<'h>>,
    passed_over: Vec<PassedOver<'h>>,
}

#[derive(Serialize)]
struct KeyEntry<'h> {
    line_type: &'static str,
    customer_id: Option<&'h str>,
    customer_name: Option<&'h str>,
    account_id: Option<String>,
    account_name: Option<&'h str>,
}

#[derive(Serialize)]
struct SliceEntry<'h> {
    period_start: String,
    first_day: String,
    last_day: String,
    days: i64,
    from: String,
    until: String,
    state: &'static str,
    rows: Rows<'h>,
}

/// Rows are written one by one: a year of many accounts has millions.
struct Rows<'h> {
    history: &'h History,
    slice: &'h Slice,
}

#[derive(Serialize)]
struct RowEntry {
    /// The position in `keys`, from 0.
    key: u32,
    messages: i64,
    cost: String,
}

#[derive(Serialize)]
struct PassedOver<'h> {
    capture: &'h str,
    problem: &'h str,
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.slice.keys.len()))?;
        for (key, figures) in self.slice.rows() {
            let cost = self.history.currency.show(figures.exact_cost());
            rows.serialize_element(&RowEntry { key, messages: figures.messages, cost })?;
        }
        rows.end()
    }
}

/// The history as one JSON document.
pub fn json(history: &History, label: &str, tool: &str) -> String {
    let slice = |slice| SliceEntry::of(history, slice);
    let json = Json {
        schema: SCHEMA,
        exit_code: 0,
        tool,
        label,
        by: history.by.as_str(),
        currency: history.currency.code(),
        keys: history.keys.iter().map(KeyEntry::of).collect(),
        slices: history.slices.iter().map(slice).collect(),
        passed_over: history.passed_over.iter().map(PassedOver::of).collect(),
    };
    // only maps with non-text keys can fail to become JSON, and there is none
    serde_json::to_string(&json).unwrap_or_default()
}

impl<'h> KeyEntry<'h> {
    fn of(key: &'h Key) -> Self {
        Self {
            line_type: key.kind.as_str(),
            customer_id: key.customer_id.as_deref(),
            customer_name: key.customer_name.as_deref(),
            account_id: key.account_id.map(|id| id.to_string()),
            account_name: key.account_name.as_deref(),
        }
    }
}

impl<'h> SliceEntry<'h> {
    fn of(history: &'h History, slice: &'h Slice) -> Self {
        Self {
            period_start: timestamp(slice.period.start),
            first_day: slice.days.first.to_string(),
            last_day: slice.days.last.to_string(),
            days: slice.days.count(),
            from: timestamp(slice.from),
            until: timestamp(slice.until),
            state: slice.state.as_str(),
            rows: Rows { history, slice },
        }
    }
}

impl<'h> PassedOver<'h> {
    fn of(capture: &'h Unreadable) -> Self {
        Self { capture: &capture.id, problem: &capture.problem }
    }
}
