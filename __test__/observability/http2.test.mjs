// The handler of a dashboard in a server for HTTP/2, and for requests that have no header of their host.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';

const cacheOf = () =>
  new LazyLayersCache({
    logging: { enabled: false },
    observability: { enabled: true, quiet: true, server: false, auth: { disabled: true }, actions: true },
  });

/** A client of a server for HTTP/2 with the handler of a cache. */
async function client(t, cache) {
  const handler = cache.getObservabilityHandler();
  const server = createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const session = connect(origin);
  t.after(async () => {
    session.destroy();
    server.close();
    await cache.close();
  });
  return { origin, session };
}

/** The status and the first part of the body of an answer. */
async function ask(session, path, headers = {}) {
  const stream = session.request({ ':path': `/observelazyily/${path}`, ...headers }).end();
  const [{ ':status': status }] = await once(stream, 'response');
  const [part] = await once(stream, 'data');
  stream.close();
  return { status, text: String(part) };
}

const action = (origin) => ({ 'x-lazy-layers-action': '1', 'sec-fetch-site': 'same-origin', origin });

test('over HTTP/2 actions of the same origin are allowed, and those of others are not', async (t) => {
  const cache = cacheOf();
  const { origin, session } = await client(t, cache);
  await cache.set('k', 1);
  const post = (from) => ask(session, 'api/actions/delete?key=k', { ':method': 'POST', ...action(from) });
  assert.equal((await post('http://other')).status, 403);
  assert.equal(cache.peek('k'), 1);
  assert.deepEqual(await post(origin), { status: 200, text: '{"done":true}' });
  assert.equal(cache.peek('k'), undefined);
});

test('a stream over HTTP/2 has no headers that HTTP/2 does not know', async (t) => {
  const warnings = [];
  const note = (warning) => void warnings.push(warning.message);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const { session } = await client(t, cacheOf());
  const { status, text } = await ask(session, 'stream');
  assert.equal(status, 200);
  assert.match(text, /^retry/);
  await ask(session, 'api/overview');
  assert.deepEqual(warnings, []);
});

test('a Request without a header of its host has that of its address', async () => {
  const cache = cacheOf();
  const { handle } = cache.getObservabilityHandler();
  const url = 'http://host:8080/observelazyily/api/actions/delete?key=k';
  const post = (from) => handle(new Request(url, { method: 'POST', headers: action(from) }));
  assert.equal((await post('http://host:8080')).status, 200);
  assert.equal((await post('http://other')).status, 403);
  await cache.close();
});
