//! Payloads to bodies that JavaScript reads.

use std::sync::Arc;

use super::{
    Corrupt, Encoding, Metadata, NULL_SENTINEL, PREFIX_BYTES,
    gzip::{extra_of, gunzip, has_extra},
    records::{Rewritten, rewrite},
    shapes::Shapes,
    walk::text,
};

/// Limits of opening a payload. A payload beyond them is refused before memory is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nesting: 4096.
    pub depth: usize,
    /// Bytes of a payload once inflated: 256 MiB.
    pub inflated_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 4096, inflated_bytes: 256 << 20 }
    }
}

/// A payload that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How it was encoded.
    pub encoding: Encoding,
    /// The body to read.
    pub body: Body,
    /// The metadata stored beside it.
    pub metadata: Metadata,
}

/// Bytes as JavaScript reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `null`.
    Null,
    /// One value in `MessagePack`.
    Msgpack(Vec<u8>),
    /// The same with records.
    Records(Vec<u8>),
    /// JSON text, not checked.
    Json(Vec<u8>),
}

/// Opens the payloads that one JavaScript environment reads.
pub struct Reader {
    limits: Limits,
    shapes: Arc<Shapes>,
}

impl Reader {
    /// A reader that has seen no shape yet.
    #[must_use]
    pub fn new(limits: Limits) -> Reader {
        Reader { limits, shapes: Arc::default() }
    }

    /// A reader with other limits whose records name the same shapes.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Reader {
        Reader { limits, shapes: Arc::clone(&self.shapes) }
    }

    #[cfg(test)]
    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// The body of a payload, for JavaScript to read.
    ///
    /// # Errors
    /// When it is damaged, or beyond the limits.
    pub fn open(&self, mut payload: Vec<u8>) -> Result<Opened, Corrupt> {
        let encoding = Encoding::of(&payload);
        let metadata = metadata(&payload)?;
        let body = match encoding {
            Encoding::Msgpack => {
                self.within(payload.len())?;
                self.packed(&payload[PREFIX_BYTES..])?.unwrap_or_else(|| {
                    payload.drain(..PREFIX_BYTES);
                    Body::Msgpack(payload)
                })
            }
            Encoding::MsgpackGzip => {
                let packed = gunzip(&payload[PREFIX_BYTES..], self.limits.inflated_bytes)?;
                self.packed(&packed)?.unwrap_or(Body::Msgpack(packed))
            }
            Encoding::Json => {
                self.within(payload.len())?;
                payload.drain(..PREFIX_BYTES);
                Body::Json(payload)
            }
            Encoding::Legacy => self.legacy(payload)?,
        };
        Ok(Opened { encoding, body, metadata })
    }

    /// Shapes that records name from now on, with the names of each in UTF-8. In the order of their numbers, each once.
    #[must_use]
    pub fn new_shapes(&self) -> Vec<(u8, Vec<Vec<u8>>)> {
        let unsent = self.shapes.take_unsent().into_iter();
        unsent.map(|(id, names)| (id, names.iter().map(|name| text(name).to_vec()).collect())).collect()
    }

    /// The body of a packed value; `None` when that is the bytes themselves.
    fn packed(&self, packed: &[u8]) -> Result<Option<Body>, Corrupt> {
        if text(packed) == NULL_SENTINEL.as_bytes() && packed.len() == NULL_SENTINEL.len() + 1 {
            return Ok(Some(Body::Null));
        }
        match rewrite(packed, self.limits.depth, &self.shapes)? {
            Rewritten::Records(records) => Ok(Some(Body::Records(records))),
            Rewritten::Plain => Ok(None),
        }
    }

    fn legacy(&self, bytes: Vec<u8>) -> Result<Body, Corrupt> {
        self.within(bytes.len())?;
        match self.packed(&bytes) {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Ok(Body::Msgpack(bytes)),
            Err(_) if looks_like_json(&bytes) => Ok(Body::Json(bytes)),
            Err(corrupt) => Err(corrupt),
        }
    }

    fn within(&self, bytes: usize) -> Result<(), Corrupt> {
        let most = self.limits.inflated_bytes;
        if bytes <= most { Ok(()) } else { Err(Corrupt::new(format!("{bytes} bytes, more than {most}"))) }
    }
}

/// Whether a payload that begins with these eight bytes may have metadata.
#[must_use]
pub fn may_have_metadata(head: &[u8]) -> bool {
    head.strip_prefix(Encoding::MsgpackGzip.prefix()).is_some_and(has_extra)
}

/// The metadata of a payload.
///
/// # Errors
/// When it is damaged, or of an unknown version.
pub fn metadata(payload: &[u8]) -> Result<Metadata, Corrupt> {
    let member = payload.strip_prefix(Encoding::MsgpackGzip.prefix());
    member.and_then(extra_of).map_or_else(|| Ok(Metadata::default()), Metadata::of_extra)
}

fn looks_like_json(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|byte| b"{[\"-0123456789tfn".contains(byte)) && std::str::from_utf8(bytes).is_ok()
}
