//! The loads that are running, one per key. Every operation costs the same however many there are.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, hash_map::Entry};
use parking_lot::Mutex;

use super::LoadId;
use crate::{
    clock::Time,
    entry::{key::Key, pattern::Pattern},
    options::Inflight,
};

/// What a request finds when it wants to load.
#[derive(Debug, PartialEq, Eq)]
pub enum Entered {
    /// It leads a tracked load.
    Leads,
    /// Another request's load is running.
    Joins(LoadId),
    /// So many loads are tracked that this one runs untracked.
    Full,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    id: LoadId,
    started: Time,
}

/// The running loads.
#[derive(Debug, Default)]
pub struct Flights {
    /// How many loads run: those who find none skip the lock.
    count: AtomicUsize,
    running: Mutex<HashMap<Key, Flight, RandomState>>,
}

impl Flights {
    /// Joins the running load of `key`, or leads one. A load that is too old to be joined is replaced.
    pub fn enter(&self, key: &Key, id: LoadId, now: Time, options: &Inflight) -> Entered {
        let mut running = self.running.lock();
        let full = options.entries.is_some_and(|most| running.len() >= most);
        match running.entry(key.clone()) {
            Entry::Occupied(mut held) => {
                if now < held.get().started.after(options.ttl) {
                    return Entered::Joins(held.get().id);
                }
                held.insert(Flight { id, started: now });
                Entered::Leads
            }
            Entry::Vacant(_) if full => Entered::Full,
            Entry::Vacant(free) => {
                free.insert(Flight { id, started: now });
                self.count.fetch_add(1, SeqCst);
                Entered::Leads
            }
        }
    }

    /// The load of `id` is over.
    pub fn leave(&self, key: &Key, id: LoadId) {
        let mut running = self.running.lock();
        if running.get(key).is_some_and(|flight| flight.id == id) {
            running.remove(key);
            self.count.fetch_sub(1, SeqCst);
        }
    }

    /// Lets go of a key's load: the next request starts a new one.
    pub fn forget(&self, key: &Key) {
        if self.count.load(SeqCst) > 0 && self.running.lock().remove(key).is_some() {
            self.count.fetch_sub(1, SeqCst);
        }
    }

    /// Lets go of the loads of all keys that match.
    pub fn forget_matching(&self, pattern: &Pattern) {
        let mut running = self.running.lock();
        running.retain(|key, _| !pattern.matches(key.as_bytes()));
        self.count.store(running.len(), SeqCst);
    }

    /// When the oldest running load started.
    #[must_use]
    pub fn oldest(&self) -> Option<Time> {
        self.running.lock().values().map(|flight| flight.started).min()
    }

    /// How many loads are tracked.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Ttl;

    fn options() -> Inflight {
        Inflight { enabled: true, ttl: Ttl(100), entries: Some(2) }
    }

    #[test]
    fn a_running_load_is_joined_until_it_is_too_old() {
        let flights = Flights::default();
        let key = Key::from("a");
        assert_eq!(flights.enter(&key, 1, Time(0), &options()), Entered::Leads);
        assert_eq!(flights.enter(&key, 2, Time(99), &options()), Entered::Joins(1));
        assert_eq!(flights.enter(&key, 3, Time(100), &options()), Entered::Leads);
        flights.leave(&key, 1);
        assert_eq!(flights.enter(&key, 4, Time(101), &options()), Entered::Joins(3));
    }

    #[test]
    fn loads_beyond_the_limit_run_untracked() {
        let flights = Flights::default();
        for (id, key) in ["a", "b"].iter().enumerate() {
            let id = u32::try_from(id).expect("small");
            assert_eq!(flights.enter(&(*key).into(), id, Time(0), &options()), Entered::Leads);
        }
        assert_eq!(flights.enter(&"c".into(), 9, Time(0), &options()), Entered::Full);
        assert_eq!(flights.enter(&"a".into(), 10, Time(0), &options()), Entered::Joins(0));
    }

    #[test]
    fn the_oldest_running_load_is_known() {
        let flights = Flights::default();
        flights.enter(&"a".into(), 1, Time(5), &options());
        flights.enter(&"b".into(), 2, Time(7), &options());
        assert_eq!(flights.oldest(), Some(Time(5)));
        flights.forget_matching(&Pattern::from("*"));
        assert_eq!((flights.oldest(), flights.count()), (None, 0));
    }
}
