//! Money: exact amounts as the API sends them, exact sums, and minor units of a currency.
//!
//! Nothing here rounds unless its name says so, and no float ever enters. An [`Amount`] is one figure
//! with the digits it was sent with; an [`Exact`] is any sum or difference of amounts; a [`Minor`] is what
//! can be put on an invoice.

mod amount;
mod wide;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use ethnum::I256;
use rust_decimal::Decimal;

pub use self::amount::{Amount, AmountError};
pub(super) use self::wide::divide as divide_wide;
use self::wide::power_of_ten;

/// Decimal places an [`Exact`] counts in: the most that an [`Amount`] can carry.
const EXACT_SCALE: u32 = 34;
/// 10^17: the decimals of an [`Exact`] are two numbers of 17 digits, which 64 bits hold.
const HALF_FRACTION: u128 = 10_u128.pow(EXACT_SCALE / 2);
/// Decimals that tables carry of an exact amount: 16 digits stay before the point of a 38-digit decimal.
pub const TABLE_SCALE: u32 = 22;

/// An exact sum or difference of amounts, in major units; it counts in units of 10^-34.
///
/// A million amounts of the largest size, multiplied by any count, stay far below 2^255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Exact(I256);

impl Exact {
    /// Zero.
    pub const ZERO: Self = Self(I256::ZERO);

    /// Half a unit of the last of `decimals` decimals: what one figure rounded there may be off by.
    pub fn half_unit(decimals: u32) -> Self {
        Self(power_of_ten(EXACT_SCALE - decimals.min(EXACT_SCALE)) / I256::from(2))
    }

    /// The absolute value.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether this is zero.
    pub fn is_zero(self) -> bool {
        self.0 == I256::ZERO
    }

    /// Whether this is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < I256::ZERO
    }

    /// A whole number, such as a count that serves as a weight.
    pub fn whole(number: i64) -> Self {
        Self(I256::from(number) * power_of_ten(EXACT_SCALE))
    }

    /// A count that serves as a weight beside amounts of 28 digits, whose product with a [`Exact::whole`] may not fit: of weights
    /// only the proportions matter.
    pub fn proportion(number: i64) -> Self {
        Self(I256::from(number))
    }

    /// A whole number of units of 10^-`scale`, of a `scale` that is at most 34.
    pub fn of_units(units: i128, scale: u32) -> Self {
        Self(I256::from(units) * power_of_ten(EXACT_SCALE.saturating_sub(scale)))
    }

    /// `self × factor`, exact.
    #[must_use]
    pub fn times(self, factor: i128) -> Self {
        Self(self.0 * I256::from(factor))
    }

    /// `self × numerator ÷ denominator`, rounded to the nearest 10^-34, halves away from zero.
    ///
    /// `denominator` must not be zero.
    #[must_use]
    pub fn scaled(self, numerator: i128, denominator: i128) -> Self {
        Self(divide_half_away(self.0 * I256::from(numerator), I256::from(denominator)))
    }

    /// `self × 2^-bits`, rounded up in magnitude: for bounds of double arithmetic.
    #[must_use]
    pub fn halved_up(self, bits: u32) -> Self {
        Self((self.0.abs() >> bits) + I256::ONE)
    }

    /// This value in units of 10^-`scale`, rounded to nearest, halves away from zero.
    pub fn rounded_at_scale(self, scale: u32) -> Option<i128> {
        let unit = power_of_ten(EXACT_SCALE.checked_sub(scale)?);
        i128::try_from(divide_half_away(self.0, unit)).ok()
    }

    pub(crate) fn units(self) -> I256 {
        self.0
    }

    /// Adds plain digits without trailing zeros to a text, and says how many of them are decimals.
    fn push(self, text: &mut String) -> usize {
        use fmt::Write;
        let (integer, fraction) = divide_wide(self.0.abs(), power_of_ten(EXACT_SCALE));
        if self.is_negative() {
            text.push('-');
        }
        // a text takes whatever it is given
        let _ = match u64::try_from(integer) {
            Ok(integer) => write!(text, "{integer}"),
            Err(_) => write!(text, "{integer}"),
        };
        if fraction == I256::ZERO {
            return 0;
        }
        let point = text.len();
        let halves = [fraction.as_u128() / HALF_FRACTION, fraction.as_u128() % HALF_FRACTION];
        let [high, low] = halves.map(|half| u64::try_from(half).unwrap_or(u64::MAX));
        let _ = write!(text, ".{high:0>17}{low:0>17}");
        text.truncate(text.trim_end_matches('0').len());
        text.len() - point - 1
    }

    /// This value to at most `scale` decimals, for reading.
    #[must_use]
    pub fn readable(self, scale: u32) -> Self {
        let unit = power_of_ten(EXACT_SCALE - scale.min(EXACT_SCALE));
        Self(divide_half_away(self.0, unit) * unit)
    }
}

impl fmt::Display for Exact {
    /// Plain digits without trailing zeros: `60`, `-0.01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push(&mut text);
        f.pad(&text)
    }
}

impl Add for Exact {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Exact {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Exact {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

/// A whole number of minor units (cents) of the currency at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Minor(pub i128);

impl Minor {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// `percent` per cent of this, rounded once to a whole minor unit.
    #[must_use]
    pub fn percent(self, percent: Decimal, rule: RoundingRule) -> Self {
        let whole = I256::from(self.0) * I256::from(percent.mantissa());
        Self(rule.divide(whole, power_of_ten(percent.scale() + 2)).as_i128())
    }
}

impl Add for Minor {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Minor {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Minor {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Minor {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sum for Minor {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

/// How half a minor unit is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RoundingRule {
    /// Up in magnitude, as on most invoices: 0.125 becomes 0.13, and -0.125 becomes -0.13.
    #[default]
    HalfAwayFromZero,
    /// To the even neighbour, as banks do: 0.125 becomes 0.12, and 0.135 becomes 0.14.
    HalfEven,
}

impl RoundingRule {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HalfAwayFromZero => "half-away-from-zero",
            Self::HalfEven => "half-even",
        }
    }

    fn divide(self, dividend: I256, divisor: I256) -> I256 {
        let away = divide_half_away(dividend, divisor);
        let is_half = || divide_wide(dividend, divisor).1.abs() * I256::from(2) == divisor.abs();
        match self {
            Self::HalfEven if is_half() && away % I256::from(2) != I256::ZERO => {
                away - if away > I256::ZERO { I256::ONE } else { -I256::ONE }
            }
            _ => away,
        }
    }
}

/// A currency of ISO 4217 that has minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    code: &'static str,
    /// Decimals of the minor unit: EUR 2, JPY 0, KWD 3.
    pub decimals: u32,
}

impl Currency {
    /// Finds a currency by its code, in either case; nothing for unknown codes and for those without minor units.
    pub fn parse(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(&code.to_ascii_uppercase())?;
        Some(Self { code: currency.code(), decimals: currency.exponent()?.into() })
    }

    /// The three-letter code, in capitals.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// An exact amount in whole minor units, halves away from zero.
    pub fn round(self, amount: Exact) -> Minor {
        self.round_by(amount, RoundingRule::HalfAwayFromZero)
    }

    /// An exact amount in whole minor units.
    pub fn round_by(self, amount: Exact, rule: RoundingRule) -> Minor {
        Minor(rule.divide(amount.0, power_of_ten(EXACT_SCALE - self.decimals)).as_i128())
    }

    /// The least whole number of minor units that is no less than an amount.
    pub fn rounded_up(self, amount: Exact) -> Exact {
        let rounded = self.round(amount);
        self.exact(if self.exact(rounded) < amount { rounded + Minor(1) } else { rounded })
    }

    /// Whether an amount is a whole number of minor units.
    pub fn is_whole(self, amount: Exact) -> bool {
        self.exact(self.round(amount)) == amount
    }

    /// Minor units as an exact amount in major units.
    pub fn exact(self, minor: Minor) -> Exact {
        Exact(I256::from(minor.0) * power_of_ten(EXACT_SCALE - self.decimals))
    }

    /// An exact amount with all its digits, and at least the decimals of the currency: `60.00`, `1.2345`.
    pub fn show(self, amount: Exact) -> String {
        let mut text = String::new();
        self.push(&mut text, amount);
        text
    }

    /// The same, at the end of a text.
    pub fn push(self, text: &mut String, amount: Exact) {
        let shown = amount.push(text);
        let missing = (self.decimals as usize).saturating_sub(shown);
        if shown == 0 && missing > 0 {
            text.push('.');
        }
        text.extend(std::iter::repeat_n('0', missing));
    }

    /// The same with an explicit sign, `+` for anything above zero: for signed differences.
    pub fn show_signed(self, amount: Exact) -> String {
        if amount > Exact::ZERO { format!("+{}", self.show(amount)) } else { self.show(amount) }
    }

    /// Minor units in major units, with all decimals of the currency: `60.00`.
    pub fn format(self, minor: Minor) -> String {
        format_units(minor.0, self.decimals)
    }
}

/// A whole number of units of 10^-`scale`, written out with all of `scale` decimals.
pub fn format_units(units: i128, scale: u32) -> String {
    let mut text = String::new();
    push_units(&mut text, units, scale);
    text
}

/// The same, at the end of a text.
pub fn push_units(text: &mut String, units: i128, scale: u32) {
    use fmt::Write;
    let start = text.len() + usize::from(units < 0);
    // a text takes whatever it is given; most figures have 64 bits, which are written faster
    let _ = match i64::try_from(units) {
        Ok(units) => write!(text, "{units}"),
        Err(_) => write!(text, "{units}"),
    };
    if scale > 0 {
        let scale = scale as usize;
        // one digit before the point, whatever comes after it
        let missing = (scale + 1).saturating_sub(text.len() - start);
        (0..missing).for_each(|_| text.insert(start, '0'));
        text.insert(text.len() - scale, '.');
    }
}

/// Division to the nearest whole, halves away from zero: the rounding that finance expects.
fn divide_half_away(dividend: I256, divisor: I256) -> I256 {
    let (quotient, remainder) = divide_wide(dividend, divisor);
    if remainder.abs() * I256::from(2) >= divisor.abs() {
        quotient + if (dividend < I256::ZERO) == (divisor < I256::ZERO) { I256::ONE } else { -I256::ONE }
    } else {
        quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_follow_the_currency() {
        let shown = |code: &str, text: &str| {
            let currency = Currency::parse(code).unwrap();
            currency.format(currency.round(Amount::parse(text).unwrap().exact()))
        };
        assert_eq!(shown("eur", "2.675"), "2.68");
        assert_eq!(shown("USD", "-2.675"), "-2.68");
        assert_eq!(shown("jpy", "2.5"), "3");
        assert_eq!(shown("kwd", "0.0004"), "0.000");
        assert_eq!(Currency::parse("xau"), None, "gold has no minor unit");
        assert_eq!(Currency::parse("zzz"), None);
    }

    #[test]
    fn exact_amounts_show_at_least_the_decimals_of_the_currency() {
        let currency = Currency::parse("eur").unwrap();
        for (text, shown, signed) in [
            ("60", "60.00", "+60.00"),
            ("0.5", "0.50", "+0.50"),
            ("-1.2345", "-1.2345", "-1.2345"),
            ("0", "0.00", "0.00"),
        ] {
            let amount = Amount::parse(text).unwrap().exact();
            assert_eq!((currency.show(amount), currency.show_signed(amount)), (shown.to_owned(), signed.to_owned()));
        }
        assert_eq!(Currency::parse("jpy").unwrap().show(Exact::whole(7)), "7");
    }

    #[test]
    fn percentages_round_once_by_the_rule() {
        let percent = |minor: i128, percent: &str| {
            let of = |rule| Minor(minor).percent(percent.parse().unwrap(), rule).0;
            [RoundingRule::HalfAwayFromZero, RoundingRule::HalfEven].map(of)
        };
        assert_eq!(percent(1_000, "12.5"), [125, 125]);
        assert_eq!(percent(5, "10"), [1, 0]);
        assert_eq!(percent(-5, "10"), [-1, 0]);
        assert_eq!(percent(15, "10"), [2, 2]);
        assert_eq!(percent(-15, "10"), [-2, -2]);
        assert_eq!(percent(4, "10"), [0, 0]);
    }
}
