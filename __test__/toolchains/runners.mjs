// Test runners: users' tests of code that caches, with each runner's own fake timers and resets.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isThere, succeeds, tool, versionOf } from './project.mjs';

const node = process.execPath;
const node22 = () => (Number(process.versions.node.split('.')[0]) >= 22 ? node : tool('node-22', 'bin', 'node'));

/** The code of a user: a module with a cache, tests of it that reset it between them, and time that passes. */
const BODY = `
const cache = createCache({ ttlMs: 60_000 });
let loaded = 0;
const loads = () => loaded;
const userOf = (id) => cache.getOrSet('user:' + id, async () => ({ id, loads: (loaded += 1) }));
`;
const SERVICE = `const { createCache } = require('lazy-layers-cache');
${BODY}
module.exports = { cache, loads, userOf };
`;
const SERVICE_MODULE = `import { createCache } from 'lazy-layers-cache';
${BODY}
export { cache, loads, userOf };
`;

/**
 * The tests, for runners with `test` and hooks of these names; `timers` fakes time by `use()`, `advance(ms)` and
 * `restore()`.
 */
const TESTS = `
beforeEach(() => service.cache.clear());
afterAll(() => service.cache.close());

test('loads once', async () => {
  const before = service.loads();
  await Promise.all([service.userOf(1), service.userOf(1)]);
  equal(service.loads() - before, 1);
});

test('is empty again', async () => {
  equal(await service.cache.get('user:1'), undefined);
  equal(await service.cache.size(), 0);
});

test('expires with fake timers', async () => {
  timers.use();
  try {
    const { loads } = await service.userOf(2);
    timers.advance(59_000);
    equal((await service.userOf(2)).loads, loads);
    timers.advance(2_000);
    equal((await service.userOf(2)).loads, loads + 1);
  } finally {
    timers.restore();
  }
});
`;

const EQUAL = "const { strictEqual: equal } = require('node:assert');\n";
const required = `${EQUAL}const service = require('./service.js');\n`;
const imported = `import { strictEqual as equal } from 'node:assert';\nimport * as service from './service.js';\n`;

const JEST_TIMERS = `const timers = {
  use: () => jest.useFakeTimers(),
  advance: (ms) => jest.advanceTimersByTime(ms),
  restore: () => jest.useRealTimers(),
};
`;

const RESET = `
test('a module registry that is reset has a cache of its own', async () => {
  await service.userOf(3);
  jest.resetModules();
  const again = require('./service.js');
  equal(await again.cache.get('user:3'), undefined);
  await again.cache.close();
});
`;

const JEST = ['jest-29', 'jest-30'].flatMap((name) =>
  ['--runInBand', '--maxWorkers=2'].map((how) => ({
    tool: 'Jest',
    version: () => versionOf(name),
    what: `\`${how}\`, fake timers, \`resetModules\`, \`--detectOpenHandles\``,
    async run(at) {
      const folder = at.project({
        'service.js': SERVICE,
        'one.test.js': required + JEST_TIMERS + TESTS + RESET,
        'two.test.js': required + JEST_TIMERS + TESTS,
      });
      const settings = { transform: {}, watchman: false, cacheDirectory: './cache' };
      at.write(folder, { 'jest.config.json': JSON.stringify(settings) });
      const args = ['--config', 'jest.config.json', how, ...(how === '--runInBand' ? ['--detectOpenHandles'] : [])];
      const output = await succeeds(node, [tool(name, 'bin', 'jest.js'), ...args], { cwd: folder });
      assert.match(output, /7 passed, 7 total/);
      const open = [...output.matchAll(/^ +● +(\S.*)$/gm)].map(([, type]) => type.trim());
      assert.deepEqual(open, []);
      assert.doesNotMatch(output, /did not exit|torn down/);
    },
  })),
);

const VITEST_TIMERS = `const timers = {
  use: () => vi.useFakeTimers(),
  advance: (ms) => vi.advanceTimersByTime(ms),
  restore: () => vi.useRealTimers(),
};
`;

/** vitest 5 needs a later Node.js than the oldest supported. */
const VITESTS = [
  ['vitest', () => node],
  ['vitest-5', node22],
];

const VITEST = VITESTS.flatMap(([name, program]) =>
  ['forks', 'threads', 'vmForks', 'vmThreads'].map((pool) => ({
    tool: 'Vitest',
    version: () => versionOf(name),
    only: isThere(name) && (program === node || isThere('node-22')),
    what: `pool \`${pool}\`, fake timers`,
    async run(at) {
      const names = "import { afterAll, beforeEach, test, vi } from 'vitest';\n";
      const file = names + imported + VITEST_TIMERS + TESTS;
      const folder = at.project({
        'service.js': SERVICE_MODULE,
        'one.test.js': file,
        'two.test.js': file,
        'package.json': '{"private":true,"type":"module"}',
      });
      symlinkSync(tool(name), join(folder, 'node_modules', 'vitest'), 'junction');
      const args = [join(tool(name), 'vitest.mjs'), 'run', '--pool', pool];
      const output = await succeeds(program(), args, { cwd: folder });
      assert.match(output, /Tests\s+6 passed/);
      assert.doesNotMatch(output, /close timed out|hanging/i);
    },
  })),
);

const NODE_TEST = {
  tool: 'node:test',
  version: () => process.versions.node,
  what: '`mock.timers`, hooks; the process ends by itself',
  quick: true,
  async run(at) {
    const timers = `const timers = {
  use: () => mock.timers.enable({ apis: ['setTimeout', 'Date'] }),
  advance: (ms) => mock.timers.tick(ms),
  restore: () => mock.timers.reset(),
};
`;
    const names = "const { after: afterAll, beforeEach, mock, test } = require('node:test');\n";
    const folder = at.project({ 'service.js': SERVICE, 'one.test.js': names + required + timers + TESTS });
    const output = await succeeds(node, ['--test', '--test-reporter=tap', 'one.test.js'], { cwd: folder });
    assert.match(output, /^# pass 3$/m);
  },
};

const MOCHA = {
  tool: 'mocha, with sinon',
  version: () => `${versionOf('mocha')}, ${versionOf('sinon')}`,
  what: '`sinon.useFakeTimers`, hooks; without `--exit`',
  quick: true,
  async run(at) {
    const timers = `const sinon = require('sinon');
let clock;
const timers = {
  use: () => void (clock = sinon.useFakeTimers({ now: Date.now() })),
  advance: (ms) => clock.tick(ms),
  restore: () => clock.restore(),
};
const [test, afterAll] = [it, after];
`;
    const folder = at.project({ 'service.js': SERVICE, 'one.test.js': required + timers + TESTS });
    symlinkSync(tool('sinon'), join(folder, 'node_modules', 'sinon'), 'junction');
    const output = await succeeds(node, [tool('mocha', 'bin', 'mocha.js'), 'one.test.js'], { cwd: folder });
    assert.match(output, /3 passing/);
  },
};

export const RUNNERS = [...JEST, ...VITEST, NODE_TEST, MOCHA].map((row) => ({ needs: 'nothing', ...row }));
