// One of several processes that want the same cold key at once. Arguments: url, prefix, callers. Told to go by a
// message, it tells how often its loader ran and what its callers got.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache, RedisStore } from '../../index.mjs';

const [url, prefix, callers] = process.argv.slice(2);
const l2 = new RedisStore(url, { prefix });
const cache = new LazyLayersCache({
  l2,
  distributedLock: { enabled: true, ttlMs: 10_000, waitTimeoutMs: 10_000, pollMs: 10 },
});
// Connected before the start.
await l2.size();
process.send('ready');
await once(process, 'message');

let loads = 0;
const loader = async () => {
  loads += 1;
  await sleep(200);
  return { from: process.pid };
};
const values = await Promise.all(Array.from({ length: Number(callers) }, () => cache.getOrSet('cold', loader)));
process.send({ loads, values: [...new Set(values.map((value) => value.from))] });
process.disconnect();
