// Bundlers, and tools that collect the files of a deployment.
import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fails, isThere, run, succeeds, tool, versionOf } from './project.mjs';

const node = process.execPath;
const imported = (...path) => import(pathToFileURL(tool(...path)).href);

/** The two ways out, as the line that a bundler shows has them. */
const WAY_OUT = /external, \.node=copy/;

const esbuild = (folder, entry, ...args) => [
  node,
  [tool('esbuild/bin/esbuild'), entry, '--bundle', '--platform=node', ...args],
  { cwd: folder },
];

const BANNER =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const ESBUILD = [
  {
    needs: '`--loader:.node=copy`',
    what: 'CommonJS, minified, shipped alone',
    async run(at) {
      const folder = at.project();
      await succeeds(...esbuild(folder, 'app.cjs', '--minify', '--loader:.node=copy', '--outfile=out/app.cjs'));
      await at.worksAlone(join(folder, 'out'), 'app.cjs');
    },
  },
  {
    needs: '`--loader:.node=copy`, and the banner for `require`',
    what: 'ES modules, shipped alone',
    async run(at) {
      const folder = at.project();
      const args = ['--format=esm', '--loader:.node=copy', BANNER, '--outfile=out/app.mjs'];
      await succeeds(...esbuild(folder, 'app.mjs', ...args));
      await at.worksAlone(join(folder, 'out'), 'app.mjs');
    },
  },
  {
    needs: '`--external:lazy-layers-cache`',
    what: 'ES modules, beside `node_modules`',
    async run(at) {
      const folder = at.project();
      const args = ['--format=esm', '--external:lazy-layers-cache', '--outfile=out/app.mjs'];
      await succeeds(...esbuild(folder, 'app.mjs', ...args));
      await at.works(join(folder, 'out', 'app.mjs'));
    },
  },
  {
    needs: 'nothing',
    what: 'the build fails, and shows the ways out',
    run: (at) => fails(WAY_OUT, ...esbuild(at.project(), 'app.cjs', '--outfile=out/app.cjs')),
  },
  {
    needs: '`--loader:.node=copy`',
    what: 'a zip as of AWS Lambda: read-only, without a home, an environment or `node_modules`',
    async run(at) {
      const folder = at.project();
      await succeeds(...esbuild(folder, 'handler.js', '--loader:.node=copy', '--outfile=out/handler.js'));
      const there = at.moved(join(folder, 'out'));
      const program = "require('./handler.js').handler()";
      const { status, output } = await run('/usr/bin/env', ['-i', node, '--eval', program], { cwd: there });
      assert.equal(status, 0, output);
      assert.match(output, /^works 42$/m);
    },
    only: process.platform !== 'win32',
  },
].map((row) => ({ tool: 'esbuild', version: () => versionOf('esbuild'), quick: true, ...row }));

async function webpack(folder, settings) {
  const { default: bundle } = await imported('webpack/lib/index.js');
  const stats = await new Promise((resolve, reject) => {
    const all = { context: folder, target: 'node20', ...settings };
    bundle(all, (error, made) => (error ? reject(error) : resolve(made)));
  });
  assert.ok(!stats.hasErrors(), stats.toString());
  const strange = stats.toJson().warnings.filter(({ message }) => !/Can't resolve 'lazy-layers-cache-/.test(message));
  assert.deepEqual(
    strange.map(({ message }) => message),
    [],
  );
}

const WEBPACK = [
  ['CommonJS, production', { mode: 'production', entry: './app.cjs' }, 'app.cjs'],
  ['CommonJS, development', { mode: 'development', entry: './app.cjs' }, 'app.cjs'],
  ['ES modules', { mode: 'production', entry: './app.mjs', experiments: { outputModule: true } }, 'app.mjs'],
].map(([what, settings, filename]) => ({
  tool: 'webpack',
  version: () => versionOf('webpack'),
  needs: 'nothing',
  what: `${what}, shipped alone`,
  quick: what === 'CommonJS, development',
  async run(at) {
    const folder = at.project();
    const asModule = filename.endsWith('.mjs') ? { module: true, chunkFormat: 'module' } : {};
    const output = { path: join(folder, 'out'), filename, ...asModule };
    await webpack(folder, { ...settings, output });
    await at.worksAlone(join(folder, 'out'), filename);
  },
}));

async function rollup(folder, input, output, settings = {}) {
  const { rollup: bundle } = await imported('rollup/dist/es/rollup.js');
  const { nodeResolve } = await imported('@rollup/plugin-node-resolve/dist/es/index.js');
  const { default: commonjs } = await imported('@rollup/plugin-commonjs/dist/es/index.js');
  const plugins = [nodeResolve({ preferBuiltins: true }), commonjs()];
  const made = await bundle({ input: join(folder, input), plugins, onwarn() {}, ...settings });
  await made.write({ dir: join(folder, 'out'), ...output });
}

const ROLLUP = [
  ['CommonJS', 'app.cjs', { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' }],
  ['ES modules', 'app.mjs', { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' }],
].map(([what, input, output]) => ({
  tool: 'Rollup',
  version: () => versionOf('rollup'),
  needs: 'nothing',
  what: `${what}, beside \`node_modules\`; alone it says why not`,
  quick: true,
  async run(at) {
    const folder = at.project();
    await rollup(folder, input, output);
    await at.works(join(folder, 'out', input));
    await fails(/This is a bundle/, node, [join(at.moved(join(folder, 'out')), input)]);
  },
}));

async function rolldown(folder, settings) {
  const { rolldown: bundle } = await imported('rolldown/dist/index.mjs');
  const made = await bundle({ cwd: folder, input: 'app.mjs', platform: 'node', logLevel: 'silent', ...settings });
  await made.write({ dir: join(folder, 'out'), entryFileNames: '[name].mjs' });
}

const ROLLDOWN = [
  {
    needs: '`external: [/^lazy-layers-cache/]`',
    what: 'ES modules, beside `node_modules`',
    async run(at) {
      const folder = at.project();
      await rolldown(folder, { external: [/^lazy-layers-cache/] });
      await at.works(join(folder, 'out', 'app.mjs'));
    },
  },
  {
    needs: 'nothing',
    what: 'the build fails, and shows the ways out',
    run: (at) => assert.rejects(rolldown(at.project(), {}), { message: WAY_OUT }),
  },
].map((row) => ({ tool: 'rolldown', version: () => versionOf('rolldown'), quick: true, ...row }));

const vite = (folder) => [
  node,
  [tool('vite-8/bin/vite.js'), 'build', '--ssr', 'app.mjs', '--outDir', 'out'],
  { cwd: folder },
];
const viteConfig = (ssr) => ({ 'vite.config.mjs': `export default ${JSON.stringify({ ssr })};\n` });

const VITE = [
  ['nothing', 'SSR, beside `node_modules`', {}],
  [
    '`ssr.external: ["lazy-layers-cache"]`',
    'SSR with `noExternal: true`',
    { noExternal: true, external: ['lazy-layers-cache'] },
  ],
  ['nothing', 'SSR with `noExternal: true`: the build fails, and shows the ways out', { noExternal: true }],
].map(([needs, what, ssr]) => ({
  tool: 'Vite',
  version: () => versionOf('vite-8'),
  needs,
  what,
  quick: true,
  async run(at) {
    const folder = at.project(viteConfig(ssr));
    if (what.includes('fails')) return fails(WAY_OUT, ...vite(folder));
    await succeeds(...vite(folder));
    return at.works(join(folder, 'out', 'app.mjs'));
  },
}));

const NFT = ['app.mjs', 'app.cjs'].map((entry) => ({
  tool: '@vercel/nft',
  version: () => versionOf('@vercel/nft'),
  needs: 'nothing',
  what: `${entry.endsWith('mjs') ? 'ES modules' : 'CommonJS'}: the files that it names, alone`,
  quick: true,
  async run(at) {
    const folder = at.project();
    const { nodeFileTrace } = await imported('@vercel/nft/out/index.js');
    const { fileList } = await nodeFileTrace([join(folder, entry)], { base: folder });
    const alone = at.empty();
    for (const file of fileList) cpSync(join(folder, file), join(alone, file), { recursive: true });
    await at.works(join(alone, entry));
  },
}));

const NCC = ['app.mjs', 'app.cjs'].map((entry) => ({
  tool: '@vercel/ncc',
  version: () => versionOf('@vercel/ncc'),
  needs: 'nothing',
  what: `${entry.endsWith('mjs') ? 'ES modules' : 'CommonJS'}, shipped alone`,
  quick: entry === 'app.mjs',
  async run(at) {
    const folder = at.project();
    await succeeds(node, [tool('@vercel/ncc/dist/ncc/cli.js'), 'build', entry, '-o', 'out'], { cwd: folder });
    const file = readdirSync(join(folder, 'out')).find((name) => name.startsWith('index.'));
    await at.worksAlone(join(folder, 'out'), file);
  },
}));

const BUN = ['@oven', 'bun-linux-x64', 'bin', 'bun'];
export const bun = () => tool(...BUN);

const BUN_BUILD = ['--target=bun', '--target=node', '--compile'].map((how) => ({
  tool: 'bun build',
  version: () => versionOf('@oven/bun-linux-x64'),
  needs: 'nothing',
  what: `\`${how}\`, shipped alone`,
  only: isThere(...BUN),
  async run(at) {
    const folder = at.project();
    const out = how === '--compile' ? '--outfile=out/app' : '--outdir=out';
    await succeeds(bun(), ['build', 'app.mjs', how, out], { cwd: folder });
    const alone = at.moved(join(folder, 'out'));
    if (how === '--compile') assert.match(await succeeds(join(alone, 'app'), []), /^works 42$/m);
    // Written as .js, of ES modules.
    else {
      at.write(alone, { 'package.json': '{"type":"module"}' });
      await at.works(join(alone, 'app.js'), how === '--target=bun' ? { node: bun() } : {});
    }
  },
}));

export const BUNDLERS = [...ESBUILD, ...WEBPACK, ...ROLLUP, ...ROLLDOWN, ...VITE, ...NFT, ...NCC, ...BUN_BUILD];
