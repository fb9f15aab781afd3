'use strict';
// The text that `console.log` shows of a cache.

const { bridge } = require('./raw.js');

const { raw } = bridge;

/**
 * Its name, its layers, their sizes, and the share of reads that they answered.
 * @param {object} cache
 * @param {import('./core.js').Core | undefined} core
 * @param {object} asked how it is to be shown
 * @param {number} asked.depth how many more levels may be shown
 * @param {object} asked.options
 * @param {(value: unknown, options: object) => string} [asked.inspect]
 */
function describe(cache, core, { depth, options, inspect }) {
  const className = cache.constructor?.name ?? 'cache';
  // The prototype, or anything but a cache.
  if (core === undefined || inspect === undefined || depth < 0) return `[${className}]`;
  if (core.closed) return `${className} [closed]`;
  const { hits, misses, loads, L1 } = core.stats();
  const { name, layers, breakers } = JSON.parse(raw.obsDescribe(core.id));
  const found = hits.L1 + hits.L2;
  // A read that L2 answered has missed L1: the last layer counts.
  const asked = found + hits.negative + (layers.l2 ? misses.L2 : misses.L1);
  const summary = {
    ...(name === '' ? {} : { name }),
    L1: layers.l1 && (L1.entries === undefined ? 'custom' : sizeOf(L1)),
    L2: layers.l2 && `circuit ${breakers.l2}`,
    bus: layers.bus && `circuit ${breakers.bus}`,
    hitRatio: asked === 0 ? undefined : Math.round((found / asked) * 1000) / 1000,
    loads: loads.running,
  };
  return `${className} ${inspect(summary, options)}`;
}

/** @param {{ entries: number | undefined, bytes: number | undefined }} layer */
function sizeOf({ entries, bytes }) {
  return bytes === undefined ? { entries } : { entries, bytes };
}

module.exports = { describe };
