//! The verbs of tags.

use super::Cache;
use crate::{
    entry::{key::Key, tags::Tags},
    value::Value,
};

impl<V: Value> Cache<V> {
    /// Removes all entries with one of these tags, everywhere.
    pub async fn delete_by_tag(&self, tags: &[Key]) {
        self.state.delete_by_tag(tags).await;
    }

    /// Stops serving these entries, everywhere; stale copies stay if the cache keeps them.
    pub async fn expire_by_tag(&self, tags: &[Key]) {
        self.state.expire_by_tag(tags).await;
    }

    /// The tags of the live entry of the memory layer for a key; `None` if it has none.
    #[must_use]
    pub fn tags_of(&self, key: &Key) -> Option<Tags> {
        self.state.tags_of(&self.state.stored_key(key))
    }

    /// Each tag of live entries of the memory layer, with their number.
    #[must_use]
    pub fn tags(&self) -> Vec<(Key, u64)> {
        self.state.tags()
    }
}
