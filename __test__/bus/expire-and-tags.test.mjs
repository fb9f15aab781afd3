// A key that one instance expires, or invalidates by a tag, ends at the others: over each bus.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { freshName, sharedServers, TRANSPORTS } from './transports.mjs';

const servers = sharedServers();
after(() => servers.end());

const fails = () => Promise.reject(new Error('down'));

async function member(t, transport, channel) {
  const { url } = await servers.of(transport);
  const bus = TRANSPORTS[transport].bus(url, channel, { logging: { enabled: false } });
  await bus.connect();
  const failSafe = { enabled: true, staleTtlMs: 60_000 };
  const cache = new LazyLayersCache({ logging: { enabled: false }, eventBus: bus, failSafe });
  t.after(async () => {
    await cache.close();
    await bus.disconnect();
  });
  await until(async () => (await bus.healthCheck()).subscribed, 'the bus is subscribed', 20_000);
  return cache;
}

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: keys and patterns that expire keep their stale copies everywhere, and deletes take them`, async (t) => {
    const channel = freshName('expire');
    const [one, other] = [await member(t, transport, channel), await member(t, transport, channel)];
    const events = [];
    other.on((event) => void events.push(event), { types: ['delete', 'delete-pattern'] });
    for (const key of ['a', 'b:1', 'c']) await other.set(key, key);
    const gate = deferred();
    const load = other.getOrSet('d', () => gate.promise);
    await one.expire('a');
    await one.expireByPattern('b:*');
    await one.expire('d');
    await one.delete('c');
    await until(() => events.length === 4, 'all have arrived');
    assert.deepEqual(
      events.map(({ remote, expired }) => [remote, expired]),
      [
        [true, true],
        [true, true],
        [true, true],
        [true, undefined],
      ],
    );
    gate.resolve('before');
    await load;
    assert.deepEqual(
      ['a', 'b:1', 'c', 'd'].map((key) => other.peek(key)),
      [undefined, undefined, undefined, undefined],
    );
    assert.deepEqual([await other.getOrSet('a', fails), await other.getOrSet('b:1', fails)], ['a', 'b:1']);
    await assert.rejects(other.getOrSet('c', fails), /down/);
  });

  test(`${transport}: a tag is invalidated everywhere, and no load from before it is stored`, async (t) => {
    const channel = freshName('tags');
    const [one, other] = [await member(t, transport, channel), await member(t, transport, channel)];
    const events = [];
    other.on((event) => void events.push(event), { types: ['delete-tag'] });
    for (const key of ['a', 'b']) await other.set(key, key, { tags: ['x', key] });
    await other.set('c', 'c');
    const gate = deferred();
    const load = other.getOrSet('d', () => gate.promise, { tags: ['x'] });
    await one.expireByTag('a');
    await one.deleteByTag(['x', 'y']);
    await until(() => events.length === 3, 'all have arrived');
    gate.resolve('before');
    await load;
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => other.peek(key)),
      [undefined, undefined, 'c', undefined],
    );
    await assert.rejects(other.getOrSet('a', fails), /down/);
    assert.deepEqual(
      events.map(({ tag, remote, expired }) => [tag, remote, expired]),
      [
        ['a', true, true],
        ['x', true, undefined],
        ['y', true, undefined],
      ],
    );
  });
}
