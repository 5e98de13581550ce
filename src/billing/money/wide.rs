//! Arithmetic of 256 bits, by way of 128 or 64 where that is enough: division decides how fast a million lines are charged.

use ethnum::I256;

/// The powers of ten that 128 bits hold.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// 10^`exponent`.
pub(in crate::billing) fn power_of_ten(exponent: u32) -> I256 {
    match POWERS.get(exponent as usize) {
        Some(power) => I256::from(*power),
        None => I256::from(10).pow(exponent),
    }
}

/// Quotient and remainder, both cut towards zero; `divisor` must not be zero.
pub(in crate::billing) fn divide(dividend: I256, divisor: I256) -> (I256, I256) {
    if let (Ok(narrow_dividend), Ok(narrow_divisor)) = (i128::try_from(dividend), i128::try_from(divisor))
        && let (Some(quotient), Some(remainder)) =
            (narrow_dividend.checked_div(narrow_divisor), narrow_dividend.checked_rem(narrow_divisor))
    {
        return (I256::from(quotient), I256::from(remainder));
    }
    let (quotient, remainder) = match short_quotient(dividend.abs(), divisor.abs()) {
        Some(found) => found,
        None => (dividend.abs() / divisor.abs(), dividend.abs() % divisor.abs()),
    };
    let quotient = if dividend.is_negative() == divisor.is_negative() { quotient } else { -quotient };
    (quotient, if dividend.is_negative() { -remainder } else { remainder })
}

/// Bits of a digit: the leading ones of the divisor are divided by, as on paper.
const DIGIT_BITS: u32 = 64;

/// Quotient and remainder of positive numbers whose quotient has less than 63 bits; nothing for others.
///
/// The leading 64 bits of the divisor tell the quotient up to one or two, and the remainder shows which it is.
fn short_quotient(dividend: I256, divisor: I256) -> Option<(I256, I256)> {
    if dividend.is_negative() || divisor < I256::ONE {
        return None;
    }
    let bits = |number: I256| I256::BITS - number.leading_zeros();
    let shift = bits(divisor).saturating_sub(DIGIT_BITS);
    if bits(dividend).saturating_sub(bits(divisor)) >= DIGIT_BITS - 2 {
        return None;
    }
    let leading = u64::try_from((divisor >> shift).as_u128()).ok()?;
    let mut quotient = I256::from((dividend >> shift).as_u128() / u128::from(leading));
    let mut remainder = dividend - quotient * divisor;
    while remainder.is_negative() {
        quotient -= I256::ONE;
        remainder += divisor;
    }
    Some((quotient, remainder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn powers_of_ten_are_those_that_multiplication_gives() {
        for exponent in 0..=76 {
            assert_eq!(power_of_ten(exponent), (0..exponent).fold(I256::ONE, |power, _| power * I256::from(10)));
        }
    }

    /// Numbers of every width, with long runs of equal bits among them.
    fn numbers() -> impl Strategy<Value = I256> {
        let wide = (any::<i128>(), any::<u128>(), 0_u32..255)
            .prop_map(|(high, low, shift)| I256::from_words(high, low.cast_signed()) >> shift);
        let runs = (0_u32..255, 0_u32..255, -2_i64..3).prop_map(|(one, other, off)| {
            (I256::ONE << one).wrapping_sub(I256::ONE << other).wrapping_add(I256::from(off))
        });
        prop_oneof![3 => wide, 2 => runs]
    }

    proptest! {
        #[test]
        fn division_is_that_of_all_bits(dividend in numbers(), divisor in numbers()) {
            prop_assume!(divisor != I256::ZERO && dividend != I256::MIN && divisor != I256::MIN);
            prop_assert_eq!(divide(dividend, divisor), (dividend / divisor, dividend % divisor));
        }

        #[test]
        fn quotients_that_are_just_missed_are_found(divisor in numbers(), quotient in 0_i64..i64::MAX, below in 0_i64..3) {
            let divisor = divisor.abs() >> 64;
            prop_assume!(divisor > I256::ZERO);
            let dividend = divisor * I256::from(quotient) - I256::from(below);
            prop_assert_eq!(divide(dividend, divisor), (dividend / divisor, dividend % divisor));
        }
    }
}
