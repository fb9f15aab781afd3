//! Looks into a cache that change nothing.

use super::{Cache, Explained, Inspection};
use crate::{entry::key::Key, value::Value};

impl<V: Value> Cache<V> {
    /// What memory has of a key. Changes nothing.
    #[must_use]
    pub fn explain(&self, key: &Key) -> Explained<V> {
        self.state.explain(key)
    }

    /// The loads and the remembered state right now.
    #[must_use]
    pub fn inspect(&self) -> Inspection {
        let now = self.state.now();
        Inspection {
            running_loads: self.state.kept.flights.running(),
            joinable_loads: self.state.kept.flights.count(),
            oldest_load: self.state.kept.flights.oldest().map(|started| now.since(started)),
            fenced_keys: self.state.fence.tracked_keys(),
            negative_entries: self.state.kept.negatives.len(now),
            stale_copies: self.state.kept.stale.len(now),
            seen_events: self.state.seen.len(now),
            counted_keys: self.state.generations.count(),
            recent_invalidations: self.state.recent.len(now),
        }
    }
}
