'use strict';
// Metrics of a cache in the text format of Prometheus.

const { BESIDE, COUNTERS } = require('../contract/observed.js');
const { bridge } = require('../raw.js');

const { raw } = bridge;

/**
 * The metrics of a collector. Sizes that are not known are left out.
 * @param {{ overview(): import('../../types/dashboard.js').OverviewSnapshot }} collector
 * @param {string} prefix
 * @param {import('../../types/dashboard.js').PrometheusGauges} [gauges]
 */
function renderPrometheus(collector, prefix, gauges = {}) {
  const overview = collector.overview();
  const beside = /** @type {Record<string, unknown>} */ ({ ...overview, ...gauges });
  const counters = /** @type {Record<string, number>} */ (/** @type {unknown} */ (overview.counters));
  const numbers = bridge.float64(COUNTERS.length + BESIDE.length);
  numbers.set([...COUNTERS.map((name) => counters[name] ?? 0), ...BESIDE.map((name) => numberOf(beside[name]))]);
  return raw.obsExposition(prefix, numbers);
}

/** @param {unknown} value */
const numberOf = (value) => (typeof value === 'number' ? value : NaN);

module.exports = { renderPrometheus };
