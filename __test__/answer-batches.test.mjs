// Answers that came later are taken in batches, and code of users runs while one is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../index.mjs';
import { MapStore } from './support/map-store.mjs';

const LOADS = 40;

/** A second layer that answers at once. */
const synchronous = () => {
  const values = new Map([['k', 'value']]);
  return {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    has: (key) => values.has(key),
    delete: (key) => values.delete(key),
    deleteByPattern: () => values.clear(),
    size: () => values.size,
  };
};

for (const [kind, l2] of Object.entries({ 'at once': synchronous, 'by promises': () => new MapStore() })) {
  test(`abort listeners that use a cache whose layer answers ${kind} take no answer away from the others`, async () => {
    const slow = new LazyLayersCache({ timeouts: { hardMs: 20 }, logging: { enabled: false } });
    const other = new LazyLayersCache({ l1: false, l2: l2() });
    await other.set('k', 'value');
    const reads = [];
    // On a slow machine the limit of a load may pass before its loader is called, or while others are begun.
    let begun = 0;
    const load = ({ signal }) => {
      begun += 1;
      const read = () => {
        for (let at = 0; at < 3; at += 1)
          reads.push(
            other.get('k'),
            other.getOrSet('k', () => 'loaded'),
          );
      };
      if (signal.aborted) read();
      else signal.addEventListener('abort', read);
      return new Promise(() => {});
    };
    const loads = await Promise.allSettled(Array.from({ length: LOADS }, (_, at) => slow.getOrSet(`k${at}`, load)));
    assert.deepEqual(new Set(loads.map(({ reason }) => reason?.code)), new Set(['LOADER_HARD_TIMEOUT']));
    assert.deepEqual(
      loads.map(({ reason }) => /"(k\d+)"/.exec(reason.message)[1]),
      Array.from({ length: LOADS }, (_, at) => `k${at}`),
    );
    assert.ok(begun > LOADS / 2, String(begun));
    assert.equal(reads.length, begun * 6);
    assert.deepEqual(new Set(await Promise.all(reads)), new Set(['value']));
  });
}
