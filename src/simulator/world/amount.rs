//! Money in the simulated world: whole ten-thousandths, written out as the digits the API would send.
//!
//! Must never become a float on the way, or the exactness that the world promises would end here.

use std::fmt;

/// An amount of the world's currency in units of 10⁻⁴ of its major unit. Never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u64);

impl Amount {
    /// Units in one major unit.
    const UNITS_PER_MAJOR: u64 = 10_000;
    /// Units in one hundredth of a major unit.
    pub(super) const UNITS_PER_CENT: u64 = 100;

    /// An amount of this many ten-thousandths.
    pub const fn from_ten_thousandths(units: u64) -> Self {
        Self(units)
    }

    /// The amount in ten-thousandths.
    pub const fn ten_thousandths(self) -> u64 {
        self.0
    }

    /// The amount `count` times over.
    pub(super) const fn times(self, count: u64) -> Self {
        Self(self.0 * count)
    }
}

/// Plain decimal digits in major units, shortest form but with at least one decimal: `60.0`, `12.5`, `0.0004`.
impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let major = self.0 / Self::UNITS_PER_MAJOR;
        let decimals = format!("{:04}", self.0 % Self::UNITS_PER_MAJOR);
        let decimals = match decimals.trim_end_matches('0') {
            "" => "0",
            trimmed => trimmed,
        };
        write!(formatter, "{major}.{decimals}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_keep_one_decimal_and_no_zeros_after_it() {
        let digits = |units| Amount::from_ten_thousandths(units).to_string();
        assert_eq!(digits(0), "0.0");
        assert_eq!(digits(4), "0.0004");
        assert_eq!(digits(1_050), "0.105");
        assert_eq!(digits(125_000), "12.5");
        assert_eq!(digits(600_000), "60.0");
        assert_eq!(digits(123_456_789), "12345.6789");
    }
}
