//! Durations, as they were counted.

use std::sync::atomic::AtomicU64;

use lazy_layers_engine::observe::{Histogram, histogram::BUCKETS};

use crate::{contract::observed::durations, raw::memory::Shared};

/// The milliseconds in a microsecond, and in a nanosecond.
const MICROS: f64 = 1e-3;
const NANOS: f64 = 1e-6;

/// What took the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timed {
    /// Operations on the second layer.
    SecondLayer,
    /// Messages to the bus.
    Bus,
    /// Loads of a cache whose events JavaScript counts.
    Loads,
    /// Every 64th call of such a cache that its memory layer answered.
    Calls,
}

/// Durations of one kind.
#[derive(Clone)]
pub(crate) struct Durations {
    pub(crate) buckets: [u64; BUCKETS],
    /// The sum of all, and the longest, in units.
    pub(crate) sum: f64,
    pub(crate) longest: f64,
    /// The milliseconds in a unit.
    pub(crate) unit: f64,
}

impl Durations {
    #[expect(clippy::cast_precision_loss, reason = "microseconds fit 53 bits")]
    pub(crate) fn of(histogram: &Histogram) -> Durations {
        let (buckets, micros, longest) = histogram.read();
        Durations { buckets, sum: micros as f64, longest: longest as f64, unit: MICROS }
    }

    /// Those that JavaScript counts, in its array: of loads or of calls.
    pub(crate) fn counted(words: &Shared<AtomicU64>, timed: Timed) -> Durations {
        let (from, unit) = match timed {
            Timed::Calls => (durations::CALLS, NANOS),
            _ => (durations::LOADS, MICROS),
        };
        let of = |at| words.load(from + at);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let buckets = std::array::from_fn(|at| of(at) as u64);
        Durations { buckets, sum: of(durations::SUM), longest: of(durations::LONGEST), unit }
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds others of the same unit.
    pub(crate) fn add(&mut self, other: &Durations) {
        for (bucket, more) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket += more;
        }
        self.sum += other.sum;
        self.longest = self.longest.max(other.longest);
    }
}
