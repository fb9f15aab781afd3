// Custom stores are asked for several keys at once, if they have the methods for it.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { MapStore } from '../support/map-store.mjs';

/** A store with the verbs for several keys. */
class ManyStore extends MapStore {
  async getMany(keys) {
    this.calls.push({ method: 'getMany', args: [keys] });
    return (
      this.answer?.(keys) ?? new Map(keys.filter((key) => this.map.has(key)).map((key) => [key, this.map.get(key)]))
    );
  }

  async setMany(entries, options) {
    this.calls.push({ method: 'setMany', args: [entries, options] });
    for (const [key, value] of entries) this.map.set(key, value);
  }

  async deleteMany(keys) {
    this.calls.push({ method: 'deleteMany', args: [keys] });
    for (const key of keys) this.map.delete(key);
  }
}

const methods = (store) => store.calls.map(({ method }) => method);

for (const layer of ['l1', 'l2']) {
  const made = (t, store, more) => {
    const cache = new LazyLayersCache({ l1: false, [layer]: store, ...more });
    t.after(() => cache.close());
    return cache;
  };

  test(`${layer}: a store with the methods for several keys is asked once`, async (t) => {
    const store = new ManyStore();
    const cache = made(t, store, { ttlMs: 5000 });
    await cache.setMany({ a: 1, b: 2 }, { region: 'eu' });
    assert.deepEqual(store.calls, [
      {
        method: 'setMany',
        args: [
          [
            ['a', 1],
            ['b', 2],
          ],
          { region: 'eu', ttlMs: 5000 },
        ],
      },
    ]);
    store.calls.length = 0;
    assert.deepEqual(
      [...(await cache.getMany(['b', 'x', 'a']))],
      [
        ['b', 2],
        ['a', 1],
      ],
    );
    assert.deepEqual(store.calls, [{ method: 'getMany', args: [['b', 'x', 'a']] }]);
    store.calls.length = 0;
    await cache.deleteMany(['a', 'b']);
    assert.ok(
      methods(store).every((method) => method === 'deleteMany'),
      methods(store).join(),
    );
    assert.equal(store.map.size, 0);
  });

  test(`${layer}: the values of a batch are stored at once`, async (t) => {
    const store = new ManyStore([['a', 'held']]);
    const cache = made(t, store);
    const found = await cache.getMany(['a', 'b', 'c'], (keys) => keys);
    assert.deepEqual(
      [...found],
      [
        ['a', 'held'],
        ['b', 'b'],
        ['c', 'c'],
      ],
    );
    assert.deepEqual(methods(store), ['getMany', 'setMany']);
    assert.deepEqual(store.calls[1].args[0], [
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });

  test(`${layer}: values whose lifetimes vary are stored by few calls`, async (t) => {
    const store = new ManyStore();
    // The time that so many values take on a busy machine.
    const resilience = { l2TimeoutMs: 60_000 };
    const cache = made(t, store, { ttlMs: 60_001, ttlJitter: 0.1, ttlJitterL2: 0.1, resilience });
    const keys = Array.from({ length: 20_000 }, (_, at) => `k${at}`);
    await cache.setMany(keys.map((key) => [key, 1]));
    await cache.getMany(
      keys.map((key) => `loaded:${key}`),
      (missing) => missing,
    );
    assert.equal(store.map.size, 40_000);
    const stored = store.calls.filter(({ method }) => method === 'setMany');
    assert.deepEqual(new Set(methods(store)), new Set(['getMany', 'setMany']));
    assert.ok(stored.length <= 128, `${stored.length} calls`);
    for (const { args } of stored) {
      const { ttlMs } = args[1];
      assert.ok(Number.isInteger(ttlMs) && ttlMs > 54_000 && ttlMs <= 60_001, ttlMs);
    }
  });

  test(`${layer}: values with lifetimes of their own keep these`, async (t) => {
    const store = new ManyStore();
    const cache = made(t, store, {});
    const keys = Array.from({ length: 40 }, (_, at) => `${at + 1}`);
    await cache.getMany(keys, (missing, context) => {
      for (const key of missing) context.of(key).setOptions({ ttlMs: 1000 + (Number(key) % 20) });
      return missing;
    });
    const stored = store.calls.filter(({ method }) => method === 'setMany');
    assert.equal(stored.length, 20);
    for (const { args } of stored) for (const [key] of args[0]) assert.equal(args[1].ttlMs, 1000 + (Number(key) % 20));
  });

  test(`${layer}: a store without them is asked key by key`, async (t) => {
    const store = new MapStore();
    const cache = made(t, store);
    await cache.setMany({ a: 1, b: 2 });
    assert.deepEqual(
      [...(await cache.getMany(['a', 'b']))],
      [
        ['a', 1],
        ['b', 2],
      ],
    );
    await cache.deleteMany(['a']);
    assert.equal(store.callsOf('set').length, 2);
    assert.equal(store.callsOf('get').length, 2);
    assert.deepEqual([...store.map], [['b', 2]]);
  });

  test(`${layer}: verbs of one key ask for one key`, async (t) => {
    const store = new ManyStore();
    const cache = made(t, store);
    await cache.set('a', 1);
    await cache.get('a');
    await cache.delete('a');
    assert.ok(
      methods(store).every((method) => !method.endsWith('Many')),
      methods(store).join(),
    );
  });

  for (const [what, answer] of [
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['answers too few', () => [1]],
    ['answers nonsense', () => 'abc'],
  ]) {
    test(`${layer}: a store that ${what} counts as empty, and the failure is told`, async (t) => {
      const store = new ManyStore([['a', 1]]);
      store.answer = answer;
      const events = [];
      const cache = made(t, store, { events: [(event) => events.push(event.type)] });
      assert.equal((await cache.getMany(['a', 'b'])).size, 0);
      assert.deepEqual(
        await cache.getMany(['a', 'b'], (keys) => keys),
        new Map([
          ['a', 'a'],
          ['b', 'b'],
        ]),
      );
      assert.ok(events.includes(`${layer}:error`), events.join());
    });
  }

  test(`${layer}: a store may answer with an array or an object`, async (t) => {
    const store = new ManyStore();
    const cache = made(t, store);
    store.answer = () => [1, undefined, 3];
    assert.deepEqual(
      [...(await cache.getMany(['a', 'b', 'c']))],
      [
        ['a', 1],
        ['c', 3],
      ],
    );
  });
}

test('a cache may be the second layer of another', async (t) => {
  const inner = new LazyLayersCache();
  const outer = new LazyLayersCache({ l1: false, l2: inner });
  t.after(() => Promise.all([inner.close(), outer.close()]));
  await outer.setMany({ a: 1, b: 2 });
  assert.deepEqual(
    [...(await inner.getMany(['a', 'b']))],
    [
      ['a', 1],
      ['b', 2],
    ],
  );
  assert.deepEqual(
    [...(await outer.getMany(['b', 'c'], () => [3]))],
    [
      ['b', 2],
      ['c', 3],
    ],
  );
  await outer.deleteMany(['a']);
  assert.equal(await inner.has('a'), false);
});

test('calls of other verbs are not taken along', async (t) => {
  const store = new ManyStore([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  const cache = new LazyLayersCache({ l1: false, l2: store });
  t.after(() => cache.close());
  const asked = [cache.getMany(['a', 'b']), cache.get('c'), cache.getMany(['c', 'd'])];
  const [first, single, second] = await Promise.all(asked);
  assert.deepEqual(
    [[...first], single, [...second]],
    [
      [
        ['a', 1],
        ['b', 2],
      ],
      3,
      [['c', 3]],
    ],
  );
  assert.deepEqual(
    store.calls.map(({ method, args }) => [method, args[0]]),
    [
      ['get', 'c'],
      ['getMany', ['a', 'b']],
      ['getMany', ['c', 'd']],
    ],
  );
});

test('a store and the loader run in the async context of the call', async (t) => {
  const tenant = new AsyncLocalStorage();
  const seen = [];
  const store = new ManyStore();
  store.answer = () => void seen.push(['getMany', tenant.getStore()]);
  const { setMany } = store;
  store.setMany = (...args) => {
    seen.push(['setMany', tenant.getStore()]);
    return setMany.apply(store, args);
  };
  const cache = new LazyLayersCache({ l1: false, l2: store });
  t.after(() => cache.close());
  const load = async (keys) => {
    seen.push(['load', tenant.getStore()]);
    await Promise.resolve();
    return keys;
  };
  const call = (name) => tenant.run(name, () => cache.getMany([`${name}:1`, `${name}:2`], load));
  await Promise.all([call('one'), call('other')]);
  const of = (name) => seen.filter(([, context]) => context === name).map(([what]) => what);
  assert.deepEqual(
    [of('one'), of('other')],
    [
      ['getMany', 'load', 'setMany'],
      ['getMany', 'load', 'setMany'],
    ],
  );
});
