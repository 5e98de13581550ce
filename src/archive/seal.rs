//! Seals: the hash of a manifest in a file beside it. What else attests a manifest comes only with the next capture.

use object_store::path::Path;

use super::{Archive, Error};

/// Digits of a SHA-256 in hex.
const DIGIT_COUNT: usize = 64;
/// As many equal digits are no accident: the hashes of two different files agree in 4 of 64 on average. A hash that
/// agrees so far with the right one was changed itself.
const EQUAL_DIGITS_MIN: usize = DIGIT_COUNT / 2;

/// How a hash that somebody names compares with the hash that a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// It is the same.
    Equal,
    /// It was the same once: only a few of its digits are others.
    Changed,
    /// It is the hash of something else.
    Other,
}

/// Compares a hash that somebody names with the hash that a file has.
pub(super) fn compared(named: &str, actual: &str) -> Compared {
    let equal = named.bytes().zip(actual.bytes()).filter(|(a, b)| a == b).count();
    match equal {
        _ if named == actual => Compared::Equal,
        EQUAL_DIGITS_MIN.. => Compared::Changed,
        _ => Compared::Other,
    }
}

/// What a seal says about the file beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seal {
    /// There is none: the run was killed before, or a version that knew no seals wrote the file.
    Absent,
    /// The file is as it was written.
    Holds,
    /// The seal itself is not as it was written; says what is wrong with it.
    Broken(String),
    /// It is the seal of other bytes.
    Other,
}

impl Seal {
    /// What a seal says about the file of this name and hash.
    pub(super) fn read(seal: Option<&[u8]>, name: &str, sha256: &str) -> Self {
        let Some(seal) = seal else { return Self::Absent };
        let Some(named) = sealed_hash(seal, name) else {
            return Self::Broken(format!("it is not `<SHA-256>  {name}` as it was written"));
        };
        match compared(named, sha256) {
            Compared::Equal => Self::Holds,
            Compared::Changed => Self::Broken(format!("some digits of its hash of `{name}` were changed")),
            Compared::Other => Self::Other,
        }
    }
}

impl Archive {
    /// Puts a seal beside a file that is durable already. Without it the file is as good: a seal that cannot be written
    /// is only logged.
    pub(super) async fn seal(&self, folder: &Path, name: &str, sha256: &str) {
        let path = folder.clone().join(seal_name(name));
        if let Err(error) = self.create(&path, seal_text(name, sha256).into_bytes()).await {
            tracing::warn!(%error, "a seal could not be written; what it seals is complete");
        }
    }

    /// What the seal of a file says about it.
    pub(super) async fn read_seal(&self, folder: &Path, name: &str, sha256: &str) -> Result<Seal, Error> {
        let seal = self.fetch_if_there(&folder.clone().join(seal_name(name))).await?;
        Ok(Seal::read(seal.as_deref(), name, sha256))
    }
}

/// What the seal of a file is called.
pub(super) fn seal_name(name: &str) -> String {
    format!("{name}.sha256")
}

/// What `sha256sum` writes about the file, so that `sha256sum -c` can check it without this program.
fn seal_text(name: &str, sha256: &str) -> String {
    format!("{sha256}  {name}\n")
}

/// The hash in a seal, if the seal is whole.
fn sealed_hash<'s>(seal: &'s [u8], name: &str) -> Option<&'s str> {
    let named = std::str::from_utf8(seal).ok()?.get(..DIGIT_COUNT)?;
    (is_sha256(named) && seal == seal_text(name, named).as_bytes()).then_some(named)
}

/// Whether this is a SHA-256 as this program writes it: lower-case hex.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == DIGIT_COUNT && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
