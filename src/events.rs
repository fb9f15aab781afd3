//! Events on their way to JavaScript: queued where they happen, told on the environment's thread.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lazy_layers_engine::{
    bus::{Body, Message},
    entry::key::Key,
    load::LoadId,
    observe::{
        Event, Kind, Observer,
        event::{GapReason, LoaderFailure, TimeoutKind},
    },
    resilience::breaker::BreakerState,
    value::{Failure, Value},
    words::Word,
};
use parking_lot::Mutex;

use crate::{
    bus::backlog::{Backlog, Bounds},
    contract::{BusItem, Coded, behalf},
    executor::Ready,
    instance::{self, Instance},
    raw::js::{Js, JsValue},
    reply::millis,
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
        Event::InvalidationReceived { message } | Event::InvalidationDuplicate { message } => {
            match &message.body {
                Body::Set { keys, value, .. } => {
                    usize::try_from(value.weight()).unwrap_or(usize::MAX).saturating_add(bytes_of_keys(keys))
                }
                Body::Delete(keys) => bytes_of_keys(keys),
                Body::Pattern(pattern) => pattern.as_bytes().len(),
            }
        }
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
    observed: AtomicBool,
    queue: Arc<EventQueue>,
}

impl JsObserver {
    pub(crate) fn new(adapter: u32, queue: Arc<EventQueue>) -> JsObserver {
        JsObserver { adapter, observed: AtomicBool::new(false), queue }
    }

    /// Whether anybody listens.
    pub(crate) fn set_observed(&self, observed: bool) {
        self.observed.store(observed, Ordering::Relaxed);
    }
}

impl Observer<Slot> for JsObserver {
    fn wants(&self, kind: Kind) -> bool {
        // Faults are logged also when nobody listens; and who listens from the turn on in which the cache was made hears
        // that its bus was connected, however soon that was.
        self.observed.load(Ordering::Relaxed) || kind.is_fault() || kind.is_of_bus()
    }

    fn observe(&self, event: Event<Slot>) {
        // On other threads messages of other instances are applied.
        let request = instance::current().map_or(behalf::NOBODY, |instance| instance.executor.working_for());
        self.queue.push(Waiting { adapter: self.adapter, request, event });
    }
}

/// An event as it crosses; `lib/events.js` has the same table.
struct Line<'a> {
    code: u8,
    key: Option<&'a Key>,
    numbers: [f64; 2],
    texts: [Option<&'a str>; 2],
    slot: Option<&'a Slot>,
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
    let to = [*request, *adapter];
    if let Event::DeletePattern { pattern, remote } = event {
        let (pattern, remote) = (pattern.as_key(), f64::from(u8::from(*remote)));
        let line =
            Line { code: 3, key: Some(&pattern), numbers: [remote, 0.0], texts: [None; 2], slot: None };
        send(instance, to, &line, None);
    } else {
        let message = match event {
            Event::InvalidationReceived { message } | Event::InvalidationDuplicate { message } => {
                Some(message)
            }
            _ => None,
        };
        send(instance, to, &line(event), message);
    }
}

fn send(instance: &Instance, to: [u32; 2], line: &Line<'_>, message: Option<&Message<Slot>>) {
    let js = instance.js();
    let text = |text: Option<&str>| text.map_or(js.undefined(), |text| js.text(text));
    let mut args = vec![
        js.number(f64::from(to[0])),
        js.number(f64::from(to[1])),
        js.number(f64::from(line.code)),
        line.key.map_or(js.undefined(), |key| js.key(key)),
        js.number(f64::from(u8::from(line.key.is_some_and(Key::is_numeric)))),
        js.number(line.numbers[0]),
        js.number(line.numbers[1]),
        text(line.texts[0]),
        text(line.texts[1]),
        js.number(line.slot.map_or(-1.0, |slot| f64::from(slot.index()))),
    ];
    if let Some(message) = message {
        push_message(js, &mut args, message);
    }
    js.call(instance.functions.emit, &args);
}

/// What a message says beside its line: its name in events, its cache, its kind, its lifetime in milliseconds, and its keys
/// or pattern.
fn push_message(js: Js, args: &mut Vec<JsValue>, message: &Message<Slot>) {
    args.push(js.text(&message.event_id()));
    args.push(message.cache.as_deref().map_or(js.undefined(), |cache| js.text(cache)));
    let mut push = |ttl: f64, keys: &[Key]| {
        args.extend([js.number(word(message.body.kind())), js.number(ttl)]);
        args.extend(
            keys.iter().map(|key| key.as_number().map_or_else(|| js.key(key), |given| js.number(given))),
        );
    };
    match &message.body {
        Body::Delete(keys) => push(f64::NAN, keys),
        Body::Pattern(pattern) => push(f64::NAN, &[Key::from_wtf8(pattern.as_bytes())]),
        Body::Set { keys, ttl, .. } => push(ttl.map_or(f64::NAN, millis), keys),
    }
}

/// A message that was received.
#[expect(clippy::cast_precision_loss, reason = "milliseconds and counts of deletes fit 53 bits")]
fn received(code: u8, message: &Message<Slot>) -> Line<'_> {
    let slot = match &message.body {
        Body::Set { value, .. } => Some(value).filter(|value| value.realize().is_ok()),
        Body::Delete(_) | Body::Pattern(_) => None,
    };
    let numbers = [message.stamped as f64, message.generation.map_or(f64::NAN, |count| count as f64)];
    Line { code, key: None, numbers, texts: [message.id.as_deref(), Some(&message.source)], slot }
}

#[expect(clippy::cast_precision_loss, reason = "counts, bytes and generations fit 53 bits")]
fn line(event: &Event<Slot>) -> Line<'_> {
    let plain = |code, key| Line { code, key: Some(key), numbers: [0.0; 2], texts: [None; 2], slot: None };
    let of = |code, key, numbers| Line { numbers, ..plain(code, key) };
    let nameless = |code| Line { code, key: None, numbers: [0.0; 2], texts: [None; 2], slot: None };
    match event {
        Event::Hit { key, level } => of(0, key, [word(*level), 0.0]),
        Event::Miss { key, level } => of(1, key, [word(*level), 0.0]),
        Event::Delete { key, remote } => of(2, key, [f64::from(u8::from(*remote)), 0.0]),
        Event::DeletePattern { .. } => nameless(3),
        Event::Set { key, l1, l2 } => of(4, key, [f64::from(u8::from(*l1)), f64::from(u8::from(*l2))]),
        Event::LoaderStart { key } => plain(5, key),
        Event::LoaderSuccess { key, duration } => of(6, key, [duration.as_secs_f64() * 1000.0, 0.0]),
        Event::LoaderError { key, error, duration } => {
            let duration = duration.as_secs_f64() * 1000.0;
            match error {
                LoaderFailure::Thrown(slot) => Line { slot: Some(slot), ..of(7, key, [duration, 0.0]) },
                LoaderFailure::HardTimeout(limit) => of(7, key, [duration, millis(*limit)]),
            }
        }
        Event::LoaderTimeout { key, limit, kind } => {
            of(8, key, [millis(*limit), f64::from(u8::from(*kind == TimeoutKind::Hard))])
        }
        Event::InflightReuse { key } => plain(9, key),
        Event::InflightBypass { key } => plain(10, key),
        Event::StaleHit { key, reason } => of(11, key, [word(*reason), 0.0]),
        Event::NegativeSet { key, ttl } => of(12, key, [millis(*ttl), 0.0]),
        Event::L1Error { operation, key, error } => fault(13, operation, key.as_ref(), None, error),
        Event::L2Error { operation, key, state, error } => {
            fault(14, operation, key.as_ref(), Some(*state), error)
        }
        Event::L2Skipped { operation, key, state } => Line {
            key: key.as_ref(),
            numbers: [word(*state), 0.0],
            texts: [Some(operation), None],
            ..nameless(15)
        },
        Event::BusPublishError { message, state, error } => fault(16, message, None, Some(*state), error),
        Event::BusPublishSkipped { message, state } => {
            Line { numbers: [word(*state), 0.0], texts: [Some(message), None], ..nameless(17) }
        }
        Event::InvalidationReceived { message } => received(18, message),
        Event::InvalidationDuplicate { message } => received(19, message),
        Event::InvalidationStale { key, id, message, generation, known } => {
            Line { texts: [Some(id), Some(message)], ..of(20, key, [*generation as f64, *known as f64]) }
        }
        Event::SetReceived { key } => plain(21, key),
        Event::SetBroadcast { key } => plain(22, key),
        Event::SetBroadcastSkipped { key, bytes, most } => of(23, key, [*bytes as f64, *most as f64]),
        Event::BusStatus { connected, transport, error } => Line {
            numbers: [f64::from(u8::from(*connected)), 0.0],
            texts: [Some(transport), error.as_deref()],
            ..nameless(24)
        },
        Event::BusGap { reason, missed } => {
            let resubscribed = f64::from(u8::from(*reason == GapReason::Resubscribed));
            Line { numbers: [resubscribed, *missed as f64], ..nameless(25) }
        }
    }
}

/// A word as it crosses.
fn word(word: impl Word) -> f64 {
    f64::from(word.number())
}

fn fault<'a>(
    code: u8,
    operation: &'a str,
    key: Option<&'a Key>,
    state: Option<BreakerState>,
    error: &'a Failure<Slot>,
) -> Line<'a> {
    let (slot, message) = match error {
        Failure::Unreadable(cause) => return fault(code, operation, key, state, cause),
        Failure::Thrown(slot) => (Some(slot), None),
        Failure::Message(message) => (None, Some(message.as_str())),
    };
    let numbers = [state.map_or(-1.0, word), 0.0];
    Line { code, key, numbers, texts: [Some(operation), message], slot }
}
