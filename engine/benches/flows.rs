//! The cost of the verbs of a memory cache in the engine, without a mirror: one thread, nobody listens.

use std::{
    future::{Future, Ready, ready},
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lazy_layers_engine::{
    cache::{Cache, Layers},
    clock::{Clock, Timers, Ttl},
    entry::{key::Key, pattern::Pattern},
    load::{Caller, LoadId, Loaded},
    observe::{Event, Kind, Observer},
    options::{CacheOptions, DEFAULT_TTL, Settings},
    testing::{Weighed, memory},
};

type Value = Weighed<u64>;

const ENTRIES: usize = 10_000;

/// Somebody who wants to hear of nothing.
struct Nobody;

impl Observer<Value> for Nobody {
    fn wants(&self, _: Kind) -> bool {
        false
    }

    fn observe(&self, _: Event<Value>) {}
}

/// A caller whose loader has its value at once.
struct AtOnce;

impl Caller<Value> for AtOnce {
    type Loading = Ready<Loaded<Value>>;

    fn id(&self) -> LoadId {
        1
    }

    fn load(&self) -> Self::Loading {
        ready(Ok(Some(Weighed::new(4))).into())
    }

    fn abort(&self, _: Ttl) {}

    fn answer(&self, _: Value) {}
}

/// The outcome of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a memory layer waited"),
    }
}

fn keys(from: usize) -> Vec<Key> {
    (from..from + ENTRIES).map(|n| Key::from(format!("user:{n}:profile").as_str())).collect()
}

fn cache() -> (Cache<Value>, Arc<Settings>) {
    let settings = Settings { l1_ttl: DEFAULT_TTL, ..Settings::default() };
    let options = CacheOptions { settings: settings.clone(), ..CacheOptions::default() };
    let layers = Layers { l1: memory(ENTRIES), l2: None, bus: None };
    let cache = Cache::new(options, layers, Clock::new(), Timers::current(), Arc::new(Nobody));
    (cache, Arc::new(settings))
}

fn filled() -> (Cache<Value>, Arc<Settings>, Vec<Key>) {
    let (cache, settings) = cache();
    let keys = keys(0);
    keys.iter().for_each(|key| now(cache.set(key, Weighed::new(1), &settings)));
    (cache, settings, keys)
}

fn flows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flows");
    let (cache, settings, held) = filled();
    let mut turn = held.iter().cycle();
    group.bench_function("get, hit", |bencher| {
        bencher.iter(|| turn.next().map(|key| now(cache.get(black_box(key), &settings))));
    });
    let mut turn = held.iter().cycle();
    group.bench_function("set, overwriting", |bencher| {
        bencher.iter(|| turn.next().map(|key| now(cache.set(key, Weighed::new(2), &settings))));
    });
    let fresh = keys(ENTRIES).into_iter().chain(keys(2 * ENTRIES)).collect::<Vec<_>>();
    let mut turn = fresh.iter().cycle();
    group.bench_function("set, evicting", |bencher| {
        bencher.iter(|| turn.next().map(|key| now(cache.set(key, Weighed::new(3), &settings))));
    });
    let mut turn = fresh.iter().cycle();
    group.bench_function("getOrSet, cold", |bencher| {
        bencher.iter(|| {
            let key = turn.next().cloned().unwrap_or_else(|| Key::from(""));
            black_box(now(cache.get_or_set(key, Arc::clone(&settings), AtOnce)));
        });
    });
    let mut turn = held.iter().cycle();
    group.bench_function("delete, of a key that is not there", |bencher| {
        let (empty, _) = self::cache();
        bencher.iter(|| turn.next().map(|key| now(empty.delete(black_box(key)))));
    });
    group.bench_function(format!("deleteByPattern, all of {ENTRIES}"), |bencher| {
        let pattern = Pattern::from("user:*");
        bencher.iter_batched(
            filled,
            |(cache, ..)| now(cache.delete_by_pattern(&pattern)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, flows);
criterion_main!(benches);
