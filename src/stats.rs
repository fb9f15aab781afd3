//! The statistics of this process's caches, which any thread can read without a turn of their event loops.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use lazy_layers_engine::{cache::Cache, l1::MirrorStats, observe::Kind, resilience::breaker::BreakerState};
use parking_lot::Mutex;

use crate::{
    contract::{
        counted, observed,
        stats::{COUNT, Sources, read},
    },
    memory::Slot,
    raw::memory::Shared,
    totals::{
        Names, Total,
        durations::{Durations, Timed},
    },
};

/// Stands for no environment: the reader is on a thread of its own.
pub(crate) const ELSEWHERE: u32 = u32::MAX;

/// The statistics of one cache.
pub(crate) struct CacheStats {
    cache: Cache<Slot>,
    /// Caches are numbered in the order of their creation.
    pub(crate) number: u32,
    /// Its name among those on its bus.
    pub(crate) name: String,
    /// The number of its environment, in the order of their creation.
    pub(crate) environment: u32,
    /// Whether a user made it, not a store or a bus, and it has not ended. Changes while [`ALL`] is locked.
    is_listed: AtomicBool,
    /// The counts of JavaScript, until its environment ends.
    counted: Mutex<Shared<AtomicU64>>,
    /// The durations that JavaScript counts while its dashboard is on.
    timed: Mutex<Shared<AtomicU64>>,
    /// Whether all hits of the memory layer's mirror belong to this cache.
    owns_mirror: AtomicBool,
    /// The evictions of the memory layer from before the caches of this name were on it, by capacity and at their end.
    evicted: [f64; 2],
}

/// The caches of all environments.
struct All {
    caches: Vec<Weak<CacheStats>>,
    names: Names,
}

/// Locked before the counts of a cache and before memory layers.
static ALL: Mutex<All> = Mutex::new(All { caches: Vec::new(), names: Names::new() });

impl All {
    fn listed(&self) -> impl Iterator<Item = Arc<CacheStats>> {
        self.caches.iter().filter_map(Weak::upgrade).filter(|stats| stats.is_listed.load(Relaxed))
    }

    /// A cache of this name on this memory layer.
    fn on_layer(&self, name: &str, memory: Option<usize>) -> Option<Arc<CacheStats>> {
        self.listed()
            .find(|stats| stats.name == name && memory.is_some() && stats.cache.memory_id() == memory)
    }
}

impl CacheStats {
    /// Registers a cache: [`all`] finds it for as long as the result is held.
    pub(crate) fn register(
        cache: Cache<Slot>,
        (name, environment): (String, u32),
        is_listed: bool,
        counted: Shared<AtomicU64>,
    ) -> Arc<CacheStats> {
        static CACHES: AtomicU32 = AtomicU32::new(0);
        let mut all = ALL.lock();
        let evicted = match all.on_layer(&name, cache.memory_id()) {
            Some(other) => other.evicted,
            None => evicted(&cache),
        };
        let stats = Arc::new(CacheStats {
            cache,
            number: CACHES.fetch_add(1, Relaxed),
            name,
            environment,
            is_listed: AtomicBool::new(is_listed),
            counted: Mutex::new(counted),
            timed: Mutex::new(Shared::NONE),
            owns_mirror: AtomicBool::new(true),
            evicted,
        });
        all.caches.retain(|held| held.strong_count() > 0);
        all.caches.push(Arc::downgrade(&stats));
        if is_listed {
            all.names.begin(&stats.name);
        }
        stats
    }

    /// From here on JavaScript counts the hits and sets of this cache, as other caches use its memory layer.
    /// If it was alone there, they go on from the counts of the mirror.
    #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
    pub(crate) fn share_mirror(&self, was_alone: bool) {
        let counted = self.counted.lock();
        if !self.owns_mirror.swap(false, Relaxed) || !was_alone {
            return;
        }
        let MirrorStats { hits, sets } = self.cache.memory_stats().unwrap_or_default().mirror;
        counted.store(counted::HITS, counted.load(counted::HITS) + hits as f64);
        counted.store(counted::SETS, counted.load(counted::SETS) + sets as f64);
    }

    /// The cache is closed: [`all`] leaves it out, and its counts go on in the totals of its name.
    pub(crate) fn close(&self) {
        let mut all = ALL.lock();
        if !self.is_listed.load(Relaxed) {
            return;
        }
        let mut total = self.total(ELSEWHERE);
        self.is_listed.store(false, Relaxed);
        if all.on_layer(&self.name, self.cache.memory_id()).is_some() {
            total.leave_layer_out();
        }
        all.names.end(&self.name, total);
    }

    /// The same of a cache that is garbage, or whose environment ends. Stops reading the counts of JavaScript.
    pub(crate) fn detach(&self) {
        self.close();
        *self.counted.lock() = Shared::NONE;
    }

    /// The dashboard is on: JavaScript counts durations.
    pub(crate) fn observe(&self, timed: Shared<AtomicU64>) {
        *self.timed.lock() = timed;
    }

    /// The dashboard is off. Stops reading the durations of JavaScript, which go on in the totals of the name.
    pub(crate) fn unobserve(&self) {
        let mut all = ALL.lock();
        if self.is_listed.load(Relaxed) {
            for timed in [Timed::Loads, Timed::Calls] {
                if let Some(durations) = self.durations(timed) {
                    all.names.add(&self.name, timed, &durations);
                }
            }
        }
        *self.timed.lock() = Shared::NONE;
    }

    /// Its name among all caches of the process.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.environment, self.number)
    }

    /// Its durations of a kind; `None` if nothing is counted there.
    pub(crate) fn durations(&self, timed: Timed) -> Option<Durations> {
        let (counters, [second, bus]) = (self.cache.counters(), self.circuits().map(|state| state.is_some()));
        let of_javascript = || {
            let words = self.timed.lock();
            (words.len() > 0).then(|| Durations::counted(&words, timed))
        };
        let (durations, is_there) = match timed {
            Timed::SecondLayer => (Durations::of(counters.second_layer()), second),
            Timed::Bus => (Durations::of(counters.publishing()), bus),
            Timed::Loads => (of_javascript()?, true),
            Timed::Calls => (of_javascript()?, false),
        };
        (is_there || durations.count() > 0).then_some(durations)
    }

    /// How many events JavaScript has kept for its dashboard so far, those among them that made room.
    pub(crate) fn kept(&self) -> f64 {
        self.timed.lock().load(observed::durations::KEPT)
    }

    /// The name of its instance on its bus.
    pub(crate) fn source(&self) -> &str {
        self.cache.source()
    }

    /// The states of its circuits: around the second layer, and around the bus.
    pub(crate) fn circuits(&self) -> [Option<BreakerState>; 2] {
        self.cache.circuits()
    }

    /// Whether it has a first layer.
    pub(crate) fn has_first_layer(&self) -> bool {
        self.cache.has_first_layer()
    }

    /// How often its bus went up or down, which is not in the contract.
    pub(crate) fn bus_statuses(&self) -> u64 {
        self.cache.counters().total(Kind::BusStatus)
    }

    /// The numbers, in the order of the contract. `environment` is that of the reading thread: caches of other
    /// environments are only read, as those drain their journals themselves.
    pub(crate) fn read(&self, environment: u32) -> [f64; COUNT] {
        let is_here = environment == self.environment;
        let memory = if is_here { self.cache.memory_stats() } else { self.cache.memory_glance() };
        let owns_mirror;
        let counted = {
            let words = self.counted.lock();
            owns_mirror = self.owns_mirror.load(Relaxed);
            std::array::from_fn::<_, { counted::LENGTH }, _>(|at| words.load(at))
        };
        read(&Sources {
            counters: self.cache.counters(),
            memory,
            running: self.cache.running(),
            counted,
            mirror: memory.filter(|_| owns_mirror).unwrap_or_default().mirror,
            now_ms: self.cache.now().as_millis_f64(),
        })
    }

    /// Its part of the totals of its name.
    fn total(&self, environment: u32) -> Total {
        let mut total = Total { numbers: self.read(environment), ..Total::default() };
        total.take_off(self.evicted);
        for timed in [Timed::SecondLayer, Timed::Bus, Timed::Loads, Timed::Calls] {
            if let Some(durations) = self.durations(timed) {
                total.add_durations(timed, &durations);
            }
        }
        total
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
fn evicted(cache: &Cache<Slot>) -> [f64; 2] {
    let evicted = cache.memory_glance().unwrap_or_default().evicted;
    [evicted.capacity as f64, evicted.expired as f64]
}

/// All caches, of all environments.
pub(crate) fn all() -> Vec<Arc<CacheStats>> {
    ALL.lock().listed().collect()
}

/// The totals of all caches by name, also of those that have ended. `environment` is that of the reading thread.
pub(crate) fn totals(environment: u32) -> BTreeMap<String, Total> {
    let all = ALL.lock();
    let mut totals: BTreeMap<String, Total> =
        all.names.ended().map(|(name, total)| (name.clone(), total.clone())).collect();
    let mut layers = HashSet::new();
    for stats in all.listed() {
        let mut total = stats.total(environment);
        let layer = stats.cache.memory_id();
        if layer.is_some() && !layers.insert((stats.name.clone(), layer)) {
            total.leave_layer_out();
        }
        totals.entry(stats.name.clone()).or_default().add(&total);
    }
    totals
}
