//! Keys or tags that a store has missed.

use super::{AT_ONCE, MOST_KEYS, Moment};
use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::Time,
    entry::key::Key,
};

/// Keys, or tags.
pub(super) struct MissedKeys {
    all: Bounded<MissedKey>,
    /// The start of the next ones: those whose repair fails do not hold up the others.
    cursor: u32,
}

#[derive(Clone, Copy)]
pub(super) struct MissedKey {
    /// The number of the miss. A key that is missed again during its repair gets another number.
    pub(super) number: u64,
    /// Whether an invalidation was missed, and not only a write.
    pub(super) is_invalidation: bool,
}

impl MissedKeys {
    pub(super) fn new() -> MissedKeys {
        let limits = Limits { entries: MOST_KEYS, bytes: None };
        MissedKeys { all: Bounded::new(limits, PolicyKind::Lru), cursor: 0 }
    }

    pub(super) fn get(&self, key: &Key) -> Option<MissedKey> {
        self.all.peek(key.as_bytes(), Time::ZERO).map(|(_, held)| held.value)
    }

    pub(super) fn remove(&mut self, key: &Key) {
        self.all.remove(key.as_bytes());
    }

    /// Adds a key; one that is there stays an invalidation.
    pub(super) fn add(&mut self, key: &Key, missed: MissedKey) {
        let known = self.all.remove(key.as_bytes());
        let is_invalidation = missed.is_invalidation || known.is_some_and(|known| known.is_invalidation);
        self.all.insert(key, MissedKey { is_invalidation, ..missed }, 0, Time::NEVER, Time::ZERO);
        drop(self.all.take_removed());
    }

    /// Takes a key out. A key that was missed after that moment stays: the store may have answered late to an
    /// earlier command.
    pub(super) fn take_until(&mut self, key: &Key, Moment(count): Moment) -> Option<MissedKey> {
        let known = self.get(key).filter(|known| known.number <= count)?;
        self.all.remove(key.as_bytes());
        Some(known)
    }

    /// The next ones; `None` when there are none.
    pub(super) fn some(&mut self) -> Option<Vec<(u64, Key)>> {
        let mut keys = Vec::new();
        let mut cursor = Some(self.cursor);
        while let Some(from) = cursor.filter(|_| keys.len() < AT_ONCE) {
            cursor = self.all.scan(from, AT_ONCE, Time::ZERO, |key, held| {
                keys.push((held.value.number, key.clone()));
                true
            });
        }
        let began_at = std::mem::replace(&mut self.cursor, cursor.unwrap_or(0));
        if keys.is_empty() && began_at > 0 { self.some() } else { Some(keys).filter(|keys| !keys.is_empty()) }
    }
}
