'use strict';
// The one door to Rust: finds the addon for this platform and loads it.

const { closeSync, existsSync, openSync, readSync } = require('node:fs');

/**
 * @typedef {object} Host
 * @property {string} platform as `process.platform`
 * @property {string} arch as `process.arch`
 * @property {'gnu' | 'musl' | undefined} libc on Linux; undefined elsewhere, and where it could not be told
 *
 * @typedef {object} Attempt
 * @property {string} from the file or package that was tried
 * @property {Foreign} error why it did not load
 */

/** Targets with a package of their own: `lazy-layers-cache-<target>`. */
const PUBLISHED = Object.freeze([
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
]);

/**
 * The addon from the package of a target. The names are written out so that tools that collect the files of a
 * deployment see them, inside a `try` so that bundlers accept that all but one are absent.
 * @param {string} target
 * @returns {{ addon: any } | { error: any }}
 */
function loadPackage(target) {
  let it;
  try {
    switch (target) {
      case 'linux-x64-gnu':
        it = require('lazy-layers-cache-linux-x64-gnu');
        break;
      case 'linux-x64-musl':
        it = require('lazy-layers-cache-linux-x64-musl');
        break;
      case 'linux-arm64-gnu':
        it = require('lazy-layers-cache-linux-arm64-gnu');
        break;
      case 'linux-arm64-musl':
        it = require('lazy-layers-cache-linux-arm64-musl');
        break;
      case 'darwin-x64':
        it = require('lazy-layers-cache-darwin-x64');
        break;
      case 'darwin-arm64':
        it = require('lazy-layers-cache-darwin-arm64');
        break;
      case 'win32-x64-msvc':
        it = require('lazy-layers-cache-win32-x64-msvc');
        break;
      case 'win32-arm64-msvc':
        it = require('lazy-layers-cache-win32-arm64-msvc');
        break;
      default:
        return { error: new Error('no such package is published') };
    }
  } catch (error) {
    return { error };
  }
  // Packed by webpack or Rollup it is the default of an ES module.
  return { addon: it.default ?? it };
}

/**
 * The addon that `npm run build` leaves in the root of the sources. Not by `require`, which bundlers follow.
 * @param {string} path
 * @returns {{ addon: any } | { error: any }}
 */
function loadFile(path) {
  try {
    // Installed there is none, and Node.js need not load the module.
    if (!existsSync([__dirname, path].join('/'))) throw absent(path);
    return { addon: require('node:module').createRequire(__filename)(path) };
  } catch (error) {
    return { error };
  }
}

/**
 * The error of `require` for a file that is not there.
 * @param {string} path
 */
const absent = (path) => Object.assign(new Error(`Cannot find module '${path}'`), { code: 'MODULE_NOT_FOUND' });

/**
 * The head of a file, where an executable names its dynamic linker.
 * @param {string} path
 */
function readHead(path) {
  const head = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  try {
    return head.toString('latin1', 0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * The C library of this process. The linker named in its executable tells. A diagnostic report would too, but to
 * make one waits for every worker thread: it is asked only when the linker has no known name or cannot be read.
 * @param {{ head?: () => string, report?: () => any }} [sources]
 * @returns {'gnu' | 'musl' | undefined}
 */
function detectLibc({ head = () => readHead(process.execPath), report = () => process.report?.getReport() } = {}) {
  try {
    const text = head();
    if (text.includes('/ld-musl-')) return 'musl';
    if (text.includes('/ld-linux')) return 'gnu';
  } catch {
    // An executable that must not be read: the report is left.
  }
  let told;
  try {
    told = report();
  } catch {
    // Nor may it be made.
  }
  const { header, sharedObjects = [] } = told ?? {};
  if (header?.glibcVersionRuntime) return 'gnu';
  return sharedObjects.some((/** @type {string} */ path) => /ld-musl-|libc\.musl-/.test(path)) ? 'musl' : undefined;
}

/** @returns {Host} */
function currentHost() {
  const { platform, arch } = process;
  return { platform, arch, libc: platform === 'linux' ? detectLibc() : undefined };
}

/**
 * The targets whose addon may run on a host: one, but for a Linux whose C library is not known.
 * @param {Host} host
 */
function targetsOf({ platform, arch, libc }) {
  if (platform === 'win32') return [`win32-${arch}-msvc`];
  if (platform !== 'linux') return [`${platform}-${arch}`];
  return (libc ? [libc] : ['gnu', 'musl']).map((known) => `linux-${arch}-${known}`);
}

/**
 * Loads the addon: the file of a build in the root of the package, else the package of the platform. Throws an Error
 * with the code `NATIVE_ADDON_UNAVAILABLE`, the host and every attempt when none loads.
 * @param {{ host?: Host, fromFile?: typeof loadFile, fromPackage?: typeof loadPackage }} [doors] stand-ins, for tests
 * @returns {unknown} see lib/contract/raw.d.ts
 */
function loadNative({ host = currentHost(), fromFile = loadFile, fromPackage = loadPackage } = {}) {
  /** @type {Attempt[]} */
  const attempts = [];
  for (const target of targetsOf(host)) {
    const path = `../lazy-layers-cache.${target}.node`;
    const file = fromFile(path);
    if ('addon' in file) return file.addon;
    attempts.push({ from: path, error: file.error });
    const installed = fromPackage(target);
    if ('addon' in installed) return installed.addon;
    attempts.push({ from: `lazy-layers-cache-${target}`, error: installed.error });
  }
  const { unavailable } = require('./native-advice.js');
  throw unavailable(host, attempts, { targets: targetsOf(host), published: PUBLISHED });
}

/** @type {unknown} */
let loaded;

/** The addon of this environment. */
function addon() {
  loaded ??= loadNative();
  return loaded;
}

module.exports = { addon, loadNative, loadPackage, detectLibc, currentHost, targetsOf, PUBLISHED };
