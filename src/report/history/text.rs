//! A history for people: a line and a bar for each day of the pool, or a line and a row of small bars for each key.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};

use super::super::text::{counted, duration, grouped, shown};
use super::chart::{bar, shaded_bar, sparkline};
use crate::billing::history::{By, Days, Figures, History, Key, Kind, Overview, Slice, State};
use crate::billing::money::Exact;
use crate::billing::period::timestamp;

/// Keys written out, the largest first; all of them are in the other formats.
const KEY_COUNT_MAX: usize = 20;
/// Longest name in a line, in characters.
const NAME_CHARS_MAX: usize = 28;
/// Most small bars in a line: so that it fits into 100 columns.
const SPARK_CHARS_MAX: usize = 40;

/// The history with a final line break.
pub fn text(history: &History, label: &str) -> String {
    let mut text = String::new();
    let overview = Overview::of(history, SPARK_CHARS_MAX);
    head(&mut text, history, label);
    match history.by {
        By::Pool => days(&mut text, history, &overview),
        By::Customer | By::Account => keys(&mut text, history, &overview),
    }
    legend(&mut text, history, &overview);
    text
}

fn head(text: &mut String, history: &History, label: &str) {
    let what = match history.by {
        By::Pool => "per day",
        By::Customer => "by customer",
        By::Account => "by sub account",
    };
    let range = history.days().map_or(String::new(), |(first, last)| {
        if first == last { format!(", {first}") } else { format!(", {first} to {last}") }
    });
    // writing into a String cannot fail
    let _ = writeln!(text, "{}: messages and cost {what}{range}, in {}\n", shown(label), history.currency.code());
}

/// One line for each difference of the pool.
fn days(text: &mut String, history: &History, overview: &Overview) {
    let mut lines = vec![["day", "messages", "cost", ""].map(str::to_owned)];
    let max = history.slices.iter().map(Slice::daily_messages).max().unwrap_or(0);
    for slice in &history.slices {
        let label = day_label(slice.days);
        let Some((_, figures)) = slice.rows().next() else {
            let time = duration(slice.until - slice.from);
            let is_whole = slice.from == slice.period.start;
            let end = if is_whole { "without a capture" } else { "until the period ended" };
            lines.push([format!("{label} !"), "unseen".to_owned(), String::new(), format!("{time} {end}")]);
            continue;
        };
        let mark = if slice.is_gap() {
            " +"
        } else if slice.state == State::Estimated {
            " ~"
        } else {
            ""
        };
        let is_mean = slice.is_gap() || slice.state == State::Estimated;
        let drawn = if is_mean { shaded_bar(slice.daily_messages(), max) } else { bar(slice.daily_messages(), max) };
        lines.push([format!("{label}{mark}"), messages(figures), cost(history, figures.exact_cost()), drawn]);
    }
    let all = [grouped(&overview.messages.to_string()), cost(history, overview.cost)];
    let [messages, cost] = all;
    lines.push(["total".to_owned(), messages, cost, String::new()]);
    columns(text, &lines);
}

/// One line for each key, the largest first.
fn keys(text: &mut String, history: &History, overview: &Overview) {
    let (first, last) = history.days().unwrap_or_default();
    let name = if history.by == By::Customer { "customer" } else { "sub account" };
    let time = if first == last { day(first) } else { format!("{} to {}", day(first), day(last)) };
    let mut lines = vec![[name.to_owned(), "messages".to_owned(), "cost".to_owned(), time]];
    let (listed, rest) = overview.totals.split_at(overview.totals.len().min(KEY_COUNT_MAX));
    let positions: Vec<u32> = listed.iter().map(|total| total.key).collect();
    for (total, series) in listed.iter().zip(overview.series(history, &positions)) {
        let name = history.keys.get(total.key as usize).map_or(String::new(), |key| label(key, history.by));
        let messages = grouped(&total.messages.to_string());
        lines.push([name, messages, cost(history, total.cost), sparkline(&series)]);
    }
    if !rest.is_empty() {
        let more = format!("and {} more, see `--output csv`", grouped(&rest.len().to_string()));
        lines.push([more, String::new(), String::new(), String::new()]);
    }
    let (messages, cost) = (grouped(&overview.messages.to_string()), cost(history, overview.cost));
    lines.push(["total".to_owned(), messages, cost, String::new()]);
    columns(text, &lines);
}

/// What the marks mean, of those that occur, and what could not be used.
fn legend(text: &mut String, history: &History, overview: &Overview) {
    let mut notes = Vec::new();
    let is_pool = history.by == By::Pool;
    if !is_pool {
        notes.push("bars: messages a day, each line beside its own largest".to_owned());
    }
    let gaps: Vec<String> = history.slices.iter().filter(|slice| slice.is_gap()).map(|s| day_label(s.days)).collect();
    if is_pool && !gaps.is_empty() {
        notes
            .push("+ one difference over several days, because captures are missing; the bar is their mean".to_owned());
    }
    if !is_pool && overview.step_days > 1 {
        notes.push(format!("each bar stands for {} days, with their mean", overview.step_days));
    }
    if !is_pool && !gaps.is_empty() {
        notes.push(format!("several days in one difference, drawn as their mean on the last: {}", gaps.join(", ")));
    }
    if !gaps.is_empty() {
        notes.push("  `--even-out` spreads it over its days in equal parts".to_owned());
    }
    if history.slices.iter().any(|slice| slice.state == State::Estimated) {
        let mark = if is_pool { "~ " } else { "" };
        notes.push(format!("{mark}estimated: an equal part of a difference over several days"));
    }
    let unseen: Vec<&Slice> = history.slices.iter().filter(|slice| slice.state == State::Unseen).collect();
    if is_pool && !unseen.is_empty() {
        notes.push("! after the last capture of a period nobody saw what was sent".to_owned());
    }
    if !is_pool {
        let told =
            |slice: &&Slice| format!("unseen: {} until {}", duration(slice.until - slice.from), timestamp(slice.until));
        notes.extend(unseen.iter().map(told));
    }
    if !history.passed_over.is_empty() {
        let ids: Vec<&str> = history.passed_over.iter().map(|capture| capture.id.as_str()).collect();
        notes.push(format!("{} could not be used: {}", counted(ids.len(), "capture"), ids.join(", ")));
    }
    if !notes.is_empty() {
        let _ = writeln!(text, "\n{}", notes.join("\n"));
    }
}

/// Four columns: the first and the last to the left, figures to the right.
fn columns(text: &mut String, lines: &[[String; 4]]) {
    let width = |index: usize| lines.iter().map(|line| line[index].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    for [label, messages, cost, chart] in lines {
        let line = format!("{label:<first$}  {messages:>second$}  {cost:>third$}  {chart}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

fn messages(figures: Figures) -> String {
    grouped(&figures.messages.to_string())
}

fn cost(history: &History, amount: Exact) -> String {
    grouped(&history.currency.format(history.currency.round(amount)))
}

/// `12 Oct`, `13-14 Oct`, `30 Sep-2 Oct`.
fn day_label(days: Days) -> String {
    let Days { first, last } = days;
    if first == last {
        return day(first);
    }
    let is_same_month = (first.year(), first.month()) == (last.year(), last.month());
    let from = if is_same_month { first.format("%d").to_string() } else { day(first) };
    format!("{from}-{}", day(last))
}

fn day(day: NaiveDate) -> String {
    day.format("%d %b").to_string()
}

/// A key for reading. What is no customer's or no sub account's name stands in brackets.
fn label(key: &Key, by: By) -> String {
    match key.kind {
        Kind::Pool => "(pool)".to_owned(),
        Kind::Parent => "(parent account)".to_owned(),
        Kind::Removed => "(removed, without a name)".to_owned(),
        Kind::SubAccount if by == By::Customer => format!("{} (unmapped)", truncated(key.name().unwrap_or_default())),
        Kind::Customer | Kind::SubAccount => truncated(key.name().unwrap_or("(no name)")),
    }
}

fn truncated(name: &str) -> String {
    let shown = shown(name);
    match shown.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", shown[..end].trim_end()),
        None => shown,
    }
}
