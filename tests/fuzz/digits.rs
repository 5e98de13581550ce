//! Decimal arithmetic as it is taught at school, to hold the program's own against: no line of it is shared.

/// Decimals that an amount may have.
const DECIMALS: u32 = 34;
/// Digits that an amount may have.
const DIGIT_COUNT_MAX: usize = 28;
/// Amounts are below 10 to this power.
const POWER_MAX: i128 = 15;

/// A figure: whole units, and what is beyond them in units of 10^-34, never below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Figure {
    whole: i128,
    beyond: i128,
}

impl Figure {
    fn new(whole: i128, beyond: i128) -> Self {
        let unit = 10_i128.pow(DECIMALS);
        Self { whole: whole + beyond.div_euclid(unit), beyond: beyond.rem_euclid(unit) }
    }

    /// A number in plain digits, as the program prints them.
    pub(crate) fn printed(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, beyond) = digits.split_once('.').unwrap_or((digits, ""));
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "`{text}` is not printed plainly");
        assert!(whole == "0" || !whole.starts_with('0'), "`{text}` has a zero in front");
        assert!(
            !text.starts_with('-') || digits.contains(|c: char| ('1'..='9').contains(&c)),
            "`{text}` is below zero"
        );
        let whole: i128 = whole.parse().expect("whole units");
        let beyond: i128 = format!("{beyond:0<34}").parse().expect("at most 34 decimals");
        if text.starts_with('-') { Self::new(-whole, -beyond) } else { Self::new(whole, beyond) }
    }
}

impl std::iter::Sum for Figure {
    fn sum<I: Iterator<Item = Self>>(figures: I) -> Self {
        figures.fold(Self::default(), |sum, figure| Self::new(sum.whole + figure.whole, sum.beyond + figure.beyond))
    }
}

/// What an amount is to be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept(Figure),
    TooLarge,
    TooFine,
}

/// Judges a text that follows the number grammar of JSON.
pub(crate) fn judge(number: &str) -> Verdict {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let behind = digits.trim_start_matches('0');
    let significant = behind.trim_end_matches('0');
    if significant.is_empty() {
        return Verdict::Kept(Figure::default());
    }
    let size = |text: &str| i128::try_from(text.len()).expect("a length");
    // the powers of ten of the first and of the last digit that counts
    let first = size(whole) - (size(&digits) - size(behind)) - 1 + power(exponent);
    let last = first - size(significant) + 1;
    if first >= POWER_MAX {
        return Verdict::TooLarge;
    }
    if significant.len() > DIGIT_COUNT_MAX || last < -i128::from(DECIMALS) {
        return Verdict::TooFine;
    }
    let (mut whole, mut beyond) = (0, 0);
    for (power, digit) in (last..=first).rev().zip(significant.bytes()) {
        let digit = i128::from(digit - b'0');
        let units = |power: i128| digit * 10_i128.pow(u32::try_from(power).expect("a small power"));
        if power >= 0 {
            whole += units(power);
        } else {
            beyond += units(power + i128::from(DECIMALS));
        }
    }
    Verdict::Kept(if number.starts_with('-') { Figure::new(-whole, -beyond) } else { Figure::new(whole, beyond) })
}

/// An exponent; one that is beyond all measure is as large as any.
fn power(exponent: &str) -> i128 {
    let beyond_measure = if exponent.starts_with('-') { -i128::from(i64::MAX) } else { i128::from(i64::MAX) };
    exponent.parse::<i64>().map_or(beyond_measure, i128::from)
}
