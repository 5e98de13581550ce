//! What a customer's page may say, and the check that it says nothing else.
//!
//! It does not trust the template. A new sentence, element or attribute has to be written down here as well, as a new
//! column of the customers' tables has to be in the check of those. Of figures and days it knows only that they are some, as
//! in those tables: what they are of is the statement's own.

use std::collections::BTreeSet;

use super::super::SetInfo;
use super::super::text::shown;
use super::page::STATEMENT;
use super::scan::{Piece, pieces};

/// The page's own texts, with `#` for every number and day.
const PHRASES: &[&str] = &[
    "Statement",
    "Statement, # to #",
    "Statement, #, # UTC to #, # UTC",
    "For",
    "Customer id",
    "Cost center",
    "Billing period",
    "# to #",
    "#, # UTC to #, # UTC",
    "Measured until",
    "#, # UTC",
    "Total charge",
    "# ",
    "#",
    "Provisional",
    "The figures may still change.",
    "Final",
    "Corrected, revision #",
    "It takes the place of revision #.",
    "Charges",
    "Messages and charges by account.",
    "Account",
    "Messages",
    "Charge in ",
    "Total",
    "yours from #",
    "yours until #",
    "yours from # to #",
    "counted from #, # UTC until #, # UTC",
    "counted from #, # UTC until ",
    "counted from ",
    " until ",
    " until #, # UTC",
    " · account ",
    "measured",
    "end estimated",
    "derived",
    "estimated",
    "Notes",
    "Measured: the usage was measured directly.",
    "End estimated: the end of the period came after the last measurement; what was measured before stands for it.",
    "Derived: worked out from the measurements before and after.",
    "Estimated: part of the usage could not be measured.",
    "All times are in UTC. Reference ",
];

/// Its elements. None of them loads, links or runs anything.
const ELEMENTS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "h1", "h2", "p", "div", "span",
    "bdi", "dl", "dt", "dd", "ul", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
];

/// Its attributes with their values; the policy is one more.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("lang", "en"),
    ("dir", "ltr"),
    ("charset", "utf-8"),
    ("http-equiv", "Content-Security-Policy"),
    ("name", "viewport"),
    ("content", "width=device-width, initial-scale=1"),
    ("role", "region"),
    ("aria-label", "Charges"),
    ("tabindex", "0"),
    ("scope", "col"),
    ("scope", "row"),
    ("class", "statement"),
    ("class", "issuer"),
    ("class", "bill"),
    ("class", "customer"),
    ("class", "total"),
    ("class", "sum"),
    ("class", "small soft"),
    ("class", "pill warn"),
    ("class", "pill good"),
    ("class", "scroll"),
    ("class", "number"),
    ("class", "id"),
    ("class", "days"),
    ("class", "notes"),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The first text of a customer's page that is neither the page's own nor the customer's.
pub(in crate::report) fn foreign_text(page: &[u8], own: &BTreeSet<String>, info: &SetInfo) -> Option<String> {
    let Ok(page) = std::str::from_utf8(page) else { return Some("bytes that are no text".to_owned()) };
    let names: BTreeSet<String> = own.iter().chain(&info.account_name).map(|text| shown(text)).collect();
    let pieces = match pieces(page) {
        Ok(pieces) => pieces,
        Err(text) => return Some(text),
    };
    pieces.into_iter().find_map(|piece| foreign(piece, &names))
}

/// What of a piece is not allowed.
fn foreign(piece: Piece, names: &BTreeSet<String>) -> Option<String> {
    let is_own = |text: &str| PHRASES.contains(&&*without_numbers(text));
    let (text, is_allowed) = match piece {
        Piece::Element(element) => {
            let is_allowed = ELEMENTS.contains(&&*element);
            (element, is_allowed)
        }
        Piece::Attribute(name, value) => {
            let is_policy = name == "content" && value == STATEMENT.policy;
            let is_allowed = is_policy || ATTRIBUTES.contains(&(&name, &value));
            (format!("{name}=\"{value}\""), is_allowed)
        }
        Piece::Style(css) => {
            let is_allowed = css == STATEMENT.css;
            (css, is_allowed)
        }
        Piece::Text { text, is_name: true } => {
            let is_allowed = names.contains(&text);
            (text, is_allowed)
        }
        Piece::Text { text, is_name: false } => {
            let is_allowed = is_own(&text);
            (text, is_allowed)
        }
    };
    (!is_allowed).then_some(text)
}

/// A text with `#` in the place of every number, and of every day with its month and year.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_signed = matches!(letter, '-' | '+') && letters.peek().is_some_and(char::is_ascii_digit);
        if !letter.is_ascii_digit() && !is_signed {
            plain.push(letter);
            continue;
        }
        plain.push('#');
        let mut rest = letters.clone();
        while let Some(next) = rest.next() {
            // a separator belongs to a number that goes on
            let goes_on = matches!(next, ',' | '.' | ':') && rest.peek().is_some_and(char::is_ascii_digit);
            if !next.is_ascii_digit() && !goes_on {
                break;
            }
            letters = rest.clone();
        }
    }
    MONTHS.iter().fold(plain, |plain, month| plain.replace(&format!("# {month} #"), "#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_all_alike() {
        for (text, expected) in [
            ("1,234.50 EUR", "# EUR"),
            ("-7", "#"),
            ("31 October 2026, 23:45 UTC", "#, # UTC"),
            ("1 May 2026 to 2 June 2026", "# to #"),
            ("1 to 31 May 2026", "# to #"),
            ("Octobe 2", "Octobe #"),
            ("revision 2.", "revision #."),
            ("1,2,", "#,"),
            ("a-b", "a-b"),
        ] {
            assert_eq!(without_numbers(text), expected, "{text}");
        }
    }
}
