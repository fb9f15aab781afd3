//! The content of a store: entries, locks, and marks of invalidations. Several stores may share it.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
};

use parking_lot::Mutex;

use crate::{
    clock::{Clock, Time, Ttl},
    codec::Metadata,
    entry::{key::Key, pattern::Pattern},
    store::Mark,
    value::Value,
};

/// A key, with a value or a token, and its end.
type Timed<T> = HashMap<Key, (T, Time)>;

pub(super) struct Data<V> {
    clock: Clock,
    entries: Mutex<Timed<V>>,
    /// That of entries that have some.
    metadata: Mutex<HashMap<Key, Metadata>>,
    counters: Mutex<HashMap<Key, u64>>,
    /// The last count that a tag got: even for the first of a counter, odd for an invalidation.
    last_count: AtomicU64,
    locks: Mutex<Timed<String>>,
    marks: Mutex<Marks>,
}

/// Invalidations, by a count of all of them.
#[derive(Default)]
struct Marks {
    count: u64,
    keys: HashMap<Key, u64>,
    patterns: Vec<(u64, Pattern)>,
}

impl<V: Value> Data<V> {
    pub(super) fn new(clock: Clock) -> Data<V> {
        Data {
            clock,
            entries: Mutex::default(),
            metadata: Mutex::default(),
            counters: Mutex::default(),
            last_count: AtomicU64::new(0),
            locks: Mutex::default(),
            marks: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The live value of a key, and when it ends.
    pub(super) fn find(&self, key: &Key) -> Option<(V, Time)> {
        let now = self.now();
        let entries = self.entries.lock();
        entries.get(key).filter(|(_, expires)| now < *expires).cloned()
    }

    pub(super) fn put(&self, key: &Key, value: V, ttl: Ttl) {
        let expires = self.now().after(ttl);
        let before = self.entries.lock().insert(key.clone(), (value, expires));
        drop(before);
        self.metadata.lock().remove(key);
    }

    /// The same with metadata.
    pub(super) fn put_beside(&self, key: &Key, value: V, ttl: Ttl, metadata: &Metadata) {
        self.put(key, value, ttl);
        if !metadata.is_empty() {
            self.metadata.lock().insert(key.clone(), metadata.clone());
        }
    }

    pub(super) fn metadata_of(&self, key: &Key) -> Metadata {
        self.metadata.lock().get(key).cloned().unwrap_or_default()
    }

    pub(super) fn count(&self, tag: &Key) -> Option<u64> {
        self.counters.lock().get(tag).copied()
    }

    /// The count of a tag, which gets a counter if it has none.
    pub(super) fn begin_count(&self, tag: &Key) -> u64 {
        *self.counters.lock().entry(tag.clone()).or_insert_with(|| self.next_count(0))
    }

    pub(super) fn invalidate_tag(&self, tag: &Key) -> u64 {
        let count = self.next_count(1);
        self.counters.lock().insert(tag.clone(), count);
        count
    }

    pub(super) fn lose_counters(&self) {
        self.counters.lock().clear();
    }

    fn next_count(&self, parity: u64) -> u64 {
        self.last_count.fetch_add(2, SeqCst) + 2 + parity
    }

    pub(super) fn remove(&self, key: &Key) {
        let removed = self.entries.lock().remove(key);
        drop(removed);
    }

    pub(super) fn remove_matching(&self, pattern: &Pattern) {
        self.entries.lock().retain(|key, _| !pattern.matches(key.as_bytes()));
    }

    pub(super) fn live(&self) -> u64 {
        let now = self.now();
        self.entries.lock().values().filter(|(_, expires)| now < *expires).count() as u64
    }

    pub(super) fn mark(&self, key: &Key) {
        let mut marks = self.marks.lock();
        marks.count += 1;
        let count = marks.count;
        marks.keys.insert(key.clone(), count);
    }

    pub(super) fn mark_matching(&self, pattern: &Pattern) {
        let mut marks = self.marks.lock();
        marks.count += 1;
        let count = marks.count;
        marks.patterns.push((count, pattern.clone()));
    }

    /// How many invalidations there were.
    pub(super) fn marked(&self) -> Mark {
        let own = self.marks.lock().count;
        Mark { own, listed: own, taken: self.now(), replacements: 0 }
    }

    /// Whether a key was not invalidated since.
    pub(super) fn stands(&self, key: &Key, mark: Mark) -> bool {
        let marks = self.marks.lock();
        let is_marked = marks.keys.get(key).is_some_and(|count| *count > mark.own);
        let is_matched =
            |(count, pattern): &(u64, Pattern)| *count > mark.own && pattern.matches(key.as_bytes());
        !is_marked && !marks.patterns.iter().any(is_matched)
    }

    pub(super) fn lock_holder(&self, key: &Key) -> Option<String> {
        let locks = self.locks.lock();
        locks.get(key).filter(|(_, until)| self.now() < *until).map(|(token, _)| token.clone())
    }

    pub(super) fn lock(&self, key: &Key, token: &str, ttl: Ttl) {
        self.locks.lock().insert(key.clone(), (token.to_owned(), self.now().after(ttl)));
    }

    /// Ends the lock of a key, if `token` still holds it.
    pub(super) fn unlock(&self, key: &Key, token: &str) {
        self.locks.lock().retain(|held, (owner, _)| held != key || owner != token);
    }

    pub(super) fn drop_lock(&self, key: &Key) {
        self.locks.lock().remove(key);
    }

    pub(super) fn drop_locks(&self) {
        self.locks.lock().clear();
    }
}
