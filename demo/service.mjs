import { performance } from 'node:perf_hooks';
import { measurePackage } from './loader.mjs';
import { startProgress } from './progress.mjs';
import { formatCount, formatMs } from './table.mjs';
import { serve } from './workload.mjs';

/** Counts the events of a cache until `stop()`. */
function countEvents(cache) {
  const counts = { hit: 0, miss: 0, 'loader:start': 0, 'inflight:reuse': 0 };
  const stop = cache.on(({ type }) => {
    if (type in counts) counts[type] += 1;
  });
  return { counts, stop };
}

/** Serves all requests through the cache. */
export async function runWithCache({ cache, root, requests, clients, stream = process.stdout }) {
  const { counts, stop } = countEvents(cache);
  const progress = startProgress('with the cache', { stream });
  let bytesRead = 0;
  const load = async (name, signal) => {
    const report = await measurePackage(root, name, signal);
    bytesRead += report.bytes;
    return report;
  };
  const served = await serve(requests, (name) => cache.getOrSet(name, ({ signal }) => load(name, signal)), {
    clients,
    onServed: (count) => progress.update(count / requests.length, `${formatCount(count)} requests`),
  });
  stop();
  progress.finish(`${formatCount(requests.length)} requests in ${formatMs(served.seconds * 1000)}`);
  return { ...served, counts, bytesRead };
}

/** Serves the same requests by the loader alone, as many as `limitMs` allows. */
export async function runWithout({ root, requests, clients, limitMs, stream = process.stdout }) {
  const progress = startProgress('without it    ', { stream });
  const started = performance.now();
  let loaderCalls = 0;
  let bytesRead = 0;
  const load = async (name) => {
    loaderCalls += 1;
    bytesRead += (await measurePackage(root, name)).bytes;
  };
  const served = await serve(requests, load, {
    clients,
    limitMs,
    onServed(count) {
      const fraction = Math.max(count / requests.length, (performance.now() - started) / limitMs);
      progress.update(fraction, `${formatCount(count)} requests`);
    },
  });
  progress.finish(`${formatCount(loaderCalls)} requests in ${formatMs(served.seconds * 1000)}`);
  return { ...served, loaderCalls, bytesRead };
}

/** Many callers ask for one key at once, right after it was deleted. */
export async function runStampede({ cache, root, name, callers }) {
  await cache.delete(name);
  let loaderCalls = 0;
  const load = ({ signal }) => {
    loaderCalls += 1;
    return measurePackage(root, name, signal);
  };
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: callers }, () => cache.getOrSet(name, load)));
  const ms = performance.now() - started;
  return { ms, loaderCalls, answers: answers.filter((answer) => answer === answers[0]).length };
}
