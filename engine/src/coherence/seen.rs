//! Ids of events that were applied, so that a redelivered one is not applied again.

use parking_lot::Mutex;

use crate::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::{Time, Ttl},
    entry::key::Key,
};

/// The ids seen within a time, up to a bound.
pub struct Seen {
    ids: Mutex<Bounded<()>>,
    ttl: Ttl,
    /// Whether nothing is remembered, as the bound is 0.
    is_off: bool,
}

impl Seen {
    /// Remembers `entries` ids, each for `ttl`; 0 remembers none.
    #[must_use]
    pub fn new(entries: usize, ttl: Ttl) -> Seen {
        let ids = Mutex::new(Bounded::new(Limits { entries, bytes: None }, PolicyKind::Lru));
        Seen { ids, ttl, is_off: entries == 0 }
    }

    /// Whether this id is seen for the first time. Remembers it.
    pub fn is_first(&self, id: &Key, now: Time) -> bool {
        if self.is_off {
            return true;
        }
        let mut ids = self.ids.lock();
        if ids.peek(id.as_bytes(), now).is_some() {
            return false;
        }
        ids.insert(id, (), 0, now.after(self.ttl), now);
        drop(ids.take_removed());
        true
    }

    /// How many ids are remembered.
    #[must_use]
    pub fn len(&self, now: Time) -> usize {
        self.ids.lock().len(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_first_once_until_its_time_is_over() {
        let seen = Seen::new(10, Ttl(100));
        assert!(seen.is_first(&"a".into(), Time(0)));
        assert!(!seen.is_first(&"a".into(), Time(99)));
        assert!(seen.is_first(&"a".into(), Time(100)));
    }

    #[test]
    fn an_id_that_is_remembered_for_no_time_is_always_first() {
        let seen = Seen::new(10, Ttl(0));
        assert!(seen.is_first(&"a".into(), Time(5)));
        assert!(seen.is_first(&"a".into(), Time(5)));
    }

    #[test]
    fn where_no_ids_are_remembered_each_is_first() {
        let seen = Seen::new(0, Ttl::FOREVER);
        assert!(seen.is_first(&"a".into(), Time(5)));
        assert!(seen.is_first(&"a".into(), Time(5)));
        assert_eq!(seen.len(Time(5)), 0);
    }

    #[test]
    fn the_oldest_id_makes_room() {
        let seen = Seen::new(2, Ttl::FOREVER);
        for id in ["a", "b", "c"] {
            seen.is_first(&id.into(), Time(0));
        }
        assert_eq!(seen.len(Time(0)), 2);
        assert!(!seen.is_first(&"c".into(), Time(0)));
        assert!(seen.is_first(&"a".into(), Time(0)));
    }
}
