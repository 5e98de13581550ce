//! What people type into cells, settings and flags: each kind of value is checked here, whoever asks.
//!
//! A problem is the rest of a sentence that begins with the name of the cell or setting, and says what to do. It never
//! repeats the value: somebody may have put a key there.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::ahasend::wire::display;
use crate::billing::money::{Amount, AmountError, Currency, Exact};

/// Longest text, in characters. A longer one is refused: two customers must not become one by being cut.
const TEXT_CHAR_COUNT_MAX: usize = 300;
/// A markup beyond this is a slip, in per cent.
const MARKUP_MAX: i64 = 1_000;
/// Decimals of a markup: enough for anybody.
const MARKUP_SCALE_MAX: u32 = 4;
/// A fee or a minimum beyond this is a slip, in major units.
const FEE_MAX: i64 = 1_000_000_000;
/// The largest cap that the API takes, in messages a month.
const MONTHLY_CREDIT_MAX: i64 = 1_000_000_000;

/// A text that fits into reports as it is.
pub(super) fn text(text: &str) -> Result<String, String> {
    if display(text, TEXT_CHAR_COUNT_MAX) == text {
        Ok(text.to_owned())
    } else {
        Err(format!("is longer than {TEXT_CHAR_COUNT_MAX} characters or has control characters; shorten or clean it"))
    }
}

/// A calendar day.
pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok();
    // one form only: the reader takes 2026-1-5 as well
    date.filter(|date| date.to_string() == text.trim()).ok_or_else(|| {
        "is no date such as 2026-10-15, year first; format the cell as text if a spreadsheet changes it".to_owned()
    })
}

/// An amount in major units, of any sign.
pub(super) fn amount(text: &str) -> Result<Amount, String> {
    let text = text.trim();
    match Amount::parse(text) {
        // what a spreadsheet has shortened has lost digits
        Ok(_) if text.contains(['e', 'E']) => {
            Err("is written with a power of ten; write all its digits, like 80.00".to_owned())
        }
        Ok(amount) => Ok(amount),
        Err(AmountError::Grammar) => Err(slip(text).to_owned()),
        Err(error) => Err(format!("is no usable amount: {error}")),
    }
}

/// What is wrong with a text that is no plain number.
fn slip(text: &str) -> &'static str {
    let (before, after) = text.rsplit_once(',').unwrap_or((text, ""));
    let comma_count = text.matches(',').count();
    let is_part_of_number = |c: char| c.is_ascii_digit() || ".,+-\u{2212}()'\u{2019}_".contains(c) || c.is_whitespace();
    if text.is_empty() {
        "is empty; write it like 80.00"
    } else if !text.chars().all(is_part_of_number) {
        "holds something else than one number; write it like 80.00, without currency or unit"
    } else if comma_count > 1 || (comma_count == 1 && after.contains('.')) {
        "has commas between thousands; write it like 1234.50, with nothing between thousands"
    } else if comma_count == 1 && after.len() == 3 && !before.contains('.') {
        "has a comma, which may be a decimal comma or not; write it like 1234.50, with a point, and nothing between thousands"
    } else if comma_count == 1 {
        "has a decimal comma; write it like 1234.50, with a point, and nothing between thousands"
    } else if text.matches('.').count() > 1 || text.contains(|c: char| c.is_whitespace() || "'\u{2019}_".contains(c)) {
        "has separators between thousands; write it like 1234.50, with nothing between thousands"
    } else if text.contains(['+', '-', '\u{2212}', '(', ')']) {
        "has no usable sign; write it like 80.00, or like -80.00 if it is below zero"
    } else {
        "is no plain number; write it like 80.00, with digits on both sides of the point and no zeros in front"
    }
}

/// A fee or a minimum in major units.
pub(super) fn fee(text: &str) -> Result<Exact, String> {
    let fee = amount(text)?.exact();
    let usable = !fee.is_negative() && fee <= Exact::whole(FEE_MAX);
    if usable { Ok(fee) } else { Err(format!("must be from 0 to {FEE_MAX}")) }
}

/// A markup in per cent.
pub(super) fn markup(text: &str) -> Result<Decimal, String> {
    let percent = Decimal::from_str_exact(text.trim());
    let percent = percent.map_err(|_| "is not a plain decimal such as 12.5")?.normalize();
    let in_range = percent >= Decimal::from(-100) && percent <= Decimal::from(MARKUP_MAX);
    if in_range && percent.scale() <= MARKUP_SCALE_MAX {
        Ok(percent)
    } else {
        Err(format!("must be from -100 to {MARKUP_MAX}, with at most {MARKUP_SCALE_MAX} decimals"))
    }
}

/// A cap in messages a month.
pub(super) fn monthly_credit(text: &str) -> Result<i64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let credit = text.parse().ok().filter(|credit| digits && *credit <= MONTHLY_CREDIT_MAX);
    credit.ok_or_else(|| format!("must be a whole number of messages from 0 (uncapped) to {MONTHLY_CREDIT_MAX}"))
}

/// A currency by its code.
pub(super) fn currency(text: &str) -> Result<Currency, String> {
    Currency::parse(text.trim())
        .ok_or_else(|| "is no ISO 4217 code of a currency with minor units; write it like EUR".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_plain_and_each_slip_has_its_own_words() {
        for (text, shown) in [("80", "80"), (" 1234.50 ", "1234.5"), ("-0.05", "-0.05")] {
            assert_eq!(amount(text).unwrap().to_string(), shown);
        }
        for (text, problem) in [
            ("", "is empty; "),
            ("eighty", "holds something else than one number; "),
            ("80.00 EUR", "holds something else than one number; "),
            ("\u{20ac}80.00", "holds something else than one number; "),
            ("1e2", "is written with a power of ten; "),
            ("80,00", "has a decimal comma; "),
            ("1.234,50", "has a decimal comma; "),
            ("1.234,500", "has a decimal comma; "),
            ("1,234.50", "has commas between thousands; "),
            ("1,234,567", "has commas between thousands; "),
            ("1,234", "has a comma, which may be a decimal comma or not; "),
            ("1 234.50", "has separators between thousands; "),
            ("1\u{a0}234.50", "has separators between thousands; "),
            ("1'234.50", "has separators between thousands; "),
            ("1.234.567", "has separators between thousands; "),
            ("+80.00", "has no usable sign; "),
            ("80.00-", "has no usable sign; "),
            ("(80.00)", "has no usable sign; "),
            ("\u{2212}80.00", "has no usable sign; "),
            (".50", "is no plain number; "),
            ("080.00", "is no plain number; "),
            ("1000000000000000", "is no usable amount: amount out of range, must be below 10^15"),
        ] {
            let refused = amount(text).unwrap_err();
            assert!(refused.starts_with(problem), "{text}: {refused}");
        }
    }

    #[test]
    fn fees_markups_and_caps_have_bounds() {
        assert_eq!(fee("0").unwrap(), Exact::ZERO);
        assert_eq!(fee("1000000000.00").unwrap(), Exact::whole(FEE_MAX));
        for wrong in ["-0.01", "1000000000.01"] {
            assert_eq!(fee(wrong).unwrap_err(), "must be from 0 to 1000000000");
        }
        assert_eq!(markup("12.50").unwrap().to_string(), "12.5");
        for wrong in ["-101", "1000.1", "0.00001"] {
            assert_eq!(markup(wrong).unwrap_err(), "must be from -100 to 1000, with at most 4 decimals");
        }
        for wrong in ["", "12,5", "5 %", "ten"] {
            assert_eq!(markup(wrong).unwrap_err(), "is not a plain decimal such as 12.5");
        }
        assert_eq!(monthly_credit("50000"), Ok(50_000));
        for wrong in ["-1", "+1", "5.0", "1000000001", "50 000"] {
            let problem = monthly_credit(wrong).unwrap_err();
            assert_eq!(problem, "must be a whole number of messages from 0 (uncapped) to 1000000000");
        }
    }

    #[test]
    fn dates_have_one_form() {
        assert_eq!(date("2024-02-29").unwrap().to_string(), "2024-02-29");
        for wrong in ["", "2026-02-29", "2026-1-5", "15.10.2026", "10/15/2026", "2026-10-15T00:00:00Z", "+2026-1-15"] {
            assert!(date(wrong).unwrap_err().starts_with("is no date such as 2026-10-15"), "{wrong}");
        }
    }
}
