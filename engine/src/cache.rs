//! The handle of a cache: one method per verb.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;

pub use crate::flow::{
    directed::Stale,
    explain::{Explained, Looked},
};
use crate::{
    bus::{Body, Bus, Message},
    chance::Chance,
    clock::{Clock, Time, Timers, Ttl},
    coherence::{counts::Counts, fence::Ticket, outage::Outage, removed::LastRemoved, seen::Seen},
    entry::{key::Key, pattern::Pattern},
    flow::{publisher::Publisher, state::CacheState, switch::Switches, upkeep::News},
    l1::{Layer1, MemoryStats, Neighbour},
    load::{
        Caller, Outcome,
        flight::{Flights, Joinable, NoneJoinable},
        kept::Kept,
        negative::Negatives,
        notes::Notes,
        stale::StaleCopies,
        until::Until,
    },
    observe::{Counters, Observe, Observer, event::GapReason},
    options::{CacheOptions, Settings},
    resilience::breaker::Breaker,
    store::{Guarded, Store},
    value::Value,
};

pub mod changes;
mod direct;
mod inspection;
mod loads;
mod look;
mod many;
mod switch;
mod tags;

pub use self::inspection::{Inspection, NoBus, RunningLoads};
pub use crate::flow::upkeep::{Upkeep, Work};

/// The layers and the bus of a cache.
pub struct Layers<V> {
    /// The first layer.
    pub l1: Layer1<V>,
    /// The second layer.
    pub l2: Option<Arc<dyn Store<V>>>,
    /// The way to the other instances.
    pub bus: Option<Arc<dyn Bus<V>>>,
}

/// A cache. Cloning shares it.
pub struct Cache<V> {
    state: Arc<CacheState<V>>,
}

impl<V> Clone for Cache<V> {
    fn clone(&self) -> Self {
        Cache { state: Arc::clone(&self.state) }
    }
}

impl<V: Value> Cache<V> {
    /// A cache over these layers.
    #[must_use]
    pub fn new(
        options: CacheOptions,
        layers: Layers<V>,
        clock: Clock,
        timers: Timers,
        observer: Arc<dyn Observer<V>>,
    ) -> Cache<V> {
        Cache::with_joinable(options, layers, clock, timers, observer, Arc::new(NoneJoinable))
    }

    /// The same; `joinable` lets requests join running loads without asking here.
    #[must_use]
    pub fn with_joinable(
        options: CacheOptions,
        layers: Layers<V>,
        clock: Clock,
        timers: Timers,
        observer: Arc<dyn Observer<V>>,
        joinable: Arc<dyn Joinable>,
    ) -> Cache<V> {
        let observe = Arc::new(Observe::new(observer));
        let memory = match &layers.l1 {
            Layer1::Memory(memory) => Some(Arc::clone(memory)),
            Layer1::Custom(_) | Layer1::Off => None,
        };
        // Those of the memory layer, if there is one: other caches may use it as well.
        let (fence, generations, recent) = match &memory {
            Some(memory) => {
                (Arc::clone(memory.fence()), Arc::clone(memory.generations()), Arc::clone(memory.recent()))
            }
            None => (Arc::default(), Arc::default(), Arc::default()),
        };
        generations.name_entries(options.versioning);
        if layers.bus.is_some() {
            recent.joins(clock.now());
        }
        let news = News::new();
        let guarded = |store| {
            let (observe, news) = (Arc::clone(&observe), Arc::clone(news.notify()));
            Guarded::new(store, &options, clock.clone(), timers.clone(), observe, news)
        };
        let l2 = layers.l2.map(guarded);
        let bus = layers.bus.map(|bus| {
            let breaker = Breaker::around("the bus", options.name.as_deref(), options.bus_breaker.clone());
            Arc::new(Publisher::new(bus, breaker, clock.clone(), timers.clone(), Arc::clone(&observe)))
        });
        let kept = Arc::new(Kept {
            flights: Flights::new(joinable),
            negatives: Negatives::new(memory.clone()),
            stale: StaleCopies::new(options.stale_entries),
            counts: Counts::new(),
            notes: Notes::new(options.stale_entries),
            uncacheable: Until::default(),
            refreshing: Until::default(),
        });
        if let Some(memory) = &memory {
            memory.neighbours().join(&(Arc::clone(&kept) as _));
            memory.refreshes_by(options.settings.refresh);
        }
        let state = CacheState {
            clock,
            timers,
            chance: Chance::default(),
            observe,
            l1: layers.l1,
            tagged_loads: Mutex::default(),
            l2,
            bus: Mutex::new(bus),
            fence,
            kept,
            generations,
            recent,
            seen: Seen::new(options.dedupe_entries, options.dedupe_ttl),
            outage: Outage::new(options.bus_down_l1_ttl),
            removed: LastRemoved::new(),
            news,
            switches: Switches::default(),
            is_closed: AtomicBool::new(false),
            listened: AtomicU64::new(Time::NEVER.0),
            options,
        };
        Cache { state: Arc::new(state) }
    }

    #[cfg(test)]
    pub(crate) fn state(&self) -> &Arc<CacheState<V>> {
        &self.state
    }

    /// The settings of a call without options.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.state.options.settings
    }

    /// Whether the only layer is the memory layer, so that no verb but a load has to wait.
    #[must_use]
    pub fn is_memory_only(&self) -> bool {
        matches!(self.state.l1, Layer1::Memory(_))
            && self.state.l2.is_none()
            && self.state.publisher().is_none()
    }

    /// The value of a key, from the first layer that has it.
    pub async fn get(&self, key: &Key, settings: &Settings) -> Option<V> {
        self.state.get(key, settings).await
    }

    /// The value of a key, else the outcome of its loader.
    pub fn get_or_set<C: Caller<V>>(
        &self,
        key: Key,
        settings: Arc<Settings>,
        caller: C,
    ) -> impl Future<Output = Outcome<V>> + Send + use<V, C> {
        Arc::clone(&self.state).get_or_set(key, settings, caller)
    }

    /// Lets the mirrors of the memory layer answer `mark`, which stands for absence, for a key that is known to
    /// be absent. Returns false if it is not known to be.
    #[must_use]
    pub fn mark_absent(&self, key: &Key, mark: V) -> bool {
        self.state.kept.negatives.mark(key, mark, self.state.now())
    }

    /// A ticket for work on a key that starts now, outside of the engine. Once it is void, nothing may be stored.
    #[must_use]
    pub fn ticket(&self, key: &Key) -> Ticket {
        self.state.fence.ticket(key, self.state.now()).counted(None, self.state.kept.counts.moment())
    }

    /// Whether nothing has invalidated the key of a ticket since, nor one of the tags that its value has by now.
    #[must_use]
    pub fn stands(&self, ticket: &Ticket, settings: &Settings) -> bool {
        let invalidated = |tags: &[Key]| self.state.kept.counts.were_invalidated(tags, ticket.moment());
        ticket.is_valid() && !settings.tags.as_deref().is_some_and(invalidated)
    }

    /// Sends a value that was loaded and stored outside of the engine to the peers, if loaded values are sent.
    pub async fn broadcast_loaded(&self, key: &Key, value: &V, settings: &Settings) {
        if self.state.options.broadcast_set && settings.l1_ttl != Ttl::NONE {
            let (keys, ttl) = (vec![key.clone()], Some(settings.l1_ttl));
            let body = Body::Set { keys, value: value.clone(), ttl };
            self.state.broadcast(key, body, settings, None).await;
        }
    }

    /// Stores a value in the active layers.
    pub async fn set(&self, key: &Key, value: V, settings: &Settings) {
        self.state.set(key, value, settings).await;
    }

    /// Leaves the key absent in the layers, without a word to the other instances.
    pub async fn unset(&self, key: &Key) {
        self.state.unset(key).await;
    }

    /// Whether a layer has the key.
    pub async fn has(&self, key: &Key) -> bool {
        self.state.has(key).await
    }

    /// Removes a key everywhere.
    pub async fn delete(&self, key: &Key) {
        self.state.delete(key).await;
    }

    /// Stops serving a key, everywhere, as if its lifetime were over; a stale copy stays if the cache keeps them.
    pub async fn expire(&self, key: &Key) {
        self.state.expire(key).await;
    }

    /// Removes all keys that match, everywhere.
    pub async fn delete_by_pattern(&self, pattern: &Pattern) {
        self.state.delete_by_pattern(pattern).await;
    }

    /// Stops serving all keys that match, everywhere; stale copies stay if the cache keeps them.
    pub async fn expire_by_pattern(&self, pattern: &Pattern) {
        self.state.expire_by_pattern(pattern).await;
    }

    /// Applies a message of another instance.
    pub async fn apply(&self, message: Message<V>) {
        self.state.apply(message).await;
    }

    /// The bus may have lost messages of other instances; `missed` is their number, 0 if it is not known. Values
    /// that were read or loaded before now are not served any more.
    pub async fn heal(&self, reason: GapReason, missed: u64) {
        self.state.heal(reason, missed).await;
    }

    /// Messages arrive from now on. Peers may still send values that an earlier message invalidates.
    pub fn listens(&self) {
        self.state.listens();
    }

    /// The bus is down, for that reason. The caller drives the future beside all other work: it waits until
    /// entries may no longer be served while the bus stays down.
    pub fn bus_down(
        &self,
        transport: String,
        error: Option<String>,
    ) -> impl Future<Output = ()> + Send + use<V> {
        let state = Arc::clone(&self.state);
        async move { state.bus_down(transport, error).await }
    }

    /// The process did not run, and messages of other instances have yet to arrive: until then nothing is
    /// served from memory.
    pub fn blind(&self) {
        self.state.blind();
    }

    /// How often [`Cache::blind`] was called.
    #[must_use]
    pub fn blindness(&self) -> u64 {
        self.state.outage.blindness()
    }

    /// The messages of that blindness have arrived; does nothing if a newer blindness has begun since.
    pub fn see(&self, blindness: u64) {
        self.state.see(blindness);
    }

    /// The bus is up, for the first time or again.
    pub fn bus_up(&self, transport: &str) {
        self.state.bus_up(transport);
    }

    /// The background work of a cache whose second layer is shared or that has a bus. The caller drives it
    /// beside all other work.
    #[must_use]
    pub fn upkeep(&self) -> Upkeep<V> {
        Upkeep::of(&self.state)
    }

    /// How long the sender of kept messages has to wait, see [`Publisher::wait`]. `Err` when the cache no
    /// longer has a bus.
    ///
    /// # Errors
    /// When the cache is closed.
    pub fn bus_wait(&self) -> Result<Option<Duration>, NoBus> {
        self.state.publisher().map(|publisher| publisher.wait()).ok_or(NoBus)
    }

    /// Reports whether kept messages could be sent.
    pub fn bus_tried(&self, sent: bool) {
        if let Some(publisher) = self.state.publisher() {
            publisher.tried(sent);
        }
    }

    /// Whether messages of other instances are applied without a call into custom layers.
    #[must_use]
    pub fn applies_alone(&self) -> bool {
        let has_private_l2 = self.state.l2.as_ref().is_some_and(|l2| !l2.store().is_shared());
        !matches!(self.state.l1, Layer1::Custom(_)) && !has_private_l2
    }

    /// Totals of all events.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        self.state.observe.counters()
    }

    /// The contents of the memory layer, and its evictions; `None` without one.
    #[must_use]
    pub fn memory_stats(&self) -> Option<MemoryStats> {
        match &self.state.l1 {
            Layer1::Memory(memory) => Some(memory.stats(self.state.now())),
            Layer1::Custom(_) | Layer1::Off => None,
        }
    }

    /// The same from a thread other than those of the layer's mirrors, see [`crate::l1::Memory::glance`].
    #[must_use]
    pub fn memory_glance(&self) -> Option<MemoryStats> {
        match &self.state.l1 {
            Layer1::Memory(memory) => Some(memory.glance()),
            Layer1::Custom(_) | Layer1::Off => None,
        }
    }

    /// The loads that run.
    #[must_use]
    pub fn running(&self) -> RunningLoads {
        let flights = &self.state.kept.flights;
        let oldest = flights.oldest().map(|started| self.state.now().since(started));
        RunningLoads { loads: flights.running(), oldest }
    }

    /// The time on this cache's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.state.now()
    }

    /// Drops the bus and all state besides the layers; with `clear_memory` also the entries of the memory layer.
    pub fn close(&self, clear_memory: bool) {
        self.state.bus.lock().take();
        self.state.is_closed.store(true, Relaxed);
        self.state.news.notify().notify_one();
        // Nobody else ends its blindness, and others may use the layer.
        self.see(self.blindness());
        let everything = Pattern::from("*");
        match &self.state.l1 {
            // Other caches use the layer and its fence: their loads go on.
            Layer1::Memory(_) if !clear_memory => self.state.kept.forget_matching(&everything),
            Layer1::Memory(memory) => {
                self.state.void_matching(&everything);
                memory.remove_where(|_| true);
            }
            Layer1::Custom(_) | Layer1::Off => self.state.void_matching(&everything),
        }
    }
}
