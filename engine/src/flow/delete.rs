//! `delete` and `expire` of one key, everywhere.

use std::borrow::Cow;

use crate::{
    bus::Body,
    coherence::recent::{Target, Underway},
    entry::key::Key,
    flow::state::CacheState,
    l1::Layer1,
    observe::{Event, Kind},
    store::StoreCall,
    value::Value,
};

/// An invalidation that is done here, and has yet to be told to the other instances.
pub(super) struct Removal {
    /// How often the key was deleted.
    pub(super) generation: u64,
    pub(super) underway: Option<Underway>,
}

/// Whether the stale copies of values that are removed stay, for loads that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StaleCopy {
    Removed,
    Kept,
}

impl<V: Value> CacheState<V> {
    pub(crate) async fn delete(&self, key: &Key) {
        self.invalidate(key, StaleCopy::Removed).await;
    }

    /// Removes a key from all layers and tells the other instances.
    ///
    /// The key is voided before the second layer is asked and once more after it: a caller that read the old
    /// value there in between must not bring it back.
    pub(super) async fn invalidate(&self, key: &Key, copy: StaleCopy) {
        let Removal { generation, underway } = self.remove(key, copy).await;
        let message = self.message(Some(generation), Body::Delete(vec![key.clone()]));
        self.publish(message.expiring(copy == StaleCopy::Kept), underway).await;
    }

    /// The same, without a word to the other instances.
    pub(super) async fn remove(&self, key: &Key, copy: StaleCopy) -> Removal {
        let (stored, entry) = (self.stored_key(key), self.entry_of(key));
        let underway = self.invalidates(|| Target::Key(key.clone()));
        self.note_removed(&entry);
        if copy == StaleCopy::Kept {
            self.keep_as_stale(key, &stored);
        }
        // Before the generation rises: a load that runs must not be stored under the new one.
        self.void_but(key, copy);
        let generation = self.generations.raise(key);
        self.leave_l1(key, &stored, copy).await;
        if let Some(l2) = &self.l2 {
            let call = StoreCall { operation: "delete", key: Some(key) };
            // A load that runs elsewhere under the lock of the key may not have heard of the delete when it ends.
            l2.delete(call, &entry, self.options.settings.lock.enabled.then_some(key)).await;
            self.void_but(key, copy);
            self.leave_l1(key, &stored, copy).await;
            if let Cow::Owned(current) = self.stored_key(key) {
                // A value that was read meanwhile from a layer whose entries lack our generations is stored
                // under the new generation.
                self.leave_l1(key, &current, copy).await;
            }
        }
        let expired = copy == StaleCopy::Kept;
        self.observe.emit(Kind::Delete, || Event::Delete { key: key.clone(), remote: false, expired });
        Removal { generation, underway }
    }

    /// Removes the value from L1. A custom L1 takes its time, in which a load may read the old value elsewhere.
    pub(super) async fn leave_l1(&self, key: &Key, stored: &Key, copy: StaleCopy) {
        self.clear_l1(key, stored).await;
        if matches!(self.l1, Layer1::Custom(_)) {
            self.void_but(key, copy);
        }
    }
}
