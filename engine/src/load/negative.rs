//! Keys that a loader found nothing for.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::{key::Key, pattern::Pattern},
};

/// The negative entries; the oldest makes room.
pub struct Negatives {
    /// Reads skip the lock until the first negative entry.
    used: AtomicBool,
    entries: Mutex<Bounded<()>>,
}

impl Negatives {
    /// At most `entries` of them.
    #[must_use]
    pub fn new(entries: usize) -> Negatives {
        let entries = Mutex::new(Bounded::new(Limits { entries, bytes: None }, PolicyKind::Lru));
        Negatives { used: AtomicBool::new(false), entries }
    }

    /// Whether `key` is known to be absent.
    #[must_use]
    pub fn holds(&self, key: &Key, now: Time) -> bool {
        self.used.load(SeqCst) && self.entries.lock().peek(key.as_bytes(), now).is_some()
    }

    /// Remembers that there is nothing, unless the ticket is void. False when it was.
    pub fn fill(&self, key: &Key, ttl: Ttl, ticket: &Ticket, now: Time) -> bool {
        let mut entries = self.entries.lock();
        // Before the ticket is looked at: who voids it afterwards and then removes must not skip the lock.
        self.used.store(true, SeqCst);
        if !ticket.is_valid() {
            return false;
        }
        entries.insert(key, (), 0, now.after(ttl), now);
        drop(entries.take_removed());
        true
    }

    /// Forgets a key.
    pub fn remove(&self, key: &Key) {
        if self.used.load(SeqCst) {
            self.entries.lock().remove(key.as_bytes());
        }
    }

    /// Forgets all keys that match.
    pub fn remove_matching(&self, pattern: &Pattern) {
        if self.used.load(SeqCst) {
            let mut entries = self.entries.lock();
            entries.remove_where(|key| pattern.matches(key.as_bytes()));
            drop(entries.take_removed());
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self, now: Time) -> usize {
        self.entries.lock().len(now)
    }
}
