//! Fields of events and messages for JavaScript, independent of the way by which they cross.

use lazy_layers_engine::{
    bus::{Body, Message, SeenNumbers},
    clock::Ttl,
    observe::{event::LoaderFailure, field::FieldValue},
    value::{Failure, Value},
    words::Word,
};

use crate::{
    contract::{
        MessageRecord,
        crossing::{Crossing, Fields},
    },
    memory::Slot,
};

/// A field of an event. [`crate::contract`] defines how JavaScript reads it.
pub(crate) fn push_field(value: &FieldValue<'_, Slot>, put: &mut dyn FnMut(Crossing<'_>)) {
    match value {
        FieldValue::Key(key) => put(Crossing::given(key)),
        FieldValue::Pattern(pattern) => put(Crossing::Key(&pattern.as_key())),
        FieldValue::Text(text) => put(Crossing::Text(text)),
        FieldValue::Number(number) => put(Crossing::Number(*number)),
        FieldValue::Failure(cause) => put(failure(cause)),
        FieldValue::LoaderFailure(LoaderFailure::Thrown(slot)) => put(slot_of(slot)),
        FieldValue::LoaderFailure(LoaderFailure::HardTimeout(limit)) => {
            put(Crossing::Number(-limit.as_millis_f64()));
        }
        FieldValue::Message(message) => push_message(message, true, put),
        FieldValue::Nothing => put(Crossing::Nothing),
    }
}

fn slot_of(slot: &Slot) -> Crossing<'static> {
    Crossing::Number(f64::from(slot.index()))
}

/// A message for a custom bus: all its keys are strings, even if the caller gave numbers, as other versions drop
/// events with other keys.
pub(crate) struct Published<'a>(pub(crate) &'a Message<Slot>);

impl Fields for Published<'_> {
    fn each(&self, put: &mut dyn FnMut(Crossing<'_>)) {
        push_message(self.0, false, put);
    }
}

/// A failure: the slot of the thrown error, or a message.
fn failure(cause: &Failure<Slot>) -> Crossing<'_> {
    match cause {
        Failure::Unreadable(cause) => failure(cause),
        Failure::Thrown(slot) => slot_of(slot),
        Failure::Message(message) => Crossing::Text(message),
    }
}

/// A message: its record, its tags, and its keys, as they were given or as text, or its pattern.
#[expect(clippy::cast_precision_loss, reason = "milliseconds and counts of deletes fit 53 bits")]
pub(crate) fn push_message(message: &Message<Slot>, as_given: bool, put: &mut dyn FnMut(Crossing<'_>)) {
    let (slot, ttl) = match &message.body {
        Body::Set { value, ttl, .. } => (Some(value).filter(|value| value.realize().is_ok()), *ttl),
        Body::Extend { ttl, .. } => (None, *ttl),
        Body::Delete(_) | Body::Pattern(_) => (None, None),
    };
    // Users see received messages without the fields for caches.
    let number = message.number.as_ref().filter(|_| !as_given);
    let seen = message.seen.as_ref().filter(|_| !as_given).map(SeenNumbers::to_hex);
    let version = match &message.body {
        Body::Extend { version, .. } => Some(version.name()),
        _ => None,
    };
    let record = MessageRecord {
        kind: Crossing::Number(f64::from(message.body.kind().number())),
        id: Crossing::text(message.id.as_deref()),
        source: Crossing::Text(&message.source),
        cache: Crossing::text(message.cache.as_deref()),
        ts: Crossing::Number(message.stamped as f64),
        generation: Crossing::Number(message.generation.map_or(f64::NAN, |count| count as f64)),
        ttl_ms: Crossing::Number(ttl.map_or(f64::NAN, Ttl::as_millis_f64)),
        slot: slot.map_or(Crossing::Number(-1.0), slot_of),
        publisher: Crossing::text(number.map(|number| number.publisher.as_str())),
        sequence: Crossing::Number(number.map_or(f64::NAN, |number| number.sequence as f64)),
        seen: Crossing::text(seen.as_deref()),
        expires: Crossing::Number(f64::from(u8::from(message.expires))),
        etag: Crossing::text(message.etag.as_deref()),
        version: Crossing::text(version),
        tag_count: Crossing::Number(message.tags.len() as f64),
    };
    record.fields().into_iter().for_each(&mut *put);
    message.tags.iter().for_each(|tag| put(Crossing::Key(tag)));
    match &message.body {
        Body::Delete(keys) | Body::Set { keys, .. } | Body::Extend { keys, .. } => {
            for key in keys {
                put(if as_given { Crossing::given(key) } else { Crossing::Key(key) });
            }
        }
        Body::Pattern(pattern) => put(Crossing::Key(&pattern.as_key())),
    }
}
