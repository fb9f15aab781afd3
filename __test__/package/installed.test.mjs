// The package as users get it: the packed files, installed into an empty project.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ROOT, addonFile, hostTargetName, publishedTargets, readManifest } from '../../scripts/parts/project.mjs';
import { npm } from '../../scripts/parts/run.mjs';
import { linksOf } from '../support/pages.mjs';
import { MODES, OLD, configOf } from './compiling.mjs';
import { packCopy } from './packed.mjs';

const CONSUMERS = fileURLToPath(new URL('consumers', import.meta.url));
const target = hostTargetName();
const platformPackage = `lazy-layers-cache-${target}`;

const folder = mkdtempSync(join(tmpdir(), 'installed-test-'));
const sources = join(folder, 'sources');
const installed = (...path) => join(folder, 'node_modules', ...path);

/** Runs a program in the project, and returns its exit code and its output. */
function runThere(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', ...options });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

function assertSucceeds({ status, output }) {
  assert.equal(status, 0, output);
  return output;
}

function compile(settings, files) {
  writeFileSync(join(folder, 'tsconfig.json'), configOf(settings, files));
  assertSucceeds(runThere(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')]));
}

before(() => {
  packCopy(sources, join(folder, 'packed'));
  const packed = (name) => [name, `file:packed/${name}-${readManifest().version}.tgz`];
  const dependencies = Object.fromEntries(['lazy-layers-cache', platformPackage].map(packed));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, dependencies }));
  cpSync(CONSUMERS, folder, { recursive: true });
  for (const kind of ['mts', 'cts']) cpSync(join(CONSUMERS, 'consumer.ts'), join(folder, `consumer.${kind}`));
  const { command, args, shell } = npm('install', '--prefer-offline', '--no-audit', '--no-fund');
  assertSucceeds(runThere(command, args, { shell }));
});

after(() => rmSync(folder, { recursive: true }));

/** The files of the package, and the modules of Node.js, that a program has loaded, with the size of those files. */
function loadedBy(program) {
  const whole = `
    const before = new Set(process.moduleLoadList);
    ${program}
    const loaded = process.moduleLoadList.filter((name) => !before.has(name) && name.startsWith('NativeModule '));
    const files = Object.keys(require.cache).filter((file) => file.endsWith('.js'));
    const { statSync } = require('node:fs');
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    const names = files.map((file) => require('node:path').basename(file));
    console.log(JSON.stringify({ loaded, files: names.sort(), bytes }));`;
  return JSON.parse(assertSucceeds(runThere(process.execPath, ['-e', whole])));
}

const HEAVY =
  /^NativeModule (?:assert|crypto|module|stream|net|tls|http|zlib|fs\/promises|perf_hooks|timers\/promises|worker_threads)$/;

test('an import loads one small file of the package, and next to nothing of Node.js', () => {
  const { loaded, files, bytes } = loadedBy("require('lazy-layers-cache');");
  // The door, and the bundle behind it. What is not needed to have the classes comes with the first cache or its use:
  // see docs/decisions/bundle.md before this is raised.
  assert.deepEqual(files, ['bundle.js', 'index.js']);
  assert.ok(bytes < 32_000, `${bytes} bytes are read and compiled`);
  assert.deepEqual(
    loaded.filter((name) => HEAVY.test(name)),
    [],
  );
});

test('the first cache loads one more file', () => {
  const { files, bytes } = loadedBy(`
    const { createCache } = require('lazy-layers-cache');
    const cache = createCache({ levels: { L1: { maxEntries: 100 } }, ttlMs: 60_000 });
    for (const verb of ['get', 'has', 'delete']) cache[verb]('key');
    cache.set('key', 1);
    cache.getOrSet('other', () => 2);
    cache.getOrSet('third', async () => 3);`);
  assert.deepEqual(files, ['bundle.js', 'caches.js', 'index.js']);
  assert.ok(bytes < 110_000, `${bytes} bytes are read and compiled`);
});

test('the package holds its code, its types and its papers, and nothing else', () => {
  const papers = ['LICENSE', 'README.md', 'CHANGELOG.md', 'docs', 'package.json'];
  const code = ['entry', 'index.d.mts', 'index.d.ts', 'index.js', 'index.mjs', 'lib', 'types'];
  assert.deepEqual(readdirSync(installed('lazy-layers-cache')).sort(), [...papers, ...code].sort());
  const lib = readdirSync(installed('lazy-layers-cache', 'lib'), { recursive: true });
  assert.deepEqual(
    lib.filter((path) => /\.[a-z]+$/.test(path) && !path.endsWith('.js')),
    [],
  );
});

test('every link of its pages leads to a file of the package, or to the network', () => {
  const root = installed('lazy-layers-cache');
  const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  assert.ok(pages.length > 15, String(pages.length));
  for (const page of pages) {
    const links = linksOf(readFileSync(join(root, page), 'utf8')).map((to) => to.split('#')[0]);
    const dead = links.filter((to) => !/^(?:https?:|$)/.test(to) && !existsSync(join(root, page, '..', to)));
    assert.deepEqual(dead, [], page);
  }
});

test('files that are loaded later find the very objects that are loaded with the package', () => {
  const lib = installed('lazy-layers-cache', 'lib');
  const bundle = createRequire(import.meta.url)(join(lib, 'bundle.js'));
  // Named here so that a file that comes to be loaded with the package is a decision.
  for (const late of ['./serializer/pack.js', './redis/native-backend.js', './core.js']) {
    assert.equal(bundle[late], undefined, late);
  }
  const files = readdirSync(lib, { recursive: true }).filter((path) => path.endsWith('.js') && path !== 'bundle.js');
  assert.ok(files.length > 20, String(files));
  // Files that need a package which a user may install are not loaded here.
  for (const file of files.filter((name) => !name.includes('otel'))) {
    const loaded = createRequire(import.meta.url)(join(lib, file));
    const bundled = bundle[`./${file.replaceAll('\\', '/')}`];
    if (bundled !== undefined) assert.equal(loaded, bundled, file);
  }
});

test('the packer is a part of the package, with its licence and without a dependency', () => {
  const text = readFileSync(installed('lazy-layers-cache', 'lib', 'serializer', 'msgpackr.js'), 'utf8');
  assert.ok(text.includes(readFileSync(join(ROOT, 'node_modules', 'msgpackr', 'LICENSE'), 'utf8').trim()));
  assert.doesNotMatch(text, /\brequire\(/);
  assert.equal(readManifest(installed('lazy-layers-cache')).dependencies, undefined);
});

test('the package packs and reads the same as msgpackr', () => {
  const tests = join(folder, 'tests', 'of', 'serializer');
  cpSync(join(ROOT, '__test__', 'serializer'), tests, { recursive: true });
  // Where those of the sources find the sources.
  writeFileSync(join(folder, 'tests', 'index.mjs'), "export * from 'lazy-layers-cache';\n");
  for (const name of ['msgpackr', 'msgpackr-1']) {
    mkdirSync(join(folder, 'tests', 'node_modules'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'tests', 'node_modules', name), 'junction');
  }
  const files = readdirSync(tests).filter((name) => name.endsWith('.test.mjs'));
  assert.ok(files.length >= 3);
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  assertSucceeds(runThere(process.execPath, ['--test', ...files.map((name) => join(tests, name))], { env }));
});

test('the package of the platform holds the addon and its licence', () => {
  const expected = ['LICENSE', 'README.md', 'outside.mjs', 'package.json', 'webpack.mjs', addonFile(target)];
  assert.deepEqual(readdirSync(installed(platformPackage)).sort(), expected.sort());
});

test('the package asks for the addon of every platform, as an option', () => {
  const { optionalDependencies, version } = readManifest(installed('lazy-layers-cache'));
  for (const { name } of publishedTargets()) {
    assert.equal(optionalDependencies[`lazy-layers-cache-${name}`], version, name);
  }
});

test('packing leaves package.json in the sources as it was', () => {
  const manifest = (root) => readFileSync(join(root, 'package.json'), 'utf8');
  assert.equal(manifest(sources), manifest(ROOT));
});

test('a CommonJS project works with it', () => {
  assert.match(assertSucceeds(runThere(process.execPath, ['commonjs.cjs'])), /^CommonJS: \d/);
});

test('a project of ES modules works with it, and sees the classes that require returns', () => {
  assert.match(assertSucceeds(runThere(process.execPath, ['modules.mjs'])), /^ES modules: fine/);
});

test('a TypeScript project that resolves as Node.js does compiles, with import and with require', () => {
  compile(...MODES.node16);
});

test('a TypeScript project that resolves as bundlers do compiles', () => {
  compile(...MODES.bundler);
});

test('a TypeScript project that resolves as Node.js 10 did compiles, with and without esModuleInterop', () => {
  const [settings, files] = MODES.node10;
  compile({ ...settings, ...OLD }, files);
  const names = readFileSync(join(folder, 'consumer.ts'), 'utf8').replace(
    'import whole, {',
    "import * as whole from 'lazy-layers-cache';\nimport {",
  );
  writeFileSync(join(folder, 'names.ts'), names);
  compile({ ...settings, ...OLD, esModuleInterop: false }, ['names.ts']);
});

test('a default import is the whole, for import, for require and for compilers that ask for the property', () => {
  const program = `
    import whole, * as names from 'lazy-layers-cache';
    import { createRequire } from 'node:module';
    for (const door of ['', '/cache', '/event-bus', '/observability', '/types']) {
      const required = createRequire(import.meta.url)('lazy-layers-cache' + door);
      const { default: imported } = await import('lazy-layers-cache' + door);
      if (imported !== required || required.default !== required) throw new Error(door);
      if (Object.keys(required).includes('default')) throw new Error('a name of ' + door);
    }
    console.log(whole.createCache === names.createCache);`;
  const { status, output } = runThere(process.execPath, ['--input-type=module', '--eval', program]);
  assert.equal(status, 0, output);
  assert.equal(output.trim(), 'true');
});

test('the part of the CommonJS files that import reads for names to export is short', () => {
  const readAhead = /module\.exports = require\(|\(function \(/;
  const doors = readdirSync(installed('lazy-layers-cache', 'entry')).filter((name) => name.endsWith('.js'));
  for (const file of ['index.js', ...doors.map((name) => `entry/${name}`)]) {
    const text = readFileSync(installed('lazy-layers-cache', file), 'utf8');
    assert.ok(text.length < 500, `${file}: ${text.length}`);
    assert.doesNotMatch(text, readAhead, file);
  }
});

test('without the package of the platform the error tells what to do', () => {
  const away = join(folder, 'away');
  assert.ok(existsSync(installed(platformPackage)));
  renameSync(installed(platformPackage), away);
  const { status, output } = runThere(process.execPath, ['commonjs.cjs']);
  renameSync(away, installed(platformPackage));
  assert.notEqual(status, 0);
  assert.match(output, /NATIVE_ADDON_UNAVAILABLE/);
  assert.ok(output.includes(`${platformPackage} is an optional dependency and is not installed`), output);
});
