//! Names in Redis: of entries, of the index, of locks, of marks, of counters of tags.

use std::{collections::HashMap, sync::OnceLock};

use redis::cluster_routing::Slot;

use super::options::StoreOptions;

/// Hash tags tried until one falls into a slot: twice as many as there are slots find it nearly always.
const TAGS_TRIED: u32 = 1 << 20;
/// How many slots a cluster has.
const SLOTS: usize = 16_384;

/// The names of one store.
#[derive(Debug)]
pub(super) struct Names {
    /// Before every key.
    pub(super) prefix: Vec<u8>,
    /// How many bytes of the prefix the members of the index lack.
    unlisted: usize,
    /// The sorted set of all keys, if one is kept.
    pub(super) index: Option<Vec<u8>>,
    /// The sorted set of the same members by their expiry.
    expiry: Vec<u8>,
    /// The names of the two sets, which are no entries. Also if this store keeps no index, as another store may
    /// keep one.
    reserved: [Vec<u8>; 2],
    lock_prefix: Vec<u8>,
    tag_prefix: Vec<u8>,
    /// The name of the marks of entries, on one server; in a cluster, the prefix of their names.
    marks: Vec<u8>,
    /// In a cluster, for each slot the number in the name of its marks, unless all names are in one slot.
    tags: OnceLock<Option<HashMap<Slot, u32>>>,
    /// In a cluster, the name of the marks of all listed entries, in the slot of the index.
    listed_marks: Vec<u8>,
    clustered: bool,
}

impl Names {
    pub(super) fn new(options: &StoreOptions, clustered: bool) -> Names {
        let StoreOptions { key_prefix, prefix, index_key, .. } = options;
        let index = index_key.clone().unwrap_or_else(|| format!("{prefix}__index"));
        let index = [key_prefix.as_bytes(), index.as_bytes()].concat();
        let expiry = beside(&index, b":expiry", clustered);
        let listed_marks = beside(&index, b":marks", clustered);
        let reserved = [index.clone(), expiry.clone()];
        let index = options.use_index.then_some(index);
        let prefix = [key_prefix.as_bytes(), prefix.as_bytes()].concat();
        let lock_prefix = [&prefix, b"__lock:".as_slice()].concat();
        let tag_prefix = [&prefix, b"__tag:".as_slice()].concat();
        let marks = [&prefix, b"__marks".as_slice()].concat();
        Names {
            prefix,
            unlisted: key_prefix.len(),
            index,
            expiry,
            reserved,
            lock_prefix,
            tag_prefix,
            marks,
            tags: OnceLock::new(),
            listed_marks,
            clustered,
        }
    }

    /// The name of an entry's marks. In a cluster they are in the slot of the entry, as one script uses both.
    pub(super) fn marks(&self, entry: &[u8]) -> Vec<u8> {
        if !self.clustered {
            return self.marks.clone();
        }
        let slot = Slot::for_key(entry);
        match self.tags.get_or_init(|| tags(&self.marks)) {
            Some(tags) => tagged(&self.marks, tags.get(&slot).copied().unwrap_or_default()),
            None => self.marks.clone(),
        }
    }

    /// Marks of every slot.
    pub(super) fn all_marks(&self) -> Vec<Vec<u8>> {
        match self.clustered.then(|| self.tags.get_or_init(|| tags(&self.marks))) {
            Some(Some(tags)) => tags.values().map(|tag| tagged(&self.marks, *tag)).collect(),
            _ => vec![self.marks.clone()],
        }
    }

    /// Marks beside the index of a cluster: those of patterns.
    pub(super) fn listed_marks(&self) -> &[u8] {
        &self.listed_marks
    }

    /// How many bytes a name has before the key.
    pub(super) fn before_keys(&self) -> usize {
        self.prefix.len()
    }

    /// The index, and the set of the same members by their expiry.
    pub(super) fn sets(&self) -> (Vec<u8>, Vec<u8>) {
        (self.reserved[0].clone(), self.expiry.clone())
    }

    /// The prefix of names before the member.
    pub(super) fn before_members(&self) -> &[u8] {
        &self.prefix[..self.unlisted]
    }

    /// Whether entries are spread over nodes, so that each is asked for by itself.
    pub(super) fn is_clustered(&self) -> bool {
        self.clustered
    }

    /// The name of an entry.
    pub(super) fn entry(&self, key: &[u8]) -> Vec<u8> {
        [self.prefix.as_slice(), key].concat()
    }

    /// An entry as the index lists it.
    pub(super) fn member<'n>(&self, name: &'n [u8]) -> &'n [u8] {
        &name[self.unlisted..]
    }

    /// The prefix of the members of all entries.
    pub(super) fn member_prefix(&self) -> &[u8] {
        &self.prefix[self.unlisted..]
    }

    /// The name of an entry that the index lists.
    pub(super) fn listed(&self, member: Vec<u8>) -> Vec<u8> {
        if self.unlisted == 0 { member } else { [&self.prefix[..self.unlisted], &member].concat() }
    }

    /// The key of an entry; `None` for a name that is no entry of this store.
    pub(super) fn key<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        let own = !self.reserved.iter().any(|other| other == name)
            && !name.starts_with(&self.lock_prefix)
            && !name.starts_with(&self.tag_prefix)
            && !is_tagged(name, &self.marks)
            && name != self.listed_marks;
        name.strip_prefix(self.prefix.as_slice()).filter(|_| own)
    }

    /// The tag of a counter; `None` for a name that is no counter.
    pub(super) fn tag_of<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        name.strip_prefix(self.tag_prefix.as_slice())
    }

    /// The name of the counter of a tag.
    pub(super) fn tag(&self, tag: &[u8]) -> Vec<u8> {
        [self.tag_prefix.as_slice(), tag].concat()
    }

    /// The name beside an entry, in its slot, under which a script writes the value that `RENAME` then moves to the
    /// entry. No key has this byte, so it is no lock of a key.
    pub(super) fn stash(&self, entry: &[u8]) -> Vec<u8> {
        let key = entry.strip_prefix(self.prefix.as_slice()).unwrap_or_default();
        self.lock(key, b"\xff")
    }

    /// The name of the lock `key`, for the entry of `of`: the same as in 0.4.0. In a cluster it has to fall
    /// into the slot of the entry, as one script uses both: if the name of 0.4.0 does not, it gets a hash tag.
    pub(super) fn lock(&self, of: &[u8], key: &[u8]) -> Vec<u8> {
        let plain = [self.lock_prefix.as_slice(), key].concat();
        if !self.clustered {
            return plain;
        }
        let entry = self.entry(of);
        let slot = Slot::for_key(&entry);
        if Slot::for_key(&plain) == slot {
            return plain;
        }
        let tagged = |tag: &[u8]| [self.lock_prefix.as_slice(), b"{", tag, b"}", key].concat();
        let whole = tagged(&entry);
        if Slot::for_key(&whole) == slot {
            return whole;
        }
        // The key has braces, so any tag of the slot will do.
        let tags = (0..TAGS_TRIED).map(|number| tagged(number.to_string().as_bytes()));
        tags.into_iter().find(|name| Slot::for_key(name) == slot).unwrap_or(plain)
    }
}

/// The name of a key beside an index. One script uses both, so in a cluster they share a slot: if the index has no
/// hash tag, the name gets one that falls into its slot. lib/redis/reserved.js knows the form of these names.
fn beside(index: &[u8], suffix: &[u8], clustered: bool) -> Vec<u8> {
    let plain = [index, suffix].concat();
    let slot = Slot::for_key(index);
    if !clustered || Slot::for_key(&plain) == slot {
        return plain;
    }
    (0..TAGS_TRIED).map(|tag| tagged(&plain, tag)).find(|name| Slot::for_key(name) == slot).unwrap_or(plain)
}

fn tagged(name: &[u8], tag: u32) -> Vec<u8> {
    [name, b"{", tag.to_string().as_bytes(), b"}"].concat()
}

/// Whether a name is `plain`, or that with a hash tag behind it.
fn is_tagged(name: &[u8], plain: &[u8]) -> bool {
    let Some(tag) = name.strip_prefix(plain) else { return false };
    let digits = tag.strip_prefix(b"{").and_then(|tag| tag.strip_suffix(b"}"));
    tag.is_empty() || digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

/// For each slot, a tag that puts names into it. None if the name has a tag of its own, which decides.
fn tags(name: &[u8]) -> Option<HashMap<Slot, u32>> {
    let slot = |tag| Slot::for_key(tagged(name, tag));
    if (1..4).all(|tag| slot(tag) == slot(0)) {
        return None;
    }
    let mut tags = HashMap::with_capacity(SLOTS);
    for tag in 0..TAGS_TRIED {
        tags.entry(slot(tag)).or_insert(tag);
        if tags.len() == SLOTS {
            break;
        }
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefix: &str, clustered: bool) -> Names {
        Names::new(&StoreOptions { prefix: prefix.to_owned(), ..StoreOptions::default() }, clustered)
    }

    #[test]
    fn names_are_those_of_the_published_layout() {
        let names = names("app:", false);
        assert_eq!(names.entry(b"user:1"), b"app:user:1");
        assert_eq!(names.index.as_deref(), Some(b"app:__index".as_slice()));
        assert_eq!(names.lock(b"user:1", b"user:1"), b"app:__lock:user:1");
    }

    #[test]
    fn the_prefix_of_a_client_is_before_all_names_but_not_in_the_index() {
        let options = StoreOptions {
            key_prefix: "client:".to_owned(),
            prefix: "app:".to_owned(),
            ..StoreOptions::default()
        };
        let names = Names::new(&options, false);
        assert_eq!(names.entry(b"user:1"), b"client:app:user:1");
        assert_eq!(names.index.as_deref(), Some(b"client:app:__index".as_slice()));
        assert_eq!(names.lock(b"user:1", b"user:1"), b"client:app:__lock:user:1");
        assert_eq!(names.member(b"client:app:user:1"), b"app:user:1");
        assert_eq!(names.listed(b"app:user:1".to_vec()), b"client:app:user:1");
    }

    #[test]
    fn the_index_locks_and_other_prefixes_are_no_entries() {
        let names = names("app:", false);
        assert_eq!(names.key(b"app:user:1"), Some(b"user:1".as_slice()));
        for other in [
            b"app:__index".as_slice(),
            b"app:__index:expiry",
            b"app:__lock:user:1",
            b"app:__tag:a",
            b"other:user:1",
        ] {
            assert_eq!(names.key(other), None);
        }
        assert_eq!(names.key(b"app:__marks"), None);
        assert_eq!(names.key(b"app:__marks{12}"), None);
        assert_eq!(names.key(b"app:__marks{x}"), Some(b"__marks{x}".as_slice()));
    }

    #[test]
    fn in_a_cluster_a_lock_is_in_the_slot_of_its_entry() {
        for prefix in ["app:", "{app}:", "a{b:", ""] {
            let names = names(prefix, true);
            for key in ["user:1", "{user}:1", "a}b", "{}", "{", "}", "}{x}", "a{b}c}", ""] {
                let (entry, lock) = (names.entry(key.as_bytes()), names.lock(key.as_bytes(), key.as_bytes()));
                assert_eq!(Slot::for_key(&entry), Slot::for_key(&lock), "{prefix}{key}");
            }
        }
    }

    #[test]
    fn in_a_cluster_both_sets_of_an_index_are_in_one_slot() {
        for prefix in ["app:", "{app}:", "a{b:", "", "}{", "{}", "{}{x}", "a}b"] {
            let (index, expiry) = names(prefix, true).sets();
            assert_eq!(Slot::for_key(&index), Slot::for_key(&expiry), "{prefix}");
            assert!(expiry.starts_with(&[index.as_slice(), b":expiry"].concat()));
        }
        assert_eq!(names("{app}:", true).sets().1, b"{app}:__index:expiry");
        assert_eq!(names("app:", false).sets().1, b"app:__index:expiry");
    }

    #[test]
    fn in_a_cluster_marks_are_in_the_slot_of_what_they_are_about() {
        for prefix in ["app:", "{app}:", "a{b:", "", "}{", "{}", "{}{x}", "a}b"] {
            let names = names(prefix, true);
            assert_eq!(Slot::for_key(names.listed_marks()), Slot::for_key(&names.sets().0), "{prefix}");
            for key in ["user:1", "{user}:1", "a}b", "{}", "{", "}", "}{x}", "a{b}c}", ""] {
                let entry = names.entry(key.as_bytes());
                let marks = names.marks(&entry);
                assert_eq!(Slot::for_key(&entry), Slot::for_key(&marks), "{prefix}{key}");
                assert!(names.key(&marks).is_none() && names.all_marks().contains(&marks));
            }
        }
        assert_eq!(names("app:", false).marks(b"app:user:1"), b"app:__marks");
    }

    #[test]
    fn a_key_with_a_hash_tag_keeps_the_published_name_of_its_lock() {
        assert_eq!(
            names("app:", true).lock(b"{user:1}:posts", b"{user:1}:posts"),
            b"app:__lock:{user:1}:posts"
        );
    }
}
