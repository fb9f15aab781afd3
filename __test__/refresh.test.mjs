// Loading values anew before they expire: `refreshAhead`, `xfetch`; and lives that vary: `ttlJitter`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { manualClock } from '../entry/testing.mjs';
import { deferred, heldLoader, turns } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';
import { MapStore } from './support/map-store.mjs';

const logging = { enabled: false };
const never = () => assert.fail('no loader is called');

/** A test with a clock that moves by hand. */
const timed = (name, run) =>
  test(name, async () => {
    const clock = manualClock();
    try {
      await run(clock);
    } finally {
      clock.restore();
    }
  });

/** Caches by their layers. */
const LAYERS = {
  'in memory': () => ({}),
  'with fail-safe': () => ({ failSafe: { enabled: true, staleTtlMs: 60_000 } }),
  'with a second layer': () => ({ l2: new MapStore() }),
  'under a lock': () => ({ l2: new LockStore(), distributedLock: { enabled: true } }),
};

for (const [name, layers] of Object.entries(LAYERS)) {
  timed(`the first read past the point answers at once and starts one load, ${name}`, async (clock) => {
    // A custom second layer does not tell remaining lifetimes, so it has none of its own.
    const cache = new LazyLayersCache({ logging, refreshAhead: 0.8, levels: { L1: { ttlMs: 100 } }, ...layers() });
    await cache.getOrSet('k', () => 1, { levels: { L2: { ttlMs: -1 } } });
    await clock.advance(79);
    assert.equal(await cache.getOrSet('k', never), 1);
    await clock.advance(2);
    assert.equal(await cache.get('k'), 1);
    const seen = record(cache);
    const loader = heldLoader();
    const before = cache.stats().loads.refreshes;
    const options = { levels: { L2: { ttlMs: -1 } } };
    const answers = [1, 2, 3].map(() => cache.getOrSet('k', loader, options));
    assert.equal(loader.calls, 0, 'the loader does not hold the answer up');
    assert.deepEqual(await Promise.all(answers), [1, 1, 1]);
    await loader.called;
    assert.equal(await cache.getOrSet('k', never), 1);
    assert.deepEqual(seen.of('refresh'), [{ type: 'refresh', key: 'k' }]);
    assert.equal(cache.stats().loads.refreshes - before, 1);
    assert.deepEqual(loader.context.stale, { value: 1, ageMs: 81 });
    loader.resolve(2);
    await turns();
    assert.equal(loader.calls, 1);
    assert.equal(await cache.get('k'), 2);
    await clock.advance(79);
    assert.equal(await cache.getOrSet('k', never), 2);
  });
}

timed('a hit before the point takes no call, nor does one while the refresh runs', async (clock) => {
  const cache = new LazyLayersCache({ logging, refreshAhead: 0.5, ttlMs: 100 });
  await cache.getOrSet('k', () => 1);
  await cache.get('k');
  const isInFront = () => cache.peek('k') !== undefined && cache.getOrSet('k', never);
  assert.equal(await isInFront(), 1);
  await clock.advance(51);
  const gate = deferred();
  assert.equal(await cache.getOrSet('k', () => gate.promise), 1);
  await turns();
  for (let n = 0; n < 3; n++) assert.equal(await cache.getOrSet('k', never), 1);
  gate.resolve(2);
  await turns();
  assert.equal(await cache.getOrSet('k', never), 2);
});

timed('an invalidation during a refresh drops its result', async (clock) => {
  const ways = {
    delete: (cache) => cache.delete('k'),
    expire: (cache) => cache.expire('k'),
    pattern: (cache) => cache.deleteByPattern('*'),
    tag: (cache) => cache.deleteByTag('x'),
    set: (cache) => cache.set('k', 'set'),
  };
  for (const [way, invalidate] of Object.entries(ways)) {
    const cache = new LazyLayersCache({ logging, refreshAhead: 0.5, ttlMs: 100 });
    await cache.getOrSet('k', () => 1, { tags: ['x'] });
    await clock.advance(60);
    const loader = heldLoader();
    assert.equal(await cache.getOrSet('k', loader, { tags: ['x'] }), 1);
    await loader.called;
    await invalidate(cache);
    loader.resolve('old');
    await turns();
    assert.equal(await cache.get('k'), way === 'set' ? 'set' : undefined, way);
  }
});

timed('a soft limit keeps nobody waiting for a refresh', async (clock) => {
  for (const softMs of [0, 20]) {
    const failSafe = { enabled: true, staleTtlMs: 60_000 };
    const going = [];
    const background = (work) => going.push(work);
    const options = { logging, refreshAhead: 0.5, ttlMs: 100, failSafe, timeouts: { softMs }, background };
    const cache = new LazyLayersCache(options);
    await cache.getOrSet('k', () => 1);
    await clock.advance(95);
    const loader = heldLoader();
    assert.equal(await cache.getOrSet('k', loader), 1);
    await loader.called;
    await clock.advance(5);
    const seen = record(cache);
    const joins = cache.getOrSet('k', never);
    await clock.advance(15);
    assert.equal(await joins, 1);
    assert.deepEqual(seen.of('stale:hit'), [{ type: 'stale:hit', key: 'k', reason: 'soft-timeout' }]);
    assert.equal(await cache.getOrSet('k', never), 1);
    loader.resolve(2);
    assert.equal(going.length, 1);
    await going[0];
    assert.equal(await cache.get('k'), 2);
  }
});

timed('those who come once the value has expired join the refresh, and get its value or its error', async (clock) => {
  for (const fails of [false, true]) {
    const cache = new LazyLayersCache({ logging, refreshAhead: 0.5, ttlMs: 100 });
    await cache.getOrSet('k', () => 1);
    await clock.advance(90);
    const loader = heldLoader();
    assert.equal(await cache.getOrSet('k', loader), 1);
    await loader.called;
    await clock.advance(10);
    const joined = cache.getOrSet('k', never);
    if (fails) loader.reject(new Error('down'));
    else loader.resolve(2);
    if (fails) await assert.rejects(joined, { message: 'down' });
    else assert.equal(await joined, 2);
  }
});

timed('a refresh that failed rejects nobody, and the next one waits for failSafe.backoffMs', async (clock) => {
  const cache = new LazyLayersCache({ logging, refreshAhead: 0.5, ttlMs: 1000, failSafe: { backoffMs: 200 } });
  await cache.getOrSet('k', () => 1);
  await clock.advance(501);
  const seen = record(cache);
  assert.equal(await cache.getOrSet('k', () => Promise.reject(new Error('down'))), 1);
  await turns();
  assert.equal(seen.of('loader:error').length, 1);
  await clock.advance(199);
  assert.equal(await cache.getOrSet('k', never), 1);
  await clock.advance(2);
  assert.equal(await cache.getOrSet('k', () => 2), 1);
  await turns();
  assert.equal(await cache.get('k'), 2);
});

timed('a refresh that is not modified prolongs the value', async (clock) => {
  const cache = new LazyLayersCache({ logging, refreshAhead: 0.5, ttlMs: 100 });
  const value = {};
  await cache.getOrSet('k', ({ setOptions }) => (setOptions({ etag: 'v1' }), value));
  for (let n = 0; n < 3; n++) {
    await clock.advance(60);
    let etag;
    assert.equal(await cache.getOrSet('k', (context) => ((etag = context.stale.etag), context.notModified())), value);
    await turns();
    assert.equal(etag, 'v1');
  }
  assert.equal(cache.stats().loads.extended, 3);
  await clock.advance(99);
  assert.equal(cache.peek('k'), value);
});

timed('closing waits for a refresh', async (clock) => {
  const cache = new LazyLayersCache({ logging, refreshAhead: 0.5, ttlMs: 100 });
  await cache.getOrSet('k', () => 1);
  await clock.advance(60);
  const loader = heldLoader();
  await cache.getOrSet('k', loader);
  await loader.called;
  let isClosed = false;
  const closing = cache.close().then(() => (isClosed = true));
  await turns();
  assert.equal(isClosed, false);
  loader.resolve(2);
  await closing;
});

timed('getMany, getOrSetEntry, wrap and namespaces refresh as well', async (clock) => {
  const cache = new LazyLayersCache({ logging, ttlMs: 100 });
  const part = cache.namespace('n', { refreshAhead: 0.5 });
  const batches = [];
  const load = (keys) => {
    batches.push(keys);
    return keys.map((key) => `${key}${batches.length}`);
  };
  await part.getMany(['a', 'b'], load);
  await clock.advance(60);
  assert.deepEqual([...(await part.getMany(['a', 'b'], load)).values()], ['a1', 'b1']);
  await turns();
  assert.deepEqual(batches, [
    ['a', 'b'],
    ['a', 'b'],
  ]);
  assert.deepEqual([part.peek('a'), part.peek('b')], ['a2', 'b2']);
  await clock.advance(60);
  const entry = await part.getOrSetEntry('a', () => 'a3');
  assert.deepEqual([entry.value, entry.source], ['a2', 'L1']);
  await turns();
  assert.equal(part.peek('a'), 'a3');
  let runs = 0;
  const find = cache.wrap(async () => ++runs, { key: () => 'w', refreshAhead: 0.5 });
  assert.equal(await find(), 1);
  await clock.advance(60);
  assert.equal(await find(), 1);
  await turns();
  assert.equal(await find(), 2);
});

timed('two caches on one memory layer: one refreshes what both answer', async (clock) => {
  const l1 = new MemoryStore();
  const [one, other] = [{ refreshAhead: 0.5 }, {}].map(
    (options) => new LazyLayersCache({ logging, l1, ttlMs: 100, ...options }),
  );
  await other.set('k', 1);
  await clock.advance(60);
  assert.equal(await other.getOrSet('k', never), 1);
  assert.equal(await one.getOrSet('k', () => 2), 1);
  await turns();
  assert.equal(await other.get('k'), 2);
});

timed('xfetch refreshes expensive values before they expire, and no cheap ones', async (clock) => {
  const cache = new LazyLayersCache({ logging, xfetch: 1, ttlMs: 10_000 });
  const loader = heldLoader();
  const loading = cache.getOrSet('slow', loader);
  await loader.called;
  await clock.advance(1000);
  loader.resolve(1);
  await loading;
  await cache.getOrSet('fast', () => 1);
  await clock.advance(2000);
  for (let n = 0; n < 50; n++) await cache.getOrSet('slow', never);
  await clock.advance(7500);
  for (let n = 0; n < 50; n++) await cache.getOrSet('fast', never);
  let isRefreshed = false;
  for (let n = 0; n < 50; n++) await cache.getOrSet('slow', () => (isRefreshed = true));
  await turns();
  assert.equal(isRefreshed, true);
});

timed('ttlJitter shortens lives by a part of them and never lengthens them', async (clock) => {
  const cache = new LazyLayersCache({ logging, ttlJitter: 0.5, ttlMs: 100 });
  const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
  for (const key of keys) await (key.endsWith('1') ? cache.set(key, 1) : cache.getOrSet(key, () => 1));
  const held = () => keys.filter((key) => cache.peek(key) !== undefined).length;
  await clock.advance(49);
  assert.equal(held(), 100);
  await clock.advance(26);
  assert.ok(held() > 20 && held() < 80, `${held()}`);
  await clock.advance(25);
  assert.equal(held(), 0);
});

timed('ttlJitterL2 does the same in the second layer', async () => {
  const l2 = new MapStore();
  const cache = new LazyLayersCache({ logging, l2, ttlJitterL2: 0.5, ttlMs: 100_000 });
  for (let n = 0; n < 20; n++) await (n % 2 === 0 ? cache.set(`k${n}`, 1) : cache.getOrSet(`k${n}`, () => 1));
  const lives = l2.callsOf('set').map(({ args }) => args[2].ttlMs);
  assert.equal(lives.length, 20);
  assert.ok(lives.every((life) => life >= 50_000 && life <= 100_000));
  assert.ok(new Set(lives).size > 10);
});

test('a wrong option is refused by name', async () => {
  for (const [options, message] of [
    [{ refreshAhead: 1 }, /"refreshAhead" must be a number from 0 \(off\) to below 1, got 1/],
    [{ refreshAhead: '0.8' }, /"refreshAhead"/],
    [{ xfetch: -1 }, /"xfetch" must be a finite number, 0 \(off\) or more, got -1/],
    [{ ttlJitter: 1.5 }, /"ttlJitter"/],
    [{ ttlJitterL2: NaN }, /"ttlJitterL2"/],
    [{ failSafe: { backoffMs: -1 } }, /"failSafe.backoffMs"/],
  ]) {
    assert.throws(() => new LazyLayersCache(options), { code: 'INVALID_OPTION', message });
    await assert.rejects(
      new LazyLayersCache().getOrSet('k', () => 1, options),
      { code: 'INVALID_OPTION', message },
    );
  }
});

timed('a refresh reads no second layer whose reads are off', async (clock) => {
  const cache = new LazyLayersCache({
    logging,
    refreshAhead: 0.5,
    levels: { L1: { ttlMs: 100 }, L2: { ttlMs: 100_000 } },
    l2: new MapStore(),
  });
  await cache.set('k', 1);
  cache.disable('L2');
  await clock.advance(60);
  const loader = heldLoader();
  assert.equal(await cache.getOrSet('k', loader), 1);
  await loader.called;
  loader.resolve(2);
  await cache.drain();
  assert.equal(await cache.get('k'), 2);
});
