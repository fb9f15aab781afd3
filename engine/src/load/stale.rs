//! Copies of values that may be served when a load fails, beyond the life of the value in its layer.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::{key::Key, pattern::Pattern, tags::Tags},
    l1::Peeked,
    value::Value,
};

/// The stale copies; the one longest not stored or read makes room.
pub struct StaleCopies<V> {
    used: AtomicBool,
    entries: Mutex<Bounded<Copy<V>>>,
}

/// A copy, and when its value was last good.
struct Copy<V> {
    value: V,
    good: Time,
    /// When the load or read that brought the value began, or it was set.
    made: Time,
    tags: Option<Tags>,
    /// Whether a read took the value over from the second layer.
    is_taken_over: bool,
}

impl<V> Copy<V> {
    fn has_one(&self, tags: &[Key]) -> bool {
        self.tags.as_ref().is_some_and(|held| held.iter().any(|tag| tags.contains(tag)))
    }
}

impl<V: Value> StaleCopies<V> {
    /// At most `entries` of them.
    #[must_use]
    pub fn new(entries: usize) -> StaleCopies<V> {
        let entries = Mutex::new(Bounded::new(Limits { entries, bytes: None }, PolicyKind::Lru));
        StaleCopies { used: AtomicBool::new(false), entries }
    }

    /// The copy of a key's value.
    #[must_use]
    pub fn get(&self, key: &Key, now: Time) -> Option<V> {
        if !self.used.load(SeqCst) {
            return None;
        }
        self.entries.lock().peek(key.as_bytes(), now).map(|(_, entry)| entry.value.value.clone())
    }

    /// The same with the time at which it was last good, and its expiry.
    #[must_use]
    pub fn look(&self, key: &Key, now: Time) -> Option<Peeked<V>> {
        if !self.used.load(SeqCst) {
            return None;
        }
        let entries = self.entries.lock();
        let (_, entry) = entries.peek(key.as_bytes(), now)?;
        let Copy { value, good, .. } = &entry.value;
        let (key, value) = (key.clone(), value.clone());
        let (stamp, expires) = (*good, entry.expires);
        Some(Peeked { key, value, stamp, is_dated: true, is_taken_over: false, expires, is_tagged: false })
    }

    /// The tags of a copy.
    #[must_use]
    pub fn tags_of(&self, key: &Key, now: Time) -> Option<Tags> {
        if !self.used.load(SeqCst) {
            return None;
        }
        self.entries.lock().peek(key.as_bytes(), now)?.1.value.tags.clone()
    }

    /// Remembers a value, with its tags, for `ttl` from now, unless its ticket is void. `is_taken_over`: whether it
    /// comes from the second layer; without an answer that is as it was, as for a hit.
    pub fn remember(
        &self,
        key: &Key,
        (value, tags): (&V, Option<&Tags>),
        ttl: Ttl,
        (ticket, is_taken_over): (Option<&Ticket>, Option<bool>),
        now: Time,
    ) {
        let mut entries = self.entries.lock();
        // Before the ticket is looked at: a caller that voids it afterwards and then removes must not skip the
        // lock.
        if !self.used.load(SeqCst) {
            self.used.store(true, SeqCst);
        }
        if ticket.is_some_and(|ticket| !ticket.is_valid()) {
            return;
        }
        let (made, is_taken_over) = match is_taken_over {
            Some(is_taken_over) => (ticket.map_or(now, Ticket::started), is_taken_over),
            None => {
                let before = entries.peek(key.as_bytes(), now).map(|(_, entry)| &entry.value);
                before.map_or((now, false), |before| (before.made, before.is_taken_over))
            }
        };
        let copy = Copy { value: value.clone(), good: now, made, tags: tags.cloned(), is_taken_over };
        entries.insert(key, copy, 0, now.after(ttl), now);
        let removed = entries.take_removed();
        drop(entries);
        drop(removed);
    }

    /// Forgets a key.
    pub fn remove(&self, key: &Key) {
        if self.used.load(SeqCst) {
            let removed = self.entries.lock().remove(key.as_bytes());
            drop(removed);
        }
    }

    /// Forgets a key whose loader has found nothing, unless its value came after the load had begun, or the ticket of
    /// the load is void. That the value was read since is no sign of life. Returns whether it was there.
    pub fn remove_gone(&self, key: &Key, ticket: &Ticket) -> bool {
        if !self.used.load(SeqCst) {
            return false;
        }
        let mut entries = self.entries.lock();
        let held = entries.peek(key.as_bytes(), Time::ZERO);
        let is_gone = held.is_some_and(|(_, entry)| entry.value.made <= ticket.started());
        let removed = if is_gone && ticket.is_valid() { entries.remove(key.as_bytes()) } else { None };
        drop(entries);
        removed.is_some()
    }

    /// Forgets a key if a read took its value over from the second layer.
    pub fn remove_taken_over(&self, key: &Key) {
        if self.used.load(SeqCst) {
            let mut entries = self.entries.lock();
            let held = entries.peek(key.as_bytes(), Time::ZERO);
            let removed = held.is_some_and(|(_, entry)| entry.value.is_taken_over);
            let removed = if removed { entries.remove(key.as_bytes()) } else { None };
            drop(entries);
            drop(removed);
        }
    }

    /// Forgets all keys that match.
    pub fn remove_matching(&self, pattern: &Pattern) {
        if self.used.load(SeqCst) {
            let mut entries = self.entries.lock();
            entries.remove_where(|key| pattern.matches(key.as_bytes()));
            let removed = entries.take_removed();
            drop(entries);
            drop(removed);
        }
    }

    /// Those of the keys that are running whose copies have one of these tags.
    #[must_use]
    pub fn tagged(&self, tags: &[Key], is_running: &dyn Fn(&Key) -> bool) -> Vec<Key> {
        let mut keys = Vec::new();
        if self.used.load(SeqCst) {
            // In one pass: to go on from a cursor walks all that is before it.
            self.entries.lock().scan(0, usize::MAX, Time::ZERO, |key, entry| {
                let is_one = is_running(key) && entry.value.has_one(tags);
                if is_one {
                    keys.push(key.clone());
                }
                is_one
            });
        }
        keys
    }

    /// Forgets all that have one of these tags.
    pub fn remove_tagged(&self, tags: &[Key]) {
        if self.used.load(SeqCst) {
            let mut entries = self.entries.lock();
            entries.remove_values_where(|copy| copy.has_one(tags));
            let removed = entries.take_removed();
            drop(entries);
            drop(removed);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self, now: Time) -> usize {
        let mut entries = self.entries.lock();
        let count = entries.len(now);
        let removed = entries.take_removed();
        drop(entries);
        drop(removed);
        count
    }
}
