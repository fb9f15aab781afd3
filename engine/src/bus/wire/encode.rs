//! Events to bytes.

use rmp::encode;

use super::RawValue;
use crate::{
    bus::{Body, Message},
    clock::Ttl,
    entry::key::Key,
};

/// An event in bytes, without the prefix of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packed {
    /// A map in `MessagePack`.
    Msgpack(Vec<u8>),
    /// An object in JSON.
    Json(Vec<u8>),
}

impl Packed {
    /// How many bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an event is never empty")]
    pub fn len(&self) -> usize {
        match self {
            Packed::Msgpack(bytes) | Packed::Json(bytes) => bytes.len(),
        }
    }
}

/// An event in bytes; in JSON if its value is, or if `as_json` says so and there is no value.
///
/// `value` takes the place of the value of `message`.
#[must_use]
pub fn encode<V>(message: &Message<V>, value: Option<&RawValue>, as_json: bool) -> Packed {
    match value {
        Some(RawValue::Json(value)) => Packed::Json(json(message, Some(value))),
        Some(RawValue::Msgpack(value)) => Packed::Msgpack(msgpack(message, Some(value))),
        None if as_json => Packed::Json(json(message, None)),
        None => Packed::Msgpack(msgpack(message, None)),
    }
}

fn msgpack<V>(message: &Message<V>, value: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160 + value.map_or(0, <[u8]>::len));
    let entries = 4
        + u32::from(message.id.is_some())
        + u32::from(message.cache.is_some())
        + u32::from(message.generation.is_some())
        + u32::from(message.seen.is_some())
        + u32::from(message.expires)
        + u32::from(!message.tags.is_empty())
        + u32::from(message.etag.is_some())
        + match message.body {
            Body::Delete(_) | Body::Pattern(_) => 0,
            Body::Set { .. } => 2,
            Body::Extend { .. } => 3,
        };
    map_head(&mut bytes, entries);
    if let Some(id) = &message.id {
        text(&mut bytes, b"id");
        text(&mut bytes, id.as_bytes());
    }
    text(&mut bytes, b"type");
    text(&mut bytes, message.body.kind().as_str().as_bytes());
    text(&mut bytes, b"source");
    text(&mut bytes, message.source.as_bytes());
    if let Some(cache) = &message.cache {
        text(&mut bytes, b"cache");
        text(&mut bytes, cache.as_bytes());
    }
    text(&mut bytes, b"ts");
    whole(&mut bytes, message.stamped);
    if let Some(generation) = message.generation {
        text(&mut bytes, b"generation");
        whole(&mut bytes, generation);
    }
    if let Some(seen) = &message.seen {
        text(&mut bytes, b"seen");
        infallible(encode::write_bin(&mut bytes, seen.bytes()));
    }
    if !message.tags.is_empty() {
        put_texts(&mut bytes, b"tags", &message.tags);
    }
    if message.expires {
        text(&mut bytes, b"expires");
        infallible(encode::write_bool(&mut bytes, true));
    }
    if let Some(etag) = &message.etag {
        text(&mut bytes, b"etag");
        text(&mut bytes, etag.as_bytes());
    }
    match &message.body {
        Body::Delete(keys) => put_texts(&mut bytes, b"keys", keys),
        Body::Pattern(pattern) => {
            text(&mut bytes, b"pattern");
            text(&mut bytes, pattern.as_bytes());
        }
        Body::Set { keys, ttl, .. } => {
            put_texts(&mut bytes, b"keys", keys);
            text(&mut bytes, b"value");
            match value {
                Some(value) => bytes.extend_from_slice(value),
                None => infallible(encode::write_nil(&mut bytes)),
            }
            text(&mut bytes, b"ttlMs");
            number(&mut bytes, millis(*ttl));
        }
        Body::Extend { keys, version, ttl } => {
            put_texts(&mut bytes, b"keys", &[]);
            put_texts(&mut bytes, b"extends", keys);
            text(&mut bytes, b"version");
            text(&mut bytes, version.name().as_bytes());
            text(&mut bytes, b"ttlMs");
            number(&mut bytes, millis(*ttl));
        }
    }
    bytes
}

fn put_texts(bytes: &mut Vec<u8>, name: &[u8], keys: &[Key]) {
    text(bytes, name);
    infallible(encode::write_array_len(bytes, u32::try_from(keys.len()).unwrap_or(u32::MAX)));
    for key in keys {
        text(bytes, key.as_bytes());
    }
}

/// A lifetime as events tell it: 0 has no end.
#[expect(clippy::cast_precision_loss, reason = "microseconds of 285 years fit 53 bits")]
fn millis(ttl: Option<Ttl>) -> f64 {
    ttl.filter(|ttl| *ttl != Ttl::FOREVER).map_or(0.0, |ttl| ttl.0 as f64 / 1000.0)
}

pub(super) fn map_head(bytes: &mut Vec<u8>, entries: u32) {
    infallible(encode::write_map_len(bytes, entries));
}

/// A string, which need not be UTF-8 all through.
pub(super) fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    infallible(encode::write_str_len(bytes, u32::try_from(text.len()).unwrap_or(u32::MAX)));
    bytes.extend_from_slice(text);
}

/// A count, as `msgpackr` packs it: never as an integer of 64 bits, which it reads as a `BigInt`, and never as a small
/// integer that could name a record.
#[expect(clippy::cast_precision_loss, reason = "as in JavaScript")]
pub(super) fn whole(bytes: &mut Vec<u8>, count: u64) {
    match u32::try_from(count) {
        Ok(count) if count < 0x40 => {
            infallible(encode::write_uint(bytes, count.into()).map(drop));
        }
        Ok(count) if count < 0x100 => bytes.extend_from_slice(&[0xcc, count.to_be_bytes()[3]]),
        Ok(count) => infallible(encode::write_uint(bytes, count.into()).map(drop)),
        Err(_) => infallible(encode::write_f64(bytes, count as f64)),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a count")]
fn number(bytes: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) && number.is_sign_positive() {
        whole(bytes, number as u64);
    } else {
        infallible(encode::write_f64(bytes, number));
    }
}

/// Writing to a vector does not fail.
fn infallible<T, E>(written: Result<T, E>) {
    debug_assert!(written.is_ok());
}

fn json<V>(message: &Message<V>, value: Option<&[u8]>) -> Vec<u8> {
    use serde_json::{Map, Value, value::RawValue as Text};
    let mut event = Map::new();
    if let Some(id) = &message.id {
        event.insert("id".into(), Value::from(id.as_str()));
    }
    event.insert("type".into(), Value::from(message.body.kind().as_str()));
    event.insert("source".into(), Value::from(message.source.as_str()));
    if let Some(cache) = &message.cache {
        event.insert("cache".into(), Value::from(cache.as_str()));
    }
    event.insert("ts".into(), Value::from(message.stamped));
    if let Some(generation) = message.generation {
        event.insert("generation".into(), Value::from(generation));
    }
    if let Some(seen) = &message.seen {
        event.insert("seen".into(), Value::from(seen.to_hex()));
    }
    let lossy = |text: &[u8]| Value::from(String::from_utf8_lossy(text).as_ref());
    let texts = |keys: &[Key]| Value::Array(keys.iter().map(|key| lossy(key.as_bytes())).collect());
    if !message.tags.is_empty() {
        event.insert("tags".into(), texts(&message.tags));
    }
    if message.expires {
        event.insert("expires".into(), Value::from(true));
    }
    if let Some(etag) = &message.etag {
        event.insert("etag".into(), Value::from(&**etag));
    }
    match &message.body {
        Body::Delete(keys) => drop(event.insert("keys".into(), texts(keys))),
        Body::Pattern(pattern) => drop(event.insert("pattern".into(), lossy(pattern.as_bytes()))),
        Body::Set { keys, ttl, .. } => {
            event.insert("keys".into(), texts(keys));
            event.insert("ttlMs".into(), Value::from(millis(*ttl)));
        }
        Body::Extend { keys, version, ttl } => {
            event.insert("keys".into(), texts(&[]));
            event.insert("extends".into(), texts(keys));
            event.insert("version".into(), Value::from(version.name()));
            event.insert("ttlMs".into(), Value::from(millis(*ttl)));
        }
    }
    let mut text = serde_json::to_vec(&event).unwrap_or_default();
    let value = value.and_then(|value| serde_json::from_slice::<&Text>(value).ok());
    if let Some(value) = value {
        text.pop();
        text.extend_from_slice(b",\"value\":");
        text.extend_from_slice(value.get().as_bytes());
        text.push(b'}');
    }
    text
}
