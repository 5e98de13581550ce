//! The proof: everything that was charged, added up once more.

use super::super::money::Minor;
use super::{Charges, Statement};

/// The sums of the control sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proof {
    /// Σ messages of all statements and kept lines.
    pub messages: i128,
    /// Σ cost of the statements alone.
    pub statements: Minor,
    /// Σ charge of the statements alone.
    pub charged: Minor,
    /// Σ cost.
    pub cost: Minor,
    /// Σ markup.
    pub markup: Minor,
    /// Σ fees and minimums.
    pub fee: Minor,
    /// Σ charge.
    pub charge: Minor,
    /// Σ of what is left out.
    pub left_out: Minor,
    /// Σ cost + what is left out − pooled invoice: zero, or it is our own defect.
    pub difference: Minor,
}

impl Proof {
    /// Everything that has to come to the pooled invoice.
    pub fn sum(&self) -> Minor {
        self.cost + self.left_out
    }

    /// What is charged beyond the cost.
    pub fn margin(&self) -> Minor {
        self.markup + self.fee
    }

    /// Σ cost of the kept lines.
    pub fn kept(&self) -> Minor {
        self.cost - self.statements
    }

    /// What is charged beyond the cost, of the statements alone.
    pub fn charged_margin(&self) -> Minor {
        self.charged - self.statements
    }
}

impl Charges {
    /// Adds up every statement and kept line, as a reader of the control sheet would.
    pub fn proof(&self) -> Proof {
        let mut proof = Proof::default();
        let of_statement = |s: &Statement| (s.messages, s.cost, s.markup, s.fee, s.charge);
        let kept = self.kept().map(|l| (l.messages.unwrap_or(0).into(), l.cost(), l.markup, l.fee, l.charge()));
        for (messages, cost, markup, fee, charge) in self.statements.iter().map(of_statement).chain(kept) {
            proof.messages += messages;
            proof.cost += cost;
            proof.markup += markup;
            proof.fee += fee;
            proof.charge += charge;
        }
        for statement in &self.statements {
            proof.statements += statement.cost;
            proof.charged += statement.charge;
        }
        proof.left_out = self.left_out.iter().map(|(_, amount)| *amount).sum();
        proof.difference = proof.sum() - self.pooled.minor;
        proof
    }
}
