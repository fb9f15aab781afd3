import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { pass, until } from '../support/deferred.mjs';
import { proxyTo } from '../support/tcp-proxy.mjs';
import { PublishedLayout } from './published-layout.mjs';
import { nextPrefix, sharedServer } from './shared-server.mjs';

const { server, redis, storeOf } = await sharedServer();

const HOUR = 3_600_000;

const isEntry = (prefix, name) => !/^__(index|lock|marks)/.test(name.slice(prefix.length));
const entries = async (prefix) => (await redis.keys(`${prefix}*`)).filter((name) => isEntry(prefix, name)).sort();
const listed = async (prefix) => (await redis.zrange(`${prefix}__index`, 0, -1)).sort();

for (const kind of ['a URL', 'a stand-in']) {
  test(`${kind}: an entry that is written while a read of it misses is found by a pattern`, async (t) => {
    const store = storeOf(t, kind);
    for (let at = 0; at < 100; at += 1) {
      const read = store.get(`k${at}`);
      await store.set(`k${at}`, at);
      await read;
    }
    // Commands that the reads sent after they were answered have arrived, too.
    await store.get('other');
    await store.clear();
    assert.deepEqual(await entries(store.prefix), []);
  });

  test(`${kind}: a large value that is still being gzipped is found by a pattern, also where others look for it`, async (t) => {
    const [store, reader] = [storeOf(t, kind), storeOf(t, kind)];
    const other = storeOf(t, kind, { prefix: store.prefix });
    const large = randomBytes(60_000).toString('hex');
    for (let at = 0; at < 10; at += 1) {
      const writing = new AbortController();
      const written = store.set(`k${at}`, large).finally(() => writing.abort());
      while (!writing.signal.aborted) await Promise.all([other.get(`k${at}`), reader.get('x')]);
      await written;
    }
    await other.clear();
    assert.deepEqual(await entries(store.prefix), []);
  });

  test(`${kind}: values that eight instances load under the lock are stored, and found by a pattern`, async (t) => {
    const prefix = nextPrefix();
    // A call that took too long would count as failed, and a few of them would have the others skipped.
    const patient = { prefix, commandTimeoutMs: HOUR };
    const distributedLock = { enabled: true, pollMs: 1, ttlMs: HOUR, waitTimeoutMs: HOUR };
    const caches = Array.from({ length: 8 }, () => {
      const l2 = storeOf(t, kind, patient);
      return new LazyLayersCache({ l1: false, l2, distributedLock, resilience: { l2TimeoutMs: 0 } });
    });
    t.after(() => Promise.all(caches.map((cache) => cache.close())));
    const keys = Array.from({ length: 50 }, (_, at) => `k${at}`);
    await Promise.all(caches.flatMap((cache) => keys.map((key) => cache.getOrSet(key, async () => key))));
    assert.deepEqual(await entries(prefix), keys.map((key) => prefix + key).sort());
    await storeOf(t, kind, patient).clear();
    assert.deepEqual(await entries(prefix), []);
  });

  test(`${kind}: whatever several instances do at once, the entries that are there in the end are listed`, async (t) => {
    const prefix = nextPrefix();
    const stores = Array.from({ length: 3 }, () => storeOf(t, kind, { prefix }));
    const random = (most) => Math.floor(Math.random() * most);
    const act = async (store) => {
      for (let round = 0; round < 200; round += 1) {
        const key = `k${random(10)}`;
        const verb = random(10);
        if (verb < 4) await store.set(key, round, { ttlMs: random(2) === 0 ? 5 : 60_000 });
        else if (verb < 8) await store.get(key);
        else if (verb < 9) await store.delete(key);
        else await store.deleteByPattern('k1*');
      }
    };
    await Promise.all(stores.flatMap((store) => [act(store), act(store)]));
    const members = new Set(await listed(prefix));
    assert.deepEqual(
      (await entries(prefix)).filter((name) => !members.has(name)),
      [],
    );
  });

  test(`${kind}: entries that are over leave the index with later writes, and are not counted`, async (t) => {
    const store = storeOf(t, kind);
    for (let from = 0; from < 2000; from += 200) {
      await Promise.all(Array.from({ length: 200 }, (_, at) => store.set(`short${from + at}`, at, { ttlMs: 100 })));
    }
    await Promise.all(Array.from({ length: 20 }, (_, at) => store.set(`long${at}`, at)));
    await pass(100);
    assert.equal(await store.size(), 20);
    for (let at = 0; at < 1000; at += 1) await store.set(`long${at % 20}`, at);
    await until(async () => (await redis.zcard(`${store.prefix}__index`)) <= 40, 'they have left it');
    assert.equal(await store.size(), 20);
  });

  test(`${kind}: entries that are over push no live ones out of maxEntries`, async (t) => {
    const store = storeOf(t, kind, { levels: { L2: { maxEntries: 100 } } });
    await store.set('oldest', 1);
    await Promise.all(Array.from({ length: 90 }, (_, at) => store.set(`short${at}`, at, { ttlMs: 50 })));
    await pass(50);
    for (let at = 0; at < 90; at += 1) await store.set(`long${at}`, at);
    assert.equal(await store.has('oldest'), true);
    assert.equal(await store.size(), 91);
    for (let at = 0; at < 20; at += 1) await store.set(`more${at}`, at);
    assert.equal(await store.size(), 100);
    assert.equal((await entries(store.prefix)).length, 100);
    assert.equal(await store.has('oldest'), false);
  });

  test(`${kind}: entries of 0.4.0 stay listed while they live, and leave the index once they do not`, async (t) => {
    const store = storeOf(t, kind);
    const theirs = new PublishedLayout(redis, store.prefix);
    await Promise.all(Array.from({ length: 50 }, (_, at) => theirs.set(`live${at}`, at, 60_000)));
    await Promise.all(Array.from({ length: 1000 }, (_, at) => theirs.set(`dead${at}`, at, 1)));
    await pass(5);
    for (let at = 0; at < 1500; at += 1) await store.set(`ours${at % 10}`, at);
    await until(async () => {
      await store.set('ours0', 0);
      return (await redis.zcard(`${store.prefix}__index`)) <= 120;
    }, 'those that are gone have left it');
    assert.equal(await store.size(), 60);
    const members = await listed(store.prefix);
    assert.equal(members.filter((name) => name.startsWith(`${store.prefix}live`)).length, 50);
  });

  test(`${kind}: an entry that 0.4.0 writes anew for longer stays listed`, async (t) => {
    const store = storeOf(t, kind);
    const theirs = new PublishedLayout(redis, store.prefix);
    await store.set('k', 'ours', { ttlMs: 30 });
    await theirs.set('k', 'theirs', 60_000);
    await pass(30);
    for (let at = 0; at < 100; at += 1) await store.set('other', at);
    assert.equal(await store.size(), 2);
    await store.clear();
    assert.equal(await theirs.get('k'), undefined);
  });

  test(`${kind}: an entry that cannot be listed is not written`, async (t) => {
    const store = storeOf(t, kind);
    await redis.set(`${store.prefix}__index`, 'text');
    await assert.rejects(store.set('k', 1), /WRONGTYPE/);
    assert.equal(await redis.exists(`${store.prefix}k`), 0);
  });
}

test('the set beside the index is neither an entry nor shown, also where no index is kept', async (t) => {
  const store = storeOf(t, 'a URL');
  await store.set('k', 1);
  const without = storeOf(t, 'a URL', { prefix: store.prefix, useIndex: false });
  assert.equal(await without.size(), 1);
  const shown = [];
  for (let page = {}; page !== undefined; page = page.cursor === undefined ? undefined : page) {
    page = await without.inspect({ cursor: page.cursor });
    shown.push(...page.keys.map(({ key }) => key));
  }
  assert.deepEqual(shown, ['k']);
  await without.clear();
  assert.deepEqual(await entries(store.prefix), []);
  assert.equal(await store.size(), 1, "the index is another's to keep");
  await store.get('k');
  assert.equal(await store.size(), 0);
});

test('a server that forgets its scripts is told them again', async (t) => {
  const store = storeOf(t, 'a URL');
  await store.set('a', 1);
  await store.delete('a');
  await redis.script('FLUSH');
  await Promise.all([store.set('a', 1), store.set('b', 2), store.delete('c')]);
  await redis.script('FLUSH');
  await store.delete('a');
  assert.deepEqual([await store.get('a'), await store.get('b'), await store.size()], [undefined, 2, 1]);
});

test('a connection that is cut in the middle of writes leaves none that no pattern finds', async (t) => {
  const proxy = await proxyTo(t, server.port);
  const prefix = nextPrefix();
  const cut = new RedisStore(proxy.url, { prefix });
  const whole = storeOf(t, 'a URL', { prefix });
  for (let round = 0; round < 20; round += 1) {
    await until(
      () =>
        cut.set('ready', round).then(
          () => true,
          () => false,
        ),
      'it is connected',
    );
    const writes = Array.from({ length: 100 }, (_, at) => cut.set(`k${round}:${at}`, 'x'.repeat(500)).catch(() => {}));
    await new Promise(setImmediate);
    proxy.cut();
    await Promise.all(writes);
  }
  const members = new Set(await listed(prefix));
  assert.deepEqual(
    (await entries(prefix)).filter((name) => !members.has(name)),
    [],
  );
  await whole.clear();
  assert.deepEqual(await entries(prefix), []);
});
