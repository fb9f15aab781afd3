import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { turns, until } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { MemoryHub } from './support/memory-bus.mjs';

const circular = { name: 'circular' };
circular.self = circular;

const odd = {
  'a function': () => {},
  'a symbol': Symbol('s'),
  'a circular object': circular,
  'a bigint': 2n ** 70n,
  'an object whose getter throws': Object.defineProperty({}, 'broken', {
    enumerable: true,
    get() {
      throw new Error('getter');
    },
  }),
  'an object whose toJSON throws': {
    toJSON() {
      throw new Error('toJSON');
    },
  },
  'a revoked proxy': (() => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return { proxy };
  })(),
  'a WeakMap': new WeakMap(),
  'a detached buffer': (() => {
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    return buffer;
  })(),
};

/** A hub that passes events on as they are. */
const directHub = () => new MemoryHub({ copy: (event) => event });

for (const [name, value] of Object.entries(odd)) {
  test(`${name} is cached in L1 like any other value`, async () => {
    const cache = new LazyLayersCache();
    await cache.set('k', value);
    assert.equal(await cache.get('k'), value);
    assert.equal(await cache.getOrSet('loaded', () => value), value);
    assert.equal(await cache.get('loaded'), value);
  });

  test(`${name} is cached under a bound in bytes`, async () => {
    const cache = new LazyLayersCache({ levels: { L1: { maxBytes: 10_000_000 } } });
    await cache.set('k', value);
    assert.equal(await cache.get('k'), value);
  });

  test(`${name} that was loaded reaches its caller, whatever the bus makes of it`, async () => {
    for (const options of [{}, { broadcastSetMaxBytes: 1_000 }]) {
      const cache = new LazyLayersCache({ eventBus: directHub().bus(), logging: { enabled: false }, ...options });
      assert.equal(await cache.getOrSet('k', () => value), value);
      await turns();
      assert.equal(await cache.get('k'), value);
    }
  });
}

test('a deeply nested value is cached under a bound in bytes and behind a bus', async () => {
  let deep = {};
  for (let depth = 0; depth < 20_000; depth += 1) deep = { deep };
  const cache = new LazyLayersCache({
    eventBus: directHub().bus(),
    broadcastSetMaxBytes: 1_000,
    levels: { L1: { maxBytes: 100_000_000 } },
    logging: { enabled: false },
  });
  assert.equal(await cache.getOrSet('k', () => deep), deep);
  assert.equal(await cache.get('k'), deep);
});

test('a value whose event cannot be sent does not keep later ones from being sent', async () => {
  const hub = directHub();
  const cache = new LazyLayersCache({ eventBus: hub.bus(), broadcastSetMaxBytes: 1_000, logging: { enabled: false } });
  const seen = record(cache);
  await cache.getOrSet('odd', () => circular);
  await cache.getOrSet('plain', () => 'v');
  await until(() => seen.of('set:broadcast').some((event) => event.key === 'plain'));
});

test('a loaded value whose then cannot be read or called fails the load, and the next call loads anew', async () => {
  const failure = new Error('then');
  class Broken extends Promise {
    then() {
      throw failure;
    }
  }
  const unreadable = Object.defineProperty({}, 'then', {
    get() {
      throw failure;
    },
  });
  for (const loaded of [unreadable, new Broken(() => {})]) {
    const cache = new LazyLayersCache();
    await assert.rejects(
      cache.getOrSet('k', () => loaded),
      (error) => error === failure,
    );
    assert.equal(await cache.getOrSet('k', () => 'second'), 'second');
    await cache.close({ timeoutMs: 60_000 });
  }
});
