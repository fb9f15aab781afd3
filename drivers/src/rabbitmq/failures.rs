//! Events that could not be handled: they are delivered again, more and more rarely, and given up in the end.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use lapin::{
    Acker,
    options::{BasicAckOptions, BasicNackOptions},
};
use parking_lot::Mutex;
use tokio::time::sleep;

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

    pub(super) async fn acknowledge(&self, acker: &Acker, event: u64, handled: bool) {
        let failed = if handled { self.forget(event) } else { self.count(event) };
        // The result does not matter: without a connection the broker delivers the event again.
        if handled || failed >= MOST_DELIVERIES {
            self.forget(event);
            drop(acker.ack(BasicAckOptions::default()).await);
            return;
        }
        sleep(FIRST_AGAIN.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(LONGEST_AGAIN)).await;
        drop(acker.nack(BasicNackOptions { requeue: true, ..BasicNackOptions::default() }).await);
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

    fn forget(&self, event: u64) -> u32 {
        self.counts.lock().remove(&event);
        0
    }
}
