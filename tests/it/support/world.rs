//! Worlds larger than the base case, and changes to usage answers.

use std::collections::BTreeMap;

use super::{Answers, PARENT, account, page};

/// Sub accounts on one page of the list.
const PAGE_LENGTH: usize = 100;

/// The id of a sub account of [`month`], counted from 1.
pub(crate) fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A month of many sub accounts, 100 to a page. Number n has 100·n messages for n cents, so that everything is in
/// exact proportion; the parent account has 10,000 messages for 1.00.
pub(crate) fn month(count: usize) -> Answers {
    let numbers: Vec<usize> = (1..=count).collect();
    let line = |number: &usize| usage_line(&id(*number), &name(*number), 100 * number, &cents(*number));
    let lines: Vec<String> = numbers.iter().map(line).collect();
    let total: usize = numbers.iter().sum();
    let usage = usage(&lines, (0, "0.0"), (100 * total + 10_000, &cents(total + 100)));
    let entries: Vec<String> = numbers.iter().map(|number| account(&id(*number), &name(*number), 0)).collect();
    let chunks: Vec<&[String]> = entries.chunks(PAGE_LENGTH).collect();
    let next = |index: usize| (index + 1 < chunks.len()).then_some(index + 2);
    let pages = chunks.iter().enumerate().map(|(index, chunk)| page(chunk, next(index))).collect();
    Answers { usage, pages, accounts: BTreeMap::new() }
}

/// The month with its last account missing from the list, and found when it is asked for.
pub(crate) fn month_with_lookup(count: usize) -> Answers {
    let mut answers = month(count);
    let shorter = month(count - 1);
    answers.pages = shorter.pages;
    answers.accounts.insert(id(count), account(&id(count), &name(count), 0));
    answers
}

/// The name of a sub account of [`month`].
pub(crate) fn name(number: usize) -> String {
    format!("Customer {number}")
}

fn usage_line(id: &str, name: &str, messages: usize, cost: &str) -> String {
    format!(r#"{{"account_id": "{id}", "name": "{name}", "reception_count": {messages}, "allocated_cost": {cost}}}"#)
}

fn usage(lines: &[String], removed: (usize, &str), total: (usize, &str)) -> String {
    let bucket =
        |(messages, cost): (usize, &str)| format!(r#"{{"reception_count": {messages}, "allocated_cost": {cost}}}"#);
    let parent = format!(r#"{{"account_id": "{PARENT}", "reception_count": 10000, "allocated_cost": 1.0}}"#);
    format!(
        r#"{{"billing_period": {{"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T00:00:00Z"}}, "currency": "usd",
"allocation_method": "proportional", "allocation_note": "a share of the pooled invoice by message volume",
"parent": {parent}, "sub_accounts": [{}], "removed_sub_accounts": {}, "total": {}}}"#,
        lines.join(",\n"),
        bucket(removed),
        bucket(total)
    )
}

/// Cents as the API writes amounts: `3.0`, `0.25`.
fn cents(cents: usize) -> String {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    text.strip_suffix('0').map_or(text.clone(), str::to_owned)
}

/// A text with one place in it changed; that the place is there is part of the test.
pub(crate) fn changed(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` is to be there once");
    text.replace(from, to)
}
