/**
 * Installs, builds and checks everything, and lists at the end the steps that failed.
 *
 *     node scripts/test.mjs            all steps
 *     node scripts/test.mjs types node some of them, with their needs
 */
import { install } from './install.mjs';
import { STEPS } from './parts/steps.mjs';
import { Tally } from './parts/tally.mjs';

function chosenSteps(names) {
  const unknown = names.find((name) => !(name in STEPS));
  if (unknown) throw new Error(`a step must be one of ${Object.keys(STEPS).join(', ')}, got ${unknown}`);
  if (names.length === 0) return Object.keys(STEPS);
  const wanted = new Set([...names, ...names.flatMap((name) => STEPS[name].needs ?? [])]);
  return Object.keys(STEPS).filter((name) => wanted.has(name));
}

const heading = (text) => console.log(`\n── ${text} ${'─'.repeat(Math.max(3, 76 - text.length))}`);

async function runStep(name, outcomes, tally) {
  const { title, needs = [], run } = STEPS[name];
  heading(title);
  const failed = needs.find((need) => outcomes.get(need)?.state !== 'ok');
  if (failed !== undefined) {
    console.log(`not run: the step "${failed}" failed`);
    return { state: 'not run', ms: 0 };
  }
  const start = performance.now();
  let passed = false;
  try {
    passed = await run(tally);
  } catch (error) {
    console.error(error.message);
  }
  return { state: passed ? 'ok' : 'FAILED', ms: performance.now() - start };
}

function summarise(outcomes, tally) {
  heading('Summary');
  for (const [name, { state, ms }] of outcomes) {
    console.log(`${state.padEnd(8)} ${name.padEnd(8)} ${(ms / 1000).toFixed(1).padStart(6)} s`);
  }
  const failed = [...outcomes].filter(([, { state }]) => state !== 'ok').map(([name]) => name);
  if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`);
  if (outcomes.has('rust') || outcomes.has('node')) console.log(`\n${tally}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

async function main(argv) {
  const names = chosenSteps(argv);
  const tally = new Tally();
  const outcomes = new Map();
  heading('Dependencies');
  await install();
  for (const name of names) outcomes.set(name, await runStep(name, outcomes, tally));
  summarise(outcomes, tally);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`test: ${error.message}`);
  process.exitCode = 1;
});
