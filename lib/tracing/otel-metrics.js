'use strict';
// The statistics of all caches of the process as metrics of OpenTelemetry.

const { processTotals } = require('../stats.js');

/** @typedef {import('../../types/stats.js').CacheStats} CacheStats */

/**
 * Each metric: its kind, its description, and its numbers with the attributes that distinguish them.
 * @type {Record<string, { kind: 'counter' | 'upDown', unit: string, description: string,
 *   read: (stats: CacheStats) => [number | undefined, Record<string, string>?][] }>}
 */
const METRICS = {
  'cache.hits': {
    kind: 'counter',
    unit: '{hit}',
    description: 'Reads that were answered, by source',
    read: ({ hits }) => Object.entries(hits).map(([source, count]) => [count, { 'cache.source': source }]),
  },
  'cache.misses': {
    kind: 'counter',
    unit: '{miss}',
    description: 'Reads that a layer had nothing for',
    read: ({ misses }) => Object.entries(misses).map(([layer, count]) => [count, { 'cache.layer': layer }]),
  },
  'cache.joins': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that shared the load of another',
    read: ({ joins }) => [[joins]],
  },
  'cache.loads': {
    kind: 'counter',
    unit: '{load}',
    description: 'Loads that are over, by result',
    read: ({ loads }) => [
      [loads.succeeded, { 'cache.result': 'success' }],
      [loads.failed, { 'cache.result': 'error' }],
    ],
  },
  'cache.loads.duration': {
    kind: 'counter',
    unit: 'ms',
    description: 'Time of all loads that are over',
    read: ({ loads }) => [[loads.totalMs]],
  },
  'cache.loads.running': {
    kind: 'upDown',
    unit: '{load}',
    description: 'Loads that run',
    read: ({ loads }) => [[loads.running]],
  },
  'cache.sets': {
    kind: 'counter',
    unit: '{call}',
    description: 'Values that were stored',
    read: ({ sets }) => [[sets]],
  },
  'cache.deletes': {
    kind: 'counter',
    unit: '{call}',
    description: 'Deletes, by kind',
    read: ({ deletes, patternDeletes, tagDeletes }) => [
      [deletes, { 'cache.kind': 'key' }],
      [patternDeletes, { 'cache.kind': 'pattern' }],
      [tagDeletes, { 'cache.kind': 'tag' }],
    ],
  },
  'cache.evictions': {
    kind: 'counter',
    unit: '{entry}',
    description: 'Entries that left L1 by themselves, by cause',
    read: ({ evictions }) => Object.entries(evictions).map(([cause, count]) => [count, { 'cache.cause': cause }]),
  },
  'cache.l1.entries': {
    kind: 'upDown',
    unit: '{entry}',
    description: 'Entries in L1',
    read: ({ L1 }) => [[L1.entries]],
  },
  'cache.l2.failures': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls of L2 that failed, or were skipped as its circuit was open',
    read: ({ L2 }) => [
      [L2.errors, { 'cache.kind': 'error' }],
      [L2.skipped, { 'cache.kind': 'skipped' }],
    ],
  },
};

/**
 * Adds up the numbers of the caches of one name: they have the same attributes.
 * @param {string} metric
 * @param {ReturnType<typeof processTotals>} all
 */
function sumsOf(metric, all) {
  /** @type {Map<string, { number: number, attributes: Record<string, string> }>} */
  const sums = new Map();
  for (const { cache, stats } of all) {
    for (const [number, more] of METRICS[metric].read(/** @type {CacheStats} */ (stats))) {
      if (number === undefined) continue;
      const attributes = { ...(cache === '' ? {} : { 'cache.name': cache }), ...more };
      const id = JSON.stringify(attributes);
      const sum = sums.get(id) ?? { number: 0, attributes };
      sum.number += number;
      sums.set(id, sum);
    }
  }
  return [...sums.values()];
}

/**
 * Makes a meter observe all caches whenever it collects.
 * @param {import('@opentelemetry/api').Meter} meter
 * @returns {() => void} ends it
 */
function observeMetrics(meter) {
  const instruments = Object.entries(METRICS).map(([name, { kind, unit, description }]) => {
    const about = { unit, description };
    const make = kind === 'counter' ? 'createObservableCounter' : 'createObservableUpDownCounter';
    return { name, instrument: meter[make](name, about) };
  });
  /** @param {import('@opentelemetry/api').BatchObservableResult} result */
  const observe = (result) => {
    const all = processTotals();
    for (const { name, instrument } of instruments) {
      for (const { number, attributes } of sumsOf(name, all)) result.observe(instrument, number, attributes);
    }
  };
  const observed = instruments.map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(observe, observed);
  return () => meter.removeBatchObservableCallback(observe, observed);
}

module.exports = { observeMetrics };
