//! The running loads, one per key. Every operation costs the same, however many loads run.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, hash_map::Entry};
use parking_lot::Mutex;

use super::LoadId;
use crate::{
    clock::Time,
    entry::{key::Key, pattern::Pattern},
    options::Inflight,
};

/// How a request enters a load.
#[derive(Debug, PartialEq, Eq)]
pub enum Entered {
    /// It leads a tracked load.
    Leads,
    /// Another request's load is running.
    Joins(LoadId),
    /// It runs untracked: the most loads are tracked already.
    Full,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    id: LoadId,
    started: Time,
    /// Whether the [`Joinable`] lets others join it.
    published: bool,
    is_refresh: bool,
}

/// Shows requests which running loads they may join without a call into the engine. It hears of a load when the first
/// request joins it.
pub trait Joinable: Send + Sync {
    /// The load of this request may be joined until `until`.
    fn publish(&self, id: LoadId, until: Time);
    /// The load may no longer be joined.
    fn retract(&self, id: LoadId);
}

/// No request joins without a call.
#[derive(Debug)]
pub struct NoneJoinable;

impl Joinable for NoneJoinable {
    fn publish(&self, _: LoadId, _: Time) {}
    fn retract(&self, _: LoadId) {}
}

/// The running loads.
pub struct Flights {
    joinable: Arc<dyn Joinable>,
    /// How many loads run: callers that find none skip the lock.
    count: AtomicUsize,
    running: Mutex<HashMap<Key, Flight, RandomState>>,
    /// The start of each load that cannot be joined: replaced, overtaken by an invalidation, or beyond the
    /// limit.
    alone: Mutex<HashMap<LoadId, Time, RandomState>>,
}

impl Flights {
    /// No loads yet.
    #[must_use]
    pub fn new(joinable: Arc<dyn Joinable>) -> Flights {
        Flights { joinable, count: AtomicUsize::new(0), running: Mutex::default(), alone: Mutex::default() }
    }

    /// Joins the running load of `key`, or leads one. A load that is too old to be joined is replaced.
    pub fn enter(&self, key: &Key, id: LoadId, now: Time, options: &Inflight) -> Entered {
        let mut running = self.running.lock();
        let full = options.entries.is_some_and(|most| running.len() >= most);
        match running.entry(key.clone()) {
            Entry::Occupied(mut held) => {
                let until = held.get().started.after(options.ttl);
                if now < until {
                    held.get_mut().published = true;
                    self.joinable.publish(held.get().id, until);
                    return Entered::Joins(held.get().id);
                }
                let old = held.insert(Flight { id, started: now, published: false, is_refresh: false });
                self.overtaken(old);
                Entered::Leads
            }
            Entry::Vacant(_) if full => {
                self.enter_alone(id, now);
                Entered::Full
            }
            Entry::Vacant(free) => {
                free.insert(Flight { id, started: now, published: false, is_refresh: false });
                self.count.fetch_add(1, SeqCst);
                Entered::Leads
            }
        }
    }

    /// Leads a refresh, unless a load runs or the most are tracked already.
    pub fn enter_free(&self, key: &Key, id: LoadId, now: Time, options: &Inflight) -> bool {
        let mut running = self.running.lock();
        let is_full = options.entries.is_some_and(|most| running.len() >= most);
        if is_full || running.contains_key(key) {
            return false;
        }
        running.insert(key.clone(), Flight { id, started: now, published: false, is_refresh: true });
        self.count.fetch_add(1, SeqCst);
        true
    }

    /// Since when a refresh of `key` runs, if one may be joined.
    #[must_use]
    pub fn refreshing(&self, key: &Key, now: Time, options: &Inflight) -> Option<Time> {
        if self.count.load(SeqCst) == 0 {
            return None;
        }
        let flight = self.running.lock().get(key).copied().filter(|flight| flight.is_refresh)?;
        (now < flight.started.after(options.ttl)).then_some(flight.started)
    }

    /// Whether others have joined the load of `id`.
    #[must_use]
    pub fn is_joined(&self, key: &Key, id: LoadId) -> bool {
        self.running.lock().get(key).is_some_and(|flight| flight.id == id && flight.published)
    }

    /// A load runs that nobody can join.
    pub fn enter_alone(&self, id: LoadId, now: Time) {
        self.alone.lock().insert(id, now);
    }

    /// The load of `id` is over.
    pub fn leave(&self, key: &Key, id: LoadId) {
        let mut running = self.running.lock();
        if running.get(key).is_none_or(|flight| flight.id != id) {
            self.alone.lock().remove(&id);
        } else if let Some(flight) = running.remove(key) {
            self.count.fetch_sub(1, SeqCst);
            self.hide(flight);
        }
    }

    /// Forgets a key's load: the next request starts a new one.
    pub fn forget(&self, key: &Key) {
        if self.count.load(SeqCst) > 0 {
            let mut running = self.running.lock();
            if let Some(flight) = running.remove(key) {
                self.count.fetch_sub(1, SeqCst);
                self.overtaken(flight);
            }
        }
    }

    /// Forgets the loads of all keys that match.
    pub fn forget_matching(&self, pattern: &Pattern) {
        let mut running = self.running.lock();
        running.retain(|key, flight| {
            let stays = !pattern.matches(key.as_bytes());
            if !stays {
                self.overtaken(*flight);
            }
            stays
        });
        self.count.store(running.len(), SeqCst);
    }

    /// From here on, joining the load of a key takes a call.
    pub fn unpublish(&self, key: &Key) {
        if let Some(flight) = self.running.lock().get_mut(key) {
            self.hide(*flight);
            flight.published = false;
        }
    }

    /// Called with `running` locked, as the load may be leaving.
    fn overtaken(&self, flight: Flight) {
        self.hide(flight);
        self.enter_alone(flight.id, flight.started);
    }

    fn hide(&self, flight: Flight) {
        if flight.published {
            self.joinable.retract(flight.id);
        }
    }

    /// When the oldest running load started.
    #[must_use]
    pub fn oldest(&self) -> Option<Time> {
        let joinable = self.running.lock().values().map(|flight| flight.started).min();
        let alone = self.alone.lock().values().copied().min();
        joinable.into_iter().chain(alone).min()
    }

    /// How many loads run, also those that cannot be joined.
    #[must_use]
    pub fn running(&self) -> usize {
        let joinable = self.running.lock().len();
        joinable + self.alone.lock().len()
    }

    /// How many loads can be joined.
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
        let flights = Flights::new(Arc::new(NoneJoinable));
        let key = Key::from("a");
        assert_eq!(flights.enter(&key, 1, Time(0), &options()), Entered::Leads);
        assert_eq!(flights.enter(&key, 2, Time(99), &options()), Entered::Joins(1));
        assert_eq!(flights.enter(&key, 3, Time(100), &options()), Entered::Leads);
        flights.leave(&key, 1);
        assert_eq!(flights.enter(&key, 4, Time(101), &options()), Entered::Joins(3));
    }

    #[test]
    fn a_load_that_is_joined_for_no_time_is_joined_by_nobody() {
        let flights = Flights::new(Arc::new(NoneJoinable));
        let options = Inflight { ttl: Ttl(0), ..options() };
        assert_eq!(flights.enter(&"a".into(), 1, Time(7), &options), Entered::Leads);
        assert_eq!(flights.enter(&"a".into(), 2, Time(7), &options), Entered::Leads);
    }

    #[test]
    fn loads_beyond_the_limit_run_untracked() {
        let flights = Flights::new(Arc::new(NoneJoinable));
        for (id, key) in ["a", "b"].iter().enumerate() {
            let id = u32::try_from(id).expect("small");
            assert_eq!(flights.enter(&(*key).into(), id, Time(0), &options()), Entered::Leads);
        }
        assert_eq!(flights.enter(&"c".into(), 9, Time(0), &options()), Entered::Full);
        assert_eq!(flights.enter(&"a".into(), 10, Time(0), &options()), Entered::Joins(0));
    }

    #[test]
    fn the_oldest_running_load_is_known() {
        let flights = Flights::new(Arc::new(NoneJoinable));
        flights.enter(&"a".into(), 1, Time(5), &options());
        flights.enter(&"b".into(), 2, Time(7), &options());
        assert_eq!(flights.oldest(), Some(Time(5)));
        flights.forget_matching(&Pattern::from("*"));
        assert_eq!((flights.oldest(), flights.count()), (Some(Time(5)), 0));
        flights.leave(&"a".into(), 1);
        assert_eq!(flights.oldest(), Some(Time(7)));
        flights.leave(&"b".into(), 2);
        assert_eq!(flights.oldest(), None);
    }
}
