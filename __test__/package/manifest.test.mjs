import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, addonFile, publishedTargets, readManifest } from '../../scripts/parts/project.mjs';
import { complete, restore } from '../../scripts/published-manifest.mjs';

const manifest = readManifest();
const text = (path) => readFileSync(join(ROOT, path), 'utf8');

/** Every path that the exports name, with the conditions that lead to it. */
function* pathsOf(exports, conditions = []) {
  if (typeof exports === 'string') {
    yield { path: exports, conditions };
    return;
  }
  for (const [condition, rest] of Object.entries(exports)) yield* pathsOf(rest, [...conditions, condition]);
}

test('the entry points are those that are promised', () => {
  const promised = [
    '.',
    './cache',
    './event-bus',
    './observability',
    './otel',
    './testing',
    './types',
    './package.json',
  ];
  assert.deepEqual(Object.keys(manifest.exports), promised);
});

test('every file that an entry point names is there and is packed', () => {
  const packed = (path) =>
    path === './package.json' ||
    manifest.files.some((entry) =>
      entry.includes('/') ? path.startsWith(`./${entry.split('*')[0]}`) : path === `./${entry}`,
    );
  for (const { path } of pathsOf(manifest.exports)) {
    assert.ok(existsSync(join(ROOT, path)), `${path} is missing`);
    assert.ok(packed(path), `${path} is not in "files"`);
  }
  for (const path of [manifest.main, manifest.types]) assert.ok(packed(path), path);
});

test('types come before every other condition of an entry point', () => {
  for (const [entry, conditions] of Object.entries(manifest.exports)) {
    if (entry !== './package.json') assert.equal(Object.keys(conditions)[0], 'types', entry);
  }
});

test('import is given ES modules and their declarations, require CommonJS', () => {
  for (const { path, conditions } of pathsOf(manifest.exports)) {
    if (path === './package.json') continue;
    const extension = conditions.includes('import') ? '.m' : '.';
    const kind = conditions.includes('types') ? `.d${extension === '.' ? '.ts' : '.mts'}` : `${extension}js`;
    assert.ok(path.endsWith(kind), `${conditions.join(' → ')} is ${path}`);
  }
});

test('versions are exact everywhere', () => {
  const { dependencies, devDependencies } = manifest;
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    assert.match(version, /^(npm:[a-z-]+@)?\d+\.\d+\.\d+$/, name);
  }
});

test('package.json, the Cargo workspace and the packages of the platforms are of one version', () => {
  assert.match(text('Cargo.toml'), new RegExp(`\\[workspace\\.package\\]\\nversion = "${manifest.version}"`));
  for (const { name } of publishedTargets()) {
    assert.equal(readManifest(join(ROOT, 'npm', name)).version, manifest.version, name);
  }
});

test('there is a package for each target, and no other', () => {
  assert.deepEqual(
    readdirSync(join(ROOT, 'npm')).sort(),
    publishedTargets()
      .map(({ name }) => name)
      .sort(),
  );
});

for (const { name, triple } of publishedTargets()) {
  test(`the package of ${name} holds its addon and is installed there alone`, () => {
    const platform = readManifest(join(ROOT, 'npm', name));
    const [os, cpu, abi] = name.split('-');
    assert.equal(platform.name, `lazy-layers-cache-${name}`);
    assert.equal(platform.main, `./${addonFile(name)}`);
    assert.deepEqual(platform.files, [addonFile(name), 'outside.mjs', 'webpack.mjs']);
    assert.deepEqual(Object.entries(platform.exports['.']), [
      ['webpack', './webpack.mjs'],
      ['node', platform.main],
      ['default', './outside.mjs'],
    ]);
    assert.deepEqual([platform.os, platform.cpu], [[os], [cpu]]);
    assert.deepEqual(platform.libc, os === 'linux' ? [abi === 'gnu' ? 'glibc' : 'musl'] : undefined);
    assert.equal(platform.license, manifest.license);
    assert.deepEqual(platform.engines, manifest.engines);
    assert.ok(text(`npm/${name}/README.md`).includes(triple));
  });
}

test('the published manifest names every package of a platform, at its own version', () => {
  const { optionalDependencies } = complete(manifest);
  const expected = publishedTargets().map(({ name }) => [`lazy-layers-cache-${name}`, manifest.version]);
  assert.deepEqual(optionalDependencies, Object.fromEntries(expected));
});

test('the published manifest names the repository of the runner, when one publishes', () => {
  const runner = { GITHUB_SERVER_URL: 'https://git.example', GITHUB_REPOSITORY: 'someone/somewhere' };
  const { repository, homepage, bugs } = complete(manifest, runner);
  assert.deepEqual(repository, { type: 'git', url: 'git+https://git.example/someone/somewhere.git' });
  assert.equal(homepage, 'https://git.example/someone/somewhere#readme');
  assert.deepEqual(bugs, { url: 'https://git.example/someone/somewhere/issues' });
  assert.equal(complete(manifest).repository, undefined);
  assert.deepEqual(restore(complete(manifest, runner)), manifest);
});

test('the package of a platform names the repository too, which provenance asks for, and no packages', () => {
  const platform = readManifest(join(ROOT, 'npm', publishedTargets()[0].name));
  const runner = { GITHUB_SERVER_URL: 'https://git.example', GITHUB_REPOSITORY: 'someone/somewhere' };
  const { repository, optionalDependencies } = complete(platform, runner);
  assert.equal(repository.url, 'git+https://git.example/someone/somewhere.git');
  assert.equal(optionalDependencies, undefined);
});

test('after packing package.json is as it was, to the letter', () => {
  const restored = restore(complete(manifest, { GITHUB_SERVER_URL: 'a', GITHUB_REPOSITORY: 'b' }));
  assert.equal(`${JSON.stringify(restored, null, 2)}\n`, text('package.json'));
});

test('a release builds every target, and no other', () => {
  const built = [...text('.github/workflows/release.yml').matchAll(/\{ target: ([\w-]+),/g)].map(
    ([, triple]) => triple,
  );
  assert.deepEqual(
    built.sort(),
    publishedTargets()
      .map(({ triple }) => triple)
      .sort(),
  );
});

test('the lockfile names no registry', () => {
  const { packages } = JSON.parse(text('package-lock.json'));
  const resolved = Object.entries(packages).filter(([, { resolved: address }]) => address !== undefined);
  assert.deepEqual(resolved, []);
});

test('the lockfile holds no package of this project', () => {
  const { packages } = JSON.parse(text('package-lock.json'));
  assert.deepEqual(
    Object.keys(packages).filter((path) => path.includes('lazy-layers-cache')),
    [],
  );
});

test('the changelog tells of this version', () => {
  assert.ok(text('CHANGELOG.md').includes(manifest.version));
});
