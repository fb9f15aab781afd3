// Streams of caches that the server of another one shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { LOGIN } from './plain.mjs';

/** The most streams that are open at a server. */
const MOST = 20;
const login = { headers: { authorization: LOGIN } };

test('the streams of a cache end as it is closed, and leave their places to others', async (t) => {
  const cacheOf = (name, server) =>
    new LazyLayersCache({ name, logging: { enabled: false }, observability: { enabled: true, quiet: true, server } });
  const [shows, shown] = [cacheOf('shows', { port: 0 }), cacheOf('shown', false)];
  t.after(() => shows.close());
  const { url } = shows.getObservabilityServer();
  const { caches } = await (await fetch(`${url}/api/caches`, login)).json();
  const { id } = caches.find(({ name }) => name === 'shown');
  const opened = () => fetch(`${url}/stream?cache=${id}`, login);
  const streams = await Promise.all(Array.from({ length: MOST }, opened));
  assert.deepEqual(new Set(streams.map(({ status }) => status)), new Set([200]));
  assert.equal((await fetch(`${url}/stream`, login)).status, 503);
  await shown.close();
  for (const stream of streams) assert.match(await stream.text(), /^retry/);
  const own = await fetch(`${url}/stream`, login);
  assert.equal(own.status, 200);
  await own.body.cancel();
});
