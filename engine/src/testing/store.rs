//! A store in memory whose operations can be held or made to fail, with locks if a test wants them.

mod data;
mod tags;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use parking_lot::Mutex;
use tokio::sync::watch;

use self::data::Data;
use super::gates::{Gates, Point};
use crate::{
    clock::{Clock, Time, Ttl},
    codec::TagCount,
    entry::{key::Key, pattern::Pattern},
    options::SetDetails,
    store::{Fill, Found, LockOf, Locks, MarkCell, Marking, Store, StoreFuture, TagCounters},
    value::{BoxFuture, Failure, Value},
};

/// A map behind gates. Operations are called as in events: `get`, `set`, `has`, `delete`,
/// `deleteByPattern`, `size`, `acquireLock`, `releaseLock`; those on counters of tags `counts`, `begin`,
/// `invalidateTags`.
pub struct FakeStore<V> {
    /// Hold its operations.
    pub gates: Gates,
    data: Arc<Data<V>>,
    calls: Mutex<Vec<&'static str>>,
    failing: Mutex<HashSet<&'static str>>,
    locks: bool,
    marks: bool,
    counts_tags: bool,
    shared: bool,
    unreadable: Mutex<HashSet<Key>>,
    reconnects: AtomicU64,
    replacements: watch::Sender<u64>,
    refusing: Mutex<HashSet<&'static str>>,
    reachable: AtomicBool,
    complaint: Mutex<Option<String>>,
}

impl<V: Value> FakeStore<V> {
    /// An empty private store, without locks.
    #[must_use]
    pub fn new(clock: Clock) -> FakeStore<V> {
        FakeStore::over(Arc::new(Data::new(clock)))
    }

    /// Another store over the same data, with its own gates and faults.
    #[must_use]
    pub fn another(&self) -> FakeStore<V> {
        let FakeStore { locks, marks, shared, counts_tags, .. } = *self;
        FakeStore { locks, marks, shared, counts_tags, ..FakeStore::over(Arc::clone(&self.data)) }
    }

    fn over(data: Arc<Data<V>>) -> FakeStore<V> {
        FakeStore {
            gates: Gates::default(),
            data,
            calls: Mutex::default(),
            failing: Mutex::default(),
            locks: false,
            marks: false,
            counts_tags: false,
            shared: false,
            unreadable: Mutex::default(),
            reconnects: AtomicU64::new(0),
            replacements: watch::Sender::new(0),
            refusing: Mutex::default(),
            reachable: AtomicBool::new(false),
            complaint: Mutex::default(),
        }
    }

    /// The store, as one that orders loads against invalidations.
    #[must_use]
    pub fn marking(self) -> FakeStore<V> {
        FakeStore { marks: true, ..self }
    }

    /// Another instance invalidates a key, past gates and faults.
    pub fn invalidate(&self, key: &Key) {
        self.data.mark(key);
        self.remove(key);
    }

    /// The store, with locks.
    #[must_use]
    pub fn with_locks(self) -> FakeStore<V> {
        FakeStore { locks: true, ..self }
    }

    /// The store, as one that other instances write to as well.
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

    /// Makes all operations work again.
    pub fn mend(&self) {
        self.failing.lock().clear();
        self.refusing.lock().clear();
    }

    /// Whether the store says that it can be reached.
    pub fn set_reachable(&self, reachable: bool) {
        self.reachable.store(reachable, SeqCst);
    }

    /// Gives the store a warning for users.
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
        self.data.find(key).map(|(value, _)| value)
    }

    /// Stores a value, past gates and faults.
    pub fn put(&self, key: &Key, value: V, ttl: Ttl) {
        self.data.put(key, value, ttl);
    }

    /// Removes a key, past gates and faults.
    pub fn remove(&self, key: &Key) {
        self.data.remove(key);
    }

    /// The holder of the lock of a key.
    #[must_use]
    pub fn lock_holder(&self, key: &Key) -> Option<String> {
        self.data.lock_holder(key)
    }

    /// All locks end, as in a server that was started anew.
    pub fn drop_locks(&self) {
        self.data.drop_locks();
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

impl<V: Value> FakeStore<V> {
    fn find(&self, key: &Key) -> Result<Option<Found<V>>, Failure<V>> {
        if self.unreadable.lock().contains(key) {
            let reason = Failure::Message("no such format".to_owned());
            return Err(Failure::Unreadable(Box::new(reason)));
        }
        Ok(self.data.find(key).map(|(value, expires)| {
            let now = self.data.now();
            let left = if expires == Time::NEVER { Ttl::FOREVER } else { Ttl(expires.0 - now.0) };
            Found::beside(self.data.metadata_of(key), value, left)
        }))
    }
}

impl<V: Value> Store<V> for FakeStore<V> {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Found<V>>, V> {
        self.run("get", || self.find(key))
    }

    fn get_marked<'a>(&'a self, key: &'a Key, mark: &'a MarkCell) -> StoreFuture<'a, Option<Found<V>>, V> {
        if !self.marks {
            return self.get(key);
        }
        let read = self.run("get", || {
            let (counted, found) = (Some(self.data.marked()), self.find(key));
            // A value does not wait for its mark.
            let is_hit = matches!(found, Ok(Some(_)));
            mark.put(if is_hit {
                Marking::Coming(Box::pin(async move { counted }))
            } else {
                Marking::Known(counted)
            });
            found
        });
        Box::pin(async move {
            let found = read.await;
            // A refused read also tells how far invalidations are counted.
            if matches!(found, Err(Failure::Unreadable(_))) {
                mark.put(Marking::Known(Some(self.data.marked())));
            }
            found
        })
    }

    fn counts_invalidations(&self) -> bool {
        self.marks
    }

    fn fill<'a>(&'a self, fill: Fill<'a, V>) -> StoreFuture<'a, bool, V> {
        self.run("set", move || {
            let Fill { at, value, ttl, mark, token, metadata } = fill;
            let owned =
                token.is_none_or(|token| self.lock_holder(at.key).is_some_and(|holder| holder == token));
            let stands = owned && (!self.marks || self.data.stands(at.stored, mark));
            if stands {
                self.data.put_beside(at.stored, value.clone(), ttl, metadata);
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

    fn set_with<'a>(
        &'a self,
        key: &'a Key,
        value: &'a V,
        ttl: Ttl,
        details: SetDetails<'a>,
    ) -> StoreFuture<'a, (), V> {
        self.run("set", move || {
            self.data.put_beside(key, value.clone(), ttl, details.metadata);
            Ok(())
        })
    }

    fn tags_of<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Vec<TagCount>>, V>
    where
        V: 'a,
    {
        self.run("has", || Ok(self.peek(key).map(|_| self.data.metadata_of(key).tags)))
    }

    fn tags(&self) -> Option<&dyn TagCounters<V>> {
        self.counts_tags.then_some(self as &dyn TagCounters<V>)
    }

    fn has<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, bool, V> {
        self.run("has", || Ok(self.peek(key).is_some()))
    }

    fn delete<'a>(&'a self, key: &'a Key, lock: Option<&'a Key>) -> StoreFuture<'a, (), V> {
        self.run("delete", move || {
            self.data.mark(key);
            self.remove(key);
            if let Some(lock) = lock {
                self.data.drop_lock(lock);
            }
            Ok(())
        })
    }

    fn delete_by_pattern<'a>(&'a self, pattern: &'a Pattern) -> StoreFuture<'a, (), V> {
        self.run("deleteByPattern", || {
            self.data.mark_matching(pattern);
            self.data.remove_matching(pattern);
            Ok(())
        })
    }

    fn size(&self) -> StoreFuture<'_, u64, V> {
        self.run("size", || Ok(self.data.live()))
    }

    fn locks(&self) -> Option<&dyn Locks<V>> {
        self.locks.then_some(self as &dyn Locks<V>)
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
            if free {
                self.data.lock(key, token, ttl);
            }
            Ok(free)
        })
    }

    fn release<'a>(&'a self, lock: LockOf<'a>, token: &'a str) -> StoreFuture<'a, (), V> {
        let key = lock.key;
        self.run("releaseLock", move || {
            self.data.unlock(key, token);
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
