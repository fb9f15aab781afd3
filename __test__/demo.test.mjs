import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findPackages, measurePackage } from '../demo/loader.mjs';
import { startProgress } from '../demo/progress.mjs';
import { runStampede, runWithCache } from '../demo/service.mjs';
import { formatMs, formatTable, percentile } from '../demo/table.mjs';
import { serve, zipfRequests } from '../demo/workload.mjs';
import { LazyLayersCache } from '../index.mjs';
import { until } from './support/deferred.mjs';

/** A node_modules folder with three packages, one of them scoped and one inside another. */
async function installed(t) {
  const root = await mkdtemp(join(tmpdir(), 'demo-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [path, content] of Object.entries({
    'one/package.json': '{}',
    'one/lib/large.js': 'x'.repeat(1000),
    'one/node_modules/inner/package.json': '{}',
    '@scope/two/package.json': '{ }',
    '.bin/tool': 'not a package',
  })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

test('the demo finds scoped and nested packages and nothing else', async (t) => {
  assert.deepEqual(await findPackages(await installed(t)), ['@scope/two', 'one', 'one/node_modules/inner']);
});

test('a package is measured without the packages inside it', async (t) => {
  const { files, bytes, largest, sha256 } = await measurePackage(await installed(t), 'one');
  assert.deepEqual(
    { files, bytes, largest },
    { files: 2, bytes: 1002, largest: { path: join('lib', 'large.js'), bytes: 1000 } },
  );
  assert.match(sha256, /^[0-9a-f]{64}$/);
});

test('measuring stops when its signal aborts', async (t) => {
  const root = await installed(t);
  await assert.rejects(measurePackage(root, 'one', AbortSignal.abort()), { name: 'AbortError' });
});

test('requests are skewed: the first key is asked for about twice as often as the second', () => {
  const requests = zipfRequests(['a', 'b', 'c', 'd'], 10_000);
  const counts = ['a', 'b', 'c', 'd']
    .map((key) => requests.filter((asked) => asked === key).length)
    .sort((a, b) => b - a);
  assert.equal(requests.length, 10_000);
  assert.ok(Math.abs(counts[0] / counts[1] - 2) < 0.2, counts.join());
  assert.deepEqual(zipfRequests(['a', 'b', 'c', 'd'], 10_000), requests);
});

test('serving takes no new request after its time is over', async () => {
  const { latenciesMs } = await serve(['a', 'b', 'c'], async () => {}, { clients: 2, limitMs: 0 });
  assert.equal(latenciesMs.length, 0);
});

const silent = { isTTY: false, write: () => true };

test('with the cache each package is loaded once, and a stampede loads once', async (t) => {
  const root = await installed(t);
  const cache = new LazyLayersCache();
  const requests = zipfRequests(await findPackages(root), 500);
  const { counts, latenciesMs } = await runWithCache({ cache, root, requests, clients: 4, stream: silent });
  const stampede = await runStampede({ cache, root, name: 'one', callers: 100 });
  assert.equal(latenciesMs.length, 500);
  assert.equal(counts['loader:start'], 3);
  assert.equal(counts.hit + counts['loader:start'] + counts['inflight:reuse'], 500);
  assert.deepEqual([stampede.answers, stampede.loaderCalls], [100, 1]);
});

test('progress is a bar on a terminal and two plain lines elsewhere', () => {
  for (const [isTTY, expected] of [
    [true, /\r.*\[█{15}░{15}\]  half/],
    [false, /^load …\nload: done\n$/],
  ]) {
    let written = '';
    const stream = { isTTY, write: (text) => (written += text) };
    const progress = startProgress('load', { stream, now: () => 1000 });
    progress.update(0.5, 'half');
    progress.finish('done');
    assert.match(written, expected);
  }
});

test('the table aligns its columns and picks the unit of a duration', () => {
  assert.equal(
    formatTable([
      ['', 'a'],
      ['row', '10'],
    ]),
    '       a\n────────\nrow   10',
  );
  assert.deepEqual([0.0015, 2.25, 2250].map(formatMs), ['1.5 µs', '2.3 ms', '2.25 s']);
  assert.deepEqual(
    [0.5, 0.99].map((q) => percentile([4, 1, 3, 2], q)),
    [2, 4],
  );
});

test('the demo with a dashboard says where it is, and has traffic to look at', async (t) => {
  const path = fileURLToPath(new URL('../demo/dashboard.mjs', import.meta.url));
  const root = await installed(t);
  const packages = JSON.stringify(await findPackages(root));
  const run = `import(${JSON.stringify(pathToFileURL(path).href)}).then(({ runDashboard }) =>
    runDashboard({ packages: ${packages}, root: ${JSON.stringify(root)}, port: 0 }))`;
  const child = spawn(process.execPath, ['-e', run], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  const [line] = await once(child.stdout, 'data');
  const [, url] = /at (http:\S+), login lazydev/.exec(String(line));
  const headers = { authorization: `Basic ${Buffer.from('lazydev:lazydev').toString('base64')}` };
  await until(async () => {
    const { caches } = await (await fetch(`${url}/api/caches`, { headers })).json();
    return caches.length === 2 && caches.every(({ stats }) => stats.loads.succeeded > 0 && stats.hits.L1 > 0);
  });
});
