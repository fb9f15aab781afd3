import assert from 'node:assert/strict';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import {
  LazyLayersCache,
  MemoryStore,
  TELEMETRY_CHANNEL_NAME,
  hasTelemetrySubscribers,
  publishTelemetry,
  subscribeTelemetry,
} from '../index.mjs';
import { turns } from './support/deferred.mjs';

/** Collects events that are published while `work` runs. */
async function collect(work) {
  const seen = [];
  const stop = subscribeTelemetry((event) => seen.push(event));
  try {
    await work();
  } finally {
    stop();
  }
  return seen;
}

test('the channel is named lazycache:cache:event', () => {
  assert.equal(TELEMETRY_CHANNEL_NAME, 'lazycache:cache:event');
});

test('subscribers hear the events of every cache', async () => {
  const seen = await collect(async () => {
    await new LazyLayersCache().set('a', 1);
    await new LazyLayersCache().get('b');
  });
  assert.deepEqual(
    seen.map(({ type, key }) => [type, key]),
    [
      ['set', 'a'],
      ['miss', 'b'],
    ],
  );
});

test("telemetry carries the same fields as the cache's own events", async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  const [event] = await collect(() => cache.get('k'));
  assert.equal(event.type, 'hit');
  assert.equal(event.key, 'k');
  assert.equal(event.level, 'L1');
});

test('subscribeTelemetry returns a function that ends the subscription', async () => {
  const seen = [];
  const stop = subscribeTelemetry((event) => seen.push(event));
  stop();
  await new LazyLayersCache().set('k', 1);
  assert.deepEqual(seen, []);
});

test('the channel can be subscribed to directly', async () => {
  const seen = [];
  const listener = (event, name) => seen.push([event.type, name]);
  subscribe(TELEMETRY_CHANNEL_NAME, listener);
  try {
    await new LazyLayersCache().set('k', 1);
  } finally {
    unsubscribe(TELEMETRY_CHANNEL_NAME, listener);
  }
  assert.deepEqual(seen, [['set', TELEMETRY_CHANNEL_NAME]]);
});

test('hasTelemetrySubscribers tells whether anyone listens', () => {
  assert.equal(hasTelemetrySubscribers(), false);
  const stop = subscribeTelemetry(() => {});
  assert.equal(hasTelemetrySubscribers(), true);
  assert.equal(channel(TELEMETRY_CHANNEL_NAME).hasSubscribers, true);
  stop();
  assert.equal(hasTelemetrySubscribers(), false);
});

test('publishTelemetry reaches the subscribers of the channel', async () => {
  const event = { type: 'hit', key: 'made by hand', level: 'L1' };
  const seen = await collect(async () => publishTelemetry(event));
  assert.deepEqual(seen, [event]);
});

test('publishTelemetry without subscribers does nothing', () => {
  publishTelemetry({ type: 'hit', key: 'k', level: 'L1' });
});

test('a subscriber that comes later hears of existing caches', async () => {
  const cache = new LazyLayersCache();
  await cache.set('k', 1);
  await cache.get('k');
  const seen = await collect(async () => {
    await cache.get('k');
    await cache.getOrSet('loaded', () => 1);
  });
  assert.equal(seen[0].type, 'hit');
  assert.ok(seen.some((event) => event.type === 'loader:success'));
});

test('events of a cache in a MemoryStore are told once, by the cache', async () => {
  class Own extends MemoryStore {
    get(key) {
      return super.get(key);
    }
  }
  for (const layers of [{ l1: new MemoryStore() }, { l1: new Own() }, { l1: false, l2: new MemoryStore() }]) {
    const cache = new LazyLayersCache(layers);
    const heard = await collect(async () => {
      await cache.set('k', 1);
      await cache.get('k');
      await cache.get('absent');
    });
    assert.deepEqual(
      heard.map((event) => event.type),
      ['set', 'hit', 'miss'],
    );
  }
});

test('telemetry and handlers hear the same events', async () => {
  const cache = new LazyLayersCache();
  const own = [];
  cache.on((event) => own.push(event.type));
  const seen = await collect(async () => {
    await cache.getOrSet('k', () => 1);
    await cache.delete('k');
  });
  assert.deepEqual(
    seen.map((event) => event.type),
    own,
  );
});

test('a subscriber that throws or rejects is logged and disturbs nothing', async (t) => {
  const logged = t.mock.method(console, 'error', () => {});
  const failure = new Error('subscriber');
  const fail = () => {
    throw failure;
  };
  // Errors that are the same to the word are logged once a second: of two events they are not.
  const throwing = subscribeTelemetry(fail);
  const cache = new LazyLayersCache();
  const seen = await collect(() => cache.set('k', 1));
  throwing();
  const rejecting = subscribeTelemetry(async () => fail());
  seen.push(...(await collect(() => cache.delete('k'))));
  rejecting();
  await turns();
  assert.deepEqual(
    seen.map((event) => event.type),
    ['set', 'delete'],
  );
  assert.deepEqual(
    logged.mock.calls.map((call) => call.arguments.at(-1)),
    [failure, failure],
  );
});
