// The etag that a value in Redis has beside it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { unpack } from 'msgpackr';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { redisServer } from '../support/servers/redis.mjs';
import { standIn } from './kinds.mjs';

const ends = [];
let server;
let redis;
before(async () => {
  server = await redisServer({ after: (end) => ends.push(end) });
  redis = server.client();
  ends.unshift(() => redis.disconnect());
});
after(async () => {
  for (const end of ends) await end();
});

const PREFIX = 'notes:';
const failSafe = { enabled: true, staleTtlMs: 60_000 };

function instance(t, options, client = server.url) {
  const l2 = new RedisStore(client, { prefix: PREFIX });
  const cache = new LazyLayersCache({ l2, logging: { enabled: false }, ...options });
  t.after(async () => {
    await cache.close();
    await l2.close();
  });
  return cache;
}

/** Loads a value with an etag. */
const load = (cache, key, etag, options) =>
  cache.getOrSet(key, ({ setOptions }) => (setOptions({ etag }), { key }), options);

/** The stale value as the next loader of a key gets it, which finds it unchanged. */
async function staleOf(cache, key) {
  let seen;
  await cache.getOrSet(key, (context) => ((seen = context.stale), context.notModified()));
  return seen;
}

const WAYS = {
  'by a connection': () => server.url,
  'by a stand-in': (t) => {
    const client = server.client();
    t.after(() => client.disconnect());
    return standIn(client);
  },
};

for (const [way, clientOf] of Object.entries(WAYS)) {
  test(`an instance that reads a value gets its etag, ${way}`, async (t) => {
    const [one, other, many] = [0, 1, 2].map(() => instance(t, { failSafe }, clientOf(t)));
    await load(one, `k ${way}`, 'W/"v1"');
    await load(one, `tagged ${way}`, '"v2"', { tags: ['t'] });
    assert.deepEqual(await other.get(`k ${way}`), { key: `k ${way}` });
    await many.getMany([`k ${way}`, `tagged ${way}`]);
    await other.expire(`k ${way}`);
    assert.equal((await staleOf(other, `k ${way}`)).etag, 'W/"v1"');
    await many.expire(`tagged ${way}`);
    assert.equal((await staleOf(many, `tagged ${way}`)).etag, '"v2"');
    const late = instance(t, { failSafe }, clientOf(t));
    await late.get(`k ${way}`);
    await late.expire(`k ${way}`);
    assert.equal((await staleOf(late, `k ${way}`)).etag, 'W/"v1"', 'an extended value keeps it there');
  });
}

test('others read the value, and one without an etag is what it was, byte by byte', async (t) => {
  const plain = instance(t, {});
  const noting = instance(t, { failSafe, xfetch: 0, refreshAhead: 0.8 });
  await plain.getOrSet('plain', () => ({ key: 'x' }));
  await noting.getOrSet('noting', () => ({ key: 'x' }));
  await load(noting, 'x', 'v1');
  const [plainly, noted, withEtag] = await Promise.all(
    ['plain', 'noting', 'x'].map((key) => redis.getBuffer(`${PREFIX}${key}`)),
  );
  assert.deepEqual(noted, plainly);
  assert.equal(withEtag.toString('latin1', 0, 4), 'HC1G');
  assert.deepEqual(unpack(gunzipSync(withEtag.subarray(4))), { key: 'x' });
});

test('a value that is written has no etag, and one that is too long is left out', async (t) => {
  const [one, other] = [instance(t, { failSafe }), instance(t, { failSafe })];
  await load(one, 'written', 'v1');
  await one.set('written', 1);
  await load(one, 'long', 'x'.repeat(5000));
  assert.deepEqual(
    await other.getMany(['written', 'long']),
    new Map([
      ['written', 1],
      ['long', { key: 'long' }],
    ]),
  );
  for (const key of ['written', 'long']) {
    await other.expire(key);
    assert.equal((await staleOf(other, key)).etag, undefined);
  }
});
