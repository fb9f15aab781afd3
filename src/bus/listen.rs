//! Who listens to the buses of the drivers: caches, and handlers of users'.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use lazy_layers_drivers::{
    bus::{BusFault, EventBus, Handling, Receive, Received, SubscriptionId},
    runtime,
};
use lazy_layers_engine::{
    bus::{
        Body, Message,
        wire::{Decoded, RawValue},
    },
    cache::Cache,
    observe::event::GapReason,
};
use tokio::sync::oneshot;

use super::queue::{BusQueue, Handled, Item, Waiting};
use crate::{
    slots::{Slot, Unread},
    values::Values,
};

/// Events that wait for the thread of JavaScript, of one subscription on a transport that does not deliver again.
const MOST_WAITING: usize = 10_000;

/// A cache that listens. It stops when this is dropped.
pub(crate) struct Attached {
    bus: Arc<EventBus>,
    subscription: SubscriptionId,
}

impl Attached {
    pub(crate) fn new(bus: Arc<EventBus>, listener: CacheListener) -> Attached {
        let subscription = bus.subscribe(Arc::new(listener));
        Attached { bus, subscription }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.bus.unsubscribe(self.subscription);
    }
}

/// Applies what arrives to a cache: on the spot, unless users' objects are part of it.
pub(crate) struct CacheListener {
    pub(crate) cache: Cache<Slot>,
    pub(crate) adapter: u32,
    pub(crate) values: Values,
    pub(crate) queue: Arc<BusQueue>,
    waiting: Arc<AtomicUsize>,
    /// Messages that did not find room since the cache was last told so.
    without_room: Arc<AtomicU64>,
}

impl CacheListener {
    pub(crate) fn new(cache: Cache<Slot>, values: Values, queue: Arc<BusQueue>) -> CacheListener {
        CacheListener {
            cache,
            adapter: values.adapter,
            values,
            queue,
            waiting: Arc::default(),
            without_room: Arc::default(),
        }
    }

    fn heal_later(&self, reason: GapReason, missed: u64) {
        let (cache, without_room) = (self.cache.clone(), Arc::clone(&self.without_room));
        self.queue.push(Item::Heal { cache, reason, missed, without_room });
    }

    /// The message, its value left in bytes.
    fn message(&self, message: &Message<RawValue>) -> Message<Slot> {
        let body = match &message.body {
            Body::Delete(keys) => Body::Delete(keys.clone()),
            Body::Pattern(pattern) => Body::Pattern(pattern.clone()),
            Body::Set { keys, value, ttl } => {
                let unread = Unread::new(self.values.clone(), value.clone(), keys.len() > 1);
                Body::Set { keys: keys.clone(), value: Slot::Unread(Arc::new(unread)), ttl: *ttl }
            }
        };
        Message {
            id: message.id.clone(),
            source: message.source.clone(),
            stamped: message.stamped,
            generation: message.generation,
            body,
        }
    }

    /// Leaves an event to the thread of JavaScript, if there is room.
    fn later(&self, received: &Received, item: impl FnOnce(Option<Handled>, Waiting) -> Item) -> Handling {
        let most = if received.is_acknowledged { usize::MAX } else { MOST_WAITING };
        let Some(waiting) = Waiting::within(&self.waiting, most) else {
            if self.without_room.fetch_add(1, Relaxed) == 0 {
                self.heal_later(GapReason::Sequence, 0);
            }
            return Handling::Done;
        };
        let (handled, handling) = acknowledged(received);
        self.queue.push(item(handled, waiting));
        handling
    }
}

impl Receive for CacheListener {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        let message = match &received.decoded {
            Ok(Decoded::Event { message, .. }) => self.message(message),
            Ok(Decoded::Other { .. }) => {
                let (adapter, received) = (self.adapter, Arc::clone(received));
                return self.later(&Arc::clone(&received), |handled, waiting| Item::Foreign {
                    adapter,
                    received,
                    handled,
                    waiting,
                });
            }
            Err(_) => return Handling::Done,
        };
        if !self.cache.applies_alone() {
            let cache = self.cache.clone();
            return self.later(received, |handled, waiting| Item::Apply { cache, message, handled, waiting });
        }
        finish(&self.cache, |cache| async move { cache.apply(message).await });
        Handling::Done
    }

    fn gap(&self, reason: GapReason, missed: u64) {
        if self.cache.applies_alone() {
            finish(&self.cache, |cache| async move { cache.heal(reason, missed).await });
        } else {
            self.heal_later(reason, missed);
        }
    }

    fn status(&self, transport: &'static str, down: Option<&BusFault>) {
        match down {
            None => self.cache.bus_up(transport),
            Some(fault) => {
                let reason = Some(fault.message.clone());
                finish(&self.cache, |cache| cache.bus_down(transport, reason));
            }
        }
    }
}

/// Runs what has nothing to wait for; should it wait all the same, it goes on by itself.
fn finish<F>(cache: &Cache<Slot>, work: impl FnOnce(Cache<Slot>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut work = Box::pin(work(cache.clone()));
    if let Poll::Pending = work.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        && let Ok(runtime) = runtime::handle()
    {
        runtime.spawn(work);
    }
}

/// Hands events to handlers on the JavaScript side.
pub(crate) struct HandlerListener {
    pub(crate) bus: u32,
    pub(crate) subscription: u32,
    pub(crate) queue: Arc<BusQueue>,
    waiting: Arc<AtomicUsize>,
    missed: AtomicU64,
}

impl HandlerListener {
    pub(crate) fn new(bus: u32, subscription: u32, queue: Arc<BusQueue>) -> HandlerListener {
        HandlerListener { bus, subscription, queue, waiting: Arc::default(), missed: AtomicU64::new(0) }
    }
}

impl Receive for HandlerListener {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        if received.decoded.is_err() {
            return Handling::Done;
        }
        let most = if received.is_acknowledged { usize::MAX } else { MOST_WAITING };
        let Some(waiting) = Waiting::within(&self.waiting, most) else {
            // The thread of JavaScript does not keep up: it is told once, then every thousand.
            let missed = self.missed.fetch_add(1, Relaxed);
            if missed.is_multiple_of(1000) {
                let text = "the handlers of the event bus do not keep up: events are dropped".to_owned();
                self.queue.push(Item::Note { bus: self.bus, kind: 3, count: 0, text });
            }
            return Handling::Done;
        };
        let (handled, handling) = acknowledged(received);
        self.queue.push(Item::Heard {
            bus: self.bus,
            subscription: self.subscription,
            received: Arc::clone(received),
            handled,
            waiting,
        });
        handling
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &'static str, _: Option<&BusFault>) {}
}

/// How the broker hears of an event that is handled elsewhere, if it wants to.
fn acknowledged(received: &Received) -> (Option<Handled>, Handling) {
    if !received.is_acknowledged {
        return (None, Handling::Done);
    }
    let (handled, told) = oneshot::channel();
    (Some(handled), Handling::Later(Box::pin(async move { told.await.unwrap_or(false) })))
}
