//! Money in the simulated world: a plan makes the pooled invoice, and each bucket has a share of it.
//!
//! A share stays an exact ratio until it is written out, in the digits that the mood asks for. Must never compute with
//! floats: even the digits of a double come from parsing an exact decimal.

use std::fmt;
use std::str::FromStr;

/// Cents in one major unit.
const CENTS_PER_MAJOR: u128 = 100;
/// Decimals that settle which double is the nearest to a share: whatever the invoice and the counts, no share is as close
/// as that to the middle between two doubles, and one that is the middle has fewer.
const DOUBLE_DECIMALS: u32 = 75;

/// The currency of the pooled invoice, by the parent's location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Currency {
    /// Euro.
    #[default]
    Eur,
    /// Pound sterling.
    Gbp,
    /// US dollar.
    Usd,
}

impl Currency {
    /// The code as the API sends it, in lower case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "eur",
            Self::Gbp => "gbp",
            Self::Usd => "usd",
        }
    }
}

impl FromStr for Currency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = [Self::Eur, Self::Gbp, Self::Usd].into_iter().find(|known| known.code() == text);
        known.ok_or("is none of eur, gbp, usd")
    }
}

/// What the parent account pays for a billing period, whoever sent the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Currency of all amounts.
    pub currency: Currency,
    /// The fixed fee, in cents.
    pub base_fee_cents: u64,
    /// Messages that the fee covers.
    pub included_messages: u64,
    /// The price of a thousand messages beyond those, in cents.
    pub overage_cents_per_thousand: u64,
}

impl Default for Plan {
    /// 200.00 EUR with half a million messages, then 0.60 EUR a thousand. Sixty accounts use up what is included around
    /// the middle of a month: until then the price of a message falls, and from then on it rises.
    fn default() -> Self {
        Self {
            currency: Currency::Eur,
            base_fee_cents: 20_000,
            included_messages: 500_000,
            overage_cents_per_thousand: 60,
        }
    }
}

impl Plan {
    /// The pooled invoice for this many messages, in whole cents, a half upwards.
    pub fn invoice_cents(&self, messages: u64) -> u64 {
        let beyond = u128::from(messages.saturating_sub(self.included_messages));
        let overage = (beyond * u128::from(self.overage_cents_per_thousand) + 500) / 1_000;
        self.base_fee_cents.saturating_add(u64::try_from(overage).unwrap_or(u64::MAX))
    }
}

/// The digits in which the API shows costs. Which of them the real one uses is not documented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Two decimals: the shares need not add up to the invoice.
    Two,
    /// Four decimals.
    #[default]
    Four,
    /// Every digit of a double.
    Full,
}

impl FromStr for Rounding {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "2" => Ok(Self::Two),
            "4" => Ok(Self::Four),
            "full" => Ok(Self::Full),
            _ => Err("is none of 2, 4, full"),
        }
    }
}

/// A bucket's share of the pooled invoice: `invoice · part ÷ whole`, exact. Without any messages it is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The invoice.
    pub invoice_cents: u64,
    /// Messages of the bucket.
    pub part: u64,
    /// Messages of all buckets together.
    pub whole: u64,
}

impl Share {
    /// The share as a JSON number in major units, with at least one decimal (`60.0`, `12.5`, `0.0004`) or, where a
    /// double is written like that, an exponent (`2.5e-7`).
    pub fn digits(self, rounding: Rounding) -> String {
        match rounding {
            Rounding::Two => trimmed(self.rounded(2), 2),
            Rounding::Four => trimmed(self.rounded(4), 4),
            Rounding::Full => {
                let exact = self.nearly_exact();
                exact.parse::<f64>().map_or(exact, |nearest| format!("{nearest:?}"))
            }
        }
    }

    /// The share in units of 10^-`scale` of the major unit, a half upwards.
    fn rounded(self, scale: u32) -> u128 {
        let Some((units, mut rest)) = self.major() else { return 0 };
        let units = (0..scale).fold(units, |units, _| units * 10 + u128::from(self.next_digit(&mut rest)));
        units + u128::from(rest * 2 >= self.divisor())
    }

    /// The share to so many decimals that its nearest double can be told, with a one behind them for whatever is left.
    fn nearly_exact(self) -> String {
        let Some((units, mut rest)) = self.major() else { return "0".to_owned() };
        let mut text = format!("{units}.");
        text.extend((0..DOUBLE_DECIMALS).map(|_| char::from(b'0' + self.next_digit(&mut rest))));
        text.push(if rest > 0 { '1' } else { '0' });
        text
    }

    /// Whole major units and what is left of them, in parts of the divisor; `None` for a share of nothing.
    fn major(self) -> Option<(u128, u128)> {
        let dividend = u128::from(self.invoice_cents) * u128::from(self.part);
        Some((dividend.checked_div(self.divisor())?, dividend.checked_rem(self.divisor())?))
    }

    /// Long division, because the product of an invoice, a part and a power of ten has more digits than any integer.
    fn next_digit(self, rest: &mut u128) -> u8 {
        let dividend = *rest * 10;
        *rest = dividend % self.divisor();
        u8::try_from(dividend / self.divisor()).unwrap_or(0)
    }

    fn divisor(self) -> u128 {
        u128::from(self.whole) * CENTS_PER_MAJOR
    }
}

/// A decimal number with all its decimals.
struct Decimals {
    units: u128,
    scale: u32,
}

impl fmt::Display for Decimals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.pow(self.scale);
        let width = usize::try_from(self.scale).unwrap_or(0);
        write!(formatter, "{}.{:0width$}", self.units / unit, self.units % unit)
    }
}

/// Without zeros at the end, but with one decimal.
fn trimmed(units: u128, scale: u32) -> String {
    let all = Decimals { units, scale }.to_string();
    let short = all.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use ethnum::U256;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn share(invoice_cents: u64, part: u64, whole: u64) -> Share {
        Share { invoice_cents, part, whole }
    }

    #[test]
    fn the_invoice_is_the_fee_and_then_the_overage() {
        let plan = Plan::default();
        let cents = [0, 500_000, 500_008, 500_009, 500_025, 1_000_000].map(|count| plan.invoice_cents(count));
        assert_eq!(cents, [20_000, 20_000, 20_000, 20_001, 20_002, 50_000]);
        let dear = Plan { base_fee_cents: u64::MAX, overage_cents_per_thousand: u64::MAX, ..plan };
        assert_eq!(dear.invoice_cents(u64::MAX), u64::MAX);
    }

    #[test]
    fn the_price_of_a_message_falls_until_the_included_ones_are_used_up_and_rises_then() {
        let price = |messages: u64| Plan::default().invoice_cents(messages) * 1_000 / (messages / 1_000);
        assert!(price(100_000) > price(300_000) && price(300_000) > price(500_000));
        assert!(price(500_000) < price(700_000) && price(700_000) < price(900_000));
    }

    #[test]
    fn digits_are_those_of_the_mood() {
        let digits = |share: Share| [Rounding::Two, Rounding::Four, Rounding::Full].map(|mood| share.digits(mood));
        assert_eq!(digits(share(8_000, 3, 4)), ["60.0", "60.0", "60.0"]);
        assert_eq!(digits(share(100, 1, 3)), ["0.33", "0.3333", "0.3333333333333333"]);
        assert_eq!(digits(share(100, 2, 3)), ["0.67", "0.6667", "0.6666666666666666"]);
        assert_eq!(digits(share(1, 1, 2)), ["0.01", "0.005", "0.005"]);
        assert_eq!(digits(share(0, 1, 2)), ["0.0", "0.0", "0.0"]);
        assert_eq!(digits(share(500, 0, 0)), ["0.0", "0.0", "0.0"], "no messages, no share");
        assert_eq!(digits(share(999_999_999_999, 7, 9))[2], "7777777777.77");
        assert_eq!(digits(share(1, 1, 3_000_000_000)), ["0.0", "0.0", "3.333333333333333e-12"]);
        assert_eq!(digits(share(u64::MAX, u64::MAX, u64::MAX))[0], "184467440737095516.15");
    }

    /// Whether no other double lies closer to the share: in integers, with what the double is made of.
    fn is_nearest(share: Share, double: f64) -> bool {
        let bits = double.to_bits();
        let shift = 1_075 - (bits >> 52);
        let mantissa = U256::from((bits & ((1 << 52) - 1)) | (1 << 52));
        let divisor = U256::from(share.divisor());
        let exact = (U256::from(share.invoice_cents) * U256::from(share.part)) << u32::try_from(shift).unwrap();
        exact.abs_diff(mantissa * divisor) * 2 <= divisor
    }

    fn decimal(digits: &str) -> Decimal {
        let (plain, exponent) = digits.split_once("e-").unwrap_or((digits, "0"));
        let mut decimal: Decimal = plain.parse().unwrap();
        decimal.set_scale((decimal.scale() + exponent.parse::<u32>().unwrap()).min(28)).unwrap();
        decimal
    }

    proptest! {
        #[test]
        fn full_digits_are_those_of_the_nearest_double(
            invoice in 1_u64..1_000_000_000_000_000, whole in 1_u64..1_000_000_000_000_000, pick: u64
        ) {
            let share = share(invoice, pick % whole + 1, whole);
            let digits = share.digits(Rounding::Full);
            let double: f64 = digits.parse().unwrap();
            prop_assert!(is_nearest(share, double), "{} for {:?}", digits, share);
            prop_assert_eq!(format!("{double:?}"), digits, "no shorter text is the same double");
        }

        #[test]
        fn shares_add_up_to_the_invoice_but_for_dust(
            invoice in 0_u64..10_000_000, parts in prop::collection::vec(0_u64..1_000_000, 1..40)
        ) {
            let whole: u64 = parts.iter().sum();
            prop_assume!(whole > 0);
            let count = Decimal::from(parts.len());
            for (rounding, unit) in [
                (Rounding::Two, Decimal::new(1, 2)),
                (Rounding::Four, Decimal::new(1, 4)),
                (Rounding::Full, Decimal::new(1, 10)),
            ] {
                let sum: Decimal = parts.iter().map(|&part| decimal(&share(invoice, part, whole).digits(rounding))).sum();
                let total = decimal(&share(invoice, whole, whole).digits(rounding));
                prop_assert_eq!(total, Decimal::new(i64::try_from(invoice).unwrap(), 2));
                prop_assert!((sum - total).abs() * Decimal::TWO <= count * unit, "{} of {} in {:?}", sum, total, rounding);
            }
        }
    }
}
