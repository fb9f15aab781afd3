// Tags of entries: those with one are deleted or expired together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { deferred } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';
import { jsonHub, MemoryHub, peerEvent } from './support/memory-bus.mjs';

const make = (options = {}) => new LazyLayersCache({ logging: { enabled: false }, ...options });
const failSafe = { enabled: true, staleTtlMs: 60_000 };
const fails = () => Promise.reject(new Error('down'));

test('deleteByTag removes the entries with one of the tags, and no others', async () => {
  for (const versioning of [false, true]) {
    const cache = make({ versioning: { enabled: versioning } });
    await cache.set('a', 1, { tags: ['x', 'y'] });
    await cache.getOrSet('b', () => 2, { tags: ['y'] });
    await cache.set('c', 3, { tags: ['z'] });
    await cache.set('x', 4);
    await cache.deleteByTag('x');
    assert.deepEqual(
      ['a', 'b', 'c', 'x'].map((key) => cache.peek(key)),
      [undefined, 2, 3, 4],
    );
    await cache.deleteByTag(['y', 'z', 'none']);
    assert.deepEqual(
      ['a', 'b', 'c', 'x'].map((key) => cache.peek(key)),
      [undefined, undefined, undefined, 4],
    );
  }
});

test('a value that is stored over it has the tags of its own call', async () => {
  const cache = make();
  await cache.set('a', 1, { tags: ['x'] });
  await cache.set('a', 2);
  await cache.set('b', 1, { tags: ['x'] });
  await cache.set('b', 2, { tags: ['y'] });
  await cache.deleteByTag('x');
  assert.deepEqual([cache.peek('a'), cache.peek('b')], [2, 2]);
  await cache.deleteByTag('y');
  assert.deepEqual([cache.peek('a'), cache.peek('b')], [2, undefined]);
});

test('a hit of an entry with tags is answered without a call, until its tag is invalidated', async () => {
  const cache = make();
  await cache.set('a', 1, { tags: ['x'] });
  assert.equal(await cache.get('a'), 1);
  assert.equal(await cache.get('a'), 1);
  const gone = cache.deleteByTag('x');
  assert.equal(await cache.get('a'), undefined);
  await gone;
});

test('a load in flight stores nothing, and nobody joins it any more', async () => {
  for (const verb of ['deleteByTag', 'expireByTag']) {
    const cache = make({ failSafe });
    const gate = deferred();
    const before = cache.getOrSet('a', () => gate.promise, { tags: ['x'] });
    const other = cache.getOrSet('b', () => gate.promise, { tags: ['y'] });
    await cache[verb]('x');
    const after = cache.getOrSet('a', () => 'after', { tags: ['x'] });
    assert.equal(await after, 'after', verb);
    gate.resolve('before');
    assert.deepEqual([await before, await other], ['before', 'before']);
    assert.deepEqual([cache.peek('a'), cache.peek('b')], ['after', 'before'], verb);
  }
});

test('stale copies stay when a tag expires, and go when it is deleted, also of entries that are over', async (context) => {
  context.mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const cache = make({ failSafe });
  await cache.set('a', 1, { tags: ['x'] });
  await cache.expireByTag('x');
  assert.equal(await cache.get('a'), undefined);
  assert.equal(await cache.getOrSet('a', fails, { tags: ['x'] }), 1);
  await cache.set('b', 2, { tags: ['x'], ttlMs: 10 });
  context.mock.timers.tick(20);
  assert.equal(await cache.getOrSet('b', fails), 2);
  await cache.deleteByTag('x');
  for (const key of ['a', 'b']) await assert.rejects(cache.getOrSet(key, fails), /down/);
});

test('a read that renews the stale copy keeps its tags', async () => {
  const cache = make({ failSafe });
  await cache.set('a', 1, { tags: ['x'] });
  assert.equal((await cache.getEntry('a')).value, 1);
  await cache.expire('a');
  await cache.deleteByTag('x');
  await assert.rejects(cache.getOrSet('a', fails), /down/);
  await cache.set('b', 1, { tags: ['x'] });
  await cache.expireByPattern('b*');
  await cache.deleteByTag('x');
  await assert.rejects(cache.getOrSet('b', fails), /down/);
});

test('an absence that a load with tags found is not remembered any more', async () => {
  const cache = make({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('a', () => undefined, { tags: ['x'] });
  assert.equal((await cache.getEntry('a')).source, 'negative');
  await cache.deleteByTag('x');
  assert.equal(await cache.getOrSet('a', () => 'there'), 'there');
});

test('the other instances invalidate the tag too, by an event that 0.4.0 applies as nothing', async () => {
  for (const hub of [new MemoryHub(), jsonHub()]) {
    const [one, other] = [make({ eventBus: hub.bus(), failSafe }), make({ eventBus: hub.bus(), failSafe })];
    const events = [];
    other.on((event) => void events.push(event), { types: ['delete-tag', 'invalidation:received'] });
    for (const cache of [one, other]) await cache.set('a', 1, { tags: ['x'] });
    const gate = deferred();
    const load = other.getOrSet('b', () => gate.promise, { tags: ['x'] });
    await one.expireByTag('x');
    gate.resolve('before');
    await load;
    assert.deepEqual([other.peek('a'), other.peek('b')], [undefined, undefined]);
    assert.equal(await other.getOrSet('a', fails), 1);
    await one.deleteByTag(['x', 'y']);
    await assert.rejects(other.getOrSet('a', fails), /down/);
    assert.deepEqual(
      events.filter(({ type }) => type === 'delete-tag'),
      [
        { type: 'delete-tag', tag: 'x', remote: true, expired: true },
        { type: 'delete-tag', tag: 'x', remote: true },
        { type: 'delete-tag', tag: 'y', remote: true },
      ],
    );
    const [sent] = hub.publishedOf('del');
    assert.deepEqual([sent.keys, sent.tags, sent.expires], [[], ['x'], true]);
    assert.deepEqual(events.find(({ type }) => type === 'invalidation:received').event.tags, ['x']);
    assert.equal(other.stats().tagDeletes, 3);
  }
});

test('a tag is any text, also of halves of characters and of names that objects have', async () => {
  for (const tag of ['\ud800', 'a\udfffb', '\udc00\ud800', '\ufffd', '🙂', '__proto__', 'constructor', ' ', '*']) {
    for (const hub of [new MemoryHub(), jsonHub()]) {
      const [one, other] = [make({ eventBus: hub.bus() }), make({ eventBus: hub.bus() })];
      await one.set('a', 1, { tags: [tag] });
      await other.getOrSet('b', () => 1, { tags: [tag] });
      await other.getOrSet('c', (context) => (context.setOptions({ tags: [tag] }), 1));
      await other.set('d', 1, { tags: ['\udbff'] });
      assert.deepEqual(await one.tags(), [{ tag, entries: 3 }]);
      assert.deepEqual((await other.getEntry('c')).tags, [tag]);
      await one.deleteByTag(tag);
      for (const cache of [one, other]) {
        assert.deepEqual(
          ['a', 'b', 'c'].map((key) => cache.peek(key)),
          [undefined, undefined, undefined],
        );
      }
      assert.equal(other.peek('d'), 1);
    }
  }
});

test('tags of the wrong kind in an event are none', async () => {
  const hub = new MemoryHub();
  const cache = make({ eventBus: hub.bus() });
  await cache.set('a', 1, { tags: ['x'] });
  for (const tags of ['x', { 0: 'x' }, [{}], null]) await hub.deliver(peerEvent('del', { keys: [], tags }));
  assert.equal(cache.peek('a'), 1);
  await hub.deliver(peerEvent('del', { keys: [], tags: ['x'] }));
  assert.equal(cache.peek('a'), undefined);
});

test('a value that was loaded is sent to the others with its tags, by which they invalidate it', async () => {
  for (const hub of [new MemoryHub(), jsonHub()]) {
    const [one, other] = [make({ eventBus: hub.bus() }), make({ eventBus: hub.bus() })];
    await one.getOrSet('a', () => 1, { tags: ['x', 'y'] });
    await one.getOrSet('b', () => 2);
    assert.deepEqual(
      hub.publishedOf('set').map(({ tags }) => tags),
      [['x', 'y'], undefined],
    );
    assert.deepEqual([other.peek('a'), other.peek('b')], [1, 2]);
    assert.deepEqual(await other.tags(), [
      { tag: 'x', entries: 1 },
      { tag: 'y', entries: 1 },
    ]);
    await other.deleteByTag('y');
    assert.deepEqual([one.peek('a'), other.peek('a'), other.peek('b')], [undefined, undefined, 2]);
  }
});

test('with a store of the user tags are its own', async () => {
  for (const layers of [{ l1: new MapStore() }, { l2: new MapStore() }]) {
    const store = layers.l1 ?? layers.l2;
    const cache = make(layers);
    await cache.set('a', 1, { tags: 'anything' });
    assert.deepEqual([await store.get('a'), store.callsOf('set').at(-1).args[2]], [1, { tags: 'anything' }]);
    for (const call of [() => cache.deleteByTag('x'), () => cache.expireByTag('x'), () => cache.tags()]) {
      await assert.rejects(call(), { name: 'Error', code: 'NO_TAGS', message: /L1.*L2/ });
    }
  }
});

test('caches over one layer share its tags', async () => {
  const l1 = new MemoryStore();
  const [one, other] = [make({ l1, failSafe }), make({ l1, failSafe })];
  await one.set('a', 1, { tags: ['x'] });
  await other.set('b', 2, { tags: ['x'] });
  const gate = deferred();
  const load = one.getOrSet('c', () => gate.promise, { tags: ['x'] });
  assert.deepEqual(await other.tags(), [{ tag: 'x', entries: 2 }]);
  await other.deleteByTag('x');
  gate.resolve(3);
  await load;
  assert.equal(await l1.size(), 0);
  await assert.rejects(one.getOrSet('a', fails), /down/);
});

test('tags lists those of live entries with their counts', async (context) => {
  context.mock.timers.enable({ apis: ['Date', 'setTimeout'] });
  const cache = make();
  assert.deepEqual(await cache.tags(), []);
  await cache.set('a', 1, { tags: ['x', 'y', 'x'] });
  await cache.set('b', 2, { tags: ['y'] });
  await cache.set('c', 3, { tags: ['w'], ttlMs: 10 });
  context.mock.timers.tick(20);
  assert.deepEqual(await cache.tags(), [
    { tag: 'y', entries: 2 },
    { tag: 'x', entries: 1 },
  ]);
  await cache.set('b', 2);
  await cache.deleteByTag('x');
  assert.deepEqual(await cache.tags(), []);
});

test('entries that make room take the memory of their tags with them', async () => {
  const cache = make({ levels: { L1: { maxEntries: 10 } } });
  for (let n = 0; n < 5000; n += 1) await cache.set(n, n, { tags: [`t${n}`, 'all'] });
  const tags = await cache.tags();
  assert.deepEqual([tags.length, tags[0]], [11, { tag: 'all', entries: 10 }]);
  await cache.deleteByTag('all');
  assert.equal(await cache.size(), 0);
});

test('thousands of entries with a tag are removed in slices', async () => {
  const cache = make({ levels: { L1: { maxEntries: 20_000 } }, failSafe });
  for (let n = 0; n < 10_000; n += 1) void cache.set(n, n, { tags: ['x'] });
  await cache.set('other', 1);
  await cache.expireByTag('x');
  assert.deepEqual([await cache.size(), await cache.getOrSet(9999, fails)], [1, 9999]);
});

test('a namespace may give its entries tags', async () => {
  const cache = make();
  const users = cache.namespace('users', { tags: ['people'] });
  await users.set(1, 'Ada');
  await users.getOrSet(2, () => 'Bob');
  await users.set(3, 'Eve', { tags: ['own'] });
  await cache.deleteByTag('people');
  assert.deepEqual([users.peek(1), users.peek(2), users.peek(3)], [undefined, undefined, 'Eve']);
});

test('a value that is no tag is refused', async () => {
  const cache = make();
  for (const tags of ['x', [''], [7], {}, [undefined]]) {
    await assert.rejects(cache.set('a', 1, { tags }), {
      name: 'TypeError',
      code: 'INVALID_OPTION',
      message: /"tags(\[0\])?"/,
    });
  }
  const many = Array.from({ length: 101 }, (_, n) => `t${n}`);
  await assert.rejects(
    cache.getOrSet('a', () => 1, { tags: many }),
    { name: 'RangeError', code: 'INVALID_OPTION' },
  );
  await cache.set('a', 1, { tags: many.slice(1) });
  await cache.set('b', 1, { tags: [] });
  for (const tags of ['', [''], 7, undefined, {}]) {
    await assert.rejects(cache.deleteByTag(tags), { name: 'TypeError', message: /"tags(\[0\])?"/ });
    await assert.rejects(cache.expireByTag(tags), { name: 'TypeError', message: /"tags(\[0\])?"/ });
  }
  const allowed = 'a text that is not empty, or an array of such texts';
  await assert.rejects(cache.deleteByTag(new Set(['x'])), {
    message: `lazy-layers-cache: option "tags" must be ${allowed}, got an object (Set)`,
  });
  assert.equal(await cache.deleteByTag([]), undefined);
  // Neither layer keeps them.
  await assert.rejects(make({ l1: false }).set('a', 1, { tags: ['x'] }), { name: 'RangeError', message: /"tags".*L1/ });
  await cache.close();
  for (const call of [() => cache.deleteByTag('x'), () => cache.expireByTag('x'), () => cache.tags()]) {
    await assert.rejects(call(), { code: 'CACHE_CLOSED' });
  }
});
