// The steps of `npm test`, in order. A step resolves to whether it succeeded.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../build.mjs';
import { DASHBOARD } from '../dashboard.mjs';
import { install, installTools } from '../install.mjs';
import { ensureServers } from '../servers.mjs';
import { ROOT } from './project.mjs';
import { answers, run } from './run.mjs';

/** Of a file too: those that hurt brokers take minutes. */
const NODE_TEST_DEADLINE_MS = 600_000;

const inNodeModules = (path) => join(ROOT, 'node_modules', path);

/** Programs from npm are run by node itself: their names on the path differ between systems. */
const node = async (args, options) => (await run(process.execPath, args, options)) === 0;
const cargo = async (args, options) => (await run('cargo', args, options)) === 0;

const tsc = (project) => node([inNodeModules('typescript/bin/tsc'), '--project', project]);

/** node --test takes no patterns in the oldest supported version. Windows has neither servers nor a browser for some of the tests. */
function testFiles() {
  const names = readdirSync(join(ROOT, '__test__'), { recursive: true });
  const here = names.filter(
    (name) =>
      name.endsWith('.test.mjs') &&
      !name.includes('node_modules') &&
      !(process.platform === 'win32' && /^(redis|bus|chaos|dashboard)\b/.test(name)),
  );
  return here.map((name) => join('__test__', name)).sort();
}

async function rustTests(tally) {
  const onLine = (line) => tally.take(line);
  if (!answers('cargo', ['nextest', '--version'])) return cargo(['test', '--workspace', '--locked'], { onLine });
  const passed = await cargo(['nextest', 'run', '--workspace', '--locked', '--no-fail-fast'], { onLine });
  // The examples in documentation are the one kind of test that nextest leaves out.
  return (await cargo(['test', '--doc', '--workspace', '--locked', '--quiet'], { onLine })) && passed;
}

/** Folders and files that measure time or memory, or keep all processors busy: they run alone. */
const MEASURES = new Set(
  [
    ['attack', 'model', 'process', 'time'],
    ['bench-quick', 'constant-cost', 'jest-heap'],
    ['batches', 'interleaved', 'invalidation-during-load', 'late-answers', 'load-limit', 'patterns', 'user-code'],
    ['busy', 'freeze', 'latency', 'storm', 'stuck'],
  ].flat(),
);

const measures = (file) => file.split(/[\\/.]/).some((name) => MEASURES.has(name));

async function nodeTests(tally) {
  const files = testFiles();
  const parts = [
    { atATime: 1, files: files.filter(measures) },
    // These wait for servers, browsers, other programs and timers most of the time.
    { atATime: 3, files: files.filter((file) => !measures(file)) },
  ];
  let passed = true;
  for (const { atATime, files } of parts) {
    const how = ['--test', '--test-reporter=spec', `--test-concurrency=${atATime}`];
    const args = [...how, `--test-timeout=${NODE_TEST_DEADLINE_MS}`, ...files];
    passed = (await node(args, { onLine: (line) => tally.take(line) })) && passed;
  }
  return passed;
}

/**
 * @typedef {{ title: string, needs?: string[], run: (tally: import('./tally.mjs').Tally) => Promise<boolean> | boolean
 * }} Step
 */

/** @type {Record<string, Step>} */
export const STEPS = {
  rustfmt: { title: 'Rust formatting', run: () => cargo(['fmt', '--all', '--check']) },
  prettier: {
    title: 'JavaScript and TypeScript formatting',
    run: () => node([inNodeModules('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.']),
  },
  oxlint: { title: 'JavaScript lints', run: () => node([inNodeModules('oxlint/bin/oxlint'), '--deny-warnings']) },
  types: {
    title: 'Types: the sources in lib/, users of the declarations, the page of the dashboard',
    run: async () => {
      await install(DASHBOARD, ['--ignore-scripts']);
      const projects = ['tsconfig.json', '__test__/types/tsconfig.json', 'dashboard/tsconfig.json'];
      const outcomes = [];
      for (const project of projects) outcomes.push(await tsc(project));
      return !outcomes.includes(false);
    },
  },
  clippy: {
    title: 'Rust lints',
    run: () => cargo(['clippy', '--workspace', '--all-targets', '--locked', '--', '-D', 'warnings']),
  },
  servers: {
    title: 'Servers that tests start',
    run: async () => {
      await ensureServers();
      return true;
    },
  },
  tools: {
    title: 'Test runners, package managers and versions of Node.js',
    run: async () => {
      await installTools();
      return true;
    },
  },
  rust: { title: 'Rust tests', needs: ['servers'], run: rustTests },
  build: {
    title: 'The addon',
    run: () => {
      build();
      return true;
    },
  },
  node: { title: 'Node.js tests', needs: ['servers', 'tools', 'build'], run: nodeTests },
};
