//! Loaded values that leave together share a message, as far as its bounds allow.

use std::sync::Arc;

use lazy_layers_engine::{
    bus::wire::{self, Packed},
    codec::{Encoding, GZIP_MIN_BYTES, seal},
};

use super::Payload;

/// The most bytes of a message that values share. One that is larger would be compressed, which costs more than the
/// bytes, and keep a broker from others.
const MOST_BYTES: usize = GZIP_MIN_BYTES - 1;
/// The most values that share one.
const MOST_VALUES: usize = 100;
/// No value adds more to a message than it has alone, and this: the head of its bytes, and its part of that of all.
const HEAD: usize = 16;

/// An event that is being sent.
pub(super) struct Leaving {
    /// Its place in the outbox.
    pub(super) sequence: u64,
    pub(super) packed: Arc<Packed>,
    /// Whether it shares the message of the event before it.
    pub(super) joins: bool,
}

/// The values that share the last message so far.
pub(super) struct Message {
    values: usize,
    bytes: usize,
    most: usize,
}

impl Message {
    /// The message that begins with a value. `most` bounds its bytes.
    pub(super) fn of(value: &Packed, most: usize) -> Message {
        Message { values: 1, bytes: value.len() + HEAD, most: most.min(MOST_BYTES) }
    }

    /// Takes a value, if it fits.
    pub(super) fn takes(&mut self, value: &Packed, most: usize) -> bool {
        let (bytes, most) = (self.bytes + value.len() + HEAD, self.most.min(most));
        let fits = self.values < MOST_VALUES && bytes <= most;
        if fits {
            *self = Message { values: self.values + 1, bytes, most };
        }
        fits
    }
}

/// The payloads of a batch, each with the place of its last event in the outbox.
pub(super) async fn payloads(publisher: &str, batch: &[Leaving]) -> Vec<(u64, Payload)> {
    let mut payloads = Vec::with_capacity(batch.len());
    for message in batch.chunk_by(|_, next| next.joins) {
        if let Some(shared) = shared(publisher, message) {
            payloads.push(shared);
            continue;
        }
        for Leaving { sequence, packed, .. } in message {
            let bytes = sealed(packed).await;
            payloads.push((*sequence, Payload { id: format!("{publisher}-{sequence}"), bytes }));
        }
    }
    payloads
}

/// The payload of several values. `None` for one, and if one of them cannot share.
fn shared(publisher: &str, message: &[Leaving]) -> Option<(u64, Payload)> {
    let [first, .., last] = message else { return None };
    let events = message.iter().map(|event| match &*event.packed {
        Packed::Msgpack(bytes) => Some(bytes.as_slice()),
        Packed::Json(_) => None,
    });
    let map = wire::together(&events.collect::<Option<Vec<_>>>()?)?;
    // Another one than that of a message that has the first value alone, or fewer values.
    let id = format!("{publisher}-{}-{}", first.sequence, last.sequence);
    let bytes = [Encoding::Msgpack.prefix(), &map].concat();
    Some((last.sequence, Payload { id, bytes }))
}

/// An event as it is sent. Large ones are compressed, away from the runtime's own threads.
async fn sealed(packed: &Arc<Packed>) -> Vec<u8> {
    match &**packed {
        Packed::Json(text) => [Encoding::Json.prefix(), text].concat(),
        Packed::Msgpack(bytes) if bytes.len() < GZIP_MIN_BYTES => seal(bytes).bytes,
        Packed::Msgpack(_) => {
            let large = Arc::clone(packed);
            let sealed = tokio::task::spawn_blocking(move || match &*large {
                Packed::Msgpack(bytes) | Packed::Json(bytes) => seal(bytes).bytes,
            });
            sealed.await.unwrap_or_default()
        }
    }
}
