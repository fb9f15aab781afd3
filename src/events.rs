//! Events on their way to JavaScript: queued where they happen, told on the environment's thread.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use lazy_layers_engine::{
    bus::Body,
    entry::key::Key,
    load::LoadId,
    observe::{Event, Kind, Observer},
    value::Value,
};
use parking_lot::Mutex;

use crate::{
    backlog::{Backlog, Bounds},
    behalf,
    contract::{BusItem, Coded},
    crossing::push_field,
    env::Env,
    lines::Lines,
    memory::Slot,
    ready::Ready,
};

/// The most events that wait while the thread is busy: 100,000, and 32 MiB.
const BOUNDS: Bounds = Bounds { entries: 100_000, bytes: 32 << 20 };
/// The rough number of bytes of an event beside its keys and its value.
const BYTES_EACH: usize = 256;

/// An event that waits to be told.
pub(crate) struct Waiting {
    /// The cache of the event.
    adapter: u32,
    /// The request that has caused it, or one of [`crate::contract::behalf`].
    request: LoadId,
    event: Event<Slot>,
}

/// The events that wait to be told.
pub(crate) struct EventQueue {
    backlog: Backlog<Waiting>,
    /// How many events made room, by cache, since that was last told.
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
        self.ready.call_thread_for_events();
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
            Body::Delete(keys) | Body::Extend { keys, .. } => bytes_of_keys(keys),
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
    /// Bits of the numbers of the events that are wanted.
    interest: AtomicU64,
    queue: Arc<EventQueue>,
}

impl JsObserver {
    pub(crate) fn new(adapter: u32, queue: Arc<EventQueue>) -> JsObserver {
        JsObserver { adapter, interest: AtomicU64::new(0), queue }
    }

    /// Which events are wanted: bits of their numbers.
    pub(crate) fn set_interest(&self, interest: u64) {
        self.interest.store(interest, Ordering::Relaxed);
    }
}

impl Observer<Slot> for JsObserver {
    fn wants(&self, kind: Kind) -> bool {
        // Faults are logged even if nobody listens. A listener that is added in the turn in which the cache was
        // made hears that the bus was connected, however soon that was.
        let is_wanted = self.interest.load(Ordering::Relaxed) >> kind.event() & 1 == 1;
        is_wanted || kind.is_fault() || kind.is_of_bus()
    }

    fn observe(&self, event: Event<Slot>) {
        self.queue.push(Waiting { adapter: self.adapter, request: behalf::current(), event });
    }
}

/// Tells how many events of each cache made room for others.
pub(crate) fn tell_dropped(env: &Env, events: &EventQueue) {
    for (adapter, count) in events.take_dropped() {
        let js = env.js();
        #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
        let args =
            [BusItem::Dropped.number(), f64::from(adapter), count as f64].map(|number| js.number(number));
        js.call(env.functions.hear, &args);
    }
}

/// Tells events, as many together as fit. Their JavaScript values are released before the next ones.
pub(crate) fn tell(env: &Env, events: &[Waiting]) {
    let mut lines = Lines::default();
    for waiting in events {
        let head = waiting.head();
        if lines.take(head, &waiting.event) {
            continue;
        }
        lines.tell(env);
        if !lines.take(head, &waiting.event) {
            env.js().scoped(|| tell_one(env, head, &waiting.event));
        }
    }
    lines.tell(env);
}

fn tell_one(env: &Env, head: [f64; 3], event: &Event<Slot>) {
    let js = env.js();
    let mut args = head.map(|number| js.number(number)).to_vec();
    event.each_field(|value| push_field(&value, &mut |crossing| args.push(crossing.value(js))));
    js.call(env.functions.emit, &args);
}

impl Waiting {
    /// The request, the cache, and the number of the event.
    #[expect(clippy::cast_precision_loss, reason = "the number of a row")]
    fn head(&self) -> [f64; 3] {
        [f64::from(self.request), f64::from(self.adapter), self.event.number() as f64]
    }
}
