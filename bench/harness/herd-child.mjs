/** One of the processes that ask for the same key at once: see scenarios/redis-herd.mjs. */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { adapters } from '../adapters/index.mjs';
import { buildKey } from './fixtures.mjs';

const LOAD_MS = 50;

const [{ adapterName, redisPort, callers }] = await once(process, 'message');
const { file } = adapters.find(({ name }) => name === adapterName);
const { variants } = await import(`../adapters/${file}`);
let calls = 0;
const load = async () => {
  calls++;
  await sleep(LOAD_MS);
  return { id: 7 };
};
const cache = await variants[adapterName]({ capacity: 1000, redisPort, load });
// Connected, and all that is loaded at the first use is loaded.
await cache.getOrSet(buildKey(`warm-${process.pid}`), async () => ({ id: 0 }));
process.send('ready');
await once(process, 'message');
const started = performance.now();
const values = await Promise.all(Array.from({ length: callers }, () => cache.getOrSet(buildKey('cold'), load)));
process.send({ calls, tookMs: performance.now() - started, right: values.every(({ id }) => id === 7) });
