//! How often each key was deleted.
//!
//! Bounded: when a key's count is forgotten, unknown keys count from above it, so that a generation
//! number once used for a key never comes back (a versioned storage key would bring its old value back).

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::Time,
    entry::{key::Key, pattern::Pattern},
};

/// The most keys whose deletes are counted.
pub const GENERATIONS_KEPT: usize = 100_000;
/// The bytes they may take together: fewer keys fit if they are long.
const BYTES_KEPT: u64 = 16 << 20;
/// The rough number of bytes of a count beside its key.
const BYTES_EACH: u64 = 96;

/// Delete counts by key.
pub struct Generations {
    state: Mutex<State>,
    /// The most keys whose deletes are counted.
    kept: usize,
    /// Whether entries have their generations in their names.
    names_entries: AtomicBool,
}

struct State {
    known: Bounded<u64>,
    floor: u64,
    forgotten: Vec<u64>,
}

impl Default for Generations {
    fn default() -> Generations {
        Generations::new(GENERATIONS_KEPT)
    }
}

impl Generations {
    /// Counts for at most `kept` keys.
    #[must_use]
    pub fn new(kept: usize) -> Generations {
        let known = Bounded::new(Limits { entries: kept, bytes: Some(BYTES_KEPT) }, PolicyKind::Lru);
        let state = Mutex::new(State { known, floor: 0, forgotten: Vec::new() });
        Generations { state, kept, names_entries: AtomicBool::new(false) }
    }

    /// A cache counts by these from now on; its entries may have their generations in their names.
    pub fn name_entries(&self, names: bool) {
        self.names_entries.fetch_or(names, SeqCst);
    }

    /// The generation under which a key is stored and sent: 0 until its first delete, and never one that
    /// was used for it before.
    #[must_use]
    pub fn of(&self, key: &Key) -> u64 {
        let state = self.state.lock();
        state.counted(key).unwrap_or(state.floor)
    }

    /// How many deletes of a key are known: none when they were forgotten.
    #[must_use]
    pub fn known(&self, key: &Key) -> u64 {
        self.state.lock().counted(key).unwrap_or(0)
    }

    /// How many keys' deletes are counted.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.lock().known.len(Time::ZERO)
    }

    /// Counts a delete of this instance; returns the new generation.
    pub fn raise(&self, key: &Key) -> u64 {
        let mut state = self.state.lock();
        let generation = state.counted(key).unwrap_or(state.floor).saturating_add(1);
        state.put(key, generation);
        generation
    }

    /// Takes over a peer's count when it is ahead of the local one. Returns false if it is not. Under the generation of
    /// a forgotten count there may still be an entry: such a one does not come back where entries have them.
    pub fn catch_up(&self, key: &Key, generation: u64) -> bool {
        let mut state = self.state.lock();
        let least = if self.names_entries.load(SeqCst) { state.floor } else { 0 };
        let is_ahead = generation > state.counted(key).unwrap_or(least);
        if is_ahead {
            state.put(key, generation);
        }
        is_ahead
    }

    /// The known keys that match.
    #[must_use]
    pub fn matching(&self, pattern: &Pattern) -> Vec<Key> {
        let mut keys = Vec::new();
        // In one pass: to go on from a cursor walks all that is before it.
        self.state.lock().known.scan(0, usize::MAX, Time::ZERO, |key, _| {
            let matches = pattern.matches(key.as_bytes());
            if matches {
                keys.push(key.clone());
            }
            matches
        });
        keys
    }

    /// Counts a delete of each of these keys.
    pub fn raise_each(&self, keys: &[Key]) {
        let mut state = self.state.lock();
        for key in keys {
            let generation = state.counted(key).unwrap_or(state.floor).saturating_add(1);
            state.put(key, generation);
        }
    }

    /// The same of those that are not known.
    pub fn raise_unknown(&self, keys: &[Key]) {
        let mut state = self.state.lock();
        for key in keys {
            if state.counted(key).is_none() {
                let generation = state.floor.saturating_add(1);
                state.put(key, generation);
            }
        }
    }

    /// Counts a delete of more keys than are kept: forgets all, of which some would be forgotten anyway. Returns false,
    /// and counts nothing, if so many fit.
    pub fn raise_beyond(&self, keys: usize) -> bool {
        let mut state = self.state.lock();
        if keys <= self.kept {
            return false;
        }
        state.forget_all();
        true
    }
}

impl State {
    fn counted(&self, key: &Key) -> Option<u64> {
        self.known.peek(key.as_bytes(), Time::ZERO).map(|(_, entry)| entry.value)
    }

    fn put(&mut self, key: &Key, generation: u64) {
        let overwritten = self.known.remove(key.as_bytes());
        debug_assert!(overwritten.is_none_or(|before| before <= generation));
        let weight = BYTES_EACH + key.as_bytes().len() as u64;
        self.known.insert(key, generation, weight, Time::NEVER, Time::ZERO);
        self.rise_above_forgotten();
    }

    fn forget_all(&mut self) {
        self.known.clear();
        self.rise_above_forgotten();
        self.floor = self.floor.saturating_add(1);
    }

    fn rise_above_forgotten(&mut self) {
        self.known.drain_removed(&mut self.forgotten);
        for forgotten in self.forgotten.drain(..) {
            self.floor = self.floor.max(forgotten.saturating_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_starts_at_zero_and_rises_with_each_delete() {
        let generations = Generations::new(10);
        assert_eq!(generations.of(&"a".into()), 0);
        assert_eq!(generations.raise(&"a".into()), 1);
        assert_eq!(generations.raise(&"a".into()), 2);
        assert_eq!(generations.of(&"b".into()), 0);
    }

    #[test]
    fn a_generation_that_was_forgotten_is_never_used_again() {
        let generations = Generations::new(2);
        generations.raise(&"a".into());
        generations.raise(&"a".into());
        generations.raise(&"b".into());
        generations.raise(&"c".into());
        assert!(generations.of(&"a".into()) > 2);
    }

    #[test]
    fn a_peer_brings_no_forgotten_generation_back_where_entries_have_them() {
        let generations = Generations::new(1);
        generations.raise(&"a".into());
        generations.raise(&"b".into());
        assert_eq!(generations.of(&"a".into()), 2);
        generations.name_entries(true);
        assert!(!generations.catch_up(&"a".into(), 1) && !generations.catch_up(&"a".into(), 2));
        assert_eq!((generations.of(&"a".into()), generations.known(&"a".into())), (2, 0));
        assert!(generations.catch_up(&"a".into(), 3));
        assert_eq!(generations.of(&"a".into()), 3);
    }

    #[test]
    fn a_saturated_generation_stays() {
        let generations = Generations::new(2);
        generations.catch_up(&"a".into(), u64::MAX);
        assert_eq!(generations.raise(&"a".into()), u64::MAX);
    }

    #[test]
    fn the_known_keys_that_match_a_pattern_are_found() {
        let generations = Generations::new(10);
        generations.raise(&"user:1".into());
        generations.raise(&"post:1".into());
        generations.raise(&"user:2".into());
        let found: HashSet<Key> = generations.matching(&Pattern::from("user:*")).into_iter().collect();
        assert_eq!(found, HashSet::from(["user:1".into(), "user:2".into()]));
    }

    #[test]
    fn keys_rise_together_and_unknown_ones_alone() {
        let generations = Generations::new(10);
        generations.raise(&"a".into());
        generations.raise_unknown(&["a".into(), "b".into()]);
        assert_eq!([generations.of(&"a".into()), generations.of(&"b".into())], [1, 1]);
        generations.raise_each(&["a".into(), "b".into(), "c".into()]);
        assert_eq!(["a", "b", "c"].map(|key| generations.of(&key.into())), [2, 2, 1]);
    }

    #[test]
    fn deletes_of_more_keys_than_are_kept_raise_all() {
        let generations = Generations::new(2);
        generations.raise(&"a".into());
        assert!(!generations.raise_beyond(2));
        assert_eq!(generations.of(&"a".into()), 1);
        assert!(generations.raise_beyond(3));
        assert!(generations.of(&"a".into()) > 1);
        assert_eq!(generations.of(&"a".into()), generations.of(&"b".into()));
        assert_eq!(generations.known(&"a".into()), 0);
    }
}
