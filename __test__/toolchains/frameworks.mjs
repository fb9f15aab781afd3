// Next.js, built and served standalone.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fails, succeeds, tool, versionOf, whileServing } from './project.mjs';

const node = process.execPath;

const SHELL = {
  'package.json': '{"private":true,"name":"app"}',
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;\n',
  'app/page.js': 'export default () => <p>a page</p>;\n',
};

const HIT = {
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

/** Packages installed beside Next.js, and not for it. */
const OTHERS = /node_modules[\\/](?:npm-|typescript-|vitest|vite\b|@yarnpkg|@oven|@deno|rolldown|@rolldown)/;

/** A project with the package and Next.js in its own node_modules, as installed: copied, as it follows no links out. */
function project(at, settings, files = HIT) {
  const folder = at.project({ ...SHELL, ...files, ...config({ output: 'standalone', ...settings }) });
  const modules = join(tool('next'), '..');
  cpSync(modules, join(folder, 'node_modules'), { recursive: true, filter: (path) => !OTHERS.test(path) });
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

/** Starts the standalone server of a folder, and ends it when `use` of its address has. */
async function serving(folder, use) {
  const port = await freePort();
  const env = { PORT: String(port), HOSTNAME: '127.0.0.1' };
  return whileServing(node, ['server.js'], { cwd: folder, env }, /Ready/, () => use(`http://127.0.0.1:${port}`));
}

const answerOf = (folder) => serving(folder, async (base) => (await fetch(`${base}/hit`)).text());

const SETTINGS = { serverExternalPackages: ['lazy-layers-cache'] };

/**
 * An application, built by Turbopack and served standalone and alone, while `use` of its address runs.
 * @param {import('./project.mjs').Toolchains} at
 * @param {Record<string, string>} files
 * @param {(base: string) => Promise<void>} use
 */
export async function withNext(at, files, use) {
  const folder = project(at, SETTINGS, files);
  await succeeds(...build(folder, 'Turbopack'));
  await serving(at.moved(join(folder, '.next', 'standalone')), use);
}

const NEXT = ['Turbopack', 'webpack'].flatMap((bundler) => [
  {
    needs: '`serverExternalPackages: ["lazy-layers-cache"]`',
    what: `${bundler}: the standalone output, alone`,
    async run(at) {
      const folder = project(at, SETTINGS);
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
