//! Loads whose loaders are counted, or that are led, outside of the engine.

use super::Cache;
use crate::{
    clock::Time,
    entry::key::Key,
    load::{Loaded, Outcome},
    options::Settings,
    value::Value,
};

impl<V: Value> Cache<V> {
    /// Ends a load that was led outside of the engine and began at `started`: stores its value, or finds
    /// another answer. `overtaken` says that an invalidation or a write of its key came first.
    pub async fn finish_load(
        &self,
        key: &Key,
        settings: &Settings,
        started: Time,
        overtaken: bool,
        loaded: Loaded<V>,
    ) -> Outcome<V> {
        self.state.finish_load(key, settings, started, overtaken, loaded).await
    }

    /// A load finds as many loaders running as may, and room to wait or none. Returns whether it is to wait; else
    /// its loader is not called, and [`Caller::was_refused`] says so.
    #[must_use]
    pub fn limited(&self, key: &Key, settings: &Settings, has_room: bool) -> bool {
        self.state.limited(key, settings, has_room)
    }
}
