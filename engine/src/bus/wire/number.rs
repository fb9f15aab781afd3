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
const WITHIN: &str = "within";
const BEAT: &str = "beat";

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

/// A regular sign of a publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The publisher, and its last event.
    pub number: Number,
    /// Within how many milliseconds the next heartbeat is sent: 0 from a publisher that says goodbye. `None` from one
    /// that promises none.
    pub within: Option<u64>,
    /// Counts the heartbeats of the publisher.
    pub beat: u64,
}

/// The payload of a heartbeat.
#[must_use]
pub fn heartbeat(beat: &Heartbeat) -> Vec<u8> {
    let mut bytes = codec::Encoding::Msgpack.prefix().to_vec();
    map_head(&mut bytes, if beat.within.is_some() { 4 } else { 3 });
    put(&mut bytes, &beat.number.publisher, beat.number.sequence);
    text(&mut bytes, BEAT.as_bytes());
    whole(&mut bytes, beat.beat);
    if let Some(within) = beat.within {
        text(&mut bytes, WITHIN.as_bytes());
        whole(&mut bytes, within);
    }
    bytes
}

/// Whether a payload is a heartbeat, on transports that carry them and events by one way.
#[must_use]
pub fn is_heartbeat(payload: &[u8]) -> bool {
    // A map of so few fields is no event with a number and keys; others are not decoded twice.
    let packed = payload.strip_prefix(codec::Encoding::Msgpack.prefix()).unwrap_or_default();
    matches!(packed, [0x83 | 0x84, ..]) && decode_heartbeat(payload).is_ok_and(|heartbeat| heartbeat.beat > 0)
}

/// The heartbeat in a payload.
///
/// # Errors
/// When it is not a heartbeat.
pub fn decode_heartbeat(payload: &[u8]) -> Result<Heartbeat, Corrupt> {
    #[derive(serde::Deserialize)]
    struct Fields {
        publisher: String,
        sequence: f64,
        within: Option<f64>,
        beat: Option<f64>,
    }
    const LONGEST: usize = 1024;
    let packed = payload.strip_prefix(codec::Encoding::Msgpack.prefix());
    let packed = packed.filter(|packed| packed.len() <= LONGEST);
    let fields = packed.and_then(|packed| rmp_serde::from_slice::<Fields>(packed).ok());
    let fields = fields.ok_or_else(|| Corrupt::new("not a heartbeat"))?;
    let count = super::decode::count;
    let sequence = count(fields.sequence).ok_or_else(|| Corrupt::new("not a heartbeat"))?;
    let number = Number { publisher: fields.publisher, sequence };
    let (within, beat) = (fields.within.and_then(count), fields.beat.and_then(count));
    Ok(Heartbeat { number, within, beat: beat.unwrap_or(0) })
}
