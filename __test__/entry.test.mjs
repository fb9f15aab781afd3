// `peek`, `getEntry`, `getOrSetEntry`: entries with their source and times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { deferred, until } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';

const quiet = { logging: { enabled: false } };
const make = (options = {}) => new LazyLayersCache({ ...quiet, ...options });
const forbidden = () => assert.fail('the loader is not to run');

test('peek: returns the value in L1, at once, however the key is written', async () => {
  const cache = make();
  const value = { id: 1 };
  await cache.set(7, value);
  assert.equal(cache.peek(7), value);
  assert.equal(cache.peek('7'), value);
  assert.equal(cache.peek(7n), value);
  assert.equal(cache.peek('none'), undefined);
  assert.equal(cache.peek(undefined), undefined);
});

test('peek: finds a value that waits in the journal, and a stored null', async () => {
  const cache = make();
  void cache.set('new', 'value');
  assert.equal(cache.peek('new'), 'value');
  await cache.set('null', null);
  assert.equal(cache.peek('null'), null);
});

test('peek: counts as no use: no event, no count, the same entry makes room', async () => {
  const cache = make({ levels: { L1: { maxEntries: 2 } } });
  await cache.set('a', 1);
  await cache.set('b', 2);
  const events = [];
  cache.on((event) => void events.push(event.type));
  assert.equal(cache.peek('a'), 1);
  assert.deepEqual(cache.stats().hits, { L1: 0, L2: 0, negative: 0, stale: 0 });
  assert.deepEqual(cache.stats().misses, { L1: 0, L2: 0 });
  assert.deepEqual(events, []);
  await cache.set('c', 3);
  assert.deepEqual([cache.peek('a'), cache.peek('b'), cache.peek('c')], [undefined, 2, 3]);
});

test('peek: finds nothing that is over, deleted, known to be absent, or in L2 alone', async () => {
  const l2 = new MapStore();
  const cache = make({ l2, negativeCache: { ttlMs: 1000 } });
  await cache.set('gone', 1);
  await cache.delete('gone');
  await cache.getOrSet('absent', () => undefined);
  await l2.set('below', 1);
  assert.deepEqual(
    ['gone', 'absent', 'below'].map((key) => cache.peek(key)),
    [undefined, undefined, undefined],
  );
  assert.equal(await cache.get('below'), 1);
  assert.equal(cache.peek('below'), 1);
});

test('peek: finds entries of a versioned cache', async () => {
  const cache = make({ versioning: { enabled: true } });
  await cache.set('a', 1);
  assert.equal(cache.peek('a'), 1);
  await cache.delete('a');
  assert.equal(cache.peek('a'), undefined);
  await cache.set('a', 2);
  assert.equal(cache.peek('a'), 2);
});

test('peek: looks into no L1 of the user, and into none', async () => {
  for (const l1 of [new MapStore(), false]) {
    const cache = make({ l1 });
    await cache.set('a', 1);
    assert.equal(cache.peek('a'), undefined);
  }
});

test('peek: throws for a value that is no key, and after close', async () => {
  const cache = make();
  assert.throws(() => cache.peek({}), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
  await cache.close();
  assert.throws(() => cache.peek('a'), { code: 'CACHE_CLOSED' });
});

test('getEntry: tells the layer, the age and the rest of the lifetime', async (context) => {
  context.mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const cache = make({ ttlMs: 1000 });
  await cache.set('a', 'value');
  context.mock.timers.tick(400);
  const { ageMs, ttlMs, ...rest } = await cache.getEntry('a');
  assert.deepEqual(rest, { value: 'value', source: 'L1' });
  assert.ok(Math.abs(ageMs - 400) < 50 && Math.abs(ttlMs - 600) < 50, `${ageMs} ${ttlMs}`);
  assert.equal(cache.stats().hits.L1, 1);
  assert.deepEqual(await cache.getEntry('none'), {
    value: undefined,
    source: 'none',
    ageMs: undefined,
    ttlMs: undefined,
  });
  assert.equal((await cache.getEntry(undefined)).source, 'none');
});

test('getEntry: does not know how old a value of L2 is, whether it comes from there or was taken over', async () => {
  const l2 = new MapStore();
  const cache = make({ l2, ttlMs: 1000 });
  await l2.set('a', 1);
  const first = await cache.getEntry('a');
  assert.deepEqual({ ...first, ttlMs: 0 }, { value: 1, source: 'L2', ageMs: undefined, ttlMs: 0 });
  assert.equal(first.ttlMs, 1000);
  const second = await cache.getEntry('a');
  assert.deepEqual([second.source, second.ageMs, second.ttlMs <= 1000], ['L1', undefined, true]);
});

test('getEntry: knows no times of an L1 of the user', async () => {
  const cache = make({ l1: new MapStore() });
  await cache.set('a', 1);
  assert.deepEqual(await cache.getEntry('a'), { value: 1, source: 'L1', ageMs: undefined, ttlMs: undefined });
});

test('getEntry: tells a known absence, and for how long', async () => {
  const cache = make({ negativeCache: { ttlMs: 1000 } });
  await cache.getOrSet('a', () => undefined);
  const { ttlMs, ...rest } = await cache.getEntry('a');
  assert.deepEqual(rest, { value: undefined, source: 'negative', ageMs: undefined });
  assert.ok(ttlMs > 0 && ttlMs <= 1000);
});

test('getEntry: a lifetime without an end is infinite', async () => {
  const cache = make({ ttlMs: 0 });
  await cache.set('a', 1);
  assert.equal((await cache.getEntry('a')).ttlMs, Number.POSITIVE_INFINITY);
});

test('getEntry: rejects for a value that is no key, and after close', async () => {
  const cache = make();
  await assert.rejects(cache.getEntry({}), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
  await cache.close();
  await assert.rejects(cache.getEntry('a'), { code: 'CACHE_CLOSED' });
});

test('getOrSetEntry: a load, then the layer', async () => {
  const cache = make({ ttlMs: 1000 });
  const loaded = await cache.getOrSetEntry('a', async () => 'value');
  assert.deepEqual([loaded.value, loaded.source, loaded.ttlMs], ['value', 'load', 1000]);
  assert.ok(loaded.ageMs >= 0 && loaded.ageMs < 500);
  assert.equal((await cache.getOrSetEntry('a', forbidden)).source, 'L1');
});

test('getOrSetEntry: options of the call hold, and a value that is kept nowhere says so', async () => {
  const cache = make();
  assert.equal((await cache.getOrSetEntry('a', () => 1, { ttlMs: 50 })).ttlMs, 50);
  const gate = deferred();
  const pending = cache.getOrSetEntry('b', () => gate.promise);
  await cache.delete('b');
  gate.resolve(2);
  const overtaken = await pending;
  assert.deepEqual([overtaken.value, overtaken.source, overtaken.ttlMs], [2, 'load', 0]);
});

test('getOrSetEntry: a call that waits for the load of another has joined, of whichever kind the first call was', async () => {
  for (const lead of ['getOrSet', 'getOrSetEntry']) {
    const cache = make({ ttlMs: 1000 });
    const gate = deferred();
    const first = cache[lead]('a', () => gate.promise);
    const second = cache.getOrSetEntry('a', forbidden);
    gate.resolve('value');
    await first;
    const { value, source, ageMs, ttlMs } = await second;
    assert.deepEqual([value, source], ['value', 'joined'], lead);
    assert.ok(ageMs >= 0 && ttlMs > 0 && ttlMs <= 1000, lead);
  }
});

test('getOrSetEntry: a stale copy, when the load fails or takes too long; the load goes on', async () => {
  const cache = make({ failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('a', 'old');
  await cache.expire('a');
  const failed = await cache.getOrSetEntry('a', () => Promise.reject(new Error('down')));
  assert.deepEqual([failed.value, failed.source], ['old', 'stale']);
  assert.ok(failed.ageMs >= 0 && failed.ttlMs > 0 && failed.ttlMs <= 60_000);
  const gate = deferred();
  const early = await cache.getOrSetEntry('a', () => gate.promise, { timeouts: { softMs: 5 } });
  assert.deepEqual([early.value, early.source], ['old', 'stale']);
  gate.resolve('new');
});

test('getEntry: a load that goes on after its caller was answered, and gives directives, tells no other call its source', async () => {
  const [l2, loading, reading] = [new MapStore(), deferred(), deferred()];
  const cache = new LazyLayersCache({ l1: false, l2, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  await cache.set('k', 'old');
  await cache.get('k');
  await cache.expire('k');
  const load = async ({ setOptions }) => {
    await loading.promise;
    setOptions({ ttlMs: 1000 });
    return 'new';
  };
  const early = await cache.getOrSetEntry('k', load, { timeouts: { softMs: 5 } });
  assert.deepEqual([early.value, early.source], ['old', 'stale']);
  const read = l2.get.bind(l2);
  l2.get = (key) => (key === 'other' ? reading.promise : read(key));
  const other = cache.getEntry('other');
  loading.resolve();
  await until(async () => (await cache.get('k')) === 'new', 'the load has ended');
  reading.resolve(undefined);
  assert.equal((await other).source, 'none');
});

test('getOrSetEntry: nothing that a loader finds is of the load, then of the memory of that', async () => {
  const cache = make({ negativeCache: { ttlMs: 1000 } });
  const nothing = await cache.getOrSetEntry('a', () => undefined);
  assert.deepEqual([nothing.value, nothing.source, nothing.ttlMs], [undefined, 'load', 1000]);
  assert.equal((await cache.getOrSetEntry('a', forbidden)).source, 'negative');
});

test('getOrSetEntry: an error reaches the caller as it is', async () => {
  const cache = make();
  const error = new Error('down');
  await assert.rejects(
    cache.getOrSetEntry('a', () => Promise.reject(error)),
    (thrown) => thrown === error,
  );
  await assert.rejects(cache.getOrSetEntry('a', 'no function'), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(
    cache.getOrSetEntry('a', () => 1, { ttlMs: 'soon' }),
    { code: 'INVALID_OPTION' },
  );
});

test('getOrSetEntry: of a layer that two caches share, each is told of its own call', async () => {
  const l1 = new MemoryStore();
  const [one, other] = [make({ l1 }), make({ l1 })];
  assert.equal((await one.getOrSetEntry('a', () => 1)).source, 'load');
  assert.equal((await other.getOrSetEntry('a', forbidden)).source, 'L1');
});

test('getOrSetEntry: without L1 the times are those of L2', async () => {
  const cache = make({ l1: false, l2: new MapStore(), ttlMs: 5000 });
  const loaded = await cache.getOrSetEntry('a', () => 1);
  assert.deepEqual([loaded.source, loaded.ttlMs], ['load', 5000]);
  assert.equal((await cache.getOrSetEntry('a', forbidden)).source, 'L2');
});

test('getEntry: the lifetime of a value of L2 is not known where L1 has not taken it over', async () => {
  const l2 = new MapStore([['a', 1]]);
  const without = make({ l1: false, l2, ttlMs: 5000 });
  for (const entry of [await without.getEntry('a'), await without.getOrSetEntry('a', forbidden)]) {
    assert.deepEqual([entry.source, entry.ttlMs], ['L2', undefined]);
  }
  const passing = make({ l2 });
  assert.equal((await passing.getOrSetEntry('a', forbidden, { levels: { L1: { ttlMs: -1 } } })).ttlMs, undefined);
  const keeping = make({ l2, levels: { L1: { ttlMs: Infinity } } });
  assert.equal((await keeping.getEntry('a')).ttlMs, Infinity);
});
