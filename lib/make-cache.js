'use strict';
// Makes a cache of its options.

const { createCore, isGiven, readLayers } = require('./create-core.js');
const { Emitter } = require('./emitter.js');
const { argument } = require('./errors.js');
const { lazy } = require('./lazy.js');
const { Logger } = require('./logger.js');
const { tellUnknown } = require('./options/of-call.js');
const { readHandlers, readLogging, readTypes } = require('./options/read.js');
const { ofCaches } = require('./options/unknown.js');
const { overriddenBy } = require('./overridden.js');

/** @typedef {import('./core.js').Core} Core */
/** @typedef {import('./observability/attach.js').Observability} Observability */

const dashboard = lazy(() => require('./observability/attach.js'));
const subscribing = lazy(() => require('./subscribe.js'));
const warming = lazy(() => require('./warm.js'));

/**
 * @param {object} cache
 * @param {Foreign} original its methods, unless a subclass overrides them
 * @param {Foreign} options
 * @returns {{ core: Core, start: (made: (dashboard: Observability) => void) => void }} its core, and a function that
 * begins its work once the cache has that; it calls `made` with the dashboard
 */
function makeCache(cache, original, options) {
  const logger = new Logger(readLogging(options.logging));
  const emitter = new Emitter(logger, readHandlers(options.events));
  const layers = readLayers(options);
  const observability = observabilityIn(options);
  const { core, name } = createCore(options, layers, emitter, observability !== undefined);
  ofCaches.tell(logger, options);
  core.overridden = overriddenBy(cache, original);
  const start = (/** @type {(dashboard: Observability) => void} */ made) => {
    const { warm } = options;
    if (warm !== undefined && warm !== null) warming().warm(core, warm);
    if (observability !== undefined) observe(cache, core, { options, ...layers, observability }, made);
    if (layers.eventBus !== undefined) subscribing().join(layers, core, name);
  };
  return { core, start };
}

/**
 * The options of a dashboard, if there is to be one. The check is short, as most caches have none.
 * @param {Foreign} options
 */
function observabilityIn(options) {
  const given = options.observability ?? undefined;
  const isAskedFor = given === undefined ? process.env['LAZY_OBS_ENABLED'] !== undefined : given !== false;
  return isAskedFor ? dashboard().observabilityOf(given) : undefined;
}

/**
 * @param {object} cache
 * @param {Core} core
 * @param {{ l1: Given | false, l2: Given | false, eventBus: Given, options: Foreign, observability: any }} parts
 * @param {(dashboard: Observability) => void} made
 */
function observe(cache, core, parts, made) {
  const hasTable = !isGiven(parts.l1) && parts.l1 !== false;
  const observability = new (dashboard().Observability)(cache, core, { ...parts, hasTable });
  core.watch();
  made(observability);
  observability.start(cache);
}

/**
 * Has a function hear of the events of a cache.
 * @param {Core} core
 * @param {(event: any) => void} handler
 * @param {Given} options
 * @returns {() => void} ends that
 */
function listen(core, handler, options) {
  if (typeof handler !== 'function') throw argument('handler', 'a function', handler);
  const types = readTypes(options);
  tellUnknown(core, options, 'on');
  const off = core.emitter.on(handler, types);
  core.watch();
  return off;
}

module.exports = { listen, makeCache };
