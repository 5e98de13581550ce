//! Grades: how well each amount is known, and between which amounts it lies.

use ethnum::I256;

use super::money::{Minor, divide_wide};

/// How an amount is known, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Grade {
    /// The capture shows what it is computed from.
    #[default]
    Observed,
    /// The invoice covers a tail that the capture did not see.
    Tail,
    /// Removed usage that captures attribute to this account.
    Attributed,
    /// Removed usage that no capture bounds or names.
    Residual,
}

impl Grade {
    /// The letter in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "A",
            Self::Tail => "B",
            Self::Attributed => "C",
            Self::Residual => "D",
        }
    }
}

/// What an amount may lie between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The least.
    pub low: Minor,
    /// The most.
    pub high: Minor,
}

impl Span {
    /// An amount that is exactly this.
    pub fn exact(amount: Minor) -> Self {
        Self { low: amount, high: amount }
    }

    /// The amounts between two in whatever order, and this one as well.
    pub fn around(amount: Minor, one: Minor, other: Minor) -> Self {
        Self { low: amount.min(one).min(other), high: amount.max(one).max(other) }
    }
}

impl std::ops::AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        self.low += other.low;
        self.high += other.high;
    }
}

/// An amount before it is rounded: so many minor units, over a denominator above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    numerator: I256,
    denominator: I256,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: I256::ZERO, denominator: I256::ONE };

    /// `amount × part ÷ whole`; nothing of nothing.
    pub fn of(amount: Minor, part: i128, whole: i128) -> Self {
        Self { numerator: I256::from(amount.0), denominator: I256::ONE }.times(part, whole)
    }

    /// The same, times `part ÷ whole`.
    #[must_use]
    pub fn times(self, part: i128, whole: i128) -> Self {
        if whole <= 0 {
            return Self::ZERO;
        }
        Self { numerator: self.numerator * I256::from(part), denominator: self.denominator * I256::from(whole) }
    }

    fn rounded_down(self) -> Minor {
        let (quotient, remainder) = divide_wide(self.numerator, self.denominator);
        Minor(quotient.as_i128()) - Minor(i128::from(remainder.is_negative()))
    }

    fn rounded_up(self) -> Minor {
        let (quotient, remainder) = divide_wide(self.numerator, self.denominator);
        Minor(quotient.as_i128()) + Minor(i128::from(remainder.is_positive()))
    }
}

impl Span {
    /// What lies between two fractions in whatever order, rounded outward.
    pub fn between(one: Fraction, other: Fraction) -> Self {
        let (down, up) = (one.rounded_down().min(other.rounded_down()), one.rounded_up().max(other.rounded_up()));
        Self { low: down, high: up }
    }

    /// The same, and this amount as well.
    pub fn outward(amount: Minor, one: Fraction, other: Fraction) -> Self {
        let Self { low, high } = Self::between(one, other);
        Self::around(amount, low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_rounded_outward_and_holds_the_amount() {
        let of = |part| Fraction::of(Minor(1_000), part, 110);
        assert_eq!(Span::outward(Minor(1_000), of(100), of(120)), Span { low: Minor(909), high: Minor(1_091) });
        let of = |part| Fraction::of(Minor(-1_000), part, 110);
        assert_eq!(Span::outward(Minor(-1_000), of(100), of(120)), Span { low: Minor(-1_091), high: Minor(-909) });
        assert_eq!(
            Span::outward(Minor(7), of(0), Fraction::of(Minor(5), 1, 0)),
            Span { low: Minor(0), high: Minor(7) }
        );
    }
}
