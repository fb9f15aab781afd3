// Several caches on one bus, each with a name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MemoryHub, peerEvent } from '../support/memory-bus.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { freshName } from './transports.mjs';

const QUIET = { logging: { enabled: false } };

/** Two processes with two caches each, on one channel. */
async function processes(t, optionsOf, { sources = ['p0', 'p1'] } = {}) {
  const { url } = await redisServer(t);
  const channel = freshName('names');
  const made = sources.map((source) => {
    const eventBus = new RedisEventBus(url, channel, QUIET);
    t.after(() => eventBus.disconnect());
    const make = (which) => {
      const cache = new LazyLayersCache({ eventBus, source, ...QUIET, ...optionsOf(url, which) });
      return { cache, seen: record(cache) };
    };
    return { eventBus, users: make('users'), products: make('products') };
  });
  for (const { eventBus } of made) {
    await eventBus.connect();
    await until(async () => (await eventBus.healthCheck()).subscribed, 'subscribed');
  }
  return made;
}

const STORES = {
  'the prefixes of their stores': (url, which) => ({ l2: new RedisStore(url, { prefix: `${which}:` }) }),
  'names of their own': (_url, which) => ({ name: which }),
};

for (const [what, optionsOf] of Object.entries(STORES)) {
  test(`caches with ${what} hand each other no values and no deletes, and their peers both`, async (t) => {
    const [one, two] = await processes(t, optionsOf);
    await one.users.cache.getOrSet('1', () => ({ name: 'Ada' }));
    await until(() => two.users.seen.of('set:received').length === 1, 'the peer has it');
    await one.products.cache.getOrSet('1', () => ({ price: 7 }));
    await until(() => two.products.seen.of('set:received').length === 1, 'the peer has it');
    assert.deepEqual(await two.users.cache.get('1'), { name: 'Ada' });
    assert.deepEqual(await two.products.cache.get('1'), { price: 7 });
    await one.users.cache.clear();
    await until(() => two.users.seen.of('delete-pattern').length === 1, 'the peer is cleared');
    assert.equal(await two.users.cache.get('1'), undefined);
    assert.deepEqual(await two.products.cache.get('1'), { price: 7 });
    assert.deepEqual(await one.products.cache.get('1'), { price: 7 });
    assert.deepEqual(two.products.seen.of('delete-pattern'), []);
    assert.equal(two.users.seen.of('invalidation:received')[0].event.cache !== undefined, true);
  });
}

test('two caches of one process with one source both hear their peers', async (t) => {
  const [one, two] = await processes(t, STORES['names of their own']);
  for (const which of ['users', 'products']) {
    await two[which].cache.set('k', 'old');
    await one[which].cache.delete('k');
    await until(async () => !(await two[which].cache.has('k')), 'deleted at the peer');
  }
});

test("events of a bus of the user's carry the name, and are taken by it", async () => {
  const hub = new MemoryHub();
  const [users, products, nameless] = ['users', 'products', undefined].map((name) => {
    const cache = new LazyLayersCache({ eventBus: hub.bus(), name, source: `${name}`, ...QUIET });
    return { cache, seen: record(cache) };
  });
  await turns();
  await users.cache.getOrSet('k', () => 'ada');
  await users.cache.delete('other');
  await users.cache.clear();
  assert.deepEqual(
    hub.published.map(({ cache }) => cache),
    ['users', 'users', 'users'],
  );
  assert.deepEqual(products.seen.events, []);
  assert.deepEqual(nameless.seen.of('set:received'), []);
  assert.deepEqual(nameless.seen.of('delete-pattern').length, 1, 'a cache without a name believes every delete');
  // As 0.4.0 sends it.
  await hub.deliver(peerEvent('set', { keys: ['k'], value: 'anybody', ttlMs: 60_000 }));
  for (const { cache } of [users, products, nameless]) assert.equal(await cache.get('k'), 'anybody');
});

test('a second cache without a name on one bus object is warned of, once', async (t) => {
  const lines = [];
  t.mock.method(console, 'warn', (...args) => lines.push(args.join(' ')));
  const logging = { enabled: true };
  const bus = new MemoryHub().bus();
  const named = new LazyLayersCache({ eventBus: bus, name: 'users', logging });
  new LazyLayersCache({ eventBus: bus, logging });
  new LazyLayersCache({ eventBus: new MemoryHub().bus(), logging });
  assert.deepEqual(lines, []);
  new LazyLayersCache({ eventBus: bus, logging });
  new LazyLayersCache({ eventBus: bus, logging });
  assert.equal(lines.length, 1);
  assert.match(lines[0], /two caches without a "name" are on one event bus/);
  await named.close();
});

test('a cache without a name that follows one that was closed is no second one', async (t) => {
  const lines = [];
  t.mock.method(console, 'warn', (...args) => lines.push(args.join(' ')));
  const bus = new MemoryHub().bus();
  for (let at = 0; at < 3; at += 1) await new LazyLayersCache({ eventBus: bus, logging: { enabled: true } }).close();
  assert.deepEqual(lines, []);
});

test('a name that is none is refused', () => {
  assert.throws(() => new LazyLayersCache({ name: 5 }), /option "name" must be a string, got 5/);
  new LazyLayersCache({ name: '' });
});
