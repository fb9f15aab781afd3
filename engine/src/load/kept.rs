//! The state of a cache beside its layers, and the other caches on its layer, which have to hear of its writes.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use parking_lot::Mutex;

use super::{flight::Flights, negative::Negatives, stale::StaleCopies};
use crate::{
    entry::{key::Key, pattern::Pattern},
    value::Value,
};

/// The running loads of a cache, the keys it knows to be absent, and its stale copies.
pub struct Kept<V> {
    /// Which loads run.
    pub flights: Flights,
    /// Keys that a loader found nothing for.
    pub negatives: Negatives<V>,
    /// Copies for when a load fails.
    pub stale: StaleCopies<V>,
}

impl<V: Value> Kept<V> {
    /// A key was invalidated, or written by another.
    pub fn forget(&self, key: &Key) {
        self.forget_running(key);
        self.stale.remove(key);
    }

    /// A key has another value: the values of its running loads are older.
    pub fn forget_running(&self, key: &Key) {
        self.flights.forget(key);
        self.negatives.remove(key);
    }

    /// All keys that match were invalidated.
    pub fn forget_matching(&self, pattern: &Pattern) {
        self.forget_running_matching(pattern);
        self.stale.remove_matching(pattern);
    }

    /// All knowledge of the keys that match may be outdated; stale copies are.
    pub fn forget_running_matching(&self, pattern: &Pattern) {
        self.flights.forget_matching(pattern);
        self.negatives.remove_matching(pattern);
    }
}

/// The caches that stand on one memory layer: none may contradict what another has written or invalidated there.
pub struct Neighbours<V> {
    count: AtomicUsize,
    all: Mutex<Vec<Weak<Kept<V>>>>,
}

impl<V> Default for Neighbours<V> {
    fn default() -> Self {
        Neighbours { count: AtomicUsize::new(0), all: Mutex::default() }
    }
}

impl<V> Neighbours<V> {
    /// A cache comes to stand on the layer.
    pub fn join(&self, kept: &Arc<Kept<V>>) {
        let mut all = self.all.lock();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(kept));
        self.count.store(all.len(), SeqCst);
    }

    /// Calls `act` for all but one. Nothing is locked meanwhile.
    pub fn each_but(&self, one: &Arc<Kept<V>>, act: impl Fn(&Kept<V>)) {
        if self.count.load(SeqCst) < 2 {
            return;
        }
        let all: Vec<_> = self.all.lock().iter().filter_map(Weak::upgrade).collect();
        all.iter().filter(|kept| !Arc::ptr_eq(kept, one)).for_each(|kept| act(kept));
    }
}
