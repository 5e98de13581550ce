//! The archive's own JSON files: written one way, and an unknown schema told from a damaged file.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Error;

/// Longest part shown of what is wrong with a file, in characters.
const PROBLEM_CHAR_COUNT_MAX: usize = 200;

/// The file's bytes: pretty JSON with a final line break, fields in the order of the struct.
pub(super) fn to_bytes(file: &impl Serialize) -> Vec<u8> {
    // only maps with non-text keys can fail to become JSON, and there is none here
    let mut bytes = serde_json::to_vec_pretty(file).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Reads a file of this schema.
pub(super) fn from_bytes<T: DeserializeOwned>(schema: &str, path: &str, bytes: &[u8]) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let damaged = |error: serde_json::Error| Error::Damaged { path: path.to_owned(), problem: short(&error) };
    let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
    if head.schema != schema {
        let schema = head.schema.escape_debug().take(60).collect();
        return Err(Error::Version { path: path.to_owned(), schema });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// The JSON reader's words in one line of bounded length: it quotes what it found, which may be anything.
fn short(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut shown: String = text.escape_debug().take(PROBLEM_CHAR_COUNT_MAX).collect();
    if text.escape_debug().nth(PROBLEM_CHAR_COUNT_MAX).is_some() {
        shown.push('…');
    }
    shown
}
