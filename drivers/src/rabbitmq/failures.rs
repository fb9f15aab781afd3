//! Events that could not be handled: they are delivered again, more and more rarely, and given up in the end.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use parking_lot::Mutex;

/// The time before an event that could not be handled is put back into the queue. It doubles each time, up to the
/// second constant.
const FIRST_AGAIN: Duration = Duration::from_secs(1);
const LONGEST_AGAIN: Duration = Duration::from_secs(60);
/// How often an event that cannot be handled is taken from the queue.
const MOST_DELIVERIES: u32 = 10;
/// The most such events that are remembered.
const KNOWN_FAILURES: usize = 1000;

/// Events that could not be handled, and how often.
#[derive(Default)]
pub(super) struct Failures {
    hasher: RandomState,
    counts: Mutex<HashMap<u64, u32>>,
}

impl Failures {
    /// The name of an event, by its bytes.
    pub(super) fn name(&self, event: &[u8]) -> u64 {
        self.hasher.hash_one(event)
    }

    /// After which time an event that was not handled is put back into the queue. `None` for one that was handled, or
    /// is given up.
    pub(super) fn put_back_after(&self, event: u64, handled: bool) -> Option<Duration> {
        let failed = if handled { 0 } else { self.count(event) };
        if handled || failed >= MOST_DELIVERIES {
            self.counts.lock().remove(&event);
            return None;
        }
        let again = FIRST_AGAIN.saturating_mul(1 << failed.saturating_sub(1).min(16));
        Some(again.min(LONGEST_AGAIN))
    }

    /// How often an event has failed by now. An event that is not remembered, as there are too many, is never
    /// given up.
    fn count(&self, event: u64) -> u32 {
        let mut counts = self.counts.lock();
        if counts.len() == KNOWN_FAILURES && !counts.contains_key(&event) {
            return 1;
        }
        let failed = counts.entry(event).or_insert(0);
        *failed += 1;
        *failed
    }
}
