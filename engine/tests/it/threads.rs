//! Many threads on one cache: a thread that changes the source and then invalidates never reads the old value.

use std::{
    future::{Future, Ready, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
};

use lazy_layers_engine::{
    bounded::PolicyKind,
    cache::{Cache, Layers},
    clock::{Clock, Timers, Ttl},
    entry::{key::Key, pattern::Pattern},
    l1::{Layer1, Memory, MemoryOptions},
    load::{Caller, LoadId, Loaded, Outcome},
    options::Settings,
    testing::{Recorder, Weighed},
};

use crate::setup::fail_safe;

type Number = Weighed<u64>;

const THREADS: u32 = 4;
const ROUNDS: u32 = 5_000;
const KEYS: u32 = 3;

/// Loads the value of the source.
struct FromSource {
    id: LoadId,
    source: Arc<AtomicU64>,
}

impl Caller<Number> for FromSource {
    type Loading = Ready<Loaded<Number>>;

    fn id(&self) -> LoadId {
        self.id
    }

    fn load(&self) -> Self::Loading {
        let value = self.source.load(SeqCst);
        thread::yield_now();
        ready(Ok(Some(Number::new(value))).into())
    }

    fn abort(&self, _: Ttl) {}

    fn answer(&self, _: Number) {}
}

/// The outcome of a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

struct World {
    cache: Cache<Number>,
    settings: Arc<Settings>,
    sources: Vec<Arc<AtomicU64>>,
    next: AtomicU32,
}

impl World {
    fn new(policy: PolicyKind) -> World {
        let options = MemoryOptions { entries: 2, bytes: None, policy };
        let l1 = Layer1::Memory(Arc::new(Memory::new(options, Vec::new())));
        let observer = Arc::new(Recorder::default());
        let layers = Layers { l1, l2: None, bus: None };
        let cache = Cache::new(fail_safe(), layers, Clock::new(), Timers::current(), observer);
        let settings = Arc::new(cache.settings().clone());
        let sources = (0..KEYS).map(|_| Arc::default()).collect();
        World { cache, settings, sources, next: AtomicU32::new(0) }
    }

    /// The value, unless another thread's load was joined.
    fn read(&self, key: u32) -> Option<u64> {
        let source = Arc::clone(&self.sources[key as usize]);
        let caller = FromSource { id: self.next.fetch_add(1, SeqCst), source };
        match now(self.cache.get_or_set(name(key), Arc::clone(&self.settings), caller)) {
            Outcome::Value(value) => Some(*value.as_inner()),
            Outcome::Joined(_) => None,
            other => panic!("{other:?}"),
        }
    }

    /// Changes the source, invalidates, and reads.
    fn change(&self, key: u32, round: u32) {
        let changed = self.sources[key as usize].fetch_add(1, SeqCst) + 1;
        match round % 3 {
            0 => now(self.cache.delete_by_pattern(&Pattern::from("key:*"))),
            _ => now(self.cache.delete(&name(key))),
        }
        if let Some(read) = self.read(key) {
            assert!(read >= changed, "{read} was read after {changed}");
        }
    }
}

fn name(key: u32) -> Key {
    Key::from(format!("key:{key}").as_str())
}

#[test]
fn an_invalidation_holds_against_loads_of_other_threads() {
    for policy in [PolicyKind::Lru, PolicyKind::TinyLfu, PolicyKind::S3Fifo] {
        let world = World::new(policy);
        thread::scope(|scope| {
            for id in 0..THREADS {
                let world = &world;
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let key = (round + id) % KEYS;
                        if (round + id) % 4 == 0 {
                            world.change(key, round);
                        } else {
                            world.read(key);
                        }
                    }
                });
            }
        });
        for key in 0..KEYS {
            assert_eq!(world.read(key), Some(world.sources[key as usize].load(SeqCst)), "{policy:?}");
        }
        let inspection = world.cache.inspect();
        let tracked = (inspection.running_loads, inspection.fenced_keys, inspection.oldest_load);
        assert_eq!(tracked, (0, 0, None), "{policy:?}");
    }
}
