/**
 * Runs the package under the real tools, packed as it is published, in empty folders.
 *
 *     npm run test:toolchains              all
 *     npm run test:toolchains -- webpack   those whose tool or heading has that in its name
 *
 * Writes docs/toolchains.md, where cases that were not run keep their last results.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { ROOT, hostTargetName } from '../../scripts/parts/project.mjs';
import { CASES } from './cases.mjs';
import { Toolchains } from './project.mjs';

/** Runs a case, and returns how it ended. */
async function outcomeOf(at, { tool, version, what, only = true, run }) {
  if (!only) return { state: 'not here', version: '' };
  const began = performance.now();
  const told = `${tool} ${version()}: ${what}`;
  try {
    await run(at);
    console.log(`✔ ${told} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return { state: 'works', version: version() };
  } catch (error) {
    console.log(`✖ ${told}\n${String(error?.stack ?? error).replaceAll(/^/gm, '    ')}`);
    return { state: '**fails**', version: version() };
  }
}

const DOCUMENT = join(ROOT, 'docs', 'toolchains.md');

const row = ({ tool, needs, what }, { version, state }) => `| ${tool} | ${version} | ${needs} | ${what} | ${state} |`;

/** The last result of a case of some version of a tool, as the document has it. */
function lastRow(lines, one) {
  const [start, end] = [`| ${one.tool} | `, ` | ${one.needs} | ${one.what} | `];
  const version = one.only === false ? '' : one.version();
  const found = lines.find((line) => line.startsWith(`${start}${version}${end}`));
  return found ?? row(one, { version, state: 'not run' });
}

function documentOf(outcomes) {
  const lines = readFileSync(DOCUMENT, 'utf8').split('\n');
  const resultOf = (one) => (outcomes.has(one) ? row(one, outcomes.get(one)) : lastRow(lines, one));
  const tables = Object.entries(CASES).map(
    ([heading, cases]) => `## ${heading}

| Tool | Version | What it needs | What was checked | Result |
| --- | --- | --- | --- | --- |
${cases.map(resultOf).join('\n')}
`,
  );
  return `# Toolchains

Written by \`npm run test:toolchains\`: the packed files, installed from a registry of their own, under the real tools.
Here on ${hostTargetName()} (${process.platform} ${release().split('-')[0]}), Node.js ${process.versions.node}.
“Fails” under “What was checked” is expected there: an error that says what to do. “Alone” is in an empty folder,
without \`node_modules\`.

${tables.join('\n')}`;
}

async function main(words) {
  const isWanted = (heading, { tool }) => words.every((word) => `${heading} ${tool}`.toLowerCase().includes(word));
  const outcomes = new Map();
  const at = await Toolchains.open();
  try {
    for (const [heading, cases] of Object.entries(CASES)) {
      for (const one of cases) if (isWanted(heading, one)) outcomes.set(one, await outcomeOf(at, one));
    }
  } finally {
    await at.close();
  }
  const states = [...outcomes.values()].map(({ state }) => state);
  const failed = states.filter((state) => state === '**fails**').length;
  writeFileSync(DOCUMENT, documentOf(outcomes));
  console.log(`\n${states.filter((state) => state === 'works').length} passed, ${failed} failed`);
  process.exitCode = failed === 0 && outcomes.size > 0 ? 0 : 1;
}

await main(process.argv.slice(2).map((word) => word.toLowerCase()));
