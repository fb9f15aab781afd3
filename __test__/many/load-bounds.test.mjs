// The ends and the bounds of the loads of a `getMany`, and refused answers.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { pass, turns, until } from '../support/deferred.mjs';
import { heldBatches } from '../support/held-batches.mjs';
import { MapStore } from '../support/map-store.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const server = await redisServer();
after(() => server.kill());
const redis = () => new RedisStore(server.url, { prefix: `${Math.random()}:` });

const never = () => assert.fail('nothing is to be loaded');

test('nothing is loaded for no keys', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  assert.deepEqual(await cache.getMany([], never), new Map());
  assert.deepEqual(await cache.getMany(new Set(), never), new Map());
});

test('a key whose load fails is served stale, and the others are loaded', async (t) => {
  const cache = new LazyLayersCache({ ttlMs: 5, failSafe: { enabled: true } });
  t.after(() => cache.close());
  const options = { ttlMs: 1, failSafe: { enabled: true, staleTtlMs: 60_000 } };
  await cache.set('a', 'old', options);
  while ((await cache.get('a')) !== undefined) await turns(1);
  const found = await cache.getMany(['a', 'b'], () => [new Error('wrong'), 'new']);
  assert.deepEqual(
    [...found],
    [
      ['a', 'old'],
      ['b', 'new'],
    ],
  );
});

test('a key that the loader has nothing for is remembered where absences are', async (t) => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  t.after(() => cache.close());
  const asked = [];
  const load = (keys) => {
    asked.push(keys);
    return {};
  };
  assert.equal((await cache.getMany(['a', 'b'], load)).size, 0);
  assert.equal((await cache.getMany(['a', 'b'], load)).size, 0);
  assert.deepEqual(asked, [['a', 'b']]);
});

test('a hard limit ends the load of each key, and aborts the signal of the batch', async (t) => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 20 } });
  t.after(() => cache.close());
  let signal;
  const load = (_keys, context) => {
    ({ signal } = context);
    return new Promise(() => {});
  };
  await assert.rejects(cache.getMany(['a', 'b'], load), ({ errors }) => {
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['LOADER_HARD_TIMEOUT', 'LOADER_HARD_TIMEOUT'],
    );
    return true;
  });
  assert.equal(signal.aborted, true);
});

test('closing the cache aborts a batch', async () => {
  const cache = new LazyLayersCache();
  const { load, calls } = heldBatches();
  const loading = cache.getMany(['a', 'b'], load);
  const { signal } = calls[0].context;
  await Promise.all([
    assert.rejects(loading, ({ errors }) => errors[0].code === 'CACHE_CLOSED'),
    cache.close({ timeoutMs: 0 }),
  ]);
  assert.equal(signal.aborted, true);
  await assert.rejects(cache.getMany(['a'], load), { code: 'CACHE_CLOSED' });
});

test('bad input is refused before anything is loaded', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  for (const keys of ['abc', 7, undefined, null, {}]) {
    await assert.rejects(cache.getMany(keys, never), { code: 'INVALID_ARGUMENT', message: /keys must be an array/ });
  }
  for (const key of [{}, undefined, null, true]) {
    await assert.rejects(cache.getMany(['a', key], never), { code: 'INVALID_ARGUMENT', message: /key must be/ });
  }
  for (const loadMany of ['no', ['b'], new Map([['a', 1]]), Promise.resolve([1])]) {
    await assert.rejects(cache.getMany(['a'], loadMany), {
      code: 'INVALID_ARGUMENT',
      message: /loadMany must be a function/,
    });
  }
  await assert.rejects(cache.getMany(['a'], never, { partial: 1 }), { code: 'INVALID_OPTION', message: /"partial"/ });
  await assert.rejects(cache.getMany(['a'], never, { ttlMs: 'x' }), { code: 'INVALID_OPTION', message: /"ttlMs"/ });
});

test('options of the call hold for every key', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  await cache.getMany(['a', 'b'], () => [1, 2], { ttlMs: -1 });
  assert.equal((await cache.getMany(['a', 'b'])).size, 0);
  await cache.getMany(['a', 'b'], () => [1, 2], { ttlMs: 60_000 });
  assert.equal((await cache.getMany(['a', 'b'])).size, 2);
});

test('a batch does not wait for a key whose lock another instance has', async (t) => {
  const l2 = redis();
  const lock = { distributedLock: { enabled: true, waitTimeoutMs: 60_000, pollMs: 5 } };
  const [one, other] = [0, 1].map(() => new LazyLayersCache({ l2, ...lock }));
  t.after(() => Promise.all([one.close(), other.close()]));
  const held = heldBatches();
  const first = one.getMany(['a'], held.load);
  const { resolve } = await held.nth(0);
  const { load, nth } = heldBatches();
  const second = other.getMany(['a', 'b'], load);
  const batch = await nth(0);
  assert.deepEqual(batch.keys, ['b']);
  batch.resolve(['two']);
  resolve(['one']);
  assert.deepEqual([...(await first)], [['a', 'one']]);
  assert.deepEqual(
    [...(await second)],
    [
      ['a', 'one'],
      ['b', 'two'],
    ],
  );
});

test('verbs that a subclass overrides are gone through', async (t) => {
  class Prefixed extends LazyLayersCache {
    get(key) {
      return super.get(`p:${key}`);
    }
    set(key, value, options) {
      return super.set(`p:${key}`, value, options);
    }
  }
  const cache = new Prefixed();
  t.after(() => cache.close());
  await cache.setMany({ a: 1 });
  const asked = [];
  const found = await cache.getMany(['a', 'b', 'c'], (keys) => {
    asked.push(keys);
    return keys;
  });
  assert.deepEqual(asked, [['b', 'c']]);
  assert.deepEqual(
    [...found],
    [
      ['a', 1],
      ['b', 'b'],
      ['c', 'c'],
    ],
  );
  assert.deepEqual(
    [...(await cache.getMany(['c', 'a']))],
    [
      ['c', 'c'],
      ['a', 1],
    ],
  );
});

test('values may come by promises of their own', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  const wrong = new Error('wrong');
  const load = (keys) => keys.map((key) => (key === 'b' ? Promise.reject(wrong) : Promise.resolve(key)));
  await assert.rejects(cache.getMany(['a', 'b', 'c'], load), (error) => {
    assert.deepEqual([[...error.partial.keys()], error.errors], [['a', 'c'], [wrong]]);
    return true;
  });
  assert.equal(await cache.get('c'), 'c');
});

test('a context that is copied has the signal, and a loader that does not look costs none', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  let copy;
  await cache.getMany(['a'], (keys, context) => {
    copy = { ...context };
    return keys;
  });
  assert.ok(copy.signal instanceof AbortSignal);
});

test('keys that a hard limit has ended before the loader is called are not asked for', async (t) => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ l2, timeouts: { hardMs: 20 }, resilience: { l2TimeoutMs: 60_000 } });
  t.after(() => cache.close());
  const slow = l2.hold('get');
  const load = (keys) => {
    assert.deepEqual(keys, ['slow']);
    return keys;
  };
  const loading = cache.getMany(['slow', 'quick'], load);
  await slow.reached;
  // The other key is known to be missing, and waits with its limit of time.
  await pass(40);
  slow.release();
  await assert.rejects(loading, ({ partial, failures }) => {
    assert.deepEqual([...partial], [['slow', 'slow']]);
    assert.equal(failures.get('quick').code, 'LOADER_HARD_TIMEOUT');
    return true;
  });
});

test('a subclass may call loaders in its own way', async (t) => {
  class Own extends LazyLayersCache {
    async getOrSet(key, loader) {
      const found = await this.get(key);
      return found ?? `own ${await loader()}`;
    }
  }
  const cache = new Own();
  t.after(() => cache.close());
  await cache.set('a', 'held');
  let signal;
  const found = await cache.getMany(['a', 'b', 'c'], (keys, context) => {
    ({ signal } = context);
    return keys;
  });
  assert.deepEqual(
    [...found],
    [
      ['a', 'held'],
      ['b', 'own b'],
      ['c', 'own c'],
    ],
  );
  assert.equal(signal.aborted, false);
});

test('a soft limit serves the stale copy of each key that has one, and the batch goes on', async (t) => {
  const cache = new LazyLayersCache({ timeouts: { softMs: 10 } });
  t.after(() => cache.close());
  const failSafe = { enabled: true, staleTtlMs: 60_000 };
  await cache.set('a', 'old', { ttlMs: 1, failSafe });
  while ((await cache.get('a')) !== undefined) await turns(1);
  const { load, calls } = heldBatches();
  const loading = cache.getMany(['a', 'b'], load, { failSafe });
  await pass(30);
  calls[0].resolve({ a: 'new', b: 'first' });
  // The caller had an answer for the one key, and waited for the other.
  assert.deepEqual(
    [...(await loading)],
    [
      ['a', 'old'],
      ['b', 'first'],
    ],
  );
  await until(async () => (await cache.get('a')) === 'new', 'the batch stores what it loads');
});

test('the loader of a batch of wrap runs in the async context of its first call', async (t) => {
  const tenant = new AsyncLocalStorage();
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  const seen = [];
  const read = cache.wrap(() => {}, {
    key: (id) => `k${id}`,
    loadMany: (ids) => {
      seen.push(tenant.getStore());
      return ids.flat();
    },
  });
  const call = (name, id) => tenant.run(name, () => read(id));
  assert.deepEqual(await Promise.all([call('one', 1), call('other', 2)]), [1, 2]);
  assert.deepEqual(seen, ['one']);
});

test('a hit is remembered for failing loads as the options of the call say', async (t) => {
  const cache = new LazyLayersCache();
  t.after(() => cache.close());
  const options = { failSafe: { enabled: true, staleTtlMs: 60_000 } };
  const fail = () => {
    throw new Error('down');
  };
  for (const key of ['single', 'several']) await cache.set(key, 'held', { ttlMs: 50 });
  await cache.getOrSet('single', never, options);
  await cache.getMany(['several'], never, options);
  await pass(60);
  assert.equal(await cache.getOrSet('single', fail, options), 'held');
  assert.deepEqual([...(await cache.getMany(['several'], fail, options))], [['several', 'held']]);
});
