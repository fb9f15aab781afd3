// A process of busy.test.mjs: listens in one way, and blocks its thread when it is told to.
import { existsSync } from 'node:fs';
import { LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { MapStore } from '../support/map-store.mjs';

/** How long sending may take of the events that are to arrive meanwhile. */
const MOST_MS = 60_000;
const [url, channel, how] = process.argv.slice(2);
const quiet = { logging: { enabled: false } };
const eventBus = new RedisEventBus(url, channel, quiet);
// The values are not measured: L1 holds few of them.
const levels = { L1: { maxEntries: 10 } };
let cache = { get: async () => undefined };
if (how === 'handler') await eventBus.subscribe(() => {});
else {
  cache = new LazyLayersCache({
    eventBus,
    source: 'busy',
    levels,
    ...(how === 'own layer' ? { l1: new MapStore() } : {}),
    ...quiet,
  });
}
if (how === 'events') cache.on(() => {});
await eventBus.connect();
await cache.set?.('last', 'old');
while (!(await eventBus.healthCheck()).subscribed) await new Promise(setImmediate);

const rss = () => ({ rss: process.memoryUsage.rss() / 1024 / 1024 });
process.on('message', async ({ do: what, flag }) => {
  if (what === 'rss') process.send(rss());
  else if (what === 'read') {
    process.send({ last: await cache.get('last'), missed: (await eventBus.healthCheck()).missed });
  } else {
    const end = Date.now() + MOST_MS;
    while (!existsSync(flag) && Date.now() < end);
    process.send(rss());
  }
});
process.send('ready');
