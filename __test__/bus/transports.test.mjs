import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { turns, until } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const QUIET = { logging: { enabled: false } };

/** Caches that hear each other, each on a bus of its own. */
async function instances(t, transport, channel, ...options) {
  const { url } = await servers.of(transport);
  return Promise.all(
    options.map(async (given, at) => {
      const bus = TRANSPORTS[transport].bus(url, channel, QUIET);
      const cache = new LazyLayersCache({ eventBus: bus, source: `i${at}`, ...QUIET, ...given });
      t.after(async () => {
        await cache.close();
        await bus.disconnect();
      });
      await bus.connect();
      if (given.subscribeToEvents !== false) {
        await until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
      }
      return { bus, cache, seen: record(cache) };
    }),
  );
}

const loading = (value) => async () => value;

/** Tests that hold on each transport. */
const CASES = {
  'a value that one instance loads warms the others, without a loader of theirs': async (t, transport) => {
    const [a, b, c] = await instances(t, transport, freshName('prime'), {}, {}, {});
    const value = { name: 'ada', at: new Date(0), tags: ['x'], bytes: Buffer.from('hi'), none: null };
    await a.cache.getOrSet('k', loading(value));
    for (const { cache, seen } of [b, c]) {
      await until(() => seen.of('set:received').length === 1, 'the value arrives');
      const loader = () => assert.fail('loaded again');
      const first = await cache.getOrSet('k', loader);
      assert.deepEqual(first, value);
      assert.equal(await cache.get('k'), first, 'decoded once');
      assert.equal(await cache.get('k'), first);
      assert.deepEqual(
        seen.of('hit').map((event) => event.level),
        ['L1', 'L1', 'L1'],
      );
    }
    assert.deepEqual(a.seen.of('set:broadcast'), [{ type: 'set:broadcast', key: 'k' }]);
    assert.equal(a.seen.of('invalidation:received').length, 0, 'its own event is no news');
  },

  'deletes, patterns and clear reach the others': async (t, transport) => {
    const [a, b] = await instances(t, transport, freshName('del'), {}, {});
    const keys = ['user:1', 'user:2', 'post:1', 7];
    for (const key of keys) await b.cache.set(key, 'old');
    await a.cache.delete('user:1');
    await a.cache.delete(7);
    await until(() => b.seen.of('invalidation:received').length === 2, 'deletes arrive');
    assert.deepEqual(await Promise.all(keys.map((key) => b.cache.has(key))), [false, true, true, false]);
    assert.deepEqual(b.seen.of('invalidation:received')[1].event.keys, ['7']);
    await a.cache.deleteByPattern('user:*');
    await until(() => b.seen.of('invalidation:received').length === 3, 'the pattern arrives');
    assert.deepEqual(await Promise.all(keys.map((key) => b.cache.has(key))), [false, false, true, false]);
    await a.cache.clear();
    await until(() => b.seen.of('invalidation:received').length === 4, 'clear arrives');
    assert.equal(await b.cache.size(), 0);
    const { event } = b.seen.of('invalidation:received')[2];
    assert.deepEqual(
      { ...event, id: 'id', ts: 0 },
      { id: 'id', type: 'pattern', source: 'i0', ts: 0, pattern: 'user:*' },
    );
  },

  'one that only publishes applies nothing': async (t, transport) => {
    const [a, b] = await instances(t, transport, freshName('only'), { subscribeToEvents: false }, {});
    await a.cache.set('k', 'mine');
    await b.cache.delete('k');
    await a.cache.delete('other');
    await until(() => b.seen.of('invalidation:received').length === 1, 'what it publishes arrives');
    assert.equal(await a.cache.get('k'), 'mine');
    assert.equal(a.seen.of('invalidation:received').length, 0);
  },

  'values are not sent when they are not to be, or are too large': async (t, transport) => {
    const options = [{ broadcastSet: false }, { broadcastSetMaxBytes: 2000 }, {}];
    const [silent, bounded, hearer] = await instances(t, transport, freshName('max'), ...options);
    await silent.cache.getOrSet('a', loading('value'));
    await bounded.cache.getOrSet('b', loading('x'.repeat(3000)));
    await bounded.cache.getOrSet('c', loading('x'.repeat(1000)));
    await until(() => hearer.seen.of('set:received').length > 0, 'a value arrives');
    assert.deepEqual(
      hearer.seen.of('set:received').map((event) => event.key),
      ['c'],
    );
    const [skipped] = bounded.seen.of('set:broadcast-skipped');
    assert.equal(skipped.reason, 'max-bytes');
    assert.ok(skipped.bytes > 3000 && skipped.bytes < 3300, `${skipped.bytes}`);
    assert.equal(silent.seen.of('set:broadcast').length, 0);
  },

  'a large value arrives whole': async (t, transport) => {
    const [a, b] = await instances(t, transport, freshName('large'), {}, {});
    const value = Array.from({ length: 5000 }, (_, id) => ({ id, name: `user ${id}`, tags: ['a', 'b'] }));
    await a.cache.getOrSet('k', loading(value));
    await until(() => b.seen.of('set:received').length === 1, 'the value arrives');
    assert.deepEqual(await b.cache.get('k'), value);
  },

  'a handler is given events in order, and again when it fails': async (t, transport) => {
    const { url } = await servers.of(transport);
    const bus = TRANSPORTS[transport].bus(url, freshName('handler'), QUIET);
    t.after(() => bus.disconnect());
    const given = [];
    let failures = 2;
    await bus.subscribe(async (event) => {
      given.push(event.keys[0]);
      await turns(2);
      if (event.keys[0] === 'k0' && failures-- > 0) throw new Error('not yet');
    });
    const event = (at) => ({ id: `id${at}`, type: 'del', source: 'me', ts: 1, keys: [`k${at}`] });
    await Promise.all([0, 1, 2, 3].map((at) => bus.publish(event(at))));
    await until(() => given.includes('k3'), 'all arrive');
    assert.deepEqual(given, ['k0', 'k0', 'k0', 'k1', 'k2', 'k3']);
  },

  'used alone: it connects, tells how it is, and disconnects': async (_t, transport) => {
    const { url } = await servers.of(transport);
    const bus = TRANSPORTS[transport].bus(url, freshName('alone'), QUIET);
    const { name } = TRANSPORTS[transport];
    await bus.connect();
    const { ok, transport: told, subscribed, queued, connects } = await bus.healthCheck();
    assert.deepEqual([ok, told, subscribed, queued, connects], [true, name, false, 0, 1]);
    const heard = [];
    await bus.subscribe((event) => void heard.push(event));
    const sent = { id: '1', type: 'pattern', source: 'me', ts: 5, pattern: 'a*' };
    await bus.publish(sent);
    await until(() => heard.length === 1, 'it hears itself');
    assert.deepEqual(heard, [sent]);
    await bus.disconnect();
    await bus.disconnect();
    await assert.rejects(bus.publish(sent), /the event bus was disconnected/);
    await bus.connect();
    await bus.publish(sent);
    await until(() => heard.length === 2, 'after connecting again it hears itself');
    await bus.disconnect();
  },
};

for (const transport of Object.keys(TRANSPORTS)) {
  describe(transport, () => {
    for (const [what, holds] of Object.entries(CASES)) test(what, (t) => holds(t, transport));
  });
}
