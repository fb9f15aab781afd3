'use strict';
// Options of a cache that have no effect, as no option has their name. They are told and not refused: subclasses and
// custom layers may have options of their own.

const { OF_CACHES, OF_LAYERS } = require('../contract/options.js');
const { groupsOf } = require('./groups.js');

/** Options that the facade reads by itself. */
const OF_FACADE = [
  'levels.L1.values',
  'levels.L1.findMutations',
  'loads.maxConcurrent',
  'loads.maxQueued',
  'background',
  'audit.rate',
  'audit.compare',
  'audit.repair',
  'audit.maxConcurrent',
  'warm',
];
const PATHS = [...[...OF_LAYERS, ...OF_CACHES].map(({ path }) => path), ...OF_FACADE];

/**
 * Options whose names say little elsewhere: nobody who has an option `host` of their own is told that it may be meant.
 */
const OF_OTHERS = [
  ...['logging.env', 'logging.enabled'],
  ...['enabled', 'route', 'maxEvents', 'maxValueBytes', 'quiet', 'values', 'redact', 'actions'].map(dashboard),
  ...['server.host', 'server.port', 'server.autoStart', 'server.allowedHosts'].map(dashboard),
  ...['auth.username', 'auth.password', 'auth.token', 'auth.disabled'].map(dashboard),
  ...['prometheus.enabled', 'prometheus.prefix', 'prometheus.public'].map(dashboard),
];

/** @param {string} path */
function dashboard(path) {
  return `observability.${path}`;
}

/** The groups of the options of a cache. */
const OF_CACHE = groupsOf([...PATHS, ...OF_OTHERS]);
/** Without the options that are in none. */
const GROUPS = new Map([...OF_CACHE].filter(([path]) => path !== ''));

/** A name as people remember it: without its unit, in any case. */
const remembered = (/** @type {string} */ name) => name.toLowerCase().replace(/ms$/, '');

/** Of several paths with one name, the likelier comes first. */
const rank = (/** @type {string} */ path) => (!path.includes('.') ? 0 : path.startsWith('levels.') ? 1 : 2);
const MEANT = PATHS.filter((path) => !path.endsWith('.enabled')).sort((a, b) => rank(a) - rank(b));

/**
 * The warnings about options of a cache.
 * @param {unknown} options
 * @returns {string[]} one line for each name that is not known
 */
function unknownOptions(options) {
  if (!isRecord(options)) return [];
  const inGroups = [...GROUPS].flatMap(([group, known]) => {
    const unknown = Object.keys(at(options, group) ?? {}).filter((name) => !known.has(name));
    return unknown.map((name) => line(`${group}.${name}`, `${group} takes ${[...known].join(', ')}`));
  });
  const misplaced = Object.keys(options).flatMap((name) => {
    const path = meant(name);
    return path === undefined ? [] : [line(name, `"${path}" may be meant`)];
  });
  return [...inGroups, ...misplaced];
}

/** @param {string} path @param {string} advice */
const line = (path, advice) => `option "${path}" is not known and has no effect: ${advice}`;

/**
 * The option that is meant by a name that is none at the top.
 * @param {string} name
 * @returns {string | undefined}
 */
function meant(name) {
  if (PATHS.includes(name) || GROUPS.has(name)) return undefined;
  const last = (/** @type {string} */ path) => path.slice(path.lastIndexOf('.') + 1);
  return MEANT.find((path) => remembered(last(path)) === remembered(name));
}

/**
 * The group of a path.
 * @param {Record<string, unknown>} options
 * @param {string} path
 * @returns {Record<string, unknown> | undefined}
 */
function at(options, path) {
  /** @type {unknown} */
  let value = options;
  for (const name of path.split('.')) value = isRecord(value) ? value[name] : undefined;
  return isRecord(value) ? value : undefined;
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

module.exports = { OF_CACHE, unknownOptions };
