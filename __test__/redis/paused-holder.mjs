// A process that loads a key under the lock and is paused while it does. Arguments: url, prefix. It tells that it
// loads, and what its caller got.
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache, RedisStore } from '../../index.mjs';

const [url, prefix] = process.argv.slice(2);
const l2 = new RedisStore(url, { prefix });
const cache = new LazyLayersCache({ l2, distributedLock: { enabled: true, ttlMs: 300 } });
const value = await cache.getOrSet('k', async () => {
  process.send({ loading: true });
  await sleep(50);
  return 'old';
});
process.send({ value });
process.disconnect();
