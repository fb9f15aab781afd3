//! The state of a cache beside its layers.

use super::{flight::Flights, negative::Negatives, notes::Notes, stale::StaleCopies, until::Until};
use crate::{
    clock::Time,
    coherence::counts::Counts,
    entry::{key::Key, pattern::Pattern},
    l1::Neighbour,
    value::Value,
};

/// The running loads of a cache, the keys it knows to be absent, its stale copies, and the counts of tags it knows.
pub struct Kept<V> {
    /// The running loads.
    pub flights: Flights,
    /// Keys that a loader found nothing for.
    pub negatives: Negatives<V>,
    /// Copies for when a load fails.
    pub stale: StaleCopies<V>,
    /// The counts of tags in the second layer.
    pub(crate) counts: Counts,
    /// Notes about the values.
    pub notes: Notes,
    /// Keys whose loaders did not want their values to be stored: nobody waits for their loads.
    pub uncacheable: Until,
    /// Keys whose refreshes run, or failed a short while ago.
    pub refreshing: Until,
}

impl<V: Value> Neighbour for Kept<V> {
    fn forget(&self, key: &Key) {
        self.forget_running(key);
        self.forget_stale(key);
    }

    fn forget_running(&self, key: &Key) {
        self.flights.forget(key);
        self.negatives.remove(key);
    }

    fn forget_matching(&self, pattern: &Pattern) {
        self.forget_running_matching(pattern);
        self.stale.remove_matching(pattern);
        self.notes.remove_matching(pattern);
    }

    fn forget_running_matching(&self, pattern: &Pattern) {
        self.flights.forget_matching(pattern);
        self.negatives.remove_matching(pattern);
    }

    fn forget_stale(&self, key: &Key) {
        self.stale.remove(key);
        self.notes.remove(key);
    }

    fn forget_absences_by_tags(&self) {
        self.negatives.forget_tagged();
    }

    fn forget_counts(&self, tags: &[Key], now: Time) {
        self.counts.invalidate(tags, now);
    }

    fn copied_with_tags(&self, tags: &[Key], is_running: &dyn Fn(&Key) -> bool) -> Vec<Key> {
        self.stale.tagged(tags, is_running)
    }

    fn forget_stale_by_tags(&self, tags: &[Key]) {
        self.stale.remove_tagged(tags);
    }

    fn forget_absence(&self, key: &Key) {
        self.negatives.remove(key);
    }
}
