import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache, MemoryStore, processStats } from '../../index.mjs';
import { Random } from '../model/random.mjs';
import { heldLoader, turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { countOf, told } from './counts.mjs';

const QUIET = { logging: { enabled: false } };
const SEEDS = [1, 2, 3, 4];

/** A layer of the user's in a Map, which fails now and then. */
function mapLayer(fails = () => false) {
  const map = new Map();
  const act = async (does) => {
    if (fails()) throw new Error('no');
    return does();
  };
  return {
    get: (key) => act(() => map.get(key)),
    set: (key, value) => act(() => void map.set(key, value)),
    has: (key) => act(() => map.has(key)),
    delete: (key) => act(() => void map.delete(key)),
    deleteByPattern: () => act(() => map.clear()),
    size: () => act(() => map.size),
  };
}

/** Options of caches that take different ways. Each gives what is not shared between two caches anew. */
const CACHES = {
  'memory alone': () => ({}),
  'a few entries': () => ({ levels: { L1: { maxEntries: 8 } } }),
  'entries of a millisecond': () => ({ ttlMs: 1 }),
  'absent keys are remembered': () => ({ negativeCache: { ttlMs: 60_000 } }),
  'stale copies': () => ({ failSafe: { enabled: true }, ttlMs: 1 }),
  'limits on loads': () => ({ timeouts: { hardMs: 60_000 }, inflight: { maxEntries: 2 } }),
  'versioned keys': () => ({ versioning: { enabled: true } }),
  'no memory': () => ({ l1: false }),
  'a memory store': () => ({ l1: new MemoryStore({ levels: { L1: { maxEntries: 16 } } }) }),
  'a second layer': () => ({ l2: mapLayer() }),
  'a second layer that fails': () => {
    const random = new Random(7);
    const l2CircuitBreaker = { failureThreshold: 2, cooldownMs: 1 };
    return { l2: mapLayer(() => random.chance(20)), resilience: { l2CircuitBreaker } };
  },
  'a bus': () => ({ eventBus: new MemoryHub().bus(), ttlMs: 60_000 }),
};

/** How often each thing is done. */
const VERBS = { get: 30, twice: 10, load: 25, stampede: 8, set: 12, setTwice: 4, has: 5, delete: 5, pattern: 1 };

/** Does something random with a cache; a loader says what comes of it. */
async function step(cache, random, at) {
  const key = random.chance(30) ? 'hot' : `k${random.below(20)}`;
  const loader = async () => {
    await turns(random.below(2));
    if (at % 7 === 0) throw new Error('no');
    return at % 5 === 0 ? undefined : at;
  };
  const does = {
    get: () => cache.get(key),
    twice: async () => void (await cache.get(key), await cache.get(key)),
    load: () => cache.getOrSet(key, loader).catch(() => {}),
    stampede: () => Promise.allSettled([1, 2, 3].map(() => cache.getOrSet(key, loader))),
    set: () => cache.set(key, at),
    setTwice: async () => void (await cache.set(key, at), await cache.set(key, at + 1)),
    has: () => cache.has(key),
    delete: () => cache.delete(key),
    pattern: () => cache.deleteByPattern(`k${random.below(3)}*`),
  };
  const verb = random.weighted(VERBS);
  await does[verb]();
}

for (const [name, options] of Object.entries(CACHES)) {
  test(`stats agree with the events: ${name}`, async () => {
    for (const seed of SEEDS) {
      const cache = new LazyLayersCache({ ...QUIET, ...options() });
      const seen = record(cache);
      const random = new Random(seed);
      for (let at = 0; at < 300; at += 1) await step(cache, random, at);
      await turns();
      assert.deepEqual(told(cache.stats()), countOf(seen.events), `seed ${seed}`);
      await cache.close();
    }
  });
}

/** Caches whose ways do not depend on the time. */
const TIMELESS = [
  'memory alone',
  'a few entries',
  'absent keys are remembered',
  'limits on loads',
  'versioned keys',
  'a second layer',
  'a memory store',
];

for (const name of TIMELESS) {
  test(`stats are the same without a listener: ${name}`, async () => {
    for (const seed of SEEDS) {
      const caches = [0, 1].map(() => new LazyLayersCache({ ...QUIET, ...CACHES[name]() }));
      record(caches[0]);
      for (const cache of caches) {
        const random = new Random(seed);
        for (let at = 0; at < 300; at += 1) await step(cache, random, at);
      }
      await turns();
      const [observed, alone] = caches.map((cache) => cache.stats());
      assert.deepEqual(told(alone), told(observed), `seed ${seed}`);
      assert.deepEqual(alone.evictions, observed.evictions, `seed ${seed}`);
      assert.equal(alone.L1.entries, observed.L1.entries, `seed ${seed}`);
      for (const cache of caches) await cache.close();
    }
  });
}

test('caches that share a memory store count their own', async () => {
  for (const seed of SEEDS) {
    const l1 = new MemoryStore();
    const first = new LazyLayersCache({ ...QUIET, l1 });
    const random = new Random(seed);
    for (let at = 0; at < 100; at += 1) await step(first, random, at);
    const before = first.stats();
    const seen = [record(first)];
    const second = new LazyLayersCache({ ...QUIET, l1 });
    seen.push(record(second));
    await l1.set('hot', 'stored');
    for (let at = 0; at < 300; at += 1) {
      await step(random.chance(50) ? first : second, random, at);
      await l1.get('hot');
    }
    await turns();
    const counted = countOf(seen[0].events);
    const { hits, sets, joins } = first.stats();
    const wanted = [before.hits.L1 + counted.hits.L1, before.sets + counted.sets, before.joins + counted.joins];
    assert.deepEqual([hits.L1, sets, joins], wanted);
    assert.deepEqual(told(second.stats()), countOf(seen[1].events), `seed ${seed}`);
    await first.close();
    await second.close();
  }
});

test('values and deletes of other instances are counted', async () => {
  const hub = new MemoryHub();
  const [a, b] = [0, 1].map(() => new LazyLayersCache({ ...QUIET, eventBus: hub.bus(), name: 'c' }));
  const seen = record(b);
  for (let at = 0; at < 50; at += 1) {
    await a.getOrSet(`k${at % 5}`, async () => at);
    if (at % 3 === 0) await a.delete(`k${at % 5}`);
  }
  await a.deleteByPattern('*');
  await until(() => seen.of('delete-pattern').length === 1, 'all arrives');
  assert.ok(b.stats().bus.received > 10);
  assert.ok(b.stats().bus.valuesReceived > 10);
  assert.deepEqual(told(b.stats()), countOf(seen.events));
  await a.close();
  await b.close();
});

test('entries that leave are counted by cause', async () => {
  const cache = new LazyLayersCache({ ...QUIET, levels: { L1: { maxEntries: 10 } } });
  for (let at = 0; at < 100; at += 1) await cache.set(`k${at}`, at);
  await cache.set('brief', 1, { ttlMs: 1 });
  await until(async () => !(await cache.has('brief')), 'it expires');
  const { evictions, L1 } = cache.stats();
  assert.deepEqual([evictions, L1.entries, L1.bytes], [{ capacity: 91, expired: 1 }, 9, undefined]);
  await cache.delete('k99');
  assert.deepEqual(cache.stats().evictions, { capacity: 91, expired: 1 });
  await cache.close();
});

test('without a memory layer no entry leaves', async () => {
  for (const l1 of [false, mapLayer()]) {
    const cache = new LazyLayersCache({ ...QUIET, l1 });
    await cache.set('k', 1);
    assert.deepEqual(cache.stats().evictions, { capacity: 0, expired: 0 });
    await cache.close();
  }
});

test('the bytes of a layer are told where it is bounded in bytes', async () => {
  const cache = new LazyLayersCache({ ...QUIET, levels: { L1: { maxBytes: 100_000 } } });
  await cache.set('k', 'x'.repeat(1000));
  const { bytes } = cache.stats().L1;
  assert.ok(bytes > 900 && bytes < 3000, `${bytes}`);
  await cache.close();
});

const LED = { 'led in JavaScript': {}, 'led by the engine': { timeouts: { hardMs: 60_000 } } };
for (const [name, options] of Object.entries(LED)) {
  test(`loads that run are counted, and how long the oldest has: ${name}`, async () => {
    const cache = new LazyLayersCache({ ...QUIET, ...options });
    assert.deepEqual([cache.stats().loads.running, cache.stats().loads.oldestMs], [0, 0]);
    const [older, younger] = [heldLoader(), heldLoader()];
    const loads = [cache.getOrSet('a', older)];
    await until(() => cache.stats().loads.oldestMs >= 20, 'time passes');
    loads.push(cache.getOrSet('b', younger));
    assert.equal(cache.stats().loads.running, 2);
    assert.ok(cache.stats().loads.oldestMs >= 20);
    older.resolve(1);
    await loads[0];
    const { running, oldestMs, totalMs } = cache.stats().loads;
    assert.equal(running, 1);
    assert.ok(oldestMs < totalMs, `${oldestMs} ms, all took ${totalMs} ms`);
    younger.resolve(2);
    await loads[1];
    assert.deepEqual([cache.stats().loads.running, cache.stats().loads.oldestMs], [0, 0]);
    await cache.close();
  });
}

test('the stats of all caches are read while the threads of some are busy', async (context) => {
  const cache = new LazyLayersCache({ ...QUIET, name: 'here' });
  await cache.set('k', 1);
  await cache.get('k');
  const worker = new Worker(new URL('fixtures/busy-worker.mjs', import.meta.url));
  context.after(() => worker.terminate());
  const [flag] = await once(worker, 'message');
  const all = processStats().filter(({ cache: name }) => name === 'here' || name === 'there');
  const counted = all.map(({ cache: name, stats }) => [name, stats.hits.L1, stats.sets]);
  assert.deepEqual(counted, [
    ['here', 1, 1],
    ['there', 3, 1],
  ]);
  assert.notEqual(all[0].environment, all[1].environment);
  Atomics.store(flag, 0, 1);
  await once(worker, 'exit');
  assert.deepEqual(
    processStats().filter(({ cache: name }) => name === 'there'),
    [],
  );
  await cache.close();
});

test('reads of the stats by another thread disturb nothing, and the counts only grow', async (context) => {
  const worker = new Worker(new URL('fixtures/writing-worker.mjs', import.meta.url));
  context.after(() => worker.terminate());
  const [flag] = await once(worker, 'message');
  const told = once(worker, 'message');
  let [hits, sets] = [0, 0];
  for (const end = Date.now() + 1000; Date.now() < end;) {
    const { stats } = processStats().find(({ cache: name }) => name === 'there');
    assert.ok(stats.hits.L1 >= hits && stats.sets >= sets, `${stats.hits.L1} hits after ${hits}`);
    assert.ok(stats.L1.entries <= 64);
    [hits, sets] = [stats.hits.L1, stats.sets];
  }
  Atomics.store(flag, 0, 1);
  const [{ counted, stats, wrong }] = await told;
  assert.deepEqual(wrong, []);
  assert.deepEqual(stats, counted);
  assert.ok(hits > 100);
});

test('a cache that is closed is not among those of the process', async () => {
  const cache = new LazyLayersCache({ ...QUIET, name: 'closed' });
  await cache.set('k', 1);
  const listed = () => processStats().some(({ cache: name }) => name === 'closed');
  assert.equal(listed(), true);
  await cache.close();
  assert.equal(listed(), false);
  assert.equal(cache.stats().sets, 1);
});
