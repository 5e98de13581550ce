//! The subcommands: each builds its inputs, calls the rooms, and says what came of it.

pub mod accounts;
pub mod archive;
pub mod caps;
pub mod capture;
pub mod close;
pub mod consent;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod history;
pub mod inert;
pub mod init;
mod progress;
pub mod prune;
pub mod report;
pub mod run;
pub mod selection;
pub mod several;
pub mod simulate;
pub mod status;
pub mod verify;

use crate::billing::ledger::Ledger;
use crate::failure::{Evidence, Kind, SHIP, closing};
use crate::nightly::Secured;
use crate::report::history::Sheet;

/// What a command leaves to be printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The exit code.
    pub exit_code: u8,
    /// The result for people, with a final line break; empty if there is none.
    pub text: String,
    /// The result for programs; empty if there is none.
    pub json: String,
    /// The result as a table, CSV or Parquet.
    pub table: Option<Sheet>,
    /// The last line on stderr.
    pub closing: String,
    /// Lines for whoever runs us and reads the log, as they are.
    pub for_runner: Vec<String>,
    /// What to do if stdout does not take the result; nothing where that makes no difference.
    pub if_lost: Option<String>,
}

/// The form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// For SQL engines and data frames.
    Parquet,
}

/// What makes the exit code non-zero although the books balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FailOn {
    /// A cap at the near level or above.
    pub caps: bool,
}

/// What to do about evidence that waits in the spool comes before everything else that is to be done.
fn with_waiting(secured: &Secured, (exit_code, closing): (u8, String)) -> (u8, String) {
    if !secured.is_waiting {
        return (exit_code, closing);
    }
    (Kind::Waiting.exit_code(), format!("{closing}; {SHIP}"))
}

/// The exit code of a ledger whose reports are published, and what to do about it.
fn verdict(ledger: &Ledger, fail_on: FailOn, file_of_caps: &str, evidence: &Evidence) -> (u8, String) {
    if !ledger.balanced() {
        let next = "the books do not balance, read the findings before statements go out";
        return (10, closing(evidence, next));
    }
    let flagged = ledger.flagged_caps();
    if fail_on.caps && flagged > 0 {
        return (11, closing(evidence, &format!("caps are flagged ({flagged}), see {file_of_caps}")));
    }
    let warnings = ledger.findings.warnings_beside_caps();
    let to_read: Vec<String> =
        [(warnings, "warning to read", "warnings to read"), (flagged, "cap flagged", "caps flagged")]
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
            .collect();
    let next = match to_read.as_slice() {
        [] => "the books balance, nothing to do".to_owned(),
        some => format!("the books balance; {}", some.join(", ")),
    };
    (0, closing(evidence, &next))
}
