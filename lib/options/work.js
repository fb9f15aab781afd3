'use strict';
// The options of the work of a cache that the facade does by itself.

const { optionRange, optionType } = require('../errors.js');
const { count, entries, entriesOrNone, yes } = require('./checks.js');
const { mustBeObject } = require('./read.js');

/** How many loads wait at a time where nothing else is said. */
const DEFAULT_MAX_QUEUED = 1000;

/**
 * How many loaders run and wait at a time; undefined where they are not limited.
 * @param {Given} loads
 * @returns {{ maxConcurrent: number, maxQueued: number } | undefined}
 */
function readLoads(loads) {
  mustBeObject('loads', loads);
  const [most, queued] = [loads?.maxConcurrent ?? Infinity, loads?.maxQueued ?? DEFAULT_MAX_QUEUED];
  const maxConcurrent = entries('loads.maxConcurrent', most);
  const maxQueued = entriesOrNone('loads.maxQueued', queued);
  return maxConcurrent === Infinity ? undefined : { maxConcurrent, maxQueued };
}

/**
 * Takes the promises of work in the background.
 * @param {Given} background
 * @returns {((promise: Promise<void>, work: any) => unknown) | undefined}
 */
function readBackground(background) {
  if (background === undefined || background === null) return undefined;
  if (typeof background !== 'function') throw optionType('background', 'a function', background);
  return /** @type {any} */ (background);
}

/** How many audits run at a time where nothing else is said. */
const DEFAULT_AUDITS = 2;

/**
 * @typedef {object} AuditOptions
 * @property {number} rate the share of hits
 * @property {((held: any, loaded: any) => boolean) | undefined} compare
 * @property {boolean} repair
 * @property {number} maxConcurrent
 */

/**
 * Which hits are audited; undefined where none are.
 * @param {Given} audit
 * @returns {AuditOptions | undefined}
 */
function readAudit(audit) {
  mustBeObject('audit', audit);
  if (audit === undefined || audit === null) return undefined;
  const { rate: share, compare, repair, maxConcurrent } = audit;
  const rate = share ?? 0;
  if (typeof rate !== 'number') throw optionType('audit.rate', 'a number from 0 to 1', rate);
  if (!(rate >= 0 && rate <= 1)) throw optionRange('audit.rate', 'a number from 0 to 1', rate);
  const isFunction = typeof compare === 'function';
  if (!isFunction && (compare ?? undefined) !== undefined) throw optionType('audit.compare', 'a function', compare);
  const most = count('audit.maxConcurrent', maxConcurrent ?? DEFAULT_AUDITS);
  const repairs = yes('audit.repair', repair ?? false);
  if (rate === 0) return undefined;
  return { rate, compare: isFunction ? compare : undefined, repair: repairs, maxConcurrent: most };
}

module.exports = { readAudit, readBackground, readLoads };
