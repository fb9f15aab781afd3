// Loaded values that leave together share a message, and arrive as events of their own.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { decodeInvalidationEvents } from 'lazy-layers-cache/event-bus';
import { pack, unpack } from 'msgpackr';
import { deferred, until } from '../support/deferred.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { freshName, instanceOn, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const COUNT = 100;
const KEYS = Array.from({ length: COUNT }, (_, at) => `k${at}`);
const packed = (event) => Buffer.concat([Buffer.from('HC1M'), pack(event)]);
/** Each value has tags, an etag and a lifetime of its own. */
const load = (keys, context) => {
  for (const key of keys) {
    const ttlMs = 60_000 + Number(key.slice(1)) * 1000;
    context.of(key).setOptions({ ttlMs, tags: [`tag-${key}`], etag: `etag-${key}` });
  }
  return Object.fromEntries(keys.map((key) => [key, { key, text: 'x'.repeat(150) }]));
};

/** Two instances, and the messages on their channel. */
async function world(t, transport, options) {
  const { url } = await servers.of(transport);
  const channel = freshName('shared');
  const instances = [];
  for (const source of ['one', 'other']) instances.push(await instanceOn(t, transport, url, channel, source, options));
  const raw = await TRANSPORTS[transport].raw(url, channel);
  t.after(() => raw.close());
  const payloads = [];
  await raw.listen((payload) => payloads.push(payload));
  const sets = () => payloads.map((payload) => decodeInvalidationEvents(payload).filter(({ type }) => type === 'set'));
  return { instances, raw, payloads, messages: () => sets().filter((events) => events.length > 0) };
}

const CASES = {
  'loaded values share messages, and each arrives as an event of its own': async (t, transport) => {
    const { instances, messages, payloads } = await world(t, transport);
    const [one, other] = instances;
    const handled = [];
    await other.bus.subscribe((event) => void handled.push(event));
    await one.cache.getMany(KEYS, load);
    const received = () => other.seen.of('set:received');
    await until(() => received().length === COUNT && handled.length === COUNT, 'all values arrive');
    await until(() => messages().flat().length === COUNT, 'they are on the channel');
    assert.ok(messages().length <= COUNT / 10, `${messages().length} messages`);
    assert.ok(payloads.every(({ length }) => length <= 65_536));

    const byKey = (events) => new Map(events.map((event) => [event.keys[0], event]));
    for (const events of [byKey(handled), byKey(messages().flat())]) {
      for (const [at, key] of KEYS.entries()) {
        const { type, source, value, ttlMs, tags, etag, more } = events.get(key);
        assert.deepEqual([type, source, value.key, more], ['set', 'one', key, undefined]);
        assert.deepEqual([ttlMs, tags, etag], [60_000 + at * 1000, [`tag-${key}`], `etag-${key}`]);
      }
    }
    assert.equal(new Set(handled.map(({ id }) => id)).size, COUNT);
    const kept = await other.cache.getMany(KEYS);
    assert.deepEqual(
      [...kept].map(([key, value]) => [key, value.key]),
      KEYS.map((key) => [key, key]),
    );
    await other.cache.deleteByTag('tag-k7');
    const left = await other.cache.getMany(KEYS);
    assert.deepEqual([left.size, left.has('k7')], [COUNT - 1, false]);
  },

  'a peer of 0.4.0 gets each value by itself once it was heard': async (t, transport) => {
    const { instances, raw, messages, payloads } = await world(t, transport);
    const [one, other] = instances;
    const theirs = { id: freshName('id'), type: 'del', source: 'theirs', ts: Date.now(), keys: ['x'], generation: 1 };
    await raw.publish(packed(theirs));
    await until(() => instances.every(({ seen }) => seen.of('invalidation:received').length === 1), 'it is heard');
    await one.cache.getMany(KEYS, load);
    await until(() => other.seen.of('set:received').length === COUNT && messages().length === COUNT, 'all arrive');
    assert.ok(payloads.every((payload) => unpack(payload.subarray(4)).more === undefined));
  },

  'a message has no more bytes than the options of the cache allow for a value': async (t, transport) => {
    const broadcastSetMaxBytes = 3000;
    const { instances, messages, payloads } = await world(t, transport, { broadcastSetMaxBytes });
    const [one, other] = instances;
    await one.cache.getMany(KEYS, load);
    await until(() => other.seen.of('set:received').length === COUNT, 'all values arrive');
    await until(() => messages().flat().length === COUNT, 'they are on the channel');
    assert.ok(payloads.every(({ length }) => length <= broadcastSetMaxBytes));
    assert.ok(
      messages().some((events) => events.length > 1),
      'they share',
    );
  },
};

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, () => {
    for (const [what, holds] of Object.entries(CASES)) test(what, (t) => holds(t, transport));
  });
}

test('a delete between the load of several keys and the arrival of their values refuses that one alone', async (t) => {
  const { url } = await servers.of('redis');
  const channel = freshName('race');
  const proxy = await proxyTo(t, Number(new URL(url).port));
  const one = await instanceOn(t, 'redis', proxy.url, channel, 'one');
  const other = await instanceOn(t, 'redis', url, channel, 'other');
  const held = deferred();
  const called = deferred();
  const loading = one.cache.getMany(KEYS, (keys) => {
    called.resolve();
    return held.promise.then(() => keys.map((key) => `old ${key}`));
  });
  await called.promise;
  // The loading instance does not hear of the delete before its values have left.
  proxy.latencyMs = 200;
  await other.cache.delete('k5');
  held.resolve();
  await loading;
  await until(() => other.seen.of('set:received').length === COUNT - 1, 'the others arrive');
  await until(() => other.seen.of('invalidation:stale').length === 1, 'it is refused');
  assert.equal(other.seen.of('invalidation:stale')[0].key, 'k5');
  const kept = await other.cache.getMany(KEYS);
  assert.deepEqual([kept.size, kept.has('k5'), kept.get('k6')], [COUNT - 1, false, 'old k6']);
  await until(() => one.seen.of('invalidation:received').length === 1, 'the delete arrives');
  assert.equal(await one.cache.get('k5'), undefined);
});

/** A payload as several values of one instance have it. */
function shared(...events) {
  const [first, ...others] = events.map((event) => ({ id: freshName('id'), keys: [event.key], value: event.value }));
  const common = { type: 'set', source: 'theirs', ts: Date.now(), generation: 0, ttlMs: 60_000 };
  const more = [Object.keys({ ...common, seen: 1 }).length, ...others.map((other) => pack(other))];
  return { more, ...common, seen: Buffer.alloc(0), ...first };
}

test('a message that is damaged in one place, or names one event twice, has the other events', async (t) => {
  const { instances, raw } = await world(t, 'redis');
  const [{ cache, seen, bus }] = instances;
  const message = shared({ key: 'a', value: 1 }, { key: 'b', value: 2 }, { key: 'c', value: 3 });
  message.more[1] = Buffer.from([0x82, 0xa1]);
  message.more.push(message.more[2]);
  await raw.publish(packed(message));
  await until(() => seen.of('invalidation:duplicate').length === 1, 'all are handled');
  assert.deepEqual(
    [...(await cache.getMany(['a', 'b', 'c']))],
    [
      ['a', 1],
      ['c', 3],
    ],
  );
  assert.equal((await bus.healthCheck()).unreadable, 1);
});

test('events of a message that name no others, or too many, are those of the first', async (t) => {
  const { instances, raw } = await world(t, 'redis');
  const [{ cache, seen }] = instances;
  const odd = [undefined, null, 'text', [], [7], [99, pack({})], [-1, pack({})], [6, 'text'], [0, [pack({})]]];
  odd.push([6, ...Array.from({ length: 1001 }, () => pack({ keys: ['x'], value: 1 }))]);
  for (const [at, more] of odd.entries()) await raw.publish(packed({ ...shared({ key: `k${at}`, value: at }), more }));
  await until(() => seen.of('set:received').length >= odd.length, 'each has its first event');
  const found = await cache.getMany(odd.map((_, at) => `k${at}`));
  assert.deepEqual(
    [...found.values()],
    odd.map((_, at) => at),
  );
  assert.equal(await cache.has('x'), false);
});
