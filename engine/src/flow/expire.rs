//! `expire` and `expireByPattern`: stop serving keys, everywhere, as if their lifetimes were over. Unlike deletes
//! they leave stale copies, for loads that fail.

use crate::{
    entry::{key::Key, pattern::Pattern},
    flow::{delete::StaleCopy, state::CacheState},
    l1::Layer1,
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// The value of the memory layer becomes the stale copy, if fail-safe keeps copies; a copy that is already
    /// there stays. Running loads began before the expiry, so none of them stores its value. The peers get a
    /// delete with `expires`: they keep their copies, except for versions that do not know the field.
    pub(crate) async fn expire(&self, key: &Key) {
        self.invalidate(key, StaleCopy::Kept).await;
    }

    /// The same for all keys that match.
    pub(crate) async fn expire_by_pattern(&self, pattern: &Pattern) {
        self.invalidate_matching(pattern, StaleCopy::Kept).await;
    }

    /// A copy is kept for as long as one of a value that is read now would be.
    pub(super) fn keep_as_stale(&self, key: &Key, stored: &Key) {
        let Layer1::Memory(memory) = &self.l1 else { return };
        let ticket = self.fence.ticket(key, self.now());
        if let Some(held) = memory.look(stored, self.now()) {
            let tags = self.tags_of_read(stored);
            self.keep_stale(key, &held.value, tags.as_ref(), &ticket);
        }
    }
}
