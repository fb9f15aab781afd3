'use strict';
// Marks of what was invalidated, of a store that is driven through a client that runs scripts: those that
// drivers/src/redis/marks.rs keeps.

const { bridge } = require('../raw.js');

/** Where a count may begin, and how much is remembered: as drivers/src/redis/marks.rs has it. */
const BEGINNINGS = 2 ** 46;
const MOST = 50_000;
const PATTERN_BYTES = 4096;

/** @typedef {import('./stand-in.js').Command} Command */

class StandInMarks {
  /** @param {import('./stand-in.js').StandIn} standIn */
  constructor(standIn) {
    this.standIn = standIn;
    this.key = `${standIn.settings.prefix}__marks`;
    /** What the client puts before names, and before those alone. */
    const clientPrefix = standIn.client.options?.keyPrefix ?? '';
    this.field = clientPrefix + this.key;
    const { longestLoadMs } = standIn.settings;
    this.lifetimeMs = Math.ceil(longestLoadMs * 1.25);
    this.oldMs = longestLoadMs * 0.875;
    this.before = Buffer.byteLength(clientPrefix + standIn.settings.prefix);
  }

  /** @param {'fill' | 'remove' | 'forbid'} script */
  text(script) {
    return bridge.raw.redisScript(script);
  }

  /** How far invalidations are counted: below 0, and since when, if none is known; NaN where nothing counts them. */
  async count() {
    if (typeof this.standIn.client.hget !== 'function' || !(await this.standIn.runsScripts())) return NaN;
    const began = performance.now();
    return Number((await this.standIn.ask('hget', this.key, this.field)) ?? -1 - began);
  }

  /** Whether marks may have come and gone since a count that knew of none. @param {number} count */
  isOld(count) {
    return count < 0 && performance.now() + count + 1 >= this.oldMs;
  }

  /**
   * Writes what a load came to, unless it was overtaken.
   * @param {string} name
   * @param {Buffer} payload
   * @param {number} millis
   * @param {number} count
   * @param {string[]} lock
   * @param {string | undefined} token
   * @returns {Command}
   */
  fill(name, payload, millis, count, lock, token) {
    const seen = Number.isNaN(count) ? '-' : count < 0 ? '' : String(count);
    const owner = token === undefined ? [] : [token];
    const keys = [name, this.key, ...lock];
    return ['eval', this.text('fill'), keys.length, ...keys, payload, millis, seen, this.before, ...owner];
  }

  /**
   * Removes entries and locks, and marks the entries.
   * @param {string[]} names
   * @param {string[]} locks
   * @returns {Command}
   */
  remove(names, locks) {
    const keys = [this.key, ...names, ...locks];
    const { deleteStrategy } = this.standIn.settings;
    const marks = [this.beginning(), this.lifetimeMs, MOST];
    return ['eval', this.text('remove'), keys.length, ...keys, names.length, deleteStrategy, ...marks];
  }

  /**
   * No load that has begun is stored any more if its key matches.
   * @param {string} pattern
   * @returns {Command}
   */
  forbid(pattern) {
    const bounds = [this.beginning(), this.lifetimeMs, PATTERN_BYTES, MOST];
    return ['eval', this.text('forbid'), 1, this.key, pattern, ...bounds, this.standIn.settings.deleteStrategy];
  }

  /** Where a count begins if none is known. */
  beginning() {
    return 2 ** 20 + Math.floor(Math.random() * (BEGINNINGS - 2 ** 20));
  }
}

module.exports = { StandInMarks };
