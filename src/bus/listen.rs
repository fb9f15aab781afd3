//! The listeners of the drivers' buses: caches, and the handlers of users.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
};

use lazy_layers_drivers::{
    bus::{BusFault, EventBus, Handling, Receive, Received, SubscriptionId},
    redis::{Affected, Change},
    runtime,
};
use lazy_layers_engine::{
    bus::{
        Body, Message,
        wire::{Decoded, RawValue},
    },
    cache::{Cache, changes},
    entry::key::Key,
    observe::event::GapReason,
};
use tokio::sync::oneshot;

use crate::{
    backlog::{Backlog, Bounds},
    contract::Notice,
    memory::slots::{Slot, Unread},
    queue::{BusQueue, CacheEntry, CacheEvents, Handled, HandlerEvents, Item},
    redis_store::RedisDriver,
    values::Values,
};

/// The most events of one receiver that wait for the thread of JavaScript: 10,000, and 32 MiB.
const WAITING: Bounds = Bounds { entries: 10_000, bytes: 32 << 20 };

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

/// Applies messages to a cache: at once, unless it has custom layers.
pub(crate) struct CacheListener {
    cache: Cache<Slot>,
    values: Values,
    queue: Arc<BusQueue>,
    events: Arc<CacheEvents>,
}

impl CacheListener {
    pub(crate) fn new(cache: Cache<Slot>, values: Values, queue: Arc<BusQueue>) -> CacheListener {
        let events = Arc::new(CacheEvents::new(cache.clone(), values.adapter, Backlog::new(WAITING)));
        CacheListener { cache, values, queue, events }
    }

    /// The message, its value left in bytes.
    fn message(&self, message: &Message<RawValue>, received: &Received) -> Message<Slot> {
        let body = match &message.body {
            Body::Delete(keys) => Body::Delete(keys.clone()),
            Body::Pattern(pattern) => Body::Pattern(pattern.clone()),
            Body::Extend { keys, version, ttl } => {
                Body::Extend { keys: keys.clone(), version: version.clone(), ttl: *ttl }
            }
            Body::Set { keys, value, ttl } => {
                let unread = Unread::new(Box::new(self.values.clone()), value.clone(), keys.len() > 1);
                Body::Set { keys: keys.clone(), value: Slot::Unread(Arc::new(unread)), ttl: *ttl }
            }
        };
        Message {
            id: message.id.clone(),
            source: message.source.clone(),
            cache: message.cache.clone(),
            stamped: message.stamped,
            generation: message.generation,
            number: message.number.clone(),
            seen: message.seen.clone(),
            tags: message.tags.clone(),
            etag: message.etag.clone(),
            expires: message.expires,
            is_redelivered: received.is_redelivered,
            body,
        }
    }

    /// Takes the changes that the second layer tells.
    pub(crate) fn hear(&self, change: Change) {
        let alone = self.cache.applies_alone();
        match change {
            Change::Keys(keys) => {
                let (entries, bytes) = taken(&keys);
                if alone {
                    finish(&self.cache, |cache| async move { cache.changed(entries).await });
                } else {
                    self.later(CacheEntry::Changed(entries), bytes, false);
                }
            }
            Change::Tags(tags) => {
                let (tags, bytes) = taken(&tags);
                if alone {
                    finish(&self.cache, |cache| async move { cache.changed_tags(tags).await });
                } else {
                    self.later(CacheEntry::ChangedTags(tags), bytes, false);
                }
            }
            Change::Missed(affected) if alone => finish(&self.cache, |cache| async move {
                cache.missed_changes(covers(&affected)).await;
            }),
            Change::Begins(affected) if alone => finish(&self.cache, |cache| async move {
                cache.hears_changes(covers(&affected)).await;
            }),
            Change::Missed(_) => self.later(CacheEntry::Unknown { is_news: true }, 0, false),
            Change::Begins(_) => self.later(CacheEntry::Unknown { is_news: false }, 0, false),
        }
    }

    /// Leaves an entry to the thread of JavaScript. Events that are dropped to make room are a gap: the values
    /// that they would have invalidated are read or loaded again.
    fn later(&self, entry: CacheEntry, bytes: usize, is_acknowledged: bool) {
        let is_news = if is_acknowledged {
            // The broker bounds how many it hands out.
            self.events.backlog.push_unbounded(entry, bytes)
        } else {
            let pushed = self.events.backlog.push(entry, bytes);
            // The thread may have emptied the backlog before it could see that entries were dropped.
            self.events.drop_entries(&pushed.dropped) || pushed.is_first
        };
        if is_news {
            self.queue.push(Item::ForCache(Arc::clone(&self.events)));
        }
    }
}

impl Receive for CacheListener {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        let (bytes, is_acknowledged) = (received.bytes(), received.is_acknowledged);
        match &received.decoded {
            Ok(Decoded::Event { message, .. }) if self.cache.applies_alone() => {
                let message = self.message(message, received);
                finish(&self.cache, |cache| async move { cache.apply(message).await });
                Handling::Done
            }
            Ok(Decoded::Event { message, .. }) => {
                let (handled, handling) = acknowledged(received);
                self.later(
                    CacheEntry::Apply(Box::new(self.message(message, received)), handled),
                    bytes,
                    is_acknowledged,
                );
                handling
            }
            // It is a value, since it has no number: the engine does not keep a redelivered value either.
            Ok(Decoded::Other { number: None }) if received.is_redelivered => Handling::Done,
            Ok(Decoded::Other { .. }) => {
                let (handled, handling) = acknowledged(received);
                self.later(CacheEntry::Foreign(Arc::clone(received), handled), bytes, is_acknowledged);
                handling
            }
            Err(_) => Handling::Done,
        }
    }

    fn gap(&self, reason: GapReason, missed: u64) {
        if self.cache.applies_alone() {
            finish(&self.cache, |cache| async move { cache.heal(reason, missed).await });
        } else {
            self.later(CacheEntry::Heal(reason, missed), 0, false);
        }
    }

    fn listens(&self) {
        self.cache.listens();
    }

    fn blind(&self, is_blind: bool) {
        if is_blind {
            return self.cache.blind();
        }
        let blindness = self.cache.blindness();
        if self.cache.applies_alone() {
            self.cache.see(blindness);
        } else {
            // After the waiting events.
            self.later(CacheEntry::Sight(blindness), 0, false);
        }
    }

    fn status(&self, transport: &str, down: Option<&BusFault>) {
        match down {
            None => self.cache.bus_up(transport),
            Some(fault) => {
                let reason = Some(fault.message.clone());
                finish(&self.cache, |cache| cache.bus_down(transport.to_owned(), reason));
            }
        }
    }
}

fn covers(affected: &Affected) -> changes::Affected<'_> {
    match affected {
        Affected::All => None,
        Affected::Some(covers) => Some(&**covers),
    }
}

/// Keys or tags that the second layer tells of, and how many bytes they are.
fn taken(names: &[Vec<u8>]) -> (Vec<Key>, usize) {
    (names.iter().map(|name| Key::from_wtf8(name)).collect(), names.iter().map(Vec::len).sum())
}

/// Runs a future that should not have to wait. If it does wait, it continues by itself.
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

/// A cache that hears of changes from its second layer. It stops when this is dropped.
pub(crate) struct Tracked {
    driver: RedisDriver,
}

impl Tracked {
    pub(crate) fn new(driver: RedisDriver, listener: CacheListener) -> Tracked {
        driver.tell_changes_to(Some(Arc::new(move |change| listener.hear(change))));
        Tracked { driver }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.driver.tell_changes_to(None);
    }
}

/// Hands events to handlers on the JavaScript side.
pub(crate) struct HandlerListener {
    queue: Arc<BusQueue>,
    events: Arc<HandlerEvents>,
}

impl HandlerListener {
    pub(crate) fn new(bus: u32, subscription: u32, queue: Arc<BusQueue>) -> HandlerListener {
        let events = HandlerEvents { bus, subscription, backlog: Backlog::new(WAITING) };
        HandlerListener { queue, events: Arc::new(events) }
    }
}

impl Receive for HandlerListener {
    fn receive(&self, received: &Arc<Received>) -> Handling {
        if received.decoded.is_err() {
            return Handling::Done;
        }
        let (handled, handling) = acknowledged(received);
        let entry = (Arc::clone(received), handled);
        let is_first = if received.is_acknowledged {
            self.events.backlog.push_unbounded(entry, received.bytes())
        } else {
            let pushed = self.events.backlog.push(entry, received.bytes());
            if !pushed.dropped.is_empty() {
                self.queue.notify_owner(
                    self.events.bus,
                    Notice::Unhandled,
                    pushed.dropped.len() as u64,
                    String::new(),
                );
            }
            pushed.is_first
        };
        if is_first {
            self.queue.push(Item::ForHandler(Arc::clone(&self.events)));
        }
        handling
    }

    fn gap(&self, _: GapReason, _: u64) {}

    fn status(&self, _: &str, _: Option<&BusFault>) {}
}

/// The way by which the outcome of an event that is handled elsewhere reaches the broker, if the broker waits for it.
fn acknowledged(received: &Received) -> (Option<Handled>, Handling) {
    if !received.is_acknowledged {
        return (None, Handling::Done);
    }
    let (handled, outcome) = oneshot::channel();
    (Some(handled), Handling::Later(Box::pin(async move { outcome.await.unwrap_or(false) })))
}
