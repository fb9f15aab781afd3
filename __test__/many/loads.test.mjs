// `getMany` with a loader: one call of it for the keys that are missing, and every promise of `getOrSet` for each key.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, isPending, turns } from '../support/deferred.mjs';
import { MapStore } from '../support/map-store.mjs';
import { redisServer } from '../support/servers/redis.mjs';

const server = await redisServer();
after(() => server.kill());
const redis = () => new RedisStore(server.url, { prefix: `${Math.random()}:` });

const KINDS = {
  'in memory': () => ({}),
  'with a listener': () => ({ events: [() => {}] }),
  'with limits': () => ({ timeouts: { hardMs: 60_000 } }),
  'over a store of its own': () => ({ l2: new MapStore() }),
  'over Redis': () => ({ l2: redis() }),
  'under a lock': () => ({ l2: redis(), distributedLock: { enabled: true } }),
  'without a first layer': () => ({ l1: false, l2: new MapStore() }),
};

/** A batch loader that stops until the test answers it, call by call. */
function heldBatches() {
  const calls = [];
  const load = (keys, context) => {
    const answer = deferred();
    calls.push({ keys, context, ...answer });
    return answer.promise;
  };
  const nth = async (n) => {
    while (calls.length <= n) await turns(1);
    return calls[n];
  };
  return { load, calls, nth };
}

const never = () => assert.fail('nothing is to be loaded');

for (const [kind, options] of Object.entries(KINDS)) {
  const cacheOf = (t, more) => {
    const cache = new LazyLayersCache({ ...options(), ...more });
    t.after(() => cache.close());
    return cache;
  };

  test(`${kind}: hits are read, and the rest is loaded by one call, in the order of the keys`, async (t) => {
    const cache = cacheOf(t);
    await cache.set('b', 'held');
    const asked = [];
    const loaded = await cache.getMany(['c', 'b', 'a', 'c', 'none'], (keys) => {
      asked.push(keys);
      return new Map([['a', 1], ['c', 3]]);
    });
    assert.deepEqual(asked, [['c', 'a', 'none']]);
    assert.deepEqual([...loaded], [['c', 3], ['b', 'held'], ['a', 1]]);
    assert.deepEqual([...(await cache.getMany(['a', 'b', 'c'], never))], [['a', 1], ['b', 'held'], ['c', 3]]);
  });

  test(`${kind}: a key that is deleted while its batch loads is not stored, and the others are`, async (t) => {
    const cache = cacheOf(t);
    const { load, nth } = heldBatches();
    const loading = cache.getMany(['a', 'b'], load);
    const { resolve } = await nth(0);
    await cache.delete('a');
    resolve({ a: 1, b: 2 });
    assert.deepEqual([...(await loading)], [['a', 1], ['b', 2]]);
    assert.deepEqual([...(await cache.getMany(['a', 'b']))], [['b', 2]]);
  });

  test(`${kind}: a pattern that matches one key of a batch voids that alone`, async (t) => {
    const cache = cacheOf(t);
    const { load, nth } = heldBatches();
    const loading = cache.getMany(['x:1', 'y:1'], load);
    const { resolve } = await nth(0);
    await cache.deleteByPattern('x:*');
    resolve(['x', 'y']);
    await loading;
    assert.deepEqual([...(await cache.getMany(['x:1', 'y:1']))], [['y:1', 'y']]);
  });

  test(`${kind}: getMany joins the load of a getOrSet, and loads only the rest`, async (t) => {
    const cache = cacheOf(t);
    const single = deferred();
    const called = deferred();
    const first = cache.getOrSet('a', () => {
      called.resolve();
      return single.promise;
    });
    await called.promise;
    const { load, nth } = heldBatches();
    const both = cache.getMany(['a', 'b'], load);
    const { keys, resolve } = await nth(0);
    assert.deepEqual(keys, ['b']);
    resolve(['two']);
    assert.ok(await isPending(both));
    single.resolve('one');
    assert.deepEqual([...(await both)], [['a', 'one'], ['b', 'two']]);
    assert.equal(await first, 'one');
  });

  test(`${kind}: getOrSet joins the batch that loads its key`, async (t) => {
    const cache = cacheOf(t);
    const { load, nth } = heldBatches();
    const both = cache.getMany(['a', 'b'], load);
    const { resolve } = await nth(0);
    const joined = cache.getOrSet('b', never);
    await turns();
    resolve(['one', 'two']);
    assert.equal(await joined, 'two');
    assert.deepEqual([...(await both).values()], ['one', 'two']);
  });

  test(`${kind}: two getMany in opposite order load each key once, and none waits for the other`, async (t) => {
    const cache = cacheOf(t);
    const asked = [];
    const load = async (keys) => {
      asked.push(...keys);
      await turns(2);
      return keys.map((key) => key.toUpperCase());
    };
    const maps = await Promise.all([cache.getMany(['a', 'b', 'c'], load), cache.getMany(['c', 'b', 'a', 'd'], load)]);
    assert.deepEqual([...maps[0]], [['a', 'A'], ['b', 'B'], ['c', 'C']]);
    assert.deepEqual([...maps[1]], [['c', 'C'], ['b', 'B'], ['a', 'A'], ['d', 'D']]);
    assert.deepEqual(asked.sort(), ['a', 'b', 'c', 'd']);
  });

  test(`${kind}: a key that fails rejects with the others beside, or is left out`, async (t) => {
    const cache = cacheOf(t);
    const wrong = new Error('wrong');
    const load = () => new Map([['a', 1], ['b', wrong]]);
    await assert.rejects(cache.getMany(['a', 'b'], load), (error) => {
      assert.ok(error instanceof AggregateError);
      assert.equal(error.code, 'LOADS_FAILED');
      assert.match(error.message, /getMany: the loads of "b" failed/);
      assert.deepEqual(error.errors, [wrong]);
      assert.deepEqual([...error.partial], [['a', 1]]);
      assert.deepEqual([...error.failures], [['b', wrong]]);
      return true;
    });
    const partial = await cache.getMany(['a', 'b'], () => [wrong], { partial: true });
    assert.deepEqual([...partial], [['a', 1]]);
  });

  test(`${kind}: a loader that throws fails every key that was missing`, async (t) => {
    const cache = cacheOf(t);
    await cache.set('held', 0);
    const wrong = new Error('wrong');
    for (const load of [
      () => {
        throw wrong;
      },
      async () => {
        throw wrong;
      },
    ]) {
      await assert.rejects(cache.getMany(['held', 'a', 'b'], load), (error) => {
        assert.deepEqual(error.errors, [wrong]);
        assert.deepEqual([...error.failures.keys()], ['a', 'b']);
        assert.deepEqual([...error.partial], [['held', 0]]);
        return true;
      });
    }
    assert.deepEqual(await cache.getMany(['a'], () => ({ a: 1 })), new Map([['a', 1]]));
  });

  test(`${kind}: an answer of the wrong shape is an error that names what is allowed`, async (t) => {
    const cache = cacheOf(t);
    for (const [answer, shown] of [
      [[1, 2], 'an array of 2'],
      [undefined, 'undefined'],
      ['abc', '"abc"'],
      [new Set(['x']), 'an object \\(Set\\)'],
    ]) {
      await assert.rejects(cache.getMany(['a', 'b', 'c'], () => answer), ({ errors }) => {
        assert.equal(errors.length, 1);
        assert.equal(errors[0].code, 'INVALID_ARGUMENT');
        const text = `the answer of loadMany must be a Map, an object, or an array of 3 values .*, got ${shown}$`;
        assert.match(errors[0].message, new RegExp(text));
        return true;
      });
    }
  });

  test(`${kind}: numbers are the same keys as their texts, in the question and in the answer`, async (t) => {
    const cache = cacheOf(t);
    await cache.set('1', 'one');
    const asked = [];
    const found = await cache.getMany([1, 2, '2', 3n], (keys) => {
      asked.push(...keys);
      return new Map([['2', 'two'], [3, 'three']]);
    });
    assert.deepEqual(asked, [2, 3n]);
    assert.deepEqual([...found], [[1, 'one'], [2, 'two'], ['2', 'two'], [3n, 'three']]);
    assert.equal(await cache.get('3'), 'three');
  });

  test(`${kind}: a loader of several keys that asks for one of them is told`, async (t) => {
    const cache = cacheOf(t);
    const load = async () => [await cache.getOrSet('b', never), 2];
    await assert.rejects(cache.getMany(['a', 'b'], load), ({ errors }) => errors[0].code === 'LOADER_DEADLOCK');
  });
}

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
  assert.deepEqual([...found], [['a', 'old'], ['b', 'new']]);
});

test('what the loader has nothing for is remembered where absences are', async (t) => {
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
  await assert.rejects(cache.getMany(['a'], 'no'), { code: 'INVALID_ARGUMENT', message: /loadMany must be a function/ });
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
  assert.deepEqual([...(await second)], [['a', 'one'], ['b', 'two']]);
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
  assert.deepEqual([...found], [['a', 1], ['b', 'b'], ['c', 'c']]);
  assert.deepEqual([...(await cache.getMany(['c', 'a']))], [['c', 'c'], ['a', 1]]);
});
