// The handler of a dashboard whose cache is closed, and answers about layers that fail in odd ways.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { deferred } from '../support/deferred.mjs';
import { MapStore } from '../support/map-store.mjs';

const OPEN = { enabled: true, quiet: true, server: false, auth: { disabled: true }, actions: true };
const cacheOf = (options = {}, observability = OPEN) =>
  new LazyLayersCache({ logging: { enabled: false }, ...options, observability });

/** Asks the handler of a cache by a `Request`. */
const asker = (cache) => {
  const handler = cache.getObservabilityHandler();
  return (path, init) => handler.handle(new Request(`http://localhost/observelazyily/${path}`, init));
};

/** A server of Node.js with the handler of a cache. */
async function mounted(t, cache) {
  const handler = cache.getObservabilityHandler();
  const server = createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}/observelazyily` };
}

test('what needs an open cache is a 503 once that is closed, and the rest is answered', async () => {
  const cache = cacheOf();
  await cache.set('k', 1);
  const ask = asker(cache);
  await cache.close();
  for (const path of ['api/l1', 'api/tree', 'api/latency', 'stream']) {
    const answer = await ask(path);
    assert.equal(answer.status, 503, path);
    assert.match((await answer.json()).error, /the cache is closed$/, path);
  }
  const action = { method: 'POST', headers: { 'x-lazy-layers-action': '1' } };
  assert.equal((await ask('api/actions/delete?key=k', action)).status, 503);
  for (const path of ['api/overview', 'api/events', 'api/loads', 'api/config', 'api/key?key=k']) {
    const answer = await ask(path);
    assert.equal(answer.status, 200, path);
    await answer.json();
  }
});

test('the streams of a mounted handler end with the cache, so that its server can be closed', async (t) => {
  const cache = cacheOf();
  const { server, url } = await mounted(t, cache);
  const ask = asker(cache);
  const streams = [await fetch(`${url}/stream`), await ask('stream')];
  await cache.set('last', 1);
  await cache.close();
  for (const stream of streams) assert.match(await stream.text(), /"key":"last"/);
  assert.equal((await fetch(`${url}/stream`)).status, 503);
  server.closeIdleConnections();
  server.close();
  await once(server, 'close');
});

test('the streams of another cache end with that, and the others go on', async () => {
  const [shows, shown] = [cacheOf({ name: 'shows' }), cacheOf({ name: 'shown' })];
  const ask = asker(shows);
  const { caches } = await (await ask('api/caches')).json();
  const { id } = caches.find(({ name }) => name === 'shown');
  const [own, other] = [await ask('stream'), await ask(`stream?cache=${id}`)];
  await shown.close();
  assert.match(await other.text(), /^retry/);
  assert.equal((await ask(`stream?cache=${id}`)).status, 404);
  await shows.set('k', 1);
  const reader = own.body.getReader();
  let text = '';
  while (!text.includes('"key":"k"')) text += new TextDecoder().decode((await reader.read()).value);
  await reader.cancel();
  await shows.close();
});

test('HEAD is told of a stream what GET is told', async (t) => {
  const cache = cacheOf();
  const { url } = await mounted(t, cache);
  const ask = asker(cache);
  for (const [path, status] of [
    ['stream', 200],
    ['stream?cache=9-9', 404],
  ]) {
    const answers = [await ask(path, { method: 'HEAD' }), await fetch(`${url}/${path}`, { method: 'HEAD' })];
    for (const answer of answers) {
      assert.deepEqual([answer.status, await answer.text()], [status, ''], path);
    }
  }
  await cache.close();
});

test('a layer and a bus that fail with what cannot be shown are told of, by the server, too', async (t) => {
  const odd = Object.create(null);
  const fails = () => Promise.reject(odd);
  const cache = cacheOf(
    {
      l2: Object.assign(new MapStore(), { inspect: fails, size: fails }),
      eventBus: { publish: async () => {}, subscribe: async () => () => {}, healthCheck: fails },
    },
    { ...OPEN, server: { port: 0 } },
  );
  t.after(() => cache.close());
  const ask = asker(cache);
  const { url } = cache.getObservabilityServer();
  for (const path of ['api/l2', 'api/tree?layer=l2']) {
    for (const answer of [await ask(path), await fetch(`${url}/${path}`)]) {
      assert.deepEqual([answer.status, await answer.json()], [500, { error: 'an error that cannot be shown' }], path);
    }
  }
  const { eventBus } = await (await fetch(`${url}/api/config`)).json();
  assert.equal(eventBus.health.error, 'an error that cannot be shown');
});

test('a load that was refused does not run', async () => {
  const cache = cacheOf({ loads: { maxConcurrent: 1, maxQueued: 0 } });
  const ask = asker(cache);
  const gate = deferred();
  const first = cache.getOrSet('first', () => gate.promise);
  await assert.rejects(
    cache.getOrSet('refused', () => 1),
    { code: 'LOAD_LIMIT' },
  );
  const { loads } = await (await ask('api/loads')).json();
  assert.deepEqual(
    loads.map(({ key }) => key),
    ['first'],
  );
  assert.equal((await (await ask('api/key?key=refused')).json()).load.running, false);
  gate.resolve(1);
  await first;
  await cache.close();
});

test('a cache closes although a stream of its events has a client that reads nothing', async () => {
  const cache = cacheOf({});
  const answer = await asker(cache)('stream');
  assert.equal(answer.status, 200);
  // Its last events are more than may wait for a client.
  const key = 'k'.repeat(10_000);
  for (let id = 0; id < 105; id++) await cache.delete(`${key}${id}`);
  await cache.close();
  await answer.body.cancel();
});
