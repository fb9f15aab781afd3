// The directives of a loader: skip, fail, notModified, setOptions; and `shouldCache`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { LazyLayersCache } from '../index.mjs';
import { manualClock } from '../entry/testing.mjs';
import { deferred, turns } from './support/deferred.mjs';
import { record } from './support/events.mjs';
import { LockStore } from './support/lock-store.mjs';
import { MapStore } from './support/map-store.mjs';
import { jsonHub, MemoryHub } from './support/memory-bus.mjs';

const failSafe = { enabled: true, staleTtlMs: 60_000 };
const logging = { enabled: false };

/** Caches whose loads take each of the ways: led in front, by the engine, with limits of time, under a lock. */
const WAYS = {
  'in memory': (options) => new LazyLayersCache({ logging, ...options }),
  'with fail-safe': (options) => new LazyLayersCache({ logging, failSafe, ...options }),
  'with limits of time': (options) => new LazyLayersCache({ logging, timeouts: { hardMs: 60_000 }, ...options }),
  'with a second layer': (options) => new LazyLayersCache({ logging, l2: new MapStore(), ...options }),
  'under a lock': (options) =>
    new LazyLayersCache({ logging, l2: new LockStore(), distributedLock: { enabled: true }, ...options }),
};

for (const [way, make] of Object.entries(WAYS)) {
  test(`skip: the value is returned and not stored, ${way}`, async () => {
    const cache = make();
    assert.equal(await cache.getOrSet('k', ({ skip }) => (skip(), 1)), 1);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.getOrSet('k', async (context) => (context.skip(), 2)), 2);
    assert.equal(await cache.get('k'), undefined);
  });

  test(`after skip callers load beside each other for skipTtlMs, ${way}`, async () => {
    const clock = manualClock();
    try {
      const cache = make({ skipTtlMs: 500 });
      await cache.getOrSet('k', ({ skip }) => (skip(), 0));
      const gate = deferred();
      let running = 0;
      const slow = (context) => {
        running++;
        context.skip();
        return gate.promise;
      };
      const answers = [cache.getOrSet('k', slow), cache.getOrSet('k', slow), cache.getOrSet('k', slow)];
      await turns();
      assert.equal(running, 3);
      gate.resolve(7);
      assert.deepEqual(await Promise.all(answers), [7, 7, 7]);
      await clock.advance(500);
      const again = deferred();
      const joined = [cache.getOrSet('k', () => again.promise), cache.getOrSet('k', () => assert.fail('joins'))];
      await turns();
      again.resolve(8);
      assert.deepEqual(await Promise.all(joined), [8, 8]);
    } finally {
      clock.restore();
    }
  });

  test(`callers that joined the load before skip get its value, ${way}`, async () => {
    const cache = make();
    const gate = deferred();
    const first = cache.getOrSet('k', async ({ skip }) => {
      await gate.promise;
      skip();
      return 1;
    });
    const second = cache.getOrSet('k', () => 2);
    gate.resolve();
    assert.deepEqual(await Promise.all([first, second]), [1, 1]);
  });

  test(`setOptions gives a value its lifetime, ${way}`, async () => {
    const clock = manualClock();
    try {
      const cache = make();
      await cache.getOrSet('k', ({ setOptions }) => (setOptions({ ttlMs: 50 }), 1), {
        ttlMs: 10,
        levels: { L1: { ttlMs: 20 } },
      });
      await clock.advance(49);
      assert.equal(cache.peek('k'), 1);
      await clock.advance(1);
      assert.equal(cache.peek('k'), undefined);
      await cache.getOrSet('none', ({ setOptions }) => (setOptions({ ttlMs: -1 }), 1));
      assert.equal(await cache.get('none'), undefined);
    } finally {
      clock.restore();
    }
  });

  test(`fail is an error of the load, whatever the loader returns, ${way}`, async () => {
    const cache = make();
    const seen = record(cache);
    // Test runners run tests in realms of their own, where Node.js throws errors of the main one.
    const foreign = runInNewContext('Object.assign(new TypeError("elsewhere"), { code: "ENOENT" })');
    for (const error of [new Error('gone'), foreign]) {
      await assert.rejects(
        cache.getOrSet('k', ({ fail }) => (fail(error), 1)),
        (thrown) => thrown === error,
      );
    }
    await assert.rejects(
      cache.getOrSet('k', ({ fail }) => fail('no such host')),
      { message: 'no such host' },
    );
    await assert.rejects(
      cache.getOrSet('k', ({ fail }) => fail(Object.create(null))),
      { message: /cannot be shown/ },
    );
    assert.equal(await cache.get('k'), undefined);
    assert.equal(seen.of('loader:error').length, 4);
    assert.equal(seen.of('loader:success').length, 0);
  });

  test(`shouldCache decides whether a value is stored, ${way}`, async () => {
    const cache = make({ shouldCache: (value) => value !== 'no' });
    assert.equal(await cache.getOrSet('k', () => 'no'), 'no');
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.getOrSet('k', () => 'yes'), 'yes');
    assert.equal(await cache.get('k'), 'yes');
    assert.equal(await cache.getOrSet('c', () => 'yes', { shouldCache: () => false }), 'yes');
    assert.equal(await cache.get('c'), undefined);
    const boom = new Error('boom');
    const throws = () => {
      throw boom;
    };
    await assert.rejects(
      cache.getOrSet('t', () => 1, { shouldCache: throws }),
      (error) => error === boom,
    );
  });

  test(`without a stale value there is nothing to extend, ${way}`, async () => {
    const cache = make();
    let stale = 1;
    await assert.rejects(
      cache.getOrSet('k', (context) => {
        ({ stale } = context);
        return context.notModified();
      }),
      { code: 'NO_STALE_VALUE' },
    );
    assert.equal(stale, undefined);
  });
}

test('the context has the key, and the tags of the call', async () => {
  const cache = new LazyLayersCache();
  let seen;
  await cache.getOrSet('a', (context) => void (seen = { ...context }), { tags: ['x'] });
  assert.equal(seen.key, 'a');
  assert.deepEqual(seen.tags, ['x']);
  await cache.getOrSet(7, (context) => void (seen = context.key));
  assert.equal(seen, 7);
  await cache.namespace('n').getOrSet('a', ({ key }) => void (seen = key));
  assert.equal(seen, 'n:a');
});

test('the stale value is in the context, and lives on when it is not modified', async () => {
  const clock = manualClock();
  try {
    const cache = new LazyLayersCache({ ttlMs: 100, failSafe, logging });
    const value = { a: 1 };
    await cache.getOrSet('k', ({ setOptions }) => (setOptions({ etag: '"v1"' }), value), { tags: ['x'] });
    await clock.advance(130);
    const seen = record(cache);
    let stale;
    const load = (context) => {
      ({ stale } = context);
      return context.notModified();
    };
    assert.equal(await cache.getOrSet('k', load), value);
    assert.deepEqual(stale, { value, ageMs: 130, etag: '"v1"' });
    assert.deepEqual(seen.of('extend'), [{ type: 'extend', key: 'k', ttlMs: 100 }]);
    assert.equal(seen.of('set').length, 0);
    await clock.advance(99);
    assert.equal(cache.peek('k'), value);
    await clock.advance(1);
    assert.equal(cache.peek('k'), undefined);
    await cache.getOrSet('k', load);
    assert.equal(stale.etag, '"v1"', 'it keeps its etag');
    await cache.deleteByTag('x');
    assert.equal(cache.peek('k'), undefined, 'it keeps its tags');
  } finally {
    clock.restore();
  }
});

test('another value has no etag of an earlier one', async () => {
  const clock = manualClock();
  try {
    const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
    const etag = ({ setOptions }) => (setOptions({ etag: 'e' }), 1);
    const overwrite = [
      (key) => cache.set(key, 2),
      (key) => cache.expire(key).then(() => cache.getOrSet(key, () => 2)),
      (key) => cache.delete(key).then(() => cache.set(key, 2)),
    ];
    for (const [at, write] of overwrite.entries()) {
      await cache.getOrSet(`k${at}`, etag);
      await write(`k${at}`);
      await clock.advance(10);
      let stale;
      await cache.getOrSet(`k${at}`, (context) => ({ stale } = context).stale?.value);
      assert.deepEqual(stale, { value: 2, ageMs: stale.ageMs });
    }
  } finally {
    clock.restore();
  }
});

test('fail serves the stale copy, also one that the loader itself allows', async () => {
  const clock = manualClock();
  try {
    const cache = new LazyLayersCache({ ttlMs: 10, failSafe });
    await cache.set('k', 'old');
    await clock.advance(10);
    assert.equal(await cache.getOrSet('k', ({ fail }) => fail('down')), 'old');
    const off = ({ setOptions }) => {
      setOptions({ failSafe: { enabled: false } });
      throw new Error('down');
    };
    await assert.rejects(cache.getOrSet('k', off), { message: 'down' });
  } finally {
    clock.restore();
  }
});

test('a load in flight stores nothing once a tag was invalidated that only its loader names', async () => {
  for (const [way, options] of [
    ['in memory', {}],
    ['with fail-safe', { failSafe }],
  ]) {
    for (const verb of ['deleteByTag', 'expireByTag']) {
      for (const early of [true, false]) {
        const cache = new LazyLayersCache({ logging, ...options });
        const gate = deferred();
        const load = async ({ setOptions }) => {
          if (early) setOptions({ tags: ['x'] });
          await gate.promise;
          setOptions({ tags: ['x'] });
          return 1;
        };
        const touched = cache.getOrSet('a', load);
        const other = cache.getOrSet('b', async ({ setOptions }) => {
          await gate.promise;
          setOptions({ tags: ['y'] });
          return 2;
        });
        await cache[verb](['z', 'x']);
        gate.resolve();
        assert.deepEqual(await Promise.all([touched, other]), [1, 2]);
        assert.deepEqual([cache.peek('a'), cache.peek('b')], [undefined, 2], `${way}, ${verb}, ${early}`);
        await cache.getOrSet('a', ({ setOptions }) => (setOptions({ tags: ['x'] }), 3));
        assert.equal(cache.peek('a'), 3, 'a later load is not touched');
        await cache.deleteByTag('x');
        assert.equal(cache.peek('a'), undefined);
      }
    }
  }
});

test('the same for a tag that another instance invalidates', async () => {
  const hub = new MemoryHub();
  const [one, other] = ['one', 'other'].map(
    (source) => new LazyLayersCache({ source, eventBus: hub.bus(), logging, name: 'c' }),
  );
  const gate = deferred();
  const load = one.getOrSet('a', async ({ setOptions }) => {
    await gate.promise;
    setOptions({ tags: ['x'] });
    return 1;
  });
  await other.deleteByTag('x');
  gate.resolve();
  assert.equal(await load, 1);
  assert.equal(one.peek('a'), undefined);
  assert.equal(other.peek('a'), undefined, 'nor is it sent');
});

test('the value of a loader with tags of its own is sent with them', async () => {
  const hub = jsonHub();
  const [one, other] = ['one', 'other'].map(
    (source) => new LazyLayersCache({ source, eventBus: hub.bus(), logging, name: 'c' }),
  );
  await one.getOrSet('a', ({ setOptions }) => (setOptions({ tags: ['x'] }), 1));
  assert.equal(other.peek('a'), 1);
  await other.deleteByTag('x');
  assert.deepEqual([one.peek('a'), other.peek('a')], [undefined, undefined]);
});

test('a loader of several keys speaks for all of them, or for one', async () => {
  for (const options of [{}, { failSafe }, { l2: new MapStore() }]) {
    const cache = new LazyLayersCache({ logging, ...options });
    const load = (keys, { of, setOptions }) => {
      setOptions({ tags: ['all'] });
      of('b').skip();
      of('c').fail(new Error('no c'));
      assert.equal(of('none'), undefined);
      return keys.map((key) => `${key}!`);
    };
    if (options.l2 !== undefined) {
      await cache.getMany(['a', 'b', 'c'], (keys, { skip }) => (skip(), keys));
      assert.equal(await cache.size(), 0);
      continue;
    }
    const found = await cache.getMany(['a', 'b', 'c'], load, { partial: true });
    assert.deepEqual(
      [...found],
      [
        ['a', 'a!'],
        ['b', 'b!'],
      ],
    );
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => cache.peek(key)),
      ['a!', undefined, undefined],
    );
    await cache.deleteByTag('all');
    assert.equal(cache.peek('a'), undefined);
    const part = cache.namespace('n');
    await part.getMany(['a', 'b'], (keys, { of }) => (of('b').skip(), keys));
    assert.deepEqual([part.peek('a'), part.peek('b')], ['a', undefined]);
  }
});

test('shouldCache of a wrapped function and of a namespace', async () => {
  const cache = new LazyLayersCache();
  const find = cache.wrap(async (id) => (id === 1 ? null : id), {
    key: (id) => `k${id}`,
    shouldCache: (value) => value !== null,
  });
  assert.deepEqual([await find(1), await find(2)], [null, 2]);
  assert.deepEqual([cache.peek('k1'), cache.peek('k2')], [undefined, 2]);
  const part = cache.namespace('n', { shouldCache: () => false });
  assert.equal(await part.getOrSet('a', () => 1), 1);
  assert.equal(part.peek('a'), undefined);
});

test('a subclass that stores values itself does not store those that are skipped', async () => {
  class Own extends LazyLayersCache {
    stored = [];
    async set(key, value, options) {
      this.stored.push([key, value, options]);
      return super.set(key, value, options);
    }
  }
  const cache = new Own({ logging });
  await cache.getOrSet('a', ({ skip }) => (skip(), 1));
  await cache.getOrSet('b', ({ setOptions }) => (setOptions({ ttlMs: 5 }), 2), { tags: ['x'] });
  await assert.rejects(cache.getOrSet('c', ({ fail }) => (fail(), 3)));
  assert.deepEqual(cache.stored, [['b', 2, { ttlMs: 5, tags: ['x'] }]]);
});

test('a wrong option is refused by name', async () => {
  const cache = new LazyLayersCache();
  const wrong = [
    [{ ttlMs: 'x' }, /"ttlMs"/],
    [{ tags: 'x' }, /"tags"/],
    [{ etag: 1 }, /"etag" must be a string, got 1/],
    [{ timeouts: { hardMs: 1 } }, /"timeouts" must be left out: a loader cannot change it/],
    [{ failSafe: { staleTtlMs: -1 } }, /"failSafe.staleTtlMs"/],
  ];
  for (const [options, message] of wrong) {
    await assert.rejects(
      cache.getOrSet('k', ({ setOptions }) => setOptions(options)),
      { code: 'INVALID_OPTION', message },
    );
  }
  assert.throws(() => new LazyLayersCache({ shouldCache: 1 }), { code: 'INVALID_OPTION', message: /"shouldCache"/ });
  await assert.rejects(
    cache.getOrSet('k', () => 1, { shouldCache: 1 }),
    { code: 'INVALID_OPTION' },
  );
  await assert.rejects(
    cache.getOrSet('k', () => 1, { skipTtlMs: -1 }),
    { message: /"skipTtlMs"/ },
  );
});

test('a load that found nothing is remembered as its loader says', async () => {
  const cache = new LazyLayersCache();
  const seen = record(cache);
  await cache.getOrSet('k', ({ setOptions }) => setOptions({ negativeCache: { ttlMs: 1000 } }));
  assert.equal(seen.of('negative:set').length, 1);
  assert.equal(await cache.getOrSet('k', () => assert.fail('it is known to be absent')), undefined);
});
