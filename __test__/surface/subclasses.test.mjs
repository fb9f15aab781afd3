import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HybridCache, LazyLayersCache, MemoryStore, RedisStore } from '../../index.mjs';
import { deferred, heldLoader, turns } from '../support/deferred.mjs';
import { record } from '../support/events.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';

/** A subclass that notes which of its verbs are called, and changes their values. */
const tracing = (Base) =>
  class Tracing extends Base {
    calls = [];

    async get(key) {
      this.calls?.push(['get', key]);
      const value = await super.get(key);
      return value?.hidden ? undefined : value;
    }

    async set(key, value, options) {
      this.calls?.push(['set', key, options]);
      await super.set(key, { wrapped: value }, options);
    }
  };

for (const Base of [HybridCache, LazyLayersCache, MemoryStore]) {
  test(`getOrSet of a ${Base.name} with a get and a set of its own goes through them`, async () => {
    const cache = new (tracing(Base))();
    const options = { ttlMs: 5_000, tags: ['a'] };
    assert.equal(await cache.getOrSet('k', () => 1, options), 1);
    assert.deepEqual(cache.calls, [
      ['get', 'k'],
      ['set', 'k', options],
    ]);
    assert.deepEqual(await cache.getOrSet('k', () => assert.fail('loader ran'), options), { wrapped: 1 });
    assert.equal(await cache.size(), 1);
  });

  test(`getOrSet of a ${Base.name} loads values that a get of its own does not find`, async () => {
    class Picky extends Base {
      async get(key) {
        const value = await super.get(key);
        return value === 'stale' ? undefined : value;
      }
    }
    const cache = new Picky();
    await cache.set('k', 'stale');
    assert.equal(await cache.getOrSet('k', () => 'fresh'), 'fresh');
    assert.equal(await cache.get('k'), 'fresh');
  });

  test(`getOrSet of a ${Base.name} stores nothing that a set of its own does not store`, async () => {
    class Never extends Base {
      async set() {}
    }
    const cache = new Never();
    assert.equal(await cache.getOrSet('k', () => 1), 1);
    assert.equal(await cache.has('k'), false);
  });

  test(`getOrSet of a ${Base.name} goes through a get and a set that are fields`, async () => {
    class Fields extends Base {
      get = async (key) => (await super.get(`field:${key}`))?.value;
      set = async (key, value, options) => super.set(`field:${key}`, { value }, options);
    }
    const cache = new Fields();
    assert.equal(await cache.getOrSet('k', () => 1), 1);
    assert.equal(await cache.getOrSet('k', () => assert.fail('loader ran')), 1);
    assert.deepEqual([await cache.has('k'), await cache.has('field:k')], [false, true]);
  });

  test(`getOrSet of a ${Base.name} that is first called by way of a Proxy does not take the Proxy's methods for its own`, async () => {
    const cache = new Base();
    const traced = [];
    const proxy = new Proxy(cache, {
      get(target, name) {
        const member = target[name];
        if (typeof member !== 'function') return member;
        return (...args) => {
          traced.push(name);
          return member.apply(proxy, args);
        };
      },
    });
    assert.equal(await proxy.getOrSet('k', () => 1), 1);
    assert.deepEqual(traced, ['getOrSet']);
  });

  test(`clear of a ${Base.name} goes through a deleteByPattern of its own`, async () => {
    const patterns = [];
    class Scoped extends Base {
      async deleteByPattern(pattern) {
        patterns.push(pattern);
        await super.deleteByPattern(pattern);
      }
    }
    const cache = new Scoped();
    await cache.set('k', 1);
    await cache.clear();
    assert.deepEqual(patterns, ['*']);
    assert.equal(await cache.size(), 0);
  });
}

test('callers of a subclass share a load', async () => {
  const cache = new (tracing(LazyLayersCache))();
  const loader = heldLoader();
  const calls = [1, 2, 3].map(() => cache.getOrSet('k', loader));
  await loader.called;
  await turns();
  loader.resolve('v');
  assert.deepEqual(await Promise.all(calls), ['v', 'v', 'v']);
  assert.equal(loader.calls, 1);
  assert.equal(cache.calls.filter(([verb]) => verb === 'set').length, 1);
});

test('a load that was running when its key was deleted is not set by a subclass', async () => {
  for (const end of [(cache) => cache.delete('k'), (cache) => cache.deleteByPattern('k*'), (cache) => cache.clear()]) {
    const cache = new (tracing(LazyLayersCache))();
    const loader = heldLoader();
    const call = cache.getOrSet('k', loader);
    await loader.called;
    await end(cache);
    loader.resolve('old');
    assert.equal(await call, 'old');
    assert.deepEqual(
      cache.calls.filter(([verb]) => verb === 'set'),
      [],
    );
    assert.equal(await cache.has('k'), false);
  }
});

test('a value that a subclass has loaded and set goes to the peers', async () => {
  const hub = new MemoryHub();
  const cache = new (tracing(LazyLayersCache))({ eventBus: hub.bus() });
  const seen = record(cache);
  await cache.getOrSet('k', () => 'v', { ttlMs: 5_000 });
  await turns();
  assert.deepEqual(
    hub.publishedOf('set').map(({ keys, value, ttlMs }) => [keys, value, ttlMs]),
    [[['k'], 'v', 5_000]],
  );
  assert.equal(seen.of('set:broadcast').length, 1);
  assert.equal(seen.of('set').length, 1);
});

test('a load of a subclass that finds nothing, or fails, does so as ever', async () => {
  const cache = new (tracing(LazyLayersCache))({
    negativeCache: { ttlMs: 60_000 },
    failSafe: { enabled: true, staleTtlMs: 60_000 },
  });
  assert.equal(await cache.getOrSet('absent', () => undefined), undefined);
  assert.equal(await cache.getOrSet('absent', () => assert.fail('loader ran')), undefined);
  const failure = new Error('source is down');
  await assert.rejects(
    cache.getOrSet('k', () => Promise.reject(failure)),
    (error) => error === failure,
  );
  await assert.rejects(cache.getOrSet('k', 'no function'), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(
    cache.getOrSet(null, () => 1),
    { code: 'INVALID_ARGUMENT' },
  );
});

test('a load of a subclass that passed its hard limit is not set', async () => {
  const cache = new (tracing(LazyLayersCache))({ timeouts: { hardMs: 5 } });
  const answer = deferred();
  await assert.rejects(
    cache.getOrSet('k', () => answer.promise),
    { code: 'LOADER_HARD_TIMEOUT' },
  );
  answer.resolve('late');
  await turns();
  assert.deepEqual(
    cache.calls.filter(([verb]) => verb === 'set'),
    [],
  );
});

test('a subclass over a second layer reads and stores once', async () => {
  const l2 = new MapStore();
  const cache = new (tracing(LazyLayersCache))({ l2 });
  await cache.getOrSet('k', () => 1);
  assert.deepEqual([l2.callsOf('get').length, l2.callsOf('set').length], [1, 1]);
  assert.deepEqual(l2.map.get('k'), { wrapped: 1 });
});

test('a class that overrides neither keeps its way', async () => {
  class Plain extends LazyLayersCache {
    async getOrSet(key, loader, options) {
      return super.getOrSet(`plain:${key}`, loader, options);
    }
  }
  const cache = new Plain();
  assert.equal(await cache.getOrSet('k', () => 1), 1);
  assert.equal(await cache.get('plain:k'), 1);
});

test('getOrSet and clear of a RedisStore call the methods that it overrides', async () => {
  const calls = [];
  class Recorded extends RedisStore {
    async get(key) {
      calls.push(['get', key]);
      return undefined;
    }

    async set(key, value, options) {
      calls.push(['set', key, value, options]);
    }

    async deleteByPattern(pattern) {
      calls.push(['deleteByPattern', pattern]);
    }
  }
  const store = new Recorded('redis://127.0.0.1:1');
  assert.equal(await store.getOrSet('k', () => 1, { ttlMs: 10 }), 1);
  await store.clear();
  assert.deepEqual(calls, [
    ['get', 'k'],
    ['set', 'k', 1, { ttlMs: 10 }],
    ['deleteByPattern', '*'],
  ]);
  await store.close();
});
