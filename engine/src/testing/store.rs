//! A store in memory that can be held, made to fail, and has locks if it is told to.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::gates::{Gates, Point};
use crate::{
    clock::{Clock, Time, Ttl},
    entry::{key::Key, pattern::Pattern},
    store::{Fill, Found, LockOf, Locks, Mark, MarkCell, Store, StoreFuture},
    value::{BoxFuture, Failure, Value},
};

/// A map behind gates. Operations are called as in events: `get`, `set`, `has`, `delete`,
/// `deleteByPattern`, `size`, `acquireLock`, `releaseLock`.
pub struct FakeStore<V> {
    /// Hold its operations.
    pub gates: Gates,
    clock: Clock,
    entries: Mutex<HashMap<Key, (V, Time)>>,
    calls: Mutex<Vec<&'static str>>,
    failing: Mutex<HashSet<&'static str>>,
    locks: Option<Mutex<HashMap<Key, (String, Time)>>>,
    shared: bool,
    unreadable: Mutex<HashSet<Key>>,
    reconnects: AtomicU64,
    replacements: watch::Sender<u64>,
    refusing: Mutex<HashSet<&'static str>>,
    reachable: AtomicBool,
    complaint: Mutex<Option<String>>,
    marks: Option<Mutex<Marks>>,
}

/// What was invalidated, by a count of all invalidations.
#[derive(Default)]
struct Marks {
    count: u64,
    keys: HashMap<Key, u64>,
    patterns: Vec<(u64, Pattern)>,
}

impl<V: Value> FakeStore<V> {
    /// An empty private store, without locks.
    #[must_use]
    pub fn new(clock: Clock) -> FakeStore<V> {
        FakeStore {
            gates: Gates::default(),
            clock,
            entries: Mutex::default(),
            calls: Mutex::default(),
            failing: Mutex::default(),
            locks: None,
            shared: false,
            unreadable: Mutex::default(),
            reconnects: AtomicU64::new(0),
            replacements: watch::Sender::new(0),
            refusing: Mutex::default(),
            reachable: AtomicBool::new(false),
            complaint: Mutex::default(),
            marks: None,
        }
    }

    /// As one that orders loads against invalidations.
    #[must_use]
    pub fn marking(self) -> FakeStore<V> {
        FakeStore { marks: Some(Mutex::default()), ..self }
    }

    /// Another instance invalidates a key, past gates and faults.
    pub fn invalidate(&self, key: &Key) {
        self.mark(key);
        self.remove(key);
    }

    fn mark(&self, key: &Key) {
        if let Some(marks) = &self.marks {
            let mut marks = marks.lock();
            marks.count += 1;
            let count = marks.count;
            marks.keys.insert(key.clone(), count);
        }
    }

    fn stands(&self, key: &Key, mark: Mark) -> bool {
        self.marks.as_ref().is_none_or(|marks| {
            let marks = marks.lock();
            let is_marked = marks.keys.get(key).is_some_and(|count| *count > mark.own);
            let is_matched =
                |(count, pattern): &(u64, Pattern)| *count > mark.own && pattern.matches(key.as_bytes());
            !is_marked && !marks.patterns.iter().any(is_matched)
        })
    }

    /// With locks.
    #[must_use]
    pub fn with_locks(self) -> FakeStore<V> {
        FakeStore { locks: Some(Mutex::default()), ..self }
    }

    /// As one that other instances write to as well.
    #[must_use]
    pub fn shared(self) -> FakeStore<V> {
        FakeStore { shared: true, ..self }
    }

    /// Makes the operation fail from now on.
    pub fn fail(&self, operation: &'static str) {
        self.failing.lock().insert(operation);
    }

    /// Makes the operation be refused from now on, by a store that works.
    pub fn refuse(&self, operation: &'static str) {
        self.refusing.lock().insert(operation);
    }

    /// Makes nothing fail any more.
    pub fn mend(&self) {
        self.failing.lock().clear();
        self.refusing.lock().clear();
    }

    /// Whether the store says that it can be reached.
    pub fn set_reachable(&self, reachable: bool) {
        self.reachable.store(reachable, SeqCst);
    }

    /// The store has something to say about itself.
    pub fn complain(&self, complaint: &str) {
        *self.complaint.lock() = Some(complaint.to_owned());
    }

    /// The value under the key cannot be read from now on.
    pub fn spoil(&self, key: &Key) {
        self.unreadable.lock().insert(key.clone());
    }

    /// The store reconnects.
    pub fn come_back(&self) {
        self.mend();
        self.reconnects.fetch_add(1, SeqCst);
    }

    /// The store is on another server from now on.
    pub fn replace(&self) {
        self.replacements.send_modify(|replacements| *replacements += 1);
    }

    /// The calls, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().clone()
    }

    /// The live value of a key, past gates and faults.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Option<V> {
        let entries = self.entries.lock();
        entries.get(key).filter(|(_, expires)| self.clock.now() < *expires).map(|(value, _)| value.clone())
    }

    /// Stores a value, past gates and faults.
    pub fn put(&self, key: &Key, value: V, ttl: Ttl) {
        let expires = self.clock.now().after(ttl);
        let before = self.entries.lock().insert(key.clone(), (value, expires));
        drop(before);
    }

    /// Removes a key, past gates and faults.
    pub fn remove(&self, key: &Key) {
        let removed = self.entries.lock().remove(key);
        drop(removed);
    }

    /// Who holds the lock of a key.
    #[must_use]
    pub fn lock_holder(&self, key: &Key) -> Option<String> {
        let locks = self.locks.as_ref()?.lock();
        locks.get(key).filter(|(_, until)| self.clock.now() < *until).map(|(token, _)| token.clone())
    }

    /// All locks end, as in a server that was started anew.
    pub fn drop_locks(&self) {
        if let Some(locks) = &self.locks {
            locks.lock().clear();
        }
    }

    fn run<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        act: impl FnOnce() -> Result<T, Failure<V>> + Send + 'a,
    ) -> StoreFuture<'a, T, V> {
        Box::pin(async move {
            self.calls.lock().push(operation);
            self.gates.pass(operation, Point::Before).await;
            if self.failing.lock().contains(operation) {
                return Err(Failure::Message(format!("{operation} is down")));
            }
            if self.refusing.lock().contains(operation) {
                let reason = Failure::Message(format!("{operation} is refused"));
                return Err(Failure::Unreadable(Box::new(reason)));
            }
            let answer = act()?;
            self.gates.pass(operation, Point::After).await;
            Ok(answer)
        })
    }
}

impl<V: Value> Store<V> for FakeStore<V> {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Found<V>>, V> {
        self.run("get", || {
            if self.unreadable.lock().contains(key) {
                let reason = Failure::Message("no such format".to_owned());
                return Err(Failure::Unreadable(Box::new(reason)));
            }
            let now = self.clock.now();
            let entries = self.entries.lock();
            Ok(entries.get(key).filter(|(_, expires)| now < *expires).map(|(value, expires)| {
                let left = if *expires == Time::NEVER { Ttl::FOREVER } else { Ttl(expires.0 - now.0) };
                Found { value: value.clone(), left }
            }))
        })
    }

    fn get_marked<'a>(&'a self, key: &'a Key, mark: &'a MarkCell) -> StoreFuture<'a, Option<Found<V>>, V> {
        let read = self.get(key);
        Box::pin(async move {
            let found = read.await;
            if let Some(marks) = self.marks.as_ref().filter(|_| !matches!(found, Err(Failure::Message(_)))) {
                let own = marks.lock().count;
                mark.get_or_init(|| Mark { own, listed: own, taken: self.clock.now() });
            }
            found
        })
    }

    fn counts_invalidations(&self) -> bool {
        self.marks.is_some()
    }

    fn fill<'a>(&'a self, fill: Fill<'a, V>) -> StoreFuture<'a, bool, V> {
        self.run("set", move || {
            let Fill { at, value, ttl, mark, token } = fill;
            let owned =
                token.is_none_or(|token| self.lock_holder(at.key).is_some_and(|holder| holder == token));
            let stands = owned && self.stands(at.stored, mark);
            if stands {
                self.put(at.stored, value.clone(), ttl);
            }
            Ok(stands)
        })
    }

    fn set<'a>(&'a self, key: &'a Key, value: &'a V, ttl: Ttl) -> StoreFuture<'a, (), V> {
        self.run("set", move || {
            self.put(key, value.clone(), ttl);
            Ok(())
        })
    }

    fn has<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, bool, V> {
        self.run("has", || Ok(self.peek(key).is_some()))
    }

    fn delete<'a>(&'a self, key: &'a Key, lock: Option<&'a Key>) -> StoreFuture<'a, (), V> {
        self.run("delete", move || {
            self.mark(key);
            self.remove(key);
            if let Some((locks, lock)) = self.locks.as_ref().zip(lock) {
                locks.lock().remove(lock);
            }
            Ok(())
        })
    }

    fn delete_by_pattern<'a>(&'a self, pattern: &'a Pattern) -> StoreFuture<'a, (), V> {
        self.run("deleteByPattern", || {
            if let Some(marks) = &self.marks {
                let mut marks = marks.lock();
                marks.count += 1;
                let count = marks.count;
                marks.patterns.push((count, pattern.clone()));
            }
            self.entries.lock().retain(|key, _| !pattern.matches(key.as_bytes()));
            Ok(())
        })
    }

    fn size(&self) -> StoreFuture<'_, u64, V> {
        self.run("size", || {
            let now = self.clock.now();
            Ok(self.entries.lock().values().filter(|(_, expires)| now < *expires).count() as u64)
        })
    }

    fn locks(&self) -> Option<&dyn Locks<V>> {
        self.locks.is_some().then_some(self as &dyn Locks<V>)
    }

    fn is_shared(&self) -> bool {
        self.shared
    }

    fn reconnects(&self) -> u64 {
        self.reconnects.load(SeqCst)
    }

    fn is_reachable(&self) -> bool {
        self.reachable.load(SeqCst)
    }

    fn replacements(&self) -> u64 {
        *self.replacements.borrow()
    }

    fn replaced(&self, seen: u64) -> BoxFuture<'static, ()> {
        let mut replacements = self.replacements.subscribe();
        Box::pin(async move { drop(replacements.wait_for(|now| *now != seen).await) })
    }

    fn take_complaint(&self) -> Option<String> {
        self.complaint.lock().take()
    }
}

impl<V: Value> Locks<V> for FakeStore<V> {
    fn acquire<'a>(&'a self, lock: LockOf<'a>, token: &'a str, ttl: Ttl) -> StoreFuture<'a, bool, V> {
        let key = lock.key;
        self.run("acquireLock", move || {
            let free = self.lock_holder(key).is_none();
            if let Some(locks) = self.locks.as_ref().filter(|_| free) {
                locks.lock().insert(key.clone(), (token.to_owned(), self.clock.now().after(ttl)));
            }
            Ok(free)
        })
    }

    fn release<'a>(&'a self, lock: LockOf<'a>, token: &'a str) -> StoreFuture<'a, (), V> {
        let key = lock.key;
        self.run("releaseLock", move || {
            if let Some(locks) = &self.locks {
                locks.lock().retain(|held, (owner, _)| held != key || owner != token);
            }
            Ok(())
        })
    }

    fn set_if_owner<'a>(
        &'a self,
        lock: LockOf<'a>,
        value: &'a V,
        ttl: Ttl,
        token: &'a str,
    ) -> Option<StoreFuture<'a, bool, V>> {
        Some(self.run("set", move || {
            let owned = self.lock_holder(lock.key).is_some_and(|holder| holder == token);
            if owned {
                self.put(lock.stored, value.clone(), ttl);
            }
            Ok(owned)
        }))
    }
}
