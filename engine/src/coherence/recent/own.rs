//! Invalidations of this instance that are under way: no other instance can have seen them.

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use super::Target;
use crate::entry::{key::Key, pattern::Pattern};

/// Their targets, each with the number of invalidations under way.
#[derive(Default)]
pub(super) struct OwnUnderway {
    keys: HashMap<Key, usize, RandomState>,
    /// By their text.
    patterns: HashMap<Key, (Pattern, usize), RandomState>,
}

impl OwnUnderway {
    pub(super) fn add(&mut self, target: &Target) {
        match target {
            Target::Key(key) => *self.keys.entry_ref(key).or_insert(0) += 1,
            Target::Pattern(pattern) => {
                let entry = self.patterns.entry(pattern.as_key());
                entry.or_insert_with(|| (pattern.clone(), 0)).1 += 1;
            }
        }
    }

    pub(super) fn remove(&mut self, target: &Target) {
        let is_last = |count: &mut usize| {
            *count -= 1;
            *count == 0
        };
        match target {
            Target::Key(key) => {
                if self.keys.get_mut(key).is_some_and(is_last) {
                    self.keys.remove(key);
                }
            }
            Target::Pattern(pattern) => {
                if self.patterns.get_mut(pattern.as_bytes()).is_some_and(|(_, count)| is_last(count)) {
                    self.patterns.remove(pattern.as_bytes());
                }
            }
        }
    }

    /// Whether one of them touches a key.
    pub(super) fn touch(&self, key: &Key) -> bool {
        self.keys.contains_key(key)
            || self.patterns.values().any(|(pattern, _)| pattern.matches(key.as_bytes()))
    }
}
