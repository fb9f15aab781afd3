//! Caches that are told which entries left the memory layer.

use std::sync::Arc;

use parking_lot::Mutex;

use super::memory::Memory;
use crate::{bounded::Left, entry::key::Key, value::Value};

/// Is told which entries left, with the layer unlocked.
pub trait Watcher: Send + Sync {
    /// The entry of a stored key left.
    fn left(&self, stored: &Key, left: Left);
}

/// The watchers of a layer.
#[derive(Default)]
pub(super) struct Watchers {
    all: Mutex<Vec<Arc<dyn Watcher>>>,
}

/// Entries that left. They are told when this is dropped, which must be after the layer was unlocked.
pub(super) struct Told<'a> {
    pub(super) left: Vec<(Key, Left)>,
    pub(super) watchers: &'a Watchers,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if self.left.is_empty() {
            return;
        }
        let watchers = self.watchers.all.lock().clone();
        for (key, left) in &self.left {
            watchers.iter().for_each(|watcher| watcher.left(key, *left));
        }
    }
}

impl<V: Value> Memory<V> {
    /// Begins or ends to tell a watcher.
    pub fn watch(&self, watcher: &Arc<dyn Watcher>, is_on: bool) {
        let mut all = self.watchers().all.lock();
        all.retain(|other| !Arc::ptr_eq(other, watcher));
        if is_on {
            all.push(Arc::clone(watcher));
        }
        let is_watched = !all.is_empty();
        drop(all);
        self.with_entries(|entries, _| entries.log_leaving(is_watched));
    }
}
