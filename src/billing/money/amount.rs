//! One figure as the API or finance wrote it: every digit kept, or refused.

use std::fmt;
use std::num::NonZeroU8;

use ethnum::I256;

use super::wide::power_of_ten;
use super::{EXACT_SCALE, Exact, format_units};

/// Significant digits kept of one amount; a double needs 17.
const DIGIT_COUNT_MAX: usize = 28;
/// Amounts are below 10^15 major units, so that no sum of them can overflow an [`Exact`].
const INTEGER_DIGIT_COUNT_MAX: i32 = 15;

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text does not follow the number grammar of RFC 8259.
    #[error("not a number as JSON writes it")]
    Grammar,
    /// The value is 10^15 or more.
    #[error("amount out of range, must be below 10^15")]
    Range,
    /// Keeping the value would need rounding.
    #[error("amount has more than 28 significant digits or 34 decimals")]
    Precision,
}

/// One figure as sent: an exact decimal in major units, with |x| < 10^15 and at most 28 digits and 34 decimals.
///
/// A `Decimal` would refuse the residue of a double subtraction, which has few digits and many decimals. The digits of an
/// amount have 96 bits, so that it takes no more memory than one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// The lower 64 bits of the mantissa.
    low: u64,
    /// Those above, with its sign.
    high: i32,
    /// Decimals and one; the mantissa ends in no zero unless there are none.
    scale: NonZeroU8,
}

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self { low: 0, high: 0, scale: NonZeroU8::MIN };

    /// So many units of the last of `scale` decimals; what is beyond 96 bits or 254 decimals is no amount.
    fn new(mantissa: i128, scale: u32) -> Option<Self> {
        let low = u64::try_from(mantissa & i128::from(u64::MAX)).ok()?;
        let high = i32::try_from(mantissa >> u64::BITS).ok()?;
        let scale = u8::try_from(scale).ok()?;
        Some(Self { low, high, scale: NonZeroU8::MIN.checked_add(scale)? })
    }

    /// Reads the text of a JSON number, exponent form included, without losing a digit.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let number = split_number(text).ok_or(AmountError::Grammar)?;
        let Some(Digits { mantissa, count, trailing }) = Digits::of(&number) else { return Ok(Self::ZERO) };
        let is_below = number.exponent.starts_with('-');
        let beyond_measure = if is_below { AmountError::Precision } else { AmountError::Range };
        let exponent: i32 = number.exponent.parse().map_err(|_| beyond_measure)?;
        let fraction_len = i32::try_from(number.fraction.len()).map_err(|_| AmountError::Precision)?;
        let trailing = i32::try_from(trailing).map_err(|_| AmountError::Range)?;
        // value = digits × 10^-scale, with the trailing zeros already taken off the digits
        let scale = fraction_len.saturating_sub(exponent).saturating_sub(trailing);
        let digit_count = i32::try_from(count).map_err(|_| AmountError::Precision)?;
        if digit_count.saturating_sub(scale) > INTEGER_DIGIT_COUNT_MAX {
            return Err(AmountError::Range);
        }
        if count > DIGIT_COUNT_MAX || scale > EXACT_SCALE.cast_signed() {
            return Err(AmountError::Precision);
        }
        let mut mantissa = mantissa;
        if scale < 0 {
            mantissa *= 10_i128.pow(scale.unsigned_abs());
        }
        if number.negative {
            mantissa = -mantissa;
        }
        Self::new(mantissa, u32::try_from(scale).unwrap_or(0)).ok_or(AmountError::Precision)
    }

    /// The figure in units of its last decimal: what it can be divided into without a digit more.
    pub fn units(self) -> i128 {
        (i128::from(self.high) << u64::BITS) | i128::from(self.low)
    }

    /// A part of this figure: so many units of its last decimal; nothing for more than an amount may have.
    pub fn of_units(self, units: i128) -> Option<Self> {
        let (mut mantissa, mut scale) = (units, self.scale());
        while scale > 0 && mantissa % 10 == 0 {
            (mantissa, scale) = (mantissa / 10, scale - 1);
        }
        Self::new(mantissa, scale)
    }

    /// Decimals after trailing zeros are removed.
    pub fn scale(self) -> u32 {
        u32::from(self.scale.get()) - 1
    }

    /// Significant digits: those a double would have to spend on the figure.
    pub fn significant_digits(self) -> u32 {
        self.units().unsigned_abs().checked_ilog10().map_or(0, |log| log + 1)
    }

    /// The figure as a term of exact sums.
    pub fn exact(self) -> Exact {
        Exact(I256::from(self.units()) * power_of_ten(EXACT_SCALE - self.scale()))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format_units(self.units(), self.scale()))
    }
}

/// A number's text taken apart along the JSON grammar.
struct NumberText<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: &'a str,
}

/// The digits of a number between the first and the last that is not zero.
struct Digits {
    /// What they come to, as far as an amount may have as many.
    mantissa: i128,
    count: usize,
    /// Zeros after them.
    trailing: usize,
}

impl Digits {
    /// Nothing if there are only zeros.
    fn of(number: &NumberText<'_>) -> Option<Self> {
        let mut digits = Self { mantissa: 0, count: 0, trailing: 0 };
        for digit in number.integer.bytes().chain(number.fraction.bytes()).map(|byte| byte - b'0') {
            match (digit, digits.count) {
                (0, 0) => {}
                (0, _) => digits.trailing += 1,
                _ => {
                    let places = digits.trailing + 1;
                    digits.count += places;
                    digits.trailing = 0;
                    if digits.count <= DIGIT_COUNT_MAX {
                        let shifted = (0..places).fold(digits.mantissa, |mantissa, _| mantissa * 10);
                        digits.mantissa = shifted + i128::from(digit);
                    }
                }
            }
        }
        (digits.count > 0).then_some(digits)
    }
}

fn split_number(text: &str) -> Option<NumberText<'_>> {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((integer, fraction)) => (integer, all_digits(fraction).then_some(fraction)?),
        None => (mantissa, ""),
    };
    let leading_zero = integer.len() > 1 && integer.starts_with('0');
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    (all_digits(integer) && !leading_zero && all_digits(exponent_digits)).then_some(NumberText {
        negative,
        integer,
        fraction,
        exponent: exponent.strip_prefix('+').unwrap_or(exponent),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_keep_every_digit_as_sent() {
        for (text, shown) in [
            ("20.0", "20"),
            ("-0.0", "0"),
            ("1e5", "100000"),
            ("1.5E+3", "1500"),
            ("0.1e-1", "0.01"),
            ("12.5000000000000000000000000000000000000", "12.5"),
            ("0.1234567890123456789", "0.1234567890123456789"),
            ("1.2345678901234567e-8", "0.000000012345678901234567"),
            ("999999999999999.99", "999999999999999.99"),
            ("0e999999999999", "0"),
            ("-1.4210854715202004e-14", "-0.000000000000014210854715202004"),
            ("-999999999999999.9999999999999", "-999999999999999.9999999999999"),
            ("9.999999999999999999999999999e-7", "0.0000009999999999999999999999999999"),
            ("-1e-34", "-0.0000000000000000000000000000000001"),
        ] {
            assert_eq!(Amount::parse(text).map(|amount| amount.to_string()), Ok(shown.to_owned()), "{text}");
            assert_eq!(Amount::parse(text).unwrap().exact().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn an_amount_is_no_larger_than_its_digits() {
        assert_eq!((size_of::<Amount>(), size_of::<Option<Amount>>()), (16, 16));
        // around the bits that the mantissa is kept in
        for units in [1_i128 << 64, (1 << 64) - 1, (1 << 64) + 1, 10_i128.pow(28) - 1] {
            for units in [units, -units] {
                let text = format!("{units}e-28");
                assert_eq!(Amount::parse(&text).map(Amount::units), Ok(units), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn parts_of_an_amount_sum_to_it(units in -(10_i128.pow(28) - 1)..10_i128.pow(28), first in 0_i128..=100, scale in 14_u32..=34) {
            let whole = Amount::parse(&format!("{units}e-{scale}")).unwrap();
            let first = whole.units() / 100 * first;
            let parts = [first, whole.units() - first].map(|units| whole.of_units(units).unwrap());
            prop_assert_eq!(parts[0].exact() + parts[1].exact(), whole.exact());
        }
    }

    #[test]
    fn amounts_that_cannot_be_kept_are_refused() {
        use AmountError::{Grammar, Precision, Range};
        for (text, why) in [
            ("", Grammar),
            ("+1", Grammar),
            ("01", Grammar),
            (".5", Grammar),
            ("1.", Grammar),
            ("1_000", Grammar),
            ("NaN", Grammar),
            ("0x10", Grammar),
            ("1e", Grammar),
            ("1e+", Grammar),
            (" 1", Grammar),
            ("--1", Grammar),
            ("1e400", Range),
            ("1e15", Range),
            ("1e99999999999", Range),
            ("-1000000000000000", Range),
            ("0.12345678901234567890123456789", Precision),
            ("1e-35", Precision),
            ("1e-99999999999", Precision),
            ("7922816251426.1234567890123456789", Precision),
        ] {
            assert_eq!(Amount::parse(text), Err(why), "{text}");
        }
    }
}
