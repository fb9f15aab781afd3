// Events as 0.4.0 writes and reads them: a map that `msgpackr` packs, with the prefix of a payload.
import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import { after, describe, test } from 'node:test';
import { pack, unpack } from 'msgpackr';
import { LazyLayersCache, NatsEventBus, RedisEventBus } from '../../index.mjs';
import { turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { standIn } from '../redis/kinds.mjs';
import { damaged } from './damaged.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const QUIET = { logging: { enabled: false } };
const packed = (event) => Buffer.concat([Buffer.from('HC1M'), pack(event)]);
const gzipped = (event) => Buffer.concat([Buffer.from('HC1G'), gzipSync(pack(event))]);
const asJson = (event) => Buffer.from(`HC1J${JSON.stringify(event)}`);

function opened(payload) {
  const body = payload.subarray(4);
  const prefix = payload.toString('latin1', 0, 4);
  if (prefix === 'HC1J') return JSON.parse(body);
  return unpack(prefix === 'HC1G' ? gunzipSync(body) : body);
}

/** A cache of ours, and a program with a client of JavaScript on the same channel. */
async function meeting(t, transport, options) {
  const { url } = await servers.of(transport);
  const channel = freshName('interop');
  const { bus: make, raw: makeRaw } = TRANSPORTS[transport];
  const bus = make(url, channel, QUIET);
  const cache = new LazyLayersCache({ eventBus: bus, source: 'ours', ...QUIET, ...options });
  const seen = record(cache);
  await bus.connect();
  await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
  const raw = await makeRaw(url, channel);
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
    await raw.close();
  });
  return { bus, cache, seen, raw };
}

const event = (more) => ({ id: freshName('id'), source: 'theirs', ts: Date.now(), ...more });

/** Tests that hold on each transport. */
const CASES = {
  'events of 0.4.0 are applied, in each of its encodings': async (t, transport) => {
    const { cache, seen, raw } = await meeting(t, transport);
    const value = { n: 1, big: 12345678901, at: new Date(5), list: [1, 'two', null], bytes: Buffer.from('x') };
    await raw.publish(packed(event({ type: 'set', keys: ['a', 'b'], value, ttlMs: 60_000, generation: 0 })));
    await raw.publish(gzipped(event({ type: 'set', keys: ['c'], value: 'x'.repeat(100_000), ttlMs: 60_000 })));
    await raw.publish(asJson(event({ type: 'set', keys: ['d'], value: { json: true }, ttlMs: 0 })));
    await raw.publish(packed(event({ type: 'set', keys: ['e'], value: null, ttlMs: 60_000 })));
    await until(() => seen.of('set:received').length === 5, 'values arrive');
    assert.deepEqual(await Promise.all(['a', 'b'].map((key) => cache.get(key))), [value, value]);
    assert.equal((await cache.get('c')).length, 100_000);
    assert.deepEqual([await cache.get('d'), await cache.get('e')], [{ json: true }, null]);

    await raw.publish(packed(event({ type: 'del', keys: ['a', 'd'], generation: 1 })));
    await raw.publish(packed(event({ type: 'pattern', pattern: '?' })));
    await until(() => seen.of('invalidation:received').length === 6, 'invalidations arrive');
    assert.equal(await cache.size(), 0);
    assert.equal(seen.of('invalidation:stale').length, 0);
  },

  'what is sent is read by msgpackr in the shape of 0.4.0': async (t, transport) => {
    const { cache, raw } = await meeting(t, transport);
    const heard = [];
    await raw.listen((payload) => {
      // Heartbeats have no type; where they are seen at all they are no events.
      heard.push(opened(payload));
    });
    const value = { name: 'ada', n: 1e12, at: new Date(5), none: null, big: 2n ** 60n };
    await cache.getOrSet('k', async () => value, { ttlMs: 5000 });
    await cache.getOrSet('null', async () => null);
    await cache.delete(42);
    await cache.deleteByPattern('user:*');
    await until(() => heard.length === 4, 'all arrive');
    const [set, nothing, del, pattern] = heard.map(({ id, ts, publisher, sequence, seen, ...rest }) => {
      assert.match(id, /^[0-9a-f-]{36}$/);
      assert.ok(Math.abs(ts - Date.now()) < 60_000 && Number.isInteger(ts), `${ts}`);
      assert.equal(typeof publisher, typeof sequence === 'number' ? 'string' : 'undefined');
      assert.equal(Buffer.isBuffer(seen), rest.type === 'set', 'what its load had seen');
      return rest;
    });
    assert.deepEqual(set, { type: 'set', source: 'ours', generation: 0, keys: ['k'], value, ttlMs: 5000 });
    assert.deepEqual([nothing.value, nothing.ttlMs], [null, 3_600_000]);
    assert.deepEqual(del, { type: 'del', source: 'ours', generation: 1, keys: ['42'] });
    assert.deepEqual(pattern, { type: 'pattern', source: 'ours', pattern: 'user:*' });
    // A receiver that misses a value loses nothing: events that have to arrive are numbered.
    assert.deepEqual(
      heard.map(({ sequence }) => sequence),
      [undefined, undefined, 1, 2],
    );
  },

  'duplicates, events of its own name and events without an id': async (t, transport) => {
    const { cache, seen, raw } = await meeting(t, transport);
    await cache.set('k', 'v');
    await raw.publish(packed({ ...event({ type: 'del', keys: ['k'] }), source: 'ours' }));
    const nameless = { type: 'del', source: 'theirs', ts: 5, keys: ['other'] };
    for (let times = 0; times < 2; times += 1) await raw.publish(packed(nameless));
    await until(() => seen.of('invalidation:duplicate').length === 1, 'the second is a duplicate');
    assert.deepEqual(seen.of('invalidation:duplicate')[0].event, nameless);
    assert.equal(seen.of('invalidation:received').length, 1);
    assert.equal(await cache.get('k'), 'v');
  },

  'garbage changes nothing and stops nothing': async (t, transport) => {
    const { bus, cache, seen, raw } = await meeting(t, transport);
    await cache.set('k', 'v');
    const whole = packed(event({ type: 'set', keys: ['a long key'], value: { a: [1, 2, { b: 'c' }] }, ttlMs: 5 }));
    let sent = 0;
    for (const payload of damaged(whole)) {
      await raw.publish(payload);
      sent += 1;
    }
    const odd = [
      { type: 'hello' },
      { type: 'del' },
      { type: 'del', keys: 'k' },
      { type: 'pattern' },
      { type: 'set', keys: ['k'] },
    ];
    for (const body of [...odd, [1, 2], 'text', null]) await raw.publish(packed(body));
    await raw.publish(packed(event({ type: 'del', keys: ['end'] })));
    await until(
      () => seen.of('invalidation:received').some(({ event: { keys } }) => keys?.[0] === 'end'),
      'it goes on',
    );
    assert.equal(await cache.get('k'), 'v');
    const health = await bus.healthCheck();
    assert.ok(health.ok && health.unreadable > 0 && sent > 100, JSON.stringify({ ...health, sent }));
  },
};

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, () => {
    for (const [what, holds] of Object.entries(CASES)) test(what, (t) => holds(t, transport));
  });
}

test('JSON is written when it is asked for', async (t) => {
  const { cache, raw } = await meeting(t, 'redis');
  const heard = [];
  await raw.listen((payload) => heard.push(payload));
  process.env.CACHE_FORMAT = 'json';
  t.after(() => delete process.env.CACHE_FORMAT);
  await cache.getOrSet('k', async () => ({ a: 1 }));
  await cache.delete(7);
  await until(() => heard.length === 2, 'both arrive');
  assert.deepEqual(
    heard.map((payload) => payload.toString('latin1', 0, 4)),
    ['HC1J', 'HC1J'],
  );
  const [set, del] = heard.map(opened);
  assert.deepEqual([set.value, set.sequence, del.keys, del.sequence], [{ a: 1 }, undefined, ['7'], 1]);
});

test('a large event is compressed', async (t) => {
  const { cache, raw } = await meeting(t, 'redis');
  const heard = [];
  await raw.listen((payload) => heard.push(payload));
  const value = 'abc'.repeat(100_000);
  await cache.getOrSet('k', async () => value);
  await until(() => heard.length === 1, 'it arrives');
  assert.equal(heard[0].toString('latin1', 0, 4), 'HC1G');
  assert.ok(heard[0].length < 10_000);
  assert.equal(opened(heard[0]).value, value);
});

test('a stand-in for a client of ioredis is driven through its methods', async (t) => {
  const { port, url } = await servers.of('redis');
  const { default: Redis } = await import('ioredis');
  const client = new Redis(port);
  const channel = freshName('standin');
  const bus = new RedisEventBus(standIn(client), channel, QUIET);
  const cache = new LazyLayersCache({ eventBus: bus, source: 'a', ...QUIET });
  const ours = new RedisEventBus(url, channel, QUIET);
  const other = new LazyLayersCache({ eventBus: ours, source: 'b', ...QUIET });
  t.after(async () => {
    await Promise.all([bus.disconnect(), ours.disconnect()]);
    client.disconnect();
  });
  await Promise.all([bus.connect(), ours.connect()]);
  const [seen, otherSeen] = [record(cache), record(other)];
  await until(async () => (await bus.healthCheck()).subscribed && (await ours.healthCheck()).subscribed, 'subscribed');
  await turns(5);
  await cache.getOrSet('k', async () => ({ a: 1 }));
  await until(() => otherSeen.of('set:received').length === 1, 'the value arrives');
  assert.deepEqual(await other.get('k'), { a: 1 });
  await other.delete('k');
  await until(() => seen.of('invalidation:received').length === 1, 'the delete arrives');
  assert.equal(await cache.get('k'), undefined);
});

for (const mode of ['core', 'jetstream']) {
  test(`an injected connection of NATS is driven through its methods and left open: ${mode}`, async (t) => {
    const { url } = await servers.of('nats');
    const { connect } = await import('nats');
    const connection = await connect({ servers: url });
    const subject = freshName('injected');
    const jetstream = (durableName) => ({ stream: `S_${subject}`, durableName });
    const bus = new NatsEventBus({ mode, connection, subject, jetstream: jetstream('a'), ...QUIET });
    const ours = new NatsEventBus({
      mode,
      connectionOptions: { servers: url },
      subject,
      jetstream: jetstream('b'),
      ...QUIET,
    });
    t.after(async () => {
      await ours.disconnect();
      await connection.close();
    });
    await bus.connect();
    const cache = new LazyLayersCache({ eventBus: bus, source: 'a', ...QUIET });
    const other = new LazyLayersCache({ eventBus: ours, source: 'b', ...QUIET });
    const [seen, otherSeen] = [record(cache), record(other)];
    await until(
      async () => (await bus.healthCheck()).subscribed && (await ours.healthCheck()).subscribed,
      'subscribed',
    );
    await cache.getOrSet('k', async () => 'v');
    await until(() => otherSeen.of('set:received').length === 1, 'the value arrives');
    await other.delete('k');
    await until(() => seen.of('invalidation:received').length === 1, 'the delete arrives');
    assert.equal(await cache.get('k'), undefined);
    await bus.disconnect();
    assert.equal(connection.isClosed(), false);
  });
}
