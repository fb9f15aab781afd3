// The advice of a dashboard: the rules, over the facts of its cache.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LazyLayersCache } from '../../index.mjs';
import { ask } from './plain.mjs';

const observability = { enabled: true, quiet: true, server: false };

async function adviceOf(cache) {
  const { json } = await ask(cache.getObservabilityHandler(), '/observelazyily/api/advice');
  return json.advice;
}

test('a cache that is too small for its keys is told so', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 10 } }, observability });
  for (let round = 0; round < 10; round += 1) {
    for (let key = 0; key < 30; key += 1) await cache.getOrSet(`k${key}`, () => key);
  }
  const said = (await adviceOf(cache)).find(({ rule }) => rule === 'l1-too-small');
  assert.deepEqual([said.option, said.current, said.suggested], ['levels.L1.maxEntries', 10, 20]);
  assert.match(said.text, /^\d+ % of loads were for keys that had been loaded before/);
  await cache.close();
});

test('handlers that hear of every event are counted, but for that of the dashboard', async () => {
  const cache = new LazyLayersCache({ events: [() => {}], observability });
  assert.deepEqual(
    (await adviceOf(cache)).map(({ rule, number }) => [rule, number]),
    [['listeners-cost', 1]],
  );
  await cache.close();
});

test('hit ratios of other sizes are there once somebody has asked for them', async () => {
  const cache = new LazyLayersCache({ levels: { L1: { maxEntries: 10 } }, observability });
  const sizes = async (query = '') => {
    const { json } = await ask(cache.getObservabilityHandler(), `/observelazyily/api/advice${query}`);
    return json.sizes;
  };
  await cache.get('before');
  assert.equal(await sizes(), null);
  assert.equal((await sizes('?simulate=true')).reads, 0);
  for (const key of ['a', 'b', 'a', 'b']) await cache.get(key);
  const found = await sizes();
  assert.equal(found.reads, 4);
  assert.deepEqual(found.sizes.find(({ maxEntries }) => maxEntries === 10).lru, { hitRatio: 0.5, error: 0 });
  assert.equal(cache.advice({ stop: true }).reads, 4);
  assert.equal(await sizes(), null);
  await cache.close();

  const without = new LazyLayersCache({ l1: false, observability });
  const { json } = await ask(without.getObservabilityHandler(), '/observelazyily/api/advice?simulate=true');
  assert.equal(json.sizes, undefined);
  await without.close();
});

test('of a cache that has done nothing nothing is said', async () => {
  const cache = new LazyLayersCache({ observability });
  assert.deepEqual(await adviceOf(cache), []);
  await cache.close();
});
