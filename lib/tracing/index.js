'use strict';
// Whether somebody traces the calls of caches: subscribers of the tracing channel, or OpenTelemetry.

const diagnostics = require('node:diagnostics_channel');

const { lazy } = require('../lazy.js');

const TRACING_CHANNEL_NAME = 'lazycache:call';

const QUIET = { hasSubscribers: false };

/** Some runtimes have no tracing channels. */
const channel = diagnostics.tracingChannel?.(TRACING_CHANNEL_NAME);
const { start, asyncEnd, error } = channel ?? { start: QUIET, asyncEnd: QUIET, error: QUIET };

/** What makes spans of calls and loaders. @type {{ tracer: import('./call.js').Tracer | undefined }} */
const spans = { tracer: undefined };

const calls = lazy(() => require('./call.js'));

/** Whether calls are to be traced. Subscribers of a tracing channel come without notice, so each call asks. */
function isTraced() {
  return start.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers || spans.tracer !== undefined;
}

/**
 * Runs a verb as a traced call.
 * @template T
 * @param {import('../core.js').Core} core
 * @param {import('../../types/tracing.js').TracedOperation} operation the verb
 * @param {unknown} key
 * @param {(wrap: (loader: any) => any) => Promise<T>} run wraps the loader, if there is one
 * @returns {Promise<T>}
 */
function traced(core, operation, key, run) {
  return calls().trace({ channel, isTraced, tracer: spans.tracer }, core, operation, key, run);
}

module.exports = { TRACING_CHANNEL_NAME, isTraced, spans, traced };
