// Answers of the dashboard's page that come after who asked has gone, and values that are too large for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { deferred, until } from '../support/deferred.mjs';
import { MapStore } from '../support/map-store.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { LOGIN } from './plain.mjs';

function served(t, options) {
  const cache = new LazyLayersCache({
    logging: { enabled: false },
    ...options,
    observability: { enabled: true, quiet: true, maxValueBytes: 1000, server: { port: 0 } },
  });
  t.after(() => cache.close());
  return cache;
}

async function ask(cache, path, signal) {
  const { url } = cache.getObservabilityServer();
  const answer = await fetch(`${url}/${path}`, { headers: { authorization: LOGIN }, signal });
  return answer.json();
}

const listening = (cache) => until(() => cache.getObservabilityServer()?.server?.listening !== false, 'it is served');

test('an answer to who has gone is not that of the next question', async (t) => {
  const gates = { a: deferred(), b: deferred() };
  const asked = { a: deferred(), b: deferred() };
  const store = Object.assign(new MapStore(), {
    inspect: async ({ match }) => {
      const which = match[0];
      asked[which].resolve();
      await gates[which].promise;
      return { size: 1, keys: [{ key: match }] };
    },
  });
  const cache = served(t, { l2: store });
  await listening(cache);
  const gone = new AbortController();
  const first = ask(cache, 'api/l2?match=a*', gone.signal);
  await asked.a.promise;
  gone.abort();
  await assert.rejects(first);
  // The server has heard of it once it answers another question.
  await ask(cache, 'api/config');
  const second = ask(cache, 'api/l2?match=b*');
  await asked.b.promise;
  gates.a.resolve();
  // Long enough for the first answer to arrive, if it is sent to anybody.
  await ask(cache, 'api/config');
  gates.b.resolve();
  assert.equal((await second).keys[0].key, 'b*');
});

test('a value of another instance beyond maxValueBytes is not kept with its event', async (t) => {
  const hub = new MemoryHub();
  const cache = served(t, { eventBus: hub.bus() });
  await listening(cache);
  const event = { type: 'set', source: 'other', ts: Date.now() };
  await hub.deliver({ ...event, keys: ['small'], value: 'x', id: '1' });
  await hub.deliver({ ...event, keys: ['large'], value: 'x'.repeat(100_000), id: '2' });
  const { events } = await ask(cache, 'api/events?limit=50');
  const told = events.filter(({ type }) => type === 'invalidation:received').map(({ data }) => data.event);
  const [large, small] = told.map(({ keys, value, truncated }) => ({ keys, value: value?.length, truncated }));
  assert.deepEqual(small, { keys: ['small'], value: 1, truncated: undefined });
  assert.deepEqual(large, { keys: ['large'], value: undefined, truncated: true });
});
