//! Totals of events by kind, and of the time of loads, the second layer and the bus.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{Histogram, Kind};

/// One total per [`Kind`].
#[derive(Debug)]
pub struct Counters {
    totals: [AtomicU64; Kind::COUNT],
    load_micros: AtomicU64,
    second_layer: Histogram,
    publishing: Histogram,
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            totals: std::array::from_fn(|_| AtomicU64::new(0)),
            load_micros: AtomicU64::new(0),
            second_layer: Histogram::default(),
            publishing: Histogram::default(),
        }
    }
}

impl Counters {
    /// Counts one event.
    pub fn add(&self, kind: Kind) {
        self.totals[kind as usize].fetch_add(1, Relaxed);
    }

    /// Counts the time that a load took.
    pub fn add_load_time(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.load_micros.fetch_add(micros, Relaxed);
    }

    /// The time of all loads that are over together.
    #[must_use]
    pub fn load_time(&self) -> Duration {
        Duration::from_micros(self.load_micros.load(Relaxed))
    }

    /// How long operations of the second layer took, also those that failed.
    #[must_use]
    pub fn second_layer(&self) -> &Histogram {
        &self.second_layer
    }

    /// How long the bus took for messages, also for those that it did not take.
    #[must_use]
    pub fn publishing(&self) -> &Histogram {
        &self.publishing
    }

    /// How many events of a kind there were.
    #[must_use]
    pub fn total(&self, kind: Kind) -> u64 {
        self.totals[kind as usize].load(Relaxed)
    }
}
