//! The tags of entries and of running loads.
//!
//! An entry with tags has a flag in its four bytes of flags, and a record in this index: its tags, and for each tag
//! its keys. Only inserts with tags use the index. An entry that expires, makes room or is overwritten loses its flag
//! and leaves the record behind: a record counts only while its entry has the flag. Records without an entry are
//! swept when there are more of them than entries.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::{
    flags::EntryFlags,
    memory::{Memory, MemoryEntry},
    running::TaggedLoads,
};
use crate::{
    bounded::Bounded,
    clock::Time,
    entry::{key::Key, tags::Tags},
    value::Value,
};

/// How many records beyond those of live entries are kept before a sweep.
const SPARE_RECORDS: usize = 1024;

/// The tags in a layer.
#[derive(Default)]
pub(super) struct TagIndex {
    by_key: HashMap<Key, Tags, RandomState>,
    by_tag: HashMap<Key, HashSet<Key, RandomState>, RandomState>,
    /// Loads that will store an entry with tags.
    running: TaggedLoads,
}

impl TagIndex {
    /// An entry with tags was stored.
    pub(super) fn add<V>(&mut self, key: &Key, tags: &Tags, entries: &Bounded<MemoryEntry<V>>) {
        self.remove(key);
        for tag in &**tags {
            self.by_tag.entry(tag.clone()).or_default().insert(key.clone());
        }
        self.by_key.insert(key.clone(), Arc::clone(tags));
        if self.by_key.len() > 2 * entries.held() + SPARE_RECORDS {
            self.sweep(entries);
        }
    }

    /// The tags of a live entry.
    fn of<V>(&self, key: &Key, entries: &Bounded<MemoryEntry<V>>, now: Time) -> Option<&Tags> {
        if self.by_key.is_empty() {
            return None;
        }
        let (_, held) = entries.peek(key.as_bytes(), now)?;
        EntryFlags(held.flags).is_tagged().then(|| self.by_key.get(key)).flatten()
    }

    fn remove(&mut self, key: &Key) {
        let Some(tags) = self.by_key.remove(key) else { return };
        for tag in &*tags {
            if let Some(keys) = self.by_tag.get_mut(tag) {
                keys.remove(key);
                if keys.is_empty() {
                    self.by_tag.remove(tag);
                }
            }
        }
    }

    /// Forgets the records of entries that are gone.
    fn sweep<V>(&mut self, entries: &Bounded<MemoryEntry<V>>) {
        let is_gone = |key: &&Key| self.of(key, entries, Time::ZERO).is_none();
        let gone: Vec<Key> = self.by_key.keys().filter(is_gone).cloned().collect();
        gone.iter().for_each(|key| self.remove(key));
    }

    /// The keys of entries with one of these tags, live or not, and of running loads for such entries. One with two
    /// of them is there twice.
    fn keys<V>(&self, tags: &[Key], entries: &Bounded<MemoryEntry<V>>) -> Vec<Key> {
        let recorded = tags.iter().filter_map(|tag| self.by_tag.get(tag)).flatten();
        // A key whose entry is gone may be loading without tags.
        let held = recorded.filter(|key| self.of(key, entries, Time::ZERO).is_some());
        held.chain(self.running.with_tags(tags)).cloned().collect()
    }
}

impl<V: Value> Memory<V> {
    /// The tags of a live entry.
    pub fn tags_of(&self, key: &Key, now: Time) -> Option<Tags> {
        self.with_tags(|tags, entries| tags.of(key, entries, now).cloned())
    }

    /// The tags of an entry that has just left; perhaps those of an entry before it.
    pub fn last_tags_of(&self, key: &Key) -> Option<Tags> {
        self.with_tags(|tags, _| tags.by_key.get(key).cloned())
    }

    /// A load under the stored key `key` begins, whose value will have these tags. Returns the number under which it
    /// ends.
    pub fn load_begins(&self, key: &Key, tags: &Tags) -> u64 {
        self.with_tags(|index, _| index.running.begins(key, tags))
    }

    /// That load is over.
    pub fn load_ended(&self, number: u64) {
        self.with_tags(|index, _| index.running.ended(number));
    }

    /// The stored keys of entries with one of these tags, and of running loads for such entries. Some may be gone, or
    /// be there twice.
    pub fn keys_with_tags(&self, tags: &[Key]) -> Vec<Key> {
        self.with_tags(|index, entries| index.keys(tags, entries))
    }

    /// The stored keys of entries with a tag that a change concerns. Some may be gone.
    pub fn keys_of_tags(&self, is_concerned: impl Fn(&Key) -> bool) -> HashSet<Key, RandomState> {
        self.with_tags(|index, _| {
            let concerned = index.by_tag.iter().filter(|(tag, _)| is_concerned(tag));
            concerned.flat_map(|(_, keys)| keys.iter().cloned()).collect()
        })
    }

    /// Removes those of the entries `keys` that have one of these tags.
    pub fn remove_with_tags(&self, keys: &[Key], tags: &[Key]) {
        self.with_tags(|index, entries| {
            for key in keys {
                let has_one = |held: &Tags| held.iter().any(|tag| tags.contains(tag));
                if index.of(key, entries, Time::ZERO).is_some_and(has_one) {
                    entries.evict_key(key.as_bytes());
                    index.remove(key);
                }
            }
        });
    }

    /// Each tag of live entries, with their number.
    pub fn tags(&self, now: Time) -> Vec<(Key, u64)> {
        self.with_tags(|index, entries| {
            index.sweep(entries);
            let live = |keys: &HashSet<Key, RandomState>| {
                keys.iter().filter(|key| index.of(key, entries, now).is_some()).count() as u64
            };
            let counts = index.by_tag.iter().map(|(tag, keys)| (tag.clone(), live(keys)));
            counts.filter(|(_, count)| *count > 0).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bounded::PolicyKind,
        clock::Ttl,
        l1::{Life, MemoryOptions, Origin},
        testing::Weighed,
    };

    const ENTRIES: usize = 10;

    fn layer() -> Memory<Weighed<usize>> {
        let options = MemoryOptions { entries: ENTRIES, bytes: None, policy: PolicyKind::Lru };
        Memory::new(options, Vec::new())
    }

    fn put(memory: &Memory<Weighed<usize>>, key: &str, tags: &[&str]) {
        let tags: Tags = tags.iter().map(|tag| Key::from(*tag)).collect();
        let tags = Some(&tags).filter(|tags| !tags.is_empty());
        let (expires, lease, origin) = (Time::NEVER, Ttl::FOREVER, Origin::Made);
        let asks = Time::NEVER;
        let life = Life { stamp: Time(1), expires, lease, asks, origin, tags };
        memory.put(&Key::from(key), Weighed::new(1), life, Time(1));
    }

    #[test]
    fn records_are_bounded_by_the_entries() {
        let memory = layer();
        for n in 0..10_000 {
            put(&memory, &format!("k{n}"), &["all", &format!("t{n}")]);
        }
        memory.with_tags(|index, _| {
            assert!(index.by_key.len() <= 2 * ENTRIES + SPARE_RECORDS, "{}", index.by_key.len());
            assert!(index.by_tag.len() <= index.by_key.len() + 1);
        });
        assert_eq!(memory.tags(Time(1)).len(), ENTRIES + 1);
        memory.with_tags(|index, _| assert_eq!(index.by_key.len(), ENTRIES));
    }

    #[test]
    fn an_entry_that_is_written_over_without_tags_has_none() {
        let memory = layer();
        put(&memory, "a", &["x"]);
        put(&memory, "a", &[]);
        assert_eq!(memory.tags_of(&"a".into(), Time(1)), None);
        assert!(memory.keys_with_tags(&["x".into()]).is_empty(), "a load of the key is none with the tag");
        memory.remove_with_tags(&["a".into()], &["x".into()]);
        assert!(memory.peek(&"a".into(), Time(1)).is_some());
    }

    #[test]
    fn a_running_load_is_among_the_keys_of_its_tags_until_it_ends() {
        let memory = layer();
        let tags: Tags = [Key::from("x")].into();
        let number = memory.load_begins(&"a".into(), &tags);
        assert_eq!(memory.keys_with_tags(&["x".into()]), ["a".into()]);
        memory.load_ended(number);
        assert!(memory.keys_with_tags(&["x".into()]).is_empty());
    }
}
