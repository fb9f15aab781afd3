// Loaders that ask the cache: for other keys, and for loads that would wait for themselves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LazyLayersCache, RedisStore } from '../index.mjs';
import { deferred, turns } from './support/deferred.mjs';
import { MapStore } from './support/map-store.mjs';
import { redisServer } from './support/servers/redis.mjs';

const server = await redisServer();

const KINDS = {
  'in memory': () => ({}),
  'with a listener': () => ({ events: [() => {}] }),
  'with limits': () => ({ timeouts: { hardMs: 60_000 } }),
  'over a store of its own': () => ({ l2: new MapStore() }),
  'over Redis': () => ({ l2: new RedisStore(server.url, { prefix: `${Math.random()}:` }) }),
  'under a lock': () => ({
    l2: new RedisStore(server.url, { prefix: `${Math.random()}:` }),
    distributedLock: { enabled: true },
  }),
  'without a first layer': () => ({ l1: false, l2: new MapStore() }),
};

const DEADLOCK = { code: 'LOADER_DEADLOCK', message: /^lazy-layers-cache: deadlock: the load of "a" would wait/ };

for (const [kind, options] of Object.entries(KINDS)) {
  const cacheOf = (t) => {
    const cache = new LazyLayersCache(options());
    t.after(() => cache.close());
    return cache;
  };

  test(`${kind}: a loader that asks for its own key is told, and the load ends`, async (t) => {
    const cache = cacheOf(t);
    await assert.rejects(
      cache.getOrSet('a', () => cache.getOrSet('a', () => 1)),
      DEADLOCK,
    );
    await assert.rejects(
      cache.getOrSet('a', async () => cache.getOrSet('a', () => 1, { ttlMs: 5 })),
      DEADLOCK,
    );
    assert.equal(await cache.getOrSet('a', () => 2), 2);
  });

  test(`${kind}: loaders may ask for each other's keys ahead of time`, async (t) => {
    const cache = cacheOf(t);
    const data = deferred();
    let ahead;
    const user = () =>
      cache.getOrSet('user', () => {
        ahead = profile();
        return data.promise;
      });
    const profile = () => cache.getOrSet('profile', async () => `${await user()}'s profile`);
    const loading = user();
    await turns();
    data.resolve('user');
    assert.deepEqual([await loading, await ahead], ['user', "user's profile"]);
  });

  test(`${kind}: a loader that catches that goes on`, async (t) => {
    const cache = cacheOf(t);
    const load = async () => await cache.getOrSet('a', () => 1).catch(({ code }) => code);
    assert.equal(await cache.getOrSet('a', load), 'LOADER_DEADLOCK');
  });

  test(`${kind}: loaders may ask for other keys, several for one, and for keys that were loaded`, async (t) => {
    const cache = cacheOf(t);
    const common = deferred();
    let loads = 0;
    const shared = () => cache.getOrSet('shared', () => common.promise.then(() => (loads += 1)));
    const parts = ['a', 'b', 'c'].map((key) => cache.getOrSet(key, async () => [key, await shared()]));
    common.resolve();
    assert.deepEqual(await Promise.all(parts), [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    assert.equal(await cache.getOrSet('d', () => cache.getOrSet('shared', () => 5)), 1);
    assert.equal(await cache.getOrSet('e', () => cache.getOrSet('f', () => cache.getOrSet('g', () => 7))), 7);
  });

  test(`${kind}: a loader that asks for its own key and does not wait for that is none of them`, async (t) => {
    const cache = cacheOf(t);
    for (const result of ['at once', Promise.resolve('at once')]) {
      let inner;
      const outer = cache.getOrSet('a', () => {
        inner = cache.getOrSet('a', () => 'not called');
        return result;
      });
      assert.equal(await outer, 'at once');
      // One that has looked into a second layer before may load for itself.
      assert.ok(['at once', 'not called'].includes(await inner));
      await cache.delete('a');
    }
  });

  test(`${kind}: a loader that asks for itself without joining loads again`, async (t) => {
    const cache = cacheOf(t);
    const inner = () => cache.getOrSet('a', () => 'inner', { inflight: { enabled: false } });
    assert.equal(await cache.getOrSet('a', inner), 'inner');
  });
}

test("a call that joins after its loader's first turn is bounded by a hard timeout", async (t) => {
  const cache = new LazyLayersCache({ timeouts: { hardMs: 50 } });
  t.after(() => cache.close());
  const load = async () => {
    await Promise.resolve();
    return cache.getOrSet('a', () => 1);
  };
  await assert.rejects(cache.getOrSet('a', load), { code: 'LOADER_HARD_TIMEOUT' });
});

const { setPatience, setWatchful } = createRequire(import.meta.url)('../lib/hanging.js');

/** Loads wait for a short while before they are suspected. */
function impatient(t) {
  setPatience(30);
  t.after(() => setPatience());
}

for (const [kind, options] of Object.entries(KINDS)) {
  const cacheOf = (t) => {
    // Long enough for a slow machine to join a load.
    const cache = new LazyLayersCache({ ...options(), inflight: { ttlMs: 300 } });
    t.after(() => cache.close({ timeoutMs: 0 }));
    impatient(t);
    return cache;
  };

  // A hung load holds the lock for so long that later ones are too old to be joined when their loaders are called.
  const hangs = kind === 'under a lock' ? () => {} : test;
  hangs(`${kind}: a loader that asks for its own key after an await is told, once that has hung`, async (t) => {
    const cache = cacheOf(t);
    const load = async () => {
      await turns();
      return cache.getOrSet('a', () => 1);
    };
    const first = cache.getOrSet('a', load).catch((error) => error);
    await sleep(400);
    await assert.rejects(cache.getOrSet('a', load), DEADLOCK);
    const { code, message } = await first;
    assert.equal(code, DEADLOCK.code);
    assert.match(message, DEADLOCK.message);
    await assert.rejects(cache.getOrSet('a', load), DEADLOCK);
    assert.equal(await cache.getOrSet('a', () => 2), 2);
  });

  hangs(`${kind}: a slow load goes on, whatever a later one of its key waits for`, async (t) => {
    const cache = cacheOf(t);
    const gate = deferred();
    const slow = [1, 2].map(() => cache.getOrSet('a', () => gate.promise));
    await sleep(400);
    const answer = await cache.getOrSet('a', async () => {
      await turns();
      // It is told, and has another value.
      return cache.getOrSet('a', () => 1).catch(({ code }) => code);
    });
    assert.equal(answer, DEADLOCK.code);
    gate.resolve('late');
    assert.deepEqual(await Promise.all(slow), ['late', 'late']);
  });

  test(`${kind}: neither a slow load is refused, nor work that it has begun, nor a later load`, async (t) => {
    const cache = cacheOf(t);
    const gates = [deferred(), deferred()];
    const slow = (gate) => cache.getOrSet('a', () => gate.promise);
    // A slow load that another call waits for: its key is suspect.
    const first = [slow(gates[0]), slow(gates[0])];
    await sleep(400);
    gates[0].resolve(1);
    assert.deepEqual(await Promise.all(first), [1, 1]);
    await cache.delete('a');
    let ahead;
    const second = cache.getOrSet('a', async () => {
      await turns();
      // This one waits for the load, and the load not for it.
      ahead = cache.getOrSet('b', async () => [await slow(gates[1])]);
      return gates[1].promise;
    });
    await sleep(400);
    gates[1].resolve(2);
    assert.deepEqual([await second, await ahead], [2, [2]]);
  });
}

for (const [kind, options] of Object.entries(KINDS)) {
  test(`${kind}: in development the first load that asks for its own key after an await is told`, async (t) => {
    const cache = new LazyLayersCache(options());
    impatient(t);
    setWatchful(true);
    t.after(async () => {
      setWatchful(false);
      await cache.close();
    });
    const load = async () => {
      await turns();
      return cache.getOrSet('a', () => 1);
    };
    await assert.rejects(cache.getOrSet('a', load), DEADLOCK);
    const loadMany = async () => {
      await turns();
      return [await cache.getOrSet('b', () => 1)];
    };
    await assert.rejects(cache.getMany(['b'], loadMany), ({ errors }) => errors[0].code === DEADLOCK.code);
    assert.equal(await cache.getOrSet('a', () => 2), 2);
  });
}

for (const env of ['development', 'test', 'production', undefined]) {
  const isWatched = env === 'development' || env === 'test';
  test(`NODE_ENV=${env}: loads ${isWatched ? '' : 'do not '}run in contexts of their own`, async () => {
    const code = `
      const { LazyLayersCache } = require(${JSON.stringify(fileURLToPath(new URL('../index.js', import.meta.url)))});
      require(${JSON.stringify(fileURLToPath(new URL('../lib/hanging.js', import.meta.url)))}).setPatience(30);
      const cache = new LazyLayersCache();
      const load = async () => (await null, cache.getOrSet('a', () => 1));
      const told = cache.getOrSet('a', load).catch(({ code }) => code);
      Promise.race([told, new Promise((resolve) => setTimeout(resolve, ${isWatched ? 20_000 : 300}, 'hangs'))]).then(
        (outcome) => console.log(outcome) ?? process.exit(),
      );`;
    const { NODE_ENV: _, ...inherited } = process.env;
    const child = spawnSync(process.execPath, ['-e', code], {
      env: env === undefined ? inherited : { ...inherited, NODE_ENV: env },
      encoding: 'utf8',
    });
    assert.equal(child.stdout.trim(), isWatched ? 'LOADER_DEADLOCK' : 'hangs', child.stderr);
  });
}

test.after(() => server.kill());
