//! Payloads of packed values.

use super::{
    Encoding, GZIP_MIN_BYTES, GZIP_SAVINGS_THRESHOLD, Metadata, PREFIX_BYTES,
    gzip::{gzip, gzip_with, stored_with},
};

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

/// The same with metadata beside the value: then the payload is a gzip member, in which a value that [`seal()`] would
/// not compress is stored as it is. `None` if there is more metadata than fits beside a value.
#[must_use]
pub fn seal_with(packed: &[u8], metadata: &Metadata) -> Option<Sealed> {
    if metadata.is_empty() {
        return Some(seal(packed));
    }
    let (extra, original_bytes) = (metadata.to_extra()?, packed.len());
    let (prefix, encoding) = (|| Encoding::MsgpackGzip.prefix().to_vec(), Encoding::MsgpackGzip);
    if original_bytes >= GZIP_MIN_BYTES {
        let bytes = gzip_with(packed, extra.clone(), prefix());
        if saves_enough(original_bytes, bytes.len() - PREFIX_BYTES - extra.len()) {
            return Some(Sealed { bytes, encoding, original_bytes });
        }
    }
    Some(Sealed { bytes: stored_with(packed, &extra, prefix()), encoding, original_bytes })
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
fn saves_enough(original: usize, gzipped: usize) -> bool {
    original as f64 - gzipped as f64 >= GZIP_SAVINGS_THRESHOLD * original as f64
}
