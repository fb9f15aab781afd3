import assert from 'node:assert/strict';
import { buildKey, turnOfTheLoop, valueFor } from '../harness/fixtures.mjs';
import { measureCpuTime } from '../harness/measure.mjs';

/** The load ends a turn of the event loop later, when all callers are waiting; it costs next to nothing itself. */
async function measure({ create, callers }, budget) {
  let calls = 0;
  const load = async () => {
    const id = calls++;
    await turnOfTheLoop();
    return valueFor(id);
  };
  const cache = await create({ capacity: 1_000, load });
  let round = 0;
  const prepare = () => {
    const key = buildKey(`stampede-${round++}`);
    const waiting = new Array(callers);
    return async () => {
      for (let caller = 0; caller < callers; caller++) waiting[caller] = cache.getOrSet(key, load);
      return Promise.all(waiting);
    };
  };
  const check = (received) => {
    assert.equal(calls, round, `${callers} callers must share one load`);
    for (const value of received) assert.equal(value.id, round - 1, 'a caller got a value of another load');
  };
  const result = await measureCpuTime({ prepare, check }, budget);
  return { ...result, loaderCalls: calls / round };
}

export default {
  name: 'stampede',
  unit: 'ms CPU',
  needs: ['getOrSet'],
  rows: [
    {
      id: 'stampede/1000',
      title: 'stampede, 1,000 callers of one key: CPU time of the process',
      params: { callers: 1_000 },
      quick: true,
    },
  ],
  measure,
};
