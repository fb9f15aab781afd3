import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { publishedTargets } from '../../scripts/parts/project.mjs';

const require = createRequire(import.meta.url);
const { unavailable } = require('../../lib/native-advice.js');
const { PUBLISHED, detectLibc, loadNative, loadPackage } = require('../../lib/native.js');

/** Its name since Node.js 24. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

const absent = (name) =>
  Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- here`), { code: 'MODULE_NOT_FOUND' });
const refused = (message) => Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' });
const noFile = (path) => ({ error: absent(path) });
const noPackage = (target) => ({ error: absent(`lazy-layers-cache-${target}`) });

const LINUX = { platform: 'linux', arch: 'x64', libc: 'gnu' };

/** The error of a load in which nothing loads but the files of `doors`. */
function failureOf(doors) {
  try {
    loadNative({ host: LINUX, fromFile: noFile, fromPackage: noPackage, ...doors });
  } catch (error) {
    return error;
  }
  return assert.fail('the addon was loaded');
}

const HOSTS = [
  [{ platform: 'linux', arch: 'x64', libc: 'gnu' }, ['linux-x64-gnu']],
  [{ platform: 'linux', arch: 'x64', libc: 'musl' }, ['linux-x64-musl']],
  [{ platform: 'linux', arch: 'arm64', libc: 'gnu' }, ['linux-arm64-gnu']],
  [{ platform: 'linux', arch: 'arm64', libc: 'musl' }, ['linux-arm64-musl']],
  [{ platform: 'linux', arch: 'x64', libc: undefined }, ['linux-x64-gnu', 'linux-x64-musl']],
  [{ platform: 'darwin', arch: 'x64', libc: undefined }, ['darwin-x64']],
  [{ platform: 'darwin', arch: 'arm64', libc: undefined }, ['darwin-arm64']],
  [{ platform: 'win32', arch: 'x64', libc: undefined }, ['win32-x64-msvc']],
  [{ platform: 'win32', arch: 'arm64', libc: undefined }, ['win32-arm64-msvc']],
];

for (const [host, targets] of HOSTS) {
  const name = `${host.platform} ${host.arch}${host.platform === 'linux' ? ` with libc ${host.libc ?? 'unknown'}` : ''}`;

  test(`on ${name} the file, then the package of ${targets.join(', then of ')} is tried`, () => {
    const { attempts } = failureOf({ host });
    const tried = targets.flatMap((target) => [`../lazy-layers-cache.${target}.node`, `lazy-layers-cache-${target}`]);
    assert.deepEqual(
      attempts.map(({ from }) => from),
      tried,
    );
  });
}

test('a file in the root of the package is used before the package of the platform', () => {
  const built = {};
  const fromPackage = () => assert.fail('the package was loaded');
  assert.equal(loadNative({ host: LINUX, fromFile: () => ({ addon: built }), fromPackage }), built);
});

test('without such a file the package of the platform is used', () => {
  const installed = {};
  assert.equal(loadNative({ host: LINUX, fromFile: noFile, fromPackage: () => ({ addon: installed }) }), installed);
});

test('a file that the system refuses does not keep the package from being tried', () => {
  const installed = {};
  const fromFile = () => ({ error: refused('invalid ELF header') });
  assert.equal(loadNative({ host: LINUX, fromFile, fromPackage: () => ({ addon: installed }) }), installed);
});

test('with the C library unknown the addon for musl is used when the one for glibc does not load', () => {
  const installed = {};
  const fromPackage = (target) => (target === 'linux-x64-musl' ? { addon: installed } : noPackage(target));
  assert.equal(loadNative({ host: { ...LINUX, libc: undefined }, fromFile: noFile, fromPackage }), installed);
});

test('when none loads the error has a code and names platform, arch and libc', () => {
  const error = failureOf({ host: { platform: 'linux', arch: 'arm64', libc: 'musl' } });
  assert.equal(error.code, 'NATIVE_ADDON_UNAVAILABLE');
  assert.match(error.message, /platform linux, arch arm64, libc musl/);
  assert.deepEqual([error.platform, error.arch, error.libc], ['linux', 'arm64', 'musl']);
});

test('a C library that could not be told is said to be unknown', () => {
  assert.match(failureOf({ host: { ...LINUX, libc: undefined } }).message, /libc unknown/);
});

test('the error keeps every attempt and shows the first line of its message', () => {
  const dlopen = "/lib/libc.so.6: version `GLIBC_2.99' not found (required by lazy-layers-cache.linux-x64-gnu.node)";
  const error = failureOf({ fromPackage: () => ({ error: refused(dlopen) }) });
  assert.deepEqual(
    error.attempts.map(({ error: { code } }) => code),
    ['MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'],
  );
  assert.ok(error.message.includes(`lazy-layers-cache-linux-x64-gnu: ${dlopen}`));
  assert.ok(error.message.includes("../lazy-layers-cache.linux-x64-gnu.node: Cannot find module '../lazy"));
  assert.doesNotMatch(error.message, /Require stack/);
});

test('the cause is a refusal of the system, not an absent file', () => {
  const reason = refused('wrong architecture');
  assert.equal(failureOf({ fromFile: () => ({ error: reason }) }).cause, reason);
});

test('something thrown that is no error is shown too', () => {
  assert.match(failureOf({ fromFile: () => ({ error: 'broken' }) }).message, /\.node: broken/);
});

test('a package that is not installed is told to be installed, on this machine', () => {
  const { message } = failureOf({});
  assert.match(message, /lazy-layers-cache-linux-x64-gnu is an optional dependency and is not installed/);
  assert.match(message, /--omit=optional/);
});

test('an addon that the system refuses is told to be installed anew', () => {
  assert.match(failureOf({ fromPackage: () => ({ error: refused('no') }) }).message, /Remove node_modules/);
});

test('on a platform without an addon the error lists those that have one', () => {
  const { message } = failureOf({
    host: { platform: 'freebsd', arch: 'x64', libc: undefined },
    fromPackage: loadPackage,
  });
  assert.match(message, /platform freebsd, arch x64\)/);
  assert.match(message, /No addon is published for this platform/);
  for (const target of PUBLISHED) assert.ok(message.includes(target), target);
});

test('the loader knows the targets that are published, and no others', () => {
  assert.deepEqual(
    [...PUBLISHED].sort(),
    publishedTargets()
      .map(({ name }) => name)
      .sort(),
  );
});

for (const target of PUBLISHED) {
  test(`the package of ${target} is asked for by its name`, () => {
    const { addon, error } = loadPackage(target);
    if (addon === undefined) assert.ok(error.message.includes(`lazy-layers-cache-${target}'`), error.message);
  });
}

test('the C library is told by the linker that the executable names', () => {
  const report = () => assert.fail('a report was made');
  assert.equal(detectLibc({ head: () => '\x7fELF…/lib64/ld-linux-x86-64.so.2\0', report }), 'gnu');
  assert.equal(detectLibc({ head: () => '\x7fELF…/lib/ld-linux-aarch64.so.1\0', report }), 'gnu');
  assert.equal(detectLibc({ head: () => '\x7fELF…/lib/ld-musl-x86_64.so.1\0', report }), 'musl');
});

test('where the linker does not tell, the report of the process does', () => {
  const unreadable = () => {
    throw new Error('EACCES');
  };
  for (const head of [() => '', unreadable]) {
    const told = (report) => detectLibc({ head, report: () => report });
    assert.equal(told({ header: { glibcVersionRuntime: '2.36' }, sharedObjects: [] }), 'gnu');
    assert.equal(told({ header: {}, sharedObjects: ['/lib/ld-musl-aarch64.so.1'] }), 'musl');
    assert.equal(told({ header: {}, sharedObjects: ['/usr/lib/libc.musl-x86_64.so.1'] }), 'musl');
    assert.equal(told({ header: {}, sharedObjects: ['/opt/libfoo.so'] }), undefined);
    assert.equal(told({ header: {} }), undefined);
  }
});

test('a report that may not be made leaves the C library unknown', () => {
  const denied = () => {
    throw Object.assign(new Error('Access to this API has been restricted'), { code: 'ERR_ACCESS_DENIED' });
  };
  assert.equal(detectLibc({ head: denied, report: denied }), undefined);
});

const ADVICE = [
  ['Deno without ffi', 'Requires ffi access to "/a.node", run again with the --allow-ffi flag', /--allow-ffi/],
  ['--no-addons', 'Cannot load native addon because loading addons is disabled.', /without/, { permission: undefined }],
  [
    '--permission',
    'Cannot load native addon because loading addons is disabled.',
    /--allow-addons/,
    { permission: {} },
  ],
  ['--permission without files', 'Access to this API has been restricted', /--allow-fs-read/, { permission: {} }],
  ['noexec', '/a.node: failed to map segment from shared object: Operation not permitted', /noexec/],
  ['an old glibc', "/lib/libc.so.6: version `GLIBC_2.17' not found (required by /a.node)", /glibc 2\.17/],
  ['too little memory', '/a.node: cannot allocate memory in static TLS block', /ulimit -v/],
  ['anything else', '/a.node: invalid ELF header', /Remove node_modules/],
];

for (const [cause, told, expected, runtime] of ADVICE) {
  test(`the advice fits the cause: ${cause}`, () => {
    const targets = { targets: ['linux-x64-gnu'], published: PUBLISHED };
    const attempts = [{ from: 'lazy-layers-cache-linux-x64-gnu', error: refused(told) }];
    const { message } = unavailable(LINUX, attempts, targets, { bundled: false, permission: undefined, ...runtime });
    assert.match(message.split('\n').slice(2).join('\n'), expected);
    assert.equal(/Remove node_modules/.test(message), cause === 'anything else', message);
  });
}

test('in a bundle the advice names the ways out', () => {
  const attempts = [{ from: 'lazy-layers-cache-linux-x64-gnu', error: absent('lazy-layers-cache-linux-x64-gnu') }];
  const targets = { targets: ['linux-x64-gnu'], published: PUBLISHED };
  const { message } = unavailable(LINUX, attempts, targets, { bundled: true, permission: undefined });
  assert.match(message, /This is a bundle/);
  assert.match(message, /external/);
});

const PROGRAM = `try {
  require(${JSON.stringify(require.resolve('../../index.js'))});
} catch (error) {
  console.log(error.code + '\\n' + error.message);
}`;

for (const [flags, expected] of [
  [['--no-addons'], /NATIVE_ADDON_UNAVAILABLE[^]*runs with --no-addons/],
  [[PERMISSION, '--allow-fs-read=*'], /NATIVE_ADDON_UNAVAILABLE[^]*--allow-addons/],
]) {
  test(`under ${flags.join(' ')} the error says so`, () => {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--eval', PROGRAM], { encoding: 'utf8' });
    assert.match(stdout, expected, stderr);
  });
}
