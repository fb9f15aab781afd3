// One instance of the service: a process of its own with a cache and a bus. It carries out the commands of its parent
// and reports the times.
import { LazyLayersCache } from '../../index.mjs';
import { busOf } from './transports.mjs';

const [transport, url, name] = process.argv.slice(2);
/** One clock for all processes of a machine. */
const now = () => performance.timeOrigin + performance.now();

const bus = busOf(transport, url, name);
const cache = new LazyLayersCache({ eventBus: bus, source: name });
let loaderCalls = 0;
/** When a key was last warmed, and last deleted, by another instance. */
const times = { warmed: 0, dropped: 0 };
cache.on(({ type, event }) => {
  if (type === 'set:received') times.warmed = now();
  if (type === 'invalidation:received' && event.type === 'del') times.dropped = now();
});

const actions = {
  load: async ({ key }) => {
    const started = now();
    await cache.getOrSet(key, async () => {
      loaderCalls += 1;
      return { key, at: new Date() };
    });
    return { started, ended: now() };
  },
  read: async ({ key }) => {
    const started = performance.now();
    const value = await cache.get(key);
    return { isThere: value !== undefined, ms: performance.now() - started };
  },
  delete: async ({ key }) => {
    const started = now();
    await cache.delete(key);
    return { started, ended: now() };
  },
  times: () => ({ ...times, loaderCalls }),
};

process.on('message', async ({ id, action, ...more }) => {
  if (action === 'end') {
    await bus.disconnect();
    process.disconnect();
    return;
  }
  process.send({ id, value: await actions[action](more) });
});

try {
  await bus.connect();
  await bus.subscribe(() => {});
  process.send({ id: 0 });
} catch (error) {
  process.send({ id: 0, error: error.message });
}
