//! Dust: how far figures may miss each other because they were rounded before they were sent.
//!
//! The API does not say how it rounds, so the bound is derived from the digits. Figures rounded to `d` decimals
//! may each be off by half a unit of the last. Figures of 15 digits and more are doubles printed in full; for them
//! the error of double arithmetic is allowed as well. Nobody rounds money more coarsely than to the minor unit, so
//! `d` never counts as less than that: an answer of round figures gets no room to hide a difference in.

use super::books::{Books, Tally};
use super::money::{Amount, Exact};

/// Significant digits from which a figure counts as a double printed in full.
const DOUBLE_DIGITS: u32 = 15;
/// Bits of a double's fraction: one operation is off by at most 2^-53 of its result.
const DOUBLE_BITS: u32 = 53;
/// Roundings behind one double share: the total, the product, the quotient, and the printed figure.
const DOUBLE_STEPS: i128 = 4;

/// The dust of one capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dust {
    /// Decimals that the figures were rounded to, as observed, and at least those of the currency.
    pub decimals: u32,
    /// Whether the figures are doubles printed in full.
    pub doubles: bool,
    /// An absolute tolerance from the configuration, added to every bound; zero by default.
    pub tolerance: Exact,
}

impl Dust {
    /// Derives the dust from every cost in the books.
    pub fn of(books: &Books, tolerance: Exact) -> Self {
        let figures = || books.parts().map(|tally| tally.cost).chain(std::iter::once(books.usage.total.cost));
        let decimals = figures().map(Amount::scale).max().unwrap_or(0).max(books.usage.currency.decimals);
        let doubles = figures().any(|cost| cost.significant_digits() >= DOUBLE_DIGITS);
        Self { decimals, doubles, tolerance }
    }

    /// What one share may be off by: half a unit itself, and its part of the half unit in the total.
    pub fn of_line(&self, ideal: Exact, line: Tally, total: Tally) -> Exact {
        let half = Exact::half_unit(self.decimals);
        let from_total = half.scaled(line.messages.into(), i128::from(total.messages).max(1));
        half + from_total + self.double(ideal, DOUBLE_STEPS) + self.tolerance
    }

    /// What the sum of all parts may miss the total by. A bucket without cost was not rounded.
    pub fn of_sum(&self, books: &Books) -> Exact {
        let terms = || books.parts().map(|tally| tally.cost.exact()).filter(|cost| !cost.is_zero());
        let magnitude = terms().map(Exact::abs).sum();
        let figures = i128::try_from(terms().count()).unwrap_or(i128::MAX).saturating_add(1);
        Exact::half_unit(self.decimals).times(figures) + self.double(magnitude, figures) + self.tolerance
    }

    /// One unit of the last decimal: how far parts may stand from their ideal if they were made to foot.
    pub fn unit(&self) -> Exact {
        Exact::half_unit(self.decimals).times(2)
    }

    fn double(&self, magnitude: Exact, steps: i128) -> Exact {
        if self.doubles { magnitude.times(steps).halved_up(DOUBLE_BITS) } else { Exact::ZERO }
    }
}
