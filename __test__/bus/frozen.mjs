// A process that reads from memory all the time, and tells what it read first after it was frozen:
// node frozen.mjs transport url channel name keys
import { setImmediate as turn } from 'node:timers/promises';
import { LazyLayersCache } from '../../index.mjs';
import { TRANSPORTS } from './transports.mjs';

const [transport, url, channel, name, keys] = process.argv.slice(2);
const QUIET = { logging: { enabled: false } };
const bus = TRANSPORTS[transport].bus(url, channel, { ...QUIET, instance: name });
const cache = new LazyLayersCache({ eventBus: bus, source: name, ...QUIET });
const names = keys.split(',');
/** A gap of so many milliseconds is that of a freeze. */
const GAP_MS = 1000;

const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

/** Reads until the process was frozen and all is gone: how many old values were read after that, and for how long. */
async function watch() {
  let last = now();
  let thawed;
  const found = { old: 0, oldMs: 0, reads: 0, waitedMs: 0 };
  for (;;) {
    for (const key of names) {
      const started = now();
      if (thawed === undefined && started - last > GAP_MS) thawed = started;
      last = started;
      const value = await cache.get(key);
      if (thawed === undefined) continue;
      found.reads += 1;
      found.waitedMs = Math.max(found.waitedMs, now() - started);
      if (value === undefined) continue;
      found.old += 1;
      found.oldMs = Math.max(found.oldMs, started - thawed);
    }
    if (found.reads > names.length && now() - thawed > GAP_MS) return found;
    await turn();
  }
}

process.on('message', async (action) => {
  if (action === 'fill') await Promise.all(names.map((key) => cache.set(key, 'old')));
  process.send({ done: action });
  if (action === 'watch') process.send({ found: await watch() });
});
await bus.connect();
while (!(await bus.healthCheck()).subscribed) await turn();
process.send({ done: 'start' });
