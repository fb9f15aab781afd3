import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { HybridCache } from '../../index.mjs';

const KEYS = 20_000;

/** Small random numbers from a seed, so that a run can be repeated. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Half of the keys are drawn from a twentieth of them, so that there are hits as well as evictions. */
function pickKey(random) {
  const id = Math.floor(random() * (random() < 0.5 ? KEYS / 20 : KEYS));
  return id % 7 === 0 ? id : `key:${id}`;
}

const valueOf = (key) => ({ key, text: `value of ${key}`, list: [1, 2, 3] });

/** Whatever a cache answers belongs to the key that was asked for. */
function checkAnswer(key, value) {
  if (value === undefined || value === null) return;
  assert.equal(String(value.key), String(key), 'a cache returned the value of another key');
}

const never = () => new Promise(() => {});

function pickLoader(key, random) {
  const kind = random();
  if (kind < 0.9) return async () => valueOf(key);
  if (kind < 0.94) return () => turn(valueOf(key));
  if (kind < 0.97) return async () => undefined;
  return async () => {
    throw new Error('the source is down');
  };
}

async function read(cache, key) {
  checkAnswer(key, await cache.get(key));
}

async function write(cache, key, random) {
  const options = random() < 0.3 ? { ttlMs: 1 + Math.floor(random() * 20) } : undefined;
  await cache.set(key, random() < 0.05 ? null : valueOf(key), options);
}

async function readThrough(cache, key, random) {
  const options = random() < 0.2 ? { ttlMs: 1 + Math.floor(random() * 20) } : undefined;
  try {
    checkAnswer(key, await cache.getOrSet(key, pickLoader(key, random), options));
  } catch (error) {
    assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), error);
  }
}

/** A loader that never answers, ended by its deadline; a bare store has no deadlines. */
async function readThroughHung(cache, key) {
  if (!(cache instanceof HybridCache)) return;
  await cache.getOrSet(`hung:${key}`, never, { timeouts: { hardMs: 2 } }).catch(() => {});
}

/** The share of each operation, in thousandths of a per cent; the order matters, the sum is 100,000. */
const MIX = [
  [40_000, read],
  [20_000, write],
  [30_000, readThrough],
  [6_000, (cache, key) => cache.delete(key)],
  [3_000, (cache, key) => cache.has(key)],
  [960, (cache) => cache.size()],
  [30, (cache, key) => cache.deleteByPattern(`key:${String(key).at(-1)}*`)],
  [5, (cache) => cache.clear()],
  [5, readThroughHung],
];

/** Starts one operation and returns its promise. */
export function operate(cache, random) {
  let dice = random() * 100_000;
  for (const [share, operation] of MIX) {
    if (dice < share) return operation(cache, pickKey(random), random);
    dice -= share;
  }
  return read(cache, pickKey(random));
}
