// The process that is attacked: a cache with traffic and its dashboard. It tells its port, and each second how much
// memory it takes and how many connections are open.
import { once } from 'node:events';
import { LazyLayersCache } from '../../index.mjs';

const cache = new LazyLayersCache({
  name: 'victim',
  logging: { enabled: false },
  levels: { L1: { maxEntries: 2000 } },
  observability: { enabled: true, quiet: true, server: { port: 0 }, actions: true },
});
const { server } = cache.getObservabilityServer();
if (!server.listening) await once(server, 'listening');
process.send({ port: cache.getObservabilityServer().port });

// Traffic, and events that are large enough for those who do not read them to fall behind.
let round = 0;
setInterval(async () => {
  round += 1;
  for (let at = 0; at < 20; at += 1) {
    await cache.getOrSet(`user:${(round * 7 + at * 13) % 5000}`, () => ({ at, text: 'x'.repeat(200) }));
  }
  await cache.delete(`${'large'.repeat(2000)}:${round % 50}`);
  await cache.delete(`user:${round % 5000}`);
}, 10);
await cache.set('k', 1);

setInterval(() => {
  server.getConnections((_, connections) => process.send({ rss: process.memoryUsage.rss(), connections }));
}, 1000);
process.once('disconnect', () => process.exit());
