//! Entries that left a map on their own or were replaced: always counted, and listed by key while somebody watches.

use super::{Bounded, Evicted, NodeId};
use crate::{clock::Time, entry::key::Key};

crate::words! {
    /// Why an entry is no longer in a map, though nobody removed it.
    pub enum Left {
        /// It made room, or was not admitted.
        Capacity = "capacity",
        /// Its time was over.
        Expired = "expired",
        /// A newer value took its place.
        Replaced = "replaced",
    }
}

/// The entries that left.
#[derive(Default)]
pub(super) struct Leaving {
    pub(super) counts: Evicted,
    /// Those that nobody has taken yet; `None` while nobody asks.
    log: Option<Vec<(Key, Left)>>,
}

impl Leaving {
    pub(super) fn is_logged(&self) -> bool {
        self.log.is_some()
    }

    pub(super) fn log(&mut self, key: Option<Key>, left: Left) {
        if let (Some(log), Some(key)) = (&mut self.log, key) {
            log.push((key, left));
        }
    }
}

impl<T> Bounded<T> {
    /// Begins or ends to log the keys of entries that leave.
    pub fn log_leaving(&mut self, is_on: bool) {
        if is_on != self.leaving.is_logged() {
            self.leaving.log = is_on.then(Vec::new);
        }
    }

    /// The entries that left since the last call, in that order.
    pub fn take_leaving(&mut self) -> Vec<(Key, Left)> {
        self.leaving.log.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn evict_for_room(&mut self, id: NodeId) {
        self.log(id, Left::Capacity);
        self.evict(id);
        self.leaving.counts.capacity += 1;
    }

    pub(super) fn evict_if_expired(&mut self, id: NodeId, now: Time) -> bool {
        let expired = self.slab.entry(id).is_some_and(|entry| entry.expires <= now);
        if expired {
            self.log(id, Left::Expired);
            self.evict(id);
            self.leaving.counts.expired += 1;
        }
        expired
    }

    /// The entry at a node is about to be overwritten.
    pub(super) fn log_replaced(&mut self, id: NodeId, now: Time) {
        if self.leaving.is_logged() {
            let is_over = self.slab.entry(id).is_some_and(|entry| entry.expires <= now);
            self.log(id, if is_over { Left::Expired } else { Left::Replaced });
        }
    }

    fn log(&mut self, id: NodeId, left: Left) {
        if self.leaving.is_logged() {
            let key = self.slab.key(id).cloned();
            self.leaving.log(key, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounded::{Limits, PolicyKind};

    fn map() -> Bounded<u8> {
        Bounded::new(Limits { entries: 2, bytes: None }, PolicyKind::Lru)
    }

    fn put(map: &mut Bounded<u8>, key: &str, expires: u64, now: u64) {
        map.insert(&Key::from(key), 0, 0, Time(expires), Time(now));
    }

    fn told(map: &mut Bounded<u8>) -> Vec<(String, Left)> {
        let left = map.take_leaving();
        left.into_iter()
            .map(|(key, left)| (String::from_utf8_lossy(key.as_bytes()).into_owned(), left))
            .collect()
    }

    #[test]
    fn each_entry_that_leaves_is_logged_with_its_reason_once() {
        let mut map = map();
        map.log_leaving(true);
        put(&mut map, "a", 10, 1);
        put(&mut map, "b", 99, 1);
        put(&mut map, "b", 99, 2);
        assert_eq!(told(&mut map), [("b".into(), Left::Replaced)]);
        put(&mut map, "c", 99, 20);
        assert_eq!(told(&mut map), [("a".into(), Left::Expired)]);
        put(&mut map, "d", 99, 20);
        assert_eq!(told(&mut map), [("b".into(), Left::Capacity)]);
        assert_eq!(told(&mut map), []);
        assert_eq!(map.evicted(), Evicted { capacity: 1, expired: 1 });
    }

    #[test]
    fn an_entry_that_was_over_as_it_was_overwritten_has_expired() {
        let mut map = map();
        map.log_leaving(true);
        put(&mut map, "a", 10, 1);
        put(&mut map, "a", 99, 20);
        assert_eq!(told(&mut map), [("a".into(), Left::Expired)]);
    }

    #[test]
    fn what_is_removed_is_not_logged_and_nothing_is_while_nobody_asks() {
        let mut map = map();
        for key in ["a", "b", "c"] {
            put(&mut map, key, 99, 1);
        }
        map.log_leaving(true);
        map.remove(b"c");
        map.clear();
        assert_eq!(told(&mut map), []);
        map.log_leaving(false);
        for key in ["a", "b", "c"] {
            put(&mut map, key, 99, 1);
        }
        assert_eq!(told(&mut map), []);
    }
}
