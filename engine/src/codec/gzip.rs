//! gzip, bounded.

use std::io::{Read, Write};

use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};

use super::Corrupt;

/// Level 6, that of node's zlib and of 0.4.0.
const LEVEL: Compression = Compression::new(6);
/// The highest ratio of deflate: one byte becomes at most about this number of bytes.
const HIGHEST_RATIO: usize = 1032;
const MEMBER: [u8; 2] = [0x1f, 0x8b];

/// `bytes` gzipped, appended to `out`.
#[must_use]
pub fn gzip(bytes: &[u8], out: Vec<u8>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(out, LEVEL);
    // Writing into memory does not fail.
    drop(encoder.write_all(bytes));
    encoder.finish().unwrap_or_default()
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
