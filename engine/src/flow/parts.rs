//! What every flow works on.

use std::{borrow::Cow, sync::Arc};

use parking_lot::Mutex;

use crate::{
    bus::{Body, Message, Publisher},
    clock::{Clock, Time, Timers},
    coherence::{
        fence::{Fence, Ticket},
        generations::Generations,
        outage::Outage,
        seen::Seen,
    },
    entry::{key::Key, pattern::Pattern},
    l1::Layer1,
    load::{flight::Flights, negative::Negatives, stale::StaleCopies},
    observe::Observe,
    options::{CacheOptions, Settings},
    store::Guarded,
    value::Value,
};

/// The state of a cache.
pub(crate) struct Parts<V> {
    pub(crate) options: CacheOptions,
    pub(crate) clock: Clock,
    pub(crate) timers: Timers,
    pub(crate) observe: Arc<Observe<V>>,
    pub(crate) l1: Layer1<V>,
    pub(crate) l2: Option<Guarded<V>>,
    pub(crate) bus: Mutex<Option<Arc<Publisher<V>>>>,
    /// Shared with the memory layer, so that whoever removes there voids our tickets.
    pub(crate) fence: Arc<Fence>,
    pub(crate) flights: Flights,
    pub(crate) generations: Generations,
    pub(crate) seen: Seen,
    /// Whether the bus is down.
    pub(crate) outage: Outage,
    pub(crate) negatives: Negatives<V>,
    pub(crate) stale: StaleCopies<V>,
}

impl<V: Value> Parts<V> {
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The key under which the current generation of `key` is stored, in both layers.
    pub(crate) fn stored_key<'k>(&self, key: &'k Key) -> Cow<'k, Key> {
        if self.options.versioning {
            Cow::Owned(key.versioned(self.generations.of(key)))
        } else {
            Cow::Borrowed(key)
        }
    }

    /// Keeps a copy for fail-safe, if the settings ask for one.
    pub(crate) fn remember_stale(&self, key: &Key, value: &V, settings: &Settings, ticket: Option<&Ticket>) {
        if let Some(ttl) = settings.fail_safe.stale_ttl() {
            self.stale.remember(key, value, ttl, ticket, self.now());
        }
    }

    /// Everything of this instance that must not outlive an invalidation of `key`, but for the layers.
    pub(crate) fn void(&self, key: &Key) {
        self.fence.void(key);
        self.flights.forget(key);
        self.negatives.remove(key);
        self.stale.remove(key);
    }

    /// The same for all keys that match.
    pub(crate) fn void_matching(&self, pattern: &Pattern) {
        self.fence.void_matching(pattern);
        self.forget_matching(pattern);
    }

    /// What is kept beside the layers for all keys that match.
    pub(crate) fn forget_matching(&self, pattern: &Pattern) {
        self.flights.forget_matching(pattern);
        self.negatives.remove_matching(pattern);
        self.stale.remove_matching(pattern);
    }

    /// Sends a message to the other instances, if there is a bus. True when it was sent.
    pub(crate) async fn publish(&self, generation: Option<u64>, body: Body<V>) -> bool {
        let Some(publisher) = self.publisher() else { return false };
        let message = Message::new(&self.options.source, self.clock.wall_millis(), generation, body);
        publisher.publish(&message).await
    }

    pub(crate) fn publisher(&self) -> Option<Arc<Publisher<V>>> {
        self.bus.lock().clone()
    }
}
