//! The delta journal of a correction: what each statement and kept line comes to now, and what it came to before.

use std::collections::BTreeMap;

use super::close::{Issued, IssuedEntry, IssuedKind};
use super::money::Minor;

/// Which of two amounts a journal line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What is taken from the pooled invoice: these lines sum to the change of the invoice.
    Cost,
    /// What is charged beyond that: markup, fees and minimums.
    Margin,
}

impl Account {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Margin => "margin",
        }
    }
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// Which amount.
    pub account: Account,
    /// Of a statement, a kept line, or a class that was left out.
    pub kind: IssuedKind,
    /// Whose, as in [`IssuedEntry::id`].
    pub id: String,
    /// The name, safe to display.
    pub name: String,
    /// What was issued before; zero for what was not there.
    pub old: Minor,
    /// What is issued now; zero for what is not there any more.
    pub new: Minor,
}

impl JournalLine {
    /// New less old.
    pub fn difference(&self) -> Minor {
        self.new - self.old
    }

    /// By how much more is owed than before; zero if it is less.
    pub fn debit(&self) -> Minor {
        self.difference().max(Minor::ZERO)
    }

    /// By how much less is owed than before; zero if it is more.
    pub fn credit(&self) -> Minor {
        (-self.difference()).max(Minor::ZERO)
    }
}

/// A correction, line by line: cost first, then margin, each ordered by kind and id.
///
/// Every cost is there, so that old and new foot to the two invoices; margins are there where either is not zero.
pub fn journal(old: &Issued, new: &Issued) -> Vec<JournalLine> {
    let by_key = |issued: &'_ Issued| -> BTreeMap<(IssuedKind, String), IssuedEntry> {
        issued.entries.iter().map(|entry| ((entry.kind, entry.id.clone()), entry.clone())).collect()
    };
    let (old, new) = (by_key(old), by_key(new));
    let mut keys: Vec<&(IssuedKind, String)> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let line = |account: Account, key: &(IssuedKind, String)| {
        let amount = |entry: Option<&IssuedEntry>| match account {
            Account::Cost => entry.map_or(Minor::ZERO, |entry| entry.cost),
            Account::Margin => entry.map_or(Minor::ZERO, |entry| entry.margin),
        };
        let (before, now) = (old.get(key), new.get(key));
        let name = now.or(before).map_or(String::new(), |entry| entry.name.clone());
        JournalLine { account, kind: key.0, id: key.1.clone(), name, old: amount(before), new: amount(now) }
    };
    let costs = keys.iter().map(|key| line(Account::Cost, key));
    let margins = keys.iter().map(|key| line(Account::Margin, key));
    costs.chain(margins.filter(|line| (line.old, line.new) != (Minor::ZERO, Minor::ZERO))).collect()
}

/// What the lines of one account sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// Σ old.
    pub old: Minor,
    /// Σ new.
    pub new: Minor,
    /// Σ debit.
    pub debit: Minor,
    /// Σ credit.
    pub credit: Minor,
}

impl Sum {
    /// Adds up the lines of an account, as a reader of the journal would.
    pub fn of(lines: &[JournalLine], account: Account) -> Self {
        lines.iter().filter(|line| line.account == account).fold(Self::default(), |mut sum, line| {
            sum.old += line.old;
            sum.new += line.new;
            sum.debit += line.debit();
            sum.credit += line.credit();
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: IssuedKind, id: &str, cost: i128, margin: i128) -> IssuedEntry {
        let (id, name) = (id.to_owned(), id.to_uppercase());
        IssuedEntry { kind, id, name, cost: Minor(cost), margin: Minor(margin) }
    }

    #[test]
    fn a_journal_has_every_cost_and_foots_to_both_invoices() {
        use IssuedKind::{Kept, LeftOut, Statement};
        let old = [entry(Statement, "a", 60, 3), entry(Statement, "b", 20, 0), entry(LeftOut, "tax", 16, 0)];
        let new = [entry(Statement, "a", 58, 3), entry(Statement, "c", 21, 1), entry(Kept, "credit", -2, 0)];
        let [old, new] = [old, new].map(|entries| Issued { entries: entries.to_vec() });
        let lines = journal(&old, &new);
        let shown: Vec<_> = lines.iter().map(|line| (line.account, line.id.as_str(), line.difference().0)).collect();
        let (cost, margin) = (Account::Cost, Account::Margin);
        assert_eq!(
            shown,
            [
                (cost, "a", -2),
                (cost, "b", -20),
                (cost, "c", 21),
                (cost, "credit", -2),
                (cost, "tax", -16),
                (margin, "a", 0),
                (margin, "c", 1),
            ]
        );
        let figures = |account| {
            let Sum { old, new, debit, credit } = Sum::of(&lines, account);
            [old, new, debit, credit].map(|minor| minor.0)
        };
        assert_eq!(figures(cost), [96, 77, 21, 40]);
        assert_eq!(figures(margin), [3, 4, 1, 0]);
    }
}
