//! The state of a cache, on which every flow works.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
};

use parking_lot::Mutex;

use crate::{
    bus::{Body, Message, wire::Number},
    chance::Chance,
    clock::{Clock, Time, Timers},
    coherence::{
        fence::{Fence, Ticket},
        generations::Generations,
        outage::Outage,
        recent::{Recent, Target, Underway},
        removed::LastRemoved,
        seen::Seen,
    },
    entry::{key::Key, pattern::Pattern, tags::Tags},
    flow::{delete::StaleCopy, publisher::Publisher, switch::Switches, upkeep::News},
    l1::{Layer1, Neighbour, TaggedLoads},
    load::{kept::Kept, notes::Note},
    observe::Observe,
    options::{CacheOptions, Settings},
    store::Guarded,
    value::Value,
};

/// The state of a cache.
pub(crate) struct CacheState<V> {
    pub(crate) options: CacheOptions,
    pub(crate) clock: Clock,
    pub(crate) timers: Timers,
    pub(crate) chance: Chance,
    pub(crate) observe: Arc<Observe<V>>,
    pub(crate) l1: Layer1<V>,
    /// Loads under way with tags, where there is no memory layer that knows them.
    pub(crate) tagged_loads: Mutex<TaggedLoads>,
    pub(crate) l2: Option<Guarded<V>>,
    pub(crate) bus: Mutex<Option<Arc<Publisher<V>>>>,
    /// Shared with the memory layer, so that a removal there voids the tickets of the cache.
    pub(crate) fence: Arc<Fence>,
    pub(crate) kept: Arc<Kept<V>>,
    pub(crate) generations: Arc<Generations>,
    pub(crate) seen: Seen,
    /// Shared with the memory layer, as the fence.
    pub(crate) recent: Arc<Recent>,
    /// Whether the bus is down.
    pub(crate) outage: Outage,
    /// The last invalidations of this instance.
    pub(crate) removed: LastRemoved,
    /// Wakes the background work.
    pub(crate) news: News,
    /// The layers that reads pass over.
    pub(crate) switches: Switches,
    /// Whether the background work has ended.
    pub(crate) is_closed: AtomicBool,
    /// Since when messages of other instances arrive; [`Time::NEVER`] before that.
    pub(crate) listened: AtomicU64,
}

impl<V: Value> CacheState<V> {
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The key under which the current generation of `key` is stored in the private layers of this instance.
    pub(crate) fn stored_key<'k>(&self, key: &'k Key) -> Cow<'k, Key> {
        if self.options.versioning {
            Cow::Owned(key.versioned(self.generations.of(key)))
        } else {
            Cow::Borrowed(key)
        }
    }

    /// The key under which `key` is stored in the second layer. Each instance counts generations by itself, so
    /// in a shared layer all use the first generation, and marks keep out the results of loads from before a
    /// delete.
    pub(crate) fn entry_of<'k>(&self, key: &'k Key) -> Cow<'k, Key> {
        if self.options.versioning && self.l2.as_ref().is_some_and(|l2| l2.store().is_shared()) {
            Cow::Owned(key.versioned(0))
        } else {
            self.stored_key(key)
        }
    }

    /// Keeps a copy of a value that was read, if the settings ask for one.
    pub(crate) fn remember_stale(
        &self,
        key: &Key,
        value: &V,
        tags: Option<&Tags>,
        settings: &Settings,
        ticket: Option<&Ticket>,
    ) {
        if let Some(ttl) = settings.fail_safe.stale_ttl() {
            self.kept.stale.remember(key, (value, tags), ttl, (ticket, None), self.now());
        }
    }

    /// The value of an entry that is expired stays as a copy, wherever it has come from.
    pub(crate) fn keep_stale(&self, key: &Key, value: &V, tags: Option<&Tags>, ticket: &Ticket) {
        if let Some(ttl) = self.options.settings.fail_safe.stale_ttl() {
            self.kept.stale.remember(key, (value, tags), ttl, (Some(ticket), Some(false)), self.now());
        }
    }

    /// A key has a new value, of which this is known: no copy of an older one stays, even if the settings ask for no
    /// copy of the new one.
    pub(crate) fn renew_stale(
        &self,
        key: &Key,
        value: &V,
        note: Note,
        settings: &Settings,
        ticket: Option<&Ticket>,
    ) {
        // Before the copy: whoever finds the copy must not find the note of the one before.
        self.kept.notes.renew(key, note, ticket);
        if let Some(ttl) = settings.fail_safe.stale_ttl() {
            let is_taken_over = Some(ticket.is_some_and(Ticket::is_of_second_layer));
            let tagged = (value, settings.tags.as_ref());
            self.kept.stale.remember(key, tagged, ttl, (ticket, is_taken_over), self.now());
        } else {
            self.kept.stale.remove(key);
        }
        self.each_neighbour(|kept| kept.forget_stale(key));
    }

    /// Voids everything of this instance that must not outlive an invalidation of `key`, except for the layers.
    pub(crate) fn void(&self, key: &Key) {
        self.fence.void(key);
        self.kept.forget(key);
        self.each_neighbour(|kept| kept.forget(key));
    }

    /// Voids the loads and reads that run for the key: they are older than its new value, and must not
    /// overwrite it.
    pub(crate) fn void_running(&self, key: &Key) {
        self.fence.void(key);
        self.kept.forget_running(key);
        self.each_neighbour(|kept| kept.forget_running(key));
    }

    /// Forgets that a key is absent.
    pub(crate) fn forget_absence(&self, key: &Key) {
        self.kept.negatives.remove(key);
        self.each_neighbour(|kept| kept.forget_absence(key));
    }

    /// Calls `act` for each other cache on the same memory layer.
    pub(crate) fn each_neighbour(&self, act: impl Fn(&dyn Neighbour)) {
        if let Layer1::Memory(memory) = &self.l1 {
            memory.neighbours().each_but(&self.kept, act);
        }
    }

    /// The same for all keys that match.
    pub(crate) fn void_matching(&self, pattern: &Pattern) {
        self.fence.void_matching(pattern);
        self.kept.forget_matching(pattern);
        self.each_neighbour(|kept| kept.forget_matching(pattern));
    }

    /// The same for running work and absences alone.
    pub(crate) fn void_running_matching(&self, pattern: &Pattern) {
        self.fence.void_matching(pattern);
        self.kept.forget_running_matching(pattern);
        self.each_neighbour(|kept| kept.forget_running_matching(pattern));
    }

    /// [`CacheState::void`], or [`CacheState::void_running`] where stale copies stay.
    pub(crate) fn void_but(&self, key: &Key, copy: StaleCopy) {
        match copy {
            StaleCopy::Removed => self.void(key),
            StaleCopy::Kept => self.void_running(key),
        }
    }

    /// The same for all keys that match.
    pub(crate) fn void_matching_but(&self, pattern: &Pattern, copies: StaleCopy) {
        match copies {
            StaleCopy::Removed => self.void_matching(pattern),
            StaleCopy::Kept => self.void_running_matching(pattern),
        }
    }

    /// Begins an invalidation by this instance, which is told to the others if there is a bus. Called before
    /// anything is voided: until the others are told, no value of a peer that it touches is kept.
    pub(crate) fn invalidates(&self, target: impl FnOnce() -> Target) -> Option<Underway> {
        self.has_bus().then(|| self.recent.begin(target()))
    }

    /// Tells the other instances of invalidations, if there is a bus. Returns true if the message was sent.
    pub(crate) async fn publish(
        &self,
        message: Message<V>,
        underway: impl IntoIterator<Item = Underway>,
    ) -> bool {
        let Some(publisher) = self.publisher() else { return false };
        let underway: Vec<_> = underway.into_iter().collect();
        let message = Message { number: publisher.number(), ..message };
        let given = |number: Number| {
            for underway in &underway {
                underway.published(&number, self.now());
            }
        };
        publisher.publish(&message, || {}, given).await
    }

    /// A message of this cache.
    pub(crate) fn message(&self, generation: Option<u64>, body: Body<V>) -> Message<V> {
        let stamped = self.clock.wall_millis();
        Message::new(&self.options.source, stamped, generation, body).of_cache(self.options.name.as_deref())
    }

    pub(crate) fn has_bus(&self) -> bool {
        self.bus.lock().is_some()
    }

    pub(crate) fn publisher(&self) -> Option<Arc<Publisher<V>>> {
        self.bus.lock().clone()
    }
}
