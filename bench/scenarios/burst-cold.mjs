import assert from 'node:assert/strict';
import { buildKey, turnOfTheLoop, valueFor } from '../harness/fixtures.mjs';
import { measureCpuTime } from '../harness/measure.mjs';

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
  // The spread of a single round is known of the whole process alone.
  const value = (result.threadCpuMs * 1000) / keys;
  return { ...result, value, p10: value, p90: value, loaderCalls: 1 };
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
