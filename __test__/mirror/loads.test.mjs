// Loads that are led in front of the addon show in nothing: the same calls beside a cache that leads all by calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader, pass, turns } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { numbers } from '../support/numbers.mjs';

/** Runs the clock by which loads are led in front: it stands still while nothing is asked. */
const wake = (cache) => cache.has('a key that nobody stores');

/** The work of one step; `side` has the cache and the loaders that run. */
const STEPS = {
  load: (side, key) => side.cache.getOrSet(key, side.loader()),
  loadAsNumber: (side) => side.cache.getOrSet(7, side.loader()),
  loadAlone: (side, key) => side.cache.getOrSet(key, side.loader(), { inflight: { enabled: false } }),
  loadAnew: (side, key) => side.cache.getOrSet(key, side.loader(), { inflight: { ttlMs: 0 } }),
  loadAbsent: (side, key) => side.cache.getOrSet(key, side.loader(), { negativeCache: { ttlMs: 3_600_000 } }),
  loadShortly: (side, key) => side.cache.getOrSet(key, side.loader(), { ttlMs: 3_600_000 }),
  get: (side, key) => side.cache.get(key),
  has: (side, key) => side.cache.has(key),
  size: (side) => side.cache.size(),
  set: (side, key, step) => side.cache.set(key, `set in step ${step}`),
  setNothing: (side, key) => side.cache.set(key, undefined),
  delete: (side, key) => side.cache.delete(key),
  deleteByPattern: (side, key) => side.cache.deleteByPattern(`${key.slice(0, 1)}*`),
  end: (side, _key, step, choice) =>
    side.end(choice, (loader) => loader.resolve(`loaded by ${loader.id}, ended in ${step}`)),
  endWithNothing: (side, _key, _step, choice) => side.end(choice, (loader) => loader.resolve()),
  endWithError: (side, _key, step, choice) => side.end(choice, (loader) => loader.reject(new Error(`in step ${step}`))),
};

const OFTEN = {
  load: 40,
  loadAsNumber: 3,
  loadAlone: 1,
  loadAnew: 1,
  loadAbsent: 1,
  loadShortly: 1,
  get: 10,
  has: 3,
  size: 1,
  set: 6,
  setNothing: 1,
  delete: 4,
  deleteByPattern: 2,
  end: 25,
  endWithNothing: 3,
  endWithError: 3,
};

class Side {
  #running = [];

  constructor(options) {
    this.cache = new LazyLayersCache({ ...options, logging: { enabled: false } });
    this.called = 0;
  }

  loader() {
    const loader = heldLoader();
    return (context) => {
      loader.id = this.called++;
      this.#running.push(loader);
      return loader(context);
    };
  }

  /** Ends one of the loads that run. */
  end(choice, settle) {
    if (this.#running.length === 0) return undefined;
    const [loader] = this.#running.splice(choice % this.#running.length, 1);
    settle(loader);
    return undefined;
  }

  endAll() {
    while (this.#running.length > 0) this.end(0, (loader) => loader.resolve(`the last of ${loader.id}`));
  }
}

async function compare(options, seed, steps) {
  const front = new Side(options);
  // With a bound in bytes, however large, each step is a call.
  const called = new Side({ ...options, levels: { L1: { ...options.levels?.L1, maxBytes: 1e12 } } });
  // A listener is told of more, and changes nothing.
  if (seed % 2 === 0) front.cache.on(() => {});
  try {
    await run(front, called, seed, steps);
  } finally {
    front.endAll();
    called.endAll();
  }
}

async function run(front, called, seed, steps) {
  const next = numbers(seed);
  const lots = Object.entries(OFTEN).flatMap(([name, often]) => Array(often).fill(name));
  const keys = ['7', ...Array.from({ length: 11 }, (_, n) => `${'abc'[n % 3]}${n}`)];
  const outcomes = [[], []];
  for (let step = 0; step < steps; step += 1) {
    const name = lots[next(lots.length)];
    const [key, choice] = [keys[next(keys.length)], next(1_000_000)];
    if (step % 10 === 0) await wake(front.cache);
    for (const [at, side] of [front, called].entries()) {
      outcomes[at].push(Promise.resolve(STEPS[name](side, key, step, choice)).catch((error) => error.message));
    }
    // Of a load that has ended the callers hear at once.
    if (name.startsWith('end') || next(2) === 0) await turns(1);
    assert.equal(front.called, called.called, `seed ${seed}, step ${step}: ${name} of ${key}`);
  }
  front.endAll();
  called.endAll();
  const [mine, theirs] = await Promise.all(outcomes.map((side) => Promise.all(side)));
  for (const [step, outcome] of mine.entries()) assert.deepEqual(outcome, theirs[step], `seed ${seed}, step ${step}`);
  for (const key of keys) {
    assert.deepEqual(await front.cache.get(key), await called.cache.get(key), `seed ${seed}, ${key}`);
  }
}

const KINDS = {
  'with room': { ttlMs: Infinity },
  'that evicts': { ttlMs: Infinity, levels: { L1: { maxEntries: 6 } } },
  'that evicts what waits': { ttlMs: Infinity, levels: { L1: { maxEntries: 16 } } },
  'that remembers absence': { ttlMs: Infinity, negativeCache: { ttlMs: 3_600_000 } },
};

for (const [kind, options] of Object.entries(KINDS)) {
  test(`loads in front of a cache ${kind} behave as loads by calls`, async () => {
    for (let seed = 1; seed <= 12; seed += 1) await compare(options, seed, 400);
  });
}

/** A cache whose next load is led in front, and a loader that waits. */
async function frontLoad(options) {
  const cache = new LazyLayersCache(options);
  const loader = heldLoader();
  await wake(cache);
  const caller = cache.getOrSet('k', loader);
  assert.equal(loader.calls, 1);
  return { cache, loader, caller };
}

test('somebody who listens from the middle of a load on is told how it ends', async () => {
  const { cache, loader, caller } = await frontLoad();
  const seen = record(cache);
  loader.resolve('v');
  assert.equal(await caller, 'v');
  assert.deepEqual(seen.types(), ['loader:success', 'set']);
  const { cache: other, loader: failing, caller: failed } = await frontLoad();
  const told = record(other);
  failing.reject(new Error('no'));
  await assert.rejects(failed, /^Error: no$/);
  assert.deepEqual(told.types(), ['loader:error']);
});

test('somebody who listens from the middle of a load on is told of those who join it', async () => {
  const { cache, loader, caller } = await frontLoad();
  const seen = record(cache);
  const second = cache.getOrSet('k', loader);
  loader.resolve('v');
  assert.deepEqual(await Promise.all([caller, second]), ['v', 'v']);
  assert.deepEqual(seen.types(), ['miss', 'inflight:reuse', 'loader:success', 'set']);
});

test('a loader that writes, deletes or asks for its own key has that effect', async () => {
  const cache = new LazyLayersCache();
  await wake(cache);
  await cache.getOrSet('written', async () => {
    await cache.set('written', 'by hand');
    return 'loaded';
  });
  assert.equal(await cache.get('written'), 'by hand');
  await cache.getOrSet('deleted', async () => {
    await cache.delete('deleted');
    return 'loaded';
  });
  assert.equal(await cache.get('deleted'), undefined);
  let inner;
  const outer = cache.getOrSet('asked', () => {
    inner = cache.getOrSet('asked', () => 'not called');
    return 'loaded';
  });
  assert.deepEqual(await Promise.all([outer, inner]), ['loaded', 'loaded']);
});

test('a cache made over a memory store while that loads does not get an overtaken value', async () => {
  const store = new MemoryStore();
  const loader = heldLoader();
  await wake(store);
  const caller = store.getOrSet('k', loader);
  const cache = new LazyLayersCache({ l1: store });
  await cache.set('k', 'newer');
  loader.resolve('older');
  assert.equal(await caller, 'older');
  assert.equal(await cache.get('k'), 'newer');
});

test('close() waits for loads in front, and abandons those that take too long', async () => {
  const { cache, loader, caller } = await frontLoad();
  const closing = cache.close();
  loader.resolve('v');
  assert.equal(await caller, 'v');
  await closing;
  const { cache: other, loader: endless, caller: abandoned } = await frontLoad();
  await other.delete('k');
  const [{ reason }] = await Promise.all([Promise.allSettled([abandoned]), other.close({ timeoutMs: 10 })]).then(
    ([[it]]) => [it],
  );
  assert.equal(reason.code, 'CACHE_CLOSED');
  assert.equal(endless.context.signal.reason, reason);
});

test('a load that ends after the clock of the front has stopped is stored', async () => {
  const { cache, loader, caller } = await frontLoad();
  // It stops after a quarter of a second without a request.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const second = cache.getOrSet('k', () => 'not called');
  loader.resolve('v');
  assert.deepEqual(await Promise.all([caller, second]), ['v', 'v']);
  assert.equal(await cache.get('k'), 'v');
});

test('an entry of a call with fail-safe is answered to its end, though the front answers it for a part of its life', async () => {
  const cache = new LazyLayersCache();
  await cache.getOrSet('k', () => 'v', { failSafe: { enabled: true, staleTtlMs: 200 } });
  await pass(20);
  await wake(cache);
  assert.equal(await cache.getOrSet('k', () => 'loaded again'), 'v');
});

test('a load that runs is joined by calls with options also after a call with fail-safe', async () => {
  const cache = new LazyLayersCache();
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  await cache.getOrSet('other', () => 1, { failSafe: { enabled: true, staleTtlMs: 1000 } });
  const second = cache.getOrSet('k', loader, { ttlMs: 1000 });
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
  assert.equal(loader.calls, 1);
});
