import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, test } from 'node:test';
import { LazyLayersCache, MemoryStore, RedisEventBus } from '../../index.mjs';
import { MemoryHub } from '../support/memory-bus.mjs';
import { turns, until } from '../support/deferred.mjs';
import { LOGIN, ask } from './plain.mjs';

const QUIET = { enabled: true, quiet: true };
const MOUNTED = { ...QUIET, server: false };
const SERVED = { ...QUIET, server: { port: 0 } };
const login = { headers: { authorization: LOGIN } };

const made = [];
const cacheOf = (observability, options = {}) => {
  const cache = new LazyLayersCache({ logging: { enabled: false }, ...options, observability });
  made.push(cache);
  return cache;
};

afterEach(async () => {
  for (const cache of made.splice(0)) await cache.close();
});

/** The answer of a server of a cache to a path, as JSON. */
async function json(cache, path) {
  const answer = await fetch(`${cache.getObservabilityServer().url}/${path}`, login);
  return { status: answer.status, ...(await answer.json()) };
}

test('without observability there is none, and closing it is safe', async () => {
  for (const observability of [undefined, null, false, {}, { enabled: false }]) {
    const cache = cacheOf(observability);
    assert.equal(cache.getObservabilityHandler(), undefined);
    assert.equal(cache.getObservabilityServer(), undefined);
    assert.equal(await cache.closeObservability(), undefined);
  }
});

test('the environment switches it on', (context) => {
  context.mock.method(console, 'warn', () => {});
  process.env.LAZY_OBS_ENABLED = 'true';
  process.env.LAZY_OBS_NO_SERVER = '1';
  try {
    assert.equal(typeof cacheOf(undefined).getObservabilityHandler(), 'function');
    assert.equal(cacheOf(false).getObservabilityHandler(), undefined);
  } finally {
    delete process.env.LAZY_OBS_ENABLED;
    delete process.env.LAZY_OBS_NO_SERVER;
  }
});

test('an option that cannot be makes no cache', () => {
  assert.throws(() => new LazyLayersCache({ observability: { route: 5 } }), { code: 'INVALID_OPTION' });
});

test('the notice is told once a cache, also in production and when nothing is logged', async (context) => {
  const warn = context.mock.method(console, 'warn', () => {});
  const logging = { env: 'production', enabled: false };
  const served = cacheOf({ enabled: true, server: { port: 0 } }, { logging });
  const mounted = cacheOf({ enabled: true, server: false }, { logging });
  cacheOf({ ...MOUNTED });
  await served.get('k');
  await mounted.get('k');
  const told = warn.mock.calls.map(({ arguments: [text] }) => text);
  assert.equal(told.length, 2);
  const { url } = served.getObservabilityServer();
  assert.ok(told[0].startsWith(`[lazy-layers-cache] Observability dashboard enabled at ${url}`), told[0]);
  assert.ok(told[1].startsWith('[lazy-layers-cache] Observability dashboard enabled (mounted handler)'), told[1]);
  for (const text of told) {
    assert.match(text, /exposes/);
    assert.match(text, /quiet/);
  }
});

test('the collector hears after the handlers of events', async () => {
  const order = [];
  const cache = cacheOf(MOUNTED, {
    events: [
      async ({ type }) => {
        const told = await ask(cache.getObservabilityHandler(), '/observelazyily/api/overview');
        order.push([type, told.json.totalEvents]);
      },
    ],
  });
  const handler = cache.getObservabilityHandler();
  await cache.set('k', 1);
  await turns();
  assert.deepEqual(order, [['set', 0]]);
  assert.equal((await ask(handler, '/observelazyily/api/events')).json.events[0].type, 'set');
});

test('hits are recorded in their order, whoever else listens, and whatever the clock says', async () => {
  const cache = cacheOf(MOUNTED);
  const handler = cache.getObservabilityHandler();
  await cache.set('k', 1);
  const before = Date.now();
  for (let at = 0; at < 500; at += 1) await cache.get('k');
  const seen = [];
  const stop = cache.on((event) => seen.push(event.type), { types: ['hit'] });
  await cache.get('k');
  stop();
  await cache.get('k');
  await cache.delete('k');
  assert.deepEqual(seen, ['hit']);
  const { events } = (await ask(handler, '/observelazyily/api/events?limit=1000')).json;
  assert.deepEqual(
    events.map(({ type }) => type),
    ['delete', ...Array.from({ length: 502 }, () => 'hit'), 'set'],
  );
  assert.deepEqual(events[1].data, { key: 'k', level: 'L1' });
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: 504 }, (_, at) => 504 - at),
  );
  assert.ok(events.every(({ ts }) => ts >= before - 50 && ts <= Date.now() + 50));
  assert.equal((await ask(handler, '/observelazyily/api/overview')).json.counters.hitsL1, 502);
});

test('a mounted handler shows the entries and the events of the cache', async () => {
  const cache = cacheOf(MOUNTED);
  const handler = cache.getObservabilityHandler();
  await cache.set('user:1', { name: '<script>alert(1)</script>' });
  await cache.get('user:1');
  await cache.get('user:2');
  const first = await ask(handler, '/observelazyily/api/l1');
  assert.deepEqual(
    first.json.keys.map(({ key, value }) => [key, value]),
    [['user:1', { name: '<script>alert(1)</script>' }]],
  );
  assert.equal(first.headers['X-Content-Type-Options'], 'nosniff');
  const { counters } = (await ask(handler, '/observelazyily/api/overview')).json;
  assert.deepEqual([counters.sets, counters.hitsL1, counters.missesL1], [1, 1, 1]);
  assert.equal((await ask(handler, '/observelazyily/api/l2')).body, 'null');
});

test('looking changes no recency', async () => {
  const cache = cacheOf(MOUNTED, { levels: { L1: { maxEntries: 2 } } });
  await cache.set('old', 1);
  await cache.set('new', 2);
  for (const path of ['api/l1', 'api/key?key=old', 'api/tree']) {
    assert.equal((await ask(cache.getObservabilityHandler(), `/observelazyily/${path}`)).isOurs, true);
    await turns();
  }
  await cache.set('third', 3);
  assert.deepEqual([await cache.has('old'), await cache.has('new')], [false, true]);
});

test('the server says the same as the handler, from another thread', async () => {
  const cache = cacheOf(SERVED);
  await cache.set('a', 1);
  await cache.get('a');
  await cache.getOrSet('b', () => 2);
  await cache.get('none');
  const handler = cache.getObservabilityHandler();
  const served = await json(cache, 'api/overview');
  const { json: mounted } = await ask(handler, '/observelazyily/api/overview');
  assert.deepEqual(served.counters, mounted.counters);
  for (const name of ['totalEvents', 'bufferedEvents', 'maxEvents', 'hits', 'misses', 'hitRatio', 'startedAt']) {
    assert.equal(served[name], mounted[name], name);
  }
  const { status: _, ...config } = await json(cache, 'api/config');
  assert.deepEqual(config, (await ask(handler, '/observelazyily/api/config')).json);
  assert.deepEqual(
    (await json(cache, 'api/l1')).keys.map(({ key }) => key),
    ['b', 'a'],
  );
});

test('metrics of the server are those of the handler', async () => {
  const cache = cacheOf({ ...SERVED, prometheus: { enabled: true, prefix: 'app' } });
  await cache.set('a', 1);
  await cache.get('a');
  const answer = await fetch(`${cache.getObservabilityServer().url}/metrics`, login);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const mounted = await ask(cache.getObservabilityHandler(), '/observelazyily/metrics');
  const still = (text) => text.split('\n').filter((line) => !/uptime|dashboard_|event_loop/.test(line));
  assert.deepEqual(still(await answer.text()), still(mounted.body));
});

/** Reads a stream until its text has something. */
async function read(url, text) {
  const answer = await fetch(url, login);
  const reader = answer.body.getReader();
  let read = '';
  while (!read.includes(text)) read += Buffer.from((await reader.read()).value).toString();
  await reader.cancel();
  return { answer, read };
}

test('the stream of the server begins with the kept events and goes on live', async () => {
  const cache = cacheOf(SERVED);
  await cache.set('a', 1);
  const { url } = cache.getObservabilityServer();
  const reading = read(`${url}/stream`, '"key":"b"');
  await turns(50);
  await cache.set('b', 1);
  const { answer, read: text } = await reading;
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  assert.equal(answer.headers.get('cache-control'), 'no-cache, no-transform');
  assert.equal(answer.headers.get('x-accel-buffering'), 'no');
  assert.ok(text.startsWith('retry: 3000\n\n'));
  const seqs = text.match(/"seq":\d+/g);
  assert.deepEqual(seqs, ['"seq":1', '"seq":2']);
});

test('the handle is as that of a server of Node.js', async () => {
  const cache = cacheOf(SERVED);
  const handle = cache.getObservabilityServer();
  await once(handle.server, 'listening');
  assert.equal(handle.server.listening, true);
  assert.deepEqual(handle.server.address(), { address: '127.0.0.1', family: 'IPv4', port: handle.port });
  assert.equal(handle.url, `http://127.0.0.1:${handle.port}/observelazyily`);
  const kept = connect(handle.port, '127.0.0.1');
  await once(kept, 'connect');
  await until(() => new Promise((resolve) => handle.server.getConnections((_, count) => resolve(count === 1))));
  handle.server.closeAllConnections();
  kept.resume();
  await once(kept, 'close');
  assert.equal(handle.server.ref(), handle.server);
  handle.server.unref();
  const closed = once(handle.server, 'close');
  await handle.close();
  await closed;
  await handle.close();
  assert.equal(handle.server.listening, false);
  assert.equal(handle.server.address(), null);
  const again = await new Promise((resolve) => handle.server.close(resolve));
  assert.equal(again.code, 'ERR_SERVER_NOT_RUNNING');
});

test('closing frees the port, ends streams at once, and leaves the handler', async () => {
  const cache = cacheOf(SERVED);
  const { port, url } = cache.getObservabilityServer();
  const stream = await fetch(`${url}/stream`, login);
  await cache.closeObservability();
  await cache.closeObservability();
  assert.equal(cache.getObservabilityServer(), undefined);
  await assert.rejects(stream.text());
  const taken = createServer().listen(port, '127.0.0.1');
  await once(taken, 'listening');
  taken.close();
  assert.equal((await ask(cache.getObservabilityHandler(), '/observelazyily/api/overview')).status, 200);
});

test('a cache that is closed has no server any more', async () => {
  const cache = cacheOf(SERVED);
  const { port } = cache.getObservabilityServer();
  await cache.close();
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
});

test('a port that is taken is logged, and the cache works on', async (context) => {
  const log = context.mock.method(console, 'error', () => {});
  const warn = context.mock.method(console, 'warn', () => {});
  const { port } = cacheOf(SERVED).getObservabilityServer();
  const cache = cacheOf({ enabled: true, server: { port } }, { logging: {} });
  const { server } = cache.getObservabilityServer();
  const [error] = await once(server, 'error');
  assert.equal(error.code, 'EADDRINUSE');
  assert.equal(log.mock.calls.length, 1);
  assert.match(log.mock.calls[0].arguments.join(' '), /of another cache of this process .* shows this cache, too/);
  assert.match(warn.mock.calls[0].arguments[0], /mounted handler/);
  await cache.set('k', 1);
  assert.equal(await cache.get('k'), 1);
  await cache.closeObservability();
});

test('a name is resolved before it is listened at', async () => {
  const cache = cacheOf({ ...QUIET, server: { host: 'localhost', port: 0 } });
  const handle = cache.getObservabilityServer();
  await once(handle.server, 'listening');
  assert.ok(handle.port > 0);
  assert.equal((await fetch(handle.url, login)).status, 200);
});

test('beyond this machine a password that everybody knows does not start a server, and the error says what to set', async (context) => {
  const log = context.mock.method(console, 'error', () => {});
  for (const host of ['0.0.0.0', '::', 'dash.example']) {
    const cache = cacheOf({ ...QUIET, server: { host, port: 0 } }, { logging: {} });
    assert.equal(cache.getObservabilityServer(), undefined, host);
    assert.equal(typeof cache.getObservabilityHandler(), 'function');
    await cache.set('k', 1);
    assert.equal(await cache.get('k'), 1);
  }
  const told = log.mock.calls.map(({ arguments: words }) => words.join(' ')).join('\n');
  assert.match(told, /LAZY_OBS_USER and LAZY_OBS_PASSWORD/);
  for (const known of [{ username: 'admin' }, { username: 'admin', password: '' }, { password: 'lazydev' }]) {
    const cache = cacheOf({ ...QUIET, auth: known, server: { host: '0.0.0.0', port: 0 } }, { logging: {} });
    assert.equal(cache.getObservabilityServer(), undefined, JSON.stringify(known));
  }
  const auth = { username: 'u', password: 'p' };
  const open = cacheOf({ ...QUIET, auth, server: { host: '0.0.0.0', port: 0 } });
  assert.ok(open.getObservabilityServer().port > 0);
});

test('a server that is not started by itself is not there', () => {
  const cache = cacheOf({ ...QUIET, server: { port: 0, autoStart: false } });
  assert.equal(cache.getObservabilityServer(), undefined);
  assert.equal(typeof cache.getObservabilityHandler(), 'function');
});

test('no secret is in the configuration', async () => {
  const auth = { username: 'user-name', password: 'pass-word', token: 'to-ken' };
  const cache = cacheOf({ ...MOUNTED, auth });
  const handler = cache.getObservabilityHandler();
  const told = await ask(handler, '/observelazyily/api/config?token=to-ken', { authorization: null });
  assert.equal(told.status, 200);
  assert.doesNotMatch(told.body, /user-name|pass-word|to-ken/);
});

test('a route is served as browsers ask for it, also with a space and letters beyond ASCII', async () => {
  for (const route of ['/a b/\u00fc', '/a%20b/%C3%BC']) {
    const cache = cacheOf({ ...SERVED, route });
    const { url } = cache.getObservabilityServer();
    assert.match(url, /:\d+\/a%20b\/%C3%BC$/);
    assert.equal((await json(cache, 'api/overview')).status, 200);
    const page = await (await fetch(url, login)).text();
    assert.match(page, /data-base="\.\/%C3%BC\/"/);
    const handler = cacheOf({ ...MOUNTED, route }).getObservabilityHandler();
    assert.equal((await ask(handler, '/a%20b/%C3%BC/api/health')).status, 200);
    assert.equal((await ask(handler, '/a%20b/api/health')).isOurs, false);
  }
});

test('the largest event is shown as it holds on the bus of the cache', async (t) => {
  const bus = new RedisEventBus('redis://127.0.0.1:1', 'c', { logging: { enabled: false } });
  t.after(() => bus.disconnect());
  const buses = [
    [bus, 1_048_576],
    [new MemoryHub().bus(), null],
    [undefined, null],
  ];
  for (const [eventBus, bound] of buses) {
    const { resolved } = await json(cacheOf(SERVED, { eventBus, logging: { enabled: false } }), 'api/config');
    const shown = resolved.find(({ path }) => path === 'broadcastSetMaxBytes');
    assert.deepEqual(shown, { path: 'broadcastSetMaxBytes', value: bound, isDefault: true, unit: 'bytes' });
  }
});

test('a bus and its other instances are told of', async () => {
  const hub = new MemoryHub();
  const cache = cacheOf(SERVED, { eventBus: hub.bus(), source: 'here', name: 'n' });
  const other = cacheOf(undefined, { eventBus: hub.bus(), source: 'there', name: 'n' });
  await other.delete('k');
  await until(async () => (await json(cache, 'api/bus')).instances.length === 1);
  const bus = await json(cache, 'api/bus');
  assert.deepEqual([bus.configured, bus.source, bus.breaker], [true, 'here', 'closed']);
  assert.deepEqual([bus.instances[0].source, bus.instances[0].received], ['there', 1]);
  const { layers } = await json(cache, 'api/key?key=k');
  assert.deepEqual([layers.l1.held, layers.l1.reason], [false, 'invalidated']);
  assert.match(layers.l1.text, /the instance there/);
});

test('the page of one cache changes nothing in another that does not allow it', async () => {
  const acts = cacheOf({ ...SERVED, actions: true }, { name: 'acts' });
  const closed = cacheOf(MOUNTED, { name: 'closed' });
  const open = cacheOf({ ...MOUNTED, actions: true }, { name: 'open' });
  const { caches } = await json(acts, 'api/caches');
  const headers = { authorization: LOGIN, 'x-lazy-layers-action': '1' };
  const status = {};
  for (const [name, cache] of Object.entries({ closed, open })) {
    await cache.set('k', 1);
    const { id } = caches.find((one) => one.name === name);
    const url = `${acts.getObservabilityServer().url}/api/actions/delete?key=k&cache=${id}`;
    status[name] = [(await fetch(url, { method: 'POST', headers })).status, await cache.get('k')];
  }
  assert.deepEqual(status, { closed: [405, 1], open: [200, undefined] });
});

test('a shared memory store is looked into as one', async () => {
  const l1 = new MemoryStore();
  const cache = cacheOf(SERVED, { l1 });
  await l1.set('k', 1);
  assert.deepEqual(
    (await json(cache, 'api/l1')).keys.map(({ key }) => key),
    ['k'],
  );
});
