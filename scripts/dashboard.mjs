/**
 * Builds the page of the dashboard into dashboard/dist/, which is committed: the addon carries it, and neither cargo
 * nor a user needs Vite.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { install } from './install.mjs';
import { ROOT, isMain } from './parts/project.mjs';
import { run } from './parts/run.mjs';
import { digestOf } from './parts/stamp.mjs';

export const DASHBOARD = join(ROOT, 'dashboard');
export const DIST = join(DASHBOARD, 'dist');

/** All of it, compressed. */
export const MOST_BYTES = 40_000;

const TYPES = { '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' };

/** Of all that the built files are made from. */
export const sourcesDigest = () => {
  const own = ['index.html', 'package-lock.json', 'src', 'tsconfig.json', 'vite.config.js'];
  // The rules of the advice are those of the package.
  return digestOf(ROOT, [...own.map((name) => `dashboard/${name}`), 'lib/observability/advice.js']);
};

function compressed(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

function finish(name) {
  const path = `assets/${name}`;
  const type = TYPES[extname(name)];
  if (type === undefined)
    throw new Error(`dashboard/dist/${path}: a file of this kind has no type in ${import.meta.url}`);
  const bytes = readFileSync(join(DIST, path));
  const small = compressed(bytes);
  writeFileSync(join(DIST, `${path}.br`), small);
  return { path, type, bytes: bytes.length, brotli: small.length };
}

/** The files that are served as they are, with their sizes. index.html is rendered for each address. */
function writeManifest() {
  const files = readdirSync(join(DIST, 'assets')).sort().map(finish);
  const page = compressed(readFileSync(join(DIST, 'index.html'))).length;
  const brotli = files.reduce((sum, file) => sum + file.brotli, page);
  writeFileSync(
    join(DIST, 'manifest.json'),
    `${JSON.stringify({ digest: sourcesDigest(), brotli, files }, null, 2)}\n`,
  );
  return brotli;
}

async function build() {
  await install(DASHBOARD, ['--ignore-scripts']);
  const vite = join(DASHBOARD, 'node_modules', 'vite', 'bin', 'vite.js');
  const code = await run(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: DASHBOARD });
  if (code !== 0) throw new Error('the page could not be built');
  const brotli = writeManifest();
  console.log(`dashboard: ${brotli} bytes compressed, of ${MOST_BYTES}`);
  if (brotli > MOST_BYTES) throw new Error(`the page is ${brotli} bytes compressed; at most ${MOST_BYTES}`);
}

if (isMain(import.meta.url)) {
  build().catch((error) => {
    console.error(`dashboard: ${error.message}`);
    process.exitCode = 1;
  });
}
