// A process that reads from memory all the time, and tells its first reads after it was frozen:
// node frozen.mjs transport url channel name keys
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LazyLayersCache } from '../../index.mjs';
import { TRANSPORTS } from './transports.mjs';

const [transport, url, channel, name, keys] = process.argv.slice(2);
const QUIET = { logging: { enabled: false } };
const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: name });
const cache = new LazyLayersCache({ eventBus: bus, source: name, ...QUIET });
const names = keys.split(',');
/** A gap of so many milliseconds is that of a freeze. */
const GAP_MS = 1000;

/** Counts the turns of the loop. */
let turns = 0;
const count = () => {
  turns += 1;
  setImmediate(count);
};

const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

/**
 * Reads until the process was frozen and all is gone: how many old values were read in the turn that was under way, and
 * later.
 */
async function watch() {
  let last = now();
  let thawed;
  let turn;
  const found = { hitsBefore: 0, oldAtOnce: 0, oldLater: 0, reads: 0, waitedMs: 0 };
  for (;;) {
    for (const key of names) {
      const started = now();
      if (thawed === undefined && started - last > GAP_MS) [thawed, turn] = [started, turns];
      last = started;
      const value = await cache.get(key);
      if (thawed === undefined) {
        if (value !== undefined) found.hitsBefore += 1;
        continue;
      }
      found.reads += 1;
      found.waitedMs = Math.max(found.waitedMs, now() - started);
      if (value === undefined) continue;
      if (turns === turn) found.oldAtOnce += 1;
      else found.oldLater += 1;
    }
    if (found.reads > names.length && now() - thawed > GAP_MS) return found;
    await nextTurn();
  }
}

/** A handler that tells that it has an event, and never ends. */
const hold = () => {
  process.send({ held: true });
  return new Promise(() => {});
};

process.on('message', async (action) => {
  if (action === 'hold') await bus.subscribe(hold);
  if (action === 'state') {
    const { connects } = await bus.healthCheck();
    process.send({ connects, hits: (await Promise.all(names.map((key) => cache.get(key)))).filter(Boolean).length });
    return;
  }
  if (action === 'fill') await Promise.all(names.map((key) => cache.set(key, 'old')));
  process.send({ done: action });
  if (action === 'watch') process.send({ found: await watch() });
});
count();
await bus.connect();
while (!(await bus.healthCheck()).subscribed) await nextTurn();
process.send({ done: 'start' });
