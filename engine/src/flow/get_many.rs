//! `getMany`: the reads of several keys at the same time.

use crate::{
    entry::key::Key,
    flow::{state::CacheState, together::together},
    options::Settings,
    value::Value,
};

impl<V: Value> CacheState<V> {
    /// The values of keys, in order.
    pub(crate) async fn get_many(&self, keys: &[Key], settings: &Settings) -> Vec<Option<V>> {
        together(keys.iter().map(|key| self.get(key, settings))).await
    }
}
