//! Events on their way to JavaScript: queued where they happen, told on the environment's thread.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use lazy_layers_engine::{
    bus::{Body, Message},
    clock::Ttl,
    entry::key::Key,
    load::LoadId,
    observe::{Event, Kind, Observer, event::LoaderFailure, field::FieldValue},
    value::{Failure, Value},
    words::Word,
};
use parking_lot::Mutex;

use crate::{
    bus::backlog::{Backlog, Bounds},
    contract::{BusItem, Coded, MessageRecord, behalf},
    executor::Ready,
    instance::{self, Instance},
    raw::js::{Js, JsValue},
    slots::Slot,
};

/// Events that wait to be told while the thread is busy: 100,000, and 32 MiB.
const BOUNDS: Bounds = Bounds { entries: 100_000, bytes: 32 << 20 };
/// Bytes of an event beside its keys and its value, roughly.
const BYTES_EACH: usize = 256;

/// An event that waits to be told.
pub(crate) struct Waiting {
    /// The cache that it is of.
    adapter: u32,
    /// The request that has caused it, or one of [`behalf`].
    request: LoadId,
    event: Event<Slot>,
}

/// The events that wait to be told.
pub(crate) struct EventQueue {
    backlog: Backlog<Waiting>,
    /// How many made room, by cache, since that was last told.
    dropped: Mutex<HashMap<u32, u64>>,
    ready: Arc<Ready>,
}

impl EventQueue {
    pub(crate) fn new(ready: Arc<Ready>) -> EventQueue {
        EventQueue { backlog: Backlog::new(BOUNDS), dropped: Mutex::default(), ready }
    }

    fn push(&self, waiting: Waiting) {
        let bytes = bytes_of(&waiting.event);
        let pushed = self.backlog.push(waiting, bytes);
        for dropped in &pushed.dropped {
            *self.dropped.lock().entry(dropped.adapter).or_insert(0) += 1;
        }
        self.ready.call_thread();
    }

    pub(crate) fn take(&self) -> Vec<Waiting> {
        self.backlog.take().collect()
    }

    pub(crate) fn take_dropped(&self) -> HashMap<u32, u64> {
        std::mem::take(&mut *self.dropped.lock())
    }
}

fn bytes_of(event: &Event<Slot>) -> usize {
    let held = match event {
        Event::InvalidationReceived { event: message, .. }
        | Event::InvalidationDuplicate { event: message, .. } => match &message.body {
            Body::Set { keys, value, .. } => {
                usize::try_from(value.weight()).unwrap_or(usize::MAX).saturating_add(bytes_of_keys(keys))
            }
            Body::Delete(keys) => bytes_of_keys(keys),
            Body::Pattern(pattern) => pattern.as_bytes().len(),
        },
        _ => 0,
    };
    held.saturating_add(BYTES_EACH)
}

fn bytes_of_keys(keys: &[Key]) -> usize {
    keys.iter().map(|key| size_of::<Key>() + key.as_bytes().len()).sum()
}

/// The observer of one cache.
pub(crate) struct JsObserver {
    adapter: u32,
    /// Bits of the numbers of the events that somebody wants.
    interest: AtomicU32,
    queue: Arc<EventQueue>,
}

impl JsObserver {
    pub(crate) fn new(adapter: u32, queue: Arc<EventQueue>) -> JsObserver {
        JsObserver { adapter, interest: AtomicU32::new(0), queue }
    }

    /// Which events somebody wants: bits of their numbers.
    pub(crate) fn set_interest(&self, interest: u32) {
        self.interest.store(interest, Ordering::Relaxed);
    }
}

impl Observer<Slot> for JsObserver {
    fn wants(&self, kind: Kind) -> bool {
        // Faults are logged also when nobody listens; and who listens from the turn on in which the cache was
        // made hears that its bus was connected, however soon that was.
        let is_wanted = self.interest.load(Ordering::Relaxed) >> kind.event() & 1 == 1;
        is_wanted || kind.is_fault() || kind.is_of_bus()
    }

    fn observe(&self, event: Event<Slot>) {
        // On other threads messages of other instances are applied.
        let request = instance::current().map_or(behalf::NOBODY, |instance| instance.executor.working_for());
        self.queue.push(Waiting { adapter: self.adapter, request, event });
    }
}

/// Tells how many events of each cache made room for others.
pub(crate) fn tell_dropped(instance: &Instance) {
    for (adapter, count) in instance.events.take_dropped() {
        let js = instance.js();
        #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
        let args =
            [BusItem::Dropped.number(), f64::from(adapter), count as f64].map(|number| js.number(number));
        js.call(instance.functions.hear, &args);
    }
}

/// Tells one event. What it takes of JavaScript's memory is let go of before the next.
pub(crate) fn tell(instance: &Instance, waiting: &Waiting) {
    instance.js().scoped(|| tell_one(instance, waiting));
}

fn tell_one(instance: &Instance, waiting: &Waiting) {
    let Waiting { adapter, request, event } = waiting;
    let js = instance.js();
    #[expect(clippy::cast_precision_loss, reason = "the number of a row")]
    let number = event.number() as f64;
    let mut args =
        [f64::from(*request), f64::from(*adapter), number].map(|number| js.number(number)).to_vec();
    event.each_field(|value| push(js, &mut args, &value));
    js.call(instance.functions.emit, &args);
}

/// A field as it crosses. [`crate::contract`] says how JavaScript reads it.
fn push(js: Js, args: &mut Vec<JsValue>, value: &FieldValue<'_, Slot>) {
    args.push(match value {
        FieldValue::Key(key) => given(js, key),
        FieldValue::Pattern(pattern) => js.key(&pattern.as_key()),
        FieldValue::Text(text) => js.text(text),
        FieldValue::Number(number) => js.number(*number),
        FieldValue::Failure(cause) => failure(js, cause),
        FieldValue::LoaderFailure(LoaderFailure::Thrown(slot)) => js.number(f64::from(slot.index())),
        FieldValue::LoaderFailure(LoaderFailure::HardTimeout(limit)) => js.number(-limit.as_millis_f64()),
        FieldValue::Message(message) => return push_message(js, args, message, given),
        FieldValue::Nothing => js.undefined(),
    });
}

/// A key as it was given.
fn given(js: Js, key: &Key) -> JsValue {
    key.as_number().map_or_else(|| js.key(key), |number| js.number(number))
}

/// What failed: the slot of what was thrown, or words.
fn failure(js: Js, cause: &Failure<Slot>) -> JsValue {
    match cause {
        Failure::Unreadable(cause) => failure(js, cause),
        Failure::Thrown(slot) => js.number(f64::from(slot.index())),
        Failure::Message(message) => js.text(message),
    }
}

/// A message as it crosses: its record, and its keys or its pattern.
#[expect(clippy::cast_precision_loss, reason = "milliseconds and counts of deletes fit 53 bits")]
pub(crate) fn push_message(
    js: Js,
    args: &mut Vec<JsValue>,
    message: &Message<Slot>,
    key_of: fn(Js, &Key) -> JsValue,
) {
    let text = |text: Option<&str>| text.map_or(js.undefined(), |text| js.text(text));
    let (slot, ttl) = match &message.body {
        Body::Set { value, ttl, .. } => (Some(value).filter(|value| value.realize().is_ok()), *ttl),
        Body::Delete(_) | Body::Pattern(_) => (None, None),
    };
    let record = MessageRecord {
        kind: js.number(f64::from(message.body.kind().number())),
        id: text(message.id.as_deref()),
        source: js.text(&message.source),
        cache: text(message.cache.as_deref()),
        ts: js.number(message.stamped as f64),
        generation: js.number(message.generation.map_or(f64::NAN, |count| count as f64)),
        ttl_ms: js.number(ttl.map_or(f64::NAN, Ttl::as_millis_f64)),
        slot: js.number(slot.map_or(-1.0, |slot| f64::from(slot.index()))),
    };
    args.extend(record.fields());
    match &message.body {
        Body::Delete(keys) | Body::Set { keys, .. } => args.extend(keys.iter().map(|key| key_of(js, key))),
        Body::Pattern(pattern) => args.push(js.key(&pattern.as_key())),
    }
}
