//! Notes about the last value of a key: its etag, its version, and how long its load took.
//!
//! A note belongs to the value that was stored last here, in memory or as a stale copy. Storing another value
//! replaces the note; an invalidation removes it, unless stale copies stay.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    coherence::fence::Ticket,
    entry::{
        key::Key,
        pattern::Pattern,
        version::{Etag, Version},
    },
};

/// The facts about a value.
#[derive(Debug, Clone, Default)]
pub struct Note {
    /// The etag that its loader set.
    pub etag: Option<Etag>,
    /// How long its load took.
    pub cost: Option<Ttl>,
    /// The version by which it was sent between instances, for a value without an etag.
    pub sent_as: Option<Version>,
    /// The time of the entry that has it in the memory layer. A note is made shortly after its entry.
    pub(crate) stamp: Time,
}

impl Note {
    /// The version of the value, if all who have it know one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.etag.as_deref().map(Version::of_etag).or_else(|| self.sent_as.clone())
    }

    fn is_empty(&self) -> bool {
        self.etag.is_none() && self.cost.is_none() && self.sent_as.is_none()
    }
}

/// The notes of a cache; the oldest makes room.
pub struct Notes {
    /// Callers skip the lock until the first note.
    used: AtomicBool,
    entries: Mutex<Bounded<Note>>,
}

impl Notes {
    /// At most `entries` of them.
    #[must_use]
    pub fn new(entries: usize) -> Notes {
        let entries = Mutex::new(Bounded::new(Limits { entries, bytes: None }, PolicyKind::Lru));
        Notes { used: AtomicBool::new(false), entries }
    }

    /// The note of a key.
    #[must_use]
    pub fn of(&self, key: &Key) -> Note {
        if !self.used.load(SeqCst) {
            return Note::default();
        }
        let entries = self.entries.lock();
        entries.peek(key.as_bytes(), Time::ZERO).map(|(_, entry)| entry.value.clone()).unwrap_or_default()
    }

    /// A key has a new value. Nothing is noted if its ticket is void.
    pub fn renew(&self, key: &Key, note: Note, ticket: Option<&Ticket>) {
        if note.is_empty() {
            self.remove(key);
            return;
        }
        let mut entries = self.entries.lock();
        // Before the ticket is looked at: a caller that voids it afterwards and then removes must not skip the lock.
        self.used.store(true, SeqCst);
        if ticket.is_none_or(Ticket::is_valid) {
            let stamp = ticket.map_or(Time::ZERO, Ticket::started);
            entries.insert(key, Note { stamp, ..note }, 0, Time::NEVER, Time::ZERO);
            drop(entries.take_removed());
        }
    }

    /// The value of a load was sent, or is about to be, as that version.
    pub fn sent(&self, key: &Key, version: Version, ticket: &Ticket) {
        let known = Some(self.of(key)).filter(|note| note.stamp == ticket.started()).unwrap_or_default();
        self.renew(key, Note { sent_as: Some(version), ..known }, Some(ticket));
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
}
