//! The month as a story: a line for each night on which something happened, and one for each run of quiet ones.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::billing::ledger::Ledger;
use crate::billing::level::{Alert, AlertKind, Level};
use crate::billing::period::timestamp;
use crate::commands::run::Done;
use crate::report::text::{counted, grouped, shown};
use crate::simulator::world::{Event, World};

/// Longest name that a line of the story shows, in characters.
const NAME_CHARS_MAX: usize = 28;

/// Accounts that a line of the story names.
const CAP_COUNT_MAX: usize = 2;

/// What a night brought.
pub(super) enum Night {
    /// A capture and its reports.
    Taken(Box<Taken>),
    /// Nothing, and why is told by the exit code.
    Missed { exit_code: u8 },
}

/// The figures of a night.
pub(super) struct Taken {
    capture: String,
    reports: String,
    period: String,
    messages: String,
    invoice: String,
    currency: &'static str,
    removed_messages: i64,
    removed_cost: String,
    /// Removed messages that earlier captures do not give a name.
    unnamed_messages: i64,
    balanced: bool,
    /// What the captures tell that no single one of them shows.
    told: Vec<String>,
}

impl Night {
    pub(super) fn of(done: &Done) -> Self {
        let ledger = &done.ledger;
        let usage = &ledger.books.usage;
        let currency = usage.currency;
        Self::Taken(Box::new(Taken {
            capture: done.secured.key.id.clone(),
            reports: done.issue.folder().map_or_else(String::new, |folder| folder.display().to_string()),
            period: usage.period.name(),
            messages: grouped(&usage.total.messages.to_string()),
            invoice: grouped(&currency.format(currency.round(usage.total.cost.exact()))),
            currency: currency.code(),
            removed_messages: usage.removed.messages,
            removed_cost: grouped(&currency.format(currency.round(usage.removed.cost.exact()))),
            unnamed_messages: ledger.attribution.split().1,
            balanced: ledger.balanced(),
            told: named_again(ledger).chain(caps_reached(ledger)).collect(),
        }))
    }
}

/// Removed usage that the captures of last night and tonight give back its name.
fn named_again(ledger: &Ledger) -> impl Iterator<Item = String> {
    let of_tonight = ledger.attribution.named().filter(|(_, part)| part.until == ledger.books.capture.id);
    of_tonight.map(|(gone, part)| {
        let [low, messages, high] = [part.low, part.messages, part.high].map(|count| grouped(&count.to_string()));
        format!("named again: {}, from {low} to {high} messages, charged {messages}", name(&gone.name))
    })
}

/// Caps that tonight's capture is the first to see used up.
fn caps_reached(ledger: &Ledger) -> impl Iterator<Item = String> {
    let is_used_up = |alert: &&Alert| {
        let is_new = alert.capture == ledger.books.capture.id;
        is_new && alert.kind == AlertKind::Reached && alert.level >= Level::Exceeded
    };
    let mut names: Vec<String> =
        ledger.past.alerts().iter().filter(is_used_up).map(|alert| name(&alert.name)).collect();
    let more = names.split_off(names.len().min(CAP_COUNT_MAX)).len();
    let more = (more > 0).then(|| format!("and {}", counted(more, "other")));
    (!names.is_empty())
        .then(|| format!("cap reached: {}", names.into_iter().chain(more).collect::<Vec<_>>().join(", ")))
        .into_iter()
}

/// What will have happened in the world by then, in the words of the story.
pub(super) fn happenings(world: &World, until: DateTime<Utc>) -> Vec<String> {
    world.due().take_while(|(at, _)| *at <= until).filter_map(|(at, event)| happening(world, at, event)).collect()
}

fn happening(world: &World, at: DateTime<Utc>, event: &Event) -> Option<String> {
    let account = |id: &Uuid| world.sub_account(*id);
    match event {
        Event::Create(new, _) => Some(format!("created: {}, not in customers.csv yet", name(&new.name))),
        Event::Delete(id) => account(id).map(|account| {
            let messages = grouped(&account.messages(at).to_string());
            format!("deleted: {}; its {messages} messages lose their name", name(&account.name))
        }),
        Event::Suspend(id, _) => account(id).map(|account| format!("suspended: {}", name(&account.name))),
        Event::Unsuspend(id) => account(id).map(|account| format!("sends again: {}", name(&account.name))),
        Event::Update(id, change) => account(id).zip(change.monthly_credit).map(|(account, credit)| {
            let credit = grouped(&credit.to_string());
            format!("cap of {} set to {credit}", name(&account.name))
        }),
        _ => None,
    }
}

fn name(name: &str) -> String {
    let shown = shown(name);
    match shown.char_indices().nth(NAME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown,
    }
}

/// The month so far.
#[derive(Default)]
pub(super) struct Story {
    nights: Vec<(DateTime<Utc>, Vec<String>, Night)>,
    period: String,
}

impl Story {
    /// Adds a night.
    pub(super) fn tell(&mut self, at: DateTime<Utc>, mut happened: Vec<String>, night: Night) {
        match &night {
            Night::Missed { exit_code } => {
                happened
                    .push(format!("API down: exit {exit_code}, no capture; totals go on, so tomorrow's catches up"));
            }
            Night::Taken(taken) => {
                if self.nights.is_empty() {
                    happened.push("the first run: whoever is deleted after it can be named".to_owned());
                } else if taken.period != self.period {
                    happened.insert(0, "a new period: counts begin again, and the base fee is due anew".to_owned());
                }
                self.period.clone_from(&taken.period);
                happened.extend(taken.told.iter().cloned());
            }
        }
        self.nights.push((at, happened, night));
    }

    pub(super) fn json(&self) -> Value {
        let night = |(at, happened, night): &(DateTime<Utc>, Vec<String>, Night)| match night {
            Night::Missed { exit_code } => {
                json!({ "at": timestamp(*at), "exit_code": exit_code, "happened": happened })
            }
            Night::Taken(taken) => json!({
                "at": timestamp(*at),
                "exit_code": if taken.balanced { 0 } else { 10 },
                "capture": taken.capture,
                "reports": taken.reports,
                "happened": happened,
            }),
        };
        self.nights.iter().map(night).collect()
    }

    pub(super) fn text(&self, folder: &Path, account_count: usize, customer_count: usize, closed: &str) -> String {
        let mut text = format!(
            "October 2026 of a simulated parent account: {account_count} sub accounts, {customer_count} customers, a run \
             every night at 23:45 UTC\n\n{:<9}  {:>9}  {:>10}  {:<8}  what happened\n",
            "night", "messages", "invoice", "books"
        );
        let mut quiet_since = None;
        for (index, (at, happened, night)) in self.nights.iter().enumerate() {
            let is_quiet = happened.is_empty();
            let next_is_quiet = self.nights.get(index + 1).is_some_and(|(_, happened, _)| happened.is_empty());
            let since = *quiet_since.get_or_insert(*at);
            if is_quiet && next_is_quiet {
                continue;
            }
            quiet_since = None;
            let days = if since == *at { at.format("%d %b").to_string() } else { days(since, *at) };
            line(&mut text, &days, happened, night);
        }
        let _ = write!(text, "\n{closed}");
        self.ending(&mut text, folder);
        text
    }

    fn ending(&self, text: &mut String, folder: &Path) {
        let taken: Vec<&Taken> = self.nights.iter().filter_map(|(.., night)| night.taken()).collect();
        let sets: BTreeSet<&str> = taken.iter().map(|taken| taken.reports.as_str()).collect();
        let _ = writeln!(text, "\n{} captures, each with its report set, in {}", sets.len(), folder.display());
        let mut october = taken.iter().filter(|taken| taken.period != self.period);
        if let Some(last) = october.next_back() {
            let removed = grouped(&last.removed_messages.to_string());
            let named = match last.unnamed_messages {
                0 => "all of it".to_owned(),
                unnamed => format!("all but {} messages", grouped(&unnamed.to_string())),
            };
            let _ = writeln!(
                text,
                "{} of October's {} {} ({removed} messages) are of deleted sub accounts, which the API no longer names.\n\
                 The captures of the nights before do, {named}. Open:",
                last.removed_cost, last.invoice, last.currency
            );
        }
        let reports = folder.join("reports/demo/2026-10-01/latest");
        let reports = reports.display();
        let _ = write!(
            text,
            "  {reports}/report.html      all of it on one page\n\
             \x20 {reports}/chargeback.xlsx  the workbook: charges, control, caps, removed usage, findings\n\
             \x20 {reports}/customers/       one folder per customer, with a statement that can be sent\n\
             \x20 {reports}/control.csv      the proof that it adds up to the invoice\n\
             \x20 {reports}/focus/           FOCUS 1.2, for FinOps tools\n"
        );
    }
}

impl Night {
    fn taken(&self) -> Option<&Taken> {
        match self {
            Self::Taken(taken) => Some(taken),
            Self::Missed { .. } => None,
        }
    }
}

/// `02-05 Oct`; a run of nights never reaches beyond its month, because a month begins with news.
fn days(since: DateTime<Utc>, until: DateTime<Utc>) -> String {
    format!("{}-{}", since.format("%d"), until.format("%d %b"))
}

fn line(text: &mut String, days: &str, happened: &[String], night: &Night) {
    let (messages, invoice, books) = match night.taken() {
        Some(taken) => {
            let books = if taken.balanced { "balanced" } else { "DIFFER" };
            (taken.messages.as_str(), taken.invoice.as_str(), books)
        }
        None => ("", "", "none"),
    };
    let mut happened = happened.iter();
    let first = happened.next().map_or("", String::as_str);
    let row = format!("{days:<9}  {messages:>9}  {invoice:>10}  {books:<8}  {first}");
    let _ = writeln!(text, "{}", row.trim_end());
    for more in happened {
        let _ = writeln!(text, "{:44}{more}", "");
    }
}
