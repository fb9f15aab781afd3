// Programs that run JavaScript, and their messages where they may not load an addon.
import { join } from 'node:path';
import { bun } from './bundlers.mjs';
import { fails, isThere, succeeds, tool, versionOf } from './project.mjs';

export const DENO = ['@deno', 'linux-x64-glibc', 'deno'];
const NODES = {
  [process.versions.node.split('.')[0]]: () => process.execPath,
  22: () => tool('node-22', 'bin', 'node'),
  24: () => tool('node-24', 'bin', 'node'),
};

const NODE = Object.entries(NODES).map(([major, path]) => ({
  tool: `Node.js ${major}`,
  version: () => (path() === process.execPath ? process.versions.node : versionOf(`node-${major}`)),
  only: Number(major) === Number(process.versions.node.split('.')[0]) || isThere(`node-${major}`),
  needs: 'nothing',
  what: '`import` and `require`; `--no-addons` is named by the error',
  quick: true,
  async run(at) {
    const folder = at.project();
    for (const entry of ['app.mjs', 'app.cjs']) await at.works(join(folder, entry), { node: path() });
    await fails(/runs with --no-addons/, path(), ['--no-addons', join(folder, 'app.cjs')]);
  },
}));

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

const PERMISSION = {
  tool: 'Node.js',
  version: () => process.versions.node,
  needs: '`--allow-addons`, and files to read',
  what: `\`${permission}\`; without, the error says so`,
  quick: true,
  async run(at) {
    const folder = at.project();
    const args = [permission, `--allow-fs-read=${join(folder, '*')}`];
    await at.works(join(folder, 'app.cjs'), { args: [...args, '--allow-addons'] });
    await fails(/add --allow-addons/, process.execPath, [...args, join(folder, 'app.cjs')]);
  },
};

const BUN = {
  tool: 'Bun',
  version: () => versionOf('@oven/bun-linux-x64'),
  only: isThere('@oven', 'bun-linux-x64'),
  needs: 'nothing',
  what: '`import` and `require`',
  async run(at) {
    const folder = at.project();
    for (const entry of ['app.mjs', 'app.cjs']) await at.works(join(folder, entry), { node: bun() });
  },
};

const DENO_RUNS = {
  tool: 'Deno',
  version: () => versionOf('@deno/linux-x64-glibc'),
  only: isThere(...DENO),
  needs: '`--allow-read --allow-env --allow-sys --allow-ffi`, or `-A`',
  what: '`import` and `require`; without `--allow-ffi` the error says so',
  async run(at) {
    const folder = at.project();
    const rights = ['run', '--allow-read', '--allow-env', '--allow-sys'];
    const env = { DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
    for (const entry of ['app.mjs', 'app.cjs']) {
      await at.works(join(folder, entry), { node: tool(...DENO), args: [...rights, '--allow-ffi'], env });
    }
    await fails(/loads native addons with --allow-ffi/, tool(...DENO), [...rights, 'app.mjs'], { cwd: folder, env });
  },
};

/** The package's declarations and fields, as the checkers of the field see them. */
const CHECKS = [
  {
    tool: 'publint',
    version: () => versionOf('publint'),
    what: 'the packed files: nothing to say',
    run: async (at) => {
      for (const tarball of at.tarballs) {
        await succeeds(process.execPath, [tool('publint/src/cli.js'), tarball, '--strict'], { cwd: at.folder });
      }
    },
  },
  {
    tool: 'attw',
    version: () => versionOf('@arethetypeswrong/cli'),
    what: 'every entry point, under `node10`, `node16` and `bundler`: nothing to say',
    run: async (at) => {
      const tarball = at.tarballs.find((path) => !path.includes('-x64') && !path.includes('-arm64'));
      const cli = tool('@arethetypeswrong/cli/dist/index.js');
      await succeeds(process.execPath, [cli, tarball, '--no-emoji'], { cwd: at.folder });
    },
  },
].map((row) => ({ needs: 'nothing', quick: true, ...row }));

export const RUNTIMES = [...NODE, PERMISSION, BUN, DENO_RUNS];
export const CHECKERS = CHECKS;
