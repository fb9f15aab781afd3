//! A cache whose requests are polled by hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use super::{
    observer::Recorder,
    request::{Answers, Ended, Request, TestCaller},
    tasks::{Pending, Tasks},
};
use crate::{
    bounded::PolicyKind,
    bus::Message,
    cache::{Cache, Layers},
    clock::{Clock, Timers},
    entry::{key::Key, pattern::Pattern},
    l1::{Layer1, Memory, MemoryOptions},
    observe::event::GapReason,
    options::{CacheOptions, Settings},
    value::Value,
};

/// The memory layer as the first layer, an exact LRU of that many entries.
#[must_use]
pub fn memory<V: Value>(entries: usize) -> Layer1<V> {
    let options = MemoryOptions { entries, bytes: None, policy: PolicyKind::Lru };
    Layer1::Memory(Arc::new(Memory::new(options, Vec::new())))
}

/// A cache under test. It has to be made and used within a tokio runtime, whose clock it runs on.
pub struct Harness<V> {
    /// The cache.
    pub cache: Cache<V>,
    /// Its events.
    pub events: Arc<Recorder<V>>,
    tasks: Tasks,
    answers: Answers<V>,
    next: AtomicU32,
}

impl<V: Value> Harness<V> {
    /// A cache over these layers.
    #[must_use]
    pub fn new(options: CacheOptions, layers: Layers<V>, clock: Clock) -> Harness<V> {
        let events = Arc::new(Recorder::default());
        let observer = Arc::clone(&events) as Arc<_>;
        let cache = Cache::new(options, layers, clock, Timers::current(), observer);
        let (tasks, answers) = (Tasks::default(), Answers::default());
        Harness { cache, events, tasks, answers, next: AtomicU32::new(1) }
    }

    /// Starts `getOrSet` with the settings of the cache.
    pub fn get_or_set(&self, key: &str) -> Request<V> {
        self.get_or_set_with(key, self.cache.settings())
    }

    /// Starts `getOrSet`.
    pub fn get_or_set_with(&self, key: &str, settings: &Settings) -> Request<V> {
        let id = self.next.fetch_add(1, SeqCst);
        let loader = super::Loader::default();
        let answers = Arc::clone(&self.answers);
        let caller = TestCaller { id, loader: loader.clone(), answers: Arc::clone(&answers) };
        let work = self.cache.get_or_set(Key::from(key), Arc::new(settings.clone()), caller);
        let ended = Arc::clone(&answers);
        let work = self.tasks.start(async move {
            if let Some(answer) = Ended::of(work.await) {
                ended.lock().insert(id, answer);
            }
        });
        Request { id, loader, work, answers }
    }

    /// Loads a value to the end.
    pub fn load(&self, key: &str, value: impl Into<V>) {
        self.get_or_set(key).finish(value);
    }

    /// Starts `get`.
    pub fn get(&self, key: &str) -> Pending<Option<V>> {
        self.get_with(key, self.cache.settings())
    }

    /// Starts `get` with these settings.
    pub fn get_with(&self, key: &str, settings: &Settings) -> Pending<Option<V>> {
        let (cache, key, settings) = (self.cache.clone(), Key::from(key), settings.clone());
        self.tasks.start(async move { cache.get(&key, &settings).await })
    }

    /// Starts `set`.
    pub fn set(&self, key: &str, value: impl Into<V>) -> Pending<()> {
        self.set_with(key, value, self.cache.settings())
    }

    /// Starts `set` with these settings.
    pub fn set_with(&self, key: &str, value: impl Into<V>, settings: &Settings) -> Pending<()> {
        let (cache, key, settings, value) =
            (self.cache.clone(), Key::from(key), settings.clone(), value.into());
        self.tasks.start(async move { cache.set(&key, value, &settings).await })
    }

    /// Starts `has`.
    pub fn has(&self, key: &str) -> Pending<bool> {
        let (cache, key) = (self.cache.clone(), Key::from(key));
        self.tasks.start(async move { cache.has(&key).await })
    }

    /// Starts `delete`.
    pub fn delete(&self, key: &str) -> Pending<()> {
        let (cache, key) = (self.cache.clone(), Key::from(key));
        self.tasks.start(async move { cache.delete(&key).await })
    }

    /// Starts `getMany`.
    pub fn get_many(&self, keys: &[&str]) -> Pending<Vec<Option<V>>> {
        let cache = self.cache.clone();
        let keys: Vec<Key> = keys.iter().map(|key| Key::from(*key)).collect();
        self.tasks.start(async move { cache.get_many(&keys, cache.settings()).await })
    }

    /// Starts `deleteMany`.
    pub fn delete_many(&self, keys: &[&str]) -> Pending<()> {
        let cache = self.cache.clone();
        let keys: Vec<Key> = keys.iter().map(|key| Key::from(*key)).collect();
        self.tasks.start(async move { cache.delete_many(&keys).await })
    }

    /// Starts to expire a key.
    pub fn expire(&self, key: &str) -> Pending<()> {
        let (cache, key) = (self.cache.clone(), Key::from(key));
        self.tasks.start(async move { cache.expire(&key).await })
    }

    /// Starts `deleteByPattern`.
    pub fn delete_by_pattern(&self, pattern: &str) -> Pending<()> {
        let (cache, pattern) = (self.cache.clone(), Pattern::from(pattern));
        self.tasks.start(async move { cache.delete_by_pattern(&pattern).await })
    }

    /// Starts to expire the keys that match.
    pub fn expire_by_pattern(&self, pattern: &str) -> Pending<()> {
        let (cache, pattern) = (self.cache.clone(), Pattern::from(pattern));
        self.tasks.start(async move { cache.expire_by_pattern(&pattern).await })
    }

    /// Starts `deleteByTag`.
    pub fn delete_by_tag(&self, tag: &str) -> Pending<()> {
        let (cache, tags) = (self.cache.clone(), [Key::from(tag)]);
        self.tasks.start(async move { cache.delete_by_tag(&tags).await })
    }

    /// Starts `expireByTag`.
    pub fn expire_by_tag(&self, tag: &str) -> Pending<()> {
        let (cache, tags) = (self.cache.clone(), [Key::from(tag)]);
        self.tasks.start(async move { cache.expire_by_tag(&tags).await })
    }

    /// Starts `size`.
    pub fn size(&self) -> Pending<u64> {
        let cache = self.cache.clone();
        self.tasks.start(async move { cache.size().await })
    }

    /// Starts to apply a message.
    pub fn apply(&self, message: Message<V>) -> Pending<()> {
        let cache = self.cache.clone();
        self.tasks.start(async move { cache.apply(message).await })
    }

    /// Starts to heal a gap.
    pub fn heal(&self, reason: GapReason, missed: u64) -> Pending<()> {
        let cache = self.cache.clone();
        self.tasks.start(async move { cache.heal(reason, missed).await })
    }

    /// The bus goes down.
    pub fn bus_down(&self) -> Pending<()> {
        self.tasks.start(self.cache.bus_down("fake".to_owned(), None))
    }

    /// Runs the background work of the cache.
    pub fn upkeep(&self) -> Pending<()> {
        let mut upkeep = self.cache.upkeep();
        self.tasks.start(async move {
            while let Some(work) = upkeep.due().await {
                work.run().await;
            }
        })
    }

    /// Polls everything until nothing can go on.
    pub fn settle(&self) {
        self.tasks.settle();
    }

    /// Forgets the outcomes of requests, and with them the values.
    pub fn forget_answers(&self) {
        self.answers.lock().clear();
    }

    /// How many calls have not ended.
    #[must_use]
    pub fn open_calls(&self) -> usize {
        self.tasks.open()
    }

    /// Lets time pass, and polls everything. tokio's clock has to be paused.
    pub async fn pass(&self, time: Duration) {
        tokio::time::advance(time).await;
        self.settle();
    }
}
