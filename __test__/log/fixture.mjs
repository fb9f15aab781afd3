// The work of a process with `LAZY_LOG`, by its first argument. The cache holds texts that must not be in any line. It
// waits for the lines that the test expects.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../index.mjs';

const [, , what, url, expected = ''] = process.argv;
const logging = { enabled: false };
const KEY = 'a-secret-key';
const VALUE = 'a-secret-value';

/** Does something until a line was printed that has a text, once where none is expected. */
async function printed(text, act = async () => {}) {
  const { lines } = printed;
  do {
    await act();
    await sleep(5);
  } while (expected.split('|').includes(text) && !lines.some((line) => line.includes(text)));
}
printed.lines = [];
for (const method of ['log', 'info', 'warn', 'error']) {
  const print = console[method];
  console[method] = (...args) => {
    printed.lines.push(args.join(' '));
    print(...args);
  };
}

const use = async (cache) => {
  await cache.set(KEY, VALUE);
  await cache.getOrSet(KEY, () => VALUE);
  await cache.delete(KEY);
};

const ACTS = {
  async links() {
    const store = new RedisStore(url, { commandTimeoutMs: 200 });
    const bus = new RedisEventBus(url, 'invalidations');
    const cache = new LazyLayersCache({ name: 'users', l2: store, eventBus: bus, logging });
    await bus.connect();
    await printed('bus: up', () => use(cache));
    await printed('redis: connected');
    await cache.close();
    await bus.disconnect();
    await store.close();
    await printed('bus: disconnected by its owner');
    await printed('redis: closed by its owner');
  },
  async unreachable() {
    const store = new RedisStore(url, { commandTimeoutMs: 200 });
    const cache = new LazyLayersCache({ name: 'users', l2: store, logging });
    await printed('breaker: open', () => use(cache));
    await printed('retry: L2 has missed a delete', () => use(cache));
    await cache.close();
    await store.close();
  },
  async http() {
    const observability = { enabled: true, quiet: true, server: { port: 0 }, auth: { token: 'a-secret-token' } };
    const cache = new LazyLayersCache({ observability, logging });
    const { url: page } = cache.getObservabilityServer();
    await fetch(`${page}/api/key?key=${KEY}&token=a-secret-token`);
    const socket = connect(new URL(page).port, '127.0.0.1');
    socket.end('nonsense\r\n\r\n');
    await once(socket.resume(), 'close');
    await printed('http: a connection broke off');
    await cache.close();
    await printed('http: listens no longer');
  },
  async worker() {
    const worker = new Worker(new URL(import.meta.url), { argv: ['links', url] });
    await Promise.all([once(worker, 'exit'), printed('redis: connected')]);
  },
  /** The server knows no SUBSCRIBE, and names what it was sent. */
  async refused() {
    const bus = new RedisEventBus(url, 'a-secret-channel');
    const cache = new LazyLayersCache({ eventBus: bus, logging });
    await printed('bus: down');
    await cache.close();
    await bus.disconnect();
  },
  async memory() {
    const cache = new LazyLayersCache();
    await use(cache);
    await cache.close();
  },
  /** More lines than wait, while nobody takes them. */
  async storm() {
    const cache = new LazyLayersCache({ name: 'users', l2: new RedisStore(url), logging });
    await use(cache);
    await printed('redis: a pipeline');
    for (let at = 0; at < 60_000; at += 1) cache.get(`k${at}`).catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    const end = performance.now() + 2500;
    while (performance.now() < end);
    await printed('were left out');
    await cache.close();
  },
};

await ACTS[what]();
