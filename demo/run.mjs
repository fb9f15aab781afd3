/**
 * `npm run demo`: a service that hashes and measures the packages in node_modules, asked 10,000 times, with the cache
 * and without it. No server is needed. With `-- --dashboard` it goes on until it is ended, to be looked at.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LazyLayersCache } from '../index.mjs';
import { runDashboard } from './dashboard.mjs';
import { findPackages } from './loader.mjs';
import { runStampede, runWithCache, runWithout } from './service.mjs';
import { formatBytes, formatCount, formatKilobytes, formatMs, formatTable, percentile } from './table.mjs';
import { zipfRequests } from './workload.mjs';

const ROOT = fileURLToPath(new URL('../node_modules', import.meta.url));
const REQUESTS = 10_000;
const CLIENTS = 16;
const CALLERS = 1_000;
/** Ten thousand requests without the cache would take minutes: they get this long, and as many as that allows. */
const WITHOUT_LIMIT_MS = 8_000;

function comparisonTable(cached, direct) {
  const { counts } = cached;
  const row = (label, withCache, without) => [label, withCache, without];
  return formatTable([
    ['', 'with the cache', 'without'],
    row('requests', formatCount(cached.latenciesMs.length), formatCount(direct.latenciesMs.length)),
    row('hit ratio', `${((100 * counts.hit) / (counts.hit + counts.miss)).toFixed(1)} %`, '–'),
    row('loader calls', formatCount(counts['loader:start']), formatCount(direct.loaderCalls)),
    row('misses that joined a running load', formatCount(counts['inflight:reuse']), '–'),
    row('latency p50', formatMs(percentile(cached.latenciesMs, 0.5)), formatMs(percentile(direct.latenciesMs, 0.5))),
    row('latency p99', formatMs(percentile(cached.latenciesMs, 0.99)), formatMs(percentile(direct.latenciesMs, 0.99))),
    row('requests per second', perSecond(cached), perSecond(direct)),
    row('time', formatMs(cached.seconds * 1000), formatMs(direct.seconds * 1000)),
  ]);
}

/** What the loader read for a request: there are fewer requests without the cache. */
const perRequest = ({ bytesRead, latenciesMs: { length } }) =>
  `${formatKilobytes(bytesRead / length)} (${formatBytes(bytesRead)} in all)`;

const perSecond = ({ latenciesMs, seconds }) => formatCount(Math.round(latenciesMs.length / seconds));

async function main() {
  const packages = existsSync(ROOT) ? await findPackages(ROOT) : [];
  if (packages.length === 0)
    throw new Error('node_modules holds no packages; run it as "npm run demo", which installs them');
  if (process.argv.includes('--dashboard')) {
    await runDashboard({ packages, root: ROOT });
    return;
  }
  console.log(`A service that hashes and measures packages: ${formatCount(packages.length)} of them in node_modules.`);
  console.log(`${formatCount(REQUESTS)} requests with a Zipf distribution, ${CLIENTS} at a time.\n`);

  const cache = new LazyLayersCache({ ttlMs: 60_000 });
  const requests = zipfRequests(packages, REQUESTS);
  const cached = await runWithCache({ cache, root: ROOT, requests, clients: CLIENTS });
  const direct = await runWithout({ root: ROOT, requests, clients: CLIENTS, limitMs: WITHOUT_LIMIT_MS });
  const stampede = await runStampede({ cache, root: ROOT, name: requests[0], callers: CALLERS });
  await cache.close();

  console.log(`\n${comparisonTable(cached, direct)}\n`);
  if (direct.latenciesMs.length < REQUESTS) {
    console.log(
      `Without the cache: a sample, the first ${formatCount(direct.latenciesMs.length)} of the same requests. ` +
        `No more were begun after ${WITHOUT_LIMIT_MS / 1000} s.`,
    );
  }
  console.log(`The loader read for a request: ${perRequest(cached)} with the cache, ${perRequest(direct)} without.`);
  console.log(
    `Stampede: ${formatCount(stampede.answers)} callers of one absent key at once → ` +
      `${stampede.loaderCalls} loader call${stampede.loaderCalls === 1 ? '' : 's'} (${formatMs(stampede.ms)}).`,
  );
}

main().catch((error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
});
