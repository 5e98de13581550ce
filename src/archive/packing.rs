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
    // what a manifest says is believed as far as it costs little
    let mut bytes =
        Vec::with_capacity(bytes_max.min(stored.len().saturating_mul(EXPANSION_EXPECTED)).saturating_add(1));
    // one byte more than is allowed is enough to know that there are too many
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let decoder = zstd::Decoder::new(stored).map_err(|error| error.to_string())?;
    decoder.take(limit).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > bytes_max {
        return Err(format!("it unfolds to more than {bytes_max} bytes"));
    }
    Ok(bytes.into())
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
