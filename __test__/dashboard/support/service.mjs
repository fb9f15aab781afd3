// A service with a cache in Redis, on a bus, with a dashboard: a process of its own, which a test directs.
import { createServer } from 'node:http';
import { LazyLayersCache, RedisEventBus, RedisStore } from '../../../index.mjs';

const { url, source, observability } = JSON.parse(process.argv[2]);

const eventBus = new RedisEventBus(url, 'catalogue');
const cache = new LazyLayersCache({
  name: 'catalogue',
  source,
  ttlMs: 600_000,
  l2: new RedisStore(url, { prefix: 'catalogue:' }),
  eventBus,
  levels: { L1: { maxEntries: 200_000 } },
  negativeCache: { ttlMs: 60_000 },
  logging: { enabled: false },
  observability,
});

/** Answers nobody: it is there so that the dashboard is not all that the process has. */
const mounted = createServer((request, response) => {
  if (!cache.getObservabilityHandler()?.(request, response)) response.writeHead(404).end();
});

let storm;

const VERBS = {
  set: ([key, value]) => cache.set(key, value),
  get: ([key]) => cache.get(key),
  delete: ([key]) => cache.delete(key),
  load: ([key, value]) => cache.getOrSet(key, () => value),
  fail: ([key, message]) => cache.getOrSet(key, () => Promise.reject(new Error(message))).catch(() => {}),
  hang: ([key]) => void cache.getOrSet(key, () => new Promise(() => {})).catch(() => {}),
  /** Numbered keys, in L1 alone. */
  fill: ([count]) => {
    const l1 = { levels: { L2: { ttlMs: -1 } } };
    return Promise.all(Array.from({ length: count }, (_, at) => cache.set(`item:${at % 100}:${at}`, { at }, l1)));
  },
  /** So many reads a second, until told otherwise. */
  storm: ([perSecond]) => {
    clearInterval(storm);
    if (perSecond === 0) return;
    storm = setInterval(() => {
      for (let turn = 0; turn < perSecond / 50; turn += 1) void cache.get(`item:${turn % 100}:${turn}`);
    }, 20);
  },
  /** Holds the event loop up. The answer leaves before. */
  block: ([ms]) => {
    setTimeout(() => {
      const end = Date.now() + ms;
      while (Date.now() < end);
    }, 20);
  },
};

process.on('message', async ({ id, verb, args }) => {
  try {
    await VERBS[verb](args);
    process.send({ id });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});

mounted.listen(0, '127.0.0.1', async () => {
  const server = cache.getObservabilityServer();
  await cache.get('nothing');
  // L1 serves nothing from before it can hear of invalidations: a value that is set sooner is gone again.
  while (!(await eventBus.healthCheck()).subscribed) await new Promise(setImmediate);
  process.send({ url: server?.url ?? null, mountedUrl: `http://127.0.0.1:${mounted.address().port}` });
});
