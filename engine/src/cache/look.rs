//! Looks into a cache that change no entry.

use super::{Cache, Explained, Inspection, Looked, Stale};
use crate::{
    entry::{key::Key, pattern::Pattern},
    l1::Layer1,
    options::Settings,
    resilience::breaker::BreakerState,
    value::Value,
};

impl<V: Value> Cache<V> {
    /// Returns the state of a key in memory. Changes nothing.
    #[must_use]
    pub fn explain(&self, key: &Key) -> Explained<V> {
        self.state.explain(key)
    }

    /// The live entry of the memory layer that a read would find. Changes nothing.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Option<Looked<V>> {
        self.state.peek(key)
    }

    /// The value that a load of a key replaces, if it is known. Changes nothing.
    #[must_use]
    pub fn stale_of(&self, key: &Key, settings: &Settings) -> Option<Stale<V>> {
        self.state.stale_of(key, settings)
    }

    /// The number of entries.
    pub async fn size(&self) -> u64 {
        self.state.size().await
    }

    /// The number of entries of the memory layer that match.
    pub async fn size_matching(&self, pattern: &Pattern) -> u64 {
        self.state.size_matching(pattern).await
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

    /// The states of its circuits: around the second layer, and around the bus; `None` where it has none.
    #[must_use]
    pub fn circuits(&self) -> [Option<BreakerState>; 2] {
        let bus = self.state.publisher().map(|publisher| publisher.circuit());
        [self.state.l2.as_ref().map(|l2| l2.circuit()), bus]
    }

    /// How this instance is named on its bus.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.state.options.source
    }

    /// Whether it has a first layer, of whatever kind.
    #[must_use]
    pub fn has_first_layer(&self) -> bool {
        !matches!(self.state.l1, Layer1::Off)
    }
}
