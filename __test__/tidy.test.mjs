import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../scripts/parts/project.mjs';
import { cargoDependencies, foreignImports, outsideEngine, tooLong, tooWide, unsafeCode } from './support/tidy.mjs';

const NOT_OURS = new Set(['.git', 'coverage', 'dist', 'node_modules', 'results', 'target']);

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !NOT_OURS.has(entry.name)) yield* filesUnder(path);
    else if (entry.isFile()) yield relative(ROOT, path).split(sep).join('/');
  }
}

const all = [...filesUnder(ROOT)];
const text = (path) => readFileSync(join(ROOT, path), 'utf8');

/** All that a rule finds wrong in the files that match. */
function findings(pattern, rule) {
  const files = all.filter((path) => pattern.test(path));
  assert.ok(files.length > 0, `no file matches ${pattern}: the check would check nothing`);
  return files.flatMap((path) => rule(text(path), path).map((finding) => `${path}: ${finding}`));
}

test('no source file is longer than 400 lines', () => {
  assert.deepEqual(findings(/(?<!\.d)\.(?:rs|js|mjs|cjs|ts|tsx|mts|cts)$/, tooLong), []);
});

test('no line is wider than 120 columns', () => {
  const written = (path) => path !== 'docs/benchmarks.md' && !path.startsWith('lib/contract/');
  const rule = (source, path) => (written(path) ? tooWide(source) : []);
  assert.deepEqual(findings(/\.(?:md|rs|lua|js|mjs|cjs|ts|tsx|css|mts|cts|sh)$/, rule), []);
});

test('unsafe lives in the addon alone', () => {
  assert.deepEqual(findings(/^(?:engine|drivers)\/.*\.rs$/, unsafeCode), []);
});

test('the engine depends on neither N-API nor a network client', () => {
  assert.deepEqual(findings(/^engine\/Cargo\.toml$/, outsideEngine), []);
});

test('the facade asks for Node.js and itself alone', () => {
  // Users of an entry of its own have installed its peer.
  const isPeer = (found, path) => path.startsWith('lib/tracing/otel') && found === 'asks for @opentelemetry/api';
  const rule = (source, path) =>
    foreignImports(source, { isLoader: path === 'lib/native.js' }).filter((found) => !isPeer(found, path));
  assert.deepEqual(findings(/^lib\/.*\.js$/, rule), []);
});

test('only the loader, and its advice, name the addon', () => {
  const rule = (source) => (/\.node\b|lazy-layers-cache-/.test(source) ? ['names the addon'] : []);
  const named = findings(/^lib\/.*\.js$/, rule);
  assert.deepEqual(named, ['lib/native-advice.js: names the addon', 'lib/native.js: names the addon']);
});

test('the facade has types: fewer than 60 places say {any}', () => {
  const rule = (source) => source.match(/\{any\}|\{any \w/g) ?? [];
  const found = findings(/^lib\/.*\.js$/, rule);
  assert.ok(found.length < 60, found.join('\n'));
});

test('a file of 401 lines is found, one of 400 is not', () => {
  assert.deepEqual(tooLong('x\n'.repeat(400)), []);
  assert.equal(tooLong('x\n'.repeat(401)).length, 1);
});

test('a line of 121 columns is found, unless it is a row of a table, an address, or a text that cannot be broken', () => {
  const words = (length) => 'word '.repeat(length / 5);
  assert.deepEqual(tooWide(words(120)), []);
  assert.deepEqual(tooWide(`first\n${words(125)}`), ['line 2 has 125 columns; at most 120']);
  assert.equal(tooWide(`const list = [${'item, '.repeat(20)}];`).length, 1);
  const allowed = [`| ${words(125)} |`, `see https://example.test/${words(125)}`, `test('${words(125)}', () => {`];
  assert.deepEqual(tooWide(allowed.join('\n')), []);
});

test('unsafe is found in code, not in comments, text or longer words', () => {
  assert.equal(unsafeCode('fn f() { unsafe { g() } }').length, 1);
  assert.equal(unsafeCode('unsafe impl Send for S {}').length, 1);
  assert.deepEqual(unsafeCode('#![forbid(unsafe_code)]\n// nothing unsafe\nlet text = "unsafe";'), []);
});

test('the dependencies of every section of a Cargo.toml are found', () => {
  const manifest =
    '[dependencies]\na = "1"\nb.workspace = true\n[dev-dependencies]\nc = { version = "1" }\n[dependencies.d]\n[features]\ne = []';
  assert.deepEqual(cargoDependencies(manifest), ['a', 'b', 'c', 'd']);
});

test('a network client or N-API among the dependencies is found', () => {
  const manifest = '[dependencies]\ntokio = "1"\nredis = "1"\n[dev-dependencies]\nnapi-derive = "3"';
  assert.deepEqual(outsideEngine(manifest), ['depends on redis', 'depends on napi-derive']);
});

test('a foreign module is found, however it is asked for', () => {
  const source = `require('node:fs'); require("./a.js"); require('../b.js'); require('msgpackr'); require('lodash'); import('got'); import x from 'fs';`;
  assert.deepEqual(foreignImports(source), ['asks for msgpackr', 'asks for lodash', 'asks for got', 'asks for fs']);
});
