//! The caches on one memory layer: none may contradict a write or an invalidation of another one.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use parking_lot::Mutex;

use crate::{
    clock::Time,
    entry::{key::Key, pattern::Pattern},
};

/// A cache on a memory layer, as the others there see it. It drops its knowledge beside the layer when they tell it
/// to.
pub trait Neighbour: Send + Sync {
    /// A key was invalidated, or written by another.
    fn forget(&self, key: &Key);

    /// A key has another value: the values of its running loads are older.
    fn forget_running(&self, key: &Key);

    /// All keys that match were invalidated.
    fn forget_matching(&self, pattern: &Pattern);

    /// The running loads and absences of all keys that match may be outdated; their stale copies are.
    fn forget_running_matching(&self, pattern: &Pattern);

    /// The stale copy of a key was removed.
    fn forget_stale(&self, key: &Key);

    /// Tags were invalidated. It is not known which absences were found by loads with these tags.
    fn forget_absences_by_tags(&self);

    /// Tags were invalidated: their counts in a second layer may have changed.
    fn forget_counts(&self, tags: &[Key], now: Time);

    /// Those of the keys that are running whose stale copies have one of these tags.
    fn copied_with_tags(&self, tags: &[Key], is_running: &dyn Fn(&Key) -> bool) -> Vec<Key>;

    /// The stale copies with one of these tags were removed.
    fn forget_stale_by_tags(&self, tags: &[Key]);

    /// A key has a value: it is no longer known to be absent.
    fn forget_absence(&self, key: &Key);
}

/// The caches on one layer.
#[derive(Default)]
pub struct Neighbours {
    count: AtomicUsize,
    all: Mutex<Vec<Weak<dyn Neighbour>>>,
}

impl Neighbours {
    /// Adds a cache to the layer.
    pub fn join(&self, one: &Arc<dyn Neighbour>) {
        let mut all = self.all.lock();
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(one));
        self.count.store(all.len(), SeqCst);
    }

    /// Calls `act` for all but one. Nothing is locked meanwhile.
    pub fn each_but<N: Neighbour>(&self, one: &Arc<N>, act: impl Fn(&dyn Neighbour)) {
        if self.count.load(SeqCst) < 2 {
            return;
        }
        let all: Vec<_> = self.all.lock().iter().filter_map(Weak::upgrade).collect();
        let is_one = |other: &Arc<dyn Neighbour>| std::ptr::addr_eq(Arc::as_ptr(other), Arc::as_ptr(one));
        all.iter().filter(|other| !is_one(other)).for_each(|other| act(&**other));
    }
}
