//! Bytes to events. No byte is trusted before it is checked, and no event takes more memory than the limits allow.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, Visitor},
};

use super::{Number, RawValue};
use crate::{
    bus::{Body, Message, SeenNumbers},
    clock::Ttl,
    codec::{self, Corrupt, Encoding, Limits, PREFIX_BYTES},
    entry::{key::Key, pattern::Pattern, version::Version},
};

/// The most bytes of an event, once inflated: 64 MiB.
pub const EVENT_BYTES: usize = 64 << 20;
/// The most keys of an event.
const KEYS: usize = 100_000;
/// The most entries of an event's map.
pub(super) const ENTRIES: usize = 64;

/// The content of a payload.
#[derive(Debug)]
pub enum Decoded {
    /// An event.
    Event {
        /// Its content.
        message: Box<Message<RawValue>>,
        /// Its number among the events of its publisher, if it has one.
        number: Option<Number>,
    },
    /// An event of an unknown kind, a value that was lost, or one that only `msgpackr` can read.
    Other {
        /// Its number, as far as it can be read.
        number: Option<Number>,
    },
}

impl Decoded {
    /// The number of the event among those of its publisher, if it has one that can be read.
    #[must_use]
    pub fn number(&self) -> Option<&Number> {
        match self {
            Decoded::Event { number, .. } | Decoded::Other { number } => number.as_ref(),
        }
    }
}

/// Reads a payload of one event.
///
/// # Errors
/// When it is damaged, no event, or beyond the limits.
pub fn decode(payload: &[u8]) -> Result<Decoded, Corrupt> {
    if payload.len() > EVENT_BYTES {
        return Err(Corrupt::new(format!("{} bytes, more than {EVENT_BYTES}", payload.len())));
    }
    match Encoding::of(payload) {
        Encoding::Msgpack => packed(&payload[PREFIX_BYTES..]),
        Encoding::MsgpackGzip => packed(&codec::gunzip(&payload[PREFIX_BYTES..], EVENT_BYTES)?),
        Encoding::Json => json(&payload[PREFIX_BYTES..]),
        Encoding::Legacy => packed(payload).or_else(|corrupt| json(payload).map_err(|_| corrupt)),
    }
}

/// The fields of an event that were there.
#[derive(Default)]
struct Fields {
    id: Option<Text>,
    kind: Option<Text>,
    source: Option<Text>,
    cache: Option<Text>,
    stamped: Option<f64>,
    generation: Option<f64>,
    keys: Option<Vec<WireKey>>,
    pattern: Option<Text>,
    value: Option<RawValue>,
    ttl_millis: Option<f64>,
    publisher: Option<Text>,
    sequence: Option<f64>,
    seen: Option<SeenNumbers>,
    expires: Option<bool>,
    tags: Option<Keys>,
    etag: Option<Text>,
    extends: Option<Keys>,
    version: Option<Text>,
}

fn packed(bytes: &[u8]) -> Result<Decoded, Corrupt> {
    let depth = Limits::default().depth;
    let (entries, mut at) = codec::map_head(bytes)?;
    if entries > ENTRIES {
        return Err(Corrupt::new(format!("an event of {entries} entries, more than {ENTRIES}")));
    }
    let mut fields = Fields::default();
    for _ in 0..entries {
        let Some(name_ends) = codec::end_of(bytes, at, depth)? else { return Ok(fields.other()) };
        let name = codec::text(&bytes[at..name_ends]);
        let Some(ends) = codec::end_of(bytes, name_ends, depth)? else { return Ok(fields.other()) };
        fields.take(name, &bytes[name_ends..ends])?;
        at = ends;
    }
    if at != bytes.len() {
        return Err(Corrupt::new(format!("msgpack: {} bytes too many", bytes.len() - at)));
    }
    fields.event()
}

impl Fields {
    fn take(&mut self, name: &[u8], bytes: &[u8]) -> Result<(), Corrupt> {
        match name {
            b"id" => self.id = optional(bytes),
            b"type" => self.kind = optional(bytes),
            b"source" => self.source = optional(bytes),
            b"cache" => self.cache = optional(bytes),
            b"ts" => self.stamped = optional(bytes),
            b"generation" => self.generation = optional(bytes),
            b"pattern" => self.pattern = optional(bytes),
            b"ttlMs" => self.ttl_millis = optional(bytes),
            b"publisher" => self.publisher = optional(bytes),
            b"sequence" => self.sequence = optional(bytes),
            b"tags" => self.tags = optional(bytes),
            b"expires" => self.expires = optional(bytes),
            b"etag" => self.etag = optional(bytes),
            b"extends" => self.extends = optional(bytes),
            b"version" => self.version = optional(bytes),
            b"seen" => self.seen = Some(seen(bytes)),
            b"value" => self.value = (!is_undefined(bytes)).then(|| RawValue::Msgpack(bytes.to_vec())),
            b"keys" => {
                let keys = rmp_serde::from_slice::<Keys>(bytes);
                self.keys =
                    Some(keys.map_err(|error| Corrupt::new(format!("the keys of an event: {error}")))?.0);
            }
            _ => {}
        }
        Ok(())
    }

    fn number(&self) -> Option<Number> {
        let publisher = String::from_utf8(self.publisher.as_ref()?.0.clone()).ok()?;
        Some(Number { publisher, sequence: count(self.sequence?)? })
    }

    fn other(&self) -> Decoded {
        Decoded::Other { number: self.number() }
    }

    fn event(self) -> Result<Decoded, Corrupt> {
        let number = self.number();
        let ttl = self.ttl_millis.map(Ttl::from_millis_f64);
        let lossy = |text: Text| String::from_utf8_lossy(&text.0).into_owned();
        let keys = self.keys.map(|keys| keys.into_iter().map(|key| key.0).collect::<Vec<_>>());
        let extended = self.extends.zip(self.version);
        let body = match (self.kind.as_ref().map(|kind| kind.0.as_slice()), keys, self.pattern, self.value) {
            (Some(b"del"), Some(keys), _, _)
                if keys.is_empty()
                    && let Some((extends, version)) = extended =>
            {
                let keys = extends.0.into_iter().map(|key| key.0).collect();
                Body::Extend { keys, version: Version::named(&lossy(version)), ttl }
            }
            (Some(b"del"), Some(keys), _, _) => Body::Delete(keys),
            (Some(b"set"), Some(keys), _, Some(value)) => Body::Set { keys, value, ttl },
            (Some(b"pattern"), _, Some(pattern), _) => Body::Pattern(Pattern::from_wtf8(&pattern.0)),
            (None, ..) => return Err(Corrupt::new("an event without a type")),
            _ => return Ok(Decoded::Other { number }),
        };
        let message = Message {
            id: self.id.map(lossy).filter(|id| !id.is_empty()),
            source: self.source.map(lossy).unwrap_or_default(),
            cache: self.cache.map(lossy).filter(|name| !name.is_empty()),
            stamped: self.stamped.and_then(count).unwrap_or(0),
            generation: self.generation.and_then(count),
            number: number.clone(),
            seen: self.seen,
            tags: self.tags.map(|tags| tags.0.into_iter().map(|tag| tag.0).collect()).unwrap_or_default(),
            etag: self.etag.map(|etag| lossy(etag).into()),
            expires: self.expires.unwrap_or(false),
            is_redelivered: false,
            body,
        };
        Ok(Decoded::Event { message: Box::new(message), number })
    }
}

/// The numbers that a load had seen; none if they cannot be read.
fn seen(bytes: &[u8]) -> SeenNumbers {
    let is_binary = matches!(bytes, [0xc4..=0xc6, ..]);
    match optional::<Text>(bytes) {
        Some(read) if is_binary => SeenNumbers::received(&read.0),
        Some(read) => SeenNumbers::from_hex(&read.0),
        None => SeenNumbers::default(),
    }
}

/// A field of an unexpected type counts as absent.
fn optional<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    rmp_serde::from_slice(bytes).ok()
}

fn is_undefined(bytes: &[u8]) -> bool {
    bytes == [0xd4, 0x00, 0x00]
}

/// A number as a count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked; saturates")]
pub(super) fn count(number: f64) -> Option<u64> {
    (number >= 0.0 && number.is_finite()).then_some(number as u64)
}

fn json(bytes: &[u8]) -> Result<Decoded, Corrupt> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct JsonEvent<'a> {
        id: Option<Text>,
        r#type: Option<Text>,
        source: Option<Text>,
        cache: Option<Text>,
        ts: Option<f64>,
        generation: Option<f64>,
        keys: Option<Keys>,
        pattern: Option<Text>,
        #[serde(borrow)]
        value: Option<&'a serde_json::value::RawValue>,
        ttl_ms: Option<f64>,
        publisher: Option<Text>,
        sequence: Option<f64>,
        #[serde(borrow)]
        seen: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        expires: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        tags: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        etag: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        extends: Option<&'a serde_json::value::RawValue>,
        #[serde(borrow)]
        version: Option<&'a serde_json::value::RawValue>,
    }
    /// A field of an unexpected type counts as absent.
    fn optional<T: DeserializeOwned>(field: Option<&serde_json::value::RawValue>) -> Option<T> {
        serde_json::from_str(field?.get()).ok()
    }
    let event: JsonEvent<'_> =
        serde_json::from_slice(bytes).map_err(|error| Corrupt::new(format!("an event in JSON: {error}")))?;
    let fields = Fields {
        id: event.id,
        kind: event.r#type,
        source: event.source,
        cache: event.cache,
        stamped: event.ts,
        generation: event.generation,
        keys: event.keys.map(|keys| keys.0),
        pattern: event.pattern,
        value: event.value.map(|value| RawValue::Json(value.get().as_bytes().to_vec())),
        ttl_millis: event.ttl_ms,
        publisher: event.publisher,
        sequence: event.sequence,
        tags: optional(event.tags),
        etag: optional(event.etag),
        extends: optional(event.extends),
        version: optional(event.version),
        expires: event.expires.map(|expires| expires.get() == "true"),
        seen: event.seen.map(|seen| SeenNumbers::from_hex(seen.get().trim_matches('"').as_bytes())),
    };
    fields.event()
}

/// Text that need not be UTF-8.
struct Text(Vec<u8>);

/// A key: a string, or a number.
struct WireKey(Key);

/// Keys, not too many.
struct Keys(Vec<WireKey>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = Text;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.as_bytes().to_vec()))
            }
            fn visit_bytes<E: de::Error>(self, text: &[u8]) -> Result<Text, E> {
                Ok(Text(text.to_vec()))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl<'de> Deserialize<'de> for WireKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl Visitor<'_> for Visit {
            type Value = WireKey;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or a number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<WireKey, E> {
                Ok(WireKey(Key::from_wtf8(text.as_bytes())))
            }
            fn visit_bytes<E: de::Error>(self, text: &[u8]) -> Result<WireKey, E> {
                Ok(WireKey(Key::from_wtf8(text)))
            }
            #[expect(clippy::cast_precision_loss, reason = "as in JavaScript")]
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<WireKey, E> {
                Ok(WireKey(Key::from_number(number as f64)))
            }
            #[expect(clippy::cast_precision_loss, reason = "as in JavaScript")]
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<WireKey, E> {
                Ok(WireKey(Key::from_number(number as f64)))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<WireKey, E> {
                Ok(WireKey(Key::from_number(number)))
            }
        }
        deserializer.deserialize_any(Visit)
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Keys;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "at most {KEYS} keys")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut given: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::with_capacity(given.size_hint().unwrap_or(0).min(64));
                while let Some(key) = given.next_element()? {
                    if keys.len() == KEYS {
                        return Err(de::Error::invalid_length(KEYS + 1, &self));
                    }
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_seq(Visit)
    }
}
