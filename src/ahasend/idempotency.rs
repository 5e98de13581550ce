//! The name under which the server carries out a request at most once.
//!
//! It is no secret: it may be shown, logged and kept.

use std::fmt;

use uuid::Builder;

/// Longest key in bytes, the API's own limit.
const BYTES_MAX: usize = 255;

/// An idempotency key: one for each thing to be created, and the same again for every repeat of the same request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes a key of one's own: 1 to 255 bytes of visible ASCII.
    ///
    /// # Errors
    ///
    /// The rule that was broken.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it must not be empty");
        }
        if text.len() > BYTES_MAX {
            return Err("it must have at most 255 bytes");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it must hold visible ASCII characters only: no space, no line break");
        }
        Ok(Self(text.to_owned()))
    }

    /// A new key: a UUID of version 4.
    #[must_use]
    pub fn random() -> Self {
        // Nobody gains by guessing it, and the server keeps it for a day at most: a fast generator is good enough.
        let uuid = Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid();
        Self(uuid.to_string())
    }

    /// The key as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_of_a_bounded_length() {
        let long = "k".repeat(256);
        let cases =
            [("", "empty"), (long.as_str(), "255 bytes"), ("a b", "ASCII"), ("a\n", "ASCII"), ("schlüssel", "ASCII")];
        for (text, rule) in cases {
            assert!(IdempotencyKey::parse(text).unwrap_err().contains(rule), "{text}");
        }
        assert_eq!(IdempotencyKey::parse(&long[1..]).unwrap().as_str(), &long[1..]);
        assert_eq!(IdempotencyKey::parse("~!").unwrap().to_string(), "~!");
    }

    #[test]
    fn random_keys_are_uuids_of_version_4_and_differ() {
        let (one, other) = (IdempotencyKey::random(), IdempotencyKey::random());
        assert_ne!(one, other);
        let uuid = uuid::Uuid::parse_str(one.as_str()).unwrap();
        assert_eq!((uuid.get_version_num(), uuid.get_variant()), (4, uuid::Variant::RFC4122));
        assert_eq!(IdempotencyKey::parse(one.as_str()), Ok(one));
    }
}
