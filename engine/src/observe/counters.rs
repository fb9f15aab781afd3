//! Totals of events by kind.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Kind;

/// One total per [`Kind`].
#[derive(Debug, Default)]
pub struct Counters {
    totals: [AtomicU64; Kind::COUNT],
}

impl Counters {
    /// Counts one event.
    pub fn add(&self, kind: Kind) {
        self.totals[kind as usize].fetch_add(1, Relaxed);
    }

    /// How many events of a kind there were.
    #[must_use]
    pub fn total(&self, kind: Kind) -> u64 {
        self.totals[kind as usize].load(Relaxed)
    }
}
