// A process of busy.test.mjs: blocks its thread while events arrive, and tells which of them are in memory when its
// handler is told of the last one, in the same go as of the others.
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LazyLayersCache, RedisEventBus } from '../../index.mjs';
import { collect } from '../support/garbage.mjs';

const MOST_MS = 60_000;
const [url, channel, count, flag] = process.argv.slice(2);
const eventBus = new RedisEventBus(url, channel, { logging: { enabled: false } });
const cache = new LazyLayersCache({ eventBus });
// Also has it live on while it waits.
process.on('disconnect', () => process.exit());

function used() {
  collect();
  return process.memoryUsage().heapUsed;
}

let told = 0;
let before = 0;
cache.on(({ type }) => {
  if (type !== 'invalidation:received') return;
  told += 1;
  if (told === 1) before = used();
  if (told === Number(count)) process.send({ grown: used() - before }, () => process.exit());
});
await eventBus.connect();
while (!(await eventBus.healthCheck()).subscribed) await nextTurn();
process.send('ready', () => {
  const end = Date.now() + MOST_MS;
  while (!existsSync(flag) && Date.now() < end);
});
