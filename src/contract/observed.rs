//! The counters of the dashboard: a row for each, in the order in which users see them.
//!
//! A row is the name of the counter, and the number of `stats()` that it is without handlers of events. JavaScript
//! finds the names in `lib/contract/observed.js`.

use super::stats::{COUNT, PATHS};

/// The counters.
pub(crate) const COUNTERS: &[(&str, &str)] = &[
    ("hitsL1", "hits.L1"),
    ("hitsL2", "hits.L2"),
    ("missesL1", "misses.L1"),
    ("missesL2", "misses.L2"),
    ("missesNegative", "hits.negative"),
    ("sets", "sets"),
    ("deletes", "deletes"),
    ("deletePatterns", "patternDeletes"),
    ("loaderStart", "loads.started"),
    ("loaderSuccess", "loads.succeeded"),
    ("loaderError", "loads.failed"),
    ("loaderTimeout", "loads.timeouts"),
    ("inflightReuse", "joins"),
    ("inflightBypass", "loads.bypassed"),
    ("staleHit", "hits.stale"),
    ("negativeSet", "negativeSets"),
    ("l2Error", "L2.errors"),
    ("l2Skipped", "L2.skipped"),
    ("eventBusPublishError", "bus.publishErrors"),
    ("eventBusPublishSkipped", "bus.publishSkipped"),
    ("invalidationReceived", "bus.received"),
    ("invalidationDuplicate", "bus.duplicates"),
    ("invalidationStale", "bus.stale"),
    ("setReceived", "bus.valuesReceived"),
    ("setBroadcast", "bus.valuesSent"),
    ("setBroadcastSkipped", "bus.valuesTooLarge"),
];

/// Numbers of `stats()` that count events which are no counter of the dashboard.
pub(crate) const OTHER_EVENTS: &[&str] =
    &["L1.errors", "L2.changes", "bus.gaps", "loads.overtaken", "tagDeletes"];

/// Numbers beside the counters that metrics are made of, in the place after them.
pub(crate) const BESIDE: &[&str] =
    &["totalEvents", "uptimeMs", "bufferedEvents", "hitRatio", "l1Size", "l2Size"];

/// The array in which JavaScript counts for the dashboard of a cache. Twice it has a number for each bucket of
/// [`lazy_layers_engine::observe::histogram`], their sum and the longest: of loads in microseconds, and of each 64th
/// call that L1 answered in nanoseconds.
pub(crate) mod durations {
    use lazy_layers_engine::observe::histogram::BUCKETS;

    /// Where those of loads begin.
    pub(crate) const LOADS: usize = 0;
    /// Where those of calls begin.
    pub(crate) const CALLS: usize = BUCKETS + 2;
    /// Place of the sum, from where they begin.
    pub(crate) const SUM: usize = BUCKETS;
    /// Place of the longest, from where they begin.
    pub(crate) const LONGEST: usize = BUCKETS + 1;
    /// Place of the number of events that were kept.
    pub(crate) const KEPT: usize = 2 * (BUCKETS + 2);
    /// Length of the array.
    pub(crate) const LENGTH: usize = KEPT + 1;
}

/// Streams of events. Those of the listener and those of mounted handlers have the same limits.
pub(crate) mod streams {
    /// Streams of a server or a handler at a time.
    pub(crate) const MOST: usize = 20;
    /// Milliseconds between two looks for new events, while somebody looks on.
    pub(crate) const ROUND_MS: u64 = 100;
    /// The most events of such a round: older ones are left out.
    pub(crate) const BURST: usize = 250;
    /// Milliseconds between two signs of life.
    pub(crate) const PING_MS: u64 = 25_000;
    /// The last words to a client that is too slow.
    pub(crate) const DROPPED: &str = ": dropped, as it did not keep up\n\n";
}

/// One of the numbers of a cache, by its path.
pub(crate) fn number(numbers: &[f64; COUNT], path: &str) -> f64 {
    PATHS.iter().position(|known| *known == path).map_or(f64::NAN, |at| numbers[at])
}

/// One of the counters, or of the numbers beside them, by its name.
pub(crate) fn counter(numbers: &[f64], name: &str) -> f64 {
    let names = COUNTERS.iter().map(|row| row.0).chain(BESIDE.iter().copied());
    names.zip(numbers).find(|(known, _)| *known == name).map_or(f64::NAN, |(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_is_a_number_of_the_statistics() {
        for (name, path) in COUNTERS {
            assert!(PATHS.contains(path), "{name}: {path}");
        }
        assert!(OTHER_EVENTS.iter().all(|path| PATHS.contains(path)));
    }
}
