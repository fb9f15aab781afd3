//! The bounded map beside the alternatives: an LRU map of a crate, and moka.
//!
//! Each step handles one key. Keys are used in another order than they were inserted in: visited one after
//! the other, 100,000 entries would be in the processor's cache before they are asked for.

use std::hint::black_box;

use criterion::{
    BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use foldhash::fast::RandomState;
use hashlink::{LinkedHashMap, LruCache};
use lazy_layers_engine::{
    bounded::{Bounded, Limits, PolicyKind},
    clock::Time,
    entry::key::Key,
};
use moka::{policy::EvictionPolicy, sync::Cache};

/// A lifetime; the clock moves by one a step and the bench is over before anything expires.
const LIFE: u64 = 1 << 40;

fn keys(from: usize, count: usize) -> Vec<Key> {
    (from..from + count).map(|n| Key::from(format!("user:{n}:profile").as_str())).collect()
}

/// In an order that has nothing to do with the one given, the same in each run.
fn shuffled<T>(mut items: Vec<T>) -> Vec<T> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for end in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(end, (state % (end as u64 + 1)) as usize);
    }
    items
}

/// The measured operations of each map.
trait Map {
    fn put(&mut self, key: &Key, value: u64);
    fn read(&mut self, key: &Key) -> Option<u64>;
}

struct Engine {
    map: Bounded<u64>,
    removed: Vec<u64>,
    now: u64,
    life: u64,
}

impl Engine {
    fn new(entries: usize, policy: PolicyKind, life: u64) -> Engine {
        let map = Bounded::new(Limits { entries, bytes: None }, policy);
        Engine { map, removed: Vec::new(), now: 0, life }
    }
}

impl Map for Engine {
    fn put(&mut self, key: &Key, value: u64) {
        self.now += 1;
        self.map.insert(key, value, 1, Time(self.now.saturating_add(self.life)), Time(self.now));
        self.map.drain_removed(&mut self.removed);
        self.removed.clear();
    }

    fn read(&mut self, key: &Key) -> Option<u64> {
        self.map.get(key.as_bytes(), Time(self.now)).map(|(_, entry)| entry.value)
    }
}

/// The expiry beside the value, as a map without an order of expiry would keep it.
impl Map for LruCache<Key, (u64, Time), RandomState> {
    fn put(&mut self, key: &Key, value: u64) {
        self.insert(key.clone(), (value, Time(LIFE)));
    }

    fn read(&mut self, key: &Key) -> Option<u64> {
        self.get(key).filter(|(_, expires)| Time(1) < *expires).map(|(value, _)| *value)
    }
}

struct Linked {
    map: LinkedHashMap<Key, (u64, Time), RandomState>,
    entries: usize,
}

impl Map for Linked {
    fn put(&mut self, key: &Key, value: u64) {
        self.map.insert(key.clone(), (value, Time(LIFE)));
        if self.map.len() > self.entries {
            self.map.pop_front();
        }
    }

    fn read(&mut self, key: &Key) -> Option<u64> {
        self.map.to_back(key).filter(|(_, expires)| Time(1) < *expires).map(|(value, _)| *value)
    }
}

struct Moka(Cache<Key, (u64, Time), RandomState>);

impl Moka {
    fn new(entries: usize) -> Moka {
        let builder = Cache::builder().max_capacity(entries as u64).eviction_policy(EvictionPolicy::lru());
        Moka(builder.build_with_hasher(RandomState::default()))
    }
}

impl Map for Moka {
    fn put(&mut self, key: &Key, value: u64) {
        self.0.insert(key.clone(), (value, Time(LIFE)));
        self.0.run_pending_tasks();
    }

    fn read(&mut self, key: &Key) -> Option<u64> {
        self.0.get(key).filter(|(_, expires)| Time(1) < *expires).map(|(value, _)| value)
    }
}

fn bench_map(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, entries: usize, mut map: impl Map) {
    let (held, fresh) = (keys(0, entries), shuffled(keys(entries, 8 * entries)));
    held.iter().for_each(|key| map.put(key, 1));
    let held = shuffled(held);
    let mut turn = held.iter().cycle();
    group.bench_function(format!("get/{name}/{entries}"), |bencher| {
        bencher.iter(|| turn.next().and_then(|key| map.read(key)));
    });
    group.bench_function(format!("overwrite/{name}/{entries}"), |bencher| {
        bencher.iter_batched(
            || turn.next(),
            |key| map.put(key.unwrap_or(&held[0]), 2),
            BatchSize::SmallInput,
        );
    });
    let mut turn = fresh.iter().cycle();
    group.bench_function(format!("insert+evict/{name}/{entries}"), |bencher| {
        bencher.iter_batched(
            || turn.next(),
            |key| map.put(key.unwrap_or(&held[0]), 3),
            BatchSize::SmallInput,
        );
    });
}

/// A recorded use: by node id here, by key in a map that has no ids.
fn bench_touch(group: &mut BenchmarkGroup<'_, WallTime>, entries: usize) {
    let held = keys(0, entries);
    let mut engine = Engine::new(entries, PolicyKind::Lru, LIFE);
    let mut hashlink = LruCache::with_hasher(entries, RandomState::default());
    held.iter().for_each(|key| engine.put(key, 1));
    held.iter().for_each(|key| hashlink.put(key, 1));
    let held = shuffled(held);
    let find = |key: &Key| engine.map.peek(key.as_bytes(), Time(0)).map_or(0, |(id, _)| id);
    let ids: Vec<u32> = held.iter().map(find).collect();
    let mut turn = ids.iter().copied().cycle();
    group.bench_function(format!("touch/bounded lru/{entries}"), |bencher| {
        bencher.iter(|| engine.map.touch(black_box(turn.next().unwrap_or(0))));
    });
    let mut turn = held.iter().cycle();
    group.bench_function(format!("touch/hashlink lru/{entries}"), |bencher| {
        bencher.iter(|| turn.next().and_then(|key| hashlink.read(key)));
    });
}

fn bounded(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bounded");
    for entries in [1_000, 100_000] {
        let engine = |policy, life| Engine::new(entries, policy, life);
        bench_map(&mut group, "bounded lru", entries, engine(PolicyKind::Lru, LIFE));
        bench_map(&mut group, "bounded lru without expiry", entries, engine(PolicyKind::Lru, u64::MAX));
        bench_map(&mut group, "bounded tinylfu", entries, engine(PolicyKind::TinyLfu, LIFE));
        bench_map(
            &mut group,
            "hashlink lru",
            entries,
            LruCache::with_hasher(entries, RandomState::default()),
        );
        let linked = LinkedHashMap::with_hasher(RandomState::default());
        bench_map(&mut group, "hashlink linked", entries, Linked { map: linked, entries });
        bench_map(&mut group, "moka lru", entries, Moka::new(entries));
        bench_touch(&mut group, entries);
    }
    group.finish();
}

criterion_group!(benches, bounded);
criterion_main!(benches);
