//! `expire`: one key is not served any more, everywhere, as if its lifetime were over. Unlike `delete` it leaves the
//! stale copy, for loads that fail.

use crate::{
    bus::Body,
    coherence::recent::Target,
    entry::key::Key,
    flow::state::CacheState,
    l1::Layer1,
    observe::{Event, Kind},
    store::StoreCall,
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// The value of the memory layer becomes the stale copy, if fail-safe keeps such copies, and a copy that is there
    /// stays. Loads that run began before the value was over: none of them stores its value. The peers get a delete,
    /// which every version understands, and keep no copy.
    ///
    /// As with `delete` the key is void before the second layer is asked and again after it.
    pub(crate) async fn expire(&self, key: &Key) {
        let (stored, entry) = (self.stored_key(key), self.entry_of(key));
        let underway = self.invalidates(|| Target::Key(key.clone()));
        self.keep_as_stale(key, &stored);
        self.void_running(key);
        let generation = self.generations.raise(key);
        self.leave_l1(key, &stored).await;
        if let Some(l2) = &self.l2 {
            let call = StoreCall { operation: "delete", key: Some(key) };
            l2.delete(call, &entry, self.options.settings.lock.enabled.then_some(key)).await;
            self.void_running(key);
            self.leave_l1(key, &stored).await;
            if self.options.versioning {
                // As with `delete`: a value read meanwhile is under the new generation.
                self.leave_l1(key, &self.stored_key(key)).await;
            }
        }
        self.observe.emit(Kind::Delete, || Event::Delete { key: key.clone(), remote: false, expired: true });
        self.publish(Some(generation), Body::Delete(vec![key.clone()]), underway).await;
    }

    /// Removes the value from L1. A custom one takes its time, in which a load may have read the old value elsewhere.
    async fn leave_l1(&self, key: &Key, stored: &Key) {
        self.clear_l1(key, stored).await;
        if matches!(self.l1, Layer1::Custom(_)) {
            self.void_running(key);
        }
    }

    /// A copy is kept for as long as one of a value that is read now would be.
    fn keep_as_stale(&self, key: &Key, stored: &Key) {
        let Layer1::Memory(memory) = &self.l1 else { return };
        if let Some(held) = memory.look(stored, self.now()) {
            self.remember_stale(key, &held.value, &self.options.settings, None);
        }
    }
}
