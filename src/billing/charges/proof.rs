//! The proof: everything that was charged, added up once more.

use super::super::money::Minor;
use super::{Charges, Statement, Sums};

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

    fn add(&mut self, sums: &Sums) {
        self.messages += sums.messages;
        self.cost += sums.cost;
        self.markup += sums.markup;
        self.fee += sums.fee;
        self.charge += sums.charge;
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
        for Statement { sums, .. } in self.statements() {
            proof.add(&sums);
            proof.statements += sums.cost;
            proof.charged += sums.charge;
        }
        for line in self.kept() {
            proof.add(&Sums::of([line]));
        }
        proof.left_out = self.left_out.iter().map(|(_, amount)| *amount).sum();
        proof.difference = proof.sum() - self.pooled.minor;
        proof
    }
}
