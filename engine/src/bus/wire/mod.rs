//! Events as bytes: maps in the shape of 0.4.0, in payloads as [`crate::codec`] makes them.
//!
//! ```text
//! { id, type: "del" | "pattern" | "set", source, ts, generation?, keys | pattern, value?, ttlMs?,
//!   cache?, publisher?, sequence?, seen?, expires?, tags?, etag?, extends?, version?, more? }
//! ```
//!
//! The last ten fields are new, and 0.4.0 does not read them:
//!
//! - `cache` names the cache that an event is about
//! - `publisher` and `sequence` ([`Number`]) count the deletes and patterns of a publisher, so that a receiver
//!   notices missed ones
//! - `seen`, in a `set`, has the numbers that its load had seen ([`crate::bus::SeenNumbers`]): binary, in JSON
//!   hexadecimal
//! - `expires` is true in a `del` or `pattern` whose keys expire: receivers keep stale copies, and 0.4.0 deletes
//! - `tags` are those of a value; in a `del` without keys those whose entries are deleted; 0.4.0 applies such an event
//!   as nothing
//! - `etag` is that of a value
//! - `extends`, in a `del` without keys, names the keys whose value of that `version` has the new lifetime `ttlMs`; it
//!   has the other fields of a `set`
//! - `more` has the other events of a payload that carries several ([`fn@together`])
//!
//! Keys are strings: 0.4.0 drops events with other keys. The value stays in bytes ([`RawValue`]) until it is asked
//! for.

mod decode;
mod encode;
mod number;
mod together;

pub use decode::{Decoded, EVENT_BYTES, decode};
pub use encode::{Packed, encode};
pub use number::{Heartbeat, Number, decode_heartbeat, heartbeat, is_heartbeat, numbered};
pub use together::{apart, together};

/// A value as it came, checked to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue {
    /// In `MessagePack`.
    Msgpack(Vec<u8>),
    /// As JSON text.
    Json(Vec<u8>),
}

impl RawValue {
    /// The bytes of the value.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            RawValue::Msgpack(bytes) | RawValue::Json(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests;
