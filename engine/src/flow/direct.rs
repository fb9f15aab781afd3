//! Values that were stored beside the flows: by the loader of a subclass, and by a store without a cache.

use crate::{
    coherence::fence::Ticket,
    entry::key::Key,
    flow::{delete::StaleCopy, state::CacheState},
    load::notes::Note,
    options::Settings,
    store::StoreCall,
    value::Value,
};

impl<V: Value> CacheState<V> {
    pub(crate) fn stored_directly(&self, key: &Key, value: &V, settings: &Settings) {
        self.void_running(key);
        self.renew_stale(key, value, Note::default(), settings, None);
    }

    /// The loader has stored its value by calls of its own. Removes it again if another instance has invalidated the
    /// key since the load began: such a call asks for no mark.
    pub(super) async fn remove_if_overtaken(&self, key: &Key, ticket: &Ticket) {
        let Some(l2) = self.counting_l2() else { return };
        let (stored, entry) = (&*self.stored_key(key), &*self.entry_of(key));
        let call = StoreCall { operation: "delete", key: Some(key) };
        let Some(mark) = ticket.mark() else {
            // The layer could not be read before the load, so nobody knows whether the value is still true there.
            return l2.delete(call, entry, None).await;
        };
        let asked = l2.run(StoreCall { operation: "get", key: Some(key) }, |store| store.stands(entry, mark));
        // Where the layer cannot be read now, it did not take the value either.
        if asked.await.unwrap_or(true) {
            return;
        }
        // Before it stored the value, that method has invalidated the key itself.
        if self.removed.has(entry, ticket.started(), self.now()) {
            return;
        }
        self.void(key);
        self.leave_l1(key, stored, StaleCopy::Removed).await;
        // Not as an invalidation, which would overtake the loads of other instances, and those this one's again.
        l2.run(call, |store| store.discard(entry)).await;
        // A read may have taken the value over in between.
        self.void(key);
        self.leave_l1(key, stored, StaleCopy::Removed).await;
    }
}
