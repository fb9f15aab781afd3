//! Keys of which something holds for a while.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    entry::key::Key,
};

/// How many keys are remembered; the oldest makes room.
const KEPT: usize = 10_000;

/// Keys, each until a time of its own.
pub struct Until {
    /// Callers skip the lock until the first key.
    used: AtomicBool,
    keys: Mutex<Bounded<()>>,
}

impl Default for Until {
    fn default() -> Self {
        let keys = Bounded::new(Limits { entries: KEPT, bytes: None }, PolicyKind::Lru);
        Until { used: AtomicBool::new(false), keys: Mutex::new(keys) }
    }
}

impl Until {
    /// It holds of a key from now on, for `ttl`.
    pub fn put(&self, key: &Key, ttl: Ttl, now: Time) {
        let mut keys = self.keys.lock();
        self.used.store(true, SeqCst);
        keys.insert(key, (), 0, now.after(ttl), now);
        drop(keys.take_removed());
    }

    /// Until when it holds of a key, if it does.
    pub fn of(&self, key: &Key, now: Time) -> Option<Time> {
        if !self.used.load(SeqCst) {
            return None;
        }
        self.keys.lock().peek(key.as_bytes(), now).map(|(_, entry)| entry.expires)
    }

    /// It no longer holds of a key.
    pub fn remove(&self, key: &Key) {
        if self.used.load(SeqCst) {
            self.keys.lock().remove(key.as_bytes());
        }
    }

    /// It no longer holds of any key.
    pub fn clear(&self) {
        if self.used.load(SeqCst) {
            let mut keys = self.keys.lock();
            keys.clear();
            drop(keys.take_removed());
        }
    }
}
