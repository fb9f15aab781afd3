import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { deferred, heldLoader, isPending, pass, turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';

const limited = (maxConcurrent, maxQueued, options) =>
  new LazyLayersCache({ loads: { maxConcurrent, maxQueued }, logging: { enabled: false }, ...options });

const isLimit = { code: 'LOAD_LIMIT', message: /"loads\.maxConcurrent" \(1\).*"loads\.maxQueued" \(\d\)/ };

test('a load beyond the most waits for its turn, in the order of the calls', async () => {
  const cache = limited(1);
  const loaders = [heldLoader(), heldLoader(), heldLoader()];
  const answers = loaders.map((loader, at) => cache.getOrSet(`k${at}`, loader));
  await turns();
  assert.deepEqual(
    loaders.map(({ calls }) => calls),
    [1, 0, 0],
  );
  loaders[0].resolve('a');
  assert.equal(await answers[0], 'a');
  assert.deepEqual(
    loaders.map(({ calls }) => calls),
    [1, 1, 0],
  );
  loaders[1].reject(new Error('no'));
  await assert.rejects(answers[1], /no/);
  loaders[2].resolve('c');
  assert.equal(await answers[2], 'c');
  assert.equal(cache.stats().loads.queued, 2);
});

test('a hit and a joined load need no turn', async () => {
  const cache = limited(1, 0);
  await cache.set('held', 1);
  const loader = heldLoader();
  const first = cache.getOrSet('k', loader);
  const second = cache.getOrSet('k', loader);
  assert.equal(await cache.getOrSet('held', () => 2), 1);
  loader.resolve('v');
  assert.deepEqual(await Promise.all([first, second]), ['v', 'v']);
  assert.equal(loader.calls, 1);
});

test('one beyond those that may wait is refused with an error that names the options', async () => {
  const cache = limited(1, 1);
  const seen = record(cache);
  const [first, second] = [heldLoader(), heldLoader()];
  const answers = [cache.getOrSet('a', first), cache.getOrSet('b', second)];
  let calls = 0;
  await assert.rejects(
    cache.getOrSet('c', () => (calls += 1)),
    isLimit,
  );
  assert.equal(calls, 0);
  assert.deepEqual(seen.of('load:limited'), [
    { type: 'load:limited', key: 'b', outcome: 'queued' },
    { type: 'load:limited', key: 'c', outcome: 'refused' },
  ]);
  assert.deepEqual(seen.of('loader:error'), []);
  first.resolve(1);
  second.resolve(2);
  assert.deepEqual(await Promise.all(answers), [1, 2]);
  assert.equal(await cache.getOrSet('c', () => 3), 3);
  assert.equal(cache.stats().loads.refused, 1);
});

test('a stale copy answers a load beyond the most at once', async () => {
  const cache = limited(1, 10, { failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('k', 'stale', { ttlMs: 5 });
  await pass(5);
  const seen = record(cache);
  const other = heldLoader();
  const running = cache.getOrSet('other', other);
  await other.called;
  assert.equal(await cache.getOrSet('k', () => 'fresh'), 'stale');
  assert.deepEqual(seen.of('stale:hit'), [{ type: 'stale:hit', key: 'k', reason: 'load-limit' }]);
  other.resolve(1);
  await running;
  assert.equal(await cache.getOrSet('k', () => 'fresh'), 'fresh');
});

test('a loader that does not end loses its turn at the hard timeout', async () => {
  const cache = limited(1, 10);
  const first = cache.getOrSet('a', heldLoader(), { timeouts: { hardMs: 10 } });
  const second = cache.getOrSet('b', () => 'b');
  await assert.rejects(first, { code: 'LOADER_HARD_TIMEOUT' });
  assert.equal(await second, 'b');
});

test('a load that has run out of time as it waited is not called, and makes room for another', async () => {
  const cache = limited(1, 1);
  const first = heldLoader();
  const answer = cache.getOrSet('a', first);
  await assert.rejects(
    cache.getOrSet('b', () => assert.fail('called'), { timeouts: { hardMs: 5 } }),
    { code: 'LOADER_HARD_TIMEOUT' },
  );
  const third = cache.getOrSet('c', () => 'c');
  first.resolve(1);
  assert.deepEqual(await Promise.all([answer, third]), [1, 'c']);
});

test('loads that a loader asks for run within its turn, also after an await', async () => {
  const cache = limited(1, 0);
  const nested = (depth) => async () => {
    await turns(1);
    return depth === 0 ? 0 : 1 + (await cache.getOrSet(`n${depth - 1}`, nested(depth - 1)));
  };
  assert.equal(await cache.getOrSet('n3', nested(3)), 3);
});

test('a load that a loader has left behind takes a turn of its own', async () => {
  const cache = limited(1, 10);
  let late;
  await cache.getOrSet('a', () => {
    late = () => cache.getOrSet('c', () => 'c');
    return 'a';
  });
  const held = heldLoader();
  const running = cache.getOrSet('b', held);
  const waits = late();
  assert.ok(await isPending(waits));
  held.resolve('b');
  assert.deepEqual(await Promise.all([running, waits]), ['b', 'c']);
});

test('a loader that waited runs in the async context of its call', async () => {
  const store = new AsyncLocalStorage();
  const cache = limited(1);
  const held = heldLoader();
  const first = store.run('first', () => cache.getOrSet('a', held));
  const second = store.run('second', () => cache.getOrSet('b', () => store.getStore()));
  held.resolve(1);
  await first;
  assert.equal(await second, 'second');
});

test('one call of loadMany takes one turn for all its keys', async () => {
  const cache = limited(1, 0);
  const calls = [];
  const load = async (missing) => {
    calls.push(missing);
    await turns(1);
    return missing;
  };
  assert.deepEqual(
    [...(await cache.getMany(['a', 'b', 'c'], load))],
    [
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ],
  );
  assert.deepEqual(calls, [['a', 'b', 'c']]);
});

test('a loadMany that is refused fails all its keys but those with a stale copy', async () => {
  const cache = limited(1, 0, { failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('b', 'stale', { ttlMs: 5 });
  await pass(5);
  const held = heldLoader();
  const running = cache.getOrSet('x', held);
  await held.called;
  const refused = cache.getMany(['a', 'b', 'c'], () => assert.fail('called'));
  const error = await refused.catch((error) => error);
  assert.equal(error.code, 'LOADS_FAILED');
  assert.deepEqual(
    [...error.failures].map(([key, { code }]) => [key, code]),
    [
      ['a', 'LOAD_LIMIT'],
      ['c', 'LOAD_LIMIT'],
    ],
  );
  assert.deepEqual([...error.partial], [['b', 'stale']]);
  held.resolve(1);
  await running;
});

test('the misses of a wrapped function are loaded by one call in one turn, also by a nested one', async () => {
  const cache = limited(1, 10);
  const calls = [];
  const userOf = cache.wrap(async (id) => id, {
    key: (id) => `user:${id}`,
    loadMany: async (all) => {
      calls.push(all.map(([id]) => id));
      await turns(1);
      return all.map(([id]) => id);
    },
  });
  assert.deepEqual(await Promise.all([userOf(1), userOf(2), userOf(3)]), [1, 2, 3]);
  assert.deepEqual(calls, [[1, 2, 3]]);
  const post = await cache.getOrSet('post', async () => {
    await turns(1);
    return Promise.all([userOf(4), userOf(5)]);
  });
  assert.deepEqual(post, [4, 5]);
});

test('a subclass may call loaders by itself: those of a batch take their turn', async () => {
  class Direct extends LazyLayersCache {
    async getOrSet(_key, loader) {
      return loader();
    }
  }
  const cache = new Direct({ loads: { maxConcurrent: 1, maxQueued: 1 }, logging: { enabled: false } });
  const held = heldLoader();
  const nameOf = cache.wrap(async (id) => id, { key: (id) => `name:${id}`, loadMany: (all) => all.map(([id]) => id) });
  const first = cache.getMany(['a', 'b'], held);
  await held.called;
  const second = cache.getMany(['c', 'd'], (keys) => keys);
  await turns();
  await assert.rejects(nameOf(1), isLimit);
  held.resolve([1, 2]);
  assert.deepEqual([...(await first), ...(await second)].flat(), ['a', 1, 'b', 2, 'c', 'c', 'd', 'd']);
  assert.equal(await nameOf(2), 2);
});

test('very many loads that wait, or are refused, hold up nothing', async () => {
  const cache = limited(1, 50_000, { levels: { L1: { maxEntries: 300_000 } } });
  const keys = (of, count) => Array.from({ length: count }, (_, at) => `${of}${at}`);
  const held = heldLoader();
  const began = performance.now();
  const first = cache.getOrSet('first', held);
  const waiting = keys('w', 50_000).map((key) => cache.getOrSet(key, async () => key));
  const refused = keys('r', 20_000).map((key) =>
    cache.getOrSet(key, () => assert.fail('called')).catch(({ code }) => code),
  );
  const together = cache.getMany(keys('m', 20_000), () => assert.fail('called')).catch(({ failures }) => failures.size);
  assert.deepEqual(new Set(await Promise.all(refused)), new Set(['LOAD_LIMIT']));
  assert.equal(await together, 20_000);
  held.resolve(1);
  await first;
  assert.equal((await Promise.all(waiting)).at(-1), 'w49999');
  // Each load that looks through those that wait takes a minute and more.
  const ms = performance.now() - began;
  assert.ok(ms < 30_000, `${ms} ms`);
});

test('loads that each begin in work left behind by the one before keep no permits of those', async () => {
  const { LoadLimit } = createRequire(import.meta.url)('../lib/load-limit.js');
  const limit = new LoadLimit({ maxConcurrent: 2, maxQueued: 0 });
  const loads = [];
  const next = async () => {
    const load = { over: false, isRefused: false, permit: undefined };
    loads.push(load);
    await limit.run(
      [load],
      async () => void (loads.length < 50 && setImmediate(next)),
      () => false,
    );
  };
  await next();
  await until(() => loads.length === 50);
  const around = (permit) => (permit === undefined ? 0 : 1 + around(permit.outer));
  assert.ok(Math.max(...loads.map(({ permit }) => around(permit))) <= 2);
});

test('close rejects loads that wait', async () => {
  const cache = limited(1);
  const held = heldLoader();
  const answers = [cache.getOrSet('a', held), cache.getOrSet('b', () => assert.fail('called'))];
  const outcomes = Promise.allSettled(answers);
  await cache.close({ timeoutMs: 0 });
  for (const { reason } of await outcomes) assert.equal(reason.code, 'CACHE_CLOSED');
  held.resolve(1);
});

test('a thousand loaders that answer at once do not nest', async () => {
  const cache = limited(1, Infinity);
  const held = heldLoader();
  const first = cache.getOrSet('first', held);
  const others = Array.from({ length: 20_000 }, (_, at) => cache.getOrSet(`k${at}`, () => at));
  held.resolve(0);
  await first;
  assert.equal((await Promise.all(others)).length, 20_000);
});

test('bad limits are refused', () => {
  for (const [loads, message] of [
    [{ maxConcurrent: 0 }, /"loads\.maxConcurrent" must be a positive integer or Infinity, got 0/],
    [{ maxConcurrent: '1' }, /"loads\.maxConcurrent"/],
    [{ maxConcurrent: 1, maxQueued: -1 }, /"loads\.maxQueued" must be an integer, 0 or more/],
    [7, /"loads" must be an object/],
  ]) {
    assert.throws(() => new LazyLayersCache({ loads }), { code: 'INVALID_OPTION', message });
  }
});

/** What a loader asks for while the load of `b` waits for its turn: each way to join it. */
const JOINS = {
  getOrSet: (cache) => cache.getOrSet('b', () => assert.fail('it joins')),
  getMany: async (cache) => (await cache.getMany(['b'], () => assert.fail('it joins'))).get('b'),
  getOrSetEntry: async (cache) => (await cache.getOrSetEntry('b', () => assert.fail('it joins'))).value,
};

for (const [verb, join] of Object.entries(JOINS)) {
  test(`a load that waits for its turn starts when a loader that has one asks for it: ${verb}`, async () => {
    const cache = limited(1);
    const gate = deferred();
    const outer = cache.getOrSet('a', async () => {
      await gate.promise;
      return `a of ${await join(cache)}`;
    });
    // It asks for another key in turn.
    const queued = cache.getOrSet('b', async () => `b of ${await cache.getOrSet('c', async () => 'c')}`);
    await turns();
    gate.resolve();
    assert.deepEqual(await Promise.all([outer, queued]), ['a of b of c', 'b of c']);
    assert.equal(await cache.getOrSet('d', async () => 'd'), 'd', 'turns are given back');
  });
}

test('a batch that waits for its turn starts when a loader that has one asks for one of its keys', async () => {
  const cache = limited(1);
  const gate = deferred();
  const outer = cache.getOrSet('a', async () => {
    await gate.promise;
    return cache.getOrSet('c', () => assert.fail('it joins'));
  });
  const batch = cache.getMany(['b', 'c'], (keys) => new Map(keys.map((key) => [key, `v${key}`])));
  await turns();
  gate.resolve();
  assert.equal(await outer, 'vc');
  assert.equal((await batch).get('b'), 'vb');
});

test('a load that reaches the limit after a loader with a turn asked for it starts at once', async () => {
  const [gate, lock] = [deferred(), deferred()];
  class SlowlyLocked extends LockStore {
    acquireLock = () => lock.promise;
  }
  const cache = limited(1, 10, { l2: new SlowlyLocked() });
  const outer = cache.getOrSet('a', async () => {
    await gate.promise;
    return cache.getOrSet('b', () => assert.fail('it joins'));
  });
  await turns();
  const reading = cache.getOrSet('b', async () => 'b', { distributedLock: { enabled: true } });
  await turns();
  gate.resolve();
  await turns();
  lock.resolve(true);
  assert.deepEqual(await Promise.all([outer, reading]), ['b', 'b']);
});
