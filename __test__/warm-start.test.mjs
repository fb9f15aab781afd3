import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisEventBus, RedisStore } from '../index.mjs';
import { manualClock } from '../entry/testing.mjs';
import { until } from './support/deferred.mjs';
import { MemoryHub } from './support/memory-bus.mjs';
import { redisServer } from './support/servers/redis.mjs';

const folder = mkdtempSync(join(tmpdir(), 'lazy-warm-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const someFile = () => join(folder, `warm-${++files}`);
const quiet = { logging: { enabled: false } };

/** The warnings as a cache is made. */
function warnings(t, options) {
  const warn = t.mock.method(console, 'warn', () => {});
  const cache = new LazyLayersCache({ logging: { enabled: true }, ...options });
  warn.mock.restore();
  return { cache, lines: warn.mock.calls.map(({ arguments: [, line] }) => line) };
}

async function saved(values, options = {}) {
  const cache = new LazyLayersCache({ ...quiet, ...options });
  await cache.setMany(values);
  const file = someFile();
  await cache.save(file);
  return file;
}

test('a cache takes back saved entries, with their values and the rest of their lives', async () => {
  const clock = manualClock();
  try {
    const first = new LazyLayersCache({ ...quiet, ttlMs: 60_000 });
    const value = { list: [new Date(5)], bytes: Buffer.from('abc') };
    await first.set('k', value);
    await first.set('short', 1, { ttlMs: 10_000 });
    await first.set('endless', 1, { ttlMs: Infinity });
    await clock.advance(5000);
    const file = someFile();
    assert.deepEqual(await first.save(file), { entries: 3 });
    await clock.advance(6000);
    const second = new LazyLayersCache({ ...quiet, warm: file, ttlMs: 0 });
    assert.deepEqual(second.peek('k'), value);
    assert.equal((await second.getEntry('k')).ttlMs, 49_000);
    assert.equal(second.peek('short'), undefined);
    assert.equal((await second.getEntry('endless')).ttlMs, Infinity);
    assert.equal((await second.getEntry('k')).ageMs, undefined);
  } finally {
    clock.restore();
  }
});

test('an entry lives no longer than one that the cache stores now', async () => {
  const file = await saved({ k: 1 });
  const cache = new LazyLayersCache({ ...quiet, warm: file, ttlMs: 1000 });
  assert.ok((await cache.getEntry('k')).ttlMs <= 1000);
});

test('the most recent entries are saved, and stay the most recent', async () => {
  const first = new LazyLayersCache(quiet);
  for (const key of ['a', 'b', 'c', 'd']) await first.set(key, key);
  await first.get('a');
  const file = someFile();
  assert.deepEqual(await first.save(file, { maxEntries: 3 }), { entries: 3 });
  const second = new LazyLayersCache({ ...quiet, warm: file, levels: { L1: { maxEntries: 3 } } });
  assert.equal(second.peek('b'), undefined);
  await second.set('e', 1);
  assert.equal(second.peek('c'), undefined);
  assert.deepEqual([second.peek('a'), second.peek('d')], ['a', 'd']);
});

test('thousands of entries are saved in slices', async () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`k${at}`, { at }]));
  const file = await saved(many, { levels: { L1: { maxEntries: 5000 } } });
  const cache = new LazyLayersCache({ ...quiet, warm: file, levels: { L1: { maxEntries: 5000 } } });
  assert.equal(await cache.size(), 3000);
  assert.deepEqual(await cache.get('k1234'), { at: 1234 });
});

test('the file is taken back once: a later start would bring back deleted entries', async () => {
  const file = await saved({ k: 1 });
  const first = new LazyLayersCache({ ...quiet, warm: file });
  await first.delete('k');
  assert.equal(new LazyLayersCache({ ...quiet, warm: file }).peek('k'), undefined);
});

test('each key is taken back as it was, or not at all', async () => {
  const keys = ['__proto__', 'constructor', '', '🙂', 'a\0b', 'x'.repeat(100_000), '\ufffd'];
  const halves = ['\ud800', 'a\udc00b'];
  const file = await saved([...halves, ...keys].map((key) => [key, `of ${key}`]));
  const next = new LazyLayersCache({ ...quiet, warm: file });
  assert.deepEqual(
    keys.map((key) => next.peek(key)),
    keys.map((key) => `of ${key}`),
  );
  assert.equal(await next.size(), keys.length);
});

test('closing while entries are saved rejects the save: its file would have some of them', async () => {
  const cache = new LazyLayersCache(quiet);
  await cache.setMany(Array.from({ length: 3000 }, (_, at) => [`k${at}`, at]));
  const file = someFile();
  const save = cache.save(file);
  await cache.close();
  await assert.rejects(save, { code: 'CACHE_CLOSED' });
  assert.equal(existsSync(file), false);
});

test('values that cannot be packed are left out', async () => {
  const cache = new LazyLayersCache(quiet);
  await cache.set('unpackable', {
    get part() {
      throw new Error('no');
    },
  });
  await cache.set('plain', 1);
  const file = someFile();
  assert.deepEqual(await cache.save(file), { entries: 1 });
  const next = new LazyLayersCache({ ...quiet, warm: file });
  assert.equal(next.peek('plain'), 1);
});

test('tags come back with their entries', async () => {
  const cache = new LazyLayersCache(quiet);
  await cache.set('a', 1, { tags: ['t', 'a'] });
  await cache.set('b', 2, { tags: ['b'] });
  const file = someFile();
  assert.deepEqual(await cache.save(file), { entries: 2 });
  const next = new LazyLayersCache({ ...quiet, warm: file });
  assert.deepEqual((await next.getEntry('a')).tags, ['t', 'a']);
  await next.deleteByTag('t');
  assert.deepEqual([next.peek('a'), next.peek('b')], [undefined, 2]);
});

/** Makes caches over one Redis. */
async function overRedis(t) {
  const server = await redisServer(t);
  const busOf = () => {
    const bus = new RedisEventBus(server.url, 'warm', quiet);
    t.after(() => bus.disconnect());
    return bus;
  };
  const make = (options) => {
    const l2 = new RedisStore(server.url);
    const cache = new LazyLayersCache({ ...quiet, ...options, l2 });
    t.after(async () => {
      await cache.close();
      await l2.close();
    });
    return cache;
  };
  return { make, busOf };
}

test('over Redis entries with tags are read again: their tags may have been deleted elsewhere', async (t) => {
  const { make } = await overRedis(t);
  const cache = make();
  await cache.set('stays', 1, { tags: ['stays'] });
  await cache.set('goes', 1, { tags: ['goes'] });
  await cache.set('plain', 1);
  const file = someFile();
  await cache.save(file);
  await make().deleteByTag('goes');
  const next = make({ warm: file });
  assert.deepEqual([next.peek('plain'), next.peek('stays')], [1, undefined]);
  await next.drain();
  assert.deepEqual([next.peek('stays'), next.peek('goes')], [1, undefined]);
});

for (const isUp of [true, false]) {
  test(`over Redis and on a bus that is ${isUp ? 'up' : 'not up yet'} all entries are read again`, async (t) => {
    const { make, busOf } = await overRedis(t);
    const isSubscribed = (bus) => until(async () => (await bus.healthCheck()).subscribed, 'subscribed');
    const first = busOf();
    const cache = make({ eventBus: first });
    await isSubscribed(first);
    await cache.setMany(Array.from({ length: 300 }, (_, at) => [`k${at}`, at]));
    const file = someFile();
    assert.deepEqual(await cache.save(file), { entries: 300 });
    const other = make();
    await other.delete('k0');
    await other.set('k1', 'new');
    const eventBus = busOf();
    if (isUp) {
      make({ eventBus });
      await isSubscribed(eventBus);
    }
    const next = make({ warm: file, eventBus });
    assert.equal(next.peek('k1'), undefined, 'not out of the file');
    await until(() => next.peek('k299') === 299, 'they are read');
    await next.drain();
    assert.deepEqual([next.peek('k0'), next.peek('k1'), next.peek('k2')], [undefined, 'new', 2]);
  });
}

test('a file that is none, damaged, cut short or of another version is an empty start with one line', async (t) => {
  const whole = readFileSync(await saved({ k: 1 }));
  const changed = Buffer.from(whole);
  changed[20] ^= 1;
  const version = Buffer.from(whole);
  version.write('LLCWARM9', 'latin1');
  const all = [Buffer.alloc(0), Buffer.from('hello'), changed, version, Buffer.concat([whole, whole])];
  for (let length = 1; length < whole.length; length += 7) all.push(whole.subarray(0, length));
  for (const bytes of all) {
    const file = someFile();
    writeFileSync(file, bytes);
    const { cache, lines } = warnings(t, { warm: file });
    assert.equal(await cache.size(), 0);
    assert.equal(lines.length, 1);
    assert.match(lines[0], /nothing is taken back from/);
  }
});

test('no file is an empty start without a line, and a folder one with a line', (t) => {
  assert.deepEqual(warnings(t, { warm: someFile() }).lines, []);
  assert.match(warnings(t, { warm: folder }).lines[0], /nothing is taken back from/);
});

test('a file of another cache, or from after a clock was put back, is not taken back', async (t) => {
  const file = await saved({ k: 1 }, { name: 'users' });
  const { cache, lines } = warnings(t, { warm: file, name: 'posts' });
  assert.equal(cache.peek('k'), undefined);
  assert.match(lines[0], /it is of the cache "users"/);
  const later = await saved({ k: 1 });
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 });
  assert.match(warnings(t, { warm: later }).lines[0], /the clock was put back/);
  t.mock.timers.reset();
});

test('with a bus nothing is taken back: deletes of others may have been missed', async (t) => {
  const file = await saved({ k: 1 });
  const { cache, lines } = warnings(t, { warm: file, eventBus: new MemoryHub().bus(), name: 'x' });
  assert.equal(cache.peek('k'), undefined);
  assert.match(lines.join(), /on the event bus/);
});

test('a file is written as a whole, and nothing is left beside it when it cannot be', async () => {
  const cache = new LazyLayersCache(quiet);
  await cache.set('k', 1);
  const before = readdirSync(folder).length;
  await assert.rejects(cache.save(join(folder, 'none', 'warm')), { code: 'ENOENT' });
  await assert.rejects(cache.save(folder), { code: /EISDIR|ENOTEMPTY|EEXIST|EPERM/ });
  assert.equal(readdirSync(folder).length, before);
});

test('caches without an L1 of their own refuse', async () => {
  for (const options of [{ l1: false }, { l1: new MemoryStore() }, { versioning: { enabled: true } }]) {
    assert.throws(() => new LazyLayersCache({ ...options, warm: 'file' }), {
      code: 'INVALID_OPTION',
      message: /"warm" must be left out without an L1 of its own/,
    });
  }
  assert.throws(() => new LazyLayersCache({ warm: 7 }), { code: 'INVALID_OPTION' });
  await assert.rejects(new LazyLayersCache({ l1: false }).save('file'), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(new LazyLayersCache().save(''), { code: 'INVALID_ARGUMENT' });
  const closed = new LazyLayersCache();
  await closed.close();
  await assert.rejects(closed.save('file'), { code: 'CACHE_CLOSED' });
});

test('an entry that cannot be read is left out, with one line', async (t) => {
  const file = await saved([
    ['old', 1],
    ['hot', 2],
  ]);
  const payload = Buffer.from('HC1M\xc1', 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(payload.length);
  const bytes = Buffer.concat([readFileSync(file).subarray(0, -32), length, payload]);
  writeFileSync(file, Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]));
  const { cache, lines } = warnings(t, { warm: file });
  assert.deepEqual([cache.peek('old'), cache.peek('hot')], [1, 2]);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /1 entries .* cannot be read/);
});
