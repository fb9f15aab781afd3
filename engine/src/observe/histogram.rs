//! How long things took, in buckets: four to each power of two, so that a quantile is a quarter off at most.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How many buckets there are. The last one begins at half an hour.
pub const BUCKETS: usize = 120;
/// The bits by which the buckets of a power of two differ.
const BITS: u32 = 2;

/// The bucket of a duration in microseconds.
#[must_use]
pub fn bucket(micros: u64) -> usize {
    let most = u64::from(u32::MAX >> 1);
    let micros = u32::try_from(micros.min(most)).unwrap_or_default();
    let Some(power) = micros.checked_ilog2().filter(|power| *power >= BITS) else { return micros as usize };
    let part = (micros >> (power - BITS)) & ((1 << BITS) - 1);
    (((power - 1) << BITS) | part) as usize
}

/// Where a bucket ends, in microseconds.
#[must_use]
pub fn end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 1 << BITS {
        return bucket + 1;
    }
    let (power, part) = ((bucket >> BITS) + 1, bucket & ((1 << BITS) - 1));
    ((1 << BITS) + part + 1) << (power - u64::from(BITS))
}

/// Durations, counted.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    micros: AtomicU64,
    longest: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        Histogram { buckets, micros: AtomicU64::new(0), longest: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&self, duration: Duration) {
        self.record_several(duration, 1);
    }

    /// Counts several that took the same time.
    pub fn record_several(&self, duration: Duration, count: usize) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket(micros)].fetch_add(count as u64, Relaxed);
        self.micros.fetch_add(micros.saturating_mul(count as u64), Relaxed);
        // To look first takes less time than to write, and nearly always shows a longer one.
        if micros > self.longest.load(Relaxed) {
            self.longest.fetch_max(micros, Relaxed);
        }
    }

    /// The counts: how many there are in each bucket, and the sum and the longest of them in microseconds.
    #[must_use]
    pub fn read(&self) -> ([u64; BUCKETS], u64, u64) {
        let counts = std::array::from_fn(|at| self.buckets[at].load(Relaxed));
        (counts, self.micros.load(Relaxed), self.longest.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_in_the_bucket_that_ends_after_it() {
        let mut last = 0;
        for micros in (0..5_000).chain([1 << 20, (1 << 31) - 1]) {
            let bucket = bucket(micros);
            assert!(bucket >= last && bucket < BUCKETS, "{micros}");
            last = bucket;
            assert!(micros < end(bucket), "{micros} ends at {}", end(bucket));
            let begins = bucket.checked_sub(1).map_or(0, end);
            assert!(micros >= begins, "{micros} begins at {begins}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_bucket_is_a_quarter_of_its_beginning_wide_at_most() {
        for at in 4..BUCKETS {
            let (begins, ends) = (end(at - 1), end(at));
            assert!((ends - begins) * 4 <= begins, "{begins} to {ends}");
        }
    }
}
