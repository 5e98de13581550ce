//! The key in what a server sends back: plain, in the escapes of JSON, as hexadecimal, as base64, or each byte percent-encoded.
//!
//! It must never show a spelling; it only says whether one is there.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// Shortest encoded spelling that is searched for, in bytes: a shorter one may be in any text by chance.
const ENCODED_LEN_MIN: usize = 16;

/// What is searched for, without regard to case.
pub(super) struct Echo {
    spellings: Vec<SecretString>,
    /// By two bytes in lower case, whether some spelling begins with them: answers are long, and most bytes begin none.
    starts: Vec<bool>,
}

impl Echo {
    pub(super) fn of(key: SecretString) -> Self {
        let bytes = key.expose_secret().as_bytes();
        let each = |spell: &dyn Fn(&u8) -> String| bytes.iter().map(spell).collect::<String>();
        let mut encoded = vec![each(&|byte| format!("{byte:02x}")), each(&|byte| format!("%{byte:02x}"))];
        for skipped in 0..3 {
            // three bytes make a group of base64; whole groups do not depend on what is before and after them
            let rest = bytes.get(skipped..).unwrap_or_default();
            let groups = rest.get(..rest.len() / 3 * 3).unwrap_or_default();
            encoded.extend([BASE64_STANDARD_NO_PAD.encode(groups), BASE64_URL_SAFE_NO_PAD.encode(groups)]);
        }
        encoded.retain(|spelling| spelling.len() >= ENCODED_LEN_MIN);
        let mut spellings: Vec<SecretString> = encoded.into_iter().map(SecretString::from).collect();
        spellings.push(key);
        let mut starts = vec![false; 1 << 16];
        for spelling in &spellings {
            match spelling.expose_secret().as_bytes() {
                // too short for the table: then every place is looked at
                [] | [_] => starts.fill(true),
                [first, second, ..] => starts[start(*first, *second)] = true,
            }
        }
        Self { spellings, starts }
    }

    /// Whether these bytes hold the key, as they are or once JSON's escapes are undone.
    pub(super) fn is_in(&self, body: &[u8]) -> bool {
        self.is_plainly_in(body) || (body.contains(&b'\\') && self.is_plainly_in(&unescaped(body)))
    }

    fn is_plainly_in(&self, body: &[u8]) -> bool {
        let begins = |rest: &[u8], spelling: &SecretString| {
            let spelling = spelling.expose_secret().as_bytes();
            rest.get(..spelling.len()).is_some_and(|there| there.eq_ignore_ascii_case(spelling))
        };
        let may_begin = |(_, pair): &(usize, &[u8])| self.starts[start(pair[0], pair[1])];
        let places = body.windows(2).enumerate().filter(may_begin).map(|(at, _)| &body[at..]);
        places.into_iter().any(|rest| self.spellings.iter().any(|spelling| begins(rest, spelling)))
    }
}

/// Where two bytes are in [`Echo::starts`].
fn start(first: u8, second: u8) -> usize {
    usize::from(first.to_ascii_lowercase()) << 8 | usize::from(second.to_ascii_lowercase())
}

/// A JSON text with the escapes of ASCII characters undone; what it means apart from that does not matter here.
fn unescaped(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.strip_prefix(b"u").and_then(|digits| digits.get(..4)).filter(|_| byte == b'\\');
        let code = digits.and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let Some(character) = code.and_then(|code| u8::try_from(code).ok()) {
            plain.push(character);
            rest = &after[5..];
        } else {
            // a backslash before anything else stands for what follows it
            plain.extend((byte != b'\\').then_some(byte));
            rest = after;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

    use super::*;

    const KEY: &str = "aha-sk-not?to>be~seen-Zm9vYmFy";

    /// The key in something longer, so that base64 is made of what is around it as well.
    fn spelled() -> Vec<String> {
        let each = |spell: &dyn Fn(u8) -> String| KEY.bytes().map(spell).collect::<String>();
        let mut spelled = vec![
            KEY.to_owned(),
            each(&|byte| format!("{byte:02x}")),
            each(&|byte| format!("%{byte:02x}")),
            each(&|byte| format!("\\u{byte:04X}")),
        ];
        for before in ["", "x", "xy", "Authorization: Bearer "] {
            for after in ["", "\"", "==", "\r\nHost"] {
                let text = format!("{before}{KEY}{after}");
                spelled.extend([BASE64_STANDARD.encode(&text), BASE64_URL_SAFE.encode(&text)]);
                spelled.push(BASE64_STANDARD_NO_PAD.encode(&text).replace('/', "\\/"));
            }
        }
        spelled
    }

    #[test]
    fn the_key_is_recognised_in_every_spelling_and_nothing_else_is() {
        let echo = Echo::of(KEY.into());
        for spelled in spelled() {
            assert!(echo.is_in(spelled.as_bytes()), "{spelled}");
            assert!(echo.is_in(format!("{{\"name\":\"{spelled}\"}}").as_bytes()), "{spelled}");
            assert!(echo.is_in(spelled.replace("sk", "SK").as_bytes()), "{spelled}");
            let cut = &spelled[spelled.len() / 2..];
            assert!(!echo.is_in(cut.as_bytes()), "{cut}");
        }
        for other in ["", "a", "{\"name\":\"aha-sk-another\"}", "\\u0061ha-sk-not", "\\"] {
            assert!(!echo.is_in(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_short_key_is_searched_for_as_it_is_alone() {
        let echo = Echo::of("k1".into());
        assert!(echo.is_in(b"say K1") && !echo.is_in(b"6b31 %6b%31 azE") && !echo.is_in(b"k"));
        let echo = Echo::of("k".into());
        assert!(echo.is_in(b"ok ") && !echo.is_in(b"no"));
    }
}
