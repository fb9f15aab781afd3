// Entries with tags in Redis: who finds them, until when, and how 0.4.0 reads them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster } from 'ioredis';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { MemoryBroker } from '../support/memory-broker.mjs';
import { redisCluster } from '../support/servers/redis-groups.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';
import { PublishedLayout } from './published-layout.mjs';

const ends = [];
let server;
let redis;
let cluster;
before(async () => {
  const t = { after: (end) => ends.push(end) };
  server = await redisServer(t);
  redis = server.client();
  ends.unshift(() => redis.disconnect());
  cluster = await redisCluster(t);
});
after(async () => {
  for (const end of ends) await end();
});

/** Many connections are made on a busy machine. */
const PATIENT = { commandTimeoutMs: 20_000, connectTimeoutMs: 20_000 };

let prefixes = 0;
const WORLDS = {
  'one server': () => server.url,
  'one server, without an index': () => server.url,
  'one server, without an L1': () => server.url,
  'a stand-in': (t) => standIn(client(t, server.client())),
  'a cluster': () => ({ nodes: cluster.nodes }),
  'a cluster by a stand-in': (t) => standIn(client(t, new Cluster(cluster.nodes))),
};

function client(t, made) {
  made.on('error', () => {});
  t.after(() => made.disconnect());
  return made;
}

/** Makes instances over one prefix of a world. */
function instances(t, world) {
  const prefix = `tags${(prefixes += 1)}:`;
  const storeOf = () => {
    const useIndex = !world.includes('without an index');
    const made = new RedisStore(WORLDS[world](t), { prefix, useIndex, ...PATIENT });
    t.after(() => made.close());
    return made;
  };
  const make = (options = {}) => {
    const resilience = { l2TimeoutMs: PATIENT.commandTimeoutMs };
    const l1 = world.includes('without an L1') ? { l1: false } : {};
    const made = new LazyLayersCache({ l2: storeOf(), resilience, logging: { enabled: false }, ...l1, ...options });
    t.after(() => made.close({ timeoutMs: 0 }));
    return made;
  };
  return { make, storeOf, prefix };
}

/** The value that an instance that starts now finds. */
async function fresh(make, ...keys) {
  const cache = make();
  const found = await Promise.all(keys.map((key) => cache.get(key)));
  const another = make();
  // A client that is driven is known after its first answer.
  await another.get('none');
  const there = await Promise.all(keys.map((key) => another.has(key)));
  assert.deepEqual(
    there,
    found.map((value) => value !== undefined),
  );
  return found;
}

for (const world of Object.keys(WORLDS)) {
  test(`${world}: entries with tags are found by all, until one of their tags is invalidated`, async (t) => {
    const { make } = instances(t, world);
    const [one, other] = [make(), make()];
    await one.set('a', 1, { tags: ['x', 'y'] });
    await one.getOrSet('b', () => 2, { tags: ['y'] });
    await one.setMany([['c', 3]], { tags: ['z'] });
    await one.set('d', 'x'.repeat(100_000), { tags: ['z'] });
    await one.set('e', 5);
    assert.deepEqual(await fresh(make, 'a', 'b', 'c', 'e'), [1, 2, 3, 5]);
    assert.equal((await make().get('d')).length, 100_000);
    const { source, tags } = await other.getEntry('a');
    // They are those of the entry in memory.
    assert.deepEqual([source, tags], ['L2', world.includes('without an L1') ? undefined : ['x', 'y']]);
    await other.deleteByTag('x');
    assert.deepEqual(await fresh(make, 'a', 'b', 'c', 'e'), [undefined, 2, 3, 5]);
    await other.expireByTag(['y', 'z', 'none']);
    assert.deepEqual(await fresh(make, 'a', 'b', 'c', 'd', 'e'), [undefined, undefined, undefined, undefined, 5]);
    await other.set('a', 'again', { tags: ['x'] });
    assert.deepEqual(await fresh(make, 'a'), ['again']);
  });

  test(`${world}: halves of characters are tags as others`, async (t) => {
    const { make } = instances(t, world);
    const [one, other] = [make(), make()];
    await one.set('a', 1, { tags: ['\ud800'] });
    await one.getOrSet('b', (context) => (context.setOptions({ tags: ['x\udfff'] }), 2));
    await one.set('c', 3, { tags: ['\ufffd'] });
    assert.deepEqual(await fresh(make, 'a', 'b', 'c'), [1, 2, 3]);
    await other.deleteByTag(['\ud800', 'x\udfff']);
    assert.deepEqual(await fresh(make, 'a', 'b', 'c'), [undefined, undefined, 3]);
  });

  test(`${world}: a load in flight when its tag is invalidated, here or elsewhere, stores nothing`, async (t) => {
    const { make } = instances(t, world);
    const [loading, other] = [make(), make()];
    for (const invalidating of [loading, other]) {
      const [began, gate] = [deferred(), deferred()];
      const loader = async () => {
        began.resolve();
        return gate.promise;
      };
      const load = loading.getOrSet('a', loader, { tags: ['x'] });
      await began.promise;
      await invalidating.deleteByTag('x');
      gate.resolve('old');
      assert.equal(await load, 'old');
      assert.deepEqual([await loading.get('a'), ...(await fresh(make, 'a'))], [undefined, undefined]);
    }
    assert.equal(await loading.getOrSet('a', () => 'new', { tags: ['x'] }), 'new');
    assert.deepEqual(await fresh(make, 'a'), ['new']);
  });

  test(`${world}: clear leaves counters, so that no entry comes back`, async (t) => {
    const { make, storeOf } = instances(t, world);
    const [cache, store] = [make(), storeOf()];
    await cache.set('a', 1, { tags: ['x'] });
    assert.equal(await store.size(), 1);
    await cache.clear();
    assert.equal(await store.size(), 0);
    await cache.set('a', 2, { tags: ['x'] });
    await cache.deleteByTag('x');
    assert.deepEqual(await fresh(make, 'a'), [undefined]);
  });
}

test('without an L1 the entries in Redis have tags, and loads under way are overtaken', async (t) => {
  const { make } = instances(t, 'one server');
  const cache = make({ l1: false });
  await cache.set('a', 1, { tags: ['x', 'y'] });
  await cache.setMany({ b: 1, c: 1 }, { tags: ['y'] });
  assert.deepEqual([...(await cache.getMany(['a', 'b', 'c'])).values()], [1, 1, 1]);
  await cache.deleteByTag('x');
  assert.deepEqual([await cache.get('a'), await cache.get('b')], [undefined, 1]);
  assert.deepEqual(await cache.tags(), []);

  const [began, ended] = [deferred(), deferred()];
  const load = (value) => {
    began.resolve();
    return ended.promise.then(() => value);
  };
  const before = cache.getOrSet('d', () => load('old'), { tags: ['y'] });
  await began.promise;
  await cache.deleteByTag('y');
  const later = cache.getOrSet('d', () => 'new', { tags: ['y'] });
  assert.equal(await later, 'new', 'a load from before is not joined');
  ended.resolve();
  assert.equal(await before, 'old');
  assert.equal(await cache.get('d'), 'new', 'and stores nothing');
  assert.deepEqual([await cache.get('b'), await cache.get('c')], [undefined, undefined]);

  const failSafe = make({ l1: false, failSafe: { enabled: true, staleTtlMs: 60_000 } });
  const failing = () => failSafe.getOrSet('f', () => Promise.reject(new Error('down')));
  await failSafe.set('f', 'stale', { tags: ['s'] });
  await failSafe.expireByTag('s');
  assert.equal(await failing(), 'stale');
  await failSafe.deleteByTag('s');
  await assert.rejects(failing(), /down/);

  // A tag that only the loader names.
  const named = cache.getOrSet('e', async ({ setOptions }) => {
    setOptions({ tags: ['z'] });
    await cache.deleteByTag('z');
    return 1;
  });
  assert.equal(await named, 1);
  assert.equal(await cache.get('e'), undefined);
});

test('a counter that is lost makes no entry valid again, also once it begins anew', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  const cache = make();
  await cache.set('a', 1, { tags: ['x'] });
  assert.ok((await redis.pttl(`${prefix}__tag:x`)) > 86_400_000, 'it outlives its entries');
  await redis.del(`${prefix}__tag:x`);
  assert.deepEqual(await fresh(make, 'a'), [undefined]);
  await make().set('b', 2, { tags: ['x'] });
  assert.deepEqual(await fresh(make, 'a', 'b'), [undefined, 2]);
  await redis.set(`${prefix}__tag:x`, 'no number');
  assert.deepEqual(await fresh(make, 'b'), [undefined]);
});

test('counters live as long as entries need them', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  const cache = make();
  const DAY = 86_400_000;
  await cache.set('a', 1, { tags: ['x'], ttlMs: 10 * DAY });
  assert.ok((await redis.pttl(`${prefix}__tag:x`)) > 19 * DAY);
  await redis.pexpire(`${prefix}__tag:x`, 1000);
  await make().set('b', 1, { tags: ['x'], ttlMs: DAY });
  assert.ok((await redis.pttl(`${prefix}__tag:x`)) > DAY);
  await make().set('c', 1, { tags: ['x'], ttlMs: 0 });
  assert.equal(await redis.pttl(`${prefix}__tag:x`), -1);
  assert.deepEqual(await fresh(make, 'a', 'b', 'c'), [1, 1, 1]);
});

test('the other versions read entries with tags, and entries without tags are as they were', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  const [cache, theirs] = [make(), new PublishedLayout(redis, prefix)];
  const values = {
    small: { a: [1, 'é'] },
    large: Array.from({ length: 9000 }, (_, id) => ({ id, text: 'same' })),
    none: null,
  };
  values.noise = Array.from({ length: 9000 }, () => Math.random().toString(36)).join('');
  for (const [key, value] of Object.entries(values)) {
    await cache.set(key, value, { tags: ['x', 'é𝄞'] });
    assert.deepEqual(await theirs.get(key), value, key);
    assert.equal((await redis.getBuffer(prefix + key)).subarray(0, 4).toString(), 'HC1G');
    assert.deepEqual(await fresh(make, key), [value]);
    await cache.set(`plain ${key}`, value);
    await theirs.set(`their ${key}`, value, 60_000);
    const [ours, their] = await redis.mgetBuffer(`${prefix}plain ${key}`, `${prefix}their ${key}`);
    if (ours.subarray(0, 4).toString() === 'HC1M') assert.ok(ours.equals(their), key);
    else assert.equal(ours[7] & 4, 0, 'no extra field');
  }
});

test('a payload whose metadata is damaged is a miss', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  await make().set('a', { text: 'value' }, { tags: ['x'] });
  const payload = await redis.getBuffer(`${prefix}a`);
  const extra = 4 + 10;
  for (let at = 4; at < extra + 2 + payload.readUInt16LE(extra); at += 1) {
    const damaged = Buffer.from(payload);
    damaged[at] ^= 1;
    await redis.set(`${prefix}a`, damaged);
    const found = await make().get('a');
    // A flag, the time, the hint and the system in the head of gzip say nothing.
    if (found !== undefined) assert.ok(at >= 7 && at < 14, String(at));
  }
  await redis.set(`${prefix}a`, payload);
  assert.deepEqual(await fresh(make, 'a'), [{ text: 'value' }]);
});

test('values that are written as JSON stay in L1 if they have tags', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  const cache = make();
  const errors = [];
  cache.on((event) => void errors.push(event.error.message), { types: ['l2:error'] });
  await cache.set('a', 'before');
  process.env.CACHE_FORMAT = 'json';
  t.after(() => delete process.env.CACHE_FORMAT);
  await cache.set('a', 1, { tags: ['x'] });
  await cache.set('b', 2);
  assert.deepEqual([await cache.get('a'), ...(await fresh(make, 'a', 'b'))], [1, undefined, 2]);
  assert.match(errors.join(), /JSON have no tags in L2/);
  assert.equal(await redis.exists(`${prefix}a`), 0);
});

test('on a bus the counts stay in memory until it tells of a tag, or has missed something', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  const broker = new MemoryBroker();
  const member = async (source) => {
    const bus = new broker.Bus({ logging: { enabled: false } });
    t.after(() => bus.disconnect());
    // Reads go past L1 as soon as its entries are over.
    const cache = make({ source, eventBus: bus, levels: { L1: { ttlMs: 5 }, L2: { ttlMs: 60_000 } } });
    await until(async () => (await bus.healthCheck()).subscribed, 'the bus is subscribed');
    return cache;
  };
  const [one, other] = [await member('one'), await member('other')];
  const changes = () => redis.set(`${prefix}__tag:x`, String(Date.now()));
  const found = async () => {
    await until(() => other.peek('a') === undefined);
    return other.get('a');
  };
  const heard = (count) => until(() => other.stats().bus.received >= count, 'a message is heard');
  await one.delete('first');
  await heard(1);
  await other.set('a', 1, { tags: ['x'] });
  await changes();
  assert.equal(await found(), 1, 'nobody told of it');
  await one.deleteByTag('x');
  await heard(2);
  assert.equal(await found(), undefined);
  await other.set('a', 2, { tags: ['x'] });
  assert.equal(await found(), 2);
  const { sessions } = broker;
  broker.sessions = new Set();
  await one.deleteByTag('x');
  broker.sessions = sessions;
  assert.equal(await found(), 2, 'the message was lost');
  await one.delete('next');
  await until(() => other.stats().bus.gaps === 1, 'the gap is noticed');
  assert.equal(await found(), undefined);
});

test('two instances on a bus: an entry that one invalidates the other finds in no layer', async (t) => {
  const { make, prefix } = instances(t, 'one server');
  const member = async () => {
    const bus = new RedisEventBus(server.url, `${prefix}bus`, { logging: { enabled: false } });
    await bus.connect();
    t.after(() => bus.disconnect());
    const cache = make({ eventBus: bus });
    await until(async () => (await bus.healthCheck()).subscribed, 'the bus is subscribed');
    return cache;
  };
  const [one, other] = [await member(), await member()];
  for (let round = 0; round < 20; round += 1) {
    await one.set('a', `old ${round}`, { tags: ['x'] });
    await other.get('a');
    const heard = new Promise((resolve) => {
      const off = other.on(() => resolve(off?.()), { types: ['delete-tag'] });
    });
    await one.deleteByTag('x');
    await heard;
    assert.equal(await other.get('a'), undefined);
    await other.getOrSet('a', () => `new ${round}`, { tags: ['x'] });
    assert.deepEqual(await fresh(make, 'a'), [`new ${round}`]);
  }
});

test('tags and names that Redis has no room for are refused', async (t) => {
  const { make } = instances(t, 'one server');
  const cache = make();
  const long = 'é'.repeat(257);
  await assert.rejects(cache.set('a', 1, { tags: [long] }), { name: 'RangeError', message: /"tags".*512 bytes/ });
  await assert.rejects(cache.set('__tag:x', 1), { code: 'INVALID_ARGUMENT' });
  const most = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(512, 'x'));
  await cache.set('a', 1, { tags: most });
  assert.deepEqual(await fresh(make, 'a'), [1]);
  await cache.deleteByTag(most[99]);
  assert.deepEqual(await fresh(make, 'a'), [undefined]);
});

test('an invalidation that Redis has missed is made up for', async (t) => {
  const prefix = `tags${(prefixes += 1)}:`;
  const own = await redisServer(t);
  const make = () => {
    const l2 = new RedisStore(own.url, { prefix, commandTimeoutMs: 200, connectTimeoutMs: 200 });
    const cache = new LazyLayersCache({ l2, logging: { enabled: false } });
    t.after(() => cache.close({ timeoutMs: 0 }).then(() => l2.close()));
    return cache;
  };
  const cache = make();
  await cache.set('a', 1, { tags: ['x'] });
  own.pause();
  await cache.deleteByTag('x');
  own.resume();
  assert.equal(await cache.get('a'), undefined);
  await until(async () => (await make().get('a')) === undefined, 'the invalidation is repeated');
  assert.equal(await cache.get('a'), undefined);
});
