//! Layers and events that are turned on and off while a cache runs, and entries taken back from an earlier run.

use super::Cache;
use crate::{
    clock::Ttl,
    entry::{key::Key, tags::Tags},
    observe::Levels,
    value::Value,
};

impl<V: Value> Cache<V> {
    /// Whether messages of other instances have ever arrived.
    #[must_use]
    pub fn has_listened(&self) -> bool {
        self.state.has_listened()
    }

    /// Turns the reads of these layers off, and those of the others on. Writes go on.
    pub fn skip(&self, layers: Levels) {
        self.state.skip(layers);
    }

    /// Begins or ends to tell which entries leave the memory layer.
    pub fn watch_evictions(&self, is_on: bool) {
        self.state.watch_evictions(is_on);
    }

    /// Takes back an entry of an earlier run into the memory layer, with its remaining life; anything that
    /// is there already stays. Returns whether it is there.
    #[must_use]
    pub fn restore(&self, key: &Key, value: V, left: Ttl, tags: Option<&Tags>) -> bool {
        self.state.restore(key, value, left, tags)
    }
}
