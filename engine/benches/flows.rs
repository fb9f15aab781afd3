//! What the verbs of a cache over memory alone cost in the engine, without a front: one thread, nobody listens.

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use lazy_layers_engine::{
    cache::{Cache, Layers},
    clock::{Clock, Timers},
    entry::{key::Key, pattern::Pattern},
    flow::Begun,
    observe::{Event, Kind, Observer},
    options::{CacheOptions, DEFAULT_TTL, Settings},
    testing::{Shared, memory},
};

type Value = Shared<u64>;

const ENTRIES: usize = 10_000;

/// Somebody who wants to hear of nothing.
struct Nobody;

impl Observer<Value> for Nobody {
    fn wants(&self, _: Kind) -> bool {
        false
    }

    fn observe(&self, _: Event<Value>) {}
}

/// What a future comes to that waits for nothing.
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
    keys.iter().for_each(|key| now(cache.set(key, Shared::new(1), &settings)));
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
        bencher.iter(|| turn.next().map(|key| now(cache.set(key, Shared::new(2), &settings))));
    });
    let fresh = keys(ENTRIES).into_iter().chain(keys(2 * ENTRIES)).collect::<Vec<_>>();
    let mut turn = fresh.iter().cycle();
    group.bench_function("set, evicting", |bencher| {
        bencher.iter(|| turn.next().map(|key| now(cache.set(key, Shared::new(3), &settings))));
    });
    let mut turn = fresh.iter().cycle();
    group.bench_function("getOrSet, cold, in halves", |bencher| {
        bencher.iter(|| {
            let key = turn.next().cloned().unwrap_or_else(|| Key::from(""));
            match now(cache.begin(key, Arc::clone(&settings), 1)) {
                Begun::Load(load) => drop(now(load.finish(Ok(Some(Shared::new(4)))))),
                Begun::Over(outcome) => drop(black_box(outcome)),
            }
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
