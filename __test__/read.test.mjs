import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { record } from './support/events.mjs';
import { MapStore } from './support/map-store.mjs';

test('get of an absent key is undefined', async () => {
  const cache = new LazyLayersCache();
  assert.equal(await cache.get('absent'), undefined);
});

test('get returns the value that set stored', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), 'v');
});

test('a stored null is a hit', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', null);
  const seen = record(cache);
  assert.equal(await cache.get('k'), null);
  assert.deepEqual(seen.types(), ['hit']);
});

test('falsy values other than undefined are hits', async () => {
  const cache = new LazyLayersCache();
  for (const value of [0, '', false, NaN, 0n]) {
    await cache.set('k', value);
    const seen = record(cache);
    assert.equal(await cache.get('k'), value);
    seen.stop();
    assert.deepEqual(seen.types(), ['hit']);
  }
});

test('a hit returns the same object that was stored', async () => {
  const cache = new LazyLayersCache();
  const values = [{ a: 1 }, [1], new Map(), new Date(), () => {}, Symbol('s'), Buffer.from('b'), new (class Own {})()];
  for (const value of values) {
    await cache.set('k', value);
    assert.equal(await cache.get('k'), value);
    assert.equal(await cache.get('k'), value);
  }
});

test('an L1 hit is told as a hit in L1', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  const seen = record(cache);
  await cache.get('k');
  assert.deepEqual(seen.events, [{ type: 'hit', key: 'k', level: 'L1' }]);
});

test('a miss without an L2 is told as one miss in L1', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.get('k');
  assert.deepEqual(seen.events, [{ type: 'miss', key: 'k', level: 'L1' }]);
});

test('a miss in both layers is told for L1 and then for L2', async () => {
  const cache = new LazyLayersCache({ l2: new MapStore() });
  const seen = record(cache);
  assert.equal(await cache.get('k'), undefined);
  assert.deepEqual(seen.events, [
    { type: 'miss', key: 'k', level: 'L1' },
    { type: 'miss', key: 'k', level: 'L2' },
  ]);
});

test('a value found in L2 is told as a miss in L1 and a hit in L2', async () => {
  const cache = new LazyLayersCache({ l2: new MapStore([['k', 'v']]) });
  const seen = record(cache);
  assert.equal(await cache.get('k'), 'v');
  assert.deepEqual(seen.events, [
    { type: 'miss', key: 'k', level: 'L1' },
    { type: 'hit', key: 'k', level: 'L2' },
  ]);
});

test('a value found in L2 goes into L1', async () => {
  const l2 = new MapStore([['k', 'v']]);
  const cache = new LazyLayersCache({ l2 });
  await cache.get('k');
  assert.equal(await cache.get('k'), 'v');
  assert.equal(l2.callsOf('get').length, 1);
});

test('a null stored in L2 is a hit there', async () => {
  const cache = new LazyLayersCache({ l2: new MapStore([['k', null]]) });
  const seen = record(cache);
  assert.equal(await cache.get('k'), null);
  assert.deepEqual(seen.types(), ['miss', 'hit']);
});

test('with L1 switched off a read asks L2 alone', async () => {
  const l2 = new MapStore([['k', 'v']]);
  const cache = new LazyLayersCache({ l1: false, l2 });
  const seen = record(cache);
  assert.equal(await cache.get('k'), 'v');
  assert.equal(await cache.get('k'), 'v');
  assert.deepEqual(
    seen.of('hit').map((event) => event.level),
    ['L2', 'L2'],
  );
  assert.equal(l2.callsOf('get').length, 2);
});

test('with both layers switched off nothing is ever found', async () => {
  const cache = new LazyLayersCache({ l1: false, l2: false });
  await cache.set('k', 'v');
  assert.equal(await cache.get('k'), undefined);
  assert.equal(await cache.has('k'), false);
});

test('has tells whether a key is in L1', async () => {
  const cache = new LazyLayersCache();
  assert.equal(await cache.has('k'), false);
  await cache.set('k', 1);
  assert.equal(await cache.has('k'), true);
});

test('has is true for a stored null', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', null);
  assert.equal(await cache.has('k'), true);
});

test('has asks L2 when L1 does not hold the key', async () => {
  const cache = new LazyLayersCache({ l2: new MapStore([['k', 'v']]) });
  assert.equal(await cache.has('k'), true);
  assert.equal(await cache.has('other'), false);
});

test('size counts the entries of L1', async () => {
  const cache = new LazyLayersCache();
  assert.equal(await cache.size(), 0);
  await cache.set('a', 1);
  await cache.set('b', 2);
  await cache.set('a', 3);
  assert.equal(await cache.size(), 2);
  await cache.delete('a');
  assert.equal(await cache.size(), 1);
});

test('size is that of L1 when there is an L2 too', async () => {
  const cache = new LazyLayersCache({
    l2: new MapStore([
      ['x', 1],
      ['y', 2],
    ]),
  });
  await cache.set('a', 1);
  assert.equal(await cache.size(), 1);
});

test('size is that of L2 when L1 is switched off', async () => {
  const cache = new LazyLayersCache({
    l1: false,
    l2: new MapStore([
      ['x', 1],
      ['y', 2],
    ]),
  });
  assert.equal(await cache.size(), 2);
});

test('size is 0 with both layers switched off', async () => {
  const cache = new LazyLayersCache({ l1: false, l2: false });
  await cache.set('a', 1);
  assert.equal(await cache.size(), 0);
});

test('the least recently used entry is evicted', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 2 } } });
  await cache.set('a', 1);
  await cache.set('b', 2);
  await cache.get('a');
  await cache.set('c', 3);
  assert.equal(await cache.get('a'), 1);
  assert.equal(await cache.get('b'), undefined);
  assert.equal(await cache.get('c'), 3);
});

test('a hit through getOrSet counts as use', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 2 } } });
  await cache.set('a', 1);
  await cache.set('b', 2);
  await cache.getOrSet('a', () => 'not called');
  await cache.set('c', 3);
  assert.equal(await cache.has('a'), true);
  assert.equal(await cache.has('b'), false);
});

test('overwriting an entry counts as use', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 2 } } });
  await cache.set('a', 1);
  await cache.set('b', 2);
  await cache.set('a', 11);
  await cache.set('c', 3);
  assert.equal(await cache.get('a'), 11);
  assert.equal(await cache.has('b'), false);
});

test('eviction follows the exact order of use over a long run', async () => {
  const maxEntries = 16;
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries } } });
  const model = new Map();
  let seed = 7;
  const random = (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let step = 0; step < 5_000; step += 1) {
    const key = `k${random(40)}`;
    if (random(2) === 0) {
      await cache.set(key, step);
      model.delete(key);
      model.set(key, step);
      if (model.size > maxEntries) model.delete(model.keys().next().value);
    } else {
      const expected = model.get(key);
      assert.equal(await cache.get(key), expected, `step ${step}`);
      if (expected !== undefined) {
        model.delete(key);
        model.set(key, expected);
      }
    }
    assert.equal(await cache.size(), model.size);
  }
});

test('size never exceeds maxEntries', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 5 } } });
  for (let n = 0; n < 100; n += 1) {
    await cache.set(`k${n}`, n);
    assert.ok((await cache.size()) <= 5);
  }
  assert.equal(await cache.size(), 5);
});

test('without maxEntries L1 holds a thousand entries', async () => {
  const cache = new LazyLayersCache();
  for (let n = 0; n < 1_100; n += 1) await cache.set(`k${n}`, n);
  assert.equal(await cache.size(), 1_000);
  assert.equal(await cache.get('k99'), undefined);
  assert.equal(await cache.get('k100'), 100);
});
