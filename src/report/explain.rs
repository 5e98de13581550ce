//! Explanations for people and for programs: how a charge came about, and why it moved.
//!
//! The figures come from [`billing::explain`](crate::billing::explain); here they only get words.

mod change;
mod charge;
mod fee;
mod held;
mod json;
mod layout;
mod line;
mod sentence;

use crate::billing::books::CaptureRef;
use crate::billing::explain::{Change, Explained, Subject};
use crate::billing::ledger::Ledger;

use super::text::shown;

/// What is explained.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Whose charge.
    pub subject: &'a Subject,
    /// At this capture.
    pub ledger: &'a Ledger,
    /// The capture's folder.
    pub evidence: &'a str,
}

impl Page<'_> {
    /// How the charge came about, for people, with a final line break.
    pub fn charge_text(&self, explained: &Explained) -> String {
        charge::text(self, explained)
    }

    /// The same for programs.
    pub fn charge_json(&self, explained: &Explained) -> String {
        json::charge(self, explained)
    }

    /// Why the charge moved, for people, with a final line break. `evidence` is the earlier capture's folder.
    pub fn change_text(&self, change: &Change, evidence: &str) -> String {
        change::text(self, change, evidence)
    }

    /// The same for programs.
    pub fn change_json(&self, change: &Change, evidence: &str) -> String {
        json::change(self, change, evidence)
    }

    /// The subject with its id, for a heading.
    fn title(&self) -> String {
        format!("{} ({})", shown(self.subject.name()), shown(&self.subject.id()))
    }
}

/// A capture with the hash that its evidence hangs on.
fn cited(capture: &CaptureRef) -> String {
    format!("{}  sha256 {}", capture.id, capture.sha256)
}
