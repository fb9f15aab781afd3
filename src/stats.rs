//! The statistics of this process's caches, which any thread can read without a turn of their event loops.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
};

use lazy_layers_engine::{
    cache::Cache,
    l1::MirrorStats,
    observe::{Histogram, Kind},
    resilience::breaker::BreakerState,
};
use parking_lot::Mutex;

use crate::{
    contract::{
        counted,
        stats::{COUNT, Sources, read},
    },
    memory::Slot,
    raw::memory::Shared,
};

/// The statistics of one cache.
pub(crate) struct CacheStats {
    cache: Cache<Slot>,
    /// Caches are numbered in the order of their creation.
    pub(crate) number: u32,
    /// Its name among those on its bus.
    pub(crate) name: String,
    /// The number of its environment, in the order of their creation.
    pub(crate) environment: u32,
    /// Whether a user made it, not a store or a bus, and it is not closed.
    is_listed: AtomicBool,
    /// The counts of JavaScript, until its environment ends.
    counted: Mutex<Shared<AtomicU64>>,
    /// Whether all hits of the memory layer's mirror belong to this cache.
    owns_mirror: AtomicBool,
}

/// The caches of all environments.
static ALL: Mutex<Vec<Weak<CacheStats>>> = Mutex::new(Vec::new());

impl CacheStats {
    /// Registers a cache: [`all`] finds it for as long as the result is held.
    pub(crate) fn register(
        cache: Cache<Slot>,
        (name, environment): (String, u32),
        is_listed: bool,
        counted: Shared<AtomicU64>,
    ) -> Arc<CacheStats> {
        static CACHES: AtomicU32 = AtomicU32::new(0);
        let number = CACHES.fetch_add(1, Relaxed);
        let counted = Mutex::new(counted);
        let (owns_mirror, is_listed) = (AtomicBool::new(true), AtomicBool::new(is_listed));
        let stats =
            Arc::new(CacheStats { cache, number, name, environment, is_listed, counted, owns_mirror });
        let mut all = ALL.lock();
        all.retain(|held| held.strong_count() > 0);
        all.push(Arc::downgrade(&stats));
        stats
    }

    /// From here on JavaScript counts the hits and sets of this cache, as other caches use its memory layer.
    /// If it was alone there, they go on from the counts of the mirror.
    #[expect(clippy::cast_precision_loss, reason = "counts fit 53 bits")]
    pub(crate) fn share_mirror(&self, was_alone: bool) {
        if !self.owns_mirror.swap(false, Relaxed) || !was_alone {
            return;
        }
        let MirrorStats { hits, sets } = self.cache.memory_stats().unwrap_or_default().mirror;
        let counted = self.counted.lock();
        counted.store(counted::HITS, counted.load(counted::HITS) + hits as f64);
        counted.store(counted::SETS, counted.load(counted::SETS) + sets as f64);
    }

    /// The cache is closed: [`all`] leaves it out.
    pub(crate) fn close(&self) {
        self.is_listed.store(false, Relaxed);
    }

    /// Stops reading the counts of JavaScript.
    pub(crate) fn detach(&self) {
        *self.counted.lock() = Shared::NONE;
    }

    /// Its name among all caches of the process.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.environment, self.number)
    }

    /// The durations of operations on its second layer, and of messages on its bus.
    pub(crate) fn histograms(&self) -> [&Histogram; 2] {
        let counters = self.cache.counters();
        [counters.second_layer(), counters.publishing()]
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
        let counted = {
            let words = self.counted.lock();
            std::array::from_fn::<_, { counted::LENGTH }, _>(|at| words.load(at))
        };
        read(&Sources {
            counters: self.cache.counters(),
            memory,
            running: self.cache.running(),
            counted,
            mirror: memory.filter(|_| self.owns_mirror.load(Relaxed)).unwrap_or_default().mirror,
            now_ms: self.cache.now().as_millis_f64(),
        })
    }
}

/// All caches, of all environments.
pub(crate) fn all() -> Vec<Arc<CacheStats>> {
    ALL.lock().iter().filter_map(Weak::upgrade).filter(|stats| stats.is_listed.load(Relaxed)).collect()
}
