'use strict';
// The public part of the dashboard. Larger parts are loaded at their first use: see lib/lazy.js.

const { ObservabilityCollector, ObservabilityInspector } = require('./classes.js');

/** @param {import('../../types/dashboard.js').ObservabilityHandlerDeps} deps */
function createObservabilityHandler(deps) {
  return require('./handler.js').createObservabilityHandler(deps);
}

/**
 * @param {import('../../types/dashboard.js').ObservabilityRequestHandler} handler
 * @param {import('../../types/dashboard.js').StartObservabilityServerOptions} options
 */
function startObservabilityServer(handler, options) {
  return require('./server.js').startObservabilityServer(handler, options);
}

/** @param {string} base */
function renderDashboard(base) {
  return require('./page.js').renderDashboard(base);
}

/**
 * @param {{ overview(): import('../../types/dashboard.js').OverviewSnapshot }} collector
 * @param {string} prefix
 * @param {import('../../types/dashboard.js').PrometheusGauges} [gauges]
 */
function renderPrometheus(collector, prefix, gauges) {
  return require('./prometheus.js').renderPrometheus(collector, prefix, gauges);
}

/** @param {boolean | import('../../types/dashboard.js').ObservabilityOptions} [options] */
function resolveObservabilityOptions(options) {
  return require('./options.js').resolveObservabilityOptions(options);
}

/** @param {string} route */
function normalizeRoute(route) {
  return require('./options.js').normalizeRoute(route);
}

/** The metrics of all caches of the process, in the text format of Prometheus. */
function metrics(/** @type {{ prefix?: string | undefined } | undefined} */ options) {
  return require('./process.js').metrics(options);
}

/** How the caches of the process are. */
function health() {
  return require('./process.js').health();
}

module.exports = {
  ObservabilityCollector,
  ObservabilityInspector,
  createObservabilityHandler,
  health,
  metrics,
  normalizeRoute,
  renderDashboard,
  renderPrometheus,
  resolveObservabilityOptions,
  startObservabilityServer,
};
