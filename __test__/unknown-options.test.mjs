import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { LazyLayersCache, MemoryStore, NatsEventBus, RabbitMQEventBus, RedisEventBus, RedisStore } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';

const { ofCaches } = createRequire(import.meta.url)('../lib/options/unknown.js');

/** The warnings while something is done. */
async function warnedBy(t, act) {
  const warn = t.mock.method(console, 'warn', () => {});
  await act();
  warn.mock.restore();
  return warn.mock.calls.map(({ arguments: [, line] }) => line);
}

/** The warnings of a cache with these options. */
const warned = (t, options) => warnedBy(t, () => void new LazyLayersCache({ logging: { enabled: true }, ...options }));

/** The names in warnings. */
const namesIn = (lines) => lines.map((line) => /"([^"]+)" of a/.exec(line)[1]);

test('a name that a group of options does not have is told with those that it has', async (t) => {
  assert.deepEqual(await warned(t, { versioning: { enabled: true, on: 1 } }), [
    'option "versioning.on" of a cache is not known and has no effect: versioning takes enabled',
  ]);
});

test('a name that the groups of logs and of the dashboard do not have is told', async (t) => {
  const observability = { enabled: false, port: 1, server: { prot: 1 }, auth: { user: 'a' } };
  assert.deepEqual(namesIn(await warned(t, { logging: { enabled: true, level: 'debug' }, observability })), [
    'logging.level',
    'observability.port',
    'observability.server.prot',
    'observability.auth.user',
  ]);
  assert.deepEqual(await warned(t, { host: 'a', port: 1, prefix: 'p', env: 'e', route: '/' }), []);
});

test('an option of another place, or without its unit, is told with its path', async (t) => {
  assert.deepEqual(await warned(t, { ttl: 1, maxEntries: 10 }), [
    'option "ttl" of a cache is not known and has no effect: "ttlMs" may be meant',
    'option "maxEntries" of a cache is not known and has no effect: "levels.L1.maxEntries" may be meant',
  ]);
});

test('a name with one wrong letter is told', async (t) => {
  const options = { broadcastSets: true, resilence: {}, inflihgt: {}, level: {} };
  assert.deepEqual(await warned(t, options), [
    'option "broadcastSets" of a cache is not known and has no effect: "broadcastSet" may be meant',
    'option "resilence" of a cache is not known and has no effect: "resilience" may be meant',
    'option "inflihgt" of a cache is not known and has no effect: "inflight" may be meant',
    'option "level" of a cache is not known and has no effect: "levels" may be meant',
  ]);
});

test('options of calls that are none are told, each once for a cache', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const lines = await warnedBy(t, async () => {
    for (let call = 0; call < 3; call++) await cache.set('k', 1, { ttl: 1 });
    await cache.getOrSet('l', () => 1, { timeouts: { hard: 5 } });
    await cache.getMany(['m'], async () => [1], { tag: ['a'], partail: true });
    await cache.setMany([['n', 1]], { ttl: 1 });
  });
  assert.deepEqual(lines, [
    'option "ttl" of a call is not known and has no effect: "ttlMs" may be meant',
    'option "timeouts.hard" of a call is not known and has no effect: timeouts takes softMs, hardMs',
    'option "partail" of a call is not known and has no effect: "partial" may be meant',
  ]);
  await cache.close();
});

test('options that a loader sets, and those of functions, are told', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const lines = await warnedBy(t, async () => {
    for (const key of ['a', 'b']) {
      await cache.getOrSet(key, ({ setOptions }) => {
        setOptions({ ttl: 5, etags: 'x', negativeCache: { ttl: 5 }, shouldCache: undefined });
        return 1;
      });
    }
    cache.wrap(String, { key: String, loadmany: () => [], tll: 5, batch: undefined });
    cache.wrap(String, { key: String, loadMany: () => [], batch: { maxSize: 5 } });
  });
  assert.deepEqual(lines, [
    'option "ttl" of a loader is not known and has no effect: "ttlMs" may be meant',
    'option "negativeCache.ttl" of a loader is not known and has no effect: negativeCache takes ' +
      'enabled, ttlMs, maxEntries',
    'option "loadmany" of a call is not known and has no effect: "loadMany" may be meant',
    'option "batch.maxSize" of a call is not known and has no effect: batch takes windowMs, max',
  ]);
  await cache.close();
});

test('in a loader no option is meant that it cannot change', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const options = { hardMs: 5, refreshahead: 0.5, skipTtl: 5, staleTtl: 5 };
  const lines = await warnedBy(t, () => cache.getOrSet('k', ({ setOptions }) => (setOptions(options), 1)));
  assert.deepEqual(lines, [
    'option "staleTtl" of a loader is not known and has no effect: "failSafe.staleTtlMs" may be meant',
  ]);
  await cache.close();
});

test('names that verbs with few options do not have are told', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const directory = await mkdtemp(join(tmpdir(), 'unknown-options-'));
  t.after(() => rm(directory, { recursive: true }));
  const lines = await warnedBy(t, async () => {
    cache.on(() => {}, { type: ['hit'], once: true });
    await cache.save(join(directory, 'file'), { max: 5 });
    cache.advice({ end: true });
    await cache.close({ timeout: 5 });
  });
  assert.deepEqual(lines, [
    'option "on.type" of a call is not known and has no effect: on takes types',
    'option "on.once" of a call is not known and has no effect: on takes types',
    'option "save.max" of a call is not known and has no effect: save takes maxEntries',
    'option "advice.end" of a call is not known and has no effect: advice takes stop',
    'option "close.timeout" of a call is not known and has no effect: close takes timeoutMs',
  ]);
});

test('options of a cache in a call are not told: 0.4.0 has them in its types', async (t) => {
  const options = { logging: { enabled: true }, levels: { L1: { maxEntries: 5, policy: 'lru' } }, broadcastSet: true };
  const cache = new LazyLayersCache(options);
  assert.deepEqual(await warnedBy(t, () => cache.set('k', 1, options)), []);
  await cache.close();
});

test('options of calls for a custom store are not told', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true }, l2: new MapStore() });
  const act = () => cache.getOrSet('k', ({ setOptions }) => (setOptions({ ttl: 1 }), 1), { ttl: 1 });
  assert.deepEqual(await warnedBy(t, act), []);
  await cache.close();
});

test('options of stores and buses that are none are told', async (t) => {
  const makers = {
    MemoryStore: () => new MemoryStore({ maxEntries: 1, levels: { L1: { max: 1 } } }),
    RedisStore: () => new RedisStore('redis://localhost:1', { prefx: 'a', limits: { depth: 1 }, scancount: 1 }).close(),
    RedisEventBus: () => new RedisEventBus('redis://localhost:1', 'c', { retryQueue: { size: 1 }, connectTimeout: 1 }),
    RabbitMQEventBus: () => new RabbitMQEventBus('x', { routingkey: 'a', maxSize: 1 }),
    NatsEventBus: () => new NatsEventBus({ subjects: 'a', jetstream: { durable: 'x' } }),
  };
  const told = {};
  for (const [name, make] of Object.entries(makers)) told[name] = namesIn(await warnedBy(t, make));
  assert.deepEqual(told, {
    MemoryStore: ['maxEntries', 'levels.L1.max'],
    RedisStore: ['prefx', 'limits.depth', 'scancount'],
    RedisEventBus: ['retryQueue.size', 'connectTimeout'],
    RabbitMQEventBus: ['routingkey', 'maxSize'],
    NatsEventBus: ['subjects', 'jetstream.durable'],
  });
});

test('options that cannot be listed are taken as without warnings', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const unlisted = new Proxy({ ttlMs: 60_000 }, { ownKeys: () => assert.fail('they are listed') });
  const lines = await warnedBy(t, () => cache.set('k', 1, unlisted));
  assert.deepEqual(lines, []);
  assert.equal(cache.peek('k'), 1);
  await cache.close();
});

test('what is not given is not told, nor the fields of an object of a class', async (t) => {
  class Options {
    ttlms = 60_000;
    get ttlMs() {
      return this.ttlms;
    }
    get failSafe() {
      return new Fallback();
    }
  }
  class Fallback {
    isOn = true;
    get enabled() {
      return this.isOn;
    }
  }
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const lines = await warnedBy(t, async () => {
    await cache.set('k', 1, new Options());
    await cache.set('k', 1, { ttl: undefined, refreshahead: null, failSafe: { grace: undefined } });
    await cache.set('k', 1, {
      get ttl() {
        return assert.fail('it is asked');
      },
    });
    cache.on(() => {}, { signal: undefined });
    await cache.close(Object.assign(new EventTarget(), { listening: true }));
  });
  assert.deepEqual(lines, []);
});

test('options of another realm are told, as jest has them', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const options = runInNewContext('({ ttl: 5, failSafe: { grace: 5 } })');
  assert.deepEqual(namesIn(await warnedBy(t, () => cache.set('k', 1, options))), ['ttl', 'failSafe.grace']);
  await cache.close();
});

test('a name beside the option that it may mean belongs to somebody else', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const shared = { ttl: 60, ttlMs: 60_000, level: 'info', levels: { L1: { ttlMs: 5 } }, fetch: () => 1 };
  assert.deepEqual(await warnedBy(t, () => cache.set('k', 1, shared)), []);
  await cache.close();
});

test('in a call no option is meant that has no effect there', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  assert.deepEqual(await warnedBy(t, () => cache.set('k', 1, { event: 'a', broadcastSets: true, names: 'b' })), []);
  await cache.close();
  const near = { eventbus: {}, event: [], observabilty: true };
  assert.deepEqual(namesIn(await warned(t, near)), Object.keys(near));
});

test('where nothing is told, or nothing more, options are not listed', async (t) => {
  let listed = 0;
  const options = new Proxy({ ttlMs: 60_000 }, { ownKeys: (target) => (listed++, Reflect.ownKeys(target)) });
  const quiet = new LazyLayersCache({ logging: { env: 'production' } });
  await quiet.set('k', 1, options);
  assert.equal(listed, 0);
  const told = new LazyLayersCache({ logging: { enabled: true } });
  const names = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`name${at}`, 1]));
  await warnedBy(t, () => told.set('k', 1, { failSafe: names }));
  await told.set('k', 1, options);
  assert.equal(listed, 0);
  await Promise.all([quiet.close(), told.close()]);
});

test('a hundred names are told, not more', async (t) => {
  const cache = new LazyLayersCache({ logging: { enabled: true } });
  const lines = await warnedBy(t, async () => {
    for (let at = 0; at < 150; at++) await cache.set('k', 1, { failSafe: { [`name${at}`]: 1 } });
  });
  assert.equal(lines.length, 100);
  await cache.close();
});

test('a bound of a store is that of its own layer', async (t) => {
  const line = (path) => [`option "maxEntries" of a store is not known and has no effect: "${path}" may be meant`];
  assert.deepEqual(
    await warnedBy(t, () => new RedisStore('redis://localhost:1', { maxEntries: 5 }).close()),
    line('levels.L2.maxEntries'),
  );
  assert.deepEqual(await warnedBy(t, () => void new MemoryStore({ maxEntries: 5 })), line('levels.L1.maxEntries'));
});

test("options of a user's own are not told", async (t) => {
  assert.deepEqual(await warned(t, { tenant: 'a', failSafe: null, levels: undefined, region: { ttlMs: 1 } }), []);
});

test('nothing is told where warnings are off', (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  new LazyLayersCache({ logging: { env: 'production' }, ttl: 1 });
  new LazyLayersCache({ logging: { enabled: false }, ttl: 1 });
  assert.equal(warn.mock.callCount(), 0);
});

test('no option of the types is taken for unknown', () => {
  const file = new URL('../types/options.d.ts', import.meta.url);
  const source = ts.createSourceFile(file.pathname, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const interfaces = new Map(
    source.statements.filter(ts.isInterfaceDeclaration).map((declared) => [declared.name.text, declared]),
  );
  /** An object with a property for each of a type, `true` where that is no group of options. */
  const every = (type) => {
    if (type === undefined) return undefined;
    if (ts.isUnionTypeNode(type)) return type.types.map(every).find((group) => group !== undefined);
    if (ts.isTypeLiteralNode(type)) return properties(type.members);
    const declared = interfaces.get((type.typeName ?? type.expression)?.text);
    if (declared === undefined) return undefined;
    const inherited = (declared.heritageClauses ?? []).flatMap(({ types }) => types.map(every));
    return Object.assign({}, ...inherited, properties(declared.members));
  };
  const properties = (members) =>
    Object.fromEntries(
      members.filter(ts.isPropertySignature).map(({ name, type }) => [name.text, every(type) ?? true]),
    );
  const options = Object.assign({}, every(ts.factory.createTypeReferenceNode('HybridCacheOptions')));
  assert.ok('L1' in options.levels && 'maxBytes' in options.levels.L1 && 'failSafe' in options);
  assert.deepEqual(ofCaches.unknownIn(options), []);
  assert.equal(ofCaches.unknownIn({ ...options, tll: 1, failSafe: { ...options.failSafe, ttl: 1 } }).length, 1);
});
