//! Compression: zstd, and never more out of it than is expected.

use std::io::Read;

use bytes::Bytes;

use super::Error;

/// Level 1 is as small as level 3 on these bodies, and faster.
const ZSTD_LEVEL: i32 = 1;
/// Answers are about five times as long as they are stored.
const EXPANSION_EXPECTED: usize = 16;
/// Bytes of a customer map or of a report set's file before compression. A map of a million sub accounts has a tenth.
pub(super) const UNPACKED_BYTES_MAX: usize = 1 << 30;

/// Compresses bytes for the object at `path`.
pub(super) fn pack(path: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    zstd::encode_all(bytes, ZSTD_LEVEL)
        .map_err(|error| Error::Damaged { path: path.to_owned(), problem: format!("compressing: {error}") })
}

/// The same for bytes that nothing else says the length of: refuses what [`unpack`] would refuse.
pub(super) fn pack_bounded(path: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    if bytes.len() > UNPACKED_BYTES_MAX {
        return Err(Error::TooLarge { path: path.to_owned(), bytes: bytes.len(), bytes_max: UNPACKED_BYTES_MAX });
    }
    pack(path, bytes)
}

/// Decompresses at most `bytes_max` bytes, or says what is wrong with them; a bomb never unfolds.
pub(super) fn unpack(stored: &[u8], bytes_max: usize) -> Result<Bytes, String> {
    let (mut unfolding, mut bytes) = (Unfolding::of(stored)?, Vec::new());
    // one byte more than is allowed is enough to know that there are too many
    unfolding.next(bytes_max.saturating_add(1), &mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(more_than(bytes_max));
    }
    Ok(bytes.into())
}

/// What is wrong with bytes of which there should be so many at most.
pub(super) fn more_than(bytes_max: usize) -> String {
    format!("it unfolds to more than {bytes_max} bytes")
}

/// Compressed bytes that are unfolded a piece at a time.
pub(super) struct Unfolding<'s> {
    decoder: zstd::Decoder<'static, &'s [u8]>,
    /// Bytes that are given room for before they are there.
    expected: usize,
}

impl<'s> Unfolding<'s> {
    pub(super) fn of(stored: &'s [u8]) -> Result<Self, String> {
        let decoder = zstd::Decoder::with_buffer(stored).map_err(|error| error.to_string())?;
        Ok(Self { decoder, expected: stored.len().saturating_mul(EXPANSION_EXPECTED) })
    }

    /// Puts the next so many bytes in the place of those that `bytes` has: fewer, where there are no more.
    pub(super) fn next(&mut self, count: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
        bytes.clear();
        // what a manifest says is believed as far as it costs little
        bytes.reserve_exact(count.min(self.expected));
        let limit = u64::try_from(count).unwrap_or(u64::MAX);
        self.decoder.by_ref().take(limit).read_to_end(bytes).map(|_| ()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_unfolded_than_is_allowed() {
        let packed = pack("zeros", &vec![0; 100_000]).unwrap();
        assert_eq!(unpack(&packed, 100_000).unwrap().len(), 100_000);
        assert_eq!(unpack(&packed, 99_999).unwrap_err(), "it unfolds to more than 99999 bytes");
        assert!(unpack(b"no zstd", 100).is_err());
    }
}
