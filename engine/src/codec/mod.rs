//! Stored values as bytes: payloads, their checks, and the rewrite that makes them fast to read.
//!
//! A payload is a prefix of four bytes and a body:
//!
//! | prefix | body |
//! |---|---|
//! | `HC1M` | `MessagePack` in the plain dialect of the npm package `msgpackr` |
//! | `HC1G` | the same in gzip: from [`GZIP_MIN_BYTES`] on, if it saves [`GZIP_SAVINGS_THRESHOLD`]; with [`Metadata`] |
//! | `HC1J` | JSON |
//! | none | legacy: raw `MessagePack`, else JSON |
//!
//! [`seal()`] makes a payload. [`Reader`] opens one for JavaScript, where `msgpackr` turns it into values. An opened
//! payload has been walked once from end to end ([`mod@walk`]): every declared length fits, nothing is nested too
//! deeply, and no bytes follow. On the way, objects of a known shape become records ([`records`], [`shapes`]), which
//! `msgpackr` reads two to four times faster than maps.
//!
//! # How JavaScript reads records
//! Each [`Reader`] has one `Unpackr({ structures, mapsAsObjects: true, copyBuffers: true })`, where `structures` is
//! an array that starts empty. Before each message, JavaScript adds every shape of [`Reader::new_shapes`]:
//! `structures[id] = names`, marked `isShared = true`, and `structures.sharedLength` set to the number of shapes. The
//! result then equals the result of the plain `unpack` for the bytes before the rewrite.

mod gzip;
mod known;
mod metadata;
mod open;
mod records;
mod seal;
mod shapes;
mod walk;

pub use gzip::{gunzip, gzip};
pub use metadata::{MOST_ETAG_BYTES, Metadata, TagCount};
pub use open::{Body, Limits, Opened, Reader, may_have_metadata, metadata};
pub use seal::{Sealed, seal, seal_with};
pub use walk::check;
pub(crate) use walk::{end_of, map_head, text};

/// Length of the prefix of a payload.
pub const PREFIX_BYTES: usize = 4;
/// The size from which packed values are gzipped, if that pays.
pub const GZIP_MIN_BYTES: usize = 65_536;
/// The share of bytes that gzip has to save.
pub const GZIP_SAVINGS_THRESHOLD: f64 = 0.15;
/// Stands for `null` and `undefined`, packed as a string.
pub const NULL_SENTINEL: &str = "__hybridcache_null__";

crate::words! {
    /// The encoding of a payload.
    pub enum Encoding {
        /// `MessagePack`.
        Msgpack = "msgpack",
        /// `MessagePack`, gzipped.
        MsgpackGzip = "msgpack-gzip",
        /// JSON.
        Json = "json",
        /// Bytes without a prefix.
        Legacy = "legacy",
    }
}

impl Encoding {
    /// Those that a prefix tells.
    pub const PREFIXED: [Encoding; 3] = [Encoding::Msgpack, Encoding::MsgpackGzip, Encoding::Json];

    /// The prefix of its payloads; empty for [`Encoding::Legacy`].
    #[must_use]
    pub fn prefix(self) -> &'static [u8] {
        match self {
            Encoding::Msgpack => b"HC1M",
            Encoding::MsgpackGzip => b"HC1G",
            Encoding::Json => b"HC1J",
            Encoding::Legacy => b"",
        }
    }

    /// The encoding by the prefix of a payload.
    #[must_use]
    pub fn of(payload: &[u8]) -> Encoding {
        let found = Encoding::PREFIXED.into_iter().find(|encoding| payload.starts_with(encoding.prefix()));
        found.unwrap_or(Encoding::Legacy)
    }
}

/// Why bytes cannot be read, in words. Never contains them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrupt(pub String);

impl Corrupt {
    pub(crate) fn new(reason: impl Into<String>) -> Corrupt {
        Corrupt(reason.into())
    }
}

impl std::fmt::Display for Corrupt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Corrupt {}

#[cfg(test)]
mod tests;
