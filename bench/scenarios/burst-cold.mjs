import assert from 'node:assert/strict';
import { buildKey, valueFor } from '../harness/fixtures.mjs';
import { measureCpuTime } from '../harness/measure.mjs';

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

/** Many keys that nobody has asked for, all at once, each loaded a turn of the event loop later. */
async function measure({ create, keys }, budget) {
  let calls = 0;
  const load = async () => {
    const id = calls++;
    await turnOfTheLoop();
    return valueFor(id);
  };
  const cache = await create({ capacity: keys, load });
  let round = 0;
  const prepare = () => {
    const unseen = new Set();
    for (let id = 0; id < keys; id++) unseen.add(buildKey(`${round}-${id}`));
    round++;
    const all = [...unseen];
    return () => Promise.all(all.map((key) => cache.getOrSet(key, load)));
  };
  const check = (received) => {
    assert.equal(calls, round * keys, 'each key must be loaded once');
    assert.equal(new Set(received.map(({ id }) => id)).size, keys, 'two keys got the same value');
  };
  const result = await measureCpuTime({ prepare, check }, budget);
  const each = (ms) => (ms * 1000) / keys;
  return { ...result, value: each(result.threadCpuMs), p10: each(result.p10), p90: each(result.p90), loaderCalls: 1 };
}

const row = (keys, quick) => ({
  id: `burst-cold/${keys}`,
  title: `${keys.toLocaleString('en')} cold keys at once, getOrSet: CPU time of the JavaScript thread for each`,
  params: { keys },
  quick,
});

export default {
  name: 'burst-cold',
  unit: 'us CPU',
  needs: ['getOrSet'],
  rows: [row(500, true), row(5_000, false)],
  measure,
};
