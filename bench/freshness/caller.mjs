/** One of the processes that ask for keys under a Zipf load: see ../freshness.mjs. */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { LazyLayersCache, RedisStore } from '../../index.mjs';
import { reusedKeys } from '../harness/fixtures.mjs';

/** A source that works on a few requests at a time, as a database with a pool of connections; the others wait. */
class Source {
  constructor({ loadMs, connections }) {
    this.loadMs = loadMs;
    this.free = connections;
    this.waiting = [];
    /** When each load began, in milliseconds since the epoch. */
    this.loads = [];
  }

  async load() {
    this.loads.push(performance.timeOrigin + performance.now());
    if (this.free === 0) await new Promise((go) => this.waiting.push(go));
    else this.free--;
    await sleep(this.loadMs);
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
    return { at: Date.now() };
  }
}

/** Numbers below `count`, the n-th 1 / n as often as the first. */
function zipfian(count) {
  const sums = [];
  let sum = 0;
  for (let n = 0; n < count; n++) sums.push((sum += 1 / (n + 1)));
  return () => {
    const wanted = Math.random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const [{ redisPort, prefix, options, load }] = await once(process, 'message');
const source = new Source(load);
const l2 = new RedisStore(`redis://127.0.0.1:${redisPort}`, { prefix });
const cache = new LazyLayersCache({ l2, levels: { L1: { maxEntries: 100_000 } }, ...options });
const keys = reusedKeys(load.keys);
const next = zipfian(load.keys);
const loader = () => source.load();
// All entries are there, and were stored together.
await Promise.all(keys.map((key) => cache.getOrSet(key, async () => ({ at: 0 }))));
process.send('ready');
await once(process, 'message');

const latencies = [];
const ages = [];
const began = performance.now();
const warm = began + load.warmUpMs;
const end = warm + load.measureMs;
const pending = [];
const ask = async (isCounted) => {
  const asked = performance.now();
  const value = await cache.getOrSet(keys[next()], loader);
  if (!isCounted) return;
  latencies.push(performance.now() - asked);
  if (value.at > 0) ages.push(Date.now() - value.at);
};
// An open load: requests come at their times, however long the earlier ones take.
for (let at = began; at < end; at += 1000 / load.perSecond) {
  const wait = at - performance.now();
  if (wait > 1) await sleep(wait);
  pending.push(ask(at >= warm));
  if (pending.length > 10_000) await Promise.all(pending.splice(0));
}
await Promise.all(pending);
const since = performance.timeOrigin + warm;
process.send({
  latencies,
  ages,
  loads: source.loads.filter((at) => at >= since),
  refreshes: cache.stats().loads.refreshes,
});
await cache.close();
await l2.disconnect?.();
process.exit(0);
