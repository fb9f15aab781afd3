/**
 * One adapter on one row of one scenario, in a process of its own: no cache is slowed by the shapes another one left
 * in the compiler's inline caches, or by its garbage.
 */
import { adapters } from '../adapters/index.mjs';
import { scenarios } from '../scenarios/index.mjs';
import { checkConformance, missingOperation } from './conformance.mjs';
import { BUDGETS } from './measure.mjs';

async function measureRow({ adapterName, scenarioName, rowId, quick, redisPort, redisPid }) {
  const adapter = adapters.find(({ name }) => name === adapterName);
  const scenario = scenarios.find(({ name }) => name === scenarioName);
  const row = scenario.rows.find(({ id }) => id === rowId);
  const { variants, limits } = await import(`../adapters/${adapter.file}`);
  const create = (options) => variants[adapterName]({ redisPort, ...options });
  const missing = await missingOperation(create, scenario.needs);
  if (missing !== undefined) return { status: 'n/a', reason: limits?.[missing] ?? `the package has no ${missing}` };
  await checkConformance(create);
  const budget = quick ? BUDGETS.quick : BUDGETS.full;
  const about = { create, adapterName, traits: adapter.traits ?? {}, packages: adapter.packages, redisPort, redisPid };
  return { status: 'ok', ...(await scenario.measure({ ...about, ...row.params }, budget)) };
}

process.once('message', async (job) => {
  let outcome;
  try {
    outcome = await measureRow(job);
  } catch (error) {
    outcome = { status: 'failed', reason: error?.stack ?? String(error) };
  }
  // Some caches keep timers running for ever; the work is done once the parent has the answer.
  process.send(outcome, () => process.exit(0));
});
