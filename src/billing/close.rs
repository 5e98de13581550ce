//! Closing a period: what stands in the way, what was accepted in spite of it, and what was issued before.

use std::fmt;

use chrono::{DateTime, Utc};

use super::charges::{Charges, Line, Statement};
use super::finding::{Code, Finding, Severity};
use super::ledger::Ledger;
use super::money::{Exact, Minor};

/// The state of a report set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The period is open: the next capture changes the figures.
    Provisional,
    /// The period is closed, and this is what was issued.
    Final,
    /// What was issued before has been corrected.
    Restated,
}

impl State {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Final => "final",
            Self::Restated => "restated",
        }
    }
}

/// What keeps a period from being closed unless it is accepted with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The books have errors.
    Errors,
    /// Part of the invoice has no explanation.
    Rest,
    /// The end of the period went unseen for longer than is allowed.
    Tail,
    /// Nights, captures or periods are missing.
    Gaps,
}

impl Obstacle {
    /// Every obstacle.
    pub const ALL: [Self; 4] = [Self::Errors, Self::Rest, Self::Tail, Self::Gaps];

    /// The name in flags, files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Rest => "rest",
            Self::Tail => "tail",
            Self::Gaps => "gaps",
        }
    }

    /// Finds an obstacle by its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|obstacle| obstacle.as_str() == name)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An obstacle that somebody has taken responsibility for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What was in the way.
    pub what: Obstacle,
    /// Why it was accepted.
    pub reason: String,
}

/// How a period was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// 1 for what was issued first, then one more for each correction.
    pub revision: u32,
    /// When.
    pub closed_at: DateTime<Utc>,
    /// What was accepted.
    pub accepted: Vec<Accepted>,
    /// Why a correction was made; nothing for the first revision.
    pub reason: Option<String>,
    /// What a correction takes the place of.
    pub supersedes: Option<Superseded>,
}

impl Close {
    /// The name of its report set: `final-r1`.
    pub fn set_name(revision: u32) -> String {
        format!("final-r{revision}")
    }

    /// The reason for which an obstacle was accepted.
    pub fn accepts(&self, what: Obstacle) -> Option<&str> {
        self.accepted.iter().find(|accepted| accepted.what == what).map(|accepted| accepted.reason.as_str())
    }
}

/// A revision that a correction takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// Its number.
    pub revision: u32,
    /// The number of its invoice.
    pub invoice_number: String,
    /// SHA-256 of its record in the archive, in hex.
    pub sha256: String,
    /// Its invoice.
    pub invoice: Minor,
    /// What was issued.
    pub issued: Issued,
}

/// What a revision came to: one entry for each statement, kept line, and class that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Issued {
    /// Ordered by kind and id.
    pub entries: Vec<IssuedEntry>,
}

/// Whether an entry was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssuedKind {
    /// A customer's statement.
    Statement,
    /// A line that nobody was charged with.
    Kept,
    /// A class that no line was made of.
    LeftOut,
}

impl IssuedKind {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Kept => "kept",
            Self::LeftOut => "left_out",
        }
    }

    /// Finds a kind by its word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Statement, Self::Kept, Self::LeftOut].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What one statement, kept line or class came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedEntry {
    /// Which of them.
    pub kind: IssuedKind,
    /// The customer's id; for others what the line stands for, with its account if it has one.
    pub id: String,
    /// Its name, safe to display.
    pub name: String,
    /// What it takes from the pooled invoice.
    pub cost: Minor,
    /// What is charged beyond that.
    pub margin: Minor,
}

impl Issued {
    /// What charges come to.
    pub fn of(charges: &Charges) -> Self {
        let statement = |statement: Statement<'_>| IssuedEntry {
            kind: IssuedKind::Statement,
            id: statement.payer.id().into_owned(),
            name: statement.payer.name().to_owned(),
            cost: statement.sums.cost,
            margin: statement.sums.margin(),
        };
        let kept = |line: &Line| {
            let account = line.account_id.map(|id| format!(" {id}")).unwrap_or_default();
            let id = format!("{}{account}", line.kind.as_str());
            IssuedEntry {
                kind: IssuedKind::Kept,
                id,
                name: line.name.to_string(),
                cost: line.cost(),
                margin: Minor::ZERO,
            }
        };
        let mut entries: Vec<IssuedEntry> = charges.statements().map(statement).collect();
        entries.extend(charges.kept().map(kept));
        entries.extend(charges.left_out.iter().map(|(class, cost)| IssuedEntry {
            kind: IssuedKind::LeftOut,
            id: class.as_str().to_owned(),
            name: class.title().to_owned(),
            cost: *cost,
            margin: Minor::ZERO,
        }));
        entries.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
        // an account without an owner on several stretches of the period is one entry
        entries.dedup_by(|later, first| {
            let is_same = later.kind == first.kind && later.id == first.id;
            if is_same {
                first.cost += later.cost;
            }
            is_same
        });
        Self { entries }
    }
}

/// What stands in the way of closing, each with a sentence on what was found, in the order of [`Obstacle::ALL`].
pub fn obstacles(ledger: &Ledger) -> Vec<(Obstacle, String)> {
    let currency = ledger.charges.currency;
    let found = |what: &dyn Fn(&&Finding) -> bool| ledger.findings.listed.iter().filter(what).count();
    // the rest is an obstacle of its own
    let is_invoice = |finding: &&Finding| finding.severity == Severity::Error && finding.code == Code::Invoice;
    let is_gap = |finding: &&Finding| finding.code == Code::Gap && finding.severity <= Severity::Warning;
    let rest = ledger.charges.bridge.map_or(Exact::ZERO, |bridge| bridge.rest);
    let tail = ledger.tail.tail.length();
    let of = |what| match what {
        Obstacle::Errors => Some(ledger.count(Severity::Error) - found(&is_invoice))
            .filter(|count| *count > 0)
            .map(|count| format!("the books do not balance: findings of severity error: {count}")),
        Obstacle::Rest => (!rest.is_zero())
            .then(|| format!("{} {} of the invoice have no explanation", currency.show_signed(rest), currency.code())),
        Obstacle::Tail => (tail > ledger.terms.tail_max)
            .then(|| format!("nobody saw the last {} minutes of the period", tail.num_minutes())),
        Obstacle::Gaps => Some(found(&is_gap))
            .filter(|count| *count > 0)
            .map(|count| format!("nights, captures or periods are missing: findings `gap`: {count}")),
    };
    Obstacle::ALL.into_iter().filter_map(|what| Some((what, of(what)?))).collect()
}
