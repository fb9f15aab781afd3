// The files committed as dashboard/dist/, which the addon carries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { DIST, MOST_BYTES, sourcesDigest } from '../../scripts/dashboard.mjs';
import { readManifest } from '../../scripts/parts/project.mjs';

const built = (path) => readFileSync(join(DIST, path));
const manifest = JSON.parse(built('manifest.json').toString());
const page = built('index.html').toString();
const textOf = (extension) =>
  manifest.files
    .filter(({ path }) => path.endsWith(extension))
    .map(({ path }) => built(path).toString())
    .join('\n');

test('the built page is that of the sources', () => {
  assert.equal(manifest.digest, sourcesDigest(), 'dashboard/ has changed since: run npm run dashboard');
});

test('each file is there, compressed too, with a hash in its name and a type', () => {
  assert.ok(manifest.files.length >= 3);
  for (const { path, type, bytes, brotli } of manifest.files) {
    const plain = built(path);
    assert.match(path, /^assets\/\w+-[\w-]{8}\.(?:js|css|svg)$/);
    assert.match(type, /^(?:text|image)\//);
    assert.equal(plain.length, bytes);
    assert.equal(built(`${path}.br`).length, brotli);
    assert.deepEqual(brotliDecompressSync(built(`${path}.br`)), plain);
  }
});

test('the page takes at most 40 kB, compressed', () => {
  const files = manifest.files.reduce((sum, { brotli }) => sum + brotli, 0);
  assert.ok(manifest.brotli > files);
  assert.ok(manifest.brotli <= MOST_BYTES, `${manifest.brotli} bytes`);
});

test('every address in the page is relative, and a file that is listed', () => {
  const addresses = [...page.matchAll(/\b(?:src|href|data-base)="([^"]*)"/g)].map(([, address]) => address);
  const listed = manifest.files.map(({ path }) => `./${path}`);
  assert.deepEqual(addresses.filter((address) => address !== './').sort(), listed.sort());
  assert.match(page, /<html lang="en" data-base="\.\/">/);
  assert.match(page, /<title>lazy-layers-cache · observability<\/title>/);
});

test('nothing is inline, nothing is made code, and nothing comes from elsewhere', () => {
  assert.doesNotMatch(page, /<style|\sstyle=|<script(?![^>]*\bsrc=)|\son\w+=/);
  assert.doesNotMatch(textOf('.js'), /\beval\(|\bnew Function\b|\bdocument\.write\b/);
  assert.doesNotMatch(textOf('.css'), /url\(|@import/);
  const outside = [...`${textOf('.js')}${textOf('.css')}`.matchAll(/\bhttps?:\/\/[\w./-]+/g)].map(
    ([address]) => address,
  );
  const names = outside.filter((address) => !address.startsWith('http://www.w3.org/'));
  assert.deepEqual(names, []);
});

test('neither the sources of the page nor the built files are in the published package', () => {
  const { files } = readManifest();
  assert.deepEqual(
    files.filter((name) => name.includes('dashboard')),
    [],
  );
});
