import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LazyLayersCache } from '../../index.mjs';
import { heldLoader } from '../support/deferred.mjs';

const WORKERS = 50;
const SIDE_BY_SIDE = 5;
const fixture = new URL('./fixtures/worker.mjs', import.meta.url);

/** Lets one worker load and use the package, then ends it: by itself, or by force with loads in flight. */
async function lifeOf(number) {
  const inFlight = number % 2 === 0;
  const worker = new Worker(fixture, { workerData: { number, inFlight } });
  const exited = once(worker, 'exit');
  const [answer] = await once(worker, 'message');
  if (inFlight) await worker.terminate();
  const [code] = await exited;
  return { number, inFlight, answer, code };
}

test('fifty worker threads load, use and end, some with loads in flight, and the main thread goes on', async () => {
  const cache = new LazyLayersCache();
  await cache.set('main', 'untouched');
  const loader = heldLoader();
  const loading = cache.getOrSet('held through it all', loader);
  const lives = [];
  for (let first = 0; first < WORKERS; first += SIDE_BY_SIDE) {
    const group = Array.from({ length: SIDE_BY_SIDE }, (_, n) => lifeOf(first + n));
    lives.push(...(await Promise.all(group)));
  }
  for (const { number, inFlight, answer, code } of lives) {
    assert.deepEqual(answer, { value: `of ${number}`, size: 50 });
    assert.equal(code, inFlight ? 1 : 0);
  }
  assert.equal(await cache.get('main'), 'untouched');
  loader.resolve('v');
  assert.equal(await loading, 'v');
});

test('a worker that is ended while it loads the package harms nobody', async () => {
  for (let n = 0; n < 10; n += 1) {
    const worker = new Worker(fixture, { workerData: { number: n, inFlight: true } });
    await once(worker, 'online');
    await worker.terminate();
  }
  const cache = new LazyLayersCache();
  assert.equal(await cache.getOrSet('k', async () => 'v'), 'v');
});

test('caches of worker and main thread are apart', async () => {
  const cache = new LazyLayersCache();
  await cache.set('loaded', 'of main');
  await lifeOf(1);
  assert.equal(await cache.get('loaded'), 'of main');
  assert.equal(await cache.size(), 1);
});

test('a worker may call process.exit() with loads in flight', async () => {
  for (let number = 0; number < 5; number += 1) {
    const worker = new Worker(fixture, { workerData: { number, inFlight: true, exits: true } });
    const [code] = await once(worker, 'exit');
    assert.equal(code, 3);
  }
});
