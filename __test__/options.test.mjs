import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CircuitBreaker, LazyLayersCache, MemoryStore, createCache } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';

/** An options object with `value` at a dotted path. */
const at = (path, value) => path.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);

/** The error of a bad option names its path and the allowed values, and shows the value. */
function names(path, value) {
  return (error) => {
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${error?.name}: ${error?.message}`);
    assert.equal(error.code, 'INVALID_OPTION');
    assert.ok(error.message.includes(`option "${path}" must be `), error.message);
    assert.match(error.message, /, got /);
    if (['number', 'string', 'boolean'].includes(typeof value)) {
      assert.ok(error.message.includes(String(value)), error.message);
    }
    return true;
  };
}

const durations = [
  'ttlMs',
  'levels.L1.ttlMs',
  'levels.L2.ttlMs',
  'inflight.ttlMs',
  'negativeCache.ttlMs',
  'failSafe.staleTtlMs',
  'timeouts.softMs',
  'timeouts.hardMs',
  'distributedLock.ttlMs',
  'distributedLock.waitTimeoutMs',
  'distributedLock.pollMs',
  'resilience.l2CircuitBreaker.cooldownMs',
  'resilience.eventBusCircuitBreaker.cooldownMs',
  'eventDedupeTtlMs',
];
const counts = [
  'levels.L1.maxEntries',
  'levels.L1.maxBytes',
  'levels.L2.maxEntries',
  'inflight.maxEntries',
  'negativeCache.maxEntries',
  'resilience.l2CircuitBreaker.failureThreshold',
  'resilience.eventBusCircuitBreaker.failureThreshold',
  'eventDedupeMaxEntries',
  'broadcastSetMaxBytes',
];
const switches = [
  'inflight.enabled',
  'negativeCache.enabled',
  'failSafe.enabled',
  'distributedLock.enabled',
  'versioning.enabled',
  'resilience.l2CircuitBreaker.enabled',
  'resilience.eventBusCircuitBreaker.enabled',
  'subscribeToEvents',
  'broadcastSet',
  'logging.enabled',
];

const cases = [
  ...durations.flatMap((path) => [-1, NaN, '100', {}, true].map((value) => [path, value])),
  ...counts.flatMap((path) => [-5, 1.5, NaN, '10', {}].map((value) => [path, value])),
  ...switches.flatMap((path) => ['yes', 1, {}].map((value) => [path, value])),
  ...['fifo', 'LRU', 1].map((value) => ['levels.L1.policy', value]),
  ...['staging', 1].map((value) => ['logging.env', value]),
  ...['redis://localhost', 1].flatMap((value) => [
    ['l1', value],
    ['l2', value],
    ['eventBus', value],
  ]),
  ...['hit', 1, {}].map((value) => ['events', value]),
  ...[1, {}, true].map((value) => ['source', value]),
  ...[
    'levels',
    'inflight',
    'negativeCache',
    'failSafe',
    'timeouts',
    'distributedLock',
    'versioning',
    'resilience',
    'logging',
  ].flatMap((path) => ['text', 5].map((value) => [path, value])),
];

for (const [path, value] of cases) {
  const shown = Object.is(value, NaN) ? 'NaN' : JSON.stringify(value);
  test(`${path} refuses ${shown}`, () => {
    assert.throws(() => new LazyLayersCache(at(path, value)), names(path, value));
  });
}

for (const path of ['ttlMs', 'inflight.ttlMs', 'negativeCache.ttlMs', 'failSafe.staleTtlMs', 'eventDedupeTtlMs']) {
  test(`${path} takes Infinity, for no end`, () => {
    new LazyLayersCache(at(path, Infinity));
  });
}

for (const [path, missing] of [
  ['l1', 'get'],
  ['l2', 'set'],
  ['l2', 'delete'],
  ['eventBus', 'publish'],
  ['eventBus', 'subscribe'],
]) {
  test(`${path} refuses an object without ${missing}, and says which method is missing`, () => {
    const given = path === 'eventBus' ? { publish() {}, subscribe() {} } : new MapStore();
    given[missing] = undefined;
    assert.throws(
      () => new LazyLayersCache({ [path]: given }),
      (error) => {
        assert.equal(error.code, 'INVALID_OPTION');
        assert.ok(error instanceof TypeError);
        assert.ok(error.message.includes(path) && error.message.includes(missing), error.message);
        return true;
      },
    );
  });
}

test('events refuses a list with something else than functions, and says where', () => {
  assert.throws(
    () => new LazyLayersCache({ events: [() => {}, 'hit'] }),
    (error) => {
      assert.equal(error.code, 'INVALID_OPTION');
      assert.match(error.message, /events(\[1\]|\.1)/);
      return true;
    },
  );
});

test('the message of a refused option names package, option, the allowed values and the given one', () => {
  assert.throws(() => new LazyLayersCache({ levels: { L1: { maxEntries: -5 } } }), {
    code: 'INVALID_OPTION',
    message: /^lazy-layers-cache: option "levels\.L1\.maxEntries" must be a positive integer.*, got -5$/,
  });
});

test('options that are no object are refused', () => {
  for (const options of ['redis', 5, true]) {
    assert.throws(() => new LazyLayersCache(options), { code: 'INVALID_OPTION' });
  }
});

test('createCache and MemoryStore refuse the same options', () => {
  assert.throws(() => createCache({ ttlMs: -1 }), names('ttlMs', -1));
  assert.throws(() => new MemoryStore({ levels: { L1: { maxEntries: 1.5 } } }), names('levels.L1.maxEntries', 1.5));
  assert.throws(() => new MemoryStore({ ttlMs: '5m' }), names('ttlMs', '5m'));
});

test('CircuitBreaker refuses bad options', () => {
  for (const options of [5, []]) assert.throws(() => new CircuitBreaker(options), { code: 'INVALID_OPTION' });
  for (const options of [
    { failureThreshold: -1 },
    { failureThreshold: 1.5 },
    { cooldownMs: -1 },
    { cooldownMs: '1s' },
  ]) {
    const [path] = Object.keys(options);
    assert.throws(
      () => new CircuitBreaker(options),
      (error) => {
        assert.equal(error.code, 'INVALID_OPTION');
        assert.ok(error.message.includes(path), error.message);
        return true;
      },
    );
  }
});

test('null is an option that is not given', async () => {
  new CircuitBreaker(null);
  new CircuitBreaker({ enabled: null, failureThreshold: null, cooldownMs: null });
  const cache = new LazyLayersCache({ ttlMs: null, levels: null, logging: { env: null, enabled: null }, source: null });
  await cache.set('k', 1, { ttlMs: null });
  assert.equal(await cache.get('k'), 1);
  await cache.close({ timeoutMs: null });
});

test('unknown option names are ignored', async () => {
  const cache = new LazyLayersCache({
    nonsense: 1,
    levels: { L3: { ttlMs: '?' }, L1: { nonsense: true } },
    inflight: { colour: 'red' },
  });
  await cache.set('k', 1, { alsoNonsense: true });
  assert.equal(await cache.get('k'), 1);
});

test('options that are undefined count as not given', async () => {
  const paths = [
    ...durations,
    ...counts,
    ...switches,
    'levels.L1.policy',
    'l1',
    'l2',
    'eventBus',
    'events',
    'source',
    'logging',
    'levels',
  ];
  for (const path of paths) {
    const cache = new LazyLayersCache(at(path, undefined));
    await cache.set('k', 1);
    assert.equal(await cache.get('k'), 1, path);
  }
  assert.ok(new LazyLayersCache(undefined));
});

test('options may be frozen and are not changed', async () => {
  const options = Object.freeze({ ttlMs: 1_000, levels: Object.freeze({ L1: Object.freeze({ maxEntries: 5 }) }) });
  const cache = new LazyLayersCache(options);
  await cache.set('k', 1, Object.freeze({ ttlMs: 5_000 }));
  assert.equal(await cache.get('k'), 1);
});

test('options changed after construction change nothing', async () => {
  const options = { levels: { L1: { maxEntries: 2 } } };
  const cache = new LazyLayersCache(options);
  options.levels.L1.maxEntries = 1;
  await cache.set('a', 1);
  await cache.set('b', 2);
  assert.equal(await cache.size(), 2);
});

for (const [path, value] of [
  ['ttlMs', NaN],
  ['ttlMs', '100'],
  ['levels.L1.ttlMs', NaN],
  ['levels.L2.ttlMs', NaN],
  ['inflight.ttlMs', -1],
  ['negativeCache.ttlMs', '1'],
  ['failSafe.staleTtlMs', -1],
  ['failSafe.enabled', 'yes'],
  ['timeouts.softMs', -1],
  ['timeouts.hardMs', {}],
  ['distributedLock.pollMs', -1],
]) {
  test(`a call's ${path} ${JSON.stringify(value)} rejects the call and loads nothing`, async () => {
    const cache = new LazyLayersCache();
    const options = at(path, value);
    await assert.rejects(
      cache.getOrSet('k', () => assert.fail('loader ran'), options),
      names(path, value),
    );
    await assert.rejects(cache.set('k', 1, options), names(path, value));
    assert.equal(await cache.has('k'), false);
  });
}

test('a loader that is no function rejects the call', async () => {
  const cache = new LazyLayersCache();
  for (const loader of [undefined, null, 'v', {}, Promise.resolve(1)]) {
    await assert.rejects(cache.getOrSet('k', loader), TypeError);
  }
});

test('a pattern that is no string rejects the call', async () => {
  const cache = new LazyLayersCache();
  for (const pattern of [undefined, null, {}, /a/]) await assert.rejects(cache.deleteByPattern(pattern), TypeError);
});

test('0 ms is no time for copies and absences beside the entries', async () => {
  const negative = new LazyLayersCache({ negativeCache: { ttlMs: 0 } });
  await negative.getOrSet('k', () => undefined);
  assert.equal(await negative.getOrSet('k', () => 'there'), 'there');

  const stale = new LazyLayersCache({ failSafe: { enabled: true, staleTtlMs: 0 }, levels: { L1: { maxEntries: 1 } } });
  await stale.set('k', 'old');
  await stale.set('other', 1);
  const failure = new Error('source is down');
  await assert.rejects(
    stale.getOrSet('k', () => Promise.reject(failure)),
    (error) => error === failure,
  );

  const apart = new LazyLayersCache({ inflight: { ttlMs: 0 } });
  let loads = 0;
  const callers = [1, 2, 3].map(() => apart.getOrSet('k', async () => (loads += 1)));
  assert.deepEqual(await Promise.all(callers), [1, 2, 3]);
});

test("a call's 0 ms beats the instance's time for copies and absences beside the entries", async () => {
  const cache = new LazyLayersCache({ negativeCache: { ttlMs: 60_000 } });
  await cache.getOrSet('k', () => undefined, { negativeCache: { ttlMs: 0 } });
  assert.equal(await cache.getOrSet('k', () => 'there'), 'there');
});
