import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { LazyLayersCache, MemoryStore } from '../index.mjs';
import { turns } from './support/deferred.mjs';
import { FaultyStore } from './support/faulty-store.mjs';
import { MapStore } from './support/map-store.mjs';

const LEVELS = ['[DEBUG]', '[INFO]', '[WARN]', '[ERROR]'];

/**
 * Everything the console is told while a cache lives through normal work and through faults of its L2, its bus and a
 * handler.
 */
async function logged(t, logging) {
  const lines = [];
  for (const method of ['debug', 'info', 'log', 'warn', 'error']) {
    t.mock.method(console, method, (...args) => lines.push(args));
  }
  const eventBus = {
    publish: () => Promise.reject(new Error('bus is down')),
    subscribe: () => Promise.reject(new Error('bus is down')),
  };
  const l2 = new FaultyStore().fail('reject');
  const handler = () => {
    throw new Error('handler');
  };
  const cache = new LazyLayersCache({ l2, eventBus, logging, events: [handler] });
  await cache.set('k', 1);
  await cache.get('absent');
  await cache.getOrSet('loaded', () => 1);
  await cache.getOrSet('failed', () => Promise.reject(new Error('loader'))).catch(() => {});
  await cache.delete('k');
  await cache.clear();
  await turns(10);
  t.mock.restoreAll();
  return lines;
}

/** Runs `work` with NODE_ENV as given. */
async function withNodeEnv(value, work) {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = value;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

test('faults are logged in development, each line led by its level', async (t) => {
  const lines = await logged(t, { env: 'development' });
  assert.ok(lines.length > 0);
  for (const [first] of lines) assert.ok(LEVELS.includes(first), String(first));
});

test('an error that comes again within a second is not logged again, and told of with the next', async (t) => {
  let now = 1_000_000;
  t.mock.method(Date, 'now', () => now);
  const lines = [];
  t.mock.method(console, 'error', (...args) => lines.push(args[1]));
  const l2 = new FaultyStore().fail('reject');
  const resilience = { l2CircuitBreaker: { enabled: false } };
  const cache = new LazyLayersCache({ l2, resilience, logging: { env: 'development' } });
  for (let at = 0; at < 5; at += 1) await cache.get('k');
  await cache.set('k', 1);
  now += 1000;
  await cache.get('other');
  t.mock.restoreAll();
  assert.deepEqual(lines, ['cache L2 get failed', 'cache L2 set failed', 'cache L2 get failed, as did 4 before']);
});

test('an outage shows in production: each kind of fault is an error', async (t) => {
  const lines = await logged(t, { env: 'production' });
  const texts = lines.map(([level, text]) => `${level} ${text}`);
  for (const text of [
    'subscribing to the event bus failed',
    'cache L2 set failed',
    'cache L2 get failed',
    'publishing a "del" event failed',
    'a loader failed',
    'a handler of the event "set" failed',
  ]) {
    assert.ok(texts.includes(`[ERROR] ${text}`), `${text}: ${texts.join(', ')}`);
  }
});

/** How a loader may fail, by the options of the cache. */
const failingLoads = {
  'with nobody listening': { options: {} },
  'with a second layer': { options: { l2: new MapStore() } },
  'past its hard limit': { options: { timeouts: { hardMs: 1 } }, loader: () => new Promise(() => {}) },
};

for (const [how, { options, loader }] of Object.entries(failingLoads)) {
  test(`a loader that fails is logged, ${how}`, async (t) => {
    const lines = [];
    t.mock.method(console, 'error', (...args) => lines.push(args));
    const cache = new LazyLayersCache({ ...options, logging: { env: 'production' } });
    const error = new Error('loader');
    const load = loader ?? (() => Promise.reject(error));
    const thrown = await cache.getOrSet('k', load).catch((caught) => caught);
    await turns(3);
    t.mock.restoreAll();
    assert.deepEqual(lines, [['[ERROR]', 'a loader failed', thrown, { key: 'k' }]]);
  });
}

test('a load that nobody else leads is logged once, however many wait for it', async (t) => {
  const lines = [];
  t.mock.method(console, 'error', (...args) => lines.push(args));
  const cache = new LazyLayersCache();
  const load = () => Promise.reject(new Error('loader'));
  await Promise.allSettled([cache.getOrSet('k', load), cache.getOrSet('k', load), cache.getOrSet('k', load)]);
  t.mock.restoreAll();
  assert.equal(lines.length, 1);
});

test("a loader of a store by itself that fails is not logged: it is its caller's", async (t) => {
  const lines = [];
  t.mock.method(console, 'error', (...args) => lines.push(args));
  await assert.rejects(new MemoryStore().getOrSet('k', () => Promise.reject(new Error('loader'))));
  await assert.rejects(new MemoryStore({ timeouts: { hardMs: 1 } }).getOrSet('k', () => new Promise(() => {})));
  t.mock.restoreAll();
  assert.deepEqual(lines, []);
});

/** The `[DEBUG]` lines of all verbs. */
async function traced(t, logging) {
  const lines = [];
  t.mock.method(console, 'log', (...args) => lines.push(args));
  const cache = new LazyLayersCache({ logging });
  await cache.set('k', 1);
  await cache.get('k');
  await cache.get('absent');
  await cache.delete('k');
  await cache.clear();
  t.mock.restoreAll();
  return lines;
}

test('with logging.enabled each verb has a [DEBUG] line', async (t) => {
  assert.deepEqual(await traced(t, { enabled: true, env: 'production' }), [
    ['[DEBUG]', 'cache set', { key: 'k', levels: ['L1'] }],
    ['[DEBUG]', 'cache hit', { key: 'k', level: 'L1' }],
    ['[DEBUG]', 'cache miss', { key: 'absent', level: 'L1' }],
    ['[DEBUG]', 'cache delete', { key: 'k' }],
    ['[DEBUG]', 'cache delete-pattern', { pattern: '*' }],
  ]);
});

test('without it no verb has one, in development neither', async (t) => {
  for (const logging of [undefined, { env: 'development' }, { enabled: false }]) {
    assert.deepEqual(await traced(t, logging), []);
  }
});

test('logging.enabled false mutes everything, errors too', async (t) => {
  assert.deepEqual(await logged(t, { enabled: false, env: 'development' }), []);
});

test('in production nothing but errors is logged', async (t) => {
  const lines = await logged(t, { env: 'production' });
  assert.deepEqual(
    lines.filter(([first]) => first !== '[ERROR]'),
    [],
  );
});

test('in production errors are logged', async (t) => {
  const lines = await logged(t, { env: 'production' });
  assert.ok(lines.length > 0);
});

test('logging.enabled true logs in production the lines of development', async (t) => {
  const forced = await logged(t, { enabled: true, env: 'production' });
  const quiet = await logged(t, { env: 'production' });
  assert.ok(forced.length > quiet.length);
  assert.ok(forced.some(([first]) => first !== '[ERROR]'));
});

test('without logging.env NODE_ENV decides', async (t) => {
  const lines = await withNodeEnv('production', () => logged(t, undefined));
  assert.deepEqual(
    lines.filter(([first]) => first !== '[ERROR]'),
    [],
  );
});

test('logging.env beats NODE_ENV', async (t) => {
  const quiet = await withNodeEnv('development', () => logged(t, { env: 'production' }));
  assert.deepEqual(
    quiet.filter(([first]) => first !== '[ERROR]'),
    [],
  );
});

test('a cache that works logs nothing in production', async (t) => {
  const lines = [];
  for (const method of ['debug', 'info', 'log', 'warn', 'error']) {
    t.mock.method(console, method, (...args) => lines.push(args));
  }
  const cache = new LazyLayersCache({ logging: { env: 'production' } });
  await cache.set('k', 1);
  await cache.get('k');
  await cache.getOrSet('loaded', () => 1);
  await cache.clear();
  t.mock.restoreAll();
  assert.deepEqual(lines, []);
});

const UNSHOWN = () =>
  Object.assign(new Error('down'), {
    [inspect.custom]() {
      throw new Error('this cannot be shown');
    },
  });

test('an error that the console cannot show is logged as text, and only its call fails', async (t) => {
  const lines = [];
  // The console, without its output.
  t.mock.method(console, 'error', (...args) => lines.push(format(...args)));
  const cache = new LazyLayersCache({ logging: { env: 'test' } });
  for (const loader of [() => Promise.reject(UNSHOWN()), () => Promise.reject(UNSHOWN()).finally(() => {})]) {
    await assert.rejects(cache.getOrSet('k', loader), { message: 'down' });
  }
  assert.deepEqual(lines, ["[ERROR] a loader failed Error: down { key: 'k' }"]);
  await cache.close();
});

test('a console that throws ends nothing', async (t) => {
  t.mock.method(console, 'error', () => {
    throw new Error('no console');
  });
  const l2 = new FaultyStore().fail('reject');
  const handler = () => {
    throw new Error('handler');
  };
  const cache = new LazyLayersCache({ l2, logging: { env: 'test' }, events: [handler] });
  await cache.set('k', 1);
  assert.equal(await cache.get('k'), 1);
  assert.equal(await cache.getOrSet('other', async () => 2), 2);
  await assert.rejects(
    cache.getOrSet('failed', () => {
      throw UNSHOWN();
    }),
    { message: 'down' },
  );
  await turns(10);
  await cache.close();
});

/** How faults come about that are logged, by the options of the cache; whether its loads fail. */
const noisy = {
  'of a loader': { options: {} },
  'of a handler': { options: { events: [() => assert.fail('handler')] } },
  'of a handler, later': { options: { events: [() => Promise.reject(new Error('handler'))] } },
  'of the background': { options: { background: () => assert.fail('background'), ttlMs: 1000, refreshAhead: 0.001 } },
  'of an L2': { options: { l2: new FaultyStore().fail('reject') } },
  'of a bus': { options: { eventBus: { publish: () => assert.fail('bus'), subscribe: () => assert.fail('bus') } } },
  'where every event is logged': { options: { logging: { enabled: true } } },
};

for (const [fault, { options }] of Object.entries(noisy)) {
  test(`a console that throws changes no answer, and holds up no close: a fault ${fault}`, async (t) => {
    for (const method of ['info', 'log', 'warn', 'error']) {
      t.mock.method(console, method, () => {
        throw new Error('a console that throws');
      });
    }
    const cache = new LazyLayersCache(options);
    const rejects = async (load) => assert.rejects(cache.getOrSet('failing', load), { message: 'loader' });
    await rejects(() => Promise.reject(new Error('loader')));
    await rejects(() => {
      throw new Error('loader');
    });
    await cache.set('k', 1);
    assert.equal(await cache.get('k'), 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(await cache.getOrSet('k', () => 2), 1);
    await cache.delete('k');
    await cache.drain();
    await cache.close();
    await turns(3);
  });
}
