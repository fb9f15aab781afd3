// Package managers: each adds the package to an empty project, from a registry that has nothing else.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { MANAGERS as COMMON } from '../package/managers.mjs';
import { bun } from './bundlers.mjs';
import { isThere, run, succeeds, tool, versionOf } from './project.mjs';

const node = process.execPath;
const ADD = ['add', 'lazy-layers-cache'];
const CONFIGURATION = /ignored build|approve-builds|install.?scripts|allowScripts|ERR_PNPM|not.*built/i;

/** Lines that warn of something of the package. */
const warnings = (output) =>
  output.split('\n').filter((line) => /warn|deprecat/i.test(line) && line.includes('lazy-layers-cache'));

const npm = (name) => ({
  tool: 'npm',
  version: () => versionOf(name),
  add: () => [node, [tool(name, 'bin', 'npm-cli.js'), 'install', '--no-audit', '--no-fund', 'lazy-layers-cache']],
});

const pnpm = (major) => ({
  tool: 'pnpm',
  version: () => (major === 12 ? '12.4.2' : versionOf(`pnpm-${major}`)),
  add: (folder) => COMMON[`pnpm ${major}`](folder),
});

const yarn = (linker) => ({
  tool: 'Yarn',
  version: () => versionOf('@yarnpkg/cli-dist'),
  what: `\`nodeLinker: ${linker}\``,
  add: () => [node, [tool('@yarnpkg/cli-dist', 'bin', 'yarn.js'), ...ADD]],
  files: (address) => ({
    '.yarnrc.yml': `nodeLinker: ${linker}
npmRegistryServer: "${address}"
unsafeHttpWhitelist: ["127.0.0.1"]
enableGlobalCache: false
enableTelemetry: false
enableImmutableInstalls: false
`,
    'yarn.lock': '',
  }),
  use: () => [node, [tool('@yarnpkg/cli-dist', 'bin', 'yarn.js'), 'node', 'app.cjs']],
});

const BUN = {
  tool: 'Bun',
  version: () => versionOf('@oven/bun-linux-x64'),
  only: isThere('@oven', 'bun-linux-x64'),
  add: () => [bun(), ADD],
};

async function addAndUse(at, { add, files = () => ({}), use = () => [node, ['app.cjs']] }) {
  const [command, args, shell] = await add(at.empty());
  const cwd = at.empty();
  const { address } = at.registry;
  at.write(cwd, {
    'package.json': '{"name":"consumer","version":"1.0.0","private":true}',
    '.npmrc': `registry=${address}/\n`,
    'app.cjs': at.program('app.cjs'),
    ...files(address),
  });
  const env = {
    ...at.freshEnvironment(cwd),
    npm_config_registry: `${address}/`,
    npm_config_user_agent: '',
    BUN_INSTALL_CACHE_DIR: join(cwd, 'home', 'bun'),
  };
  const { status, output } = await run(command, args, { cwd, env, shell });
  assert.equal(status, 0, output);
  assert.doesNotMatch(output, CONFIGURATION);
  assert.deepEqual(warnings(output), []);
  const [program, rest] = use();
  assert.match(await succeeds(program, rest, { cwd, env }), /works 42/);
}

export const MANAGERS = [
  npm('npm-10'),
  npm('npm-11'),
  pnpm(10),
  pnpm(11),
  pnpm(12),
  yarn('pnp'),
  yarn('node-modules'),
  BUN,
].map(({ what = '', ...manager }) => ({
  needs: 'nothing',
  what: [what, 'exit code 0, no warning, and it works'].filter(Boolean).join(': '),
  ...manager,
  run: (at) => addAndUse(at, manager),
}));
