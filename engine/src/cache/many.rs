//! Verbs of several keys.

use super::Cache;
use crate::{entry::key::Key, options::Settings, value::Value};

impl<V: Value> Cache<V> {
    /// The values of keys, each from the first layer that has it, in order.
    pub async fn get_many(&self, keys: &[Key], settings: &Settings) -> Vec<Option<V>> {
        self.state.get_many(keys, settings).await
    }

    /// Removes keys everywhere.
    pub async fn delete_many(&self, keys: &[Key]) {
        self.state.delete_many(keys).await;
    }
}
