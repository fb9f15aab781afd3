//! Payloads of packed values.

use super::{Encoding, GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD, PREFIX_BYTES, gzip::gzip};

/// A payload and its sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The payload.
    pub bytes: Vec<u8>,
    /// [`Encoding::Msgpack`] or [`Encoding::MsgpackGzip`].
    pub encoding: Encoding,
    /// Bytes of the packed value, without a prefix.
    pub original_bytes: usize,
}

/// The payload of a packed value: gzipped from [`GZIP_MIN_BYTES`] on, if that saves at least
/// [`GZIP_SAVINGS_THRESHOLD`].
#[must_use]
pub fn seal(packed: &[u8]) -> Sealed {
    let original_bytes = packed.len();
    if original_bytes >= GZIP_MIN_BYTES {
        let bytes = gzip(packed, Encoding::MsgpackGzip.prefix().to_vec());
        if saves_enough(original_bytes, bytes.len() - PREFIX_BYTES) {
            return Sealed { bytes, encoding: Encoding::MsgpackGzip, original_bytes };
        }
    }
    let bytes = [Encoding::Msgpack.prefix(), packed].concat();
    Sealed { bytes, encoding: Encoding::Msgpack, original_bytes }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn saves_enough(original: usize, gzipped: usize) -> bool {
    original as f64 - gzipped as f64 >= GZIP_SAVINGS_THRESHOLD * original as f64
}
