import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../../index.mjs';
import { heldLoader, turns } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

const made = (values, options) => new LazyLayersCache({ levels: { L1: { values } }, ...options });

class Point {
  constructor(x) {
    this.x = x;
  }

  get double() {
    return this.x * 2;
  }
}

const value = () => ({
  list: [1, { deep: true }],
  map: new Map([['k', { in: 'map' }]]),
  set: new Set([{ in: 'set' }]),
  date: new Date(5),
  bytes: Buffer.from('abc'),
  numbers: new Float64Array([1, 2]),
  point: new Point(2),
  error: new RangeError('no'),
  nothing: null,
});

test('copy: a caller gets a copy each time, of the same shape and classes', async () => {
  const cache = made('copy');
  const stored = value();
  await cache.set('k', stored);
  const [first, second] = [await cache.get('k'), await cache.get('k')];
  assert.deepEqual(first, stored);
  for (const name of ['list', 'map', 'set', 'date', 'bytes', 'numbers', 'point', 'error']) {
    assert.notEqual(first[name], stored[name], name);
    assert.notEqual(first[name], second[name], name);
    assert.equal(first[name].constructor, stored[name].constructor, name);
  }
  assert.equal(first.point.double, 4);
  assert.equal(first.error.message, 'no');
  assert.notEqual(first.map.get('k'), stored.map.get('k'));
});

test('copy: changes of stored and returned objects do not change the cache', async () => {
  const cache = made('copy');
  const stored = value();
  await cache.set('k', stored);
  const given = await cache.get('k');
  for (const changed of [stored, given]) {
    changed.list.push(2);
    changed.map.set('x', 1);
    changed.date.setTime(9);
    changed.bytes[0] = 0;
    changed.numbers[0] = 9;
    changed.point.x = 9;
  }
  const { error: _, ...expected } = value();
  const { error, ...held } = await cache.get('k');
  assert.deepEqual(held, expected);
  assert.equal(error.stack, stored.error.stack);
});

test('copy: callers that share a load get copies of their own, and the loader keeps its object', async () => {
  const cache = made('copy');
  const loader = heldLoader();
  const loaded = { n: 1 };
  const answers = [cache.getOrSet('k', loader), cache.getOrSet('k', loader), cache.getOrSetEntry('k', loader)];
  loader.resolve(loaded);
  const [first, second, { value: third }] = await Promise.all(answers);
  assert.equal(new Set([loaded, first, second, third, await cache.get('k'), cache.peek('k')]).size, 6);
  for (const each of [loaded, first, second]) each.n = 2;
  assert.deepEqual(await cache.get('k'), { n: 1 });
});

test('copy: so do calls for several keys, also those that fail in part', async () => {
  const cache = made('copy');
  await cache.setMany({ a: { n: 1 } });
  (await cache.getMany(['a'])).get('a').n = 2;
  (await cache.getMany(['a', 'b'], async () => [{ n: 3 }])).get('b').n = 4;
  const failed = await cache.getMany(['a', 'c'], () => [new Error('no')]).catch((error) => error);
  failed.partial.get('a').n = 5;
  assert.deepEqual([...(await cache.getMany(['a', 'b'])).values()], [{ n: 1 }, { n: 3 }]);
});

test('copy: a value of a custom L2 is copied too', async () => {
  const held = { n: 1 };
  const cache = made('copy', { l2: new MapStore([['k', held]]) });
  (await cache.get('k')).n = 2;
  assert.equal(held.n, 1);
  assert.deepEqual(await cache.get('k'), { n: 1 });
});

test('copy: a value with itself in it stays so, and parts in two places stay one', async () => {
  const cache = made('copy');
  const part = {};
  const stored = { one: part, two: part };
  stored.self = stored;
  await cache.set('k', stored);
  const given = await cache.get('k');
  assert.equal(given.self, given);
  assert.equal(given.one, given.two);
});

test('copy: a field named __proto__ is a field of the copy', async () => {
  const cache = made('copy');
  await cache.set('k', JSON.parse('{"__proto__":{"polluted":true}}'));
  const given = await cache.get('k');
  assert.deepEqual(Object.keys(given), ['__proto__']);
  assert.equal(given.polluted, undefined);
});

test('copy: a field stands where the class has a getter of its name', async () => {
  class Order {
    get sum() {
      Object.defineProperty(this, 'sum', { value: 5, enumerable: true });
      return 5;
    }
  }
  const stored = new Order();
  assert.equal(stored.sum, 5);
  const cache = made('copy');
  await cache.set('k', stored);
  assert.deepEqual(Object.entries(await cache.get('k')), [['sum', 5]]);
});

test('copy: subclasses of arrays, maps, sets and dates keep their class and their fields', async () => {
  const cache = made('copy');
  for (const Base of [Array, Map, Set, Date]) {
    const Class = class extends Base {
      about = { base: Base.name };
    };
    const stored = new Class();
    if (Base === Array) stored.push({ n: 1 });
    await cache.set('k', stored);
    const given = await cache.get('k');
    assert.deepEqual(given, stored, Base.name);
    assert.equal(given.constructor, Class);
    assert.notEqual(given.about, stored.about);
    if (Base === Array) assert.notEqual(given[0], stored[0]);
  }
});

test('copy: a subclass that stores through its own set copies as well', async () => {
  class Noting extends LazyLayersCache {
    set(...args) {
      return super.set(...args);
    }
  }
  const cache = new Noting({ levels: { L1: { values: 'copy' } } });
  const loaded = { n: 1 };
  const given = await cache.getOrSet('k', () => loaded);
  given.n = 2;
  loaded.n = 3;
  assert.deepEqual(await cache.get('k'), { n: 1 });
});

test('frozen: a stored value is frozen with everything in it', async () => {
  const cache = made('frozen');
  const stored = value();
  await cache.set('k', stored);
  const given = await cache.get('k');
  assert.equal(given, stored);
  for (const change of [
    (v) => v.list.push(1),
    (v) => (v.list[1].deep = false),
    (v) => v.map.set('x', 1),
    (v) => v.map.clear(),
    (v) => (v.map.get('k').in = 'x'),
    (v) => v.set.add(1),
    (v) => ([...v.set][0].in = 'x'),
    (v) => v.date.setFullYear(1999),
    (v) => (v.point.x = 3),
    (v) => (v.more = 1),
  ]) {
    assert.throws(() => change(given), TypeError, String(change));
  }
  assert.deepEqual(given, stored);
  assert.equal(given.map.get('k').in, 'map');
});

test('frozen: so are values of loaders, of L2 and of other instances', async () => {
  const cache = made('frozen', { l2: new MapStore([['l2', { from: 'l2' }]]) });
  assert.ok(Object.isFrozen(await cache.get('l2')));
  assert.ok(Object.isFrozen(await cache.getOrSet('load', () => ({}))));
  assert.ok(Object.isFrozen((await cache.getMany(['many'], () => [{}])).get('many')));
  const hub = new MemoryHub();
  const here = made('frozen', { eventBus: hub.bus() });
  const there = made('reference', { eventBus: hub.bus() });
  await there.getOrSet('k', () => ({ sent: true }));
  await turns();
  assert.ok(Object.isFrozen(here.peek('k')));
});

test('frozen: an object with itself in it is frozen, and one that was frozen at its surface is frozen below', async () => {
  const cache = made('frozen');
  const stored = Object.freeze({ below: { self: undefined } });
  stored.below.self = stored.below;
  await cache.set('k', stored);
  assert.ok(Object.isFrozen(stored.below));
});

test('frozen: a value with a part that cannot be frozen is refused each time', async () => {
  const cache = made('frozen');
  const part = Object.defineProperty(new Map(), 'set', { value: Map.prototype.set });
  for (const value of [part, { part }, part]) await assert.rejects(cache.set('k', value), { name: 'TypeError' });
  assert.equal(await cache.has('k'), false);
});

test('a shared MemoryStore says how its values are shared', async () => {
  const l1 = new MemoryStore({ levels: { L1: { values: 'copy' } } });
  const cache = new LazyLayersCache({ l1 });
  const stored = { n: 1 };
  await l1.set('k', stored);
  assert.notEqual(await l1.get('k'), stored);
  (await cache.get('k')).n = 2;
  const [{ value }] = (await l1.inspect()).keys;
  value.n = 3;
  assert.deepEqual(await l1.get('k'), { n: 1 });
});

test('other ways to share are refused', () => {
  for (const values of ['clone', 7, {}]) {
    assert.throws(() => made(values), {
      code: 'INVALID_OPTION',
      message: /"levels\.L1\.values" must be one of "reference", "frozen", "copy"/,
    });
  }
});

const throwing = () => ({
  get total() {
    throw new Error('not loaded yet');
  },
});

for (const [way, loader] of Object.entries({
  plain: () => throwing(),
  'with directives': ({ setOptions }) => (setOptions({ ttlMs: 1000 }), throwing()),
})) {
  test(`copy: a loaded value that cannot be copied is an error of the loader, ${way}`, async () => {
    const cache = made('copy', { failSafe: { enabled: true, staleTtlMs: 60_000 }, logging: { enabled: false } });
    const seen = record(cache);
    await assert.rejects(cache.getOrSet('k', loader), /not loaded yet/);
    assert.equal(seen.of('loader:error').length, 1);
    assert.equal(await cache.getOrSet('k', () => 1), 1, 'the next call loads');
    await cache.expire('k');
    assert.equal(await cache.getOrSet('k', loader), 1, 'a stale copy answers');
    await cache.drain();
    assert.equal(cache.stats().loads.running, 0);
  });
}

test('copy: a value of a store that cannot be copied is an error of the store', async () => {
  const cache = made('copy', { l2: new MapStore([['k', throwing()]]), logging: { enabled: false } });
  const seen = record(cache);
  assert.equal(await cache.getOrSet('k', () => 1), 1);
  assert.match(String(seen.of('l2:error')[0].error), /not loaded yet/);
});

test('copy: an event whose value cannot be copied removes what is kept of its keys', async () => {
  const hub = new MemoryHub({ copy: (event) => ({ ...event }) });
  const bus = hub.bus();
  const cache = made('copy', { eventBus: bus, logging: { enabled: false } });
  await cache.set('k', 'old');
  await hub.deliver({ type: 'set', keys: ['k'], value: throwing(), source: 'other', ts: Date.now(), id: 'x' });
  assert.equal(await cache.get('k'), undefined);
});
