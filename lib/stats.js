'use strict';
// The statistics of caches, as users get them.

const { COUNT, statsOf } = require('./contract/stats.js');
const { lazy } = require('./lazy.js');
const { bridge } = require('./raw.js');

const { raw } = bridge;

const tally = lazy(() => require('./tally.js'));

/** @type {Float64Array} */
const numbers = bridge.float64(COUNT);

/**
 * @param {import('./core.js').Core} core
 */
function statsOfCore(core) {
  raw.stats(core.id, numbers);
  const auditAges = core.audit?.ages.map((age) => ({ ...age })) ?? [];
  const namespaces = core.tallies === undefined ? [] : tally().namespaceStats(core);
  return { ...statsOf(numbers), auditAges, namespaces };
}

/** Of all caches of the process, in whatever thread. */
function processStats() {
  /** @type {{ cache: string, environment: number, stats: ReturnType<typeof statsOf> }[]} */
  const all = [];
  raw.processStats(numbers, (/** @type {string} */ cache, /** @type {number} */ environment) => {
    all.push({ cache, environment, stats: statsOf(numbers) });
  });
  return all;
}

/** The totals of each name of caches, also of those that have ended. */
function processTotals() {
  /** @type {{ cache: string, stats: ReturnType<typeof statsOf> }[]} */
  const all = [];
  raw.processTotals(numbers, (/** @type {string} */ cache) => all.push({ cache, stats: statsOf(numbers) }));
  return all;
}

module.exports = { processStats, processTotals, statsOfCore };
