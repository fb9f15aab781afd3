import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../support/deferred.mjs';
import { LOGIN } from './plain.mjs';

const STUCK_MS = 10_000;
/** An answer is there in so many milliseconds; this machine may be busy with other tests. */
const SOON_MS = 100;
const BUSY = 5;

const login = { headers: { authorization: LOGIN } };

let child;
let base;

before(async () => {
  const path = fileURLToPath(new URL('fixtures/stuck.mjs', import.meta.url));
  child = fork(path);
  const [port] = await once(child, 'message');
  base = `http://127.0.0.1:${port}`;
});

after(() => child.kill());

/** The answer of a path, and how long the fastest of some attempts took. */
async function timed(path) {
  let best = Infinity;
  let text;
  for (let attempt = 0; attempt < BUSY; attempt += 1) {
    const start = performance.now();
    const answer = await fetch(base + path, login);
    text = await answer.text();
    best = Math.min(best, performance.now() - start);
  }
  return { text, best };
}

/** Reads the stream until the last event is there. */
async function readStream() {
  const stream = await fetch(`${base}/observelazyily/stream`, login);
  const reader = stream.body.getReader();
  let seen = '';
  while (!seen.includes('"type":"hit"')) seen += Buffer.from((await reader.read()).value).toString();
  assert.ok(seen.startsWith('retry: 3000\n\n'));
  await reader.cancel();
}

test('while the event loop is stuck the dashboard answers at once and says so', async () => {
  const dash = '/observelazyily';
  const health = async () => JSON.parse((await timed('/healthz')).text);
  assert.equal((await health()).status, 'ok');
  // What is known of the configuration is what was said last.
  assert.equal(JSON.parse((await timed(`${dash}/api/config`)).text).eventLoopStalledMs, undefined);
  await readStream();
  const stuck = once(child, 'message');
  child.send(STUCK_MS);
  await stuck;
  await until(async () => (await health()).status === 'stalled');

  const slow = fetch(`${base}${dash}/api/l2`, login);
  const inside = ['', '/metrics', '/api/overview', '/api/caches', '/api/health'].map((path) => dash + path);
  for (const path of ['/healthz', ...inside]) {
    const { best } = await timed(path);
    assert.ok(best < SOON_MS, `${path} took ${best} ms`);
  }
  const { eventLoopStalledSeconds } = await health();
  assert.ok(eventLoopStalledSeconds >= 1 && eventLoopStalledSeconds < 12, String(eventLoopStalledSeconds));
  const { text: metrics } = await timed(`${dash}/metrics`);
  assert.match(metrics, /^lazycache_event_loop_stalled_seconds [1-9]/m);
  assert.match(metrics, /^lazycache_hits_total\{level="l1"\} 1$/m);
  assert.equal(JSON.parse((await timed(`${dash}/api/overview`)).text).counters.hitsL1, 1);
  const config = JSON.parse((await timed(`${dash}/api/config`)).text);
  assert.ok(config.eventLoopStalledMs > 0);
  assert.deepEqual(config.layers.l1, { enabled: true, inspectable: true });
  assert.ok(JSON.parse((await timed(`${dash}/api/caches`)).text).eventLoops[0].stalledMs > 1000);

  const answer = await slow;
  assert.equal(answer.status, 504);
  const { error, eventLoopStalledMs } = await answer.json();
  assert.match(error, /^the event loop has not turned for \d+\.\d s$/);
  assert.ok(eventLoopStalledMs >= 2000);

  await readStream();
  assert.ok((await health()).eventLoopStalledSeconds > 1, 'the events were told from memory');

  await until(async () => (await health()).status === 'ok');
  assert.equal((await fetch(`${base}${dash}/api/l2`, login)).status, 200);
});
