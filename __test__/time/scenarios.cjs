'use strict';
// Tests of a user's under fake timers, as a cache in pure JavaScript passes them. `clock` installs the fakes, advances
// and removes them; `before` marks those that store something before they install it, `expires` limits for which the
// clock has to be replaced as well as the timers.

const assert = require('node:assert/strict');

const never = () => new Promise(() => {});
const refuse = () => assert.fail('the loader ran');

/** The outcome of a promise once everything that needs no time has happened. */
async function outcome(promise) {
  let state = { pending: true };
  const settle = (to) => {
    state = to;
  };
  promise.then(
    (value) => settle({ value }),
    (error) => settle({ error }),
  );
  for (let job = 0; job < 50; job++) await undefined;
  return state;
}

/** A second layer of a user's own with a lock that another instance holds. */
function lockedStore(values = new Map()) {
  return {
    values,
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    has: async (key) => values.has(key),
    delete: async (key) => void values.delete(key),
    deleteByPattern: async () => values.clear(),
    clear: async () => values.clear(),
    size: async () => values.size,
    acquireLock: async () => false,
    releaseLock: async () => false,
  };
}

const lifetimes = [
  {
    name: 'an entry lives for its lifetime of the faked clock, and no longer',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ ttlMs: 1000 });
      await cache.set('k', 'v');
      await clock.advance(999);
      assert.equal(await cache.get('k'), 'v');
      assert.equal(await cache.getOrSet('k', refuse), 'v');
      await clock.advance(1);
      assert.equal(await cache.has('k'), false);
      assert.equal(await cache.size(), 0);
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await cache.getOrSet('k', () => 'new'), 'new');
    },
  },
  {
    before: true,
    name: 'an entry that was stored before the clock was faked follows it in the same turn',
    async run({ LazyLayersCache }, clock) {
      const cache = new LazyLayersCache({ ttlMs: 10_000 });
      await cache.set('k', 'v');
      await cache.set('longer', 'v', { ttlMs: 3_600_000 });
      assert.equal(await cache.get('k'), 'v');
      clock.install();
      clock.advanceNow(10_001);
      const [gone, there] = [cache.get('k'), cache.get('longer')];
      assert.deepEqual(await Promise.all([gone, there]), [undefined, 'v']);
    },
  },
  {
    name: 'values that are replaced, and loaded, live from then on',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ ttlMs: 1000 });
      await cache.set('set', 1);
      await cache.getOrSet('loaded', () => 1);
      await clock.advance(600);
      await cache.set('set', 2);
      await clock.advance(600);
      assert.equal(await cache.get('set'), 2);
      assert.equal(await cache.getOrSet('loaded', async () => 2), 2);
      await clock.advance(600);
      assert.equal(await cache.get('set'), undefined);
      assert.equal(await cache.getOrSet('loaded', refuse), 2);
      await clock.advance(600);
      assert.equal(await cache.get('loaded'), undefined);
    },
  },
  {
    name: 'it is remembered for its time that there is nothing',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ negativeCache: { ttlMs: 1000 } });
      assert.equal(await cache.getOrSet('k', () => undefined), undefined);
      await clock.advance(999);
      assert.equal(await cache.getOrSet('k', refuse), undefined);
      await clock.advance(2);
      assert.equal(await cache.getOrSet('k', () => 'v'), 'v');
    },
  },
  {
    name: 'a stale copy is given while it lives, and not after that',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ ttlMs: 1000, failSafe: { enabled: true, staleTtlMs: 5000 } });
      const fail = () => Promise.reject(new Error('down'));
      await cache.set('k', 'v');
      await clock.advance(3000);
      assert.equal(await cache.getOrSet('k', fail), 'v');
      await clock.advance(60_000);
      await assert.rejects(cache.getOrSet('k', fail), /down/);
    },
  },
  {
    name: 'an open circuit closes after its cooldown',
    async run({ CircuitBreaker, LazyLayersCache }, clock) {
      clock.install();
      const breaker = new CircuitBreaker({ failureThreshold: 1, cooldownMs: 5000 });
      breaker.recordFailure();
      await clock.advance(4999);
      assert.equal(breaker.currentState, 'open');
      await clock.advance(1);
      assert.equal(breaker.currentState, 'half-open');
      let calls = 0;
      const l2 = { ...lockedStore(), get: async () => (calls++, Promise.reject(new Error('down'))) };
      const cache = new LazyLayersCache({
        l2,
        logging: { enabled: false },
        resilience: { l2CircuitBreaker: { failureThreshold: 1, cooldownMs: 5000 } },
      });
      await cache.get('k');
      await cache.get('k');
      assert.equal(calls, 1);
      await clock.advance(5001);
      await cache.get('k');
      assert.equal(calls, 2);
    },
  },
  {
    name: 'a store of its own follows as well, and tells what is left',
    async run({ MemoryStore }, clock) {
      clock.install();
      const store = new MemoryStore();
      await store.set('k', 'v', { ttlMs: 1000 });
      await clock.advance(400);
      const { keys } = await store.inspect();
      assert.equal(keys[0].ttlRemainingMs, 600);
      await clock.advance(600);
      assert.deepEqual((await store.inspect()).keys, []);
    },
  },
  {
    name: 'lifetimes go on when the real clock is back',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ ttlMs: 10_000 });
      await cache.set('k', 'v');
      await clock.advance(9000);
      assert.equal(await cache.get('k'), 'v');
      clock.uninstall();
      assert.equal(await cache.get('k'), 'v');
      assert.equal((await cache.set('longer', 'v', { ttlMs: 3_600_000 }), await cache.get('longer')), 'v');
      clock.install();
      await cache.get('k');
      await clock.advance(1001);
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await cache.get('longer'), 'v');
    },
  },
  {
    before: true,
    name: 'many hits of one turn follow the clock',
    async run({ LazyLayersCache }, clock) {
      const cache = new LazyLayersCache({ ttlMs: 100_000 });
      await cache.set('a', 'v');
      await cache.set('b', 'v');
      const hits = () => Array.from({ length: 100 }, (_, n) => cache.get(n % 2 === 0 ? 'a' : 'b'));
      hits();
      clock.install();
      const before = hits();
      clock.advanceNow(100_001);
      const after = hits();
      assert.deepEqual(await Promise.all(before), new Array(100).fill('v'));
      assert.deepEqual(await Promise.all(after), new Array(100).fill(undefined));
    },
  },
];

const limits = [
  {
    name: 'a hard limit ends a load when the timers have been advanced by it',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ timeouts: { hardMs: 5000 } });
      const loading = cache.getOrSet('k', never);
      loading.catch(() => {});
      await clock.advance(4999);
      assert.deepEqual(await outcome(loading), { pending: true });
      await clock.advance(1);
      assert.equal((await outcome(loading)).error?.code, 'LOADER_HARD_TIMEOUT');
    },
  },
  {
    name: 'a load of less time than its hard limit ends well',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({ timeouts: { hardMs: 5000 } });
      const load = async () => {
        await new Promise((resolve) => setTimeout(resolve, 4000));
        return 'v';
      };
      const loading = cache.getOrSet('k', load);
      clock.advanceNow(6000);
      assert.equal(await loading, 'v');
      assert.equal(clock.timers?.() ?? 0, 0);
    },
  },
  {
    expires: true,
    name: 'a soft limit gives the stale copy when the timers have been advanced by it',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache({
        ttlMs: 1000,
        failSafe: { enabled: true, staleTtlMs: 60_000 },
        timeouts: { softMs: 500 },
      });
      await cache.set('k', 'stale');
      await clock.advance(1001);
      let end;
      const loading = cache.getOrSet(
        'k',
        () =>
          new Promise((resolve) => {
            end = resolve;
          }),
      );
      await clock.advance(499);
      assert.deepEqual(await outcome(loading), { pending: true });
      await clock.advance(1);
      assert.deepEqual(await outcome(loading), { value: 'stale' });
      end('v');
    },
  },
  {
    name: 'the wait for a lock follows the timers',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const l2 = lockedStore();
      const distributedLock = { enabled: true, waitTimeoutMs: 60_000, pollMs: 1000 };
      const cache = new LazyLayersCache({ l2, distributedLock });
      const loading = cache.getOrSet('k', refuse);
      assert.deepEqual(await outcome(loading), { pending: true });
      l2.values.set('k', 'v');
      assert.deepEqual(await outcome(loading), { pending: true });
      await clock.advance(1000);
      assert.deepEqual(await outcome(loading), { value: 'v' });
    },
  },
  {
    name: 'close waits as long as the timers say',
    async run({ LazyLayersCache }, clock) {
      clock.install();
      const cache = new LazyLayersCache();
      const abandoned = cache.getOrSet('k', never).catch((error) => error);
      const closing = cache.close({ timeoutMs: 5000 });
      await clock.advance(4999);
      assert.deepEqual(await outcome(closing), { pending: true });
      await clock.advance(1);
      await closing;
      assert.equal((await abandoned).code, 'CACHE_CLOSED');
    },
  },
];

module.exports = { lifetimes, limits };
