//! Whose a line is, in words, where its account changed hands within the period.

use crate::billing::charges::{Held, Line};
use crate::billing::customers::Customer;
use crate::billing::explain::Subject;
use crate::report::text::shown;

use super::Page;
use super::layout::{count, messages, row, wrapped};

/// The row that says it; nothing on a line of an account that did not change hands.
pub(super) fn text(page: &Page<'_>, line: &Line) -> String {
    note(page, line).map(|note| row("its part", &count(line.messages.unwrap_or(0)), &note)).unwrap_or_default()
}

/// The same in a line of its own.
pub(super) fn sentence(page: &Page<'_>, line: &Line) -> String {
    let messages = messages(line.messages.unwrap_or(0).into());
    let note = note(page, line).unwrap_or_default();
    wrapped("moved     ", &format!("{}, {messages}: {note}", shown(&line.name)), 10)
}

fn note(page: &Page<'_>, line: &Line) -> Option<String> {
    let held = line.held()?;
    Some(format!("{} {}, counted {}", whose(page, held), held.days, counted(held)))
}

/// `the customer's`, where the line is on the statement that is explained; else by name.
fn whose(page: &Page<'_>, held: &Held) -> String {
    match (page.subject, &held.owner) {
        (Subject::Customer(_), Some(_)) => "the customer's".to_owned(),
        (Subject::Account { .. }, Some(owner)) => format!("{}'s", shown(&owner.name)),
        (_, None) => "nobody's".to_owned(),
    }
}

/// Between which captures the messages of a stretch are counted.
fn counted(held: &Held) -> String {
    let from = held.from.as_ref().map_or("the start of the period".to_owned(), |from| format!("capture {from}"));
    format!("from {from} until capture {}", held.until)
}

/// Everybody who is charged for the lines, each once, in their order; nothing among them stands for lines that are nobody's.
pub(super) fn owners<'a>(page: &Page<'a>, lines: impl Iterator<Item = &'a Line>) -> Vec<Option<&'a Customer>> {
    let mut owners: Vec<Option<&Customer>> = Vec::new();
    for line in lines {
        let owner = match line.held() {
            Some(held) => held.owner.as_ref(),
            None => page.subject.customer(),
        };
        let id = |owner: Option<&'a Customer>| owner.map(|owner| &owner.id);
        if !owners.iter().any(|known| id(*known) == id(owner)) {
            owners.push(owner);
        }
    }
    owners
}
