//! The tags of entries and of running loads.
//!
//! An entry with tags has a flag in its four bytes of flags, and a record in this index: its tags, and for each tag
//! its keys. Only inserts with tags use the index. An entry that expires, makes room or is overwritten loses its flag
//! and leaves the record behind: a record counts only while its entry has the flag. When there are more records without
//! an entry than entries, each insert forgets some of them.

use std::{collections::VecDeque, sync::Arc};

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

/// How many records beyond twice those of live entries are kept.
const SPARE_RECORDS: usize = 1024;
/// How many records an insert looks at where there are more.
const LOOKED_AT: usize = 8;

/// The tags in a layer.
#[derive(Default)]
pub(super) struct TagIndex {
    by_key: HashMap<Key, Record, RandomState>,
    /// The keys with records, in the order in which they got them, with the numbers of those.
    order: VecDeque<(Key, u64)>,
    recorded: u64,
    by_tag: HashMap<Key, HashSet<Key, RandomState>, RandomState>,
    /// Loads that will store an entry with tags.
    running: TaggedLoads,
}

/// The tags of an entry.
struct Record {
    tags: Tags,
    /// Distinguishes it from others of its key.
    number: u64,
}

impl TagIndex {
    /// An entry with tags was stored.
    pub(super) fn add<V>(&mut self, key: &Key, tags: &Tags, entries: &Bounded<MemoryEntry<V>>) {
        let number = self.remove(key).unwrap_or_else(|| {
            self.recorded += 1;
            self.order.push_back((key.clone(), self.recorded));
            self.recorded
        });
        for tag in &**tags {
            self.by_tag.entry(tag.clone()).or_default().insert(key.clone());
        }
        self.by_key.insert(key.clone(), Record { tags: Arc::clone(tags), number });
        self.forget_some(entries);
    }

    /// Looks at the oldest records, if there are many more than entries, and forgets those without one. To look at
    /// all at once would hold up the insert for long.
    fn forget_some<V>(&mut self, entries: &Bounded<MemoryEntry<V>>) {
        for _ in 0..LOOKED_AT {
            if self.order.len() <= 2 * entries.held() + SPARE_RECORDS {
                return;
            }
            let Some((key, number)) = self.order.pop_front() else { return };
            if self.by_key.get(&key).is_none_or(|record| record.number != number) {
                continue;
            }
            if self.of(&key, entries, Time::ZERO).is_some() {
                self.order.push_back((key, number));
            } else {
                self.remove(&key);
            }
        }
    }

    /// The tags of a live entry.
    pub(super) fn of<V>(&self, key: &Key, entries: &Bounded<MemoryEntry<V>>, now: Time) -> Option<&Tags> {
        if self.by_key.is_empty() {
            return None;
        }
        let (_, held) = entries.peek(key.as_bytes(), now)?;
        let record = EntryFlags(held.flags).is_tagged().then(|| self.by_key.get(key)).flatten();
        record.map(|record| &record.tags)
    }

    /// Returns the number of the record, if there was one.
    fn remove(&mut self, key: &Key) -> Option<u64> {
        let Record { tags, number } = self.by_key.remove(key)?;
        for tag in &*tags {
            if let Some(keys) = self.by_tag.get_mut(tag) {
                keys.remove(key);
                if keys.is_empty() {
                    self.by_tag.remove(tag);
                }
            }
        }
        Some(number)
    }

    /// Forgets the records of entries that are gone.
    fn sweep<V>(&mut self, entries: &Bounded<MemoryEntry<V>>) {
        let is_gone = |key: &&Key| self.of(key, entries, Time::ZERO).is_none();
        let gone: Vec<Key> = self.by_key.keys().filter(is_gone).cloned().collect();
        for key in &gone {
            self.remove(key);
        }
    }

    /// Whether an entry, live or not, has one of these tags.
    fn has_one<V>(&self, key: &Key, tags: &[Key], entries: &Bounded<MemoryEntry<V>>) -> bool {
        self.of(key, entries, Time::ZERO).is_some_and(|held| held.iter().any(|tag| tags.contains(tag)))
    }
}

impl<V: Value> Memory<V> {
    /// The tags of a live entry.
    pub fn tags_of(&self, key: &Key, now: Time) -> Option<Tags> {
        self.with_tags(|tags, entries| tags.of(key, entries, now).cloned())
    }

    /// The tags of an entry that has just left; perhaps those of an entry before it.
    pub fn last_tags_of(&self, key: &Key) -> Option<Tags> {
        self.with_tags(|tags, _| tags.by_key.get(key).map(|record| Arc::clone(&record.tags)))
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

    /// The stored keys of running loads for entries with one of these tags.
    pub fn loading_with_tags(&self, tags: &[Key]) -> Vec<Key> {
        self.with_tags(|index, _| index.running.with_tags(tags).cloned().collect())
    }

    /// The stored keys of entries that have, or had, one of these tags. Some may be there twice. They may be very
    /// many, so [`Memory::tagged`] looks at the entries.
    pub fn recorded_with_tags(&self, tags: &[Key]) -> Vec<Key> {
        self.with_tags(|index, _| {
            tags.iter().filter_map(|tag| index.by_tag.get(tag)).flatten().cloned().collect()
        })
    }

    /// Those of the stored keys `keys` whose entries have one of these tags. A key whose entry is gone may be loading
    /// without tags.
    pub fn tagged<'a>(&self, keys: &'a [Key], tags: &[Key]) -> Vec<&'a Key> {
        self.with_tags(|index, entries| keys.iter().filter(|key| index.has_one(key, tags, entries)).collect())
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
                if index.has_one(key, tags, entries) {
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
    fn an_insert_looks_at_few_records() {
        let memory = layer();
        let most = 2 * ENTRIES + SPARE_RECORDS + LOOKED_AT;
        let (mut before, mut forgotten) = (0, 0);
        for n in 0..20_000 {
            // Records that end with their tags, and begin anew, are no more.
            if n % 3 == 0 {
                memory.remove_with_tags(&[format!("k{n}").as_str().into()], &["all".into()]);
            }
            put(&memory, &format!("k{}", n / 2), &["all"]);
            memory.with_tags(|index, _| {
                assert!(index.order.len() <= most && index.by_key.len() <= index.order.len());
                forgotten = forgotten.max((before + 1_usize).saturating_sub(index.by_key.len()));
                before = index.by_key.len();
            });
        }
        assert!(forgotten <= LOOKED_AT + 1, "{forgotten} at once");
        memory.clear();
        for n in 0..SPARE_RECORDS {
            put(&memory, &format!("new{}", n % ENTRIES), &["all"]);
        }
        memory.with_tags(|index, _| assert!(index.by_key.len() <= most));
    }

    #[test]
    fn an_entry_that_is_written_over_without_tags_has_none() {
        let memory = layer();
        put(&memory, "a", &["x"]);
        put(&memory, "a", &[]);
        assert_eq!(memory.tags_of(&"a".into(), Time(1)), None);
        assert!(memory.loading_with_tags(&["x".into()]).is_empty());
        assert!(
            memory.tagged(&["a".into()], &["x".into()]).is_empty(),
            "a load of the key is none with the tag"
        );
        memory.remove_with_tags(&["a".into()], &["x".into()]);
        assert!(memory.peek(&"a".into(), Time(1)).is_some());
    }

    #[test]
    fn a_running_load_is_among_the_keys_of_its_tags_until_it_ends() {
        let memory = layer();
        let tags: Tags = [Key::from("x")].into();
        let number = memory.load_begins(&"a".into(), &tags);
        assert_eq!(memory.loading_with_tags(&["x".into()]), ["a".into()]);
        memory.load_ended(number);
        assert!(memory.loading_with_tags(&["x".into()]).is_empty());
    }
}
