'use strict';
// The paths of all options.

const { OF_CACHES, OF_CALLS, OF_LAYERS } = require('../contract/options.js');

const pathsIn = (/** @type {readonly { path: string }[]} */ rows) => rows.map(({ path }) => path);

/** Options that the facade reads by itself; those in groups that say little elsewhere follow. */
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
  'shouldCache',
  ...['eventBus', 'events', 'observability', 'logging'],
];

/**
 * The other options of a cache, whose names say little elsewhere: nobody who has an option `host` of their own is told
 * that it may be meant.
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

/** The options of a memory layer by itself. */
const OF_LAYER = [...pathsIn(OF_LAYERS), 'levels.L1.values', 'levels.L1.findMutations'];
/** The options of a cache. */
const OF_CACHE = [...OF_LAYER, ...pathsIn(OF_CACHES), ...OF_FACADE];

/** The options of a call. */
const OF_CALL = [...pathsIn(OF_CALLS), 'tags', 'shouldCache', 'partial'];

module.exports = { OF_CACHE, OF_CALL, OF_LAYER, OF_OTHERS };
