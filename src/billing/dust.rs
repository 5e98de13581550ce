//! Dust: how far figures may miss each other because they were rounded before they were sent.
//!
//! The API does not say how it rounds, so the figures themselves have to tell. Each figure as sent stands for a range
//! of unrounded values; the proportional method means that all of them come from one price per message. If there is a
//! price that lies in every range, rounding explains every figure; if there is none, no rounding does. That decides it
//! exactly, for any number of lines, and does not accuse a provider that truncates.
//!
//! Figures of 15 digits and more are doubles printed in full; their ranges allow for double arithmetic. Nobody rounds
//! money more coarsely than to the minor unit, so round figures do not make wide ranges.

use std::cmp::Ordering;

use ethnum::I256;

use super::books::{Books, Tally};
use super::money::{Amount, Exact};

/// Significant digits from which a figure counts as a double printed in full.
const DOUBLE_DIGITS: u32 = 15;
/// Bits of a double's fraction: one operation is off by at most 2^-53 of its result.
const DOUBLE_BITS: u32 = 53;
/// Roundings behind one double share: the total, the product, the quotient, and the printed figure.
const DOUBLE_STEPS: i128 = 4;

/// How a provider may have rounded, the usual way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest unit of the last decimal; ties either way.
    Nearest,
    /// Down, as truncation does.
    Down,
    /// Up.
    Up,
    /// By less than a unit either way, so that the shares sum to the total exactly.
    Footed,
}

impl Rounding {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Down => "down",
            Self::Up => "up",
            Self::Footed => "footed",
        }
    }
}

/// The dust of one capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dust {
    /// Decimals that the shares were rounded to, as observed, and at least those of the currency.
    pub decimals: u32,
    /// Decimals of the total, in the same way.
    pub total_decimals: u32,
    /// Whether the figures are doubles printed in full.
    pub doubles: bool,
    /// The rounding that explains every figure; nothing if none does.
    pub rounding: Option<Rounding>,
    /// An absolute tolerance from the configuration, added to every bound; zero by default.
    pub tolerance: Exact,
}

impl Dust {
    /// Derives the dust from every cost in the books.
    pub fn of(books: &Books, tolerance: Exact) -> Self {
        let parts = || books.parts().map(|tally| tally.cost);
        let (total, least) = (books.usage.total.cost, books.usage.currency.decimals);
        let doubles = parts().chain([total]).any(|cost| cost.significant_digits() >= DOUBLE_DIGITS);
        let decimals = parts().map(Amount::scale).max().unwrap_or(0).max(least);
        let dust = Self { decimals, total_decimals: total.scale().max(least), doubles, rounding: None, tolerance };
        let modes = [Rounding::Nearest, Rounding::Down, Rounding::Up, Rounding::Footed];
        Self { rounding: modes.into_iter().find(|rounding| dust.explains(*rounding, books)), ..dust }
    }

    /// Whether one price per message lies in the ranges of all figures.
    fn explains(&self, rounding: Rounding, books: &Books) -> bool {
        let total = books.usage.total;
        if rounding == Rounding::Footed && books.cost_sum() != total.cost.exact() {
            return false;
        }
        let mut price = PriceRange::default();
        price.meet(total, self.range(rounding, total.cost, self.total_decimals, rounding == Rounding::Footed))
            && books.parts().all(|part| price.meet(part, self.range(rounding, part.cost, self.decimals, false)))
    }

    /// The unrounded values that a figure may stand for.
    fn range(&self, rounding: Rounding, cost: Amount, decimals: u32, as_sent: bool) -> Range {
        let (cost, half) = (cost.exact(), Exact::half_unit(decimals));
        let (unit, noise) = (half.times(2), self.double(cost) + self.tolerance);
        let (low, high, open_low, open_high) = match rounding {
            _ if as_sent => (cost, cost, false, false),
            Rounding::Nearest => (cost - half, cost + half, false, false),
            Rounding::Down => (cost, cost + unit, false, true),
            Rounding::Up => (cost - unit, cost, true, false),
            Rounding::Footed => (cost - unit, cost + unit, true, true),
        };
        Range { low: Bound { cost: low - noise, open: open_low }, high: Bound { cost: high + noise, open: open_high } }
    }

    /// What one share may be off by on its own: half a unit itself, and its part of the half unit in the total.
    pub fn of_line(&self, ideal: Exact, line: Tally, total: Tally) -> Exact {
        let from_total = Exact::half_unit(self.total_decimals);
        let from_total = from_total.scaled(line.messages.into(), i128::from(total.messages).max(1)).abs();
        Exact::half_unit(self.decimals) + from_total + self.double(ideal) + self.tolerance
    }

    /// What the sum of all parts may miss the total by. A bucket without cost was not rounded.
    pub fn of_sum(&self, books: &Books) -> Exact {
        let halves = if matches!(self.rounding, Some(Rounding::Down | Rounding::Up)) { 2 } else { 1 };
        let terms = || books.parts().map(|tally| tally.cost.exact()).filter(|cost| !cost.is_zero());
        let noise = terms().map(|cost| self.double(cost)).sum::<Exact>();
        let figures = i128::try_from(terms().count()).unwrap_or(i128::MAX).saturating_mul(halves);
        let from_total = Exact::half_unit(self.total_decimals).times(halves);
        Exact::half_unit(self.decimals).times(figures) + from_total + noise + self.tolerance
    }

    fn double(&self, cost: Exact) -> Exact {
        if self.doubles { cost.times(DOUBLE_STEPS).halved_up(DOUBLE_BITS) } else { Exact::ZERO }
    }
}

/// One end of a range; an open end does not belong to it.
#[derive(Debug, Clone, Copy)]
struct Bound {
    cost: Exact,
    open: bool,
}

#[derive(Debug, Clone, Copy)]
struct Range {
    low: Bound,
    high: Bound,
}

/// The prices per message that all figures so far allow. A price is kept as a cost and a count, never divided.
#[derive(Debug, Default)]
struct PriceRange {
    low: Option<(Bound, I256)>,
    high: Option<(Bound, I256)>,
}

impl PriceRange {
    /// Narrows to the prices that put `messages × price` into `range`; whether any is left.
    fn meet(&mut self, figure: Tally, range: Range) -> bool {
        let messages = I256::from(figure.messages);
        match figure.messages.cmp(&0) {
            // figures below zero are findings of their own, and no price makes them
            Ordering::Less => return false,
            Ordering::Equal => return range.low.cost <= Exact::ZERO && Exact::ZERO <= range.high.cost,
            Ordering::Greater => {}
        }
        let (low, high) = ((range.low, messages), (range.high, messages));
        if self.low.is_none_or(|kept| tighter(compare(&low, &kept), low.0, Ordering::Greater)) {
            self.low = Some(low);
        }
        if self.high.is_none_or(|kept| tighter(compare(&high, &kept), high.0, Ordering::Less)) {
            self.high = Some(high);
        }
        match (self.low, self.high) {
            (Some(low), Some(high)) => match compare(&low, &high) {
                Ordering::Less => true,
                Ordering::Equal => !low.0.open && !high.0.open,
                Ordering::Greater => false,
            },
            _ => true,
        }
    }
}

/// Two prices, by cross-multiplying.
fn compare(a: &(Bound, I256), b: &(Bound, I256)) -> Ordering {
    (a.0.cost.units() * b.1).cmp(&(b.0.cost.units() * a.1))
}

fn tighter(order: Ordering, new: Bound, wanted: Ordering) -> bool {
    order == wanted || (order == Ordering::Equal && new.open)
}
