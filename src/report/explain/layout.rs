//! Lines of text: what is wrapped where, and how figures are written.

use rust_decimal::Decimal;

use crate::billing::money::{Currency, Exact, Minor, format_units};
use crate::billing::shares::{IDEAL_DECIMALS, Piece};
use crate::report::text::grouped;

/// Columns of a line; a path or a long figure may need more.
const WIDTH: usize = 100;
/// Where the label of a row ends.
const LABEL: usize = 18;
/// Where its value ends.
const VALUE: usize = 34;
/// Decimals of a price for a thousand messages, at the least and at the most.
const PRICE_DECIMALS: std::ops::RangeInclusive<u32> = 4..=12;

/// Words after a label, in lines of the full width; from the second on they begin at `indent`.
pub(super) fn wrapped(label: &str, words: &str, indent: usize) -> String {
    let mut text = label.to_owned();
    let mut column = label.chars().count();
    let mut is_start = true;
    for word in words.split(' ') {
        let length = word.chars().count();
        if !is_start && column + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if !is_start {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
        is_start = false;
    }
    text.push('\n');
    text
}

/// A label, a figure, and where the figure comes from.
pub(super) fn row(label: &str, value: &str, note: &str) -> String {
    let start = format!("  {label:<width$}{value:>rest$}  ", width = LABEL - 2, rest = VALUE - LABEL);
    if note.is_empty() {
        return format!("{}\n", start.trim_end());
    }
    // a figure too long for its column has a line of its own
    if start.chars().count() > VALUE + 2 {
        return format!("{}\n{}", start.trim_end(), wrapped(&" ".repeat(VALUE + 2), note, VALUE + 2));
    }
    wrapped(&start, note, VALUE + 2)
}

/// Minor units in major units, grouped.
pub(super) fn minor(currency: Currency, amount: Minor) -> String {
    grouped(&currency.format(amount))
}

/// The same with an explicit sign.
pub(super) fn signed(currency: Currency, amount: Minor) -> String {
    let sign = if amount > Minor::ZERO { "+" } else { "" };
    grouped(&format!("{sign}{}", currency.format(amount)))
}

/// A count, grouped.
pub(super) fn count(messages: impl Into<i128>) -> String {
    grouped(&messages.into().to_string())
}

/// A count with its noun: `1 message`, `2,000 messages`.
pub(super) fn messages(messages: i128) -> String {
    format!("{} message{}", count(messages), if messages == 1 { "" } else { "s" })
}

/// Per cent as they were entered: `12.5`.
pub(super) fn percent(percent: Decimal) -> String {
    percent.normalize().to_string()
}

/// An ideal share in major units with the digits that were kept; `…` where there are more.
pub(super) fn ideal(currency: Currency, piece: &Piece) -> String {
    let digits = format_units(piece.ideal, currency.decimals + IDEAL_DECIMALS);
    if !piece.exact {
        return grouped(&format!("{digits}…"));
    }
    let least = digits.len() - IDEAL_DECIMALS as usize;
    let kept = digits.trim_end_matches('0').len().max(least);
    grouped(digits[..kept].trim_end_matches('.'))
}

/// Decimals that tell prices apart and leave four digits of each.
pub(super) fn price_decimals(prices: &[Exact]) -> u32 {
    let is_enough = |decimals: &u32| {
        let rounded: Vec<i128> = prices.iter().filter_map(|price| price.rounded_at_scale(*decimals)).collect();
        let told_apart = prices.iter().zip(&rounded).enumerate().all(|(index, (price, units))| {
            let others = prices[..index].iter().zip(&rounded);
            others.into_iter().all(|(other, other_units)| (price == other) == (units == other_units))
        });
        told_apart && prices.iter().zip(&rounded).all(|(price, units)| price.is_zero() || units.abs() >= 1_000)
    };
    PRICE_DECIMALS.clone().find(is_enough).unwrap_or(*PRICE_DECIMALS.end())
}

/// A price with so many decimals.
pub(super) fn price(price: Exact, decimals: u32) -> String {
    grouped(&format_units(price.rounded_at_scale(decimals).unwrap_or_default(), decimals))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::money::Amount;
    use crate::billing::shares::Division;

    fn exact(text: &str) -> Exact {
        Amount::parse(text).unwrap().exact()
    }

    #[test]
    fn prices_have_digits_enough_to_be_told_apart() {
        let shown = |prices: [&str; 2]| {
            let prices = prices.map(exact);
            let decimals = price_decimals(&prices);
            prices.map(|one| price(one, decimals)).join(" ")
        };
        assert_eq!(shown(["0.6120", "0.49131"]), "0.6120 0.4913");
        assert_eq!(shown(["20", "20"]), "20.0000 20.0000");
        assert_eq!(shown(["0.5", "0.5000004"]), "0.5000000 0.5000004");
        assert_eq!(shown(["0", "0.00012345"]), "0.0000000 0.0001235");
        assert_eq!(shown(["1234.5", "0"]), "1,234.5000 0.0000");
    }

    #[test]
    fn an_ideal_share_shows_what_was_cut() {
        let entries = ["1", "2", "5"].map(exact).into_iter().enumerate().collect::<Vec<_>>();
        for (code, whole, shown) in [
            ("eur", 8_000, ["10.00", "20.00", "50.00"]),
            ("eur", 10, ["0.0125", "0.025", "0.0625"]),
            ("jpy", -8, ["-1", "-2", "-5"]),
        ] {
            let (currency, division) = (Currency::parse(code).unwrap(), Division::of(Minor(whole), &entries).unwrap());
            let ideals: Vec<String> = (0..3).map(|i| ideal(currency, &division.piece(i).unwrap())).collect();
            assert_eq!(ideals, shown);
        }
        let thirds = Division::of(Minor(100), &[(0, exact("1")), (1, exact("2"))]).unwrap();
        let shown = ideal(Currency::parse("eur").unwrap(), &thirds.piece(0).unwrap());
        assert_eq!(shown, "0.3333333333…");
    }

    #[test]
    fn words_are_wrapped_and_long_figures_keep_their_line() {
        let note = "word ".repeat(20);
        let text = row("label", "1.00", note.trim_end());
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.lines().nth(1).map(|line| line.len() - line.trim_start().len()), Some(VALUE + 2));
        let text = row("allocated cost", "0.1234567890123456789012345678", "as sent");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert_eq!(messages(1) + ", " + &messages(1_000), "1 message, 1,000 messages");
    }
}
