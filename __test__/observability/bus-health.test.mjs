import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { LOGIN } from './plain.mjs';

const made = [];

afterEach(async () => {
  for (const cache of made.splice(0)) await cache.close();
});

/** The answer of `api/bus` about a bus with this `healthCheck`. */
async function told(healthCheck) {
  const eventBus = { publish: async () => {}, subscribe: () => () => {}, ...(healthCheck && { healthCheck }) };
  const observability = { enabled: true, quiet: true, server: false };
  const cache = new LazyLayersCache({ logging: { enabled: false }, eventBus, observability });
  made.push(cache);
  const request = new Request('http://h/observelazyily/api/bus', { headers: { authorization: LOGIN } });
  return (await cache.getObservabilityHandler().handle(request)).json();
}

test('the dashboard shows the queue of a bus, and nothing that could be a secret', async () => {
  const { transport, health } = await told(async () => ({
    ok: true,
    transport: 'own',
    queued: 3,
    dropped: 0,
    subscribed: true,
    url: 'redis://user:password@host',
    channel: { nested: 'password' },
  }));
  assert.equal(transport, 'own');
  assert.deepEqual(health, { ok: true, transport: 'own', queued: 3, dropped: 0, subscribed: true });
});

test('a bus that is asked for its health is asked once', async () => {
  let asked = 0;
  await told(async () => {
    asked += 1;
    return { ok: true, transport: 'own', queued: 1 };
  });
  assert.equal(asked, 1);
});

test('a health check that fails is said, one that is not there is none', async () => {
  const failed = await told(async () => {
    throw new Error('no route');
  });
  assert.deepEqual(failed.health, { ok: false, transport: 'unknown', error: 'Error: no route' });
  assert.equal((await told(undefined)).health, null);
});
