'use strict';
// Whether the calls of caches are traced: by subscribers of the tracing channel, or OpenTelemetry.

const diagnostics = require('node:diagnostics_channel');

const { lazy } = require('../lazy.js');

const QUIET = { hasSubscribers: false };

/** Some runtimes have no tracing channels. */
const channel = diagnostics.tracingChannel?.('lazycache:call');
const { start, asyncEnd, error } = channel ?? { start: QUIET, asyncEnd: QUIET, error: QUIET };

/** Makes spans of calls and loaders. @type {{ tracer: import('./call.js').Tracer | undefined }} */
const spans = { tracer: undefined };

const calls = lazy(() => require('./call.js'));
const overriding = lazy(() => require('../overridden.js'));

/** Whether calls are to be traced. Subscribers of a tracing channel come without notice, so each call asks. */
function isTraced() {
  return start.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers || spans.tracer !== undefined;
}

/**
 * Runs a verb, traced if calls are.
 * @param {import('../core.js').Core} core
 * @param {Exclude<import('../../types/tracing.js').TracedOperation, 'getOrSet'>} verb
 * @param {any[]} args of the verb, the key first
 * @returns {Promise<any>}
 */
function run(core, verb, args) {
  return isTraced() ? traced(core, verb, args) : /** @type {Foreign} */ (core)[verb](...args);
}

/**
 * Runs a verb as a traced call. The verb comes by its name and arguments: a function for it would cost calls that
 * nobody traces.
 * @param {import('../core.js').Core} core
 * @param {Exclude<import('../../types/tracing.js').TracedOperation, 'getOrSet'>} verb
 * @param {any[]} args of the verb, the key first
 * @returns {Promise<any>}
 */
function traced(core, verb, args) {
  /** @param {(loader: any) => any} wrap */
  const verbOf = (wrap) => {
    const [key, ...rest] = args;
    if (verb === 'getOrSetEntry') rest[0] = wrap(rest[0]);
    return /** @type {Foreign} */ (core)[verb](key, ...rest);
  };
  return calls().trace({ channel, isTraced, tracer: spans.tracer }, core, verb, args[0], verbOf);
}

/**
 * The same of `getOrSet`, whose loader is traced as well.
 * @param {object} owner the cache
 * @param {import('../core.js').Core} core
 * @param {any[]} args
 * @returns {Promise<any>}
 */
function tracedGetOrSet(owner, core, [key, loader, options]) {
  /** @param {(loader: any) => any} wrap */
  const run = (wrap) => overriding().getOrSetBy(owner, core, key, wrap(loader), options);
  return calls().trace({ channel, isTraced, tracer: spans.tracer }, core, 'getOrSet', key, run);
}

/**
 * The same of a verb of several keys.
 * @param {import('../core.js').Core} core
 * @param {import('../../types/tracing.js').TracedOperation} verb
 * @param {(wrap: (loader: any) => any) => Promise<any>} run
 * @returns {Promise<any>}
 */
function tracedMany(core, verb, run) {
  return calls().trace({ channel, isTraced, tracer: spans.tracer }, core, verb, undefined, run);
}

module.exports = { isTraced, run, spans, traced, tracedGetOrSet, tracedMany };
