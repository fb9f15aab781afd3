// Answers that reach the thread together, while users' code runs between them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache, RedisStore } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';
import { redisServer } from './support/servers/redis.mjs';

const never = () => new Promise(() => {});

/** Keeps the thread busy, so that operations that end meanwhile are answered together. */
function busy(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A cache over a store that does not answer before it is told to. */
function held() {
  const l2 = new MapStore();
  const gate = l2.hold('get');
  return { cache: new LazyLayersCache({ l2, l1: false, resilience: { l2TimeoutMs: 0 } }), gate };
}

test('a request that is made while a cache is closed is not cancelled with those of the cache', async () => {
  const closed = new LazyLayersCache();
  const { cache: other, gate } = held();
  const made = {};
  const listen = ({ signal }) => {
    signal.addEventListener('abort', () => {
      // Meanwhile the limit of the second load passes; the call settles it, and the next gets its id.
      busy(150);
      made.settling = other.has('anything');
      made.request = other.getOrSet('k', () => 'loaded');
    });
    return never();
  };
  const first = closed.getOrSet('first', listen, { timeouts: { hardMs: 60_000 } });
  const second = closed.getOrSet('second', never, { timeouts: { hardMs: 100 } });
  const ends = Promise.allSettled([first, second]);
  await closed.close({ timeoutMs: 1 });
  await ends;
  gate.release();
  assert.equal(await made.request, 'loaded');
  await made.settling;
});

test('a request that is made between the answers of a batch gets no answer of another', async () => {
  const { cache: other, gate } = held();
  const requests = {};
  const cache = new LazyLayersCache({ timeouts: { hardMs: 30 } });
  const loads = ['a', 'b', 'c'].map((key) =>
    cache.getOrSet(key, ({ signal }) => {
      signal.addEventListener('abort', () => (requests[key] = other.getOrSet(`of ${key}`, () => `loaded for ${key}`)));
      return never();
    }),
  );
  const ends = Promise.allSettled(loads);
  busy(60);
  for (const end of await ends) assert.match(end.reason?.message, /hard-timeout/);
  gate.release();
  // The limits may pass in any order.
  for (const key of ['a', 'b', 'c']) assert.equal(await requests[key], `loaded for ${key}`);
});

test('callers who joined a load find it, though its loader finds nothing at once', async (t) => {
  const server = await redisServer(t);
  const cache = new LazyLayersCache({ l1: false, l2: new RedisStore(server.url) });
  t.after(() => cache.close());
  for (let round = 0; round < 5; round += 1) {
    const callers = Array.from({ length: 50 }, () => cache.getOrSet(`k${round}`, () => undefined));
    assert.deepEqual(new Set(await Promise.all(callers)), new Set([undefined]));
  }
});

test('an answer that cannot be taken leaves the others of its batch as they are', async (t) => {
  const { AbortController } = globalThis;
  t.after(() => Object.assign(globalThis, { AbortController }));
  globalThis.AbortController = class extends AbortController {
    abort() {
      throw new Error('this signal cannot be aborted');
    }
  };
  const cache = new LazyLayersCache({ timeouts: { hardMs: 30 } });
  const broken = cache.getOrSet('a', ({ signal }) => never(signal));
  const sound = cache.getOrSet('b', never);
  const ends = Promise.allSettled([broken, sound]);
  busy(60);
  const [first, second] = await ends;
  assert.match(first.reason.message, /cannot be aborted/);
  assert.match(second.reason.message, /hard-timeout/);
});
