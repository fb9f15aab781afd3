// One receiver of a storm, in a process of its own: node receiver.mjs kind transport url channel
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { processCpuNs, threadCpuNs } from '../harness/clocks.mjs';
import { RECEIVERS } from './receivers.mjs';

const [kind, transport, url, channel] = process.argv.slice(2);
const now = () => performance.timeOrigin + performance.now();
const receiver = await RECEIVERS[kind](transport, url, channel);

let started;
const delay = monitorEventLoopDelay({ resolution: 1 });
const actions = {
  /** Fills the cache with the entries that the storm invalidates. */
  fill: ({ count }) => receiver.fill(count),
  begin: ({ watchesDelay }) => {
    delay.reset();
    // Watching takes time of the thread as well.
    if (watchesDelay) delay.enable();
    started = { thread: threadCpuNs(), process: processCpuNs() };
  },
  end: () => {
    delay.disable();
    const spent = { threadNs: threadCpuNs() - started.thread, processNs: processCpuNs() - started.process };
    return { ...spent, delayP99Ms: delay.percentile(99) / 1e6, delayMaxMs: delay.max / 1e6 };
  },
  left: () => receiver.left(),
  /** When each of the last invalidations was noticed. */
  arrivals: () => receiver.arrivals?.() ?? [],
  watch: () => receiver.watch?.(now),
};

process.on('message', async ({ id, action, ...more }) => {
  process.send({ id, value: await actions[action](more) });
});
process.send({ id: 0 });
