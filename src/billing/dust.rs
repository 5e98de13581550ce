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
use super::money::{Amount, Exact, divide_wide};

/// Significant digits from which a figure counts as a double printed in full.
const DOUBLE_DIGITS: u32 = 15;
/// Significant digits from which a figure may have been cut by their number instead of by its decimals.
const LONG_DIGITS: u32 = 12;
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
    /// Down, and then up where the remainders are largest, so that the shares sum to the total exactly.
    Footed,
}

impl Rounding {
    /// Every rounding, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Nearest, Self::Down, Self::Up, Self::Footed];

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
    /// What double arithmetic may make of a sum of all figures, or of a total less all other figures.
    pub noise: Exact,
    /// Whether the parts sum to the total but for that: then the total may be their sum, after they were rounded.
    pub summed: bool,
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
        let is_double = |cost: Amount| cost.significant_digits() >= DOUBLE_DIGITS;
        let doubles = parts().chain([total]).any(is_double);
        // a double among rounded figures is a residue, and says nothing of how the others were rounded
        let rounded = parts().filter(|cost| !is_double(*cost)).map(Amount::scale).max();
        let mostly_doubles = parts().filter(|cost| is_double(*cost)).count() * 2 > parts().count();
        let decimals = if mostly_doubles { parts().map(Amount::scale).max() } else { rounded };
        let noise = if doubles {
            let magnitude = parts().map(|cost| cost.exact().abs()).sum::<Exact>() + total.exact().abs();
            let steps = i128::try_from(books.usage.sub_accounts.len()).unwrap_or(i128::MAX).saturating_add(8);
            magnitude.times(steps).halved_up(DOUBLE_BITS)
        } else {
            Exact::ZERO
        };
        let summed = (books.cost_sum() - total.exact()).abs() <= noise;
        let dust = Self {
            decimals: decimals.unwrap_or(0).max(least),
            total_decimals: if is_double(total) { total.scale() } else { total.scale().max(least) },
            doubles,
            noise,
            summed,
            rounding: None,
            tolerance,
        };
        Self { rounding: Rounding::ALL.into_iter().find(|rounding| dust.explains(*rounding, books)), ..dust }
    }

    /// Whether one price per message lies in the ranges of all figures.
    fn explains(&self, rounding: Rounding, books: &Books) -> bool {
        if rounding == Rounding::Footed {
            return self.explains_footing(books);
        }
        let usage = &books.usage;
        let mut price = PriceRange::default();
        price.meet(usage.total, self.range_of_total(rounding, books))
            && price.meet(usage.parent, self.range(rounding, usage.parent, self.noise_of(usage.parent)))
            // what was removed may be what the other figures leave of the total
            && price.meet(usage.removed, self.range(rounding, usage.removed, self.noise))
            && usage.sub_accounts.iter().all(|line| {
                price.meet(line.tally, self.range(rounding, line.tally, self.noise_of(line.tally)))
            })
    }

    /// Whether the figures are the total divided by largest remainders: no share was rounded up that another one,
    /// which was not, had more claim to.
    fn explains_footing(&self, books: &Books) -> bool {
        let total = books.usage.total;
        if !self.summed || self.doubles || total.messages <= 0 {
            return false;
        }
        let unit = Exact::half_unit(self.decimals).times(2).units();
        let divisor = unit * I256::from(total.messages);
        let (mut least_up, mut most_down) = (divisor, I256::ZERO);
        for part in books.parts() {
            // figures below zero are findings of their own, and no division makes them
            if part.messages < 0 {
                return false;
            }
            let ideal = total.cost.exact().units() * I256::from(part.messages);
            let (units, remainder) = divide_wide(ideal, divisor);
            let down = units * unit;
            let cost = part.cost.exact().units();
            if cost == down {
                most_down = most_down.max(remainder);
            } else if cost == down + unit {
                least_up = least_up.min(remainder);
            } else {
                return false;
            }
        }
        least_up >= most_down
    }

    /// Whether a share, on its own, cannot come from its ideal by this rounding.
    ///
    /// Rounding to the nearest also allows for the rounding of the total, of which the share has its part.
    pub fn is_off(&self, rounding: Rounding, ideal: Exact, part: Tally, total: Tally) -> bool {
        if rounding == Rounding::Nearest {
            return (part.cost.exact() - ideal).abs() > self.of_line(ideal, part, total);
        }
        !self.range(rounding, part, self.noise_of(part)).holds(ideal)
    }

    /// The unrounded totals that the total may stand for.
    fn range_of_total(&self, rounding: Rounding, books: &Books) -> Range {
        let total = books.usage.total.cost.exact();
        let slack = self.noise + self.tolerance;
        // a total that is the sum of rounded figures is as far off as all of them together
        let of_figures = if self.summed { self.of_figures(rounding, books) } else { Exact::ZERO };
        let of_total = self.of_total(rounding).max(of_figures);
        let (below, above) = match rounding {
            Rounding::Nearest => (of_total, of_total),
            Rounding::Down => (Exact::ZERO, of_total),
            Rounding::Up => (of_total, Exact::ZERO),
            Rounding::Footed => (Exact::ZERO, Exact::ZERO),
        };
        let bound = |cost, open| Bound { cost, open };
        let (open_low, open_high) = (rounding == Rounding::Up, rounding == Rounding::Down);
        Range { low: bound(total - below - slack, open_low), high: bound(total + above + slack, open_high) }
    }

    /// The unrounded values that a share may stand for.
    fn range(&self, rounding: Rounding, part: Tally, noise: Exact) -> Range {
        let (cost, half) = (part.cost.exact(), Exact::half_unit(self.decimals_of(part.cost)));
        let (unit, noise) = (half.times(2), noise + self.tolerance);
        let (low, high, open_low, open_high) = match rounding {
            Rounding::Nearest => (cost - half, cost + half, false, false),
            Rounding::Down => (cost, cost + unit, false, true),
            Rounding::Up => (cost - unit, cost, true, false),
            Rounding::Footed => (cost - unit, cost + unit, true, true),
        };
        Range { low: Bound { cost: low - noise, open: open_low }, high: Bound { cost: high + noise, open: open_high } }
    }

    /// Decimals that a share was rounded to. A figure of many digits was cut by its digits, wherever that was.
    fn decimals_of(&self, cost: Amount) -> u32 {
        if cost.significant_digits() >= LONG_DIGITS { cost.scale().min(self.decimals) } else { self.decimals }
    }

    /// What double arithmetic may make of one share; a share of nothing is what other figures leave of the total.
    fn noise_of(&self, part: Tally) -> Exact {
        if part.messages == 0 { self.noise } else { self.double(part.cost.exact()) }
    }

    /// Whether a cost is nothing but dust: half a unit or the noise of double arithmetic.
    pub fn covers(&self, cost: Exact) -> bool {
        cost.abs() <= Exact::half_unit(self.decimals).max(self.noise)
    }

    /// What one share may be off by on its own: half a unit itself, and its part of the half unit in the total.
    pub fn of_line(&self, ideal: Exact, line: Tally, total: Tally) -> Exact {
        let from_total = Exact::half_unit(self.total_decimals);
        let from_total = from_total.scaled(line.messages.into(), i128::from(total.messages).max(1)).abs();
        Exact::half_unit(self.decimals) + from_total + self.double(ideal) + self.tolerance
    }

    /// What the sum of all parts may miss the total by.
    pub fn of_sum(&self, books: &Books) -> Exact {
        let rounding = self.rounding.unwrap_or(Rounding::Nearest);
        self.of_figures(rounding, books) + self.of_total(rounding) + self.noise + self.tolerance
    }

    /// What all parts together may be off by. A bucket without cost was not rounded.
    fn of_figures(&self, rounding: Rounding, books: &Books) -> Exact {
        let figures = books.parts().filter(|tally| !tally.cost.exact().is_zero()).count();
        Exact::half_unit(self.decimals).times(i128::try_from(figures).unwrap_or(i128::MAX)).times(halves(rounding))
    }

    fn of_total(&self, rounding: Rounding) -> Exact {
        Exact::half_unit(self.total_decimals).times(halves(rounding))
    }

    fn double(&self, cost: Exact) -> Exact {
        if self.doubles { cost.times(DOUBLE_STEPS).halved_up(DOUBLE_BITS) } else { Exact::ZERO }
    }
}

/// Half units that a figure may be off by.
fn halves(rounding: Rounding) -> i128 {
    match rounding {
        Rounding::Nearest | Rounding::Footed => 1,
        Rounding::Down | Rounding::Up => 2,
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

impl Range {
    fn holds(&self, cost: Exact) -> bool {
        let above = self.low.cost < cost || (self.low.cost == cost && !self.low.open);
        above && (cost < self.high.cost || (cost == self.high.cost && !self.high.open))
    }
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
            Ordering::Equal => return range.holds(Exact::ZERO),
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
