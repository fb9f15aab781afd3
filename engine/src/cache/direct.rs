//! Writes of the second layer by itself: a store without a cache, whose failures have to reach the caller. The verbs of
//! the cache around it know of them by these.

use super::Cache;
use crate::{
    entry::{key::Key, pattern::Pattern},
    options::Settings,
    value::Value,
};

impl<V: Value> Cache<V> {
    /// A key is deleted from the second layer. [`Cache::forget`] follows once it was.
    pub fn deletes(&self, key: &Key) {
        self.state.note_removed(&self.state.entry_of(key));
        self.state.void(key);
    }

    /// The same for all keys that match.
    pub fn deletes_matching(&self, pattern: &Pattern) {
        self.state.note_removed_matching(&self.state.stored_pattern(pattern));
        self.state.void_matching(pattern);
    }

    /// A key changes in the second layer: running loads, stale copies and absences of it are void. To be called before
    /// and after the layer was asked, as a load may have begun in between.
    pub fn forget(&self, key: &Key) {
        self.state.void(key);
    }

    /// The same for all keys that match.
    pub fn forget_matching(&self, pattern: &Pattern) {
        self.state.void_matching(pattern);
    }

    /// The second layer has a new value: running loads are older, and the stale copy is one of it.
    pub fn stored(&self, key: &Key, value: &V, settings: &Settings) {
        self.state.stored_directly(key, value, settings);
    }
}
