//! `delete`: one key, everywhere.

use crate::{
    bus::Body,
    coherence::recent::Target,
    entry::key::Key,
    flow::state::CacheState,
    observe::{Event, Kind},
    store::StoreCall,
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// The key is void before the second layer is asked and again after it: whoever read the old value
    /// there in between must not bring it back.
    pub(crate) async fn delete(&self, key: &Key) {
        let (stored, entry) = (self.stored_key(key), self.entry_of(key));
        let underway = self.invalidates(|| Target::Key(key.clone()));
        self.note_removed(&stored);
        // Before the generation rises: a load that runs must not be stored under the new one.
        self.void(key);
        let generation = self.generations.raise(key);
        self.invalidate_l1(key, &stored).await;
        if let Some(l2) = &self.l2 {
            let call = StoreCall { operation: "delete", key: Some(key) };
            // A load that runs elsewhere under the lock of the key may not have heard of the delete when it ends.
            l2.delete(call, &entry, self.options.settings.lock.enabled.then_some(key)).await;
            self.void(key);
            self.invalidate_l1(key, &stored).await;
            if self.options.versioning {
                // What was read meanwhile from a layer whose entries have no generations of ours is under the new one.
                self.invalidate_l1(key, &self.stored_key(key)).await;
            }
        }
        self.observe.emit(Kind::Delete, || Event::Delete { key: key.clone(), remote: false, expired: false });
        self.publish(Some(generation), Body::Delete(vec![key.clone()]), underway).await;
    }
}
