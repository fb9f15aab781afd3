// Next.js, built and served standalone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fails, succeeds, tool, versionOf } from './project.mjs';

const node = process.execPath;

const APP = {
  'package.json': '{"private":true,"name":"app"}',
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;\n',
  'app/page.js': 'export default () => <p>a page</p>;\n',
  'app/hit/route.js': `import { createCache } from 'lazy-layers-cache';
const cache = createCache();
export const dynamic = 'force-dynamic';
export async function GET() {
  return new Response(await cache.getOrSet('k', async () => 'works 42'));
}
`,
};

const config = (settings) => ({
  'next.config.js': `module.exports = { outputFileTracingRoot: __dirname, ...${JSON.stringify(settings)} };\n`,
});

/** What is installed beside Next.js, and not for it. */
const OTHERS = /node_modules[\\/](?:npm-|typescript-|vitest|vite\b|@yarnpkg|@oven|@deno|rolldown|@rolldown)/;

/** A project with the package and Next.js in its own node_modules, as installed: copied, as it follows no links out. */
function project(at, settings) {
  const folder = at.project({ ...APP, ...config({ output: 'standalone', ...settings }) });
  const modules = join(tool('next'), '..');
  cpSync(modules, join(folder, 'node_modules'), {
    recursive: true,
    filter: (path) => !OTHERS.test(path),
  });
  return folder;
}

const build = (folder, bundler) => [
  node,
  [join(folder, 'node_modules/next/dist/bin/next'), 'build', ...(bundler === 'webpack' ? ['--webpack'] : [])],
  { cwd: folder, env: { NEXT_TELEMETRY_DISABLED: '1' } },
];

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** The answer of a standalone server that is alone in its folder. */
async function answerOf(folder) {
  const port = await freePort();
  const server = spawn(node, ['server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: String(port), HOSTNAME: '127.0.0.1', NODE_TEST_CONTEXT: undefined },
  });
  let said = '';
  const isReady = new Promise((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
        if (said.includes('Ready')) resolve();
      });
    }
    server.on('exit', () => reject(new Error(said)));
  });
  try {
    await isReady;
    return await (await fetch(`http://127.0.0.1:${port}/hit`)).text();
  } finally {
    server.kill('SIGKILL');
  }
}

const NEXT = ['Turbopack', 'webpack'].flatMap((bundler) => [
  {
    needs: '`serverExternalPackages: ["lazy-layers-cache"]`',
    what: `${bundler}: the standalone output, alone`,
    async run(at) {
      const folder = project(at, { serverExternalPackages: ['lazy-layers-cache'] });
      await succeeds(...build(folder, bundler));
      const alone = at.moved(join(folder, '.next', 'standalone'));
      assert.equal(await answerOf(alone), 'works 42');
    },
  },
  {
    needs: 'nothing',
    what: `${bundler}: the build fails, and names the addon`,
    run: (at) => fails(/lazy-layers-cache/, ...build(project(at, {}), bundler)),
  },
]);

export const FRAMEWORKS = NEXT.map((row) => ({
  tool: 'Next.js',
  version: () => versionOf('next'),
  only: process.platform === 'linux',
  ...row,
}));
