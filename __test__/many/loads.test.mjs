// `getMany` with a loader: one call of it for the keys that are missing, and every promise of `getOrSet` for each key.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { deferred, isPending, turns, until } from '../support/deferred.mjs';
import { heldBatches } from '../support/held-batches.mjs';
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
      return new Map([
        ['a', 1],
        ['c', 3],
      ]);
    });
    assert.deepEqual(asked, [['c', 'a', 'none']]);
    assert.deepEqual(
      [...loaded],
      [
        ['c', 3],
        ['b', 'held'],
        ['a', 1],
      ],
    );
    assert.deepEqual(
      [...(await cache.getMany(['a', 'b', 'c'], never))],
      [
        ['a', 1],
        ['b', 'held'],
        ['c', 3],
      ],
    );
  });

  test(`${kind}: a key that is deleted while its batch loads is not stored, and the others are`, async (t) => {
    const cache = cacheOf(t);
    const { load, nth } = heldBatches();
    const loading = cache.getMany(['a', 'b'], load);
    const { resolve } = await nth(0);
    await cache.delete('a');
    resolve({ a: 1, b: 2 });
    assert.deepEqual(
      [...(await loading)],
      [
        ['a', 1],
        ['b', 2],
      ],
    );
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
    assert.deepEqual(
      [...(await both)],
      [
        ['a', 'one'],
        ['b', 'two'],
      ],
    );
    assert.equal(await first, 'one');
  });

  test(`${kind}: getOrSet joins the batch that loads its key`, async (t) => {
    const cache = cacheOf(t);
    const { load, nth } = heldBatches();
    const both = cache.getMany(['a', 'b'], load);
    const { resolve } = await nth(0);
    const joined = cache.getOrSet('b', never);
    await until(() => cache.stats().joins === 1, 'the call joins');
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
    assert.deepEqual(
      [...maps[0]],
      [
        ['a', 'A'],
        ['b', 'B'],
        ['c', 'C'],
      ],
    );
    assert.deepEqual(
      [...maps[1]],
      [
        ['c', 'C'],
        ['b', 'B'],
        ['a', 'A'],
        ['d', 'D'],
      ],
    );
    assert.deepEqual(asked.sort(), ['a', 'b', 'c', 'd']);
  });

  test(`${kind}: a key that fails rejects with the others beside, or is left out`, async (t) => {
    const cache = cacheOf(t);
    const wrong = new Error('wrong');
    const load = () =>
      new Map([
        ['a', 1],
        ['b', wrong],
      ]);
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

  test(`${kind}: a value that cannot be read fails its key alone`, async (t) => {
    const cache = cacheOf(t, { logging: { enabled: false } });
    const unreadable = {
      get then() {
        throw new Error('unreadable');
      },
    };
    const later = Promise.resolve(3);
    const failed = await cache.getMany(['a', 'b', 'c', 'd'], () => [1, unreadable, later, 4]).catch((error) => error);
    assert.equal(failed.code, 'LOADS_FAILED');
    assert.deepEqual(
      [...failed.failures].map(([key, { message }]) => [key, message]),
      [['b', 'unreadable']],
    );
    const partial = [
      ['a', 1],
      ['c', 3],
      ['d', 4],
    ];
    assert.deepEqual([...failed.partial], partial);
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

  test(`${kind}: an answer of the wrong shape is an error that names the allowed ones`, async (t) => {
    const cache = cacheOf(t);
    for (const [answer, shown] of [
      [[1, 2], 'an array of 2'],
      [undefined, 'undefined'],
      ['abc', '"abc"'],
      [new Set(['x']), 'an object \\(Set\\)'],
    ]) {
      await assert.rejects(
        cache.getMany(['a', 'b', 'c'], () => answer),
        ({ errors }) => {
          assert.equal(errors.length, 1);
          assert.equal(errors[0].code, 'INVALID_ARGUMENT');
          const text = `the answer of loadMany must be a Map, an object, or an array of 3 values .*, got ${shown}$`;
          assert.match(errors[0].message, new RegExp(text));
          return true;
        },
      );
    }
  });

  test(`${kind}: numbers are the same keys as their texts, in the question and in the answer`, async (t) => {
    const cache = cacheOf(t);
    await cache.set('1', 'one');
    const asked = [];
    const found = await cache.getMany([1, 2, '2', 3n], (keys) => {
      asked.push(...keys);
      return new Map([
        ['2', 'two'],
        [3, 'three'],
      ]);
    });
    assert.deepEqual(asked, [2, 3n]);
    assert.deepEqual(
      [...found],
      [
        [1, 'one'],
        [2, 'two'],
        ['2', 'two'],
        [3n, 'three'],
      ],
    );
    assert.equal(await cache.get('3'), 'three');
  });

  test(`${kind}: a loader of several keys that asks for one of them is told`, async (t) => {
    const cache = cacheOf(t);
    const load = async () => [await cache.getOrSet('b', never), 2];
    await assert.rejects(cache.getMany(['a', 'b'], load), ({ errors }) => errors[0].code === 'LOADER_DEADLOCK');
  });
}
