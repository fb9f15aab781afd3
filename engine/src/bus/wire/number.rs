//! Numbers of events, and the heartbeats that tell the last one.

use super::encode::{Packed, map_head, text, whole};
use crate::codec::{self, Corrupt};

/// The place of an event among all that its publisher has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Names the run of the publisher: one that starts again has another name.
    pub publisher: String,
    /// 1 for its first event.
    pub sequence: u64,
}

const PUBLISHER: &str = "publisher";
const SEQUENCE: &str = "sequence";

/// The event with its number. Anything but a map stays as it is.
#[must_use]
pub fn numbered(event: Packed, publisher: &str, sequence: u64) -> Packed {
    match event {
        Packed::Msgpack(bytes) => Packed::Msgpack(numbered_map(bytes, publisher, sequence)),
        Packed::Json(mut bytes) => {
            if bytes.last() == Some(&b'}') {
                bytes.pop();
                let comma = if bytes.len() > 1 { "," } else { "" };
                let number = format!("{comma}\"{PUBLISHER}\":\"{publisher}\",\"{SEQUENCE}\":{sequence}}}");
                bytes.extend_from_slice(number.as_bytes());
            }
            Packed::Json(bytes)
        }
    }
}

fn numbered_map(bytes: Vec<u8>, publisher: &str, sequence: u64) -> Vec<u8> {
    let Ok((entries, at)) = codec::map_head(&bytes) else { return bytes };
    let Some(entries) = u32::try_from(entries).ok().and_then(|entries| entries.checked_add(2)) else {
        return bytes;
    };
    let mut numbered = Vec::with_capacity(bytes.len() + publisher.len() + 32);
    map_head(&mut numbered, entries);
    numbered.extend_from_slice(&bytes[at..]);
    put(&mut numbered, publisher, sequence);
    numbered
}

fn put(bytes: &mut Vec<u8>, publisher: &str, sequence: u64) {
    text(bytes, PUBLISHER.as_bytes());
    text(bytes, publisher.as_bytes());
    text(bytes, SEQUENCE.as_bytes());
    whole(bytes, sequence);
}

/// A payload that tells which event of the publisher was the last one.
#[must_use]
pub fn heartbeat(publisher: &str, sequence: u64) -> Vec<u8> {
    let mut bytes = codec::Encoding::Msgpack.prefix().to_vec();
    map_head(&mut bytes, 2);
    put(&mut bytes, publisher, sequence);
    bytes
}

/// The number that a heartbeat carries.
///
/// # Errors
/// When it is not a heartbeat.
pub fn decode_heartbeat(payload: &[u8]) -> Result<Number, Corrupt> {
    #[derive(serde::Deserialize)]
    struct Heartbeat {
        publisher: String,
        sequence: f64,
    }
    const LONGEST: usize = 1024;
    let packed = payload.strip_prefix(codec::Encoding::Msgpack.prefix());
    let packed = packed.filter(|packed| packed.len() <= LONGEST);
    let heartbeat = packed.and_then(|packed| rmp_serde::from_slice::<Heartbeat>(packed).ok());
    let heartbeat = heartbeat.ok_or_else(|| Corrupt::new("not a heartbeat"))?;
    let sequence = super::decode::count(heartbeat.sequence).ok_or_else(|| Corrupt::new("not a heartbeat"))?;
    Ok(Number { publisher: heartbeat.publisher, sequence })
}
