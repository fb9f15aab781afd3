// `expire` and `expireByPattern`: entries are misses from now on, and stay for loads that fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeInvalidationEvent, encodeInvalidationEvent, LazyLayersCache } from '../index.mjs';
import { deferred } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';
import { jsonHub, MemoryHub, peerEvent } from './support/memory-bus.mjs';

const failSafe = { enabled: true, staleTtlMs: 60_000 };
const make = (options = {}) => new LazyLayersCache({ logging: { enabled: false }, failSafe, ...options });
const fails = () => Promise.reject(new Error('down'));

const VERBS = { expire: (cache) => cache.expire('a:1'), expireByPattern: (cache) => cache.expireByPattern('a:*') };
const DELETES = { expire: 'delete', expireByPattern: 'deleteByPattern' };

for (const [verb, expire] of Object.entries(VERBS)) {
  for (const versioning of [false, true]) {
    test(`${verb}: ends the entry in both layers, and its value answers loads that fail${versioning ? ', versioned' : ''}`, async () => {
      const l2 = new MapStore();
      const cache = make({ l2, versioning: { enabled: versioning } });
      await cache.set('a:1', 'old');
      await cache.set('b', 'other');
      await expire(cache);
      assert.equal(cache.peek('a:1'), undefined);
      assert.equal(await cache.get('a:1'), undefined);
      assert.equal(await cache.has('a:1'), false);
      assert.equal(await cache.get('b'), 'other');
      assert.equal(await cache.getOrSet('a:1', fails), 'old');
      assert.equal(await cache.getOrSet('a:1', () => 'new'), 'new');
      assert.equal(await cache.get('a:1'), 'new');
    });
  }

  test(`${verb}: after a delete, nothing answers a load that fails`, async () => {
    const cache = make();
    await cache.set('a:1', 'old');
    await expire(cache);
    await cache[DELETES[verb]](verb === 'expire' ? 'a:1' : 'a:*');
    await assert.rejects(cache.getOrSet('a:1', fails), /down/);
  });

  test(`${verb}: without fail-safe it is a delete`, async () => {
    const cache = make({ failSafe: undefined });
    await cache.set('a:1', 'old');
    await expire(cache);
    await assert.rejects(cache.getOrSet('a:1', fails), /down/);
  });

  for (const options of [{}, { l2: new MapStore() }]) {
    test(`${verb}: a load in flight stores nothing${options.l2 ? ', with L2' : ''}`, async () => {
      const cache = make(options);
      const gate = deferred();
      const before = cache.getOrSet('a:1', () => gate.promise);
      const expired = expire(cache);
      gate.resolve('before');
      await expired;
      assert.equal(await before, 'before');
      assert.equal(await cache.get('a:1'), undefined);
    });
  }

  test(`${verb}: its event says that it expired, and it counts as a delete`, async () => {
    const cache = make();
    const events = [];
    cache.on((event) => void events.push(event), { types: ['delete', 'delete-pattern'] });
    await expire(cache);
    const [event] = events;
    assert.equal(event.expired, true);
    assert.equal('remote' in event, false);
    const { deletes, patternDeletes } = cache.stats();
    assert.deepEqual([deletes, patternDeletes], verb === 'expire' ? [1, 0] : [0, 1]);
  });

  for (const [name, hubOf] of [
    ['as it is', () => new MemoryHub()],
    ['as JSON', jsonHub],
  ]) {
    test(`${verb}: the other instances expire it too, by an event that arrives ${name}`, async () => {
      const hub = hubOf();
      const [one, other] = [make({ eventBus: hub.bus() }), make({ eventBus: hub.bus() })];
      const events = [];
      other.on((event) => void events.push(event), { types: ['delete', 'delete-pattern'] });
      await other.set('a:1', 'held there');
      await expire(one);
      assert.equal(await other.get('a:1'), undefined);
      assert.equal(await other.getOrSet('a:1', fails), 'held there');
      assert.deepEqual(
        events.map(({ remote, expired }) => [remote, expired]),
        [[true, true]],
      );
      const [event] = hub.published;
      assert.equal(event.expires, true);
      assert.equal(event.type, verb === 'expire' ? 'del' : 'pattern');
    });
  }

  test(`${verb}: a load in flight at another instance stores nothing`, async () => {
    const hub = new MemoryHub();
    const [one, other] = [make({ eventBus: hub.bus() }), make({ eventBus: hub.bus() })];
    const gate = deferred();
    const load = other.getOrSet('a:1', () => gate.promise);
    await expire(one);
    gate.resolve('before');
    await load;
    assert.equal(await other.get('a:1'), undefined);
  });
}

test('a custom L1 loses the entry', async () => {
  const cache = make({ l1: new MapStore() });
  await cache.set('a:1', 1);
  await cache.expire('a:1');
  assert.equal(await cache.get('a:1'), undefined);
  await cache.set('a:1', 1);
  await cache.expireByPattern('a:*');
  assert.equal(await cache.get('a:1'), undefined);
});

test('a field of the wrong type makes it a delete', async () => {
  const hub = new MemoryHub();
  const cache = make({ eventBus: hub.bus() });
  for (const expires of ['true', 1, null]) {
    await cache.set('a:1', 'held');
    await hub.deliver(peerEvent('del', { keys: ['a:1'], expires }));
    await assert.rejects(cache.getOrSet('a:1', fails), /down/, String(expires));
  }
});

test('the field survives the encoding of the buses', () => {
  const event = peerEvent('del', { keys: ['a'], expires: true });
  assert.deepEqual(decodeInvalidationEvent(encodeInvalidationEvent(event)), event);
});

test('many entries expire in slices, and each answers its loads that fail', async () => {
  const cache = make({ levels: { L1: { maxEntries: 20_000 } } });
  for (let n = 0; n < 10_000; n += 1) void cache.set(`a:${n}`, n);
  await cache.expireByPattern('a:*');
  assert.equal(await cache.size(), 0);
  assert.equal(await cache.getOrSet('a:9999', fails), 9999);
});

test('arguments of the wrong kind reject', async () => {
  const cache = make();
  await assert.rejects(cache.expire({}), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
  await assert.rejects(cache.expireByPattern(7), { name: 'TypeError', code: 'INVALID_ARGUMENT' });
  assert.equal(await cache.expire(undefined), undefined);
  await cache.close();
  await assert.rejects(cache.expire('a'), { code: 'CACHE_CLOSED' });
  await assert.rejects(cache.expireByPattern('*'), { code: 'CACHE_CLOSED' });
});
