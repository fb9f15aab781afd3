/**
 * The built page over caches that do not exist: `npm run dashboard`, then `node dashboard/dev/server.mjs`.
 *
 *     --port 7078     where (0: one that is free)
 *     --keys 100000   entries of the first cache
 *     --events 40     events a second; 1000 is a storm
 *     --stalled       the event loop is stuck
 *     --read-only     no actions
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Feed } from './events.mjs';
import { Cache } from './model.mjs';
import { advice, bus, config, explain, latency, loads, page, sizes, tree } from './routes.mjs';

const TICK_MS = 100;
const DIST = join(import.meta.dirname, '..', 'dist');
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const COLUMNS = {
  'hits.L1': ({ hits }) => hits.L1,
  'hits.L2': ({ hits }) => hits.L2,
  'hits.negative': ({ hits }) => hits.negative,
  'hits.stale': ({ hits }) => hits.stale,
  'misses.L1': ({ misses }) => misses.L1,
  'misses.L2': ({ misses }) => misses.L2,
  joins: ({ joins }) => joins,
  'loads.started': ({ loads }) => loads.started,
  'loads.failed': ({ loads }) => loads.failed,
  sets: ({ sets }) => sets,
  deletes: ({ deletes }) => deletes,
  'evictions.capacity': ({ evictions }) => evictions.capacity,
  'evictions.expired': ({ evictions }) => evictions.expired,
  'L1.entries': ({ L1 }) => L1.entries,
};

const history = ({ history: samples }) => ({
  everyMs: 1000,
  columns: ['at', ...Object.keys(COLUMNS)],
  samples: samples.map(([at, stats]) => [at, ...Object.values(COLUMNS).map((of) => of(stats))]),
});

function world({ keys, events }) {
  const startedAt = Date.now();
  const full = { l1: true, l2: true, bus: true };
  const make = (options) => new Cache({ startedAt, ...options });
  const bounds = { maxEntries: keys, maxBytes: null };
  const caches = [
    make({ id: '0-1', name: 'catalogue', count: keys, pace: 1, layers: full, bounds }),
    make({
      id: '0-2',
      name: 'sessions',
      count: Math.min(keys, 800),
      pace: 0.2,
      layers: { l1: true, l2: false, bus: false },
      bounds: { maxEntries: 1000, maxBytes: null },
    }),
    make({ id: '1-1', name: 'images', environment: 1, observed: false, count: 90, pace: 0.05, layers: full, bounds }),
  ];
  const feed = new Feed(caches[0]);
  for (let index = 0; index < 800; index += 1) feed.emit(startedAt - (800 - index) * 40);
  let next = startedAt;
  // Ticks that came late are made up for.
  const timer = setInterval(() => {
    for (; next <= Date.now(); next += TICK_MS) {
      for (const cache of caches) cache.tick(next);
      for (let index = 0; index < (events * TICK_MS) / 1000; index += 1) feed.emit(next);
    }
  }, TICK_MS);
  return { startedAt, caches, feed, acts: [], stop: () => clearInterval(timer) };
}

function overall({ startedAt, caches }, { stalled, readOnly }) {
  const loop = (environment, stalledMs) => ({ environment, stalledMs, delayMs: 1.2, maxDelayMs: 14.1 });
  const now = Date.now();
  return {
    now,
    self: '0-1',
    version: '0.5.0',
    pid: 4711,
    node: process.version,
    uptimeMs: now - startedAt + 7_384_000,
    memory: { rssBytes: 214_312_000 + Math.round(Math.random() * 1e6) },
    eventLoops: [loop(0, stalled ? now - startedAt : 0), loop(1, 0)],
    actions: !readOnly,
    values: 'shown',
    caches: caches.map((cache) => cache.state()),
  };
}

const answers = (there, options) => ({
  caches: () => overall(there, options),
  history: (cache) => history(cache),
  latency: (cache) => latency(cache, there.startedAt),
  loads: (cache) => loads(cache, Date.now()),
  bus: (cache) => bus(cache, Date.now()),
  config: (cache) => config(cache),
  advice: (cache, query) => ({ advice: advice(cache), sizes: query.get('simulate') ? sizes(cache) : null }),
  l1: (cache, query) => page(cache, query, Date.now()),
  l2: (cache, query) => (cache.layers.l2 ? page(cache, query, Date.now()) : null),
  tree: (cache, query) => tree(cache, query),
  key: (cache, query) => explain(cache, there.feed, query, Date.now()),
});

function stream(feed, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  const send = (event) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.write('retry: 3000\n\n');
  for (const event of feed.ring) send(event);
  feed.listeners.add(send);
  request.on('close', () => feed.listeners.delete(send));
}

function file(path, response) {
  const { files } = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'));
  const found = files.find((each) => each.path === path);
  if (path === '') {
    const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY };
    response.writeHead(200, headers).end(readFileSync(join(DIST, 'index.html')));
  } else if (found === undefined || !existsSync(join(DIST, path))) {
    response.writeHead(404).end('Not found');
  } else {
    response.writeHead(200, { 'Content-Type': found.type, 'Content-Encoding': 'br' });
    response.end(readFileSync(join(DIST, `${path}.br`)));
  }
}

const send = (response, status, body) =>
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));

function act(there, query, response, { readOnly }) {
  if (readOnly) return send(response, 405, { error: 'method not allowed' });
  there.acts.push(query.get('key'));
  there.caches[0].byKey.delete(query.get('key'));
  return send(response, 200, { done: true });
}

/** Starts it; `close()` ends it, `feed.emit(now)` makes an event. */
export async function start({ port = 0, keys = 100_000, events = 40, stalled = false, readOnly = false } = {}) {
  const there = world({ keys, events });
  const options = { stalled, readOnly };
  const routes = answers(there, options);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.replace(/^\/(?:observelazyily\/?)?/, '');
    const cache = there.caches.find(({ id }) => id === searchParams.get('cache')) ?? there.caches[0];
    if (request.method === 'POST') act(there, searchParams, response, options);
    else if (path === 'stream') stream(there.feed, request, response);
    else if (path.startsWith('api/') && path.slice(4) in routes) {
      send(response, 200, routes[path.slice(4)](cache, searchParams));
    } else file(path, response);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () => {
    there.stop();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  const { port: taken } = server.address();
  return { url: `http://127.0.0.1:${taken}/observelazyily/`, port: taken, ...there, close };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7078' },
      keys: { type: 'string', default: '100000' },
      events: { type: 'string', default: '40' },
      stalled: { type: 'boolean', default: false },
      'read-only': { type: 'boolean', default: false },
    },
  });
  const { port, keys, events, stalled } = values;
  const numbers = { port: Number(port), keys: Number(keys), events: Number(events) };
  const { url } = await start({ ...numbers, stalled, readOnly: values['read-only'] });
  console.log(url);
}
