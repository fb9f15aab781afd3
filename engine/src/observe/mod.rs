//! Events and counters of the engine: [`event`]s of [`field`]s for observers, [`counters`], and [`histogram`]s.

pub mod counters;
pub mod event;
pub mod field;
pub mod histogram;

use std::sync::Arc;

pub use counters::Counters;
pub use event::{Event, Kind, Level, Levels, MissLevel};
pub use histogram::Histogram;

/// Receives events. Called on the thread where the event happened, with no lock held.
pub trait Observer<V>: Send + Sync {
    /// Whether events of this kind are wanted. Asked before each event is made.
    fn wants(&self, kind: Kind) -> bool;
    /// An event that was wanted.
    fn observe(&self, event: Event<V>);
}

/// Counts every event and passes on those that are wanted.
pub struct Observe<V> {
    counters: Counters,
    observer: Arc<dyn Observer<V>>,
}

impl<V> Observe<V> {
    /// Passes wanted events to `observer`.
    #[must_use]
    pub fn new(observer: Arc<dyn Observer<V>>) -> Observe<V> {
        Observe { counters: Counters::default(), observer }
    }

    /// The totals.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Counts an event; makes it only if the observer wants it.
    pub fn emit(&self, kind: Kind, event: impl FnOnce() -> Event<V>) {
        self.counters.add(kind);
        if self.observer.wants(kind) {
            self.observer.observe(event());
        }
    }
}
