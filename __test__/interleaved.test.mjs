// Code of users that makes other calls in the middle of a call, and work that ends in the middle of another's.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';

const logging = { enabled: false };

test('a store that closes its cache within a call leaves calls of other caches alone', async () => {
  const reads = [];
  const slow = () => ({ get: () => new Promise((resolve) => reads.push(resolve)), set() {}, has() {}, delete() {} });
  const other = new LazyLayersCache({ logging, l2: slow() });
  let first;
  const cache = new LazyLayersCache({
    logging,
    l2: {
      get() {},
      has() {},
      delete() {},
      set() {
        cache.close({ timeoutMs: 0 });
        first = other.get('x');
      },
    },
  });
  await cache.getOrSet('k', async () => 'v').catch(() => {});
  const third = new LazyLayersCache({ logging, l2: slow() });
  const second = third.get('y');
  await turns();
  reads[0]('of other');
  reads[1]('of third');
  assert.deepEqual(await Promise.all([first, second]), ['of other', 'of third']);
  assert.equal(await other.get('x'), 'of other');
});

test('findMutations: values that make calls as they are packed stay apart', async () => {
  const cache = new LazyLayersCache({ logging, levels: { L1: { findMutations: true } } });
  class User {
    constructor(id) {
      this.id = id;
    }

    toJSON() {
      void cache.get('settings');
      return { id: this.id };
    }
  }
  await cache.set('a', new User(1));
  await cache.delete('a');
  await turns();
  await cache.set('d', new User(2));
  await cache.set('e', new User(3));
  assert.deepEqual([(await cache.get('d')).id, (await cache.get('e')).id], [2, 3]);
});

test('findMutations of a store is told to the caches over it', async () => {
  const l1 = new MemoryStore({ levels: { L1: { findMutations: true } } });
  const cache = new LazyLayersCache({ logging, l1 });
  const seen = record(cache);
  await cache.set('k', { n: 1 });
  (await cache.get('k')).n = 2;
  await cache.delete('k');
  await until(() => seen.of('mutation').length === 1, 'it is told');
  assert.equal(seen.of('mutation')[0].key, 'k');
});

test('the event of a message that takes long has its own contents, also if it ends amid another', async () => {
  let deliver;
  const bus = { publish() {}, subscribe: (handler) => void (deliver = handler) };
  const cache = new LazyLayersCache({ logging, eventBus: bus, levels: { L1: { maxEntries: 10_000 } } });
  for (let id = 0; id < 3000; id += 1) await cache.set(`a:${id}`, id);
  const seen = record(cache);
  const about = { source: 'peer', ts: Date.now() };
  deliver({ ...about, id: '1', type: 'pattern', pattern: 'a:*' });
  // Its next slice is due by now.
  for (const end = performance.now() + 20; performance.now() < end;);
  deliver({ ...about, id: '2', type: 'del', keys: ['k'] });
  await until(() => seen.of('invalidation:received').length === 2, 'both are told');
  const told = seen.of('invalidation:received').map(({ eventId, event }) => [eventId, event.keys ?? event.pattern]);
  assert.deepEqual(
    new Map(told),
    new Map([
      ['1', 'a:*'],
      ['2', ['k']],
    ]),
  );
});

test('that a load waits for its turn is told in the context of its call', async () => {
  const context = new AsyncLocalStorage();
  const cache = new LazyLayersCache({ logging, loads: { maxConcurrent: 1, maxQueued: 5 } });
  const told = [];
  cache.on(({ key }) => void told.push([key, context.getStore()]), { types: ['load:limited'] });
  context.run('a', () => void cache.getOrSet('1', () => new Promise(() => {})).catch(() => {}));
  context.run('alice', () => void cache.getOrSet('2', () => 2).catch(() => {}));
  await context.run('bob', () => cache.get('absent'));
  assert.deepEqual(told, [['2', 'alice']]);
  await cache.close({ timeoutMs: 0 });
});
