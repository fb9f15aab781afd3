//! gzip, bounded.

use std::io::{Read, Write};

use flate2::{Compression, Crc, GzBuilder, bufread::GzDecoder, write::GzEncoder};

use super::Corrupt;

/// Level 6, that of node's zlib and of 0.4.0.
const LEVEL: Compression = Compression::new(6);
/// The highest ratio of deflate: one byte becomes at most about this number of bytes.
const HIGHEST_RATIO: usize = 1032;
const MEMBER: [u8; 2] = [0x1f, 0x8b];
/// The head of a member with an extra field: deflate, the flag FEXTRA, no time, no hint, an unknown system.
const HEAD_WITH_EXTRA: [u8; 10] = [MEMBER[0], MEMBER[1], 8, 4, 0, 0, 0, 0, 0, 255];
/// The most bytes of a block that is not compressed.
const MOST_STORED: usize = u16::MAX as usize;

/// `bytes` gzipped, appended to `out`.
#[must_use]
pub fn gzip(bytes: &[u8], out: Vec<u8>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(out, LEVEL);
    // Writing into memory does not fail.
    drop(encoder.write_all(bytes));
    encoder.finish().unwrap_or_default()
}

/// The same with an extra field in the header, of at most 65,535 bytes.
pub(super) fn gzip_with(bytes: &[u8], extra: Vec<u8>, out: Vec<u8>) -> Vec<u8> {
    let mut encoder = GzBuilder::new().extra(extra).write(out, LEVEL);
    // Writing into memory does not fail.
    drop(encoder.write_all(bytes));
    encoder.finish().unwrap_or_default()
}

/// The same without compression, which needs no compressor.
pub(super) fn stored_with(bytes: &[u8], extra: &[u8], mut out: Vec<u8>) -> Vec<u8> {
    let le = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    out.reserve(bytes.len() + extra.len() + 32);
    out.extend(HEAD_WITH_EXTRA);
    out.extend(le(extra.len()));
    out.extend(extra);
    let mut blocks = bytes.chunks(MOST_STORED).peekable();
    // A packed value has a byte at least.
    while let Some(block) = blocks.next() {
        let [low, high] = le(block.len());
        out.extend([u8::from(blocks.peek().is_none()), low, high, !low, !high]);
        out.extend(block);
    }
    let mut crc = Crc::new();
    crc.update(bytes);
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    out
}

/// The extra field of the header of a first member; `None` without one. Damaged data has none, or a wrong one: its
/// check fails later.
pub(super) fn extra_of(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_first_chunk::<12>()?;
    rest.get(..usize::from(u16::from_le_bytes([head[10], head[11]]))).filter(|_| has_extra(bytes))
}

/// Whether a member that begins with these bytes has an extra field.
pub(super) fn has_extra(bytes: &[u8]) -> bool {
    bytes.starts_with(&MEMBER) && bytes.get(3).is_some_and(|flags| flags & 4 != 0)
}

/// The bytes that were gzipped, at most `limit` of them. Members after the first are read, other bytes after a member
/// are ignored: that is how node's zlib does it.
///
/// # Errors
/// When the data is damaged, or would become larger than `limit`.
pub fn gunzip(mut bytes: &[u8], limit: usize) -> Result<Vec<u8>, Corrupt> {
    let mut out = Vec::with_capacity(expected(bytes, limit));
    loop {
        let mut decoder = GzDecoder::new(bytes);
        let room = (limit - out.len()) as u64 + 1;
        (&mut decoder)
            .take(room)
            .read_to_end(&mut out)
            .map_err(|error| Corrupt::new(format!("gzip: {error}")))?;
        if out.len() > limit {
            return Err(Corrupt::new(format!("gzip: larger than {limit} bytes when inflated")));
        }
        bytes = decoder.into_inner();
        if !bytes.starts_with(&MEMBER) {
            return Ok(out);
        }
    }
}

/// The size in the last four bytes, as far as it is plausible: they are not trusted.
fn expected(bytes: &[u8], limit: usize) -> usize {
    let claimed = bytes.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    claimed.min(bytes.len().saturating_mul(HIGHEST_RATIO)).min(limit)
}
