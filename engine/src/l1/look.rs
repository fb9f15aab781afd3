//! Looks into the memory layer that leave the order of eviction as it is.

use super::{
    flags::EntryFlags,
    memory::{Memory, MemoryEntry},
    types::Peeked,
};
use crate::{
    bounded::Entry,
    clock::Time,
    entry::{key::Key, pattern::Pattern},
    value::Value,
};

/// How many entries are counted while the layer is locked: a millisecond or two of work.
const COUNTED_AT_ONCE: usize = 16_384;

impl<V: Value> Memory<V> {
    /// The live entry of a key.
    pub fn look(&self, key: &Key, now: Time) -> Option<Peeked<V>> {
        self.with_entries(|entries, _| entries.peek(key.as_bytes(), now).map(|(_, entry)| peeked(key, entry)))
    }

    /// Returns up to `limit` entries that match, in the order of
    /// [`Bounded::scan`](crate::bounded::Bounded::scan), and the next cursor. The work of one call is bounded,
    /// so a page may be short or empty before the end.
    pub fn scan(
        &self,
        cursor: u32,
        limit: usize,
        pattern: &Pattern,
        now: Time,
    ) -> (Vec<Peeked<V>>, Option<u32>) {
        let mut page = Vec::new();
        let next = self.with_entries(|entries, _| {
            entries.scan(cursor, limit, now, |key, entry| {
                let matches = pattern.matches(key.as_bytes());
                if matches {
                    page.push(peeked(key, entry));
                }
                matches
            })
        });
        (page, next)
    }

    /// Returns how many of the next entries match, and the next cursor. The work of one call is bounded.
    pub fn count(&self, cursor: u32, pattern: &Pattern, now: Time) -> (u64, Option<u32>) {
        let mut count = 0;
        let next = self.with_entries(|entries, _| {
            entries.scan(cursor, COUNTED_AT_ONCE, now, |key, _| {
                let matches = pattern.matches(key.as_bytes());
                count += u64::from(matches);
                matches
            })
        });
        (count, next)
    }
}

/// An entry as an inspection sees it.
fn peeked<V: Clone>(key: &Key, entry: &Entry<MemoryEntry<V>>) -> Peeked<V> {
    let MemoryEntry { value, stamp } = &entry.value;
    let flags = EntryFlags(entry.flags);
    Peeked {
        key: key.clone(),
        value: value.clone(),
        stamp: *stamp,
        is_dated: flags.is_dated(),
        is_taken_over: flags.is_taken_over(),
        expires: entry.expires,
        is_tagged: flags.is_tagged(),
    }
}
