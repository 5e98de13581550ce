//! SHA-256: what manifests, seals and control sheets name bytes by.
//!
//! A night hashes all that it reads and writes, so that this is `ring`, which has assembly for processors without instructions
//! for it.

use std::fmt::Write;

use ring::digest::{Context, SHA256, digest};
use ring::hmac;

/// The hash of bytes that come one after another.
pub struct Sha256(Context);

impl Sha256 {
    /// Nothing yet.
    #[expect(clippy::new_without_default, reason = "a hash of nothing is begun on purpose")]
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash, in lower-case hex.
    pub fn finish(self) -> String {
        hex_of(self.0.finish().as_ref())
    }
}

/// The hash of bytes, in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    hex_of(digest(&SHA256, bytes).as_ref())
}

/// The HMAC of bytes with a secret, in lower-case hex: who has the secret can tell that they were sent by us.
pub fn hmac_hex(secret: &[u8], bytes: &[u8]) -> String {
    hex_of(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), bytes).as_ref())
}

/// The 32 bytes of the hash of bytes.
pub fn raw(bytes: &[u8]) -> [u8; 32] {
    let mut raw = [0; 32];
    raw.copy_from_slice(digest(&SHA256, bytes).as_ref());
    raw
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
