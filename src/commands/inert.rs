//! What is printed, once nothing in it is a command to whoever reads the output, and no error shows a key.
//!
//! Names are anybody's. The runner of GitHub Actions reads a step's output line by line, and does what a line says that
//! begins with `::` or holds `##[`: it hides texts of its log, raises errors, or stops listening.

use std::borrow::Cow;

use crate::ahasend::SECRET_KEY_START;

/// Characters after that from which on it is taken for a key.
const KEY_CHARS_MIN: usize = 12;

/// A text for people in which no line is a command; what would make it one is written out.
pub fn inert(text: &str) -> Cow<'_, str> {
    let is_command = |line: &str| line.trim_start().starts_with("::");
    if !text.contains("##[") && !text.lines().any(is_command) {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n').map(|line| {
        let line = line.replace("##[", "##\\u{5b}");
        if is_command(&line) { line.replacen("::", "\\u{3a}:", 1) } else { line }
    });
    Cow::Owned(lines.collect())
}

/// The same for JSON, where it can be written so that a program reads what it always read: such characters are nowhere but
/// in strings.
pub fn inert_json(json: &str) -> Cow<'_, str> {
    if json.contains("##[") { Cow::Owned(json.replace("##[", "##\\u005b")) } else { Cow::Borrowed(json) }
}

/// An error without what looks like a secret key, whoever put it there: somebody who took an argument or a path for the
/// place of a key reads the error in a log that others read as well.
pub fn without_keys(text: &str) -> Cow<'_, str> {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(SECRET_KEY_START) {
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(after.len());
        let (key, behind) = after.split_at(end);
        kept.push_str(before);
        kept.push_str(SECRET_KEY_START);
        kept.push_str(if key.len() < KEY_CHARS_MIN { key } else { "(withheld)" });
        rest = behind;
    }
    if kept.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(kept + rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_a_command() {
        for (text, expected) in [
            ("Acme::error::x\n", "Acme::error::x\n"),
            ("::error::x\n", "\\u{3a}:error::x\n"),
            ("a\n \t::add-mask::0\nb", "a\n \t\\u{3a}:add-mask::0\nb"),
            ("a ##[error]x ##[", "a ##\\u{5b}error]x ##\\u{5b}"),
            ("####[x", "####\\u{5b}x"),
            ("", ""),
        ] {
            assert_eq!(inert(text), expected);
        }
    }

    #[test]
    fn json_stays_what_it_was() {
        let json = r###"{"name": "##[stop-commands]x", "::": 1}"###;
        let inert = inert_json(json);
        assert!(!inert.contains("##["));
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&inert), read(json));
    }

    #[test]
    fn an_error_shows_no_key_and_everything_else() {
        for (text, expected) in [
            ("unexpected argument 'aha-sk-0123456789abcdef' found", "unexpected argument 'aha-sk-(withheld)' found"),
            ("aha-sk-0123456789abcdef and aha-sk-fedcba9876543210", "aha-sk-(withheld) and aha-sk-(withheld)"),
            ("a key begins with aha-sk-", "a key begins with aha-sk-"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_keys(text), expected);
        }
    }
}
